//! Sets up one `rtc` peer connection from agreed terms.
//!
//! Owns the way into `rtc` 0.21.1: it takes SDP only, so the terms are written as an offer that holds exactly what was
//! agreed, and its answer is thrown away (ours is `sdp::answer`). One certificate serves all connections of the process.
//! mDNS is off (on by default, it opens a socket per peer), ICE timeouts are off (liveness is the engine's), the replay
//! window is wide enough for retransmissions on the same source.

use super::contract::{EdgeMaker, MediaEdge};
use super::prime::{self, prime};
use super::rtc_edge::{Media, RtcEdge};
use super::tap::FeedbackTap;
use super::terms::{Extension, Flow, Terms};
use crate::sfu::error::EdgeError;
use crate::sfu::limits::{DATA_RECEIVE_WINDOW_BYTES, MAX_DATA_MESSAGE_BYTES};
use rtc::crypto::{self, SignatureScheme};
use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::{Registry, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::interceptor_registry::{
    configure_rtcp_reports, configure_twcc_receiver_only,
};
use rtc::peer_connection::configuration::media_engine::MediaEngine;
use rtc::peer_connection::configuration::setting_engine::{
    SctpMaxMessageSize, SettingEngine, SettingEngineBuilder,
};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::{
    CandidateConfig, CandidateHostConfig, RTCDtlsRole, RTCIceCandidate,
};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters,
    RTCRtpEncodingParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::shared::error::Error as RtcError;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Packets within which a repeated sequence number is still told from a replay.
const REPLAY_WINDOW: usize = 1_024;
/// `rtc` wakes up this often for an ICE agent that has nothing to do.
const IDLE: Duration = Duration::from_secs(60);

/// Makes connections on `rtc`.
pub(crate) struct RtcMaker {
    certificate: RTCCertificate,
    fingerprint: [u8; 32],
}

impl RtcMaker {
    /// Makes the certificate of this process.
    ///
    /// # Errors
    /// The crypto provider refused.
    pub(crate) fn new() -> Result<Self, EdgeError> {
        let step = |error: &dyn std::fmt::Display| EdgeError::new("make the certificate", error);
        let provider = crypto::default_provider().map_err(|error| step(&error))?;
        let parameters =
            CertificateParams::new(vec!["hibiki".to_owned()]).map_err(|error| step(&error))?;
        let certificate = RTCCertificate::generate(
            provider.crypto(),
            SignatureScheme::EcdsaP256Sha256,
            parameters,
        )
        .map_err(|error| step(&error))?;
        let fingerprints = certificate
            .get_fingerprints(provider.crypto())
            .map_err(|error| step(&error))?;
        let hex = fingerprints
            .first()
            .map(|print| print.value.replace(':', ""))
            .unwrap_or_default();
        let mut fingerprint = [0; 32];
        for (byte, at) in fingerprint.iter_mut().zip((0..hex.len()).step_by(2)) {
            let digits = hex.get(at..at + 2).unwrap_or_default();
            *byte = u8::from_str_radix(digits, 16).map_err(|error| step(&error))?;
        }
        Ok(Self {
            certificate,
            fingerprint,
        })
    }
}

impl EdgeMaker for RtcMaker {
    fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    fn open(&self, now: Instant, terms: &Terms) -> Result<Box<dyn MediaEdge>, EdgeError> {
        let step = |step| move |error: RtcError| EdgeError::new(step, error);
        let mut engine = media_engine(terms).map_err(step("register codecs"))?;
        let registry = chain(terms, &mut engine).map_err(step("build the packet chain"))?;
        let configuration = RTCConfigurationBuilder::new()
            .with_certificates(vec![self.certificate.clone()])
            .build();
        let mut pc = RTCPeerConnectionBuilder::new()
            .with_configuration(configuration)
            .with_setting_engine(settings())
            .with_media_engine(engine)
            .with_interceptor_registry(registry)
            .build(now)
            .map_err(step("build the connection"))?;
        let media = add_media(&mut pc, terms).map_err(step("add the picture"))?;
        let offer = RTCSessionDescription::offer(offer(terms)).map_err(step("read the terms"))?;
        pc.set_remote_description(now, offer)
            .map_err(step("apply the terms"))?;
        add_candidate(&mut pc).map_err(step("add the invented candidate"))?;
        let answer = pc.create_answer(None).map_err(step("agree to the terms"))?;
        pc.set_local_description(now, answer)
            .map_err(step("apply the agreement"))?;
        prime(&mut pc, now)?;
        Ok(Box::new(RtcEdge::new(pc, media)))
    }
}

fn settings() -> SettingEngine {
    SettingEngineBuilder::new()
        .with_lite(true)
        .with_answering_dtls_role(RTCDtlsRole::Server)
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_ice_credentials(prime::OUR_NAME.to_owned(), prime::OUR_PASSWORD.to_owned())
        .with_ice_timeouts(Some(Duration::ZERO), Some(Duration::ZERO), Some(IDLE))
        .with_srtp_replay_protection_window(REPLAY_WINDOW)
        .with_sctp_max_message_size(SctpMaxMessageSize::Bounded(MAX_DATA_MESSAGE_BYTES as u32))
        .with_sctp_max_receive_buffer_size(DATA_RECEIVE_WINDOW_BYTES)
        .build()
}

fn media_engine(terms: &Terms) -> Result<MediaEngine, RtcError> {
    let mut engine = MediaEngine::default();
    let feedback = terms.feedback.iter().map(|kind| {
        let (typ, parameter) = kind.split_once(' ').unwrap_or((kind, ""));
        RTCPFeedback {
            typ: typ.to_owned(),
            parameter: parameter.to_owned(),
        }
    });
    let codec = RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            rtcp_feedback: feedback.collect(),
            ..codec(terms)
        },
        payload_type: terms.payload_type,
    };
    engine.register_codec(codec, RtpCodecKind::Video)?;
    for (extension, _) in terms.extensions.iter() {
        let capability = RTCRtpHeaderExtensionCapability {
            uri: extension.uri().to_owned(),
        };
        engine.register_header_extension(capability, RtpCodecKind::Video, None)?;
    }
    Ok(engine)
}

fn codec(terms: &Terms) -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: format!("video/{}", terms.codec.kind().name()),
        clock_rate: 90_000,
        sdp_fmtp_line: terms.codec.fmtp().unwrap_or_default(),
        ..RTCRtpCodec::default()
    }
}

/// A publisher gets receiver reports and arrival reports; a viewer's chain is our tap alone.
fn chain(terms: &Terms, engine: &mut MediaEngine) -> Result<Registry, RtcError> {
    let registry = Registry::new();
    match terms.flow {
        Flow::Out { .. } => Ok(registry.with(Slot::from(TAP), FeedbackTap::default())),
        Flow::In { .. } => {
            let registry = configure_rtcp_reports(registry);
            match terms.extensions.get(Extension::TransportCc) {
                Some(_) => configure_twcc_receiver_only(registry, engine),
                None => Ok(registry),
            }
        }
    }
}

/// Behind all of `rtc`'s own slots.
const TAP: usize = 20_000;

fn add_media(
    pc: &mut RTCPeerConnection,
    terms: &Terms,
) -> Result<Media, RtcError> {
    match terms.flow {
        Flow::In { .. } => {
            let init = RTCRtpTransceiverInit {
                direction: RTCRtpTransceiverDirection::Recvonly,
                ..RTCRtpTransceiverInit::default()
            };
            let id = pc.add_transceiver_from_kind(RtpCodecKind::Video, Some(init))?;
            let receiver = pc.rtp_transceiver(id).and_then(|found| found.receiver());
            receiver.map(Media::Receiver).ok_or(RtcError::ErrRTPReceiverNotExisted)
        }
        Flow::Out { ssrc } => {
            let encoding = RTCRtpEncodingParameters {
                rtp_coding_parameters: RTCRtpCodingParameters {
                    ssrc: Some(ssrc),
                    ..RTCRtpCodingParameters::default()
                },
                codec: codec(terms),
                ..RTCRtpEncodingParameters::default()
            };
            let track = MediaStreamTrack::new(
                "echo".to_owned(),
                "picture".to_owned(),
                "echo".to_owned(),
                RtpCodecKind::Video,
                vec![encoding],
            );
            Ok(Media::Sender(pc.add_track(track)?))
        }
    }
}

fn add_candidate(pc: &mut RTCPeerConnection) -> Result<(), RtcError> {
    let candidate = CandidateHostConfig {
        base_config: CandidateConfig {
            network: "udp".to_owned(),
            address: prime::LOCAL.ip().to_string(),
            port: prime::LOCAL.port(),
            component: 1,
            ..CandidateConfig::default()
        },
        ..CandidateHostConfig::default()
    }
    .new_candidate_host()?;
    pc.add_local_candidate(RTCIceCandidate::from(&candidate).to_json()?)
}

/// The terms as an offer from the other side.
fn offer(terms: &Terms) -> String {
    let hex: Vec<String> = terms
        .fingerprint
        .iter()
        .map(|b| format!("{b:02X}"))
        .collect();
    let transport = format!(
        "c=IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:sha-256 {}\r\na=setup:actpass\r\n",
        prime::THEIR_NAME,
        prime::THEIR_PASSWORD,
        hex.join(":")
    );
    let pt = terms.payload_type;
    let bundle = if terms.data.is_some() { "v d" } else { "v" };
    let mut out = format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {bundle}\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF {pt}\r\n{transport}a=mid:v\r\na=rtcp-mux\r\na=rtpmap:{pt} {}/90000\r\n",
        terms.codec.kind().name()
    );
    if let Some(fmtp) = terms.codec.fmtp() {
        let _ = write!(out, "a=fmtp:{pt} {fmtp}\r\n");
    }
    for kind in &terms.feedback {
        let _ = write!(out, "a=rtcp-fb:{pt} {kind}\r\n");
    }
    for (extension, id) in terms.extensions.iter() {
        let _ = write!(out, "a=extmap:{id} {}\r\n", extension.uri());
    }
    match terms.flow {
        Flow::Out { .. } => out.push_str("a=recvonly\r\n"),
        Flow::In { ssrc } => {
            out.push_str("a=sendonly\r\na=msid:echo picture\r\n");
            if let Some(ssrc) = ssrc {
                let _ = write!(out, "a=ssrc:{ssrc} cname:echo\r\n");
            }
        }
    }
    if let Some(port) = terms.data {
        let _ = write!(
            out,
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n{transport}a=mid:d\r\na=sctp-port:{port}\r\na=max-message-size:{MAX_DATA_MESSAGE_BYTES}\r\n"
        );
    }
    out
}
