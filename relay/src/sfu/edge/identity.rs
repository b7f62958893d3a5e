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
use std::time::{Duration, SystemTime};

/// `rtc` refuses certificates that it believes expired; ours never is while the process lives.
const LIFETIME: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

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
        let expires = SystemTime::now() + LIFETIME;
        RTCCertificate::from_existing(self.certificate.clone(), expires)
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
