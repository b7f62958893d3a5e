//! How long to wait before the next attempt: doubling, with jitter, between two bounds.
//!
//! Sans-IO: randomness comes in as an argument. Used for opening sources and for reaching the relay.

use std::time::Duration;

/// Waiting times between attempts.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// Waits about `first` after one failure, twice that after the next, never more than `longest`.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            failures: 0,
        }
    }

    /// The wait after one more failure: between a half and the whole of the current bound, so that devices that lost
    /// the same relay do not all come back in the same instant. `random` is any random number.
    pub fn after_failure(&mut self, random: u32) -> Duration {
        let bound = self
            .first
            .saturating_mul(1 << self.failures.min(16))
            .min(self.longest);
        self.failures = self.failures.saturating_add(1);
        let share = f64::from(random) / f64::from(u32::MAX);
        bound.mul_f64(0.5 + share / 2.0)
    }

    /// An attempt succeeded: start from the beginning.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
    }
}

/// A random number from the operating system. Without one, jitter is simply absent.
#[must_use]
pub fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_bound_and_start_anew_after_success() {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
        let waits: Vec<_> = (0..8)
            .map(|_| backoff.after_failure(u32::MAX).as_millis())
            .collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
        backoff.succeeded();
        assert_eq!(backoff.after_failure(0).as_millis(), 250);
    }

    #[test]
    fn any_number_of_failures_is_fine() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));
        assert!((0..10_000).all(|n| backoff.after_failure(n * 7919) <= Duration::from_secs(10)));
    }
}
