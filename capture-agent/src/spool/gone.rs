//! Which clips the relay has: an export may lie on its card for months, and must not be taken in again as unsent.
//!
//! Owns the list in memory and its bound. On the disk each export in it is an empty file in `sent/`, named by its id, so that no
//! crash leaves half a list. It is made when the relay has said that it keeps the clip and before the object goes: from then on it
//! is true, whatever becomes of the object.

use std::collections::{BTreeSet, VecDeque};
use wire::ClipId;

/// As many as files are looked at in an import folder; with more, the one that left first is forgotten.
pub(super) const MAX_GONE: usize = 20_000;

/// Clips that left.
#[derive(Debug, Default)]
pub(super) struct Gone {
    clips: BTreeSet<ClipId>,
    /// The same in the order of leaving.
    order: VecDeque<ClipId>,
}

impl Gone {
    pub(super) fn contains(&self, clip: ClipId) -> bool {
        self.clips.contains(&clip)
    }

    /// Adds one. Gives the one that is forgotten for it.
    pub(super) fn add(&mut self, clip: ClipId) -> Option<ClipId> {
        if !self.clips.insert(clip) {
            return None;
        }
        self.order.push_back(clip);
        if self.order.len() <= MAX_GONE {
            return None;
        }
        let first = self.order.pop_front()?;
        self.clips.remove(&first);
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_too_many_is_forgotten() {
        let mut gone = Gone::default();
        let clips: Vec<ClipId> = (0..=MAX_GONE).map(|_| ClipId::random()).collect();
        let forgotten: Vec<ClipId> = clips.iter().filter_map(|clip| gone.add(*clip)).collect();
        assert_eq!(forgotten, [clips[0]]);
        assert!(!gone.contains(clips[0]) && gone.contains(clips[1]));
        assert_eq!(gone.add(clips[1]), None, "it is there");
    }
}
