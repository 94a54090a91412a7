//! The certificate authorities in files that settings name.

use std::error::Error;
use std::path::Path;

use reqwest::Certificate;

/// Reads the certificates in a PEM file.
///
/// # Errors
/// One line where the file cannot be read, or has no certificate.
pub fn read_certificates(file: &Path) -> Result<Vec<Certificate>, String> {
    let text = std::fs::read(file).map_err(|problem| problem.to_string())?;
    let certificates = Certificate::from_pem_bundle(&text).map_err(|problem| {
        // The source has the cause.
        problem.source().map_or_else(|| problem.to_string(), |cause| format!("{problem}: {cause}"))
    })?;
    if certificates.is_empty() {
        return Err("there is no certificate in it".to_owned());
    }
    Ok(certificates)
}
