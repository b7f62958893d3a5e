//! Which files say who we are and whom we trust, and what is made of them.

use super::acceptor::Acceptor;
use super::connector::Connector;
use super::pem::{PemFault, certificates, private_key};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ConfigBuilder, ConfigSide, RootCertStore, WantsVerifier};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What an operator named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Who we are: at our port, and to peers that ask.
    pub own: Option<Own>,
    /// Authorities of the peers that we call; none means those of the system.
    pub ca: Option<PathBuf>,
    /// Authorities of those that call us; none means that they show no certificate.
    pub client_ca: Option<PathBuf>,
}

/// A certificate of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Chain, PEM.
    pub certificate: PathBuf,
    /// Key, PEM.
    pub key: PathBuf,
}

/// The files are of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFilesFault {
    /// A port has to have one.
    #[error("dicom_tls.certificate: is missing; a port with TLS needs a certificate and a key")]
    Missing,
    /// Ours.
    #[error("dicom_tls.certificate: {0}")]
    Certificate(#[source] PemFault),
    /// Its key.
    #[error("dicom_tls.key: {0}")]
    Key(#[source] PemFault),
    /// The two do not belong together.
    #[error("dicom_tls.key: key and certificate do not work together: {0}")]
    Together(#[source] rustls::Error),
    /// Authorities of those that we call.
    #[error("dicom_tls.ca: {0}")]
    Ca(#[source] PemFault),
    /// Authorities of those that call us.
    #[error("dicom_tls.client_ca: {0}")]
    ClientCa(#[source] PemFault),
    /// A file of authorities with something else in it.
    #[error("{key}: holds a certificate that cannot be an authority's: {source}")]
    Authority {
        /// Of which setting.
        key: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system's authorities, or the library.
    #[error(
        "TLS with DICOM applications cannot be used: {0}; name their authority in dicom_tls.ca"
    )]
    System(#[source] rustls::Error),
}

/// A chain and its key.
pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl TlsFiles {
    /// For a port.
    ///
    /// # Errors
    /// `TlsFilesFault` naming setting and file.
    pub fn acceptor(&self) -> Result<Acceptor, TlsFilesFault> {
        let own = self.own.as_ref().ok_or(TlsFilesFault::Missing)?;
        let callers = self.client_ca.as_deref();
        let callers = callers.map(|file| {
            let all = certificates(file).map_err(TlsFilesFault::ClientCa)?;
            roots("dicom_tls.client_ca", all)
        });
        Acceptor::of(own.read()?, callers.transpose()?)
    }

    /// For calls.
    ///
    /// # Errors
    /// `TlsFilesFault` naming setting and file.
    pub fn connector(&self) -> Result<Connector, TlsFilesFault> {
        let own = self.own.as_ref().map(Own::read).transpose()?;
        let trusted = self.ca.as_deref().map(|file: &Path| {
            let all = certificates(file).map_err(TlsFilesFault::Ca)?;
            roots("dicom_tls.ca", all)
        });
        Connector::of(own, trusted.transpose()?)
    }
}

impl Own {
    fn read(&self) -> Result<Identity, TlsFilesFault> {
        let chain = certificates(&self.certificate).map_err(TlsFilesFault::Certificate)?;
        let key = private_key(&self.key).map_err(TlsFilesFault::Key)?;
        Ok((chain, key))
    }
}

fn roots(
    key: &'static str,
    certificates: Vec<CertificateDer<'static>>,
) -> Result<Arc<RootCertStore>, TlsFilesFault> {
    let mut roots = RootCertStore::empty();
    for one in certificates {
        roots.add(one).map_err(|source| TlsFilesFault::Authority {
            key,
            source: source.into(),
        })?;
    }
    Ok(Arc::new(roots))
}

/// The versions of BCP 195; suites are the provider's, and all of them are AEAD with forward secrecy.
pub(super) fn versions<S: ConfigSide>(
    builder: ConfigBuilder<S, rustls::WantsVersions>,
) -> Result<ConfigBuilder<S, WantsVerifier>, TlsFilesFault> {
    builder
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(TlsFilesFault::System)
}
