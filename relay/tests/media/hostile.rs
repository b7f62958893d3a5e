//! A peer that proves itself like any other and then sends what it likes: it holds its own DTLS and SRTP keys, so that no
//! engine of its own refuses what a relay must be able to take.

use super::DEADLINE;
use super::client::{Client, Kind};
use super::world::{World, session};
use bytes::BytesMut;
use relay::sfu::{MediaSessionId, Publish, Watch};
use ring::{digest, hmac};
use rtc::crypto;
use rtc::dtls::config::{ConfigBuilder, ExtendedMasterSecretType};
use rtc::dtls::crypto::Certificate;
use rtc::dtls::endpoint::{Endpoint, EndpointEvent};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::rtp::Header;
use rtc::shared::TransportProtocol;
use rtc::srtp::config::{Config, LABEL_EXTRACTOR_DTLS_SRTP};
use rtc::srtp::context::Context;
use rtc::srtp::protection_profile::ProtectionProfile;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;

/// The cookie of STUN (RFC 8489 §5).
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// CRC-32 of STUN, and CRC-32C of SCTP, bits reversed.
const OF_STUN: u32 = 0xedb8_8320;
const OF_SCTP: u32 = 0x82f6_3b78;

/// The peer.
pub struct Hostile {
    pub session: MediaSessionId,
    socket: UdpSocket,
    to: SocketAddr,
    certificate: Certificate,
    dtls: Endpoint,
    seal: Option<Context>,
    username: String,
    password: String,
}

impl Hostile {
    /// With a proven address and keys.
    pub async fn connected(world: &World, kind: Kind) -> Self {
        let mut hostile = Self::proven(world, kind).await;
        hostile.shakes_hands().await;
        hostile
    }

    /// With a proven address; its handshake has not begun.
    pub async fn proven(world: &World, kind: Kind) -> Self {
        let provider = crypto::default_provider().unwrap();
        let names = vec!["hostile".to_owned()];
        let certificate = Certificate::generate_self_signed(names, provider.crypto()).unwrap();
        let offer = signed_by(&Client::new(kind.clone()).await.offer, &certificate);
        let (consult, session) = (world.consult, session());
        let answer = match kind.publishes {
            Some(_) => {
                let request = Publish {
                    consult,
                    stream: world.stream,
                    session,
                    offer: offer.clone(),
                    tap: None,
                };
                world.sfu.publish(request).await.unwrap()
            }
            None => {
                let request = Watch {
                    consult,
                    session,
                    offer: offer.clone(),
                };
                world.sfu.watch(request).await.unwrap()
            }
        };
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let local = socket.local_addr().unwrap();
        let theirs = line(&answer, "a=ice-ufrag:");
        let hostile = Self {
            session,
            to: world.sfu.local_addr(),
            certificate,
            dtls: Endpoint::new(local, TransportProtocol::UDP, None),
            seal: None,
            username: format!("{theirs}:{}", line(&offer, "a=ice-ufrag:")),
            password: line(&answer, "a=ice-pwd:"),
            socket,
        };
        hostile.proves_itself().await;
        hostile
    }

    /// A good check, until it is answered.
    pub async fn proves_itself(&self) {
        let check = self.check();
        let proved = async {
            loop {
                self.raw(&check).await;
                let heard = self.hears(Duration::from_millis(100)).await;
                if heard.is_some_and(|datagram| datagram.starts_with(&[1, 1])) {
                    return;
                }
            }
        };
        tokio::time::timeout(DEADLINE, proved).await.unwrap();
    }

    /// A binding request that is right in all.
    pub fn check(&self) -> Vec<u8> {
        let mut out = vec![0, 1, 0, 0];
        out.extend(COOKIE);
        out.extend([7; 12]);
        attribute(&mut out, 0x0006, self.username.as_bytes());
        attribute(&mut out, 0x0024, &[0x6e, 0xff, 0xff, 0xff]);
        attribute(&mut out, 0x802a, &[1; 8]);
        attribute(&mut out, 0x0025, &[]);
        set_length(&mut out, 24);
        let key = hmac::Key::new(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            self.password.as_bytes(),
        );
        let tag = hmac::sign(&key, &out);
        attribute(&mut out, 0x0008, tag.as_ref());
        set_length(&mut out, 8);
        let print = crc(OF_STUN, &out) ^ 0x5354_554e;
        attribute(&mut out, 0x8028, &print.to_be_bytes());
        out
    }

    async fn shakes_hands(&mut self) {
        let provider = crypto::default_provider().unwrap();
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&provider))
            .with_certificates(vec![self.certificate.clone()])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            .with_insecure_skip_verify(true)
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_server_name("relay".to_owned())
            .build(true, None)
            .unwrap();
        let to = self.to;
        self.dtls
            .connect(Instant::now(), to, Arc::new(config), None)
            .unwrap();
        let end = Instant::now() + DEADLINE;
        let mut complete = false;
        while !complete {
            assert!(Instant::now() < end, "no handshake");
            self.flush().await;
            match self.hears(Duration::from_millis(50)).await {
                Some(datagram) if matches!(datagram.first(), Some(20..=63)) => {
                    let datagram = BytesMut::from(&datagram[..]);
                    let events = self.dtls.read(Instant::now(), to, None, datagram);
                    complete |= events
                        .unwrap()
                        .iter()
                        .any(|event| matches!(event, EndpointEvent::HandshakeComplete));
                }
                Some(_) => {}
                None => self.dtls.handle_timeout(to, Instant::now()).unwrap(),
            }
        }
        self.flush().await;
        let profile = ProtectionProfile::AeadAes128Gcm;
        let mut config = Config {
            profile,
            ..Config::default()
        };
        let material = self
            .dtls
            .get_connection_state(to)
            .unwrap()
            .export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], config.keying_material_len())
            .unwrap();
        config
            .set_session_keys_from_keying_material(material.as_ref(), true)
            .unwrap();
        let keys = &config.keys;
        let seal = Context::new(
            &keys.local_master_key,
            &keys.local_master_salt,
            profile,
            None,
            None,
            provider.crypto(),
        );
        self.seal = Some(seal.unwrap());
    }

    /// Seals these bytes as RTP, whatever they say of themselves, and sends them.
    pub async fn rtp(&mut self, plain: &[u8]) {
        let seal = self.seal.as_mut().unwrap();
        let sealed = seal.encrypt_rtp(plain).or_else(|_| {
            // What nobody can read as RTP is sealed as if its header had no more than twelve bytes.
            let word = |at: usize| u32::from_be_bytes(plain[at..at + 4].try_into().unwrap());
            let header = Header {
                version: 2,
                sequence_number: u16::from_be_bytes([plain[2], plain[3]]),
                timestamp: word(4),
                ssrc: word(8),
                ..Header::default()
            };
            seal.encrypt_rtp_with_header(plain, &header)
        });
        self.raw(&sealed.unwrap()).await;
    }

    /// The same as RTCP.
    pub async fn rtcp(&mut self, plain: &[u8]) {
        let seal = self.seal.as_mut().unwrap();
        let sealed = seal.encrypt_rtcp(plain).unwrap();
        self.raw(&sealed).await;
    }

    /// Sends bytes as application data of its DTLS, which the relay takes for SCTP.
    pub async fn data(&mut self, bytes: &[u8]) {
        self.dtls.write(Instant::now(), self.to, bytes).unwrap();
        self.flush().await;
    }

    /// The same as a packet of SCTP with a right checksum.
    pub async fn sctp(&mut self, tag: u32, chunks: &[u8]) {
        let mut packet = vec![0x13, 0x88, 0x13, 0x88];
        packet.extend(tag.to_be_bytes());
        packet.extend([0; 4]);
        packet.extend_from_slice(chunks);
        let sum = crc(OF_SCTP, &packet);
        packet[8..12].copy_from_slice(&sum.to_le_bytes());
        self.data(&packet).await;
    }

    /// Sends a datagram as it is.
    pub async fn raw(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.to).await.unwrap();
    }

    /// Whatever comes within this time.
    pub async fn hears(&self, within: Duration) -> Option<Vec<u8>> {
        let mut buffer = [0; 2_048];
        let heard = tokio::time::timeout(within, self.socket.recv(&mut buffer)).await;
        Some(buffer[..heard.ok()?.ok()?].to_vec())
    }

    async fn flush(&mut self) {
        while let Some(out) = self.dtls.poll_transmit() {
            self.raw(&out.message).await;
        }
    }
}

/// The offer with the fingerprint of another certificate.
fn signed_by(offer: &str, certificate: &Certificate) -> String {
    let print = digest::digest(&digest::SHA256, &certificate.certificate[0]);
    let print: Vec<String> = print
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let print = format!("a=fingerprint:sha-256 {}\r\n", print.join(":"));
    offer
        .lines()
        .map(|line| {
            if line.starts_with("a=fingerprint:") {
                print.clone()
            } else {
                format!("{line}\r\n")
            }
        })
        .collect()
}

fn line(sdp: &str, start: &str) -> String {
    let value = sdp.lines().find_map(|line| line.strip_prefix(start));
    value.unwrap().to_owned()
}

fn attribute(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    out.extend(kind.to_be_bytes());
    out.extend((value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// The length field with `more` bytes that are to come.
fn set_length(out: &mut [u8], more: usize) {
    let length = (out.len() - 20 + more) as u16;
    out[2..4].copy_from_slice(&length.to_be_bytes());
}

fn crc(polynomial: u32, data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (polynomial & (crc & 1).wrapping_neg());
        }
        crc
    })
}
