//! How late packets are beyond the delay of their path.
//!
//! One value holds for a while and for all packets then, as on a radio that is contended for: a value for each packet would
//! put them all at the latest of their neighbours, because order is kept. Caller: `path`.

use super::random::unit_at;
use std::time::Duration;

/// Between the least and the most, another value each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jitter {
    /// Never less.
    pub least: Duration,
    /// Never more.
    pub most: Duration,
    /// How long a value holds.
    pub every: Duration,
}

impl Jitter {
    /// None.
    pub const NONE: Self = Self {
        least: Duration::ZERO,
        most: Duration::ZERO,
        every: Duration::from_millis(1),
    };

    /// The value at a moment, for one seed.
    pub(super) fn at(self, seed: u64, now: Duration) -> Duration {
        let place = now.as_nanos() / self.every.as_nanos().max(1);
        let place = u64::try_from(place).unwrap_or(u64::MAX);
        self.least
            + self
                .most
                .saturating_sub(self.least)
                .mul_f64(unit_at(seed, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::ms;

    #[test]
    fn jitter_keeps_its_bounds_holds_for_a_while_and_uses_its_whole_width() {
        let jitter = Jitter {
            least: ms(5),
            most: ms(15),
            every: ms(20),
        };
        let at = |n| jitter.at(3, ms(n));
        assert!((0..10_000).all(|n| (ms(5)..=ms(15)).contains(&at(n))));
        assert!((0..500).all(|n| at(20 * n) == at(20 * n + 19)));
        assert!((0..500).any(|n| at(20 * n) < ms(6)) && (0..500).any(|n| at(20 * n) > ms(14)));
    }
}
