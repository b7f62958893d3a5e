//! DTLS-SRTP as a server (RFC 5763, RFC 5764), on `rtc`'s DTLS and SRTP.
//!
//! Owns the handshake, the check of the other side's certificate against the signalled fingerprint, and the keys that
//! come of it. It knows no RTP beyond sealing and opening. Invariant: nothing is sealed or opened before the certificate
//! was checked; nothing is taken after the end.

use super::hellos::Hellos;
use super::identity::{Identity, sha256};
use crate::sfu::error::EdgeError;
use bytes::BytesMut;
use rtc::dtls::config::{
    ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, VerifyPeerCertificateFn,
};
use rtc::dtls::endpoint::{Endpoint, EndpointEvent};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::dtls::state::State;
use rtc::rtp;
use rtc::shared::TransportProtocol;
use rtc::shared::error::Error as RtcError;
use rtc::srtp::config::{Config, LABEL_EXTRACTOR_DTLS_SRTP};
use rtc::srtp::context::Context;
use rtc::srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc::srtp::protection_profile::ProtectionProfile;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// First wait before a lost handshake message is sent again, doubled each time (RFC 6347 §4.2.4.1). It recommends 1 s; a picture
/// that comes a second late is what we are here to avoid.
const FLIGHT: Duration = Duration::from_millis(200);
/// Doubled at most so often, to 3.2 s: `rtc` gives up after 7 repeats, and a queue of seconds stands before a phone.
const MAX_DOUBLINGS: u32 = 4;
/// Reports that may arrive out of order.
const SRTCP_WINDOW: usize = 64;
/// Voice packets that may arrive out of order: more than a second of them.
const SRTP_WINDOW: usize = 64;
/// DTLS multiplexes by address; there is one other side, and ICE knows where it is.
const OTHER_SIDE: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 2), 9));

/// In the order of preference: AEAD first (RFC 7714), then what all WebRTC speaks (RFC 8827 §6.5).
const PROFILES: [(SrtpProtectionProfile, ProtectionProfile); 3] = [
    (
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
        ProtectionProfile::AeadAes128Gcm,
    ),
    (
        SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
        ProtectionProfile::AeadAes256Gcm,
    ),
    (
        SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        ProtectionProfile::Aes128CmHmacSha1_80,
    ),
];

/// What a DTLS datagram changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing to tell.
    None,
    /// The keys are there.
    Ready,
    /// The other side said goodbye.
    Goodbye,
    /// It failed.
    Failed,
}

/// Keys in both directions.
struct Keys {
    seal: Context,
    open: Context,
}

/// The secured connection.
pub(super) struct Secure {
    dtls: Endpoint,
    keys: Option<Keys>,
    ended: bool,
    hellos: Hellos,
    /// How often the last flight was sent again.
    repeats: u32,
    identity: Arc<dyn rtc::crypto::RTCCryptoProvider>,
}

impl Secure {
    /// Waits for a client with this certificate.
    pub(super) fn server(identity: &Identity, fingerprint: [u8; 32]) -> Result<Self, EdgeError> {
        let verify: VerifyPeerCertificateFn =
            Arc::new(move |certificates, _| match certificates.first() {
                Some(first) if sha256(first) == fingerprint => Ok(()),
                _ => Err(RtcError::ErrNoMatchingCertificateFingerprint),
            });
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&identity.provider))
            .with_certificates(vec![identity.certificate.clone()])
            .with_srtp_protection_profiles(PROFILES.map(|(dtls, _)| dtls).to_vec())
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            // Self-signed certificates are the rule here: the fingerprint is the check.
            .with_insecure_skip_verify(true)
            .with_verify_peer_certificate(Some(verify))
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_flight_interval(FLIGHT)
            .build(false, None)
            .map_err(|error| EdgeError::new("set up DTLS", error))?;
        Ok(Self {
            dtls: Endpoint::new(OTHER_SIDE, TransportProtocol::UDP, Some(Arc::new(config))),
            keys: None,
            ended: false,
            hellos: Hellos::new(),
            repeats: 0,
            identity: Arc::clone(&identity.provider),
        })
    }

    /// Takes a DTLS datagram.
    pub(super) fn take_dtls(&mut self, now: Instant, datagram: BytesMut) -> Step {
        if self.ended || self.hellos.is_repeat(&datagram) {
            return Step::None;
        }
        // An error is a forged or damaged record, or a handshake that cannot go on; the first is no reason to end, and
        // the second ends by the engine's time limit.
        let events = self.dtls.read(now, OTHER_SIDE, None, datagram);
        let mut step = Step::None;
        for event in events.unwrap_or_default() {
            match event {
                EndpointEvent::HandshakeComplete => {
                    step = match self.derive_keys() {
                        Ok(()) => Step::Ready,
                        Err(_) => Step::Failed,
                    };
                }
                EndpointEvent::PeerClosed => {
                    self.ended = true;
                    step = Step::Goodbye;
                }
                // Data on a connection that has no data channels.
                _ => {}
            }
        }
        step
    }

    fn derive_keys(&mut self) -> Result<(), RtcError> {
        let state = self.dtls.get_connection_state(OTHER_SIDE);
        let state = state.ok_or(RtcError::ErrNoSuchSrtpProfile)?;
        let profile = profile(state)?;
        let mut config = Config {
            profile,
            ..Config::default()
        };
        let material = state.export_keying_material(
            LABEL_EXTRACTOR_DTLS_SRTP,
            &[],
            config.keying_material_len(),
        )?;
        config.set_session_keys_from_keying_material(material.as_ref(), false)?;
        let keys = &config.keys;
        let crypto = self.identity.crypto();
        let seal = Context::new(
            &keys.local_master_key,
            &keys.local_master_salt,
            profile,
            None,
            None,
            crypto,
        )?;
        // RTP of viewers, who send reports only, never gets here; a talker's does.
        let voice = Some(srtp_replay_protection(SRTP_WINDOW));
        let window = Some(srtcp_replay_protection(SRTCP_WINDOW));
        let open = Context::new(
            &keys.remote_master_key,
            &keys.remote_master_salt,
            profile,
            voice,
            window,
            crypto,
        )?;
        self.keys = Some(Keys { seal, open });
        Ok(())
    }

    /// Seals a packet whose header is given once more, read.
    pub(super) fn seal_rtp(&mut self, packet: &[u8], header: &rtp::Header) -> Option<BytesMut> {
        let keys = self.keys.as_mut()?;
        keys.seal.encrypt_rtp_with_header(packet, header).ok()
    }

    /// Opens a packet.
    pub(super) fn open_rtp(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.keys.as_mut()?.open.decrypt_rtp(packet).ok()
    }

    /// Opens a report.
    pub(super) fn open_rtcp(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.keys.as_mut()?.open.decrypt_rtcp(packet).ok()
    }

    pub(super) fn poll_datagram(&mut self) -> Option<BytesMut> {
        self.dtls.poll_transmit().map(|transmit| transmit.message)
    }

    /// The library waits the same time each time; what doubling adds to that is waited here.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let more = FLIGHT * ((1 << self.repeats.min(MAX_DOUBLINGS)) - 1);
        self.dtls.poll_timeout(&OTHER_SIDE).map(|due| due + more)
    }

    pub(super) fn take_timeout(&mut self, now: Instant) {
        if self.next_timeout().is_some_and(|due| due <= now) {
            self.repeats = self.repeats.saturating_add(1);
            let _ = self.dtls.handle_timeout(OTHER_SIDE, now);
        }
    }

    /// Says goodbye (close_notify).
    pub(super) fn close(&mut self, now: Instant) {
        self.ended = true;
        self.keys = None;
        let _ = self.dtls.close(now);
    }
}

fn profile(state: &State) -> Result<ProtectionProfile, RtcError> {
    let agreed = state.srtp_protection_profile();
    PROFILES
        .into_iter()
        .find(|(dtls, _)| *dtls == agreed)
        .map(|(_, srtp)| srtp)
        .ok_or(RtcError::ErrNoSuchSrtpProfile)
}

/// Where the virtual time of a test begins.
#[cfg(test)]
fn clock() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
