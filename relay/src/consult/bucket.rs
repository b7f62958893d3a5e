//! A token bucket: so many at once, so many a second. Sans-IO.

use wire::RelayTime;

/// How much of something is left.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    per_s: u32,
    burst: u32,
    /// Millionths of a token.
    left: u64,
    since: RelayTime,
}

const MILLION: u64 = 1_000_000;

impl Bucket {
    /// A full one.
    #[must_use]
    pub fn new(per_s: u32, burst: u32, now: RelayTime) -> Self {
        Self {
            per_s,
            burst,
            left: u64::from(burst) * MILLION,
            since: now,
        }
    }

    /// Takes one, if there is one.
    pub fn take(&mut self, now: RelayTime) -> bool {
        let elapsed_us = now.0.saturating_sub(self.since.0);
        self.since = now;
        let full = u64::from(self.burst) * MILLION;
        self.left = self
            .left
            .saturating_add(elapsed_us.saturating_mul(u64::from(self.per_s)))
            .min(full);
        let taken = self.left >= MILLION;
        if taken {
            self.left -= MILLION;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_gets_through_at_the_rate_and_no_faster() {
        let mut bucket = Bucket::new(60, 60, RelayTime(0));
        let taken = (0..100_000u64)
            .filter(|n| bucket.take(RelayTime(n * 100)))
            .count();
        assert!((655..=661).contains(&taken), "{taken} in 10 s");
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_away() {
        let mut bucket = Bucket::new(1, 1, RelayTime(5_000_000));
        assert!(bucket.take(RelayTime(5_000_000)));
        assert!(!bucket.take(RelayTime(1_000_000)));
        assert!(bucket.take(RelayTime(2_000_000)));
    }
}
