//! The receiving WebRTC peer of the stand-in relay.

use super::relay::{CLOCK_AHEAD_US, PLAYOUT_DELAY, Received, Shared};
use rtc::peer_connection::configuration::interceptor_registry::{
    Registry, register_default_interceptors,
};
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_RTX, MediaEngine,
};
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceGatheringState, RTCSessionDescription, SettingEngineBuilder,
};
use wire::agent::{AgentToRelay, RelayToAgent};
use wire::{ConsultId, RelayTime};

struct Handler {
    shared: Arc<Shared>,
    gathered: mpsc::Sender<()>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            let _ = self.gathered.try_send(());
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let shared = Arc::clone(&self.shared);
        shared.tracks.lock().unwrap().push(Arc::clone(&track));
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    // Filler data (ITU-T H.264 §7.3.2.7) measures the link and is no picture.
                    if packet
                        .payload
                        .first()
                        .is_none_or(|first| first & 0x1f == 12)
                    {
                        continue;
                    }
                    shared.ssrc.store(packet.header.ssrc, Ordering::SeqCst);
                    let _ = shared.packets.try_send(Received {
                        at: Instant::now(),
                        packet,
                    });
                }
            }
        });
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            while let Some(event) = channel.poll().await {
                if let DataChannelEvent::OnMessage(message) = event {
                    let said: AgentToRelay = serde_json::from_slice(&message.data).unwrap();
                    if let Some(reply) = reply(&shared, &said) {
                        channel
                            .send_text(&serde_json::to_string(&reply).unwrap())
                            .await
                            .unwrap();
                    }
                    shared.heard.lock().unwrap().push(said);
                }
            }
        });
    }
}

fn reply(shared: &Shared, said: &AgentToRelay) -> Option<RelayToAgent> {
    match said {
        AgentToRelay::Hello { version, .. } => Some(RelayToAgent::Welcome {
            version: *version,
            consult: ConsultId::random(),
            stream: shared.stream,
        }),
        AgentToRelay::Ping { sent_at } => {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap()
                .as_micros() as u64;
            Some(RelayToAgent::Pong {
                sent_at: *sent_at,
                relay_time: RelayTime(now + CLOCK_AHEAD_US),
            })
        }
        _ => None,
    }
}

pub async fn answer(shared: &Arc<Shared>, offer: String) -> (Arc<dyn PeerConnection>, String) {
    let mut media = MediaEngine::default();
    let codec = RTCRtpCodec {
        mime_type: MIME_TYPE_H264.into(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
            .into(),
        rtcp_feedback: vec![],
    };
    media
        .register_codec(
            RTCRtpCodecParameters {
                rtp_codec: codec,
                payload_type: 102,
            },
            RtpCodecKind::Video,
        )
        .unwrap();
    let rtx = RTCRtpCodec {
        mime_type: MIME_TYPE_RTX.into(),
        clock_rate: 90_000,
        sdp_fmtp_line: "apt=102".into(),
        ..RTCRtpCodec::default()
    };
    let rtx = RTCRtpCodecParameters {
        rtp_codec: rtx,
        payload_type: 103,
    };
    media.register_codec(rtx, RtpCodecKind::Video).unwrap();
    let extension = RTCRtpHeaderExtensionCapability {
        uri: PLAYOUT_DELAY.into(),
    };
    media
        .register_header_extension(extension, RtpCodecKind::Video, None)
        .unwrap();
    let registry = register_default_interceptors(Registry::new(), &mut media).unwrap();
    let (gathered, mut done) = mpsc::channel(1);
    let settings = SettingEngineBuilder::new()
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        .with_include_loopback_candidate(true)
        .build();
    let peer: Arc<dyn PeerConnection> = Arc::new(
        PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(media)
            .with_interceptor_registry(registry)
            .with_setting_engine(settings)
            .with_handler(Arc::new(Handler {
                shared: Arc::clone(shared),
                gathered,
            }))
            .with_udp_addrs(vec![shared.media])
            .build()
            .await
            .unwrap(),
    );
    peer.set_remote_description(RTCSessionDescription::offer(offer).unwrap())
        .await
        .unwrap();
    let made = peer.create_answer(None).await.unwrap();
    peer.set_local_description(made).await.unwrap();
    let _ = tokio::time::timeout(Duration::from_secs(2), done.recv()).await;
    let sdp = peer.local_description().await.unwrap().sdp;
    (peer, sdp)
}
