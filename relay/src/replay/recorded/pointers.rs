//! The track of pointers that was kept beside voices.
//!
//! Owns the order over all consents, and how much one answer holds. How often a pointer was kept is decided where it is recorded.

use recording::{PointerMove, Recording};
use std::io;
use wire::replay::{MAX_REPLAY_MOVES, ReplayMove, ReplayPointers};
use wire::{ConsentId, RelayTime};

/// All moves, in order.
///
/// # Errors
/// The system's.
pub(super) fn moves(found: &[(ConsentId, Recording)]) -> io::Result<Vec<PointerMove>> {
    let mut all = Vec::new();
    for (_, recording) in found {
        all.append(&mut recording.pointer_moves()?);
    }
    all.sort_unstable();
    Ok(all)
}

/// Those from this moment on, as many as one answer holds; it ends between two moments.
pub(super) fn part(all: &[PointerMove], from: RelayTime) -> ReplayPointers {
    let begin = all.partition_point(|moved| moved.at < from);
    let rest = all.get(begin..).unwrap_or_default();
    let last = rest.get(..MAX_REPLAY_MOVES).and_then(<[_]>::last);
    let end = last.map_or(rest.len(), |last| {
        rest.partition_point(|moved| moved.at <= last.at)
    });
    let (now, later) = rest.split_at(end);
    ReplayPointers {
        moves: now.iter().map(moved).collect(),
        next: later.first().map(|moved| moved.at),
    }
}

fn moved(moved: &PointerMove) -> ReplayMove {
    ReplayMove {
        at: moved.at,
        session: moved.session,
        place: moved.place.map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use wire::SessionId;

    #[test]
    fn parts_make_the_whole_also_where_many_move_in_one_moment() {
        let all: Vec<PointerMove> = (0..2 * MAX_REPLAY_MOVES as u64 + 5)
            .map(|n| PointerMove {
                at: RelayTime(n / 3),
                session: SessionId::from_uuid(Uuid::from_u128(u128::from(n % 3))),
                place: None,
            })
            .collect();
        let (mut got, mut from) = (Vec::new(), Some(RelayTime(0)));
        while let Some(at) = from {
            let part = part(&all, at);
            assert!(part.moves.len() <= MAX_REPLAY_MOVES + 2);
            got.extend(part.moves);
            from = part.next;
        }
        assert_eq!(got, all.iter().map(moved).collect::<Vec<_>>());
        assert_eq!(part(&all, RelayTime(u64::MAX)).next, None);
    }
}
