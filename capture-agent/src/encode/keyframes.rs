//! When an IDR is due.
//!
//! A request is served at once, then at most once per `SPACING`: an encoder serves everybody, and each joiner's
//! request costs all of them a large frame. A request inside the window is remembered and served at its end.
//! Sans-IO: time comes in as an argument.

use std::time::{Duration, Instant};

/// Shortest time between two forced IDRs: a request is met at once, more of them cost every viewer bits.
pub const SPACING: Duration = Duration::from_millis(500);

/// Decides when to force an IDR.
#[derive(Debug, Default)]
pub struct KeyframeGate {
    /// When the last IDR was made, forced or not.
    last: Option<Instant>,
    /// Whether somebody waits for one.
    wanted: bool,
}

impl KeyframeGate {
    /// Somebody needs a keyframe.
    pub const fn request(&mut self) {
        self.wanted = true;
    }

    /// When the next IDR is to be forced; none when nobody waits.
    #[must_use]
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let earliest = self.last.map_or(now, |last| (last + SPACING).max(now));
        self.wanted.then_some(earliest)
    }

    /// Whether the picture that is about to be coded must be an IDR.
    #[must_use]
    pub fn is_due(&self, now: Instant) -> bool {
        self.due(now).is_some_and(|due| due <= now)
    }

    /// An IDR was made; it serves everybody who waits.
    pub const fn made(&mut self, now: Instant) {
        self.last = Some(now);
        self.wanted = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn the_first_request_is_served_at_once() {
        let now = Instant::now();
        let mut gate = KeyframeGate::default();
        assert!(!gate.is_due(now));
        gate.request();
        assert!(gate.is_due(now));
    }

    #[test]
    fn a_request_inside_the_window_is_served_at_its_end() {
        let start = Instant::now();
        let mut gate = KeyframeGate::default();
        gate.made(start);
        gate.request();
        assert!(!gate.is_due(at(start, 499)));
        assert_eq!(gate.due(at(start, 100)), Some(at(start, 500)));
        assert!(gate.is_due(at(start, 500)));
    }

    #[test]
    fn many_requests_make_one_keyframe_per_window() {
        let start = Instant::now();
        let mut gate = KeyframeGate::default();
        let mut made = Vec::new();
        for ms in 0..2000 {
            gate.request();
            if gate.is_due(at(start, ms)) {
                gate.made(at(start, ms));
                made.push(ms);
            }
        }
        assert_eq!(made, [0, 500, 1000, 1500]);
    }

    #[test]
    fn a_keyframe_made_for_another_reason_serves_those_who_wait() {
        let start = Instant::now();
        let mut gate = KeyframeGate::default();
        gate.made(start);
        gate.request();
        gate.made(at(start, 50));
        assert_eq!(gate.due(at(start, 60)), None);
    }
}
