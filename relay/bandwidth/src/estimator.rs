//! The estimator: reports in, a target out.
//!
//! Owns the order in which the parts see a report, and what follows from a probe and from silence; each part decides for
//! itself. Called by the adapters of both legs. The target lies within the limits whatever is reported.

use crate::acked::Acked;
use crate::batch::{Batch, Reader};
use crate::cluster::{Cluster, Found};
use crate::control::Control;
use crate::groups::Groups;
use crate::loss::{Loss, Verdict};
use crate::probe::{Probe, Prober};
use crate::queue::Queue;
use crate::report::{Arrival, Report};
use crate::round_trip::RoundTrip;
use crate::signals::{Phase, Signals, Step};
use crate::silence::Silence;
use crate::stats::{Limits, Stats};
use crate::trend::{Trend, Usage};
use crate::units::{BitRate, Micros};
use std::time::{Duration, Instant};

/// Window of the acknowledged rate: 15 frames at 30 frames/s.
const ACKED_WINDOW: Micros = Micros::from_millis(500);
/// Window while the queue drains: what counts is what the link does now.
const ACKED_OF_LATE: Micros = Micros::from_millis(200);
/// Believed before anything is known.
const FIRST_INTERVAL: Duration = Duration::from_millis(100);
/// Silence halves the rate down to this: little enough for a cell's edge, enough for a report each 100 ms.
const SILENT_FLOOR: BitRate = BitRate::from_kbps(150);
/// A probe is not sent into a queue longer than this, in milliseconds.
const PROBE_QUEUE_MS: f64 = 15.0;
/// Nor while so much is lost.
const PROBE_LOSS: f64 = 0.35;
/// A full packet: less than it no queue can be on a link that is in use.
const FULL_PACKET: usize = 1200;
/// A result above the rate by less than this is not worth a change.
const WORTHWHILE: f64 = 1.03;

/// The estimator of one leg.
#[derive(Debug)]
pub struct Estimator {
    limits: Limits,
    reader: Reader,
    groups: Groups,
    trend: Trend,
    queue: Queue,
    acked: Acked,
    loss: Loss,
    control: Control,
    prober: Prober,
    cluster: Cluster,
    silence: Silence,
    round_trip: RoundTrip,
    /// The rate before silence.
    before_silence: Option<BitRate>,
    loss_based: Option<BitRate>,
    /// Bytes that went the same way and are in no report, since the last one.
    beside: u64,
    /// The latest moment seen: time never goes back here.
    latest: Option<Instant>,
}

impl Estimator {
    /// Starts at `start`. Limits in the wrong order are swapped. A low start costs three round trips, because probes lift
    /// it; a high one on a weak link stands in the queue for seconds, the first keyframe on top: 300 to 500 kbit/s are good.
    #[must_use]
    pub fn new(limits: Limits, start: BitRate) -> Self {
        let limits = Limits {
            min: limits.min.min(limits.max),
            max: limits.max.max(limits.min),
        };
        let start = start.clamp(limits.min, limits.max);
        Self {
            limits,
            reader: Reader::default(),
            groups: Groups::default(),
            trend: Trend::default(),
            queue: Queue::default(),
            acked: Acked::default(),
            loss: Loss::default(),
            control: Control::new(limits.min, limits.max, start),
            prober: Prober::new(start),
            cluster: Cluster::default(),
            silence: Silence::default(),
            round_trip: RoundTrip::default(),
            before_silence: None,
            loss_based: None,
            beside: 0,
            latest: None,
        }
    }

    /// How fast everything together may be sent.
    #[must_use]
    pub fn target(&self) -> BitRate {
        self.control.rate()
    }

    /// Takes what one feedback said, in the order of sending. An empty slice is no news.
    pub fn on_reports(&mut self, now: Instant, reports: &[Report]) {
        let now = self.advance(now);
        let batch = self.reader.read(now, reports);
        if batch.received == 0 {
            self.loss.take(now, batch.lost, 0);
            return;
        }
        if batch.clock_jumped {
            self.forget_clock();
        }
        let interval = self.reader.interval().unwrap_or(FIRST_INTERVAL);
        let room = batch.round_trip.map(|it| self.round_trip.take(it));
        let patience = self.silence.patience();
        if self
            .silence
            .heard(now, interval, self.round_trip.smoothed())
        {
            self.come_back(now, &batch, patience);
        }
        self.take_arrivals(now, &batch, room);
        self.decide(now, &batch);
    }

    /// So many bytes went the same way without being numbered: data channels. They take their part of the link, so they count
    /// among what went through; else a queue that they made would be laid to the picture alone, and cost it nearly everything.
    pub fn carried_beside(&mut self, bytes: u64) {
        self.beside = self.beside.saturating_add(bytes);
    }

    /// To be called at `poll_timeout`.
    pub fn on_timeout(&mut self, now: Instant) {
        let now = self.advance(now);
        for _ in 0..self.silence.due(now).min(64) {
            let before = *self.before_silence.get_or_insert(self.control.rate());
            let floor = SILENT_FLOOR.min(before);
            self.control.set(self.control.rate().scaled(0.5).max(floor));
        }
    }

    /// When the estimator wants to be woken: `on_timeout`, then `wants_probe`. Always later than the last moment seen.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let later = |at: &Instant| self.latest.is_none_or(|latest| *at > latest);
        let moments = [self.silence.next(), self.prober.next()];
        moments.into_iter().flatten().filter(later).min()
    }

    /// A probe that should be sent now. Asked after each `on_reports` and `on_timeout`; whoever asks sends it.
    pub fn wants_probe(&mut self, now: Instant) -> Option<Probe> {
        let now = self.advance(now);
        let calm = self.control.phase() == Phase::Growing
            && !self.silence.is_silent()
            && self.trend.usage() != Usage::Over
            && self.control.ours_ms(self.queue.standing_ms()) < PROBE_QUEUE_MS
            && !self.loss.is_above(PROBE_LOSS);
        let round_trip = self.round_trip.smoothed();
        let probe =
            self.prober
                .wants(now, self.control.rate(), self.limits.max, round_trip, calm)?;
        self.cluster = Cluster::default();
        Some(probe)
    }

    /// Figures for people and tests.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            target: self.target(),
            phase: self.control.phase(),
            usage: self.trend.usage(),
            loss_based: self.loss_based,
            queueing_delay: Duration::from_secs_f64(self.queue.standing_ms().max(0.0) / 1000.0),
            loss_share: self.loss.share(),
            round_trip: self.round_trip.known(),
            acknowledged: self.acked.over(ACKED_WINDOW),
            capacity: self.control.capacity.get(),
            silent: self.silence.is_silent(),
            probes: self.prober.asked(),
        }
    }

    fn advance(&mut self, now: Instant) -> Instant {
        let now = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(now);
        now
    }

    fn take_arrivals(&mut self, now: Instant, batch: &Batch, room: Option<Duration>) {
        if batch.unknown > 0
            && let Some(first) = batch.arrivals.first()
        {
            self.acked.cut_hole(first.arrived);
        }
        for arrival in &batch.arrivals {
            self.queue.take(arrival);
            self.acked.take(arrival);
            // A probe makes a queue of its own that says nothing about the rate.
            if arrival.probe.is_none()
                && let Some(variation) = self.groups.take(*arrival)
            {
                self.trend.take(variation);
            }
        }
        if let Some(newest) = batch.arrivals.last() {
            let beside = std::mem::take(&mut self.beside);
            self.acked.take(&Arrival {
                bytes: beside,
                ..*newest
            });
        }
        self.queue.note(room.map(Micros::from_duration));
        self.loss.take(now, batch.lost, batch.received);
        self.take_cluster(now, batch);
    }

    fn take_cluster(&mut self, now: Instant, batch: &Batch) {
        let Some(probe) = self.prober.outstanding() else {
            return;
        };
        let mut ended = false;
        for arrival in &batch.arrivals {
            if arrival.probe == Some(probe.id) {
                self.cluster.take(*arrival);
            } else if !self.cluster.is_empty() {
                ended = true;
            }
        }
        for (_, bytes) in batch
            .lost_of_probes
            .iter()
            .filter(|(id, _)| *id == probe.id)
        {
            self.cluster.take_lost(*bytes);
        }
        if ended || self.cluster.is_whole(&probe) {
            let found = self.cluster.found(&probe, self.loss.own_share());
            self.use_result(now, found);
        }
    }

    fn use_result(&mut self, now: Instant, found: Found) {
        let rate = self.control.rate();
        // While a queue drains no rate is lifted: the cluster stood in that queue.
        let calm = self.control.phase() != Phase::Draining;
        match found {
            Found::AtLeast(more) if calm => {
                self.control.capacity.seen(now, more);
                self.control.set(rate.max(more));
                self.prober.went_through(now);
            }
            Found::Full(more) if calm && more > rate.scaled(WORTHWHILE) => {
                self.control.capacity.seen(now, more);
                self.control.set(more);
                self.prober.found_more(now);
            }
            Found::AtLeast(_) | Found::Full(_) | Found::Nothing => self.prober.found_nothing(now),
        }
    }

    fn decide(&mut self, now: Instant, batch: &Batch) {
        let standing_ms = self.queue.standing_ms();
        let packet_ms = self.control.rate().time_for(FULL_PACKET).as_secs_f64() * 1000.0;
        let queue_ms = self.control.ours_ms(standing_ms) - packet_ms;
        let verdict = self.loss.judge(now, queue_ms);
        let signals = Signals {
            usage: self.trend.usage(),
            standing_ms,
            least_of_late_ms: self.queue.least_of_late_ms(),
            change_ms: self.queue.change_ms(),
            acked: self.acked.over(ACKED_WINDOW),
            acked_of_late: self.acked.over(ACKED_OF_LATE),
            loss: verdict,
            round_trip: self.round_trip.smoothed(),
            newest_sent: batch.newest_sent.unwrap_or(now),
        };
        match self.control.step(now, &signals) {
            Step::Same => {}
            Step::Congested => self.prober.congested(now),
            Step::Drained => {
                self.trend.restart();
                self.prober.congested(now);
            }
            Step::CutForLoss => {
                self.loss.note_cut(now);
                self.prober.congested(now);
                self.loss_based = Some(self.control.rate());
            }
        }
        if verdict == Verdict::Fine && self.loss_based.is_some_and(|it| it < self.control.rate()) {
            self.loss_based = None;
        }
    }

    /// Feedback is back after a silence.
    fn come_back(&mut self, now: Instant, batch: &Batch, patience: Duration) {
        let before = self.before_silence.take().unwrap_or(self.control.rate());
        self.trend.restart();
        self.groups = Groups::default();
        self.queue.forget_recent();
        self.acked.forget();
        self.loss.forget();
        let all_recent = batch
            .oldest_sent
            .is_some_and(|sent| now.saturating_duration_since(sent) < patience);
        if batch.lost + batch.unknown == 0 && all_recent {
            // Nobody had sent anything.
            self.control.set(before);
        } else {
            self.control.restart(self.control.rate());
            self.prober.came_back(now, before);
        }
    }

    /// The receiver's clock jumped: no difference across the jump means anything.
    fn forget_clock(&mut self) {
        self.trend.restart();
        self.groups = Groups::default();
        self.queue = Queue::default();
        self.acked.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Fate;

    const LIMITS: Limits = Limits {
        min: BitRate::from_kbps(100),
        max: BitRate::from_kbps(8000),
    };
    const REPORT: Duration = Duration::from_millis(50);

    /// Five packets of 1200 bytes each 50 ms through a quiet link, 30 ms away; gives the time and the next id.
    fn quiet(estimator: &mut Estimator, start: Instant, from: u64, rounds: u32) -> (Instant, u64) {
        let (mut now, mut id) = (start, from);
        for _ in 0..rounds {
            now += REPORT;
            let reports: Vec<Report> = (0..5)
                .map(|n| {
                    let sent_at = now - Duration::from_millis(60 - n * 10);
                    let clock = sent_at.saturating_duration_since(start) + Duration::from_secs(9);
                    id += 1;
                    Report {
                        id,
                        bytes: 1200,
                        sent_at,
                        fate: Fate::Arrived(clock),
                        probe: None,
                    }
                })
                .collect();
            estimator.on_reports(now, &reports);
        }
        (now, id)
    }

    /// Wakes the estimator whenever it wants until `end`.
    fn wake(estimator: &mut Estimator, end: Instant) {
        while let Some(at) = estimator.poll_timeout().filter(|at| *at < end) {
            estimator.on_timeout(at);
        }
    }

    /// Adapters keep it inside interceptor chains, which move between threads.
    #[test]
    fn an_estimator_may_be_moved_and_shared() {
        fn may<T: Send + Sync>() {}
        may::<Estimator>();
        may::<crate::Pacer<Vec<u8>>>();
        may::<crate::Ladder>();
    }

    #[test]
    fn silence_halves_the_target_down_to_a_floor() {
        let mut estimator = Estimator::new(LIMITS, BitRate::from_kbps(1000));
        let (now, _) = quiet(&mut estimator, Instant::now(), 0, 20);
        let before = estimator.target();
        wake(&mut estimator, now + Duration::from_millis(800));
        assert_eq!(estimator.target(), before.scaled(0.5));
        assert!(estimator.stats().silent);
        wake(&mut estimator, now + Duration::from_secs(60));
        assert_eq!(estimator.target(), SILENT_FLOOR);
    }

    #[test]
    fn a_sender_that_had_nothing_to_send_keeps_its_target() {
        let mut estimator = Estimator::new(LIMITS, BitRate::from_kbps(1000));
        let (now, id) = quiet(&mut estimator, Instant::now(), 0, 20);
        let before = estimator.target();
        let later = now + Duration::from_secs(5);
        wake(&mut estimator, later);
        quiet(&mut estimator, later, id, 1);
        assert_eq!(estimator.target(), before);
    }

    #[test]
    fn after_a_cut_a_probe_asks_for_what_went_before() {
        let mut estimator = Estimator::new(LIMITS, BitRate::from_kbps(1000));
        let (now, id) = quiet(&mut estimator, Instant::now(), 0, 20);
        let before = estimator.target();
        let later = now + Duration::from_secs(5);
        wake(&mut estimator, later);
        let lost = Report {
            id: id + 1,
            bytes: 1200,
            sent_at: now,
            fate: Fate::Lost,
            probe: None,
        };
        let back = Report {
            id: id + 2,
            sent_at: later,
            fate: Fate::Arrived(Duration::from_secs(15)),
            ..lost
        };
        let heard = later + REPORT;
        estimator.on_reports(heard, &[lost, back]);
        assert!(estimator.target() < before);
        assert_eq!(
            estimator.wants_probe(heard).map(|probe| probe.rate),
            Some(before)
        );
    }
}
