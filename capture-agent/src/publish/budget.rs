//! The pace of originals: on a weak link the picture makes way, and an original takes what that leaves, not more.
//!
//! What the link gives is the uplink's to say; here it becomes moments at which pieces may go. A link that takes a still of
//! 800 x 600 in a blink is left alone, and what was taken from the picture is given back when nothing travels any more,
//! also when the connection ends meanwhile.

use crate::publish::uplink::chain::Shared;
use crate::sync::held;
use bandwidth::BitRate;
use std::time::{Duration, Instant};

/// Pieces of one original at a rate. Sans-IO.
#[derive(Debug, Clone, Copy)]
struct Pace {
    rate: BitRate,
    /// When the next piece may go.
    next: Instant,
}

impl Pace {
    fn wait(&self, now: Instant) -> Duration {
        self.next.saturating_duration_since(now)
    }

    /// A piece went. What a slow moment left unused is not saved up.
    fn went(&mut self, now: Instant, bytes: usize) {
        self.next = self.next.max(now) + self.rate.time_for(bytes);
    }
}

/// Lets originals go as the uplink allows.
pub(super) struct Throttle {
    uplink: Shared,
    /// While the picture makes way.
    pace: Option<Pace>,
}

impl Throttle {
    pub(super) const fn new(uplink: Shared) -> Self {
        Self { uplink, pace: None }
    }

    /// An original begins to travel.
    pub(super) fn begins(&mut self, now: Instant) {
        let rate = held(&self.uplink).make_way(now);
        self.pace = rate.map(|rate| Pace {
            rate,
            next: self.pace.map_or(now, |before| before.next.max(now)),
        });
    }

    /// How long its next piece has to wait.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.pace.map_or(Duration::ZERO, |pace| pace.wait(now))
    }

    /// A piece went into the channel.
    pub(super) fn went(&mut self, now: Instant, bytes: usize) {
        if let Some(pace) = &mut self.pace {
            pace.went(now, bytes);
        }
    }

    /// Nothing travels any more.
    pub(super) fn restore(&mut self, now: Instant) {
        self.pace = None;
        held(&self.uplink).way_is_free(now);
    }
}

impl Drop for Throttle {
    fn drop(&mut self) {
        self.restore(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: usize = 16 * 1024;

    #[test]
    fn an_original_takes_its_rate_and_saves_nothing_up() {
        let start = Instant::now();
        let mut pace = Pace {
            rate: BitRate::from_kbps(1_500),
            next: start,
        };
        let mut now = start;
        for _ in 0..9 {
            now += pace.wait(now);
            pace.went(now, PIECE);
        }
        let took = now - start;
        assert!(took > Duration::from_millis(650), "{took:?}");
        assert!(took < Duration::from_millis(750), "{took:?}");
        let later = now + Duration::from_secs(5);
        pace.went(later, PIECE);
        assert!(pace.wait(later) > Duration::from_millis(80));
    }
}
