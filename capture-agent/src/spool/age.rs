//! How long a copy has been here, whatever is done to the clock (decision 0027).
//!
//! Owns the rule. A copy's file says since when by the wall clock, that of the lock when the clock was looked at last. Between two
//! looks no less passes than the machine's own clock saw, and no more than a day beyond: asleep or off it sees nothing. By what
//! the wall clock was set beyond that, the time of every copy is moved too.

use std::time::{Duration, Instant, SystemTime};

/// What may have passed unseen between two looks.
const UNSEEN: Duration = Duration::from_secs(24 * 3_600);
/// So much less than was seen is a clock that goes a little slow, or was put right.
const SLOW: Duration = Duration::from_secs(60);

/// A moment by two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock, which somebody may set.
    pub wall: SystemTime,
    /// The machine's own, which nobody sets.
    pub steady: Instant,
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Moment;
}

/// The real one.
#[derive(Debug, Clone, Copy, Default)]
pub struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Moment {
        Moment {
            wall: SystemTime::now(),
            steady: Instant::now(),
        }
    }
}

/// By what a clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetBy {
    Nothing,
    Ahead(Duration),
    Back(Duration),
}

impl SetBy {
    /// Between two looks.
    pub(super) fn between(last: Moment, now: Moment) -> Self {
        let seen = now.steady.saturating_duration_since(last.steady);
        match now.wall.duration_since(last.wall) {
            Ok(passed) if passed > seen + UNSEEN => Self::Ahead(passed - seen - UNSEEN),
            Ok(passed) if passed + SLOW < seen => Self::Back(seen - passed),
            Ok(_) => Self::Nothing,
            Err(before) => Self::Back(before.duration() + seen),
        }
    }

    /// What an earlier moment is called by the clock as it stands at `now`; none is later than that.
    pub(super) fn moved(self, earlier: SystemTime, now: SystemTime) -> SystemTime {
        let moved = match self {
            Self::Nothing => Some(earlier),
            Self::Ahead(by) => earlier.checked_add(by),
            Self::Back(by) => earlier.checked_sub(by),
        };
        moved.unwrap_or(now).min(now)
    }
}

#[cfg(test)]
mod tests;
