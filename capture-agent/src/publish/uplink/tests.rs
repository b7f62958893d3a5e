//! The uplink over a link of so many bits per second in virtual time, and its places in a chain of packets.

use super::chain::{Shared, add};
use super::leg::Sent;
use super::*;
use crate::encode::Fit;
use crate::publish::budget::Throttle;
use crate::publish::sources::{Repaired, Sources};
use crate::slot::Slot;
use bandwidth::{Fate, Scale};
use rtc::interceptor::{
    AttributedPacket, Interceptor, Packet, RTCPFeedback, RTPHeaderExtension, Registry, StreamInfo,
    TaggedPacket,
};
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc::rtp;
use rtc::shared::TransportContext;
use std::collections::VecDeque;
use wire::agent::SourceHealth;
use wire::original::ORIGINAL_CHUNK_BYTES;

const FRAME_MS: u64 = 33;
const PACKET: usize = 1_200;
const ONE_WAY: Duration = Duration::from_millis(20);
const REPORT_MS: u64 = 50;
/// As the encode thread bears it.
const MOST_BACKLOG: Duration = Duration::from_millis(60);
const QUEUE: Duration = Duration::from_millis(300);
const ALLOWED_KBPS: u32 = 4_000;

fn parts() -> (Arc<Orders>, StatusBoard) {
    let orders = Arc::new(Orders::new(Arc::new(Slot::default())));
    let board = StatusBoard::new(Coded::from_kbps(ALLOWED_KBPS).unwrap());
    board.update(|status| {
        status.source.health = SourceHealth::Running;
        (status.source.width, status.source.height) = (800, 600);
        status.source.fps = 30.0;
    });
    (orders, board)
}

/// An agent that codes what it may, and a link behind it.
struct World {
    uplink: Uplink<usize>,
    orders: Arc<Orders>,
    board: StatusBoard,
    fit: Fit,
    start: Instant,
    at_ms: u64,
    frame_ms: u64,
    kbps: f64,
    /// Nothing passes.
    is_cut: bool,
    /// The encode thread sends nothing.
    is_suspended: bool,
    /// An original travels, as fast as it may; bytes that it may send more.
    with_original: bool,
    credit: f64,
    free_at: Instant,
    next_id: u64,
    /// On their way back: when heard of, and the packet.
    on_the_way: VecDeque<(Instant, Sent)>,
    scales: Vec<Scale>,
}

impl World {
    fn new(kbps: f64) -> Self {
        let (start, (orders, board)) = (Instant::now(), parts());
        let mut uplink = Uplink::new(start, Arc::clone(&orders), board.clone(), None);
        uplink.may_pad(start);
        Self {
            uplink,
            orders,
            board,
            fit: Fit::new(Coded::from_kbps(ALLOWED_KBPS).unwrap()),
            start,
            at_ms: 0,
            frame_ms: FRAME_MS,
            kbps,
            is_cut: false,
            is_suspended: false,
            with_original: false,
            credit: 0.0,
            free_at: start,
            next_id: 0,
            on_the_way: VecDeque::new(),
            scales: Vec::new(),
        }
    }

    fn run(&mut self, ms: u64) -> &mut Self {
        let end = self.at_ms + ms;
        while self.at_ms < end {
            self.at_ms += 1;
            let now = self.start + Duration::from_millis(self.at_ms);
            if self.at_ms.is_multiple_of(REPORT_MS) {
                self.hear(now);
            }
            self.uplink.on_timeout(now);
            if self.at_ms.is_multiple_of(self.frame_ms) {
                self.code(now);
            }
            while let Some(bytes) = self.uplink.pop(now) {
                self.send(now, bytes);
            }
            while let Some(bytes) = self.uplink.leg.owed() {
                self.send(now, bytes);
            }
            self.uplink.told();
            self.send_original(now);
        }
        self
    }

    fn code(&mut self, now: Instant) {
        let orders = self.orders.take();
        self.is_suspended = orders.is_cut.unwrap_or(self.is_suspended);
        if let Some(room) = orders.room {
            self.fit.make_room(room);
            self.scales.extend(room.map(|room| room.scale));
        }
        if self.is_suspended || self.orders.backlog() > MOST_BACKLOG {
            return;
        }
        let mut left = (self.fit.bit_rate().bps() / 8) as usize * FRAME_MS as usize / 1000;
        while left > 0 {
            let bytes = left.min(PACKET);
            assert!(self.uplink.push(now, Class::Picture, bytes, bytes));
            left -= bytes;
        }
    }

    fn send(&mut self, now: Instant, bytes: usize) {
        let begins = self.free_at.max(now);
        let is_lost = self.is_cut || begins.saturating_duration_since(now) > QUEUE;
        let leaves = begins + Duration::from_secs_f64(bytes as f64 * 8.0 / self.kbps / 1000.0);
        let fate = if is_lost {
            Fate::Lost
        } else {
            self.free_at = leaves;
            Fate::Arrived(leaves + ONE_WAY - self.start)
        };
        let sent = Sent {
            id: self.next_id,
            bytes,
            at: now,
            fate,
        };
        self.next_id += 1;
        self.on_the_way.push_back((leaves + 2 * ONE_WAY, sent));
    }

    /// Pieces of 4 KiB that stand in the same queue and are in no report.
    fn send_original(&mut self, now: Instant) {
        const PIECE: f64 = 4_096.0;
        let rate = self.uplink.way(now).filter(|_| self.with_original);
        self.credit += rate.map_or(0.0, |rate| rate.bps() as f64 / 8_000.0);
        while self.credit >= PIECE {
            self.credit -= PIECE;
            self.uplink.spare().carries(PIECE as usize);
            let bits = PIECE * CHANNEL_OVERHEAD * 8.0;
            let takes = Duration::from_secs_f64(bits / self.kbps / 1000.0);
            self.free_at = self.free_at.max(now) + takes;
        }
    }

    fn hear(&mut self, now: Instant) {
        if self.is_cut {
            return;
        }
        let mut heard = Vec::new();
        while self.on_the_way.front().is_some_and(|(at, _)| *at <= now) {
            heard.extend(self.on_the_way.pop_front().map(|(_, sent)| sent));
        }
        self.uplink.on_reports(now, heard.into_iter());
    }

    fn coded_kbps(&self) -> u32 {
        self.fit.bit_rate().kbps()
    }
}

#[test]
fn a_wide_link_gives_the_picture_all_that_people_allow_within_seconds() {
    let mut world = World::new(100_000.0);
    world.run(6_000);
    assert_eq!(world.coded_kbps(), ALLOWED_KBPS);
    world.run(4_000);
    assert!(world.scales.iter().all(|scale| *scale == Scale::Full));
    assert_eq!(
        world.orders.backlog(),
        Duration::ZERO,
        "frames leave at once"
    );
}

#[test]
fn the_encoder_is_told_of_a_link_that_became_narrow_and_of_one_that_became_wide() {
    let mut world = World::new(3_000.0);
    world.run(8_000);
    assert!(
        (2_100..3_000).contains(&world.coded_kbps()),
        "{}",
        world.coded_kbps()
    );
    world.kbps = 1_000.0;
    world.run(2_000);
    assert!(world.coded_kbps() < 1_000, "{}", world.coded_kbps());
    world.run(8_000);
    assert!(
        (600..1_000).contains(&world.coded_kbps()),
        "{}",
        world.coded_kbps()
    );
    world.kbps = 6_000.0;
    world.run(12_000);
    assert_eq!(world.coded_kbps(), ALLOWED_KBPS);
}

#[test]
fn a_link_for_a_smear_gets_a_smaller_picture_and_people_read_it() {
    let mut world = World::new(350.0);
    world.run(6_000);
    assert_eq!(world.scales.last(), Some(&Scale::Half));
    let told = world.board.now().uplink.unwrap();
    assert_eq!((told.scale_percent, told.frame_rate), (50, None));
    assert!(told.target_kbps < 450, "{told:?}");
}

#[test]
fn after_a_cut_the_picture_is_as_large_as_before_and_soon_as_good() {
    let mut world = World::new(3_000.0);
    world.run(6_000);
    let before = world.coded_kbps();
    world.is_cut = true;
    world.run(3_000);
    assert!(world.is_suspended, "the journal alone is coded for");
    world.run(9_000);
    world.is_cut = false;
    world.run(1_500);
    assert!(!world.is_suspended);
    assert!(world.scales.iter().all(|scale| *scale == Scale::Full));
    assert!(world.coded_kbps() > before / 2, "{}", world.coded_kbps());
}

#[test]
fn a_source_that_sends_a_picture_now_and_then_is_no_cut() {
    let mut world = World::new(3_000.0);
    world.run(2_000);
    for _ in 0..4 {
        world.frame_ms = u64::MAX;
        world.run(4_000);
        world.frame_ms = FRAME_MS;
        world.run(FRAME_MS);
        assert!(!world.is_suspended);
    }
}

#[test]
fn when_the_publication_ends_nobody_is_held_back_any_more() {
    let mut world = World::new(350.0);
    world.run(3_000);
    let last = world.uplink.end();
    world.run(200);
    assert_eq!(
        world.orders.take().room,
        None,
        "it was taken at the next frame"
    );
    assert_eq!(world.coded_kbps(), ALLOWED_KBPS);
    assert_eq!(world.board.now().uplink, None);
    let (orders, board) = parts();
    let next = Uplink::<usize>::new(world.start, orders, board, Some(last.scaled(100.0)));
    assert!(
        next.target() > UNKNOWN,
        "a link that was wide begins faster"
    );
}

#[test]
fn a_server_that_reports_nothing_gets_what_people_allow() {
    let mut world = World::new(100_000.0);
    world.uplink.run_free();
    for _ in 0..5 {
        world.run(1_000);
        world.on_the_way.clear();
    }
    assert_eq!(world.coded_kbps(), ALLOWED_KBPS);
    assert_eq!(world.orders.backlog(), Duration::ZERO);
}

#[test]
fn on_a_weak_link_the_picture_makes_way_for_an_original_and_keeps_its_size() {
    let mut world = World::new(2_000.0);
    world.run(6_000);
    let before = world.coded_kbps();
    let now = world.start + Duration::from_millis(world.at_ms);
    assert!(world.uplink.make_way(now));
    let rate = world.uplink.way(now).unwrap();
    assert!((1_200..2_000).contains(&rate.kbps()), "{rate:?}");
    world.run(100);
    assert!(world.coded_kbps() <= before / 9, "{}", world.coded_kbps());
    // Its queue is no reason to give up the picture: the link carries both.
    world.with_original = true;
    world.run(1_500);
    let target = world.uplink.target().kbps();
    assert!((1_200..2_400).contains(&target), "{target}");
    world.with_original = false;
    world.uplink.way_is_free(now);
    world.run(100);
    assert!(world.coded_kbps() > before / 2, "{}", world.coded_kbps());
    assert!(world.scales.iter().all(|scale| *scale == Scale::Full));
}

#[test]
fn on_a_wide_link_an_original_takes_nothing_from_the_picture() {
    let mut world = World::new(100_000.0);
    world.run(3_000);
    let now = world.start + Duration::from_millis(world.at_ms);
    assert!(!world.uplink.make_way(now));
    assert_eq!(world.uplink.way(now), None);
    assert_eq!(world.uplink.spare().rate(), None, "clips go as they can");
    world.run(100);
    assert_eq!(world.coded_kbps(), ALLOWED_KBPS);
}

#[test]
fn pieces_of_an_original_become_short_when_the_link_becomes_narrow_under_it() {
    let (start, (orders, board)) = (Instant::now(), parts());
    let known = Some(BitRate::from_kbps(50_000));
    let uplink: Shared = Arc::new(Mutex::new(Uplink::new(start, orders, board, known)));
    let throttle = Throttle::new(Arc::clone(&uplink));
    throttle.begins(start);
    assert_eq!(throttle.piece_bytes(start), ORIGINAL_CHUNK_BYTES);
    // From now on a megabit passes.
    let (mut now, mut free_at, mut credit, mut sent) = (start, start, 0.0, Vec::new());
    for at in 0..3_000_u64 {
        now += Duration::from_millis(1);
        let mut uplink = crate::sync::held(&uplink);
        credit += uplink.target().bps() as f64 / 8_000.0;
        while credit >= PACKET as f64 {
            credit -= PACKET as f64;
            let is_lost = free_at.max(now) - now > QUEUE;
            if !is_lost {
                free_at = free_at.max(now) + Duration::from_micros(PACKET as u64 * 8);
            }
            sent.push(Sent {
                id: at * 100 + sent.len() as u64,
                bytes: PACKET,
                at: now,
                fate: if is_lost {
                    Fate::Lost
                } else {
                    Fate::Arrived(free_at - start)
                },
            });
        }
        if at.is_multiple_of(REPORT_MS) {
            uplink.on_reports(now, std::mem::take(&mut sent).into_iter());
        }
    }
    let piece = throttle.piece_bytes(now);
    assert!(piece <= 2_500, "20 ms of a megabit: {piece}");
}

const SSRC: u32 = 7;

/// A chain as a connection has it, and what leaves it.
struct Chain {
    chain: Box<dyn Interceptor>,
    now: Instant,
    sequence: u16,
}

impl Chain {
    fn new() -> Self {
        let (now, (orders, board)) = (Instant::now(), parts());
        let uplink: Shared = Arc::new(Mutex::new(Uplink::new(now, orders, board, None)));
        crate::sync::held(&uplink).may_pad(now);
        let pair = |ssrc| Repaired {
            ssrc,
            repair: ssrc + 100,
        };
        let sources = Sources {
            picture: pair(SSRC),
            low_layer: Some(pair(SSRC + 1)),
        };
        let registry = sources.repaired_in(add(Registry::new(), &uplink, sources));
        let mut chain: Box<dyn Interceptor> = Box::new(registry.build());
        chain.bind_local_stream(&StreamInfo {
            ssrc: SSRC,
            ssrc_rtx: Some(SSRC + 100),
            payload_type_rtx: Some(103),
            rtcp_feedback: vec![RTCPFeedback {
                typ: "nack".to_owned(),
                parameter: String::new(),
            }],
            rtp_header_extensions: vec![RTPHeaderExtension {
                uri: rtc::sdp::extmap::TRANSPORT_CC_URI.to_owned(),
                id: 3,
            }],
            ..StreamInfo::default()
        });
        Self {
            chain,
            now,
            sequence: 65_500,
        }
    }

    fn tagged(&self, packet: Packet) -> TaggedPacket {
        TaggedPacket {
            now: self.now,
            transport: TransportContext::default(),
            message: AttributedPacket::new(packet),
        }
    }

    fn write(&mut self) {
        let header = rtp::header::Header {
            version: 2,
            sequence_number: self.sequence,
            ssrc: SSRC,
            ..Default::default()
        };
        self.sequence = self.sequence.wrapping_add(1);
        let payload = bytes::Bytes::from(vec![0x61; 900]);
        let packet = self.tagged(Packet::Rtp(rtp::Packet { header, payload }));
        self.chain.handle_write(packet).unwrap();
    }

    /// Runs for so long, a frame of two packets each 33 ms; gives the RTP packets that left.
    fn run(&mut self, ms: u64) -> Vec<rtp::Packet> {
        let mut left = Vec::new();
        for at in 0..ms {
            self.now += Duration::from_millis(1);
            if at % FRAME_MS == 0 {
                self.write();
                self.write();
            }
            if self.chain.poll_timeout().is_some_and(|due| due <= self.now) {
                self.chain.handle_timeout(self.now).unwrap();
            }
            while let Some(packet) = self.chain.poll_write() {
                if let Packet::Rtp(rtp) = packet.message.packet {
                    left.push(rtp);
                }
            }
        }
        left
    }
}

fn is_padding(packet: &rtp::Packet) -> bool {
    packet.payload.first() == Some(&12)
}

fn numbers(packets: &[rtp::Packet]) -> Vec<u16> {
    packets
        .iter()
        .map(|packet| packet.header.sequence_number)
        .collect()
}

#[test]
fn numbers_leave_in_order_and_without_a_hole_while_a_probe_is_padded() {
    let left = Chain::new().run(1_000);
    let expected: Vec<u16> = (0..left.len() as u16)
        .map(|n| 65_500_u16.wrapping_add(n))
        .collect();
    assert_eq!(numbers(&left), expected);
    let padding = left.iter().filter(|packet| is_padding(packet)).count();
    assert!((3..20).contains(&padding), "{padding}");
    assert!(
        left.iter()
            .all(|packet| packet.header.get_extension(3).is_some())
    );
}

#[test]
fn padding_that_was_lost_is_repaired_like_a_picture() {
    let mut chain = Chain::new();
    let left = chain.run(300);
    let lost = left.iter().find(|packet| is_padding(packet)).unwrap();
    let lost = lost.header.sequence_number;
    let nack = TransportLayerNack {
        sender_ssrc: 1,
        media_ssrc: SSRC,
        nacks: nack_pairs_from_sequence_numbers(&[lost]),
    };
    let nack = chain.tagged(Packet::Rtcp(vec![Box::new(nack)]));
    chain.chain.handle_read(nack).unwrap();
    let repaired = chain.run(40);
    let again: Vec<&rtp::Packet> = repaired
        .iter()
        .filter(|packet| packet.header.ssrc == SSRC + 100)
        .collect();
    // RFC 4588 §4: the number that it had, then what it was.
    let [packet] = again[..] else {
        panic!("{again:?}")
    };
    assert_eq!(packet.payload[..2], lost.to_be_bytes());
    assert_eq!(packet.payload[2], 12);
}
