//! A connection of the load before it is joined: codecs, interceptors, the one track or transceiver of its role.
//!
//! Owns what a role offers; the loop and the door are `peer`'s.

use crate::keyframes::{self, KeyframeTap};
use anyhow::Result;
use rtc::interceptor::{Registry, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::interceptor_registry::register_default_interceptors;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_OPUS, MediaEngine,
};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCIceCandidate};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters,
    RTCRtpEncodingParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpSenderId, RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::net::SocketAddr;
use std::time::Instant;

const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
const H264_PAYLOAD_TYPE: u8 = 102;
const OPUS_PAYLOAD_TYPE: u8 = 111;

/// What a peer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Sends a picture.
    Publish,
    /// Receives it.
    Watch,
    /// Sends a voice.
    Speak,
    /// Receives it.
    Hear,
}

impl Role {
    /// Of the packets that it sends or receives.
    pub(crate) const fn payload_type(self) -> u8 {
        match self {
            Self::Publish | Self::Watch => H264_PAYLOAD_TYPE,
            Self::Speak | Self::Hear => OPUS_PAYLOAD_TYPE,
        }
    }

    const fn kind(self) -> RtpCodecKind {
        match self {
            Self::Publish | Self::Watch => RtpCodecKind::Video,
            Self::Speak | Self::Hear => RtpCodecKind::Audio,
        }
    }

    fn codec(self) -> RTCRtpCodecParameters {
        match self {
            Self::Publish | Self::Watch => h264(),
            Self::Speak | Self::Hear => opus(),
        }
    }
}

fn h264() -> RTCRtpCodecParameters {
    let feedback = |typ: &str, parameter: &str| RTCPFeedback {
        typ: typ.into(),
        parameter: parameter.into(),
    };
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_H264.to_owned(),
            clock_rate: 90_000,
            channels: 0,
            sdp_fmtp_line: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
                .to_owned(),
            rtcp_feedback: vec![
                feedback("nack", ""),
                feedback("nack", "pli"),
                feedback("ccm", "fir"),
            ],
        },
        payload_type: H264_PAYLOAD_TYPE,
    }
}

fn opus() -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_OPUS.to_owned(),
            clock_rate: 48_000,
            channels: 2,
            sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
            rtcp_feedback: vec![],
        },
        payload_type: OPUS_PAYLOAD_TYPE,
    }
}

/// A connection that can be offered, and what it sends with. Candidates are those of `local`.
pub(crate) fn new(
    local: SocketAddr,
    role: Role,
    ssrc: u32,
) -> Result<(RTCPeerConnection, Option<RTCRtpSenderId>)> {
    let mut media = MediaEngine::default();
    media.register_codec(role.codec(), role.kind())?;
    let playout = RTCRtpHeaderExtensionCapability {
        uri: PLAYOUT_DELAY.to_owned(),
    };
    media.register_header_extension(playout, RtpCodecKind::Video, None)?;
    let registry = register_default_interceptors(Registry::new(), &mut media)?
        .with(Slot::from(keyframes::SLOT), KeyframeTap::default());
    let settings = SettingEngineBuilder::new()
        .with_include_loopback_candidate(true)
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        .build();
    let mut pc = RTCPeerConnectionBuilder::new()
        .with_configuration(RTCConfigurationBuilder::new().build())
        .with_setting_engine(settings)
        .with_media_engine(media)
        .with_interceptor_registry(registry)
        .build(Instant::now())?;
    let sender = match role {
        Role::Publish | Role::Speak => {
            let coding = RTCRtpCodingParameters {
                ssrc: Some(ssrc),
                ..Default::default()
            };
            let encoding = RTCRtpEncodingParameters {
                rtp_coding_parameters: coding,
                codec: role.codec().rtp_codec,
                ..Default::default()
            };
            let track = MediaStreamTrack::new(
                "load".into(),
                "track".into(),
                "load".into(),
                role.kind(),
                vec![encoding],
            );
            Some(pc.add_track(track)?)
        }
        Role::Watch | Role::Hear => {
            let init = RTCRtpTransceiverInit {
                direction: RTCRtpTransceiverDirection::Recvonly,
                ..Default::default()
            };
            pc.add_transceiver_from_kind(role.kind(), Some(init))?;
            None
        }
    };
    let base = CandidateConfig {
        network: "udp".to_owned(),
        address: local.ip().to_string(),
        port: local.port(),
        component: 1,
        ..Default::default()
    };
    let candidate = CandidateHostConfig {
        base_config: base,
        ..Default::default()
    }
    .new_candidate_host()?;
    pc.add_local_candidate(RTCIceCandidate::from(&candidate).to_json()?)?;
    Ok((pc, sender))
}
