//! Whether a viewer's link is looked at closely.
//!
//! Owns one moment: until when arrivals are asked for. At the beginning nothing is known; later a report that is late or
//! speaks of loss is a reason. Looking costs the viewer ten small reports a second and the relay their reading.

use std::time::{Duration, Instant};

/// A new viewer is looked at for so long.
const FIRST_LOOK: Duration = Duration::from_secs(4);
/// A reason holds for so long.
const LOOK: Duration = Duration::from_secs(5);
/// A report later than usual by this much: more than a keyframe takes on a link with room for the picture.
const LATE: Duration = Duration::from_millis(120);
/// A report of so much loss. Less is mended without anybody noticing.
const LOST: f64 = 0.05;

/// One viewer's.
#[derive(Debug, Default)]
pub(super) struct Suspicion {
    until: Option<Instant>,
}

impl Suspicion {
    /// The viewer is there.
    pub(super) fn begins(&mut self, now: Instant) {
        self.until = Some(now + FIRST_LOOK);
    }

    /// An ordinary report came.
    pub(super) fn reported(&mut self, now: Instant, late: Option<Duration>, lost: f64) {
        if late.is_some_and(|late| late >= LATE) || lost >= LOST {
            self.stays(now);
        }
    }

    /// There is still reason.
    pub(super) fn stays(&mut self, now: Instant) {
        self.until = self.until.max(Some(now + LOOK));
    }

    /// Whether to look.
    pub(super) fn is_on(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_is_looked_at_when_it_comes_and_when_a_report_is_late_or_tells_of_loss() {
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let mut suspicion = Suspicion::default();
        assert!(!suspicion.is_on(start));
        suspicion.begins(start);
        assert!(suspicion.is_on(at(3)) && !suspicion.is_on(at(4)));
        suspicion.reported(at(10), Some(Duration::from_millis(40)), 0.02);
        assert!(!suspicion.is_on(at(10)), "a good report");
        suspicion.reported(at(10), Some(Duration::from_millis(200)), 0.0);
        assert!(suspicion.is_on(at(14)) && !suspicion.is_on(at(15)));
        suspicion.reported(at(20), None, 0.3);
        assert!(suspicion.is_on(at(20)));
    }
}
