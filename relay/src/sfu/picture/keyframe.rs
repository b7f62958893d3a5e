//! Asking a publisher for keyframes.
//!
//! Owns the merging: however many viewers ask, the first request goes out at once, then one each `KEYFRAME_REPEAT` until
//! a keyframe arrives, and never more often. It sends nothing itself. Called by the stream. Invariant: two requests are
//! at least `KEYFRAME_REPEAT` apart.

use crate::sfu::limits::KEYFRAME_REPEAT;
use std::time::Instant;

/// Requests of all viewers of one stream, as one.
#[derive(Debug, Default)]
pub(crate) struct KeyframeRequests {
    /// Somebody waits.
    wanted: bool,
    /// When the last request went out.
    asked: Option<Instant>,
}

impl KeyframeRequests {
    /// A viewer needs a keyframe.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// A keyframe begins to arrive.
    pub(crate) fn arrived(&mut self) {
        self.wanted = false;
    }

    /// A new publisher: nothing was asked of it yet.
    pub(crate) fn reset(&mut self) {
        self.asked = None;
    }

    /// When a request is due.
    pub(crate) fn due(&self) -> Option<Due> {
        match (self.wanted, self.asked) {
            (false, _) => None,
            (true, None) => Some(Due::Now),
            (true, Some(asked)) => Some(Due::At(asked + KEYFRAME_REPEAT)),
        }
    }

    /// Whether to ask now; notes that it was done.
    pub(crate) fn ask(&mut self, now: Instant) -> bool {
        let ask = match self.due() {
            None => false,
            Some(Due::Now) => true,
            Some(Due::At(at)) => at <= now,
        };
        if ask {
            self.asked = Some(now);
        }
        ask
    }
}

/// When a request is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// At once.
    Now,
    /// Then.
    At(Instant),
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_request_goes_out_at_once_and_repeats_until_a_keyframe_arrives() {
        let start = Instant::now();
        let mut requests = KeyframeRequests::default();
        assert!(!requests.ask(start));
        requests.want();
        let sent: Vec<u32> = (0..1_000)
            .filter(|ms| requests.ask(start + *ms * MS))
            .collect();
        assert_eq!(sent, [0, 300, 600, 900]);
        requests.arrived();
        assert!(!requests.ask(start + 5_000 * MS));
    }

    #[test]
    fn many_viewers_make_one_request() {
        let start = Instant::now();
        let mut requests = KeyframeRequests::default();
        let mut sent = 0;
        for ms in 0..3_000 {
            requests.want();
            sent += u32::from(requests.ask(start + ms * MS));
            if ms % 50 == 0 {
                requests.arrived();
            }
        }
        assert!((9..=10).contains(&sent), "{sent} requests in 3 s");
    }

    #[test]
    fn a_new_publisher_is_asked_at_once() {
        let start = Instant::now();
        let mut requests = KeyframeRequests::default();
        requests.want();
        assert!(requests.ask(start));
        requests.reset();
        assert!(requests.ask(start + MS));
    }
}
