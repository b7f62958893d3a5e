//! The relay's clock: wall time in microseconds that never runs backwards by itself.
//!
//! Owns the only place where the relay reads a clock for times that leave it. It follows the monotonic clock from its
//! start, so that image age and limits do not jump, and takes up the wall clock anew only when the two part by more than
//! `MAX_DRIFT` (somebody set the clock, the machine slept). Order in a log is by sequence, never by this clock.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wire::RelayTime;

/// NTP slews both clocks alike; a difference of this size is a step, not drift.
const MAX_DRIFT: Duration = Duration::from_secs(2);

/// Where the monotonic and the wall clock were seen together.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    steady: Instant,
    wall_us: u64,
}

/// The relay's clock.
#[derive(Debug)]
pub struct Clock {
    anchor: Mutex<Anchor>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            anchor: Mutex::new(Anchor {
                steady: Instant::now(),
                wall_us: wall_us(),
            }),
        }
    }
}

impl Clock {
    /// Now.
    pub fn now(&self) -> RelayTime {
        let (steady, wall) = (Instant::now(), wall_us());
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed =
            u64::try_from(steady.duration_since(anchor.steady).as_micros()).unwrap_or(u64::MAX);
        let followed = anchor.wall_us.saturating_add(elapsed);
        if u128::from(followed.abs_diff(wall)) <= MAX_DRIFT.as_micros() {
            return RelayTime(followed);
        }
        *anchor = Anchor {
            steady,
            wall_us: wall,
        };
        drop(anchor);
        tracing::warn!(
            step_ms = i128::from(wall) / 1000 - i128::from(followed) / 1000,
            "the system clock was set; the relay follows it"
        );
        RelayTime(wall)
    }
}

fn wall_us() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_does_not_run_backwards() {
        let clock = Clock::default();
        let mut before = clock.now();
        for _ in 0..1_000 {
            let now = clock.now();
            assert!(now >= before);
            before = now;
        }
    }

    #[test]
    fn a_clock_that_was_set_is_followed() {
        let clock = Clock::default();
        clock.anchor.lock().unwrap().wall_us -= 3_600_000_000;
        assert!(wall_us().abs_diff(clock.now().0) < 1_000_000);
    }
}
