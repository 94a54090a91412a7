//! The vendor's time zones. A zone has an id and a code, which is the code of a country or of a part of a country.
//!
//! The vendor documents `UTC`, `NO` and `US-NY` with their ids. The other codes are those of ISO 3166, in the same
//! pattern. Names of the IANA database are accepted too, as the vendor's list is not published.

use jiff::tz::TimeZone;

/// The documented ids and their codes.
const IDS: [(&str, &str); 3] = [("1", "UTC"), ("261", "NO"), ("460", "US-NY")];

/// The codes and their zones in the IANA database. A country with several zones has a code for each part.
const ZONES: &[(&str, &str)] = &[
    ("UTC", "Etc/UTC"),
    ("AD", "Europe/Andorra"),
    ("AE", "Asia/Dubai"),
    ("AL", "Europe/Tirane"),
    ("AM", "Asia/Yerevan"),
    ("AT", "Europe/Vienna"),
    ("AZ", "Asia/Baku"),
    ("BA", "Europe/Sarajevo"),
    ("BD", "Asia/Dhaka"),
    ("BE", "Europe/Brussels"),
    ("BG", "Europe/Sofia"),
    ("BH", "Asia/Bahrain"),
    ("BO", "America/La_Paz"),
    ("BY", "Europe/Minsk"),
    ("CH", "Europe/Zurich"),
    ("CN", "Asia/Shanghai"),
    ("CO", "America/Bogota"),
    ("CR", "America/Costa_Rica"),
    ("CU", "America/Havana"),
    ("CY", "Asia/Nicosia"),
    ("CZ", "Europe/Prague"),
    ("DE", "Europe/Berlin"),
    ("DK", "Europe/Copenhagen"),
    ("DO", "America/Santo_Domingo"),
    ("DZ", "Africa/Algiers"),
    ("EE", "Europe/Tallinn"),
    ("EG", "Africa/Cairo"),
    ("ET", "Africa/Addis_Ababa"),
    ("FI", "Europe/Helsinki"),
    ("FO", "Atlantic/Faroe"),
    ("FR", "Europe/Paris"),
    ("GB", "Europe/London"),
    ("GE", "Asia/Tbilisi"),
    ("GH", "Africa/Accra"),
    ("GI", "Europe/Gibraltar"),
    ("GR", "Europe/Athens"),
    ("GT", "America/Guatemala"),
    ("HK", "Asia/Hong_Kong"),
    ("HR", "Europe/Zagreb"),
    ("HU", "Europe/Budapest"),
    ("IE", "Europe/Dublin"),
    ("IL", "Asia/Jerusalem"),
    ("IN", "Asia/Kolkata"),
    ("IQ", "Asia/Baghdad"),
    ("IR", "Asia/Tehran"),
    ("IS", "Atlantic/Reykjavik"),
    ("IT", "Europe/Rome"),
    ("JM", "America/Jamaica"),
    ("JO", "Asia/Amman"),
    ("JP", "Asia/Tokyo"),
    ("KE", "Africa/Nairobi"),
    ("KR", "Asia/Seoul"),
    ("KW", "Asia/Kuwait"),
    ("LB", "Asia/Beirut"),
    ("LI", "Europe/Vaduz"),
    ("LK", "Asia/Colombo"),
    ("LT", "Europe/Vilnius"),
    ("LU", "Europe/Luxembourg"),
    ("LV", "Europe/Riga"),
    ("MA", "Africa/Casablanca"),
    ("MC", "Europe/Monaco"),
    ("MD", "Europe/Chisinau"),
    ("ME", "Europe/Podgorica"),
    ("MK", "Europe/Skopje"),
    ("MT", "Europe/Malta"),
    ("NG", "Africa/Lagos"),
    ("NL", "Europe/Amsterdam"),
    ("NO", "Europe/Oslo"),
    ("NP", "Asia/Kathmandu"),
    ("OM", "Asia/Muscat"),
    ("PA", "America/Panama"),
    ("PE", "America/Lima"),
    ("PH", "Asia/Manila"),
    ("PK", "Asia/Karachi"),
    ("PL", "Europe/Warsaw"),
    ("PR", "America/Puerto_Rico"),
    ("PY", "America/Asuncion"),
    ("QA", "Asia/Qatar"),
    ("RO", "Europe/Bucharest"),
    ("RS", "Europe/Belgrade"),
    ("SA", "Asia/Riyadh"),
    ("SE", "Europe/Stockholm"),
    ("SG", "Asia/Singapore"),
    ("SI", "Europe/Ljubljana"),
    ("SK", "Europe/Bratislava"),
    ("SM", "Europe/San_Marino"),
    ("TH", "Asia/Bangkok"),
    ("TN", "Africa/Tunis"),
    ("TR", "Europe/Istanbul"),
    ("TW", "Asia/Taipei"),
    ("TZ", "Africa/Dar_es_Salaam"),
    ("UA", "Europe/Kyiv"),
    ("UY", "America/Montevideo"),
    ("VA", "Europe/Vatican"),
    ("VE", "America/Caracas"),
    ("VN", "Asia/Ho_Chi_Minh"),
    ("ZA", "Africa/Johannesburg"),
    ("US-AK", "America/Anchorage"),
    ("US-AL", "America/Chicago"),
    ("US-AR", "America/Chicago"),
    ("US-AZ", "America/Phoenix"),
    ("US-CA", "America/Los_Angeles"),
    ("US-CO", "America/Denver"),
    ("US-CT", "America/New_York"),
    ("US-DC", "America/New_York"),
    ("US-DE", "America/New_York"),
    ("US-FL", "America/New_York"),
    ("US-GA", "America/New_York"),
    ("US-HI", "Pacific/Honolulu"),
    ("US-IA", "America/Chicago"),
    ("US-ID", "America/Boise"),
    ("US-IL", "America/Chicago"),
    ("US-IN", "America/Indiana/Indianapolis"),
    ("US-KS", "America/Chicago"),
    ("US-KY", "America/New_York"),
    ("US-LA", "America/Chicago"),
    ("US-MA", "America/New_York"),
    ("US-MD", "America/New_York"),
    ("US-ME", "America/New_York"),
    ("US-MI", "America/Detroit"),
    ("US-MN", "America/Chicago"),
    ("US-MO", "America/Chicago"),
    ("US-MS", "America/Chicago"),
    ("US-MT", "America/Denver"),
    ("US-NC", "America/New_York"),
    ("US-ND", "America/Chicago"),
    ("US-NE", "America/Chicago"),
    ("US-NH", "America/New_York"),
    ("US-NJ", "America/New_York"),
    ("US-NM", "America/Denver"),
    ("US-NV", "America/Los_Angeles"),
    ("US-NY", "America/New_York"),
    ("US-OH", "America/New_York"),
    ("US-OK", "America/Chicago"),
    ("US-OR", "America/Los_Angeles"),
    ("US-PA", "America/New_York"),
    ("US-RI", "America/New_York"),
    ("US-SC", "America/New_York"),
    ("US-SD", "America/Chicago"),
    ("US-TN", "America/Chicago"),
    ("US-TX", "America/Chicago"),
    ("US-UT", "America/Denver"),
    ("US-VA", "America/New_York"),
    ("US-VT", "America/New_York"),
    ("US-WA", "America/Los_Angeles"),
    ("US-WI", "America/Chicago"),
    ("US-WV", "America/New_York"),
    ("US-WY", "America/Denver"),
    ("CA-AB", "America/Edmonton"),
    ("CA-BC", "America/Vancouver"),
    ("CA-MB", "America/Winnipeg"),
    ("CA-NB", "America/Moncton"),
    ("CA-NL", "America/St_Johns"),
    ("CA-NS", "America/Halifax"),
    ("CA-ON", "America/Toronto"),
    ("CA-PE", "America/Halifax"),
    ("CA-QC", "America/Toronto"),
    ("CA-SK", "America/Regina"),
    ("CA-YT", "America/Whitehorse"),
    ("AU-ACT", "Australia/Sydney"),
    ("AU-NSW", "Australia/Sydney"),
    ("AU-NT", "Australia/Darwin"),
    ("AU-QLD", "Australia/Brisbane"),
    ("AU-SA", "Australia/Adelaide"),
    ("AU-TAS", "Australia/Hobart"),
    ("AU-VIC", "Australia/Melbourne"),
    ("AU-WA", "Australia/Perth"),
];

/// The time zone that an `SO-TimeZone` header requests.
#[derive(Clone, Debug)]
pub struct RequestedZone {
    /// The zone.
    pub zone: TimeZone,
    /// The value of the response header: the code of the zone, or the IANA name if it was requested by name.
    pub echo: String,
}

impl RequestedZone {
    /// Parses a header that names a zone by code, id or IANA name, with or without `includeTZOffset`; `None` if the zone
    /// is unknown.
    #[must_use]
    pub fn of_header(header: &str) -> Option<Self> {
        const WITH_OFFSET: &str = "includeTZOffset";
        let parts = || header.split([',', ';']).map(str::trim);
        let name = parts().find(|part| !part.is_empty() && !part.eq_ignore_ascii_case(WITH_OFFSET))?;
        let code = IDS.iter().find(|(id, _)| *id == name).map_or(name, |(_, code)| code);
        let known = ZONES.iter().find(|(known, _)| known.eq_ignore_ascii_case(code));
        let zone = TimeZone::get(known.map_or(code, |(_, name)| name)).ok()?;
        let mut echo = known.map_or_else(|| zone.iana_name().unwrap_or(code), |(code, _)| code).to_owned();
        if parts().any(|part| part.eq_ignore_ascii_case(WITH_OFFSET)) {
            echo = format!("{echo},{WITH_OFFSET}");
        }
        Some(RequestedZone { zone, echo })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo(header: &str) -> Option<String> {
        RequestedZone::of_header(header).map(|requested| requested.echo)
    }

    #[test]
    fn every_code_has_a_zone() {
        for (code, name) in ZONES {
            let requested = RequestedZone::of_header(&code.to_lowercase()).unwrap_or_else(|| panic!("no zone {name}"));
            assert_eq!(requested.echo, *code);
        }
        for (id, code) in IDS {
            assert_eq!(echo(id).as_deref(), Some(code));
        }
    }

    #[test]
    fn the_languages_chapter_lists_every_code() {
        let chapter = include_str!("../../../docs/languages.md").replace('\n', " ");
        for (code, name) in ZONES {
            assert!(chapter.contains(&format!("`{code}` {name}")), "{code} {name}");
        }
    }

    #[test]
    fn a_header_names_a_zone_by_code_id_or_name() {
        for (header, expected) in [
            ("NO", Some("NO")),
            ("UTC,includeTZOffset", Some("UTC,includeTZOffset")),
            ("includetzoffset , 460", Some("US-NY,includeTZOffset")),
            ("europe/oslo", Some("Europe/Oslo")),
            ("includeTZOffset", None),
            ("", None),
            ("US", None),
            ("99999", None),
            ("../../etc/passwd", None),
        ] {
            assert_eq!(echo(header).as_deref(), expected, "{header}");
        }
    }
}
