//! TLS of the listener, with a certificate that is reloaded when its file changes.

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

/// How often the files are checked for a change.
const RELOAD_INTERVAL: Duration = Duration::from_secs(2);

/// The files of the certificate and its key.
#[derive(Clone, Debug)]
struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
}

/// The certificate for new connections.
#[derive(Debug)]
struct CurrentCertificate(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Creates a TLS acceptor, and a task that reloads its certificate; `None` if the settings name no certificate.
///
/// # Errors
/// One line with the name of the file and the fault in it.
pub fn acceptor(settings: &Network) -> Result<Option<TlsAcceptor>, String> {
    let Some(files) = CertificateFiles::of(settings)? else { return Ok(None) };
    let current = Arc::new(CurrentCertificate(RwLock::new(Arc::new(files.read()?))));
    tokio::spawn(reload(files, Arc::clone(&current)));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|problem| problem.to_string())?;
    let mut config = config.with_no_client_auth().with_cert_resolver(current);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// Checks that the certificate can be used, if the settings name one.
///
/// # Errors
/// As [`acceptor`].
pub fn check(settings: &Network) -> Result<(), String> {
    CertificateFiles::of(settings)?.map_or(Ok(()), |files| files.read().map(drop))
}

impl CertificateFiles {
    fn of(settings: &Network) -> Result<Option<Self>, String> {
        match (&settings.tls_certificate, &settings.tls_key) {
            (Some(certificate), Some(key)) => {
                Ok(Some(CertificateFiles { certificate: certificate.clone(), key: key.clone() }))
            }
            (None, None) => Ok(None),
            (Some(_), None) => Err("--tls-certificate needs --tls-key".to_owned()),
            (None, Some(_)) => Err("--tls-key needs --tls-certificate".to_owned()),
        }
    }

    fn read(&self) -> Result<CertifiedKey, String> {
        let describe = |file: &Path, problem: &dyn std::fmt::Display| format!("{}: {problem}", file.display());
        let chain = CertificateDer::pem_file_iter(&self.certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(|problem| describe(&self.certificate, &problem))?;
        if chain.is_empty() {
            return Err(describe(&self.certificate, &"there is no certificate in it"));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|problem| describe(&self.key, &problem))?;
        let key = ring::sign::any_supported_type(&key).map_err(|problem| describe(&self.key, &problem))?;
        let pair = CertifiedKey::new(chain, key);
        pair.keys_match().map_err(|_| describe(&self.key, &"is not the key of the certificate"))?;
        Ok(pair)
    }

    /// Returns the modification times of both files.
    fn modified(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|file| std::fs::metadata(file).and_then(|found| found.modified()).ok())
    }
}

/// Reloads the certificate whenever a file has changed.
async fn reload(files: CertificateFiles, current: Arc<CurrentCertificate>) {
    let mut known = files.modified();
    loop {
        tokio::time::sleep(RELOAD_INTERVAL).await;
        let modified = files.modified();
        if modified == known {
            continue;
        }
        known = modified;
        match files.read() {
            Ok(pair) => {
                *current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
                tracing::info!("the certificate was renewed");
            }
            // The other of the two files may not be written yet; its change starts another attempt.
            Err(problem) => tracing::warn!(problem, "the renewed certificate cannot be used; the old one is kept"),
        }
    }
}
