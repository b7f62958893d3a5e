//! The relay's certificate and which TLS it speaks.
//!
//! TLS 1.3 only, unless the operator also allows 1.2; then with forward secrecy and AEAD suites only, which are all that
//! the library has. No early data. A key that others can read is refused.

use crate::config::Tls;
use dimse::tls::pem::{PemFault, certificates, private_key};
use rustls::version::{TLS12, TLS13};
use std::sync::Arc;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// TLS cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The certificate file.
    #[error("tls_certificate: {0}")]
    Certificate(#[source] PemFault),
    /// The key file.
    #[error("tls_key: {0}")]
    Key(#[source] PemFault),
    /// The two do not belong together.
    #[error("tls_key: key and certificate do not work together: {0}")]
    Together(#[from] rustls::Error),
}

/// Reads certificate and key.
///
/// # Errors
/// `TlsError` naming the file.
pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor, TlsError> {
    let chain = certificates(&tls.certificate).map_err(TlsError::Certificate)?;
    let key = private_key(&tls.key).map_err(TlsError::Key)?;
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
