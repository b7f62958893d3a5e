//! The pace of originals: on a weak link the picture makes way, and an original takes what that leaves, not more.
//!
//! What the link gives is the uplink's to say; here it becomes moments at which pieces may go. A link that takes a still of
//! 800 x 600 in a blink is left alone, and what was taken from the picture is given back when nothing travels any more,
//! also when the connection ends meanwhile.

use crate::publish::uplink::chain::Shared;
use crate::publish::uplink::{Spare, piece_bytes};
use crate::sync::held;
use bandwidth::BitRate;
use std::time::{Duration, Instant};
use wire::original::ORIGINAL_CHUNK_BYTES;

/// When pieces may go. Sans-IO.
#[derive(Debug, Clone, Copy)]
struct Pace {
    next: Instant,
}

impl Pace {
    fn wait(self, now: Instant) -> Duration {
        self.next.saturating_duration_since(now)
    }

    /// A piece went, at the rate of now. What a slow moment left unused is not saved up.
    fn went(&mut self, now: Instant, bytes: usize, rate: BitRate) {
        self.next = self.next.max(now) + rate.time_for(bytes);
    }
}

/// Lets originals go as the uplink allows.
pub(super) struct Throttle {
    uplink: Shared,
    spare: Spare,
    pace: Option<Pace>,
}

impl Throttle {
    pub(super) fn new(uplink: Shared) -> Self {
        let spare = held(&uplink).spare();
        Self {
            uplink,
            spare,
            pace: None,
        }
    }

    /// An original begins to travel.
    pub(super) fn begins(&self, now: Instant) {
        held(&self.uplink).make_way(now);
    }

    /// Bytes of its next piece: on a link that became narrow meanwhile they are short, and the picture makes way.
    pub(super) fn piece_bytes(&self, now: Instant) -> usize {
        let mut uplink = held(&self.uplink);
        if uplink.way(now).is_none() {
            uplink.make_way(now);
        }
        piece_bytes(uplink.way(now), ORIGINAL_CHUNK_BYTES)
    }

    /// How long its next piece has to wait.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.pace.map_or(Duration::ZERO, |pace| pace.wait(now))
    }

    /// A piece went into the channel. What the link gives may change while an original travels.
    pub(super) fn went(&mut self, now: Instant, bytes: usize) {
        self.spare.carries(bytes);
        let Some(rate) = held(&self.uplink).way(now) else {
            self.pace = None;
            return;
        };
        self.pace
            .get_or_insert(Pace { next: now })
            .went(now, bytes, rate);
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
        let rate = BitRate::from_kbps(1_500);
        let mut pace = Pace { next: start };
        let mut now = start;
        for _ in 0..9 {
            now += pace.wait(now);
            pace.went(now, PIECE, rate);
        }
        let took = now - start;
        assert!(took > Duration::from_millis(650), "{took:?}");
        assert!(took < Duration::from_millis(750), "{took:?}");
        let later = now + Duration::from_secs(5);
        pace.went(later, PIECE, rate);
        assert!(pace.wait(later) > Duration::from_millis(80));
    }
}
