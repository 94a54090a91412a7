//! The CRM fields that the vendor documents for mappings, with their display names (from its page on automatic field
//! mapping). An installation can have user-defined fields too; their display name is their key.

use super::actor_types::CrmActorType;

const CONTACT: [(&str, &str); 24] = [
    ("NAME", "Name"),
    ("NUMBER1", "Code"),
    ("NUMBER2", "Number"),
    ("DEPARTMENT", "Department"),
    ("PHONE", "Telephone"),
    ("FAX", "Fax"),
    ("EMAIL", "E-mail"),
    ("URL", "Web site"),
    ("POSTALAD1", "Postal addr., address line 1"),
    ("POSTALAD2", "Postal addr., address line 2"),
    ("POSTALAD3", "Postal addr., address line 3"),
    ("POSTALZIP", "Postal addr., zip code"),
    ("POSTALCITY", "Postal addr., city"),
    ("POSTALCOUNTY", "Postal addr., county"),
    ("POSTALSTATE", "Postal addr., state"),
    ("STREETAD1", "Street addr., address line 1"),
    ("STREETAD2", "Street addr., address line 2"),
    ("STREETAD3", "Street addr., address line 3"),
    ("STREETZIP", "Street addr., zip code"),
    ("STREETCITY", "Street addr., city"),
    ("STREETCOUNTY", "Street addr., county"),
    ("STREETSTATE", "Street addr., state"),
    ("COUNTRY", "Country"),
    ("VATNO", "VAT No"),
];

const PERSON: [(&str, &str); 21] = [
    ("FIRSTNAME", "First name"),
    ("MIDDLENAME", "Middle name"),
    ("LASTNAME", "Last name"),
    ("TITLE", "Title"),
    ("NUMBER", "Number"),
    ("PHONE_DIRECT", "Direct phone"),
    ("PHONE_PRIVATE", "Private phone"),
    ("PHONE_MOBILE", "Mobile phone"),
    ("PHONE_OTHER", "Other phone"),
    ("EMAIL", "E-mail"),
    ("POSITION", "Position"),
    ("BIRTHDATE", "Birthdate"),
    ("URL", "Web site"),
    ("POSTALAD1", "Postal addr., address line 1"),
    ("POSTALAD2", "Postal addr., address line 2"),
    ("POSTALAD3", "Postal addr., address line 3"),
    ("POSTALZIP", "Postal addr., zip code"),
    ("POSTALCITY", "Postal addr., city"),
    ("POSTALSTATE", "Postal addr., state"),
    ("POSTALCOUNTY", "Postal addr., county"),
    ("POSTALCOUNTRY", "Country"),
];

const PROJECT: [(&str, &str); 5] = [
    ("NAME", "Project name"),
    ("TEXT", "Description"),
    ("NUMBER", "Number"),
    ("URL", "Web site"),
    ("ENDDATE", "End date"),
];

/// Returns the display name of a CRM field, or its key if the field is unknown. Keys match in any letter case.
#[must_use]
pub fn display_name(actor_type: CrmActorType, key: &str) -> &str {
    of(actor_type).iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map_or(key, |(_, display_name)| display_name)
}

/// Returns the key of the CRM field with one of the `names`, of which an earlier one counts more. A name is a key or a
/// display name, in any letter case.
#[must_use]
pub fn find_by_name(actor_type: CrmActorType, names: [&str; 2]) -> Option<&'static str> {
    let is_name = |field: &(&str, &str), name: &str| {
        [field.0, field.1].iter().any(|known| known.eq_ignore_ascii_case(name.trim()))
    };
    names.iter().find_map(|name| of(actor_type).iter().find(|field| is_name(field, name))).map(|(key, _)| *key)
}

fn of(actor_type: CrmActorType) -> &'static [(&'static str, &'static str)] {
    match actor_type {
        CrmActorType::Contact => &CONTACT,
        CrmActorType::Person => &PERSON,
        CrmActorType::Project => &PROJECT,
        CrmActorType::Unknown | CrmActorType::Sale => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_key_or_its_display_name() {
        for (actor_type, names, expected) in [
            (CrmActorType::Contact, ["name", ""], Some("NAME")),
            (CrmActorType::Contact, ["TEL", " Telephone "], Some("PHONE")),
            (CrmActorType::Contact, ["EMAIL", "Telephone"], Some("EMAIL")),
            (CrmActorType::Contact, ["LASTNAME", ""], None),
            (CrmActorType::Person, ["LASTNAME", ""], Some("LASTNAME")),
            (CrmActorType::Sale, ["NAME", "Name"], None),
        ] {
            assert_eq!(find_by_name(actor_type, names), expected, "{names:?}");
        }
    }
}
