//! How a client's peer connection is made: codecs, sources, candidates, and keyframe requests that reach the test.

use super::kind::{H264, Kind, ORIENTATION, PLAYOUT_DELAY, TRANSPORT_CC};
use rtc::interceptor::{Registry, Slot, TwccReceiverBuilder};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::interceptor_registry::{
    configure_nack, configure_rtcp_reports,
};
use rtc::peer_connection::configuration::media_engine::MediaEngine;
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCIceCandidate};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters,
    RTCRtpEncodingParameters, RTCRtpHeaderExtensionCapability, RTCRtpRtxParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How Opus is named (RFC 7587 §7).
pub const OPUS: &str = "opus";

impl Kind {
    /// Somebody who speaks from this source.
    pub fn talker(ssrc: u32) -> Self {
        Self {
            codec: OPUS,
            payload_type: 111,
            ..Self::publisher(ssrc)
        }
    }

    /// Somebody who hears.
    pub fn listener() -> Self {
        Self {
            publishes: None,
            ..Self::talker(0)
        }
    }

    fn media(&self) -> RtpCodecKind {
        if self.codec == OPUS {
            RtpCodecKind::Audio
        } else {
            RtpCodecKind::Video
        }
    }
}

/// What it sends or receives.
fn codec_of(kind: &Kind) -> RTCRtpCodec {
    if kind.codec == OPUS {
        return RTCRtpCodec {
            mime_type: "audio/opus".to_owned(),
            clock_rate: 48_000,
            channels: 2,
            sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
            rtcp_feedback: Vec::new(),
        };
    }
    let fmtp = if kind.codec == "H264" { H264 } else { "" };
    RTCRtpCodec {
        mime_type: format!("video/{}", kind.codec),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: fmtp.to_owned(),
        rtcp_feedback: [("nack", ""), ("nack", "pli"), ("transport-cc", "")]
            .into_iter()
            .filter(|(typ, _)| kind.reports_arrivals || *typ != "transport-cc")
            .map(|(typ, parameter)| RTCPFeedback {
                typ: typ.to_owned(),
                parameter: parameter.to_owned(),
            })
            .collect(),
    }
}

pub(super) fn connection(kind: &Kind) -> RTCPeerConnection {
    let mut engine = MediaEngine::default();
    let codec = codec_of(kind);
    let rtx = RTCRtpCodec {
        mime_type: "video/rtx".to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: format!("apt={}", kind.payload_type),
        rtcp_feedback: Vec::new(),
    };
    let register = |engine: &mut MediaEngine, rtp_codec: RTCRtpCodec, payload_type| {
        let codec = RTCRtpCodecParameters {
            rtp_codec,
            payload_type,
        };
        engine.register_codec(codec, kind.media()).unwrap();
    };
    register(&mut engine, codec.clone(), kind.payload_type);
    if kind.media() == RtpCodecKind::Video {
        register(&mut engine, rtx, kind.payload_type + 1);
    }
    let numbers = kind.reports_arrivals.then_some(TRANSPORT_CC);
    for uri in [ORIENTATION, PLAYOUT_DELAY].into_iter().chain(numbers) {
        let capability = RTCRtpHeaderExtensionCapability {
            uri: uri.to_owned(),
        };
        engine
            .register_header_extension(capability, RtpCodecKind::Video, None)
            .unwrap();
    }
    let registry = configure_rtcp_reports(configure_nack(Registry::new(), &mut engine));
    let registry = if kind.reports_arrivals {
        registry.with(Slot::TwccReceiver, TwccReceiverBuilder::new().build())
    } else {
        registry
    };
    let registry = registry.with(Slot::from(20_000), super::requests::Requests::default());
    let settings = SettingEngineBuilder::new()
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        .with_include_loopback_candidate(true)
        // Its default of 200 ms between checks would make every connection slow.
        .with_ice_connection_attempts(Some(Duration::from_millis(10)), None)
        .build();
    let mut pc = RTCPeerConnectionBuilder::new()
        .with_setting_engine(settings)
        .with_media_engine(engine)
        .with_interceptor_registry(registry)
        .build(Instant::now())
        .unwrap();
    match kind.publishes {
        Some(ssrc) => {
            let encoding = RTCRtpEncodingParameters {
                rtp_coding_parameters: RTCRtpCodingParameters {
                    ssrc: Some(ssrc),
                    rtx: kind.repairs_on.map(|ssrc| RTCRtpRtxParameters { ssrc }),
                    ..RTCRtpCodingParameters::default()
                },
                codec,
                ..RTCRtpEncodingParameters::default()
            };
            let track = MediaStreamTrack::new(
                "s".to_owned(),
                "t".to_owned(),
                "l".to_owned(),
                kind.media(),
                vec![encoding],
            );
            pc.add_track(track).unwrap();
        }
        None => {
            let init = RTCRtpTransceiverInit {
                direction: RTCRtpTransceiverDirection::Recvonly,
                ..RTCRtpTransceiverInit::default()
            };
            pc.add_transceiver_from_kind(kind.media(), Some(init))
                .unwrap();
        }
    }
    pc
}

pub(super) fn add_candidate(pc: &mut RTCPeerConnection, local: SocketAddr) {
    let candidate = CandidateHostConfig {
        base_config: CandidateConfig {
            network: "udp".to_owned(),
            address: local.ip().to_string(),
            port: local.port(),
            component: 1,
            ..CandidateConfig::default()
        },
        ..CandidateHostConfig::default()
    }
    .new_candidate_host()
    .unwrap();
    let candidate = RTCIceCandidate::from(&candidate).to_json().unwrap();
    pc.add_local_candidate(candidate).unwrap();
}
