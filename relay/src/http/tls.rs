//! The relay's certificate and which TLS it speaks.
//!
//! TLS 1.3 only, unless the operator also allows 1.2; then with forward secrecy and AEAD suites only, which are all that
//! the library has. No early data. A key that others can read is refused.

use crate::config::Tls;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// TLS cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The certificate file.
    #[error("tls_certificate: {file} cannot be read: {source}")]
    Certificate {
        /// Which.
        file: String,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// The certificate file holds none.
    #[error("tls_certificate: {0} holds no certificate")]
    Empty(String),
    /// The key file.
    #[error("tls_key: {file} cannot be read: {source}")]
    Key {
        /// Which.
        file: String,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// Others may read the key.
    #[error("tls_key: {file} can be read by others (mode {mode:o}). Run: chmod 600 {file}")]
    OpenKey {
        /// Which.
        file: String,
        /// Its permissions.
        mode: u32,
    },
    /// The two do not belong together.
    #[error("tls_key: key and certificate do not work together: {0}")]
    Together(#[from] rustls::Error),
}

/// Reads certificate and key.
///
/// # Errors
/// `TlsError` naming the file.
pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor, TlsError> {
    let chain = chain(&tls.certificate)?;
    let key = key(&tls.key)?;
    let versions: &[&rustls::SupportedProtocolVersion] = if tls.old_version {
        &[&TLS13, &TLS12]
    } else {
        &[&TLS13]
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let told = |source| TlsError::Certificate {
        file: file.display().to_string(),
        source,
    };
    let chain = CertificateDer::pem_file_iter(file)
        .map_err(told)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(told)?;
    if chain.is_empty() {
        Err(TlsError::Empty(file.display().to_string()))
    } else {
        Ok(chain)
    }
}

fn key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let key = PrivateKeyDer::from_pem_file(file).map_err(|source| TlsError::Key {
        file: file.display().to_string(),
        source,
    })?;
    let mode = std::fs::metadata(file).map_or(0, |about| about.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        return Err(TlsError::OpenKey {
            file: file.display().to_string(),
            mode,
        });
    }
    Ok(key)
}
