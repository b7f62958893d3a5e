//! Which moves of pointers are kept beside the recording: at most ten in a second of each person, while a consent stands.
//!
//! Sans-IO. Takes what presence tells all pages, batch by batch. Of what comes too soon the newest waits, so that a pointer that
//! comes to rest is kept where it rests. Invariant: nothing from before a recording began or after it ended is handed out.

use recording::PointerMove;
use std::collections::BTreeMap;
use wire::socket::{FromRelay, Pointer};
use wire::{RelayTime, SessionId};

/// Between two moves of one pointer that are kept (DESIGN §3: at most 10 Hz).
const BETWEEN_US: u64 = 100_000;

/// The track of one consult. Bounded by who points.
#[derive(Debug, Default)]
pub(super) struct PointerTrack {
    is_on: bool,
    /// The newest move of each person that was not handed out.
    waiting: BTreeMap<SessionId, PointerMove>,
    /// When one of theirs was handed out, as far as that is not long ago.
    kept_at: BTreeMap<SessionId, RelayTime>,
}

impl PointerTrack {
    /// Whether anything is recorded now. Where pointers rest when that begins is the beginning of the track.
    pub(super) fn follow(
        &mut self,
        is_on: bool,
        resting: impl FnOnce() -> Option<FromRelay>,
        dated: RelayTime,
    ) {
        if !is_on {
            self.waiting.clear();
        } else if !self.is_on {
            self.wait(resting().as_slice(), dated);
        }
        self.is_on = is_on;
    }

    /// All pages are told this.
    pub(super) fn told(&mut self, said: &[FromRelay], dated: RelayTime) {
        if self.is_on {
            self.wait(said, dated);
        }
    }

    /// When something is to be handed out.
    pub(super) fn due(&self) -> Option<RelayTime> {
        self.waiting
            .keys()
            .map(|session| self.free_at(*session))
            .min()
    }

    /// What is kept now.
    pub(super) fn take(&mut self, now: RelayTime) -> Vec<PointerMove> {
        // Of a clock that was set back nothing is remembered.
        self.kept_at
            .retain(|_, at| *at <= now && now.0 - at.0 < BETWEEN_US);
        let is_free = |session: &SessionId| !self.kept_at.contains_key(session);
        let kept: Vec<PointerMove> = self
            .waiting
            .extract_if(.., |session, _| is_free(session))
            .map(|(_, moved)| moved)
            .collect();
        self.kept_at
            .extend(kept.iter().map(|moved| (moved.session, now)));
        kept
    }

    fn wait(&mut self, said: &[FromRelay], at: RelayTime) {
        let moved = said.iter().filter_map(|message| match message {
            FromRelay::Pointers { pointers } => Some(pointers),
            _ => None,
        });
        for Pointer {
            session, at: place, ..
        } in moved.flatten()
        {
            let moved = PointerMove {
                at,
                session: *session,
                place: place.map(Into::into),
            };
            self.waiting.insert(*session, moved);
        }
    }

    fn free_at(&self, session: SessionId) -> RelayTime {
        let kept = self.kept_at.get(&session);
        kept.map_or(RelayTime(0), |at| {
            RelayTime(at.0.saturating_add(BETWEEN_US))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use wire::Fraction;
    use wire::mark::Point;

    const NOW: RelayTime = RelayTime(1_795_000_000_000_000);

    fn at(ms: u64) -> RelayTime {
        RelayTime(NOW.0 + ms * 1_000)
    }

    fn pointer(number: u128, x: f64) -> FromRelay {
        let at = Fraction::new(x).ok().map(|x| Point { x, y: x });
        let session = SessionId::from_uuid(Uuid::from_u128(number));
        FromRelay::Pointers {
            pointers: vec![Pointer {
                session,
                at,
                rtp_time: None,
            }],
        }
    }

    fn recorded() -> PointerTrack {
        let mut track = PointerTrack::default();
        track.follow(true, || None, NOW);
        track
    }

    #[test]
    fn a_pointer_that_moves_all_the_time_is_kept_ten_times_a_second_and_where_it_rests() {
        let mut track = recorded();
        let mut kept = Vec::new();
        for n in 0..31_u64 {
            // Thirty batches a second, two people.
            for number in [1, 2] {
                track.told(&[pointer(number, n as f64 / 30.0)], at(n * 33));
            }
            kept.extend(track.take(at(n * 33)));
        }
        let rests = track.due().unwrap();
        kept.extend(track.take(rests));
        assert_eq!(track.due(), None);
        let of = |number: u128| -> Vec<PointerMove> {
            let session = SessionId::from_uuid(Uuid::from_u128(number));
            let is_theirs = |moved: &&PointerMove| moved.session == session;
            kept.iter().filter(is_theirs).copied().collect()
        };
        for moves in [of(1), of(2)] {
            assert!((9..=11).contains(&moves.len()), "{}", moves.len());
            assert!(moves.windows(2).all(|pair| pair[0].at < pair[1].at));
            let last = moves.last().unwrap();
            assert_eq!((last.at, last.place.unwrap().x), (at(990), u16::MAX));
        }
    }

    #[test]
    fn leaving_the_picture_is_a_move_too() {
        let mut track = recorded();
        track.told(&[pointer(1, 0.5)], at(0));
        assert!(track.take(at(0))[0].place.is_some());
        track.told(&[pointer(1, 0.6)], at(33));
        track.told(&[pointer(1, f64::NAN)], at(66));
        assert_eq!(track.take(at(66)), [], "too soon");
        assert_eq!(track.due(), Some(at(100)));
        assert_eq!(track.take(at(100))[0].place, None);
    }

    #[test]
    fn nothing_from_before_and_nothing_after_and_the_beginning_is_where_pointers_rest() {
        let mut track = PointerTrack::default();
        track.told(&[pointer(1, 0.2)], at(0));
        assert_eq!((track.due(), track.take(at(0))), (None, vec![]));
        track.follow(true, || Some(pointer(1, 0.2)), at(500));
        let begin = track.take(at(500));
        assert_eq!((begin.len(), begin[0].at), (1, at(500)));
        track.told(&[pointer(1, 0.4)], at(520));
        track.follow(false, || None, at(530));
        track.told(&[pointer(1, 0.5)], at(900));
        assert_eq!((track.due(), track.take(at(1_000))), (None, vec![]));
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let mut track = recorded();
        track.told(&[pointer(1, 0.1)], at(5_000));
        assert_eq!(track.take(at(5_000)).len(), 1);
        track.told(&[pointer(1, 0.2)], at(0));
        assert_eq!(track.take(at(0)).len(), 1);
    }
}
