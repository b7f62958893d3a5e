//! Estimator, pacer and probes of one connection, put together.
//!
//! Owns the order in which they are asked: after each report and each timeout the estimator may want a probe, and whoever
//! asks sends it. Says when packets leave and how much padding is owed; makes neither packets nor padding. Sans-IO.

use bandwidth::{
    BitRate, Class, Departure, Estimator, Fate, Limits, Pacer, ProbeTimes, Report, Stats,
};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// RTP header, extensions, SRTP tag, UDP and IP: of a full packet so much is no picture.
const PICTURE_SHARE: f64 = 0.93;
/// Faster than any link.
const FREE: BitRate = BitRate::from_kbps(10_000_000);
/// Repair is read over this span.
const REPAIR_SPAN: Duration = Duration::from_secs(1);

/// Silence that began with a packet which went so long ago is a cut; a source that sends nothing is none.
const CUT_AFTER: Duration = Duration::from_millis(500);
/// In a cut so much is sent this often, to hear of it when something passes again.
const ASKING_BYTES: usize = 200;
const ASK_EVERY: Duration = Duration::from_millis(100);
/// Padding that waits to be made. Whoever sends asks for it in the same turn; late by the 30 ms that a pacer catches up, a probe at
/// 30 Mbit/s has as many. What is beyond is not sent, and the probe measures what was.
const MAX_OWED: usize = 128;

/// A packet that was sent, as the other side reported it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// Rises with each packet.
    pub(super) id: u64,
    /// Its size.
    pub(super) bytes: usize,
    /// When it left.
    pub(super) at: Instant,
    /// What became of it.
    pub(super) fate: Fate,
}

/// One connection's way out.
#[derive(Debug)]
pub(super) struct Leg<T> {
    estimator: Estimator,
    pacer: Pacer<T>,
    probes: ProbeTimes,
    /// Padding to be made, by size; at most `MAX_OWED`.
    owed: VecDeque<usize>,
    /// Padding does no harm on the other side.
    pads: bool,
    /// Nothing is known of the link, and nothing will be.
    is_free: bool,
    /// Something was sent: padding is numbered after it.
    begun: bool,
    /// The first packet since the last report.
    unreported: Option<Instant>,
    /// When it was asked last whether something passes.
    asked: Option<Instant>,
    /// Bytes of repair since this moment, and the rate of the span before.
    repaired: (Instant, usize),
    repair: BitRate,
}

impl<T> Leg<T> {
    pub(super) fn new(now: Instant, limits: Limits, start: BitRate) -> Self {
        Self {
            estimator: Estimator::new(limits, start),
            pacer: Pacer::new(now, start),
            probes: ProbeTimes::default(),
            owed: VecDeque::new(),
            pads: false,
            is_free: false,
            begun: false,
            unreported: None,
            asked: None,
            repaired: (now, 0),
            repair: BitRate::ZERO,
        }
    }

    /// From now on probes are filled up with padding.
    pub(super) fn may_pad(&mut self, now: Instant) {
        self.pads = true;
        self.probe(now);
    }

    /// There will be no reports: everything leaves at once.
    pub(super) fn run_free(&mut self) {
        self.pads = false;
        self.is_free = true;
        self.pacer.set_target(FREE);
    }

    /// Takes what one feedback said, in the order of sending.
    pub(super) fn on_reports(&mut self, now: Instant, reports: impl Iterator<Item = Sent>) {
        let reports: Vec<Report> = reports
            .map(|sent| Report {
                id: sent.id,
                bytes: sent.bytes,
                sent_at: sent.at,
                fate: sent.fate,
                probe: self.probes.of(sent.at),
            })
            .collect();
        self.unreported = None;
        self.estimator.on_reports(now, &reports);
        self.after(now);
    }

    /// Nothing passes the link. Without padding nobody would hear when something does again.
    pub(super) fn is_cut(&self, now: Instant) -> bool {
        let is_long = |since| now.saturating_duration_since(since) >= CUT_AFTER;
        self.pads && self.estimator.stats().silent && self.unreported.is_some_and(is_long)
    }

    fn next_ask(&self) -> Option<Instant> {
        let is_due = self.pads && self.estimator.stats().silent;
        self.asked
            .or(self.unreported)
            .filter(|_| is_due)
            .map(|asked| asked + ASK_EVERY)
    }

    /// So many bytes went through data channels.
    pub(super) fn carried_beside(&mut self, bytes: u64) {
        self.estimator.carried_beside(bytes);
    }

    /// Whether something was due.
    pub(super) fn on_timeout(&mut self, now: Instant) -> bool {
        let is_due = self.next_timeout().is_some_and(|due| due <= now);
        if is_due {
            self.estimator.on_timeout(now);
            self.after(now);
        }
        if self.is_cut(now) && self.next_ask().is_some_and(|due| due <= now) {
            self.asked = Some(now);
            self.owe(ASKING_BYTES);
        }
        is_due
    }

    fn after(&mut self, now: Instant) {
        if !self.is_free {
            self.pacer.set_target(self.estimator.target());
            self.probe(now);
        }
    }

    /// Without padding a probe is what the picture happens to give, which measures nothing.
    fn probe(&mut self, now: Instant) {
        if self.pads
            && self.begun
            && let Some(probe) = self.estimator.wants_probe(now)
        {
            self.pacer.start_probe(now, probe);
        }
    }

    /// Takes a packet; false when too much of its class waits. What is left out is asked for again, like one that was lost.
    pub(super) fn push(&mut self, now: Instant, class: Class, bytes: usize, item: T) -> bool {
        if class == Class::Repair {
            self.count_repair(now, bytes);
        }
        let taken = self.pacer.push(now, class, bytes, item).is_ok();
        if !self.begun {
            self.begun = true;
            self.probe(now);
        }
        taken
    }

    /// The next packet whose time has come; none for now when it is padding's turn, too.
    pub(super) fn pop(&mut self, now: Instant) -> Option<T> {
        while let Some(departure) = self.pacer.pop(now) {
            match departure {
                Departure::Packet { item, probe } => {
                    self.unreported.get_or_insert(now);
                    if let Some(probe) = probe {
                        self.probes.leaves(now, probe);
                    }
                    return Some(item);
                }
                Departure::Padding { bytes, probe } => {
                    self.probes.leaves(now, probe);
                    self.owe(bytes);
                }
            }
        }
        None
    }

    fn owe(&mut self, bytes: usize) {
        if self.owed.len() < MAX_OWED {
            self.owed.push_back(bytes);
        }
    }

    /// The size of the next padding that is owed.
    pub(super) fn owed(&mut self) -> Option<usize> {
        self.owed.pop_front()
    }

    /// When to pop again.
    pub(super) fn next_departure(&self, now: Instant) -> Option<Instant> {
        self.pacer.next_at(now)
    }

    /// When `on_timeout` has something to do.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let moments = [self.estimator.poll_timeout(), self.next_ask()];
        moments
            .into_iter()
            .flatten()
            .min()
            .filter(|_| !self.is_free)
    }

    /// How long what waits will take to leave.
    pub(super) fn waiting(&self) -> Duration {
        self.pacer.waiting()
    }

    pub(super) fn stats(&self) -> Stats {
        self.estimator.stats()
    }

    /// What the picture may use of the target: repair goes before it.
    pub(super) fn for_the_picture(&mut self, now: Instant) -> BitRate {
        self.count_repair(now, 0);
        self.estimator
            .target()
            .less(self.repair)
            .scaled(PICTURE_SHARE)
    }

    fn count_repair(&mut self, now: Instant, bytes: usize) {
        let (since, counted) = &mut self.repaired;
        *counted = counted.saturating_add(bytes);
        let span = now.saturating_duration_since(*since);
        if span >= REPAIR_SPAN {
            self.repair = BitRate::of(*counted as u64, span).unwrap_or_default();
            self.repaired = (now, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        min: BitRate::from_kbps(100),
        max: BitRate::from_kbps(8_000),
    };
    const START: BitRate = BitRate::from_kbps(500);

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    /// A leg and everything that left it, each with its moment; padding is told by its size.
    struct Bench {
        leg: Leg<&'static str>,
        start: Instant,
        left: Vec<(u64, &'static str)>,
    }

    impl Bench {
        fn new() -> Self {
            let start = Instant::now();
            Self {
                leg: Leg::new(start, LIMITS, START),
                start,
                left: Vec::new(),
            }
        }

        fn run(&mut self, from: u64, to: u64) {
            for at in from..to {
                let now = self.start + ms(at);
                self.leg.on_timeout(now);
                while let Some(item) = self.leg.pop(now) {
                    self.left.push((at, item));
                }
                while self.leg.owed().is_some() {
                    self.left.push((at, "padding"));
                }
            }
        }

        fn count(&self, what: &str) -> usize {
            self.left.iter().filter(|(_, item)| *item == what).count()
        }
    }

    #[test]
    fn the_first_probe_waits_for_the_first_packet_and_for_leave_to_pad() {
        let mut bench = Bench::new();
        bench.leg.may_pad(bench.start);
        bench.run(0, 100);
        assert_eq!(
            bench.count("padding"),
            0,
            "there is nothing to number after"
        );
        bench
            .leg
            .push(bench.start + ms(100), Class::Picture, 500, "picture");
        bench.run(100, 200);
        assert!(bench.count("padding") >= 3, "{:?}", bench.left);
        assert_eq!(bench.left.first(), Some(&(100, "picture")));

        let mut bench = Bench::new();
        bench.leg.push(bench.start, Class::Picture, 500, "picture");
        bench.run(0, 3_000);
        assert_eq!(bench.count("padding"), 0, "the other side may not know it");
    }

    #[test]
    fn a_probe_that_arrives_whole_lifts_the_target() {
        let mut bench = Bench::new();
        bench.leg.may_pad(bench.start);
        bench.leg.push(bench.start, Class::Picture, 500, "picture");
        bench.run(0, 60);
        let sent = bench.left.iter().enumerate().map(|(n, (at, _))| Sent {
            id: n as u64,
            bytes: 500,
            at: bench.start + ms(*at),
            fate: Fate::Arrived(ms(7_000 + at)),
        });
        let sent: Vec<Sent> = sent.collect();
        bench.leg.on_reports(bench.start + ms(80), sent.into_iter());
        assert!(bench.leg.stats().target > START.scaled(2.0));
    }

    #[test]
    fn padding_that_nobody_makes_does_not_pile_up() {
        let mut leg = Leg::new(Instant::now(), LIMITS, START);
        let start = Instant::now();
        leg.may_pad(start);
        leg.push(start, Class::Picture, 500, "picture");
        // A cut of two minutes, in which it is asked each 100 ms whether something passes.
        for at in 0..12_000 {
            let now = start + ms(at * 10);
            leg.on_timeout(now);
            while leg.pop(now).is_some() {}
        }
        assert_eq!(leg.owed.len(), MAX_OWED);
    }

    #[test]
    fn repair_is_taken_from_what_the_picture_may_use() {
        let mut bench = Bench::new();
        let before = bench.leg.for_the_picture(bench.start);
        for at in 0..=100 {
            let now = bench.start + ms(at * 10);
            bench.leg.push(now, Class::Repair, 125, "repair");
            bench.run(at * 10, at * 10 + 10);
        }
        let after = bench.leg.for_the_picture(bench.start + ms(1_010));
        let taken = before.less(after).kbps();
        assert!((80..=110).contains(&taken), "{taken}");
    }
}
