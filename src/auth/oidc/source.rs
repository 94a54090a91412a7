//! Fetches the issuer's keys: its discovery document, and the key set that this points to.

use std::error::Error;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, StatusCode, Url};
use serde::Deserialize;

use super::keys::KeySet;

/// The largest answer, in bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Where an issuer's keys come from.
#[derive(Debug)]
pub(super) struct Source {
    client: Client,
    issuer: String,
    discovery: Url,
    patience: Duration,
}

/// As much of the discovery document as is needed.
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
    /// One line where the URL is none, or not one to trust, or the system has no certificates to check others with.
    pub fn new(issuer: &str, authorities: Vec<Certificate>, patience: Duration) -> Result<Self, String> {
        let url = trusted(issuer).map_err(|problem| format!("it is {problem}"))?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err("it is more than a host and a path".to_owned());
        }
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let discovery = Url::parse(&format!("{base}/.well-known/openid-configuration"))
            .map_err(|_| "it is not a URL".to_owned())?;
        // A second time it is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // What redirects or a proxy hands over is not what was asked for; a connection kept for an hour is a dead one.
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
        Ok(Source { client, issuer: issuer.to_owned(), discovery, patience })
    }

    /// The keys as they are now.
    ///
    /// # Errors
    /// One line where the issuer is away, slow, too talkative, or another one.
    pub async fn fetch(&self) -> Result<KeySet, String> {
        tokio::time::timeout(self.patience, self.fetch_patiently())
            .await
            .unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    async fn fetch_patiently(&self) -> Result<KeySet, String> {
        let document = self.get(self.discovery.clone()).await?;
        let document: Discovery =
            serde_json::from_slice(&document).map_err(|_| "the discovery document cannot be read".to_owned())?;
        if document.issuer != self.issuer {
            return Err("the discovery document is another issuer's".to_owned());
        }
        let place = trusted(&document.jwks_uri).map_err(|problem| format!("its jwks_uri is {problem}"))?;
        let keys = self.get(place).await?;
        KeySet::parse(&keys).ok_or_else(|| "the key set cannot be read".to_owned())
    }

    async fn get(&self, url: Url) -> Result<Vec<u8>, String> {
        let failed = |problem: reqwest::Error| causes(&problem);
        let mut answer = self.client.get(url).header(ACCEPT, "application/json").send().await.map_err(failed)?;
        if answer.status() != StatusCode::OK {
            return Err(format!("{} answers {}", answer.url(), answer.status()));
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            if body.len() + piece.len() > MAX_ANSWER_BYTES {
                return Err(format!("{} answers with more than {MAX_ANSWER_BYTES} bytes", answer.url()));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}

/// Reads the certificates in a PEM file.
///
/// # Errors
/// One line where the file cannot be read, or has no certificate.
pub(super) fn read_certificates(file: &Path) -> Result<Vec<Certificate>, String> {
    let text = std::fs::read(file).map_err(|problem| problem.to_string())?;
    let certificates = Certificate::from_pem_bundle(&text).map_err(|problem| causes(&problem))?;
    if certificates.is_empty() {
        return Err("there is no certificate in it".to_owned());
    }
    Ok(certificates)
}

/// Keys that anybody on the way could exchange are worth nothing, so plain HTTP is for this machine only.
fn trusted(text: &str) -> Result<Url, &'static str> {
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

/// An error of the HTTP client says what it did, and only its sources say why that failed.
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
    fn trusts_https_and_this_machine() {
        let good = ["https://id.example/keys", "http://localhost:1/", "http://127.9.9.9/", "http://[::1]:8080/keys"];
        for url in good {
            assert!(trusted(url).is_ok(), "{url}");
        }
        let bad = ["", "id.example", "http://id.example/", "http://localhost.example/", "http://127.0.0.1.example/"];
        for url in
            bad.into_iter().chain(["http://10.0.0.1/", "http://[::2]/", "file:///etc/passwd", "ftp://localhost/"])
        {
            assert!(trusted(url).is_err(), "{url}");
        }
    }

    #[test]
    fn finds_the_discovery_document() {
        let place = |issuer| Source::new(issuer, Vec::new(), Duration::ZERO).map(|source| source.discovery.to_string());
        let expected = "https://id.example/realms/a/.well-known/openid-configuration";
        assert_eq!(place("https://id.example/realms/a").as_deref(), Ok(expected));
        assert_eq!(place("https://id.example/realms/a/").as_deref(), Ok(expected));
        for wrong in ["https://id.example/?a", "https://id.example/#a", "https://a:b@id.example", "http://id.example"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
