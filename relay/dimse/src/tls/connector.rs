//! Calls with TLS: whose certificate is taken, and what we show.

use super::fault::TlsFault;
use super::files::{Identity, TlsFilesFault, versions};
use crate::limits::HANDSHAKE_WITHIN;
use crate::stream::Stream;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::fmt;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The name on a peer's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerName(ServerName<'static>);

impl PeerName {
    /// A host's name or an address; nothing if it can be neither.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('[').and_then(|six| six.strip_suffix(']'));
        let name = ServerName::try_from(bare.unwrap_or(text).to_owned());
        name.ok().map(Self)
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_str())
    }
}

/// What calls need. The default is for peers without TLS.
#[derive(Clone, Default)]
pub struct Connector(Option<TlsConnector>);

/// It may hold a key.
impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl Connector {
    pub(super) fn of(
        own: Option<Identity>,
        trusted: Option<Arc<RootCertStore>>,
    ) -> Result<Self, TlsFilesFault> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = versions(ClientConfig::builder_with_provider(Arc::clone(&provider)))?;
        let builder = match trusted {
            Some(roots) => builder.with_root_certificates(roots),
            None => {
                let verifier = Verifier::new(provider).map_err(TlsFilesFault::System)?;
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(verifier))
            }
        };
        let mut config = match own {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(TlsFilesFault::Together)?,
        };
        config.resumption = Resumption::disabled();
        Ok(Self(Some(TlsConnector::from(Arc::new(config)))))
    }

    pub(crate) async fn connect(
        &self,
        socket: TcpStream,
        name: &PeerName,
    ) -> Result<Stream, TlsFault> {
        let connector = self.0.as_ref().ok_or(TlsFault::NotSet)?;
        let shaking = connector.connect(name.0.clone(), socket);
        match timeout(HANDSHAKE_WITHIN, shaking).await {
            Ok(Ok(secured)) => Ok(Stream::Tls(Box::new(secured.into()))),
            Ok(Err(error)) => Err(TlsFault::of_io(&error)),
            Err(_) => Err(TlsFault::Silent),
        }
    }
}
