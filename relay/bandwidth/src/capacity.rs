//! What the link could carry when it was last full, remembered.
//!
//! Near it the rate grows in small steps, far from it fast (draft-ietf-rmcat-gcc-02 §5.5: the mean of the rates at which
//! the link was full). Forgotten when more is seen to go through, or when it is old.

use crate::units::BitRate;
use std::time::{Duration, Instant};

/// Weight of a new measure.
const WEIGHT: f64 = 0.4;
/// A measure this far off is another link, not a better measure.
const OTHER_LINK: f64 = 0.35;
/// From this share of it on the rate is near it.
const NEAR: f64 = 0.75;
/// Beyond this multiple it is disproved.
const DISPROVED: f64 = 1.2;
/// Links change: older than this it says nothing.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The memory.
#[derive(Debug, Default)]
pub(crate) struct Capacity {
    known: Option<(BitRate, Instant)>,
}

impl Capacity {
    /// The link was full at `rate`.
    pub(crate) fn full_at(&mut self, now: Instant, rate: BitRate) {
        let mean = match self.known {
            Some((mean, _)) if (rate.ratio(mean) - 1.0).abs() < OTHER_LINK => {
                mean.scaled(1.0 - WEIGHT).plus(rate.scaled(WEIGHT))
            }
            _ => rate,
        };
        self.known = Some((mean, now));
    }

    /// So much goes through, or is believed to.
    pub(crate) fn seen(&mut self, now: Instant, rate: BitRate) {
        let wrong = |(mean, at): &(BitRate, Instant)| {
            rate > mean.scaled(DISPROVED) || now.saturating_duration_since(*at) > REMEMBERED
        };
        if self.known.as_ref().is_some_and(wrong) {
            self.known = None;
        }
    }

    /// Whether `rate` is near it; not when nothing is known.
    pub(crate) fn is_near(&self, rate: BitRate) -> bool {
        self.known.is_some_and(|(mean, _)| rate > mean.scaled(NEAR))
    }

    pub(crate) fn get(&self) -> Option<BitRate> {
        self.known.map(|(mean, _)| mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_near_the_last_full_link_until_more_goes_through() {
        let now = Instant::now();
        let mut capacity = Capacity::default();
        assert!(!capacity.is_near(BitRate::from_kbps(900)));
        capacity.full_at(now, BitRate::from_kbps(1000));
        assert!(capacity.is_near(BitRate::from_kbps(900)));
        assert!(!capacity.is_near(BitRate::from_kbps(600)));
        capacity.seen(now, BitRate::from_kbps(1300));
        assert_eq!(capacity.get(), None);
    }

    #[test]
    fn a_measure_close_by_is_averaged_and_another_link_is_not() {
        let now = Instant::now();
        let mut capacity = Capacity::default();
        capacity.full_at(now, BitRate::from_kbps(1000));
        capacity.full_at(now, BitRate::from_kbps(1100));
        assert_eq!(capacity.get(), Some(BitRate::from_kbps(1040)));
        capacity.full_at(now, BitRate::from_kbps(300));
        assert_eq!(capacity.get(), Some(BitRate::from_kbps(300)));
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let now = Instant::now();
        let mut capacity = Capacity::default();
        capacity.full_at(now, BitRate::from_kbps(1000));
        capacity.seen(now + Duration::from_secs(61), BitRate::from_kbps(500));
        assert_eq!(capacity.get(), None);
    }
}
