//! A queue that drains: how far below the capacity the rate goes, what the capacity is, and when it is over.
//!
//! While the queue changes the link is full, and what arrives is its capacity; while it does not, what arrives is only
//! what we send. The longer the queue, the lower the rate. Knows its own queue only; whose queue it is says `control`.

use crate::signals::Signals;
use crate::units::BitRate;
use std::time::{Duration, Instant};

/// Below this nothing stands in the queue, in milliseconds: half a frame at 60 frames/s, above jitter and clock steps.
pub(crate) const EMPTY_MS: f64 = 8.0;
/// Share of the capacity after congestion (draft-ietf-rmcat-gcc-02 §5.5: 0.85).
pub(crate) const REMAINS: f64 = 0.85;
/// A long queue is to be gone after this long: the share falls with its length ...
const DRAIN_WITHIN_MS: f64 = 700.0;
/// ... but not below this, which keeps a picture.
const LEAST_SHARE: f64 = 0.3;
/// An encoder follows a new target after this long.
pub(crate) const ENCODER_LAG: Duration = Duration::from_millis(150);
/// A change of the standing queue by more than this is no noise, in milliseconds in 300 ms.
const MOVES_MS: f64 = 8.0;
/// For so long a queue may stay as it is although we send less: ours would be gone.
const PATIENCE: Duration = Duration::from_millis(1200);
/// A queue of ours is gone after its length over what we send less; one that is still there after this many times that,
/// and a second more, is not ours.
const TIMES_TOO_LONG: f64 = 3.0;
const MARGIN_MS: f64 = 1000.0;
/// No queue is waited for longer.
const LONGEST_MS: f64 = 20_000.0;
/// A queue that is gone for packets sent before this had passed went by itself: the link stalled for a moment and
/// carries what it carried.
const TOO_EARLY: Duration = Duration::from_millis(50);

/// A queue that drains.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drain {
    since: Instant,
    /// The rate before.
    before: BitRate,
    /// The longest it was, in milliseconds.
    longest_ms: f64,
    /// When the queue last changed by more than noise.
    moved: Instant,
    /// Packets sent before this do not show yet that we send less.
    shows_from: Instant,
    /// That moment was reached once.
    has_shown: bool,
    /// What the link carries, as measured while it did.
    capacity: BitRate,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Something stands there: send so much.
    Draining(BitRate),
    /// Gone before our lower rate could work: the rate before was right.
    GoneByItself(BitRate),
    /// Gone; the link carries so much.
    Gone(BitRate),
    /// It stays whatever we do; so much of ours goes through.
    NotOurs(BitRate),
}

impl Drain {
    pub(crate) fn begin(now: Instant, before: BitRate, signals: &Signals) -> Self {
        Self {
            since: now,
            before,
            longest_ms: 0.0,
            moved: now,
            shows_from: now + ENCODER_LAG,
            has_shown: false,
            capacity: signals.acked_of_late.or(signals.acked).unwrap_or(before),
        }
    }

    /// What to send into a queue of so many milliseconds.
    pub(crate) fn rate(&self, queue_ms: f64) -> BitRate {
        self.capacity.scaled(share(queue_ms))
    }

    fn too_long(&self) -> Duration {
        let own_ms = self.longest_ms / (1.0 - share(self.longest_ms));
        let too_long_ms = (own_ms * TIMES_TOO_LONG + MARGIN_MS).min(LONGEST_MS);
        Duration::from_secs_f64(too_long_ms / 1000.0)
    }

    /// One report; `queue_ms` is the part of the queue that is ours.
    pub(crate) fn step(&mut self, now: Instant, queue_ms: f64, signals: &Signals) -> Progress {
        self.longest_ms = self.longest_ms.max(queue_ms);
        if signals.change_ms.abs() > MOVES_MS {
            self.moved = now;
            self.measure(now, signals);
        }
        let stays = now.saturating_duration_since(self.moved) > PATIENCE
            || now.saturating_duration_since(self.since) > self.too_long();
        if stays {
            Progress::NotOurs(self.capacity)
        } else if queue_ms >= EMPTY_MS {
            Progress::Draining(self.rate(queue_ms))
        } else if signals.newest_sent < self.since + TOO_EARLY {
            Progress::GoneByItself(self.before)
        } else {
            Progress::Gone(self.capacity)
        }
    }
    /// What arrives from a queue that changes is the capacity. One that still grows although we send less is either a link
    /// that lost more, or others who fill it: then what arrives of ours is counted once for each time that we sent less,
    /// or their queue would press us down with each report.
    fn measure(&mut self, now: Instant, signals: &Signals) {
        if signals.change_ms > 0.0 {
            let shows = signals.newest_sent >= self.shows_from;
            if shows {
                self.shows_from = now + ENCODER_LAG;
            } else if self.has_shown {
                return;
            }
            self.has_shown |= shows;
        }
        self.capacity = signals.acked_of_late.unwrap_or(self.capacity);
    }
}

/// Share of the capacity that lets a queue of this length drain in time.
fn share(queue_ms: f64) -> f64 {
    (1.0 - queue_ms / DRAIN_WITHIN_MS).clamp(LEAST_SHARE, REMAINS)
}
