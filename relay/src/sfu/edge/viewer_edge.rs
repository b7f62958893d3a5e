//! A viewer's or talker's connection: packets are written once, in place, and sealed.
//!
//! Owns the RTP header as it stands on the wire, the reading of a viewer's feedback and of a talker's packets. Neither has
//! data channels or sends a picture, so they need none of `rtc`'s peer connection: that costs three times the CPU per
//! packet. Whose packets get here is the engine's to say. Invariant: the header given to the cipher is the header in the packet.

use super::arrivals::arrivals;
use super::contract::{Connection, EdgeEvent, Reception, RtpOut, ViewerEdge};
use super::incoming::incoming;
use super::secure::{Secure, Step};
use crate::sfu::limits::{MAX_DATAGRAM_BYTES, MAX_RETRANSMITS_PER_REPORT};
use bytes::{Bytes, BytesMut};
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use rtc::rtp;
use rtc::rtp::header::{EXTENSION_PROFILE_ONE_BYTE, Extension, Header};
use rtc::shared::marshal::{Marshal, Unmarshal};
use std::collections::VecDeque;
use std::time::Instant;

/// RTCP packets taken from one datagram; a browser puts three or four together.
const MAX_REPORTS: usize = 32;
/// Longest value in the one-byte form of header extensions (RFC 8285 §4.2).
const MAX_EXTENSION_BYTES: usize = 16;

/// The connection.
pub(super) struct RtcViewer {
    secure: Secure,
    /// The source of the picture: feedback names it. A talker has none.
    ssrc: Option<u32>,
    sealed: VecDeque<BytesMut>,
    events: VecDeque<EdgeEvent>,
    /// The header of the packet being written; kept for its allocation.
    header: Header,
    /// The packet being written.
    plain: Vec<u8>,
}

impl RtcViewer {
    pub(super) fn new(secure: Secure, ssrc: Option<u32>) -> Self {
        Self {
            secure,
            ssrc,
            sealed: VecDeque::new(),
            events: VecDeque::new(),
            header: Header {
                version: 2,
                extension_profile: EXTENSION_PROFILE_ONE_BYTE,
                ..Header::default()
            },
            plain: vec![0; MAX_DATAGRAM_BYTES],
        }
    }

    fn set_header(&mut self, packet: &RtpOut<'_>) {
        let header = &mut self.header;
        header.ssrc = packet.ssrc;
        header.payload_type = packet.payload_type;
        header.sequence_number = packet.seq;
        header.timestamp = packet.timestamp;
        header.marker = packet.marker;
        header.extensions.clear();
        let fits = |value: &Bytes| (1..=MAX_EXTENSION_BYTES).contains(&value.len());
        let extensions = packet.extensions.iter().filter(|(_, value)| fits(value));
        header
            .extensions
            .extend(extensions.map(|(id, value)| Extension {
                id: *id,
                payload: value.clone(),
            }));
        header.extension = !header.extensions.is_empty();
        header.padding = packet.padding > 0;
    }

    /// Writes header and payload into `plain`; returns the length.
    fn lay_out(&mut self, packet: &RtpOut<'_>) -> Option<usize> {
        let head = self.header.marshal_to(&mut self.plain).ok()?;
        let mut at = head;
        if let Some(original) = packet.original {
            self.plain
                .get_mut(at..at + 2)?
                .copy_from_slice(&original.to_be_bytes());
            at += 2;
        }
        let end = at + packet.payload.len();
        self.plain.get_mut(at..end)?.copy_from_slice(packet.payload);
        let whole = end + usize::from(packet.padding);
        let padding = self.plain.get_mut(end..whole)?;
        padding.fill(0);
        if let Some(last) = padding.last_mut() {
            *last = packet.padding;
        }
        Some(whole)
    }

    fn take_voice(&mut self, datagram: &[u8]) -> bool {
        let Some(mut plain) = self.secure.open_rtp(datagram) else {
            return false;
        };
        let packet = rtp::Packet::unmarshal(&mut plain).ok();
        self.events
            .extend(packet.map(|packet| EdgeEvent::Rtp(incoming(packet))));
        true
    }

    fn take_report(&mut self, datagram: &[u8]) -> bool {
        let Some(mut report) = self.secure.open_rtcp(datagram) else {
            return false;
        };
        let Ok(packets) = rtcp::packet::unmarshal(&mut report) else {
            return true;
        };
        for packet in packets.into_iter().take(MAX_REPORTS) {
            let packet = packet.as_any();
            if let Some(nack) = packet.downcast_ref::<TransportLayerNack>() {
                if Some(nack.media_ssrc) == self.ssrc {
                    self.events.push_back(EdgeEvent::Missing(missing(nack)));
                }
            } else if packet.is::<PictureLossIndication>() || packet.is::<FullIntraRequest>() {
                self.events.push_back(EdgeEvent::KeyframeWanted);
            } else if let Some(report) = packet.downcast_ref::<TransportLayerCc>() {
                self.events.push_back(EdgeEvent::Arrivals(arrivals(report)));
            } else if let Some(report) = packet.downcast_ref::<ReceiverReport>() {
                self.take_reception(&report.reports);
            } else if let Some(report) = packet.downcast_ref::<SenderReport>() {
                self.take_reception(&report.reports);
            }
        }
        true
    }

    /// What is said of the picture; retransmissions have a report of their own.
    fn take_reception(&mut self, reports: &[ReceptionReport]) {
        let of_picture = reports.iter().find(|of| Some(of.ssrc) == self.ssrc);
        self.events.extend(of_picture.map(|report| {
            EdgeEvent::Reception(Reception {
                highest: report.last_sequence_number as u16,
                lost: f64::from(report.fraction_lost) / 256.0,
            })
        }));
    }
}

impl Connection for RtcViewer {
    fn take_datagram(&mut self, now: Instant, datagram: BytesMut) -> bool {
        match datagram.first() {
            Some(20..=63) => {
                self.events
                    .extend(match self.secure.take_dtls(now, datagram) {
                        Step::None => None,
                        Step::Ready => Some(EdgeEvent::Connected),
                        Step::Goodbye => Some(EdgeEvent::Closed { in_order: true }),
                        Step::Failed => Some(EdgeEvent::Closed { in_order: false }),
                    });
                false
            }
            // RFC 5761 §4: what would be payload types 64 to 95 are reports.
            Some(128..=191) if matches!(datagram.get(1), Some(192..=223)) => {
                self.take_report(&datagram)
            }
            Some(128..=191) => self.take_voice(&datagram),
            _ => false,
        }
    }

    fn take_timeout(&mut self, now: Instant) {
        self.secure.take_timeout(now);
    }

    fn next_timeout(&mut self) -> Option<Instant> {
        self.secure.next_timeout()
    }

    fn poll_datagram(&mut self) -> Option<BytesMut> {
        self.secure
            .poll_datagram()
            .or_else(|| self.sealed.pop_front())
    }

    fn poll_event(&mut self, _take_data: bool) -> Option<EdgeEvent> {
        self.events.pop_front()
    }

    fn close(&mut self, now: Instant) {
        self.secure.close(now);
    }
}

impl ViewerEdge for RtcViewer {
    fn write_rtp(&mut self, packet: &RtpOut<'_>) -> bool {
        self.set_header(packet);
        let length = self.lay_out(packet);
        let sealed = length
            .and_then(|length| self.plain.get(..length))
            .and_then(|plain| self.secure.seal_rtp(plain, &self.header));
        let written = sealed.is_some();
        self.sealed.extend(sealed);
        written
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
