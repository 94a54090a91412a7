//! TLS of the server's own.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use crate::config::network::Network;

/// How often it is looked whether the certificate was renewed.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(2);

/// Where the certificate and its key are.
#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What is shown to clients now.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Speaks TLS where there is a certificate; from then on the files are looked at for a renewed one.
///
/// # Errors
/// One line that names the file and what is wrong with it.
pub fn acceptor(settings: &Network) -> Result<Option<TlsAcceptor>, String> {
    let Some(files) = Files::of(settings)? else { return Ok(None) };
    let shown = Arc::new(Shown(RwLock::new(Arc::new(files.read()?))));
    tokio::spawn(renew(files, Arc::clone(&shown)));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|problem| problem.to_string())?;
    let mut config = config.with_no_client_auth().with_cert_resolver(shown);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// Whether there is a certificate that can be used, or none is asked for.
///
/// # Errors
/// As [`acceptor`].
pub fn check(settings: &Network) -> Result<(), String> {
    Files::of(settings)?.map_or(Ok(()), |files| files.read().map(drop))
}

impl Files {
    fn of(settings: &Network) -> Result<Option<Self>, String> {
        match (&settings.tls_certificate, &settings.tls_key) {
            (Some(certificate), Some(key)) => Ok(Some(Files { certificate: certificate.clone(), key: key.clone() })),
            (None, None) => Ok(None),
            (Some(_), None) => Err("--tls-certificate needs --tls-key".to_owned()),
            (None, Some(_)) => Err("--tls-key needs --tls-certificate".to_owned()),
        }
    }

    fn read(&self) -> Result<CertifiedKey, String> {
        let told = |file: &Path, problem: &dyn std::fmt::Display| format!("{}: {problem}", file.display());
        let chain = CertificateDer::pem_file_iter(&self.certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(|problem| told(&self.certificate, &problem))?;
        if chain.is_empty() {
            return Err(told(&self.certificate, &"there is no certificate in it"));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|problem| told(&self.key, &problem))?;
        let key = ring::sign::any_supported_type(&key).map_err(|problem| told(&self.key, &problem))?;
        let pair = CertifiedKey::new(chain, key);
        pair.keys_match().map_err(|_| told(&self.key, &"is not the key of the certificate"))?;
        Ok(pair)
    }

    /// Changes with either file.
    fn stamp(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|file| std::fs::metadata(file).and_then(|found| found.modified()).ok())
    }
}

async fn renew(files: Files, shown: Arc<Shown>) {
    let mut known = files.stamp();
    loop {
        tokio::time::sleep(LOOKED_AT_EVERY).await;
        let stamp = files.stamp();
        if stamp == known {
            continue;
        }
        known = stamp;
        match files.read() {
            Ok(pair) => {
                *shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
                tracing::info!("the certificate was renewed");
            }
            // The second file of the two may just be being written; it changes the stamp once more.
            Err(problem) => tracing::warn!(problem, "the renewed certificate cannot be used; the old one is kept"),
        }
    }
}
