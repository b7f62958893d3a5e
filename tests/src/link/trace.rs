//! How much a path carries a second, over time.
//!
//! A `Rate` is what a link is named with; a `Trace` is that rate written out for one seed, and answers when a packet has
//! left. Time is that of the trace: zero when it began. Caller: `path`.

use super::random::{Purpose, Random};
use std::time::Duration;

/// How much a path carries, as a link's name says it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// Whatever it is given, at once.
    Unlimited,
    /// Always so many bits per second.
    Steady(u64),
    /// From each moment on so many bits per second; zero is a pause. The first one holds from the beginning.
    Steps(&'static [(Duration, u64)]),
    /// Wanders about its mean, as the share of a radio cell does.
    Wanders {
        /// Bits per second, exactly, over each round of the trace.
        mean: u64,
        /// How far it goes from the mean, as a part of it; at most `MOST_SWING` counts.
        swing: f64,
    },
}

/// A scheduler gives a share to a telephone for about so long.
const WANDER_EVERY: Duration = Duration::from_millis(500);
/// After one minute a wandering rate repeats itself, so that its mean is exact in each.
const WANDER_STEPS: u32 = 120;
/// How much of a step stays in the next one.
const WANDER_KEEPS: f64 = 0.8;
/// A rate that wanders never comes near to zero: that is a cut, and said as one.
const MOST_SWING: f64 = 0.45;
/// A packet that takes more steps than this never leaves.
const MOST_STEPS: usize = 1_000;

/// A rate over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// From when on, and bits per second; in order. Empty: no limit.
    steps: Vec<(Duration, u64)>,
    /// After which it begins again.
    round: Option<Duration>,
}

impl Trace {
    /// Writes a rate out for one seed.
    #[must_use]
    pub fn of(rate: Rate, seed: u64) -> Self {
        let (steps, round) = match rate {
            Rate::Unlimited => (Vec::new(), None),
            Rate::Steady(bits) => (vec![(Duration::ZERO, bits)], None),
            Rate::Steps(steps) => (steps.to_vec(), None),
            Rate::Wanders { mean, swing } => (
                wander(mean, swing.min(MOST_SWING), seed),
                Some(WANDER_EVERY * WANDER_STEPS),
            ),
        };
        Self { steps, round }
    }

    /// Bits per second at a moment; none without a limit.
    #[must_use]
    pub fn bits_per_s(&self, at: Duration) -> Option<u64> {
        self.step(at).map(|(bits, _)| bits)
    }

    /// When a packet of so many bits has left that begins to leave at `begins`; none if it never does.
    #[must_use]
    pub fn leaves(&self, begins: Duration, bits: u64) -> Option<Duration> {
        let (mut at, mut left) = (begins, bits as f64);
        for _ in 0..MOST_STEPS {
            let Some((rate, until)) = self.step(at) else {
                return Some(at);
            };
            let done = (rate > 0).then(|| at + Duration::from_secs_f64(left / rate as f64));
            match (done, until) {
                (Some(done), None) => return Some(done),
                (Some(done), Some(until)) if done <= until => return Some(done),
                (_, Some(until)) => {
                    left -= rate as f64 * (until - at).as_secs_f64();
                    at = until;
                }
                (None, None) => return None,
            }
        }
        None
    }

    /// The rate at a moment and until when it holds, if it ever ends; none without a limit.
    fn step(&self, at: Duration) -> Option<(u64, Option<Duration>)> {
        let (rounds, within) = match self.round {
            Some(round) => {
                let past = at.as_nanos() / round.as_nanos().max(1);
                let past = round * u32::try_from(past).unwrap_or(u32::MAX);
                (past, at.saturating_sub(past))
            }
            None => (Duration::ZERO, at),
        };
        let next = self.steps.partition_point(|(from, _)| *from <= within);
        let (_, bits) = self.steps.get(next.saturating_sub(1))?;
        let ends = self.steps.get(next).map(|(from, _)| *from).or(self.round);
        Some((*bits, ends.map(|ends| rounds + ends)))
    }
}

/// A first-order random walk about the mean, shifted so that the mean is exact.
fn wander(mean: u64, swing: f64, seed: u64) -> Vec<(Duration, u64)> {
    let mut random = Random::new(seed, Purpose::Rate);
    let mut place = 0.0_f64;
    let walk: Vec<f64> = (0..WANDER_STEPS)
        .map(|_| {
            let push = (random.unit() * 2.0 - 1.0) * (1.0 - WANDER_KEEPS) * 2.0;
            place = (place * WANDER_KEEPS + push).clamp(-1.0, 1.0);
            place
        })
        .collect();
    let middle = walk.iter().sum::<f64>() / f64::from(WANDER_STEPS);
    (0..WANDER_STEPS)
        .zip(walk)
        .map(|(n, place)| {
            let bits = mean as f64 * (1.0 + swing * (place - middle));
            (WANDER_EVERY * n, bits.round() as u64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::{ms, secs};

    #[test]
    fn a_rate_changes_at_its_time_even_within_a_packet() {
        const STEPS: Rate = Rate::Steps(&[(ms(0), 8_000), (secs(1), 1_000)]);
        let trace = Trace::of(STEPS, 1);
        assert_eq!(trace.leaves(ms(0), 4_000), Some(ms(500)));
        // 4,000 bits in the half second that is left, then 1,000 at an eighth of the rate.
        assert_eq!(trace.leaves(ms(500), 5_000), Some(secs(2)));
        assert_eq!(trace.bits_per_s(ms(999)), Some(8_000));
        assert_eq!(trace.bits_per_s(secs(1)), Some(1_000));
    }

    #[test]
    fn a_pause_is_waited_for_and_an_end_is_not() {
        const PAUSE: Rate = Rate::Steps(&[(ms(0), 0), (secs(2), 1_000)]);
        let trace = Trace::of(PAUSE, 1);
        assert_eq!(trace.leaves(secs(1), 1_000), Some(secs(3)));
        assert_eq!(Trace::of(Rate::Steady(0), 1).leaves(secs(1), 1), None);
    }

    #[test]
    fn without_a_limit_a_packet_has_left_at_once() {
        let trace = Trace::of(Rate::Unlimited, 1);
        assert_eq!(trace.leaves(secs(7), u64::MAX), Some(secs(7)));
    }

    #[test]
    fn a_wandering_rate_keeps_its_mean_and_repeats_itself() {
        let rate = Rate::Wanders {
            mean: 1_000_000,
            swing: 0.3,
        };
        let trace = Trace::of(rate, 7);
        let at = |n: u32| trace.bits_per_s(WANDER_EVERY * n).unwrap();
        let mean = (0..WANDER_STEPS).map(at).sum::<u64>() / u64::from(WANDER_STEPS);
        assert!(mean.abs_diff(1_000_000) <= 1, "{mean}");
        assert!((0..WANDER_STEPS).any(|n| at(n) < 900_000));
        assert!((0..WANDER_STEPS).all(|n| (400_000..1_600_000).contains(&at(n))));
        assert_eq!(at(3), at(WANDER_STEPS + 3));
        assert_eq!(trace, Trace::of(rate, 7));
        assert_ne!(trace, Trace::of(rate, 8));
    }
}
