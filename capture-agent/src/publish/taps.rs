//! Two interceptors in the WebRTC connection: one lets keyframe requests through, one sees packets leave.
//!
//! Without the first, PLI and FIR of the relay end inside the stack and the picture stays broken. The second measures
//! from capture to departure as late as the stack allows: after pacing and retransmission logic, before encryption.

use crate::clock::CaptureClock;
use crate::stats::Stats;
use rtc::interceptor::{Attribute, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::RtpTime;

/// Whether it asks for a keyframe (RFC 4585 §6.3.1, RFC 5104 §4.3.1).
fn asks_for_keyframe(packet: &dyn rtc::rtcp::Packet) -> bool {
    packet.as_any().is::<PictureLossIndication>() || packet.as_any().is::<FullIntraRequest>()
}

/// Marks keyframe requests for delivery; everything else passes untouched.
#[derive(Default)]
pub(super) struct KeyframeTap {
    read: VecDeque<TaggedPacket>,
    written: VecDeque<TaggedPacket>,
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for KeyframeTap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, mut packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(parts) = &packet.message.packet
            && parts.iter().any(|part| asks_for_keyframe(part.as_ref()))
        {
            packet.message.add(Attribute::DeliverToApplication);
        }
        self.read.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.written.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.written.pop_front()
    }
}

impl Interceptor for KeyframeTap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}

/// Notes when the last packet of a frame leaves.
pub(super) struct DepartureTap {
    clock: CaptureClock,
    stats: Arc<Stats>,
    /// Newest frame that left; a retransmission is older and does not count.
    newest: Option<RtpTime>,
    read: VecDeque<TaggedPacket>,
    written: VecDeque<TaggedPacket>,
}

impl DepartureTap {
    pub(super) const fn new(clock: CaptureClock, stats: Arc<Stats>) -> Self {
        Self {
            clock,
            stats,
            newest: None,
            read: VecDeque::new(),
            written: VecDeque::new(),
        }
    }

    fn note(&mut self, packet: &rtc::rtp::Packet) {
        let time = RtpTime(packet.header.timestamp);
        if !packet.header.marker || self.newest.is_some_and(|newest| time.since(newest) <= 0) {
            return;
        }
        self.newest = Some(time);
        let now = self.clock.now();
        let age_us = now.0.saturating_sub(time.capture_time(now).0);
        self.stats
            .capture_to_sent
            .note(Duration::from_micros(age_us));
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for DepartureTap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.read.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtp(rtp) = &packet.message.packet {
            self.note(rtp);
        }
        self.written.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.written.pop_front()
    }
}

impl Interceptor for DepartureTap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
