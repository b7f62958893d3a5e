//! Which version of each frame can be decoded.
//!
//! Owns the choice among frames of one moment. What was sent again stands for a moment (the journal's frame is the better one), and
//! while the journal had an encoder of its own its frames stand on each other and on no frame that arrived: where its key frame
//! lies before the recording begins, they cannot be decoded, and what arrived can. Pure. Invariant: each moment has exactly one
//! frame, and what was sent again wins wherever its chain begins with a key frame.

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
    let chosen = table.frames().map(|stands| {
        let live = table
            .copies(stands.at)
            .find(|copy| copy.segment.lane == Lane::Live);
        let (chosen, after) = choose(chain, stands, live);
        chain = after;
        *chosen
    });
    chosen.collect()
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
