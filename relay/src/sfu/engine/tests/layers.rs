//! Two viewers of one picture, one of them behind a narrow link: who gets which layer, in virtual time.

use super::world::{Held, Left, MS, World};
use crate::sfu::edge::{Arrivals, EdgeEvent, Reception};
use crate::sfu::event::SfuEvent;
use bandwidth::Fate;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

const FULL: u32 = 7;
const LOW: u32 = 8;
/// A frame of the full layer is seven of these (2.1 Mbit/s at 30 frames/s), one of the low layer is one (280 kbit/s).
static DELTA: [u8; 1_100] = packet(0x61);
static KEY: [u8; 1_100] = packet(0x65);
const FULL_PACKETS: u16 = 7;
const FRAME_MS: u64 = 33;
const REPORT_MS: u64 = 100;

const fn packet(nal: u8) -> [u8; 1_100] {
    let mut packet = [0; 1_100];
    packet[0] = nal;
    packet
}

/// A link with a queue of 400 ms, and what is to be said of it.
struct Link {
    kbps: u64,
    free_at: Instant,
    seen: usize,
    /// Numbers on their way, when they arrive, or that they never do.
    on_the_way: VecDeque<(u16, Option<Instant>)>,
    /// Timestamps of the picture's packets that arrived.
    shown: Vec<(Instant, u32)>,
}

impl Link {
    fn new(now: Instant, kbps: u64) -> Self {
        Self {
            kbps,
            free_at: now,
            seen: 0,
            on_the_way: VecDeque::new(),
            shown: Vec::new(),
        }
    }

    fn takes(&mut self, now: Instant, left: &[Left]) {
        for packet in left.get(self.seen..).unwrap_or_default() {
            let begins = self.free_at.max(now);
            let arrives = (begins < now + 400 * MS).then(|| {
                let took = Duration::from_micros(packet.bytes as u64 * 8_000 / self.kbps);
                self.free_at = begins + took;
                self.free_at + 10 * MS
            });
            if let Some(number) = packet.number {
                self.on_the_way.push_back((number, arrives));
            }
            if let Some(arrives) = arrives.filter(|_| packet.ssrc == 1) {
                self.shown.push((arrives, packet.timestamp));
            }
        }
        self.seen = left.len();
    }

    fn report(&mut self, start: Instant, now: Instant) -> Option<Arrivals> {
        let is_here = |at: &(u16, Option<Instant>)| at.1.is_some_and(|at| at <= now);
        let last = self.on_the_way.iter().rposition(is_here)?;
        let first = self.on_the_way.front()?.0;
        let fates = self.on_the_way.drain(..=last).map(|(_, at)| match at {
            Some(at) => Fate::Arrived(at - start),
            None => Fate::Lost,
        });
        Some(Arrivals {
            first,
            fates: fates.collect(),
        })
    }
}

/// The picture, an agent that does what it is asked, a viewer on a wide link and one on a narrow link.
struct Bench {
    world: World,
    start: Instant,
    agent: Held,
    strong: (Held, Link),
    weak: (Held, Link),
    /// The agent sends the low layer, and does so at all.
    low: bool,
    obeys: bool,
    seqs: (u16, u16),
    frame: u32,
    keys_asked: usize,
    words: Vec<(u64, bool)>,
    layers: Vec<(u64, bool)>,
}

impl Bench {
    fn new(weak_kbps: u64) -> Self {
        let mut world = World::new();
        let agent = world.publisher_with(Some(LOW));
        let start = world.now;
        let mut bench = Self {
            strong: (
                world.measurable_viewer_of(&agent, &KEY),
                Link::new(start, 50_000),
            ),
            weak: (world.measurable_viewer(), Link::new(start, weak_kbps)),
            world,
            start,
            agent,
            low: false,
            obeys: true,
            seqs: (10, 500),
            frame: 1,
            keys_asked: 0,
            words: Vec::new(),
            layers: Vec::new(),
        };
        bench.run(100);
        bench
    }

    fn at_ms(&self) -> u64 {
        (self.world.now - self.start).as_millis() as u64
    }

    fn send_frame(&mut self) {
        self.frame += 1;
        let timestamp = self.frame * 3_000;
        let asked = self.agent.edge.with(|script| script.keyframes_of.clone());
        let new = asked.get(self.keys_asked..).unwrap_or_default().to_vec();
        self.keys_asked = asked.len();
        let first = |of: u32, begins: bool| {
            if begins || new.contains(&of) {
                &KEY[..]
            } else {
                &DELTA[..]
            }
        };
        let full = first(FULL, false);
        for at in 0..FULL_PACKETS {
            let payload = if at == 0 { full } else { &DELTA[..] };
            self.seqs.0 = self.seqs.0.wrapping_add(1);
            let seq = self.seqs.0;
            self.world
                .rtp_of(&self.agent, FULL, seq, timestamp, payload);
        }
        let wanted = self.words.last().is_some_and(|(_, wanted)| *wanted) && self.obeys;
        let begins = wanted && !self.low;
        self.low = wanted;
        if wanted {
            self.seqs.1 = self.seqs.1.wrapping_add(1);
            let (seq, payload) = (self.seqs.1, first(LOW, begins));
            self.world.rtp_of(&self.agent, LOW, seq, timestamp, payload);
        }
    }

    /// Runs for so long, a millisecond at a time.
    fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.world.pass(MS);
            let (at, now) = (self.at_ms(), self.world.now);
            for event in self.world.events() {
                match event {
                    SfuEvent::LowLayer { wanted, .. } => self.words.push((at, wanted)),
                    SfuEvent::WatcherLayer { session, low, .. } => {
                        assert_eq!(
                            session, self.weak.0.session,
                            "the strong one keeps the full layer"
                        );
                        self.layers.push((at, low));
                    }
                    _ => {}
                }
            }
            if at.is_multiple_of(FRAME_MS) {
                self.send_frame();
            }
            for viewer in [0, 1] {
                let (held, link) = if viewer == 0 {
                    &mut self.strong
                } else {
                    &mut self.weak
                };
                held.edge.with(|script| link.takes(now, &script.left));
                let report = at
                    .is_multiple_of(REPORT_MS)
                    .then(|| link.report(self.start, now));
                if let Some(report) = report.flatten() {
                    self.world.report(held, EdgeEvent::Arrivals(report));
                }
                // Each second an ordinary report: the strong one is well.
                if viewer == 0 && at.is_multiple_of(1_000) {
                    let highest = held.edge.with(|script| script.left.last().map(|it| it.seq));
                    let reception = Reception {
                        highest: highest.unwrap_or_default(),
                        lost: 0.0,
                    };
                    self.world.report(held, EdgeEvent::Reception(reception));
                }
            }
        }
    }

    /// Frames a second that the weak viewer got in the last so many milliseconds.
    fn weak_fps(&self, ms: u64) -> u64 {
        let since = self.world.now - Duration::from_millis(ms);
        let mut shown: Vec<u32> = self
            .weak
            .1
            .shown
            .iter()
            .filter(|(at, _)| (since..=self.world.now).contains(at))
            .map(|(_, timestamp)| *timestamp)
            .collect();
        shown.dedup();
        shown.len() as u64 * 1_000 / ms
    }

    fn weak_is_low(&self) -> bool {
        self.layers.last().is_some_and(|(_, low)| *low)
    }
}

/// The picture's packets of a viewer, in the order of leaving.
fn picture(held: &Held) -> Vec<Left> {
    let left = held.edge.with(|script| script.left.clone());
    left.into_iter().filter(|packet| packet.ssrc == 1).collect()
}

#[test]
fn a_weak_viewer_gets_the_low_layer_and_keeps_its_frames_and_the_strong_one_notices_nothing() {
    let mut bench = Bench::new(1_000);
    bench.run(3_000);
    assert!(bench.weak_is_low(), "{:?} {:?}", bench.words, bench.layers);
    let keys = || {
        bench
            .agent
            .edge
            .with(|script| script.keyframes_of.iter().filter(|of| **of == FULL).count())
    };
    let before = keys();
    bench.run(10_000);
    assert!(bench.weak_fps(5_000) >= 28, "{}", bench.weak_fps(5_000));
    assert_eq!(
        bench.words.len(),
        1,
        "one word is enough: {:?}",
        bench.words
    );
    let keys = bench
        .agent
        .edge
        .with(|script| script.keyframes_of.iter().filter(|of| **of == FULL).count());
    assert_eq!(keys, before, "nothing was asked of the full layer for it");
    let strong = picture(&bench.strong.0);
    let per_frame = strong
        .iter()
        .filter(|packet| packet.timestamp == bench.frame * 3_000)
        .count();
    assert_eq!(per_frame, usize::from(FULL_PACKETS));
    let numbers: Vec<u16> = strong.iter().map(|packet| packet.seq).collect();
    assert!(
        numbers
            .windows(2)
            .all(|pair| pair[1] == pair[0].wrapping_add(1))
    );
}

#[test]
fn over_the_change_numbers_go_on_and_frames_keep_their_timestamps_and_their_order() {
    let mut bench = Bench::new(1_000);
    bench.run(4_000);
    assert!(bench.weak_is_low());
    bench.weak.1.kbps = 8_000;
    bench.run(15_000);
    assert!(!bench.weak_is_low(), "{:?}", bench.layers);
    let weak = picture(&bench.weak.0);
    for pair in weak.windows(2) {
        assert_eq!(pair[1].seq, pair[0].seq.wrapping_add(1));
        assert!(pair[1].timestamp >= pair[0].timestamp, "{pair:?}");
        assert!(
            pair[1].timestamp - pair[0].timestamp <= 3_000,
            "no frame is missing: {pair:?}"
        );
    }
    let frames_of = |packets: usize| {
        let mut counts = std::collections::BTreeMap::<u32, usize>::new();
        for packet in &weak {
            *counts.entry(packet.timestamp).or_default() += 1;
        }
        counts.values().filter(|count| **count == packets).count()
    };
    assert!(frames_of(1) > 90 && frames_of(usize::from(FULL_PACKETS)) > 60);
    assert_eq!(
        frames_of(1 + usize::from(FULL_PACKETS)),
        0,
        "a frame in both layers"
    );
}

#[test]
fn when_the_link_is_wide_again_it_gets_the_full_layer_and_the_agent_may_stop() {
    let mut bench = Bench::new(1_000);
    bench.run(4_000);
    bench.weak.1.kbps = 8_000;
    bench.run(25_000);
    assert_eq!(bench.layers.len(), 2, "there and back: {:?}", bench.layers);
    assert!(
        matches!(bench.words[..], [(_, true), (_, false)]),
        "{:?}",
        bench.words
    );
    assert!(!bench.low);
    let padded = bench.world.engine.stats().padded;
    assert!((8..400).contains(&padded), "{padded}");
}

#[test]
fn a_link_that_stays_narrow_keeps_the_low_layer() {
    let mut bench = Bench::new(1_500);
    bench.run(60_000);
    assert_eq!(bench.layers.len(), 1, "{:?}", bench.layers);
}

#[test]
fn a_link_with_room_keeps_the_full_layer_and_is_looked_at_only_in_the_beginning() {
    let mut bench = Bench::new(6_000);
    bench.run(20_000);
    assert!(bench.layers.is_empty() && bench.words.is_empty());
    let left = picture(&bench.weak.0);
    assert!(left.iter().any(|packet| packet.number.is_some()));
    assert_eq!(left.last().unwrap().number, None);
    assert_eq!(bench.world.engine.stats().padded, 0);
}

#[test]
fn a_link_that_becomes_narrow_later_is_noticed_by_its_ordinary_reports() {
    let mut bench = Bench::new(6_000);
    bench.run(10_000);
    bench.weak.1.kbps = 1_000;
    bench.run(500);
    let reception = Reception {
        highest: 0,
        lost: 0.3,
    };
    bench
        .world
        .report(&bench.weak.0, EdgeEvent::Reception(reception));
    bench.run(3_000);
    assert!(bench.weak_is_low());
}

#[test]
fn an_agent_that_sends_no_low_layer_leaves_everybody_what_there_is() {
    let mut bench = Bench::new(1_000);
    bench.obeys = false;
    bench.run(6_000);
    assert!(bench.layers.is_empty());
    assert!(
        bench.words.len() >= 2,
        "it is asked again: {:?}",
        bench.words
    );
    let (weak, strong) = (picture(&bench.weak.0), picture(&bench.strong.0));
    assert!(weak.len() + usize::from(FULL_PACKETS) >= strong.len());
}

#[test]
fn when_the_low_layer_ends_its_viewers_go_back_to_the_full_one() {
    let mut bench = Bench::new(1_000);
    bench.run(4_000);
    assert!(bench.weak_is_low());
    bench.obeys = false;
    bench.run(1_600);
    assert!(!bench.weak_is_low(), "{:?}", bench.layers);
    assert_eq!(
        picture(&bench.weak.0).last().unwrap().timestamp / 3_000,
        bench.frame
    );
}

#[test]
fn a_weak_viewers_keyframe_requests_go_to_the_low_layer() {
    let mut bench = Bench::new(1_000);
    bench.run(4_000);
    let before = bench.agent.edge.with(|script| script.keyframes_of.len());
    bench.world.report(&bench.weak.0, EdgeEvent::KeyframeWanted);
    bench.run(400);
    let asked = bench
        .agent
        .edge
        .with(|script| script.keyframes_of[before..].to_vec());
    assert!(
        !asked.is_empty() && asked.iter().all(|of| *of == LOW),
        "{asked:?}"
    );
}
