//! How far a viewer is behind what was sent to it, from its ordinary reports (RFC 3550 §6.4.2).
//!
//! A report names the highest number that arrived; when that one was sent is known here. The difference is the round trip,
//! up to a frame's time, and whatever queue stands on the way. Bursts are remembered, not packets: this runs for everybody.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Bursts remembered: four seconds at 30 frames/s. Who is farther behind is far behind.
const MAX_BURSTS: usize = 128;
/// Reports among which the least lag is taken for the way's own.
const REPORTS: usize = 16;

/// One viewer's.
#[derive(Debug, Default)]
pub(super) struct Lag {
    /// The highest number after each burst, and when it left.
    bursts: VecDeque<(u16, Instant)>,
    /// The last lags, the newest last.
    lags: VecDeque<Duration>,
}

impl Lag {
    /// A burst left that ended at this number.
    pub(super) fn sent(&mut self, now: Instant, number: u16) {
        if self.bursts.len() == MAX_BURSTS {
            self.bursts.pop_front();
        }
        self.bursts.push_back((number, now));
    }

    /// A report says that this number is the highest that arrived. Gives how much longer than usual its way took; none when
    /// nothing was sent lately.
    pub(super) fn reported(&mut self, now: Instant, highest: u16) -> Option<Duration> {
        let is_at_or_after =
            |(number, _): &&(u16, Instant)| number.wrapping_sub(highest).cast_signed() >= 0;
        let (_, left) = self.bursts.iter().find(is_at_or_after)?;
        let lag = now.saturating_duration_since(*left);
        let usual = self.lags.iter().min().copied();
        if self.lags.len() == REPORTS {
            self.lags.pop_front();
        }
        self.lags.push_back(lag);
        Some(lag.saturating_sub(usual.unwrap_or(lag)))
    }

    /// Numbers begin anew.
    pub(super) fn forget(&mut self) {
        self.bursts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_what_a_report_is_later_than_usual() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut lag = Lag::default();
        for burst in 0..90_u16 {
            lag.sent(
                at(u64::from(burst) * 33),
                (65_500_u16).wrapping_add(burst * 4),
            );
        }
        let highest = |burst: u16| (65_500_u16).wrapping_add(burst * 4 - 1);
        assert_eq!(
            lag.reported(at(30 * 33 + 60), highest(30)),
            Some(Duration::ZERO)
        );
        assert_eq!(
            lag.reported(at(60 * 33 + 360), highest(60)),
            Some(Duration::from_millis(300))
        );
        assert_eq!(
            lag.reported(at(9_999), 65_400),
            Some(Duration::from_millis(9_999 - 60))
        );
    }

    #[test]
    fn before_anything_was_sent_nothing_is_late() {
        assert_eq!(Lag::default().reported(Instant::now(), 7), None);
    }
}
