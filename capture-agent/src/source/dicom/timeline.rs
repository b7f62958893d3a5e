//! When each picture of an endless sequence of clips is due (sans-IO).
//!
//! Adds frame times up from one anchor, so that nothing drifts. Pictures whose time is over are left out, and so are
//! pictures closer together than anybody can see or encode.

use std::time::{Duration, Instant};

/// Pictures per second at most: stored clips may have 200 and more, displays show 60, encoders pay for each.
const CLOSEST: Duration = Duration::from_micros(8_300);
/// Later than this, the time line starts anew instead of being caught up with.
const FORGIVEN: Duration = Duration::from_secs(1);

/// The time line.
pub(super) struct Timeline {
    /// When the next picture is due.
    due: Option<Instant>,
    /// When the last picture that was not left out was due.
    shown: Option<Instant>,
}

impl Timeline {
    /// Starts with the first picture.
    pub(super) const fn new() -> Self {
        Self {
            due: None,
            shown: None,
        }
    }

    /// The time of the next picture, which stands for `interval`; none when it is to be left out.
    pub(super) fn next(&mut self, interval: Duration, now: Instant) -> Option<Instant> {
        let mut due = self.due.unwrap_or(now);
        if now.saturating_duration_since(due) > FORGIVEN {
            due = now;
        }
        self.due = Some(due + interval);
        let is_over = now > due + interval;
        let is_close = self
            .shown
            .is_some_and(|shown| due.saturating_duration_since(shown) < CLOSEST);
        if is_over || is_close {
            return None;
        }
        self.shown = Some(due);
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn pictures_are_due_at_the_sum_of_the_frame_times() {
        let start = Instant::now();
        let mut line = Timeline::new();
        let due: Vec<_> = [33, 50, 20]
            .iter()
            .map(|at| line.next(ms(*at), start).unwrap() - start)
            .collect();
        assert_eq!(due, [ms(0), ms(33), ms(83)]);
        assert_eq!(
            line.next(ms(33), start).unwrap() - start,
            ms(103),
            "and it goes on over the end of the loop"
        );
    }

    #[test]
    fn what_is_over_is_left_out() {
        let start = Instant::now();
        let mut line = Timeline::new();
        line.next(ms(20), start);
        assert_eq!(line.next(ms(20), start + ms(90)), None);
        assert_eq!(line.next(ms(20), start + ms(90)), None);
        assert_eq!(line.next(ms(40), start + ms(90)), Some(start + ms(60)));
    }

    #[test]
    fn after_a_long_stop_it_starts_anew() {
        let start = Instant::now();
        let mut line = Timeline::new();
        line.next(ms(20), start);
        let later = start + Duration::from_secs(60);
        assert_eq!(line.next(ms(20), later), Some(later));
    }

    #[test]
    fn pictures_too_close_together_are_thinned() {
        let start = Instant::now();
        let mut line = Timeline::new();
        let shown = (0..1000)
            .filter(|_| line.next(ms(1), start).is_some())
            .count();
        assert!((100..=121).contains(&shown), "{shown} of 1000 in a second");
    }
}
