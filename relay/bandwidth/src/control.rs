//! The rate: grows while the link is not full, falls below what goes through when it is, and lets the queue drain.
//!
//! Additive near the last known capacity, multiplicative far from it (draft-ietf-rmcat-gcc-02 §5.5). A full link is
//! answered by a share of the acknowledged rate that gets smaller the longer the queue, until the queue is gone; only
//! then the rate returns to just below the capacity measured meanwhile. A queue that does not shrink although we send
//! less than goes through is somebody else's, or the way got longer: it is tolerated after a while.
//! Is told signals by the estimator; knows no packets and no probes.

use crate::capacity::Capacity;
use crate::drain::{Drain, EMPTY_MS, ENCODER_LAG, Progress, REMAINS};
use crate::loss::Verdict;
use crate::signals::{Phase, Signals, Step};
use crate::trend::Usage;
use crate::units::BitRate;
use std::time::{Duration, Instant};

/// A standing queue this long is congestion by itself, in milliseconds.
const FULL_MS: f64 = 40.0;
/// ... and this long when it grows, or did not shrink below for a second.
const FULL_AND_GROWING_MS: f64 = 14.0;
/// How long somebody else's queue is tolerated before we look again.
const TOLERATED_FOR: Duration = Duration::from_secs(20);
/// A download fills a queue and empties it in turns of a few seconds: what is tolerated follows down as slowly.
const FOREIGN_FADES_IN: Duration = Duration::from_secs(4);
/// Growth a second far from the known capacity (draft: 1.08).
const FAR_GROWTH: f64 = 0.10;
/// Growth a second near it, as a share of it: from 0.85 back to full in 10 s.
const NEAR_GROWTH: f64 = 0.015;
/// ... or a packet in each round trip, if that is more.
const PACKET_BITS: f64 = 1200.0 * 8.0;
/// Longest step of time for growth: a pause in reports is no reason to leap.
const LONGEST_STEP: Duration = Duration::from_millis(200);
/// The rate does not grow beyond this multiple of what went through, and a little (draft: 1.5, 10 kbit/s).
const UNPROVEN: f64 = 1.5;
const UNPROVEN_EXTRA: BitRate = BitRate::from_kbps(50);

#[derive(Debug, Clone, Copy)]
enum State {
    Growing,
    Draining(Drain),
    /// Until a packet sent after this moment is reported.
    Holding {
        until_sent: Instant,
    },
}

/// The rate and how it moves.
#[derive(Debug)]
pub(crate) struct Control {
    rate: BitRate,
    least: BitRate,
    most: BitRate,
    state: State,
    pub(crate) capacity: Capacity,
    /// A queue that is not ours, in milliseconds, and since when it is tolerated.
    foreign: Option<(f64, Instant)>,
    stepped: Option<Instant>,
}

impl Control {
    pub(crate) fn new(least: BitRate, most: BitRate, start: BitRate) -> Self {
        Self {
            rate: start,
            least,
            most,
            state: State::Growing,
            capacity: Capacity::default(),
            foreign: None,
            stepped: None,
        }
    }

    pub(crate) fn rate(&self) -> BitRate {
        self.rate
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.state {
            State::Growing => Phase::Growing,
            State::Draining(_) => Phase::Draining,
            State::Holding { .. } => Phase::Holding,
        }
    }

    /// The part of a standing queue that is ours.
    pub(crate) fn ours_ms(&self, standing_ms: f64) -> f64 {
        (standing_ms - self.foreign.map_or(0.0, |(ms, _)| ms)).max(0.0)
    }

    /// Sets the rate, within the limits, whatever the phase: after a probe or a pause.
    pub(crate) fn set(&mut self, rate: BitRate) {
        self.rate = rate.clamp(self.least, self.most);
    }

    /// Begins anew with this rate.
    pub(crate) fn restart(&mut self, rate: BitRate) {
        self.set(rate);
        self.state = State::Growing;
        self.foreign = None;
    }

    /// One report.
    pub(crate) fn step(&mut self, now: Instant, signals: &Signals) -> Step {
        let passed = self
            .stepped
            .replace(now)
            .map_or(Duration::ZERO, |at| now.saturating_duration_since(at))
            .min(LONGEST_STEP);
        self.review_foreign(now, signals, passed);
        match self.state {
            State::Draining(drain) => self.drain(now, signals, drain),
            _ if self.is_full(signals) => self.congested(now, signals),
            State::Holding { until_sent } => {
                if signals.newest_sent >= until_sent {
                    self.state = State::Growing;
                }
                Step::Same
            }
            State::Growing if signals.loss == Verdict::Cut => self.cut_for_loss(now, signals),
            State::Growing => {
                self.grow(now, signals, passed);
                Step::Same
            }
        }
    }

    fn is_full(&self, signals: &Signals) -> bool {
        let ours = self.ours_ms(signals.standing_ms);
        let growing = signals.usage == Usage::Over && ours > FULL_AND_GROWING_MS;
        let lasting = self.ours_ms(signals.least_of_late_ms) > FULL_AND_GROWING_MS;
        ours > FULL_MS || lasting || growing || signals.loss == Verdict::CutWithQueue
    }

    fn congested(&mut self, now: Instant, signals: &Signals) -> Step {
        let drain = Drain::begin(now, self.rate, signals);
        self.set(self.rate.min(drain.rate(self.ours_ms(signals.standing_ms))));
        self.state = State::Draining(drain);
        Step::Congested
    }

    fn drain(&mut self, now: Instant, signals: &Signals, mut drain: Drain) -> Step {
        match drain.step(now, self.ours_ms(signals.standing_ms), signals) {
            Progress::Draining(rate) => {
                self.set(rate);
                self.state = State::Draining(drain);
                return Step::Same;
            }
            Progress::GoneByItself(before) => {
                self.set(before);
                self.state = State::Growing;
            }
            Progress::Gone(capacity) => self.leave_drain(now, capacity),
            Progress::NotOurs(capacity) => {
                self.foreign = Some((signals.least_of_late_ms, now));
                self.leave_drain(now, capacity);
            }
        }
        Step::Drained
    }

    fn leave_drain(&mut self, now: Instant, capacity: BitRate) {
        self.capacity.full_at(now, capacity);
        self.set(capacity.scaled(REMAINS));
        self.hold(now);
    }

    fn hold(&mut self, now: Instant) {
        self.state = State::Holding {
            until_sent: now + ENCODER_LAG,
        };
    }

    fn cut_for_loss(&mut self, now: Instant, signals: &Signals) -> Step {
        let through = signals.acked.unwrap_or(self.rate);
        self.set(self.rate.min(through));
        self.hold(now);
        Step::CutForLoss
    }

    fn grow(&mut self, now: Instant, signals: &Signals, passed: Duration) {
        self.capacity.seen(now, self.rate);
        let calm = signals.usage == Usage::Normal
            && self.ours_ms(signals.standing_ms) < EMPTY_MS
            && signals.loss == Verdict::Fine;
        let Some(acked) = signals.acked.filter(|_| calm) else {
            return;
        };
        let ceiling = acked.scaled(UNPROVEN).plus(UNPROVEN_EXTRA);
        if self.rate >= ceiling {
            return;
        }
        let seconds = passed.as_secs_f64();
        let more = if self.capacity.is_near(self.rate) {
            let each = (signals.round_trip + ENCODER_LAG).as_secs_f64();
            BitRate::from_bps((PACKET_BITS / each * seconds) as u64)
                .max(self.rate.scaled(NEAR_GROWTH * seconds))
        } else {
            self.rate.scaled(FAR_GROWTH * seconds)
        };
        self.set(self.rate.plus(more).min(ceiling));
    }

    fn review_foreign(&mut self, now: Instant, signals: &Signals, passed: Duration) {
        let part = (passed.as_secs_f64() / FOREIGN_FADES_IN.as_secs_f64()).min(1.0);
        self.foreign = self.foreign.and_then(|(ms, since)| {
            let old = now.saturating_duration_since(since) > TOLERATED_FOR;
            let lower = (ms - signals.least_of_late_ms).max(0.0);
            (!old).then_some((ms - lower * part, since))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: Duration = Duration::from_millis(100);

    fn kbps(kbps: u64) -> BitRate {
        BitRate::from_kbps(kbps)
    }

    /// A quiet link through which 1 Mbit/s goes.
    fn quiet(now: Instant) -> Signals {
        Signals {
            usage: Usage::Normal,
            standing_ms: 1.0,
            least_of_late_ms: 1.0,
            change_ms: 0.0,
            acked: Some(kbps(1000)),
            acked_of_late: Some(kbps(1000)),
            loss: Verdict::Fine,
            round_trip: Duration::from_millis(50),
            newest_sent: now,
        }
    }

    fn control(start: u64) -> Control {
        Control::new(kbps(100), kbps(8000), kbps(start))
    }

    /// Steps for `seconds` with what `signals` makes of the quiet link.
    fn run(control: &mut Control, now: &mut Instant, seconds: f64, signals: impl Fn(&mut Signals)) {
        for _ in 0..(seconds * 10.0) as u32 {
            *now += REPORT;
            let mut these = quiet(*now);
            signals(&mut these);
            control.step(*now, &these);
        }
    }

    #[test]
    fn a_full_link_is_answered_below_what_goes_through_and_the_longer_the_queue_the_lower() {
        for (queue_ms, share) in [(45.0, 0.85), (350.0, 0.5), (2000.0, 0.3)] {
            let (mut control, now) = (control(3000), Instant::now());
            let step = control.step(
                now,
                &Signals {
                    standing_ms: queue_ms,
                    ..quiet(now)
                },
            );
            assert_eq!(step, Step::Congested);
            assert_eq!(control.rate(), kbps(1000).scaled(share), "{queue_ms}");
        }
    }

    #[test]
    fn when_the_queue_is_gone_the_rate_is_just_below_the_capacity() {
        let (mut control, mut now) = (control(3000), Instant::now());
        run(&mut control, &mut now, 0.5, |it| {
            (it.standing_ms, it.change_ms) = (200.0, -20.0);
            it.acked_of_late = Some(kbps(900));
        });
        assert_eq!(control.phase(), Phase::Draining);
        run(&mut control, &mut now, 0.1, |_| {});
        assert_eq!(control.rate(), kbps(765));
        assert_eq!(control.capacity.get(), Some(kbps(900)));
    }

    #[test]
    fn a_link_that_stalled_for_a_moment_keeps_its_rate() {
        let (mut control, now) = (control(3000), Instant::now());
        control.step(
            now,
            &Signals {
                standing_ms: 120.0,
                ..quiet(now)
            },
        );
        assert!(control.rate() < kbps(1000));
        let gone = Signals {
            newest_sent: now + Duration::from_millis(20),
            ..quiet(now)
        };
        assert_eq!(control.step(now + REPORT, &gone), Step::Drained);
        assert_eq!(control.rate(), kbps(3000));
    }

    #[test]
    fn a_queue_that_stays_although_we_send_less_is_not_ours() {
        let (mut control, mut now) = (control(1000), Instant::now());
        let detour = |it: &mut Signals| {
            (it.standing_ms, it.least_of_late_ms) = (60.0, 60.0);
        };
        run(&mut control, &mut now, 1.5, detour);
        assert_ne!(control.phase(), Phase::Draining);
        run(&mut control, &mut now, 5.0, detour);
        assert!(control.rate() > kbps(850), "{}", control.rate());
        assert_eq!(control.ours_ms(60.0), 0.0);
        run(&mut control, &mut now, 8.0, |_| {});
        assert!(control.ours_ms(60.0) > 50.0, "forgotten when it is gone");
    }

    #[test]
    fn the_rate_does_not_climb_beyond_what_was_proved() {
        let (mut control, mut now) = (control(800), Instant::now());
        run(&mut control, &mut now, 60.0, |_| {});
        assert_eq!(control.rate(), kbps(1550));
        control.set(kbps(4000));
        run(&mut control, &mut now, 5.0, |_| {});
        assert_eq!(control.rate(), kbps(4000), "and what a probe proved stays");
    }

    #[test]
    fn growth_is_slow_near_the_known_capacity_and_waits_for_a_queue() {
        let (mut near, mut now) = (control(900), Instant::now());
        near.capacity.full_at(now, kbps(1000));
        run(&mut near, &mut now, 2.0, |_| {});
        let mut far = control(900);
        run(&mut far, &mut now, 2.0, |_| {});
        assert!(near.rate() < far.rate(), "{} {}", near.rate(), far.rate());
        let mut waiting = control(900);
        run(&mut waiting, &mut now, 2.0, |it| it.standing_ms = 12.0);
        assert_eq!(waiting.rate(), kbps(900));
    }

    #[test]
    fn loss_alone_lowers_the_rate_to_what_goes_through() {
        let (mut control, now) = (control(3000), Instant::now());
        let step = control.step(
            now,
            &Signals {
                loss: Verdict::Cut,
                ..quiet(now)
            },
        );
        assert_eq!((step, control.rate()), (Step::CutForLoss, kbps(1000)));
    }
}
