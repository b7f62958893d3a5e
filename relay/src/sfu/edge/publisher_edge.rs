//! A publisher's connection, on `rtc`'s peer connection 0.21.1.
//!
//! Owns the translation between `rtc`'s words and ours. Packets and reports go in through `handle_write`, because the
//! receiver's own functions drop silently what they did not negotiate; DTLS's goodbye is looked for after each datagram,
//! because `rtc` keeps it to itself. Called by the engine for one peer at a time. Set-up is `publisher_setup`.

use super::contract::{
    BackfillPart, Channel, ClipPart, Connection, EdgeEvent, OriginalPart, PublisherEdge,
};
use super::hellos::Hellos;
use super::incoming::incoming;
use super::prime::tagged;
use crate::sfu::error::EdgeError;
use crate::sfu::limits::{MAX_CONTROL_BUFFERED_BYTES, MAX_DATA_CHANNELS, MAX_DATA_MESSAGE_BYTES};
use bytes::BytesMut;
use rtc::data_channel::RTCDataChannelId;
use rtc::data_channel::RTCDataChannelMessage;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::RTCDtlsTransportState;
use rtc::rtcp::Packet as RtcpPacket;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc::rtp_transceiver::RTCRtpReceiverId;
use rtc::sansio::Protocol;
use std::collections::VecDeque;
use std::time::Instant;
use wire::agent::CONTROL_CHANNEL;
use wire::backfill::BACKFILL_CHANNEL;
use wire::clip::CLIPS_CHANNEL;
use wire::original::ORIGINALS_CHANNEL;

/// Sender of our own RTCP; we have no source of our own on a publisher's connection, and 0 is avoided by convention.
const OUR_RTCP_SSRC: u32 = 1;

/// The connection.
pub(super) struct RtcPublisher {
    pc: RTCPeerConnection,
    /// Its one stream, by `rtc`'s id.
    receiver: RTCRtpReceiverId,
    /// Sources of retransmissions. What still has one of them when `rtc` is through with it brings nothing back: padding.
    repairs: Vec<u32>,
    /// Events found while looking for others.
    ready: VecDeque<EdgeEvent>,
    /// The channel `control`, once open.
    control: Option<RTCDataChannelId>,
    /// The channel `originals`, once open.
    originals: Option<RTCDataChannelId>,
    /// The channel `clips`, once open.
    clips: Option<RTCDataChannelId>,
    /// The channel `backfill`, once open.
    backfill: Option<RTCDataChannelId>,
    /// Channels that were refused.
    refused_channels: usize,
    connected: bool,
    hellos: Hellos,
}

impl RtcPublisher {
    pub(super) const fn new(
        pc: RTCPeerConnection,
        receiver: RTCRtpReceiverId,
        repairs: Vec<u32>,
    ) -> Self {
        Self {
            pc,
            receiver,
            repairs,
            ready: VecDeque::new(),
            control: None,
            originals: None,
            clips: None,
            backfill: None,
            refused_channels: 0,
            connected: false,
            hellos: Hellos::new(),
        }
    }

    fn write(&mut self, now: Instant, message: RTCMessage) {
        // It only queues.
        let _ = self.pc.handle_write(TaggedRTCMessage { now, message });
    }

    fn write_rtcp(&mut self, now: Instant, packet: Box<dyn RtcpPacket>) {
        self.write(now, RTCMessage::RtcpPacket(String::new(), vec![packet]));
    }

    /// The other side sent close_notify. `rtc` keeps that to itself: its connection state stays "connected".
    fn is_dtls_closed(&mut self) -> bool {
        let receiver = self.pc.rtp_receiver(self.receiver);
        let state = receiver.and_then(|receiver| Some(receiver.transport()?.state()));
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
                self.originals = self.originals.filter(|originals| *originals != id);
                self.clips = self.clips.filter(|clips| *clips != id);
                self.backfill = self.backfill.filter(|backfill| *backfill != id);
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
        if channel.label() == ORIGINALS_CHANNEL && self.originals.is_none() {
            self.originals = Some(id);
            return None;
        }
        if channel.label() == CLIPS_CHANNEL && self.clips.is_none() {
            self.clips = Some(id);
            return None;
        }
        if channel.label() == BACKFILL_CHANNEL && self.backfill.is_none() {
            self.backfill = Some(id);
            return None;
        }
        let _ = channel.close();
        self.refused_channels += 1;
        if self.refused_channels > MAX_DATA_CHANNELS {
            return Some(EdgeEvent::Closed { in_order: false });
        }
        Some(EdgeEvent::DataRefused)
    }

    fn on_data(&self, id: RTCDataChannelId, message: RTCDataChannelMessage) -> EdgeEvent {
        let (of_control, of_originals) = (self.control == Some(id), self.originals == Some(id));
        let (of_clips, of_backfill) = (self.clips == Some(id), self.backfill == Some(id));
        if message.data.len() > MAX_DATA_MESSAGE_BYTES {
            return EdgeEvent::DataRefused;
        }
        if of_originals && !message.is_string {
            return EdgeEvent::Original(OriginalPart::Piece(message.data.freeze()));
        }
        if of_clips && !message.is_string {
            return EdgeEvent::Clip(ClipPart::Piece(message.data.freeze()));
        }
        if of_backfill && !message.is_string {
            return EdgeEvent::Backfill(BackfillPart::Piece(message.data.freeze()));
        }
        match String::from_utf8(message.data.into()) {
            Ok(text) if of_control && message.is_string => EdgeEvent::ControlText(text),
            Ok(text) if of_originals => EdgeEvent::Original(OriginalPart::Head(text)),
            Ok(text) if of_clips => EdgeEvent::Clip(ClipPart::Text(text)),
            Ok(text) if of_backfill => EdgeEvent::Backfill(BackfillPart::Text(text)),
            _ => EdgeEvent::DataRefused,
        }
    }

    fn on_media(&mut self, message: RTCMessage) {
        match message {
            RTCMessage::RtpPacket(_, packet) if self.repairs.contains(&packet.header.ssrc) => {}
            RTCMessage::RtpPacket(_, packet) => {
                self.ready.push_back(EdgeEvent::Rtp(incoming(packet)));
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

impl Connection for RtcPublisher {
    fn take_datagram(&mut self, now: Instant, datagram: BytesMut) -> bool {
        let is_dtls = matches!(datagram.first(), Some(20..=63));
        if is_dtls && self.hellos.is_repeat(&datagram) {
            return false;
        }
        let _ = self.pc.handle_read(tagged(now, datagram));
        if is_dtls {
            if self.connected && self.is_dtls_closed() {
                self.connected = false;
                self.ready.push_back(EdgeEvent::Closed { in_order: true });
            }
            return false;
        }
        // What comes out was decrypted and is no repetition.
        let mut authentic = false;
        while let Some(message) = self.pc.poll_media_read() {
            authentic = true;
            self.on_media(message.message);
        }
        authentic
    }

    fn take_timeout(&mut self, now: Instant) {
        let _ = self.pc.handle_timeout(now);
    }

    fn next_timeout(&mut self) -> Option<Instant> {
        self.pc.poll_timeout()
    }

    fn poll_datagram(&mut self) -> Option<BytesMut> {
        loop {
            let datagram = self.pc.poll_write()?.message;
            // Its ICE agent has nothing to say to the network.
            if !matches!(datagram.first(), Some(0..=3)) {
                return Some(datagram);
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

    fn close(&mut self, _now: Instant) {
        let _ = self.pc.close();
    }
}

impl PublisherEdge for RtcPublisher {
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

    fn send_text(&mut self, now: Instant, channel: Channel, text: &str) -> Result<(), EdgeError> {
        const STEP: &str = "write to a data channel";
        let id = match channel {
            Channel::Control => self.control,
            Channel::Clips => self.clips,
            Channel::Backfill => self.backfill,
        };
        let channel = id.and_then(|id| self.pc.data_channel(id));
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
}
