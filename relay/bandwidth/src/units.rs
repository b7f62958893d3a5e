//! Units of this crate: bit rates, and moments on a common line of microseconds.
//!
//! Arithmetic saturates: what a foreign receiver reports may be nonsense, and nonsense must not panic.

use std::fmt;
use std::ops::Sub;
use std::time::{Duration, Instant};

/// Bits per second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BitRate(u64);

impl BitRate {
    /// Nothing at all.
    pub const ZERO: Self = Self(0);

    /// From bits per second.
    #[must_use]
    pub const fn from_bps(bps: u64) -> Self {
        Self(bps)
    }

    /// From kilobits per second.
    #[must_use]
    pub const fn from_kbps(kbps: u64) -> Self {
        Self(kbps.saturating_mul(1000))
    }

    /// What `bytes` in `span` come to; none when no time passed.
    #[must_use]
    pub fn of(bytes: u64, span: Duration) -> Option<Self> {
        let seconds = span.as_secs_f64();
        (seconds > 0.0).then(|| Self((bytes as f64 * 8.0 / seconds) as u64))
    }

    /// Bits per second.
    #[must_use]
    pub const fn bps(self) -> u64 {
        self.0
    }

    /// Kilobits per second, rounded down.
    #[must_use]
    pub const fn kbps(self) -> u64 {
        self.0 / 1000
    }

    /// This rate times `factor`; a negative factor or NaN gives zero.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor) as u64)
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of this one without `other`.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// How many times `other` goes into this.
    #[must_use]
    pub fn ratio(self, other: Self) -> f64 {
        self.0 as f64 / (other.0.max(1)) as f64
    }

    /// How long `bytes` take at this rate; an hour at most.
    #[must_use]
    pub fn time_for(self, bytes: usize) -> Duration {
        let seconds = bytes as f64 * 8.0 / (self.0.max(1)) as f64;
        Duration::from_secs_f64(seconds.min(3600.0))
    }

    /// How many bytes go in `span` at this rate.
    #[must_use]
    pub fn bytes_in(self, span: Duration) -> usize {
        (self.0 as f64 * span.as_secs_f64() / 8.0) as usize
    }
}

impl fmt::Display for BitRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kbit/s", self.kbps())
    }
}

/// A moment or a distance in microseconds; the origin is the owner's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Micros(i64);

/// Farther from the origin than this nothing is told apart: 30,000 years, and no difference overflows.
const FARTHEST: i64 = i64::MAX / 8;

impl Micros {
    pub(crate) const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    pub(crate) fn from_duration(duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(FARTHEST);
        Self(micros.min(FARTHEST))
    }

    /// How far `moment` lies after `origin`; negative before it.
    pub(crate) fn between(origin: Instant, moment: Instant) -> Self {
        match moment.checked_duration_since(origin) {
            Some(after) => Self::from_duration(after),
            None => Self(-Self::from_duration(origin.saturating_duration_since(moment)).0),
        }
    }

    pub(crate) const fn get(self) -> i64 {
        self.0
    }

    pub(crate) fn millis(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// As a span; zero when negative.
    pub(crate) fn span(self) -> Duration {
        Duration::from_micros(u64::try_from(self.0).unwrap_or(0))
    }

    pub(crate) const fn later_by(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Micros {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_bytes_over_time_both_ways() {
        let rate = BitRate::from_kbps(800);
        assert_eq!(rate.bytes_in(Duration::from_millis(10)), 1000);
        assert_eq!(rate.time_for(1000), Duration::from_millis(10));
        assert_eq!(BitRate::of(1000, Duration::from_millis(10)), Some(rate));
        assert_eq!(BitRate::of(1000, Duration::ZERO), None);
    }

    #[test]
    fn nonsense_saturates() {
        assert_eq!(BitRate::from_kbps(u64::MAX).scaled(f64::NAN), BitRate::ZERO);
        assert_eq!(BitRate::from_kbps(1).scaled(-3.0), BitRate::ZERO);
        assert_eq!(
            BitRate::ZERO.time_for(usize::MAX),
            Duration::from_secs(3600)
        );
        let far = Micros::from_duration(Duration::MAX);
        assert!((far - Micros::from_millis(-5)).millis() > 0.0);
    }

    #[test]
    fn a_moment_before_the_origin_is_negative() {
        let origin = Instant::now();
        let after = origin + Duration::from_millis(3);
        assert_eq!(Micros::between(origin, after), Micros::from_millis(3));
        assert_eq!(Micros::between(after, origin), Micros::from_millis(-3));
    }
}
