//! The WebRTC connection of one publication: set-up, offer, answer, ICE restart.
//!
//! The only place that knows how the `webrtc` crate is configured. Callbacks of the connection run on its driver and
//! therefore only put a state into a watch channel. Dropping a `Peer` without `close` leaves the driver to notice.

use crate::clock::CaptureClock;
use crate::low_layer::LowLayer;
use crate::publish::bridge::{Bridge, TurnRoute};
use crate::publish::candidates::{for_turn, without_tcp};
use crate::publish::ice_servers::TurnServer;
use crate::publish::low_source::{self, LOW_SOURCE, LowSource};
use crate::publish::place::Placed;
use crate::publish::sources::{Repaired, Sources};
use crate::publish::taps::{DepartureTap, KeyframeTap};
use crate::publish::uplink::chain::{self, Shared};
use crate::stats::Stats;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::Slot;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::interceptor_registry::{Registry, configure_rtcp_reports};
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_RTX, MediaEngine,
};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters,
    RTCRtpEncodingParameters, RTCRtpHeaderExtensionCapability, RTCRtpRtxParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rustls::pki_types::CertificateDer;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use webrtc::data_channel::DataChannel;
use webrtc::error::{Error, Result};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceCandidateInit, RTCIceGatheringState, RTCPeerConnectionState, RTCSessionDescription,
    SettingEngine, SettingEngineBuilder,
};
use webrtc::rtp_transceiver::RtpSender;
use wire::agent::CONTROL_CHANNEL;
use wire::backfill::BACKFILL_CHANNEL;
use wire::clip::CLIPS_CHANNEL;
use wire::original::ORIGINALS_CHANNEL;

/// RTP header extension by which a sender bounds the receiver's play-out delay. 0/0 is the lever that takes the
/// browser's 20 to 45 ms away (decision record 0008).
pub(super) const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
/// RTP header extension by which packets of all streams are numbered for the uplink's estimate
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01).
const TRANSPORT_CC: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// Payload type offered for H.264; any dynamic one will do (RFC 3551 §6).
const PAYLOAD_TYPE: u8 = 102;
/// Payload type offered for what is sent again (RFC 4588 §8.6).
const RTX_PAYLOAD_TYPE: u8 = 103;
/// Constrained baseline 3.1, packetization mode 1: what every browser receives (RFC 7742 §6.2).
const H264_FORMAT: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
/// Host candidates are there within milliseconds; more time than this is not worth waiting for the rest.
const GATHERING: Duration = Duration::from_secs(2);
/// Bytes that may wait in a data channel. Control messages are below 1 KiB, for them a full buffer means a dead link.
/// Originals wait for room in it, so that this much of them at most stands between two frames of the picture.
pub(super) const CHANNEL_BUFFER_BYTES: usize = 64 * 1024;
/// ICE: silent for this long is disconnected; gone for good after that; a check this often. Shorter than the
/// defaults (5 s, 25 s, 2 s) because a picture that stands still for 5 s is no help at the bedside.
const ICE_TIMES: (Duration, Duration, Duration) = (
    Duration::from_millis(1_500),
    Duration::from_secs(6),
    Duration::from_millis(400),
);
/// ICE: time between two checks, and how many of them. The relay has one candidate, so asking quickly floods nobody, and
/// the picture is there 150 ms sooner than with the default of 200 ms.
const ICE_CHECKS: (Duration, u16) = (Duration::from_millis(50), 40);
/// Position of the keyframe tap: nearest to the application.
const KEYFRAME_TAP: usize = 20_000;
/// Position of the departure tap: nearest to the wire, behind everything that makes or holds packets.
const DEPARTURE_TAP: usize = 500;

/// What the connection needs to pace what it sends, and to carry the low layer beside the picture.
pub(super) struct Sending<'a> {
    /// Decides how fast.
    pub(super) uplink: &'a Shared,
    /// Learns who cannot decode the low layer.
    pub(super) low: LowLayer,
}

/// How the stream is named on the wire, as negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WireNames {
    /// Payload type.
    pub(super) payload_type: u8,
    /// Our SSRC.
    pub(super) ssrc: u32,
    /// The low layer's, in packets of that.
    pub(super) low_ssrc: Option<u32>,
    /// Id of the play-out delay extension, if the other side wants it.
    pub(super) playout_delay: Option<u8>,
    /// The other side reports what arrives and when.
    pub(super) reports_arrivals: bool,
}

/// States of the connection as they come.
struct Watcher {
    connection: watch::Sender<RTCPeerConnectionState>,
    gathering: watch::Sender<RTCIceGatheringState>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Watcher {
    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.connection.send_replace(state);
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathering.send_replace(state);
    }
}

/// One connection.
pub(super) struct Peer {
    connection: Arc<dyn PeerConnection>,
    sender: Arc<dyn RtpSender>,
    /// Where packets are written.
    pub(super) track: Arc<TrackLocalStaticRTP>,
    /// The control channel.
    pub(super) control: Arc<dyn DataChannel>,
    /// The channel of originals.
    pub(super) originals: Arc<dyn DataChannel>,
    /// The channel of clips; nothing when this agent saves none.
    pub(super) clips: Option<Arc<dyn DataChannel>>,
    /// The channel of frames that are sent again; nothing when this agent has no journal.
    pub(super) backfill: Option<Arc<dyn DataChannel>>,
    /// State of the connection.
    pub(super) state: watch::Receiver<RTCPeerConnectionState>,
    gathering: watch::Receiver<RTCIceGatheringState>,
    sources: Sources,
    /// Where the relay takes TCP connections.
    relay_tcp: Vec<SocketAddr>,
    /// Where a TURN server reaches it over UDP.
    relay_udp: Option<SocketAddr>,
    /// TURN servers that the relay named last.
    turn_servers: Vec<TurnServer>,
    /// Certificates to trust there beside those of the system.
    authorities: Vec<CertificateDer<'static>>,
    /// Where a bridge can stand so that our own sockets reach it: candidates pair within one family.
    loopback: IpAddr,
    /// The way over TCP, once it was needed.
    bridge: Option<Bridge>,
    /// The way over a TURN server, once it was needed.
    turn: Option<Bridge>,
}

impl Peer {
    /// Sets a connection up on these local addresses, with channels for clips and for back-fill if there will be any. Without
    /// an uplink nothing paces what is sent.
    pub(super) async fn new(
        bind: Vec<SocketAddr>,
        (with_clips, with_backfill): (bool, bool),
        clock: CaptureClock,
        stats: Arc<Stats>,
        sending: Option<Sending<'_>>,
    ) -> Result<Self> {
        let (connection_state, state) = watch::channel(RTCPeerConnectionState::New);
        let (gathering_state, gathering) = watch::channel(RTCIceGatheringState::New);
        let media = media_engine()?;
        let sources = Sources::random(sending.is_some());
        let registry = configure_rtcp_reports(sources.repaired_in(Registry::new()));
        let registry = match (sending, sources.low()) {
            (Some(Sending { uplink, low }), Some(ssrc)) => chain::add(registry, uplink, sources)
                .with(
                    Slot::from(LOW_SOURCE),
                    Placed::new(LowSource::new(ssrc, low)),
                ),
            _ => registry,
        };
        let registry = registry
            .with(Slot::from(KEYFRAME_TAP), Placed::new(KeyframeTap))
            .with(
                Slot::from(DEPARTURE_TAP),
                Placed::new(DepartureTap::new(clock, stats)),
            );
        let settings = setting_engine(&bind);
        let loopback: IpAddr = if bind.iter().any(SocketAddr::is_ipv4) {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        };
        let connection: Arc<dyn PeerConnection> = Arc::new(
            PeerConnectionBuilder::new()
                .with_configuration(RTCConfigurationBuilder::new().build())
                .with_media_engine(media)
                .with_interceptor_registry(registry)
                .with_setting_engine(settings)
                .with_data_channel_send_buffer_limit(CHANNEL_BUFFER_BYTES)
                .with_handler(Arc::new(Watcher {
                    connection: connection_state,
                    gathering: gathering_state,
                }))
                .with_udp_addrs(bind)
                .build()
                .await?,
        );
        let track = Arc::new(TrackLocalStaticRTP::new(stream_track(sources.picture)));
        let init = RTCRtpTransceiverInit {
            direction: RTCRtpTransceiverDirection::Sendonly,
            ..Default::default()
        };
        let local: Arc<dyn TrackLocal> = Arc::clone(&track) as Arc<dyn TrackLocal>;
        let transceiver = connection
            .add_transceiver_from_track(local, Some(init))
            .await?;
        let sender = transceiver
            .sender()
            .await?
            .ok_or(Error::ErrRTPSenderNotExisted)?;
        let control = connection
            .create_data_channel(CONTROL_CHANNEL, None)
            .await?;
        let originals = connection
            .create_data_channel(ORIGINALS_CHANNEL, None)
            .await?;
        let clips = channel_if(with_clips, &connection, CLIPS_CHANNEL).await?;
        let backfill = channel_if(with_backfill, &connection, BACKFILL_CHANNEL).await?;
        Ok(Self {
            connection,
            sender,
            track,
            control,
            originals,
            clips,
            backfill,
            state,
            gathering,
            sources,
            relay_tcp: Vec::new(),
            relay_udp: None,
            turn_servers: Vec::new(),
            authorities: Vec::new(),
            loopback,
            bridge: None,
            turn: None,
        })
    }

    /// An offer with all candidates in it.
    pub(super) async fn offer(&mut self) -> Result<String> {
        let offer = self.connection.create_offer(None).await?;
        self.describe(offer).await
    }

    /// An offer that restarts ICE on the addresses that exist now.
    pub(super) async fn restart_offer(&mut self) -> Result<String> {
        self.connection.restart_ice().await?;
        self.offer().await
    }

    async fn describe(&mut self, offer: RTCSessionDescription) -> Result<String> {
        self.gathering.mark_unchanged();
        self.connection.set_local_description(offer).await?;
        let complete = self
            .gathering
            .wait_for(|state| *state == RTCIceGatheringState::Complete);
        // Candidates that are not there by then are left out; the ones that are will do.
        let _ = tokio::time::timeout(GATHERING, complete).await;
        let local = self.connection.local_description().await;
        let sdp = local
            .map(|description| description.sdp)
            .ok_or(Error::ErrConnectionClosed)?;
        Ok(match self.sources.low_layer {
            Some(source) => low_source::named_in(&sdp, source),
            None => sdp,
        })
    }

    /// Learns the TURN servers that came with an answer.
    pub(super) fn learn_turn(
        &mut self,
        servers: &[TurnServer],
        authorities: &[CertificateDer<'static>],
    ) {
        self.turn_servers = servers.to_vec();
        self.authorities = authorities.to_vec();
    }

    /// Learns the servers that came with a restart; an answer that named none leaves those of before.
    pub(super) fn learn_again(&mut self, servers: &[TurnServer]) {
        if !servers.is_empty() {
            self.turn_servers = servers.to_vec();
        }
    }

    /// Takes the answer. A detour that was needed before is offered again.
    pub(super) async fn accept(&mut self, sdp: &str) -> Result<()> {
        self.relay_udp = for_turn(sdp);
        let (sdp, relay_tcp) = without_tcp(sdp);
        self.relay_tcp = relay_tcp;
        self.connection
            .set_remote_description(RTCSessionDescription::answer(sdp)?)
            .await?;
        if let Some(bridge) = &self.bridge {
            self.add(bridge.candidate()).await?;
        }
        // The credentials of before may be over, and those of now come with this answer.
        if self.turn.take().is_some() {
            self.offer_turn().await?;
        }
        Ok(())
    }

    /// As `accept`, but the connection is told another answer, for a trial of one way.
    pub(super) async fn accept_only(&mut self, sdp: &str, told: &str) -> Result<()> {
        self.accept(told).await?;
        self.relay_udp = for_turn(sdp);
        Ok(())
    }

    /// Offers the connection the way over TCP beside those that it has, if the relay takes TCP.
    pub(super) async fn offer_tcp(&mut self) -> Result<()> {
        if self.relay_tcp.is_empty() || self.bridge.is_some() {
            return Ok(());
        }
        let bridge = Bridge::over_tcp(self.relay_tcp.clone(), self.loopback).await?;
        let candidate = bridge.candidate();
        self.bridge = Some(bridge);
        self.add(candidate).await
    }

    /// Offers it the way over a TURN server too, if the relay named one.
    pub(super) async fn offer_turn(&mut self) -> Result<()> {
        let (Some(relay), false) = (self.relay_udp, self.turn_servers.is_empty()) else {
            return Ok(());
        };
        if self.turn.is_some() {
            return Ok(());
        }
        let route = TurnRoute::new(self.turn_servers.clone(), relay, self.authorities.clone());
        let route = route.map_err(|error| Error::Other(error.to_string()))?;
        let bridge = Bridge::over_turn(route, self.loopback).await?;
        let candidate = bridge.candidate();
        self.turn = Some(bridge);
        self.add(candidate).await
    }

    /// Whether the relay named a TURN server that could reach it.
    pub(super) fn knows_turn(&self) -> bool {
        self.relay_udp.is_some() && !self.turn_servers.is_empty()
    }

    /// Whether the relay takes TCP.
    pub(super) fn knows_tcp(&self) -> bool {
        !self.relay_tcp.is_empty()
    }

    async fn add(&self, candidate: String) -> Result<()> {
        let init = RTCIceCandidateInit {
            candidate,
            sdp_mline_index: Some(0),
            ..Default::default()
        };
        self.connection.add_ice_candidate(init).await
    }

    /// How packets must be named so that the stack lets them through (it drops others without a word).
    pub(super) async fn wire_names(&self) -> Result<WireNames> {
        let parameters = self.sender.get_parameters().await?.rtp_parameters;
        let codec = parameters.codecs.iter().find(|codec| {
            codec
                .rtp_codec
                .mime_type
                .eq_ignore_ascii_case(MIME_TYPE_H264)
        });
        let payload_type = codec
            .map(|codec| codec.payload_type)
            .ok_or(Error::ErrCodecNotFound)?;
        let agreed = |uri: &str| {
            let mut extensions = parameters.header_extensions.iter();
            extensions.find(|extension| extension.uri == uri)
        };
        let playout_delay = agreed(PLAYOUT_DELAY).and_then(|it| u8::try_from(it.id).ok());
        Ok(WireNames {
            payload_type,
            ssrc: self.sources.picture.ssrc,
            low_ssrc: None,
            playout_delay,
            reports_arrivals: agreed(TRANSPORT_CC).is_some(),
        })
    }

    /// The same for packets of the low layer, when there is one.
    pub(super) fn low_names(&self, names: WireNames) -> Option<WireNames> {
        self.sources.low().map(|ssrc| WireNames {
            low_ssrc: Some(ssrc),
            ..names
        })
    }

    /// Ends it.
    pub(super) async fn close(&self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(error = %error, "connection did not close cleanly");
        }
    }
}

async fn channel_if(
    is_wanted: bool,
    connection: &Arc<dyn PeerConnection>,
    label: &str,
) -> Result<Option<Arc<dyn DataChannel>>> {
    if !is_wanted {
        return Ok(None);
    }
    connection.create_data_channel(label, None).await.map(Some)
}

fn setting_engine(bind: &[SocketAddr]) -> SettingEngine {
    let loopback = bind.iter().any(|address| address.ip().is_loopback());
    let (disconnected, failed, keep_alive) = ICE_TIMES;
    SettingEngineBuilder::new()
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_include_loopback_candidate(loopback)
        .with_ice_timeouts(Some(disconnected), Some(failed), Some(keep_alive))
        .with_ice_connection_attempts(Some(ICE_CHECKS.0), Some(ICE_CHECKS.1))
        .with_host_acceptance_min_wait(Some(Duration::ZERO))
        // After a change of network the old addresses are gone: restart on those that exist then.
        .with_discard_local_candidates_during_ice_restart(true)
        .build()
}

fn h264() -> RTCRtpCodec {
    let feedback = |typ: &str, parameter: &str| RTCPFeedback {
        typ: typ.to_owned(),
        parameter: parameter.to_owned(),
    };
    RTCRtpCodec {
        mime_type: MIME_TYPE_H264.to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: H264_FORMAT.to_owned(),
        rtcp_feedback: vec![
            feedback("nack", ""),
            feedback("nack", "pli"),
            feedback("ccm", "fir"),
            feedback("transport-cc", ""),
        ],
    }
}

fn media_engine() -> Result<MediaEngine> {
    let mut media = MediaEngine::default();
    let codec = RTCRtpCodecParameters {
        rtp_codec: h264(),
        payload_type: PAYLOAD_TYPE,
    };
    media.register_codec(codec, RtpCodecKind::Video)?;
    let rtx = RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_RTX.to_owned(),
            clock_rate: 90_000,
            sdp_fmtp_line: format!("apt={PAYLOAD_TYPE}"),
            ..RTCRtpCodec::default()
        },
        payload_type: RTX_PAYLOAD_TYPE,
    };
    media.register_codec(rtx, RtpCodecKind::Video)?;
    for uri in [PLAYOUT_DELAY, TRANSPORT_CC] {
        let extension = RTCRtpHeaderExtensionCapability {
            uri: uri.to_owned(),
        };
        media.register_header_extension(extension, RtpCodecKind::Video, None)?;
    }
    Ok(media)
}

fn stream_track(source: Repaired) -> MediaStreamTrack {
    let coding = RTCRtpCodingParameters {
        ssrc: Some(source.ssrc),
        rtx: Some(RTCRtpRtxParameters {
            ssrc: source.repair,
        }),
        ..Default::default()
    };
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: coding,
        codec: h264(),
        ..Default::default()
    };
    MediaStreamTrack::new(
        "hibiki".into(),
        "picture".into(),
        "picture".into(),
        RtpCodecKind::Video,
        vec![encoding],
    )
}
