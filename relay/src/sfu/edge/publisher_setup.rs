//! Sets up one publisher's `rtc` peer connection from agreed terms.
//!
//! Owns the way into `rtc` 0.21.1: it takes SDP only, so the terms are written as an offer that holds exactly what was
//! agreed, and its answer is thrown away (ours is `sdp::answer`).
//! mDNS is off (on by default, it opens a socket per peer), ICE timeouts are off (liveness is the engine's), the replay
//! window is wide enough for retransmissions on the same source. Where a retransmission source was agreed, `rtc` puts the packet
//! together again as it was (RFC 4588 §4), so that everything behind it sees the original.

use super::identity::Identity;
use super::prime::{self, prime};
use super::publisher_edge::RtcPublisher;
use super::terms::{Extension, PublisherTerms};
use crate::sfu::error::EdgeError;
use crate::sfu::limits::{DATA_RECEIVE_WINDOW_BYTES, MAX_DATA_MESSAGE_BYTES};
use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::{Registry, Slot, TwccReceiverBuilder};
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::interceptor_registry::configure_rtcp_reports;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_RTX, MediaEngine};
use rtc::peer_connection::configuration::setting_engine::{
    SctpMaxMessageSize, SettingEngine, SettingEngineBuilder,
};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::{
    CandidateConfig, CandidateHostConfig, RTCDtlsRole, RTCIceCandidate,
};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpReceiverId, RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::shared::error::Error as RtcError;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Packets within which a repeated sequence number is still told from a replay.
const REPLAY_WINDOW: usize = 1_024;
/// How often a publisher learns what arrived and when (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3 wants 50 to 100 ms):
/// a queue is seen as soon as its second frame stands in it.
const ARRIVALS_EVERY: Duration = Duration::from_millis(50);
/// `rtc` wakes up this often for an ICE agent that has nothing to do.
const IDLE: Duration = Duration::from_secs(60);

/// Opens a connection that waits for the publisher's DTLS.
pub(super) fn open(
    identity: &Identity,
    now: Instant,
    terms: &PublisherTerms,
) -> Result<RtcPublisher, EdgeError> {
    let step = |step| move |error: RtcError| EdgeError::new(step, error);
    let engine = media_engine(terms).map_err(step("register codecs"))?;
    let configuration = RTCConfigurationBuilder::new()
        .with_certificates(vec![identity.for_peer_connection()])
        .build();
    let mut pc = RTCPeerConnectionBuilder::new()
        .with_configuration(configuration)
        .with_setting_engine(settings())
        .with_media_engine(engine)
        .with_interceptor_registry(chain(terms))
        .build(now)
        .map_err(step("build the connection"))?;
    let receiver = add_receiver(&mut pc).map_err(step("add the picture"))?;
    if terms.low_layer.is_some() {
        add_receiver(&mut pc).map_err(step("add the low layer"))?;
    }
    let offer = RTCSessionDescription::offer(offer(terms)).map_err(step("read the terms"))?;
    pc.set_remote_description(now, offer)
        .map_err(step("apply the terms"))?;
    add_candidate(&mut pc).map_err(step("add the invented candidate"))?;
    let answer = pc.create_answer(None).map_err(step("agree to the terms"))?;
    pc.set_local_description(now, answer)
        .map_err(step("apply the agreement"))?;
    prime(&mut pc, now)?;
    Ok(RtcPublisher::new(pc, receiver, terms.repairs()))
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

fn media_engine(terms: &PublisherTerms) -> Result<MediaEngine, RtcError> {
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
    if let Some(payload_type) = terms.rtx {
        let rtx = RTCRtpCodecParameters {
            rtp_codec: RTCRtpCodec {
                mime_type: MIME_TYPE_RTX.to_owned(),
                clock_rate: 90_000,
                sdp_fmtp_line: format!("apt={}", terms.payload_type),
                ..RTCRtpCodec::default()
            },
            payload_type,
        };
        engine.register_codec(rtx, RtpCodecKind::Video)?;
    }
    for (extension, _) in terms.extensions.iter() {
        let capability = RTCRtpHeaderExtensionCapability {
            uri: extension.uri().to_owned(),
        };
        engine.register_header_extension(capability, RtpCodecKind::Video, None)?;
    }
    Ok(engine)
}

fn codec(terms: &PublisherTerms) -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: format!("video/{}", terms.codec.kind().name()),
        clock_rate: 90_000,
        sdp_fmtp_line: terms.codec.fmtp().unwrap_or_default(),
        ..RTCRtpCodec::default()
    }
}

/// Receiver reports, and arrival reports for those who estimate bandwidth. Loss reports are ours (`picture::gaps`).
fn chain(terms: &PublisherTerms) -> Registry {
    let registry = configure_rtcp_reports(Registry::new());
    match terms.extensions.get(Extension::TransportCc) {
        Some(_) => {
            let reports = TwccReceiverBuilder::new().with_interval(ARRIVALS_EVERY);
            registry.with(Slot::TwccReceiver, reports.build())
        }
        None => registry,
    }
}

fn add_receiver(pc: &mut RTCPeerConnection) -> Result<RTCRtpReceiverId, RtcError> {
    let init = RTCRtpTransceiverInit {
        direction: RTCRtpTransceiverDirection::Recvonly,
        ..RTCRtpTransceiverInit::default()
    };
    let id = pc.add_transceiver_from_kind(RtpCodecKind::Video, Some(init))?;
    pc.rtp_transceiver(id)
        .and_then(|transceiver| transceiver.receiver())
        .ok_or(RtcError::ErrRTPReceiverNotExisted)
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
fn offer(terms: &PublisherTerms) -> String {
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
    let low = terms.low_layer.map_or("", |_| " l");
    let data = terms.data.map_or("", |_| " d");
    let mut out =
        format!("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE v{low}{data}\r\n");
    out.push_str(&video(terms, &transport, ("v", "picture"), terms.picture));
    if terms.low_layer.is_some() {
        // A section of its own: `rtc` takes one source from each.
        out.push_str(&video(terms, &transport, ("l", "low"), terms.low_layer));
    }
    if let Some(port) = terms.data {
        let _ = write!(
            out,
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n{transport}a=mid:d\r\na=sctp-port:{port}\r\na=max-message-size:{MAX_DATA_MESSAGE_BYTES}\r\n"
        );
    }
    out
}

/// One source of pictures as a section.
fn video(
    terms: &PublisherTerms,
    transport: &str,
    (mid, track): (&str, &str),
    source: Option<(u32, Option<u32>)>,
) -> String {
    let pt = terms.payload_type;
    let rtx = terms.rtx.map_or(String::new(), |rtx| format!(" {rtx}"));
    let mut out = format!(
        "m=video 9 UDP/TLS/RTP/SAVPF {pt}{rtx}\r\n{transport}a=mid:{mid}\r\na=rtcp-mux\r\na=rtpmap:{pt} {}/90000\r\n",
        terms.codec.kind().name()
    );
    if let Some(fmtp) = terms.codec.fmtp() {
        let _ = write!(out, "a=fmtp:{pt} {fmtp}\r\n");
    }
    if let Some(rtx) = terms.rtx {
        let _ = write!(out, "a=rtpmap:{rtx} rtx/90000\r\na=fmtp:{rtx} apt={pt}\r\n");
    }
    for kind in &terms.feedback {
        let _ = write!(out, "a=rtcp-fb:{pt} {kind}\r\n");
    }
    for (extension, id) in terms.extensions.iter() {
        let _ = write!(out, "a=extmap:{id} {}\r\n", extension.uri());
    }
    let _ = write!(out, "a=sendonly\r\na=msid:echo {track}\r\n");
    if let Some((source, repair)) = source {
        let repair = repair.filter(|_| terms.rtx.is_some());
        if let Some(repair) = repair {
            let _ = write!(out, "a=ssrc-group:FID {source} {repair}\r\n");
        }
        let _ = write!(out, "a=ssrc:{source} cname:echo\r\n");
        if let Some(repair) = repair {
            let _ = write!(out, "a=ssrc:{repair} cname:echo\r\n");
        }
    }
    out
}
