//! Which layer a viewer should get.
//!
//! Owns the rule and its patience. Down after `DOWN_AFTER` of a link that carries less than the full layer while something
//! shows it; up when the link has had room for it with some to spare for a while. A return that failed is tried again later
//! each time. Knows no other viewer, so none can slow another. Sans-IO.

use crate::sfu::picture::LayerName;
use bandwidth::BitRate;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A link that carries less than this share of what the full layer takes ...
const TOO_LITTLE: f64 = 0.85;
/// ... and shows it by a queue this long, ...
const QUEUE: Duration = Duration::from_millis(50);
/// ... or by so much loss, ...
const LOSS: f64 = 0.08;
/// ... for so long: shorter is a keyframe, or a machine that was busy.
const DOWN_AFTER: Duration = Duration::from_millis(800);
/// Back up when the link has this many times what the full layer takes ...
const ROOM: f64 = 1.3;
/// ... for so long at first, and at most after returns that failed.
const UP_AFTER: Duration = Duration::from_secs(5);
const LONGEST_UP_AFTER: Duration = Duration::from_secs(80);
/// A return that ends within this time failed.
const FAILED_WITHIN: Duration = Duration::from_secs(20);
/// Keyframes that one viewer may ask of the full layer, within this time: more is a link that repair cannot keep up with, and
/// each of them costs everybody.
const KEYFRAMES: usize = 4;
const KEYFRAMES_WITHIN: Duration = Duration::from_secs(10);

/// What is known at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// What the full layer takes.
    pub(super) full: BitRate,
    /// What the link carries.
    pub(super) link: BitRate,
    /// What stands in its queue.
    pub(super) queue: Duration,
    /// Share of packets that it loses.
    pub(super) loss: f64,
}

impl Seen {
    fn is_too_little(&self) -> bool {
        self.link < self.full.scaled(TOO_LITTLE) && (self.queue >= QUEUE || self.loss >= LOSS)
    }

    fn has_room(&self) -> bool {
        self.link >= self.full.scaled(ROOM)
    }
}

/// The choice for one viewer.
#[derive(Debug)]
pub(super) struct Choice {
    aim: LayerName,
    /// Since when what is seen speaks for the other layer.
    speaks_since: Option<Instant>,
    /// When it last went up.
    up_at: Option<Instant>,
    up_after: Duration,
    /// When it asked for keyframes of the full layer.
    keyframes: VecDeque<Instant>,
}

impl Choice {
    pub(super) fn new() -> Self {
        Self {
            aim: LayerName::Full,
            speaks_since: None,
            up_at: None,
            up_after: UP_AFTER,
            keyframes: VecDeque::new(),
        }
    }

    pub(super) const fn aim(&self) -> LayerName {
        self.aim
    }

    /// There is no low layer to be had, or none that is worth it.
    pub(super) fn only_full(&mut self, now: Instant) {
        if self.aim == LayerName::Low {
            self.go(now, LayerName::Full);
        }
        self.speaks_since = None;
    }

    /// Something was seen of the link.
    pub(super) fn sees(&mut self, now: Instant, seen: &Seen) {
        let (speaks, patience, other) = match self.aim {
            LayerName::Full => (seen.is_too_little(), DOWN_AFTER, LayerName::Low),
            LayerName::Low => (seen.has_room(), self.up_after, LayerName::Full),
        };
        if !speaks {
            self.speaks_since = None;
            return;
        }
        let since = *self.speaks_since.get_or_insert(now);
        if now.saturating_duration_since(since) >= patience {
            self.go(now, other);
        }
    }

    /// It asked for a keyframe of the full layer. Gives whether that may be passed on.
    pub(super) fn asks_for_keyframe(&mut self, now: Instant) -> bool {
        let is_old = |at: &Instant| now.saturating_duration_since(*at) > KEYFRAMES_WITHIN;
        while self.keyframes.front().is_some_and(is_old) {
            self.keyframes.pop_front();
        }
        if self.keyframes.len() >= KEYFRAMES {
            self.go(now, LayerName::Low);
            return false;
        }
        self.keyframes.push_back(now);
        true
    }

    fn go(&mut self, now: Instant, to: LayerName) {
        if self.aim == to {
            return;
        }
        self.aim = to;
        self.speaks_since = None;
        match to {
            LayerName::Full => {
                self.up_at = Some(now);
                self.keyframes.clear();
            }
            LayerName::Low => {
                let failed = self
                    .up_at
                    .is_some_and(|at| now.saturating_duration_since(at) < FAILED_WITHIN);
                self.up_after = if failed {
                    (self.up_after * 2).min(LONGEST_UP_AFTER)
                } else {
                    UP_AFTER
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A viewer of a picture of 2 Mbit/s.
    struct Viewer {
        choice: Choice,
        now: Instant,
    }

    impl Viewer {
        fn new() -> Self {
            Self {
                choice: Choice::new(),
                now: Instant::now(),
            }
        }

        /// Sees the same for so long, ten times a second. Gives what it gets then.
        fn sees(&mut self, ms: u64, link_kbps: u64, queue_ms: u64, loss: f64) -> LayerName {
            for _ in 0..ms / 100 {
                self.now += Duration::from_millis(100);
                let seen = Seen {
                    full: BitRate::from_kbps(2_000),
                    link: BitRate::from_kbps(link_kbps),
                    queue: Duration::from_millis(queue_ms),
                    loss,
                };
                self.choice.sees(self.now, &seen);
            }
            self.choice.aim()
        }

        /// How long it takes to get the full layer on a link with room.
        fn returns_after(&mut self) -> u64 {
            let mut ms = 0;
            while self.sees(100, 4_000, 0, 0.0) == LayerName::Low {
                ms += 100;
            }
            ms
        }
    }

    #[test]
    fn a_narrow_link_gets_the_low_layer_within_a_second() {
        let mut viewer = Viewer::new();
        assert_eq!(viewer.sees(700, 900, 120, 0.0), LayerName::Full);
        assert_eq!(viewer.sees(300, 900, 120, 0.0), LayerName::Low);
        assert_eq!(Viewer::new().sees(1_000, 900, 0, 0.3), LayerName::Low);
    }

    #[test]
    fn a_moments_queue_and_a_low_estimate_without_a_queue_change_nothing() {
        let mut viewer = Viewer::new();
        for _ in 0..10 {
            viewer.sees(600, 900, 200, 0.0);
            assert_eq!(viewer.sees(200, 900, 5, 0.0), LayerName::Full);
        }
        assert_eq!(viewer.sees(60_000, 300, 5, 0.02), LayerName::Full);
        assert_eq!(viewer.sees(60_000, 1_900, 200, 0.2), LayerName::Full);
    }

    #[test]
    fn it_returns_when_there_is_room_with_some_to_spare_for_a_while() {
        let mut viewer = Viewer::new();
        viewer.sees(1_000, 900, 120, 0.0);
        assert_eq!(viewer.sees(60_000, 2_400, 0, 0.0), LayerName::Low);
        assert_eq!(viewer.sees(4_000, 4_000, 0, 0.0), LayerName::Low);
        assert_eq!(viewer.sees(100, 2_000, 0, 0.0), LayerName::Low);
        let after = viewer.returns_after();
        assert!((4_900..=5_200).contains(&after), "{after}");
    }

    #[test]
    fn a_return_that_failed_is_tried_again_later_each_time() {
        let mut viewer = Viewer::new();
        let mut waits = Vec::new();
        for _ in 0..7 {
            viewer.sees(1_500, 900, 120, 0.0);
            waits.push(viewer.returns_after() / 4_900);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 16, 16]);
        viewer.sees(60_000, 4_000, 0, 0.0);
        viewer.sees(1_500, 900, 120, 0.0);
        let after = viewer.returns_after();
        assert!(after < 6_000, "what held for long did not fail: {after}");
    }

    #[test]
    fn who_asks_for_keyframe_after_keyframe_gets_the_low_layer() {
        let mut viewer = Viewer::new();
        let passed = (0..6)
            .filter(|_| {
                viewer.now += Duration::from_millis(300);
                viewer.choice.asks_for_keyframe(viewer.now)
            })
            .count();
        assert_eq!((passed, viewer.choice.aim()), (KEYFRAMES, LayerName::Low));
        let mut rare = Viewer::new();
        for _ in 0..50 {
            rare.now += Duration::from_secs(4);
            assert!(rare.choice.asks_for_keyframe(rare.now));
        }
    }

    #[test]
    fn without_a_low_layer_everybody_gets_the_full_one() {
        let mut viewer = Viewer::new();
        viewer.sees(1_000, 900, 120, 0.0);
        viewer.choice.only_full(viewer.now);
        assert_eq!(viewer.choice.aim(), LayerName::Full);
    }
}
