//! Fetching of the issuer's keys: first its discovery document, then the key set that the document names.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, StatusCode, Url};
use serde::Deserialize;

use super::key_set::KeySet;

/// The size of the largest response, in bytes.
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// The place that an issuer's keys are fetched from.
#[derive(Debug)]
pub struct Source {
    client: Client,
    issuer: String,
    discovery: Url,
    timeout: Duration,
}

/// The members of the discovery document that are needed.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Source {
    /// Creates a source for the issuer with this URL, without a request. The issuer's certificate is checked with
    /// `authorities` besides those that the system trusts.
    ///
    /// # Errors
    /// One line where the URL is invalid or not trusted, or the system has no certificates to check others with.
    pub fn new(issuer: &str, authorities: Vec<Certificate>, timeout: Duration) -> Result<Self, String> {
        let url = trusted_url(issuer).map_err(|problem| format!("it is {problem}"))?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err("it is more than a host and a path".to_owned());
        }
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let discovery = Url::parse(&format!("{base}/.well-known/openid-configuration"))
            .map_err(|_| "it is not a URL".to_owned())?;
        // Fails where it is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Keys from a redirect or a proxy are not the issuer's. A connection would be idle for an hour between fetches.
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .referer(false)
            .pool_max_idle_per_host(0)
            .tls_certs_merge(authorities)
            .user_agent(concat!("erpsync/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|problem| causes(&problem))?;
        Ok(Source { client, issuer: issuer.to_owned(), discovery, timeout })
    }

    /// Fetches the current keys.
    ///
    /// # Errors
    /// One line where the issuer cannot be reached or is too slow, or its response is too large or invalid.
    pub async fn fetch(&self) -> Result<KeySet, String> {
        tokio::time::timeout(self.timeout, self.fetch_without_timeout())
            .await
            .unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    async fn fetch_without_timeout(&self) -> Result<KeySet, String> {
        let document = self.get(self.discovery.clone()).await?;
        let document: Discovery =
            serde_json::from_slice(&document).map_err(|_| "the discovery document cannot be read".to_owned())?;
        if document.issuer != self.issuer {
            return Err("the discovery document is another issuer's".to_owned());
        }
        let key_set = trusted_url(&document.jwks_uri).map_err(|problem| format!("its jwks_uri is {problem}"))?;
        let keys = self.get(key_set).await?;
        KeySet::parse(&keys).ok_or_else(|| "the key set cannot be read".to_owned())
    }

    async fn get(&self, url: Url) -> Result<Vec<u8>, String> {
        let failed = |problem: reqwest::Error| causes(&problem);
        let mut response = self.client.get(url).header(ACCEPT, "application/json").send().await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(format!("{} answers {}", response.url(), response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
                return Err(format!("{} answers with more than {MAX_RESPONSE_BYTES} bytes", response.url()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Parses a URL that keys may come from: HTTPS, or HTTP to this machine. On another network path without TLS the keys
/// could be exchanged.
fn trusted_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "not a URL")?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if url.host_str().is_some_and(is_loopback) => Ok(url),
        _ => Err("neither https nor on this machine"),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Displays an error of the HTTP client with its sources, which alone have the cause.
fn causes(problem: &reqwest::Error) -> String {
    let mut text = problem.to_string();
    let mut source = problem.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_trusted() {
        let good = ["https://id.example/keys", "http://localhost:1/", "http://127.9.9.9/", "http://[::1]:8080/keys"];
        for url in good {
            assert!(trusted_url(url).is_ok(), "{url}");
        }
        let bad = ["", "id.example", "http://id.example/", "http://localhost.example/", "http://127.0.0.1.example/"];
        for url in
            bad.into_iter().chain(["http://10.0.0.1/", "http://[::2]/", "file:///etc/passwd", "ftp://localhost/"])
        {
            assert!(trusted_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_discovery_document_is_below_the_issuer() {
        let discovery =
            |issuer| Source::new(issuer, Vec::new(), Duration::ZERO).map(|source| source.discovery.to_string());
        let expected = "https://id.example/realms/a/.well-known/openid-configuration";
        assert_eq!(discovery("https://id.example/realms/a").as_deref(), Ok(expected));
        assert_eq!(discovery("https://id.example/realms/a/").as_deref(), Ok(expected));
        for wrong in ["https://id.example/?a", "https://id.example/#a", "https://a:b@id.example", "http://id.example"] {
            assert!(discovery(wrong).is_err(), "{wrong}");
        }
    }
}
