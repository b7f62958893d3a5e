//! Whether the journal shares what is coded for the link, or has an encoder of its own (sans-IO).
//!
//! Owns the state and its changes. While the live picture has all its bits, pixels and frames, one encoder serves both; as
//! soon as the link takes any of them the journal goes apart, at that very frame, and comes back only behind a keyframe of the
//! live picture, some time after it is whole again. Invariant: behind each change the journal goes on with a keyframe.

use std::time::{Duration, Instant};

/// The live picture must be whole for so long before the journal shares it again: each change costs the journal a keyframe, and
/// an estimate swings for some probes.
const SETTLES_AFTER: Duration = Duration::from_secs(3);

/// The state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sharing {
    /// One encoder serves link and journal.
    #[default]
    Shared,
    /// The journal has an encoder of its own.
    Apart {
        /// Since when the live picture is whole; none while it is not.
        whole_since: Option<Instant>,
    },
}

impl Sharing {
    /// Before a frame is coded: whether the live picture is as good as the journal's.
    pub(super) fn judge(&mut self, is_whole: bool, now: Instant) {
        match self {
            Self::Shared if !is_whole => {
                self.part("the link takes bits, pixels or frames of the picture");
            }
            Self::Shared => {}
            Self::Apart { whole_since } if is_whole => {
                whole_since.get_or_insert(now);
            }
            Self::Apart { whole_since } => *whole_since = None,
        }
    }

    /// The live picture has no such frame.
    pub(super) fn part(&mut self, reason: &'static str) {
        match self {
            Self::Shared => tracing::info!(reason, "the journal is coded apart from the picture"),
            Self::Apart { .. } => {}
        }
        *self = Self::Apart { whole_since: None };
    }

    /// Whether the journal is not served by the live encoder.
    pub(super) const fn is_apart(self) -> bool {
        matches!(self, Self::Apart { .. })
    }

    /// Whether a keyframe of the live picture would bring both together.
    pub(super) fn wants_keyframe(self, now: Instant) -> bool {
        match self {
            Self::Apart {
                whole_since: Some(since),
            } => now.saturating_duration_since(since) >= SETTLES_AFTER,
            Self::Apart { whole_since: None } | Self::Shared => false,
        }
    }

    /// A frame was coded for the link: whether it goes into the journal too.
    pub(super) fn takes(&mut self, is_keyframe: bool, now: Instant) -> bool {
        if is_keyframe && self.wants_keyframe(now) {
            tracing::info!("the journal shares the picture's encoder again");
            *self = Self::Shared;
        }
        !self.is_apart()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_link_parts_them_at_once_and_a_keyframe_joins_them_when_it_was_good_for_a_while() {
        let (mut sharing, begin) = (Sharing::default(), Instant::now());
        sharing.judge(true, begin);
        assert!(sharing.takes(true, begin) && sharing.takes(false, begin));
        sharing.judge(false, begin);
        assert!(
            !sharing.takes(true, begin),
            "a keyframe on a weak link is a weak one"
        );
        sharing.judge(true, begin);
        let soon = begin + SETTLES_AFTER / 2;
        sharing.judge(true, soon);
        assert!(!sharing.wants_keyframe(soon) && !sharing.takes(true, soon));
        let later = begin + SETTLES_AFTER;
        sharing.judge(true, later);
        assert!(sharing.wants_keyframe(later));
        assert!(!sharing.takes(false, later), "only behind a keyframe");
        assert!(sharing.takes(true, later));
        assert!(!sharing.wants_keyframe(later) && sharing.takes(false, later));
    }

    #[test]
    fn a_link_that_is_weak_again_begins_the_wait_anew() {
        let (mut sharing, begin) = (Sharing::default(), Instant::now());
        sharing.part("a frame was left out");
        sharing.judge(true, begin);
        sharing.judge(false, begin + SETTLES_AFTER / 2);
        sharing.judge(true, begin + SETTLES_AFTER);
        assert!(!sharing.wants_keyframe(begin + SETTLES_AFTER));
        assert!(sharing.wants_keyframe(begin + SETTLES_AFTER * 2));
    }
}
