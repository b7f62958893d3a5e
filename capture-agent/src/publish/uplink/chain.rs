//! Where packets and reports of one WebRTC connection pass by the uplink.
//!
//! Three places, by distance from the wire (`rtc`'s `Slot`): `Hearer` is the estimator of the send history, which sees every
//! byte that leaves; `Gate` stands where the pacer belongs, below the repairs of the NACK responder, so that they are paced
//! and counted; `Filler` stands above them, so that padding can be repaired like a picture and is not missed. They share
//! one `Uplink`; the connection's driver calls all of them, one after the other. Invariant: sequence numbers leave without
//! a hole.

use super::leg::Sent;
use crate::publish::place::{Place, Placed};
use crate::publish::sources::{Known, Sources};
use crate::sync::held;
use bandwidth::{Class, Fate};
use bytes::Bytes;
use rtc::interceptor::{
    Attribute, AttributedPacket, BandwidthEstimator, CongestionControlBuilder, Packet,
    PacketReport, Registry, Slot, TaggedPacket, TwccSenderBuilder,
};
use rtc::rtp;
use rtc::rtp::header::Header;
use rtc::shared::TransportContext;
use rtc::shared::marshal::MarshalSize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Position of the filler: between the NACK responder (4,000) and the FEC encoder (5,000).
const FILLER: usize = 4_500;
/// A filler data NAL unit (ITU-T H.264 §7.3.2.7): every decoder skips it. RTP's own padding holds 255 bytes at most, and
/// the stack cannot write it.
const FILLER_NAL: u8 = 12;
const FILLING: u8 = 0xff;
const STOP_BIT: u8 = 0x80;
/// Header and extensions of a packet; what is padding's size is the whole packet's.
const HEADER_BYTES: usize = 24;

/// The uplink of a connection's packets.
pub(in crate::publish) type Shared = Arc<Mutex<super::Uplink<TaggedPacket>>>;

/// Puts everything into the chain of a connection.
pub(in crate::publish) fn add(registry: Registry, uplink: &Shared, sources: Sources) -> Registry {
    let hearer = Hearer(Arc::clone(uplink));
    registry
        .with(
            Slot::CongestionControl,
            CongestionControlBuilder::new(hearer).build(),
        )
        .with(
            Slot::TwccSender,
            Known::each(TwccSenderBuilder::new().build(), sources),
        )
        .with(Slot::Pacer, Placed::new(Gate::new(Arc::clone(uplink))))
        .with(
            Slot::from(FILLER),
            Placed::new(Filler::new(Arc::clone(uplink), sources.low())),
        )
}

/// Hears what became of packets.
struct Hearer(Shared);

impl BandwidthEstimator for Hearer {
    fn on_reports(&mut self, now: Instant, reports: &[PacketReport]) {
        held(&self.0).on_reports(now, reports.iter().map(sent));
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn target_bitrate(&self) -> f64 {
        held(&self.0).target().bps() as f64
    }

    fn handle_timeout(&mut self, now: Instant) {
        held(&self.0).on_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        held(&self.0).leg.next_timeout()
    }
}

fn sent(report: &PacketReport) -> Sent {
    let fate = match (report.arrived, report.arrival) {
        (true, Some(at)) => Fate::Arrived(at),
        (true, None) => Fate::Untimed,
        (false, _) => Fate::Lost,
    };
    Sent {
        id: report.id,
        bytes: report.size,
        at: report.departure,
        fate,
    }
}

/// Padding that the pacer let go already.
struct Padding;

/// Lets packets leave when the pacer says so.
struct Gate {
    uplink: Shared,
    /// The newest moment seen.
    latest: Option<Instant>,
}

impl Gate {
    const fn new(uplink: Shared) -> Self {
        Self {
            uplink,
            latest: None,
        }
    }

    fn advance(&mut self, now: Instant) -> Instant {
        let now = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(now);
        now
    }

    fn let_go(&mut self, now: Instant, out: &mut VecDeque<TaggedPacket>) {
        let mut uplink = held(&self.uplink);
        while let Some(mut packet) = uplink.pop(now) {
            // The send history takes this for the moment of departure.
            packet.now = now;
            out.push_back(packet);
        }
        uplink.told();
    }
}

impl Place for Gate {
    fn comes(&mut self, packet: &mut TaggedPacket) {
        self.advance(packet.now);
    }

    fn leaves(&mut self, mut packet: TaggedPacket, out: &mut VecDeque<TaggedPacket>) {
        let now = self.advance(packet.now);
        let Packet::Rtp(rtp) = &packet.message.packet else {
            out.push_back(packet);
            return;
        };
        if packet.message.custom::<Padding>().is_some() {
            packet.now = now;
            out.push_back(packet);
            return;
        }
        let class = if packet.message.has(&Attribute::Retransmission) {
            Class::Repair
        } else {
            Class::Picture
        };
        let bytes = rtp.marshal_size();
        // What is left out is asked for again, when there may be room for it.
        let _ = held(&self.uplink).push(now, class, bytes, packet);
        self.let_go(now, out);
    }

    fn passes(&mut self, now: Instant, out: &mut VecDeque<TaggedPacket>) {
        let now = self.advance(now);
        self.let_go(now, out);
    }

    fn next(&mut self) -> Option<Instant> {
        held(&self.uplink).leg.next_departure(self.latest?)
    }
}

/// Numbers the picture's packets, and puts padding among them.
struct Filler {
    uplink: Shared,
    /// The low layer's source: its packets are none of the picture's.
    low: Option<u32>,
    /// Numbers given to padding so far.
    inserted: u16,
    /// The packet that went last, without its payload, and when.
    last: Option<(Header, Instant)>,
}

impl Filler {
    const fn new(uplink: Shared, low: Option<u32>) -> Self {
        Self {
            uplink,
            low,
            inserted: 0,
            last: None,
        }
    }

    fn number(&mut self, now: Instant, rtp: &mut rtp::Packet) {
        let header = &mut rtp.header;
        header.sequence_number = header.sequence_number.wrapping_add(self.inserted);
        self.last = Some((header.clone(), now));
    }

    /// The next padding that is owed.
    fn padding(&mut self) -> Option<TaggedPacket> {
        let (last, at) = self.last.as_mut()?;
        let bytes = held(&self.uplink).leg.owed()?;
        self.inserted = self.inserted.wrapping_add(1);
        last.sequence_number = last.sequence_number.wrapping_add(1);
        last.marker = false;
        let packet = rtp::Packet {
            header: last.clone(),
            payload: filling(bytes.saturating_sub(HEADER_BYTES)),
        };
        Some(TaggedPacket {
            now: *at,
            transport: TransportContext::default(),
            message: AttributedPacket::new(Packet::Rtp(packet))
                .with(Attribute::Custom(Arc::new(Padding))),
        })
    }
}

/// A filler data NAL unit of this length.
fn filling(bytes: usize) -> Bytes {
    let mut unit = vec![FILLING; bytes.max(2)];
    if let Some(first) = unit.first_mut() {
        *first = FILLER_NAL;
    }
    if let Some(last) = unit.last_mut() {
        *last = STOP_BIT;
    }
    Bytes::from(unit)
}

impl Place for Filler {
    fn leaves(&mut self, mut packet: TaggedPacket, out: &mut VecDeque<TaggedPacket>) {
        let now = packet.now;
        if let Packet::Rtp(rtp) = &mut packet.message.packet
            && self.low != Some(rtp.header.ssrc)
        {
            // What is owed goes first, so that numbers leave in their order.
            while let Some(padding) = self.padding() {
                out.push_back(padding);
            }
            self.number(now, rtp);
        }
        out.push_back(packet);
    }

    fn more(&mut self) -> Option<TaggedPacket> {
        self.padding()
    }
}
