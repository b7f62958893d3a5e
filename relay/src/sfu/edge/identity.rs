//! The certificate of this process.
//!
//! Owns one self-signed key and certificate for all connections, in both forms that `rtc` wants. It lives as long as the
//! process; WebRTC compares fingerprints, not validity (RFC 8827 §6.5).

use crate::sfu::error::EdgeError;
use ring::digest::{SHA256, digest};
use rtc::crypto::{self, RTCCryptoProvider};
use rtc::dtls::crypto::Certificate;
use rtc::peer_connection::certificate::RTCCertificate;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// `rtc` wants to know when the certificate expires and refuses it afterwards: in the year 2106, when no process of today
/// runs.
const EXPIRES: Duration = Duration::from_secs(u32::MAX as u64);

/// Key, certificate, fingerprint.
pub(super) struct Identity {
    /// The crypto provider that holds the key.
    pub(super) provider: Arc<dyn RTCCryptoProvider>,
    /// For DTLS directly.
    pub(super) certificate: Certificate,
    /// SHA-256 of it.
    pub(super) fingerprint: [u8; 32],
}

impl Identity {
    /// Makes it.
    pub(super) fn new() -> Result<Self, EdgeError> {
        const STEP: &str = "make the certificate";
        let provider = crypto::default_provider().map_err(|error| EdgeError::new(STEP, error))?;
        let names = vec!["hibiki".to_owned()];
        let certificate = Certificate::generate_self_signed(names, provider.crypto())
            .map_err(|error| EdgeError::new(STEP, error))?;
        let der = certificate
            .certificate
            .first()
            .ok_or_else(|| EdgeError::new(STEP, "it is empty"))?;
        let fingerprint = sha256(der);
        Ok(Self {
            provider,
            certificate,
            fingerprint,
        })
    }

    /// For a peer connection.
    pub(super) fn for_peer_connection(&self) -> RTCCertificate {
        RTCCertificate::from_existing(self.certificate.clone(), UNIX_EPOCH + EXPIRES)
    }
}

/// SHA-256.
pub(super) fn sha256(data: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (byte, of) in out.iter_mut().zip(digest(&SHA256, data).as_ref()) {
        *byte = *of;
    }
    out
}
