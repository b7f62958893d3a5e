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
use crate::report::Report;
use crate::signals::{Phase, Signals, Step};
use crate::silence::Silence;
use crate::trend::{Trend, Usage};
use crate::units::{BitRate, Micros};
use std::time::{Duration, Instant};

/// Window of the acknowledged rate: 15 frames at 30 frames/s.
const ACKED_WINDOW: Micros = Micros::from_millis(500);
/// Window while the queue drains: what counts is what the link does now.
const ACKED_OF_LATE: Micros = Micros::from_millis(200);
/// Believed before anything is known.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(100);
const FIRST_INTERVAL: Duration = Duration::from_millis(100);
/// Weight of a new round trip.
const ROUND_TRIP_WEIGHT: f64 = 0.2;
/// The least round trip creeps up by this share a report, so that a longer way is learned in a minute.
const LEAST_CREEP: f64 = 0.001;
/// Silence halves the rate down to this: little enough for a cell's edge, enough for a report each 100 ms.
const SILENT_FLOOR: BitRate = BitRate::from_kbps(150);
/// A probe is not sent into a queue longer than this, in milliseconds.
const PROBE_QUEUE_MS: f64 = 15.0;
/// Nor while so much is lost.
const PROBE_LOSS: f64 = 0.25;
/// A result above the rate by less than this is not worth a change.
const WORTHWHILE: f64 = 1.03;

/// Between what the target stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Not below.
    pub min: BitRate,
    /// Not above, and probes look no further. Some times what the encoder can use: then the pacer sees that the link is
    /// wide and lets frames leave at once.
    pub max: BitRate,
}

/// What the estimator says about itself. Never load-bearing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stats {
    /// The target.
    pub target: BitRate,
    /// What the rate is doing.
    pub phase: Phase,
    /// What the line through the delay says.
    pub usage: Usage,
    /// The bound that loss set, while it holds.
    pub loss_based: Option<BitRate>,
    /// What every packet waited of late.
    pub queueing_delay: Duration,
    /// Share of packets lost of late.
    pub loss_share: f64,
    /// From sending to hearing of it, smoothed.
    pub round_trip: Option<Duration>,
    /// What went through in the last half second.
    pub acknowledged: Option<BitRate>,
    /// What the link carried when it was last full.
    pub capacity: Option<BitRate>,
    /// Nothing was heard for too long.
    pub silent: bool,
    /// Probes asked for so far.
    pub probes: u64,
}

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
    /// Smoothed and least round trip in seconds.
    round_trip: Option<f64>,
    least_round_trip: Option<f64>,
    /// The rate before silence.
    before_silence: Option<BitRate>,
    loss_based: Option<BitRate>,
    /// The latest moment seen: time never goes back here.
    latest: Option<Instant>,
}

impl Estimator {
    /// Starts at `start`. Limits in the wrong order are swapped.
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
            round_trip: None,
            least_round_trip: None,
            before_silence: None,
            loss_based: None,
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
        self.note_round_trip(&batch);
        let patience = self.silence.patience();
        if self
            .silence
            .heard(now, interval, self.smoothed_round_trip())
        {
            self.come_back(now, &batch, patience);
        }
        self.take_arrivals(now, &batch);
        self.decide(now, &batch);
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
            && self.loss.share() < PROBE_LOSS;
        let round_trip = self.smoothed_round_trip();
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
            round_trip: self.round_trip.map(Duration::from_secs_f64),
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

    fn smoothed_round_trip(&self) -> Duration {
        self.round_trip
            .map_or(FIRST_ROUND_TRIP, Duration::from_secs_f64)
    }

    fn note_round_trip(&mut self, batch: &Batch) {
        let Some(seconds) = batch.round_trip.map(|it| it.as_secs_f64().min(60.0)) else {
            return;
        };
        let smoothed = self.round_trip.get_or_insert(seconds);
        *smoothed += ROUND_TRIP_WEIGHT * (seconds - *smoothed);
        let least = self
            .least_round_trip
            .map_or(seconds, |it| it * (1.0 + LEAST_CREEP));
        self.least_round_trip = Some(least.min(seconds));
    }

    fn take_arrivals(&mut self, now: Instant, batch: &Batch) {
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
        let room = batch
            .round_trip
            .zip(self.least_round_trip)
            .map(|(this, least)| {
                Micros::from_duration(this.saturating_sub(Duration::from_secs_f64(least)))
            });
        self.queue.note(room);
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
        let verdict = self.loss.judge(now, self.control.ours_ms(standing_ms));
        let signals = Signals {
            usage: self.trend.usage(),
            standing_ms,
            least_of_late_ms: self.queue.least_of_late_ms(),
            change_ms: self.queue.change_ms(),
            acked: self.acked.over(ACKED_WINDOW),
            acked_of_late: self.acked.over(ACKED_OF_LATE),
            loss: verdict,
            round_trip: self.smoothed_round_trip(),
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
