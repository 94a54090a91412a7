//! URLs of connectors.

use std::fmt;

use reqwest::Url;

/// The client id of the demo connector: `app://demo` is the one that the server itself serves.
pub const DEMO_APP: &str = "demo";

/// The URL that a connector is called at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorUrl {
    url: Url,
    is_own: bool,
}

/// The reason why a connector's URL cannot be called. The messages are for the caller that entered the URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// The text is not a URL, or a URL without a host.
    Invalid,
    /// The URL holds a user name or a password.
    Credentials,
    /// The scheme is none of those that a connector can have.
    Scheme(String),
    /// The connector is a .NET assembly.
    Plugin,
    /// No URL is registered for the application.
    UnknownApp(String),
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlError::Invalid => {
                f.write_str("The connector's URL is not a URL such as https://host/ErpConnectorWS.svc.")
            }
            UrlError::Credentials => f.write_str("The connector's URL holds a user name or a password."),
            UrlError::Scheme(scheme) => {
                write!(f, "The scheme {scheme} of the connector's URL is none of http, https and app.")
            }
            UrlError::Plugin => f.write_str(
                "A plugin:// connector is a .NET assembly that runs in SuperOffice's own process. Host it as a SOAP \
                 service, and use the http or https URL of that.",
            ),
            UrlError::UnknownApp(id) => write!(f, "No connector is registered for the application app://{id}."),
        }
    }
}

impl std::error::Error for UrlError {}

impl UrlError {
    /// Returns the reason without any part of the URL, for the log.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            UrlError::Invalid => "not a URL",
            UrlError::Credentials => "holds credentials",
            UrlError::Scheme(_) => "unknown scheme",
            UrlError::Plugin => "a .NET plugin",
            UrlError::UnknownApp(_) => "unknown application",
        }
    }
}

impl ConnectorUrl {
    /// Parses the URL of a connector: `http`, `https`, or `app://` with the client id of an application, for which
    /// `resolve_app` returns the URL. The query is part of the URL: `?ConnectorName=` selects one of several connectors
    /// that a host has.
    ///
    /// # Errors
    /// If the URL is invalid, has another scheme or holds credentials, or the application is unknown.
    pub fn parse(text: &str, resolve_app: impl FnOnce(&str) -> Option<String>) -> Result<Self, UrlError> {
        match app_id(text) {
            Some(id) => {
                let resolved = resolve_app(id).ok_or_else(|| UrlError::UnknownApp(id.to_owned()))?;
                Self::parse_http(&resolved)
            }
            None => Self::parse_http(text),
        }
    }

    fn parse_http(text: &str) -> Result<Self, UrlError> {
        let mut url = Url::parse(text.trim()).map_err(|_| UrlError::Invalid)?;
        match url.scheme() {
            "http" | "https" => {}
            "plugin" => return Err(UrlError::Plugin),
            // `localhost:8080/..` parses as a URL with the scheme `localhost`.
            _ if url.cannot_be_a_base() => return Err(UrlError::Invalid),
            other => return Err(UrlError::Scheme(other.to_owned())),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials);
        }
        url.set_fragment(None);
        Ok(ConnectorUrl { url, is_own: false })
    }

    /// Creates the URL of the connector that the server itself serves at `url`, whose host is the address of its listener.
    ///
    /// # Errors
    /// If the URL is invalid.
    pub fn of_own_server(url: &str) -> Result<Self, UrlError> {
        Ok(ConnectorUrl { is_own: true, ..Self::parse_http(url)? })
    }

    /// Whether the connector is the server's own. No text that a caller sends is such a URL.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.is_own
    }

    /// Returns the URL.
    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.url
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }
}

/// Displays the URL without its query, which can hold a key.
impl fmt::Display for ConnectorUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.url.origin().ascii_serialization(), self.url.path())
    }
}

/// Returns the client id in an `app://` URL; `None` for any other text.
#[must_use]
pub fn app_id(text: &str) -> Option<&str> {
    let (scheme, id) = text.trim().split_once("://")?;
    scheme.eq_ignore_ascii_case("app").then(|| id.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, UrlError> {
        let resolve = |id: &str| (id == "4F2a").then(|| "https://erp.example/a.svc?ConnectorName=b".to_owned());
        ConnectorUrl::parse(text, resolve).map(|url| url.as_url().to_string())
    }

    #[test]
    fn http_https_and_app_are_connectors() {
        let expected = "https://erp.example/ErpConnectorWS.svc?ConnectorName=Visma";
        assert_eq!(parse(" HTTPS://erp.example/ErpConnectorWS.svc?ConnectorName=Visma#a ").as_deref(), Ok(expected));
        assert_eq!(parse("http://127.0.0.1:8080").as_deref(), Ok("http://127.0.0.1:8080/"));
        for app in ["app://4F2a", "App://4F2a/"] {
            assert_eq!(parse(app).as_deref(), Ok("https://erp.example/a.svc?ConnectorName=b"));
        }
    }

    #[test]
    fn any_other_url_is_refused_with_the_reason() {
        for invalid in ["", "erp.example/a.svc", "localhost:8080/a", "http://", "http://[::1/"] {
            assert_eq!(parse(invalid), Err(UrlError::Invalid), "{invalid}");
        }
        assert_eq!(parse("app://4f2a"), Err(UrlError::UnknownApp("4f2a".to_owned())));
        assert_eq!(parse("plugin://Excel"), Err(UrlError::Plugin));
        assert_eq!(parse("file:///etc/passwd"), Err(UrlError::Scheme("file".to_owned())));
        assert_eq!(parse("https://a:b@erp.example/"), Err(UrlError::Credentials));
        assert_eq!(parse("https://a@erp.example/"), Err(UrlError::Credentials));
    }

    #[test]
    fn an_application_does_not_resolve_to_another_application() {
        let resolved = ConnectorUrl::parse("app://a", |_| Some("app://a".to_owned()));
        assert_eq!(resolved, Err(UrlError::Scheme("app".to_owned())));
    }

    #[test]
    fn the_query_is_not_displayed() {
        let url = ConnectorUrl::parse("https://erp.example:444/a.svc?key=secret", |_| None).expect("a URL");
        assert_eq!((url.to_string().as_str(), url.port()), ("https://erp.example:444/a.svc", 444));
    }
}
