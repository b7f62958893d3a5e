//! Two interceptors in the WebRTC connection: one lets keyframe requests through, one sees packets leave.
//!
//! Without the first, PLI and FIR of the relay end inside the stack and the picture stays broken. The second measures
//! from capture to departure as late as the stack allows: after pacing and retransmission logic, before encryption.

use crate::clock::CaptureClock;
use crate::publish::place::Place;
use crate::stats::Stats;
use rtc::interceptor::{Attribute, Packet, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use wire::RtpTime;

/// Whether it asks for a keyframe (RFC 4585 §6.3.1, RFC 5104 §4.3.1).
fn asks_for_keyframe(packet: &dyn rtc::rtcp::Packet) -> bool {
    packet.as_any().is::<PictureLossIndication>() || packet.as_any().is::<FullIntraRequest>()
}

/// Marks keyframe requests for delivery; everything else passes untouched.
pub(super) struct KeyframeTap;

impl Place for KeyframeTap {
    fn comes(&mut self, packet: &mut TaggedPacket) {
        if let Packet::Rtcp(parts) = &packet.message.packet
            && parts.iter().any(|part| asks_for_keyframe(part.as_ref()))
        {
            packet.message.add(Attribute::DeliverToApplication);
        }
    }
}

/// Notes when the last packet of a frame leaves.
pub(super) struct DepartureTap {
    clock: CaptureClock,
    stats: Arc<Stats>,
    /// Newest frame that left; a retransmission is older and does not count.
    newest: Option<RtpTime>,
}

impl DepartureTap {
    pub(super) const fn new(clock: CaptureClock, stats: Arc<Stats>) -> Self {
        Self {
            clock,
            stats,
            newest: None,
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

impl Place for DepartureTap {
    fn leaves(&mut self, packet: TaggedPacket, out: &mut VecDeque<TaggedPacket>) {
        if let Packet::Rtp(rtp) = &packet.message.packet {
            self.note(rtp);
        }
        out.push_back(packet);
    }
}
