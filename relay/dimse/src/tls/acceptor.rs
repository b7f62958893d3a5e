//! A port with TLS: who comes in before a word of DICOM is read.

use super::fault::TlsFault;
use super::files::{Identity, TlsFilesFault, versions};
use crate::limits::{ANSWER_WITHIN, HANDSHAKE_WITHIN};
use crate::negotiation::abort;
use crate::stream::{Stream, linger};
use dicom_ul::pdu::{AbortRQServiceProviderReason, write_pdu};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::fmt;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// Kinds of PDU (PS3.8 section 9.3.1): what a peer that knows nothing of TLS begins with. TLS begins with 16H.
const PDU_KINDS: std::ops::RangeInclusive<u8> = 0x01..=0x07;

/// What a port needs. It is made of files, once.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

/// It holds a key.
impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptor")
    }
}

/// Who did not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsecured {
    /// It went before it said anything.
    Left,
    /// It speaks DICOM without TLS.
    Plain,
    /// The handshake ended.
    Fault(TlsFault),
}

impl Acceptor {
    pub(super) fn of(
        (chain, key): Identity,
        callers: Option<Arc<RootCertStore>>,
    ) -> Result<Self, TlsFilesFault> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = versions(ServerConfig::builder_with_provider(Arc::clone(&provider)))?;
        let builder = match callers {
            None => builder.with_no_client_auth(),
            Some(roots) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
                builder.with_client_cert_verifier(verifier.map_err(|source| {
                    TlsFilesFault::Authority {
                        key: "dicom_tls.client_ca",
                        source: source.into(),
                    }
                })?)
            }
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(TlsFilesFault::Together)?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// The handshake. Who does not come in has heard why, by an alert, or by A-ABORT if that is what it understands.
    pub(crate) async fn accept(&self, socket: TcpStream) -> Result<Stream, Unsecured> {
        let (why, mut socket) = match timeout(HANDSHAKE_WITHIN, self.shake(socket)).await {
            Ok(Ok(secured)) => return Ok(secured),
            Ok(Err(refused)) => refused,
            Err(_) => return Err(Unsecured::Fault(TlsFault::Silent)),
        };
        let mut word = Vec::new();
        let reason = AbortRQServiceProviderReason::ReasonNotSpecified;
        if why == Unsecured::Plain && write_pdu(&mut word, &abort(reason)).is_ok() {
            let _ = timeout(ANSWER_WITHIN, socket.write_all(&word)).await;
        }
        linger(&mut socket).await;
        Err(why)
    }

    async fn shake(&self, socket: TcpStream) -> Result<Stream, (Unsecured, TcpStream)> {
        let mut first = [0];
        match socket.peek(&mut first).await {
            Ok(0) | Err(_) => return Err((Unsecured::Left, socket)),
            Ok(_) if PDU_KINDS.contains(&first[0]) => return Err((Unsecured::Plain, socket)),
            Ok(_) => {}
        }
        let shaken = self.0.accept(socket).into_fallible().await;
        shaken
            .map(|secured| Stream::Tls(Box::new(secured.into())))
            .map_err(|(error, socket)| (Unsecured::Fault(TlsFault::of_io(&error)), socket))
    }
}
