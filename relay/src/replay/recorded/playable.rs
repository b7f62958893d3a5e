//! Which version of each frame can be decoded.
//!
//! Owns the choice among frames of one moment. What was sent again stands for a moment (the journal's frame is the better one), and
//! while the journal had an encoder of its own its frames stand on each other and on no frame that arrived: where its key frame
//! lies before the recording begins, they cannot be decoded, and what arrived can. Nor does what arrived stand on them: where what was
//! sent again ends amid a group (the newest is not sent yet, or never will be), the whole group is shown as it arrived, and what
//! cannot be decoded either way is left out. Pure. Invariant: each moment has at most one frame, which can be decoded from the key frame before it,
//! and what was sent again wins wherever its chain reaches.

use recording::{FrameEntry, FrameTable, Lane};

/// On whose frames the next one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chain {
    /// No key frame came yet.
    Nobodys,
    /// On what was sent again.
    Filled,
    /// On what arrived.
    Live,
}

/// One frame for each moment, in order, as a decoder takes them.
pub(crate) fn playable(table: &FrameTable) -> Vec<FrameEntry> {
    let mut chain = Chain::Nobodys;
    let (mut chosen, mut group) = (Vec::new(), Group::default());
    for stands in table.frames() {
        let live = table
            .copies(stands.at)
            .find(|copy| copy.segment.lane == Lane::Live);
        group.put(stands, live, chosen.len());
        let (frame, after) = choose(chain, stands, live);
        let stands_on_another = after == Chain::Filled
            && frame.segment.lane == Lane::Live
            && !frame.keyframe
            && group.is_apart();
        if !stands_on_another {
            chosen.push(*frame);
            chain = after;
        } else if let Some(arrived) = group.arrived() {
            chosen.truncate(group.begin);
            chosen.extend_from_slice(arrived);
            chain = Chain::Live;
        }
    }
    chosen
}

/// What arrived since its last key frame, and how it compares with what was sent again.
#[derive(Debug, Default)]
struct Group {
    /// Where it begins among those that were chosen.
    begin: usize,
    /// Each moment of it, as far as it is whole.
    arrived: Vec<FrameEntry>,
    is_whole: bool,
    /// Moments since the key frame of what was sent again at which both have the same bytes…
    equal: u32,
    /// …and others.
    unequal: u32,
}

impl Group {
    fn put(&mut self, stands: &FrameEntry, live: Option<&FrameEntry>, place: usize) {
        if live.is_some_and(|live| live.keyframe) {
            (self.begin, self.is_whole) = (place, true);
            self.arrived.clear();
        }
        match live {
            Some(live) if self.is_whole => self.arrived.push(*live),
            _ => self.is_whole = false,
        }
        if stands.segment.lane == Lane::Fill {
            if stands.keyframe {
                (self.equal, self.unequal) = (0, 0);
            }
            match live {
                Some(live) if live.hash == stands.hash => self.equal += 1,
                Some(_) => self.unequal += 1,
                None => {}
            }
        }
    }

    /// The journal had an encoder of its own. What a weak link spoilt differs here and there, but not everywhere.
    const fn is_apart(&self) -> bool {
        self.equal == 0 && self.unequal > 0
    }

    /// All of it, when it can be decoded as it arrived.
    fn arrived(&self) -> Option<&[FrameEntry]> {
        self.is_whole.then_some(&self.arrived[..])
    }
}

fn choose<'a>(
    chain: Chain,
    stands: &'a FrameEntry,
    live: Option<&'a FrameEntry>,
) -> (&'a FrameEntry, Chain) {
    if stands.segment.lane == Lane::Live {
        let after = if stands.keyframe { Chain::Live } else { chain };
        return (stands, after);
    }
    match live {
        _ if stands.keyframe => (stands, Chain::Filled),
        // With equal bytes both are of one chain.
        Some(live) if live.hash != stands.hash && live.keyframe && chain != Chain::Filled => {
            (live, Chain::Live)
        }
        Some(live) if live.hash != stands.hash && chain == Chain::Live => (live, Chain::Live),
        _ => (stands, chain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recording::{FrameHash, SegmentId, Tick};

    /// A frame of a moment: `hash` is what its bytes are known by.
    fn frame(at: u64, lane: Lane, hash: u8, keyframe: bool) -> FrameEntry {
        FrameEntry {
            at: Tick(at),
            segment: SegmentId { lane, number: 1 },
            offset: 0,
            length: 1,
            hash: FrameHash([hash; 16]),
            keyframe,
            index: None,
        }
    }

    fn lanes(of: &[FrameEntry]) -> String {
        let letter = |it: &FrameEntry| match it.segment.lane {
            Lane::Fill => 'f',
            Lane::Live => 'l',
        };
        playable(&of.iter().copied().collect())
            .iter()
            .map(letter)
            .collect()
    }

    #[test]
    fn frames_of_the_journal_whose_key_frame_was_before_give_way_to_what_arrived() {
        let mut both: Vec<FrameEntry> = Vec::new();
        for at in 0..8 {
            both.push(frame(at, Lane::Live, 1, at == 0));
            both.push(frame(at, Lane::Fill, 2, at == 5));
        }
        assert_eq!(lanes(&both), "lllllfff", "until its next key frame");
    }

    #[test]
    fn what_was_lost_on_the_way_stands_among_what_arrived() {
        let live = [0, 1, 2, 6, 7].map(|at| frame(at, Lane::Live, 1, at == 0));
        let filled = [3, 4, 5].map(|at| frame(at, Lane::Fill, 1, false));
        assert_eq!(lanes(&[&live[..], &filled[..]].concat()), "lllfffll");
    }

    #[test]
    fn better_frames_take_the_place_of_weak_ones_from_their_key_frame_on() {
        let mut both: Vec<FrameEntry> = Vec::new();
        for at in 0..10 {
            both.push(frame(at, Lane::Live, 1, at == 0 || at == 8));
            if (3..8).contains(&at) {
                both.push(frame(at, Lane::Fill, 2, at == 3));
            }
        }
        assert_eq!(lanes(&both), "lllfffffll");
    }

    #[test]
    fn where_what_was_sent_again_ends_amid_a_group_the_group_is_shown_as_it_arrived() {
        let both = |missing: u64| -> Vec<FrameEntry> {
            let live = (0..12)
                .filter(|at| *at != missing)
                .map(|at| frame(at, Lane::Live, 1, at == 0 || at == 4));
            let filled = (0..9).map(|at| frame(at, Lane::Fill, 2, at == 0 || at == 4));
            live.chain(filled).collect()
        };
        assert_eq!(lanes(&both(99)), "ffffllllllll");
        assert_eq!(
            lanes(&both(2)),
            "ffffllllllll",
            "the hole is in the group before"
        );
        // What arrived cannot be decoded behind the hole, and does not stand on what was sent again.
        assert_eq!(lanes(&both(6)), "fffffffff");
        let mut healed = both(6);
        healed.push(frame(12, Lane::Live, 1, true));
        healed.push(frame(13, Lane::Live, 1, false));
        assert_eq!(lanes(&healed), "fffffffffll", "until the next key frame");
    }

    #[test]
    fn with_equal_bytes_what_was_sent_again_stands() {
        let both = [0, 1].map(|at| {
            [
                frame(at, Lane::Live, 1, at == 0),
                frame(at, Lane::Fill, 1, at == 0),
            ]
        });
        assert_eq!(lanes(&both.concat()), "ff");
        assert_eq!(
            lanes(&[frame(0, Lane::Fill, 1, false)]),
            "f",
            "all there is"
        );
        assert_eq!(lanes(&[]), "");
    }
}
