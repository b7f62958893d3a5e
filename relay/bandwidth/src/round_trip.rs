//! The round trip: from sending a packet to hearing of it, smoothed, and the least of it.
//!
//! It holds the wait for the next report too, which is what the rate has to live with.

use std::time::Duration;

/// Believed before anything is known.
const FIRST: Duration = Duration::from_millis(100);
/// Weight of a new one.
const WEIGHT: f64 = 0.2;
/// The least creeps up by this share a report, so that a longer way is learned in a minute.
const LEAST_CREEP: f64 = 0.001;
/// More is no round trip.
const LONGEST: Duration = Duration::from_secs(60);

/// Both figures, in seconds.
#[derive(Debug, Default)]
pub(crate) struct RoundTrip {
    known: Option<Known>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    smoothed: f64,
    least: f64,
}

impl RoundTrip {
    /// Takes a new one; gives how much more than the least it is.
    pub(crate) fn take(&mut self, round_trip: Duration) -> Duration {
        let seconds = round_trip.min(LONGEST).as_secs_f64();
        let known = self.known.get_or_insert(Known {
            smoothed: seconds,
            least: seconds,
        });
        known.smoothed += WEIGHT * (seconds - known.smoothed);
        known.least = seconds.min(known.least * (1.0 + LEAST_CREEP));
        Duration::from_secs_f64((seconds - known.least).max(0.0))
    }

    pub(crate) fn known(&self) -> Option<Duration> {
        self.known
            .map(|known| Duration::from_secs_f64(known.smoothed))
    }

    pub(crate) fn smoothed(&self) -> Duration {
        self.known().unwrap_or(FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_than_the_least_may_be_a_queue() {
        let mut round_trip = RoundTrip::default();
        assert_eq!(round_trip.smoothed(), FIRST);
        assert_eq!(round_trip.take(Duration::from_millis(50)), Duration::ZERO);
        let more = round_trip.take(Duration::from_millis(250));
        assert!(more > Duration::from_millis(199), "{more:?}");
        assert!(round_trip.smoothed() < Duration::from_millis(100));
        assert!(round_trip.take(Duration::MAX) <= LONGEST);
    }
}
