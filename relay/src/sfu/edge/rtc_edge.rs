//! The media edge on the `rtc` crate, 0.21.1.
//!
//! Owns one peer connection and the translation between `rtc`'s words and ours. It guards against what that version does:
//! header extensions are only ever built with `set_extension` (a wrong padding count drops a packet silently), packets
//! go in through `handle_write` (the sender's own `write_rtp` drops what it did not negotiate), and what was written is
//! counted against what came out. Called by the engine for one peer at a time. Set-up is `rtc_setup`.

use super::contract::{EdgeEvent, MediaEdge, RtpIn, RtpOut};
use super::prime::tagged;
use crate::sfu::error::EdgeError;
use crate::sfu::limits::{
    MAX_CONTROL_BUFFERED_BYTES, MAX_DATA_CHANNELS, MAX_DATA_MESSAGE_BYTES,
    MAX_RETRANSMITS_PER_REPORT,
};
use bytes::BytesMut;
use rtc::data_channel::RTCDataChannelId;
use rtc::data_channel::RTCDataChannelMessage;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::rtcp::Packet as RtcpPacket;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc::peer_connection::transport::RTCDtlsTransportState;
use rtc::rtp;
use rtc::rtp_transceiver::{RTCRtpReceiverId, RTCRtpSenderId};
use rtc::sansio::Protocol;
use std::collections::VecDeque;
use std::time::Instant;
use wire::agent::CONTROL_CHANNEL;

/// Sender of our own RTCP; we have no source of our own on a publisher's connection, and 0 is avoided by convention.
const OUR_RTCP_SSRC: u32 = 1;

/// The one stream of a connection, by `rtc`'s ids.
#[derive(Clone, Copy)]
pub(super) enum Media {
    /// To a viewer.
    Sender(RTCRtpSenderId),
    /// From a publisher.
    Receiver(RTCRtpReceiverId),
}

/// One connection on `rtc`.
pub(super) struct RtcEdge {
    pc: RTCPeerConnection,
    media: Media,
    /// Events found while looking for others.
    ready: VecDeque<EdgeEvent>,
    /// The channel `control`, once open.
    control: Option<RTCDataChannelId>,
    /// Channels that were refused.
    refused_channels: usize,
    connected: bool,
    /// RTP packets written and not yet seen to come out.
    inside: u64,
    /// RTP packets that never came out.
    lost_inside: u64,
}

impl RtcEdge {
    pub(super) const fn new(pc: RTCPeerConnection, media: Media) -> Self {
        Self {
            pc,
            media,
            ready: VecDeque::new(),
            control: None,
            refused_channels: 0,
            connected: false,
            inside: 0,
            lost_inside: 0,
        }
    }

    fn write(&mut self, now: Instant, message: RTCMessage) {
        // It only queues; what goes wrong later shows in `lost_inside`.
        let _ = self.pc.handle_write(TaggedRTCMessage { now, message });
    }

    fn write_rtcp(&mut self, now: Instant, packet: Box<dyn RtcpPacket>) {
        self.write(now, RTCMessage::RtcpPacket(String::new(), vec![packet]));
    }

    /// The other side sent close_notify. `rtc` keeps that to itself: its connection state stays "connected".
    fn is_dtls_closed(&mut self) -> bool {
        let state = match self.media {
            Media::Sender(id) => self
                .pc
                .rtp_sender(id)
                .and_then(|sender| Some(sender.transport()?.state())),
            Media::Receiver(id) => self
                .pc
                .rtp_receiver(id)
                .and_then(|receiver| Some(receiver.transport()?.state())),
        };
        state == Some(RTCDtlsTransportState::Closed)
    }

    fn on_connection(&mut self, event: RTCPeerConnectionEvent) -> Option<EdgeEvent> {
        match event {
            RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => match state {
                RTCPeerConnectionState::Connected if !self.connected => {
                    self.connected = true;
                    Some(EdgeEvent::Connected)
                }
                RTCPeerConnectionState::Closed => Some(EdgeEvent::Closed { in_order: true }),
                RTCPeerConnectionState::Failed => Some(EdgeEvent::Closed { in_order: false }),
                _ => None,
            },
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id)) => {
                self.on_channel(id)
            }
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnClose(id)) => {
                self.control = self.control.filter(|control| *control != id);
                None
            }
            _ => None,
        }
    }

    fn on_channel(&mut self, id: RTCDataChannelId) -> Option<EdgeEvent> {
        let mut channel = self.pc.data_channel(id)?;
        if channel.label() == CONTROL_CHANNEL && self.control.is_none() {
            self.control = Some(id);
            return Some(EdgeEvent::ControlOpen);
        }
        let _ = channel.close();
        self.refused_channels += 1;
        if self.refused_channels > MAX_DATA_CHANNELS {
            return Some(EdgeEvent::Closed { in_order: false });
        }
        Some(EdgeEvent::DataRefused)
    }

    fn on_data(&self, id: RTCDataChannelId, message: RTCDataChannelMessage) -> EdgeEvent {
        let fits = message.is_string && message.data.len() <= MAX_DATA_MESSAGE_BYTES;
        if self.control != Some(id) || !fits {
            return EdgeEvent::DataRefused;
        }
        match String::from_utf8(message.data.into()) {
            Ok(text) => EdgeEvent::ControlText(text),
            Err(_) => EdgeEvent::DataRefused,
        }
    }

    fn on_media(&mut self, message: RTCMessage) {
        match message {
            RTCMessage::RtpPacket(_, packet) => {
                self.ready.push_back(EdgeEvent::Rtp(incoming(packet)));
            }
            RTCMessage::RtcpPacket(_, packets) => {
                for packet in packets {
                    let packet = packet.as_any();
                    if let Some(nack) = packet.downcast_ref::<TransportLayerNack>() {
                        self.ready.push_back(EdgeEvent::Missing(missing(nack)));
                    } else if packet.is::<PictureLossIndication>()
                        || packet.is::<FullIntraRequest>()
                    {
                        self.ready.push_back(EdgeEvent::KeyframeWanted);
                    }
                }
            }
            RTCMessage::DataChannelMessage(id, message) => {
                let event = self.on_data(id, message);
                self.ready.push_back(event);
            }
            // The enum may grow; what is not known is not for us.
            _ => {}
        }
    }
}

impl MediaEdge for RtcEdge {
    fn take_datagram(&mut self, now: Instant, datagram: BytesMut) {
        let is_dtls = matches!(datagram.first(), Some(20..=63));
        let _ = self.pc.handle_read(tagged(now, datagram));
        if is_dtls && self.connected && self.is_dtls_closed() {
            self.connected = false;
            self.ready.push_back(EdgeEvent::Closed { in_order: true });
        }
    }

    fn take_timeout(&mut self, now: Instant) {
        let _ = self.pc.handle_timeout(now);
    }

    fn next_timeout(&mut self) -> Option<Instant> {
        self.pc.poll_timeout()
    }

    fn write_rtp(&mut self, now: Instant, packet: RtpOut) {
        self.inside += 1;
        self.write(now, RTCMessage::RtpPacket(String::new(), outgoing(packet)));
    }

    fn ask_keyframe(&mut self, now: Instant, ssrc: u32) {
        let packet = PictureLossIndication {
            sender_ssrc: OUR_RTCP_SSRC,
            media_ssrc: ssrc,
        };
        self.write_rtcp(now, Box::new(packet));
    }

    fn ask_again(&mut self, now: Instant, ssrc: u32, missing: &[u16]) {
        let packet = TransportLayerNack {
            sender_ssrc: OUR_RTCP_SSRC,
            media_ssrc: ssrc,
            nacks: nack_pairs_from_sequence_numbers(missing),
        };
        self.write_rtcp(now, Box::new(packet));
    }

    fn send_text(&mut self, now: Instant, text: &str) -> Result<(), EdgeError> {
        const STEP: &str = "write to the control channel";
        let channel = self.control.and_then(|id| self.pc.data_channel(id));
        let Some(mut channel) = channel else {
            return Err(EdgeError::new(STEP, "it is not open"));
        };
        if channel.outstanding_bytes() + text.len() > MAX_CONTROL_BUFFERED_BYTES {
            return Err(EdgeError::new(STEP, "too much waits in it"));
        }
        channel
            .send_text(now, text)
            .map_err(|error| EdgeError::new(STEP, error))
    }

    fn poll_datagram(&mut self) -> Option<BytesMut> {
        loop {
            let Some(out) = self.pc.poll_write() else {
                self.lost_inside += std::mem::take(&mut self.inside);
                return None;
            };
            match (out.message.first(), out.message.get(1)) {
                // Its ICE agent has nothing to say to the network.
                (Some(0..=3), _) => {}
                (Some(128..=191), Some(kind)) if !(192..=223).contains(kind) => {
                    self.inside = self.inside.saturating_sub(1);
                    return Some(out.message);
                }
                _ => return Some(out.message),
            }
        }
    }

    fn poll_event(&mut self, take_data: bool) -> Option<EdgeEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if let Some(event) = self.pc.poll_event() {
                let found = self.on_connection(event);
                self.ready.extend(found);
            } else if let Some(message) = self.pc.poll_media_read() {
                self.on_media(message.message);
            } else {
                let message = take_data.then(|| self.pc.poll_data_read()).flatten()?;
                self.on_media(message.message);
            }
        }
    }

    fn take_lost_inside(&mut self) -> u64 {
        std::mem::take(&mut self.lost_inside)
    }

    fn close(&mut self, _now: Instant) {
        let _ = self.pc.close();
    }
}

fn incoming(packet: rtp::Packet) -> RtpIn {
    let header = packet.header;
    RtpIn {
        ssrc: header.ssrc,
        seq: header.sequence_number,
        timestamp: header.timestamp,
        marker: header.marker,
        extensions: header
            .extensions
            .into_iter()
            .map(|extension| (extension.id, extension.payload))
            .collect(),
        payload: packet.payload,
    }
}

fn outgoing(packet: RtpOut) -> rtp::Packet {
    let mut header = rtp::Header {
        version: 2,
        marker: packet.marker,
        payload_type: packet.payload_type,
        sequence_number: packet.seq,
        timestamp: packet.timestamp,
        ssrc: packet.ssrc,
        ..rtp::Header::default()
    };
    for (id, value) in packet.extensions {
        // An empty value cannot be written in the one-byte form (RFC 8285 §4.2: length minus one).
        if !value.is_empty() {
            let _ = header.set_extension(id, value);
        }
    }
    rtp::Packet {
        header,
        payload: packet.payload,
    }
}

/// The sequence numbers of a report, at most as many as will be answered.
fn missing(nack: &TransportLayerNack) -> Vec<u16> {
    nack.nacks
        .iter()
        .flat_map(|pair| {
            let bits = (0..16).filter(|bit| pair.lost_packets & (1 << bit) != 0);
            let following = bits.map(|bit| pair.packet_id.wrapping_add(bit + 1));
            std::iter::once(pair.packet_id).chain(following)
        })
        .take(MAX_RETRANSMITS_PER_REPORT)
        .collect()
}
