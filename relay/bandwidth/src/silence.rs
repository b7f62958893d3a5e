//! No feedback: how long that is too long, and what the rate does meanwhile.
//!
//! Each half second without a word halves the rate, down to a floor that keeps something to be reported on. When feedback
//! comes back, the packets in it tell a link that was cut from a sender that had nothing to send. Knows no rates.

use std::time::{Duration, Instant};

/// Silence begins after this many of the usual distances between reports plus a round trip ...
const INTERVALS: u32 = 3;
/// ... within these limits. A link that is cut should be noticed before the picture looks stale.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_millis(1500);
/// Then the rate halves, and again after each of these.
const STEP: Duration = Duration::from_millis(500);

/// Watches for feedback.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    heard: Option<Instant>,
    patience: Option<Duration>,
    /// Steps taken in this silence.
    steps: u32,
}

impl Silence {
    /// Feedback came; gives whether there was a silence before it.
    pub(crate) fn heard(&mut self, now: Instant, interval: Duration, round_trip: Duration) -> bool {
        let was_silent = self.steps > 0;
        self.heard = Some(now);
        self.steps = 0;
        self.patience = Some((interval * INTERVALS + round_trip).clamp(SHORTEST, LONGEST));
        was_silent
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.steps > 0
    }

    /// Before this moment nothing that was sent is missed.
    pub(crate) fn patience(&self) -> Duration {
        self.patience.unwrap_or(SHORTEST)
    }

    /// When the next step is due; none before the first feedback.
    pub(crate) fn next(&self) -> Option<Instant> {
        let heard = self.heard?;
        heard
            .checked_add(self.patience())?
            .checked_add(STEP.checked_mul(self.steps)?)
    }

    /// How many steps are due since the last call.
    pub(crate) fn due(&mut self, now: Instant) -> u32 {
        let Some(next) = self.next() else {
            return 0;
        };
        let Some(over) = now.checked_duration_since(next) else {
            return 0;
        };
        let steps = u32::try_from(over.as_millis() / STEP.as_millis()).unwrap_or(u32::MAX - 1);
        let due = steps.saturating_add(1);
        self.steps = self.steps.saturating_add(due);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(100);
    const RTT: Duration = Duration::from_millis(60);

    #[test]
    fn a_step_after_half_a_second_and_one_each_half_second_more() {
        let start = Instant::now();
        let mut silence = Silence::default();
        assert!(!silence.heard(start, INTERVAL, RTT));
        let at = |ms| start + Duration::from_millis(ms);
        let steps: Vec<u32> = [400, 550, 900, 1050, 2050]
            .map(|ms| silence.due(at(ms)))
            .into();
        assert_eq!(steps, [0, 1, 0, 1, 2]);
        assert!(silence.heard(at(2100), INTERVAL, RTT));
        assert!(!silence.is_silent());
    }

    #[test]
    fn before_the_first_feedback_nothing_is_missed() {
        assert_eq!(Silence::default().due(Instant::now()), 0);
        assert_eq!(Silence::default().next(), None);
    }
}
