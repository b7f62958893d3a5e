//! Properties of the log over random meetings: whatever people do, one truth comes out.

use super::clips::ClipInput;
use super::core::Restored;
use super::effect::{Input, PictureInput, SocketKey};
use super::samples::{
    Meeting, STREAM, anchor, cardiologist, physician, picture, restored, stroke, trainee, trainer,
};
use super::state::Shown;
use proptest::prelude::*;
use uuid::Uuid;
use wire::clip::{ClipGap, SaveWhat};
use wire::log::StreamEnd;
use wire::mark::Annotation;
use wire::socket::{FromRelay, ToRelay};
use wire::{ClipId, FreezeId, Seq};

/// Something somebody does; numbers choose among what is there.
#[derive(Debug, Clone)]
enum Deed {
    Mark(u64, usize),
    Again(u64, usize),
    Replace(u64, usize),
    Withdraw(u64, usize),
    Pin(u64, usize, bool),
    Freeze(u64),
    Release(u64),
    Leave(u64),
    Come(u64),
    Save(u64),
    Clip(usize, u8),
    Wait(u64),
    PictureGoes,
    PictureComes,
}

fn deed() -> impl Strategy<Value = Deed> {
    let who = 0u64..4;
    prop_oneof![
        6 => (who.clone(), 1usize..5).prop_map(|(w, n)| Deed::Mark(w, n)),
        1 => (who.clone(), 0usize..50).prop_map(|(w, n)| Deed::Again(w, n)),
        1 => (who.clone(), 0usize..50).prop_map(|(w, n)| Deed::Replace(w, n)),
        2 => (who.clone(), 0usize..50).prop_map(|(w, n)| Deed::Withdraw(w, n)),
        1 => (who.clone(), 0usize..50, any::<bool>()).prop_map(|(w, n, p)| Deed::Pin(w, n, p)),
        1 => who.clone().prop_map(Deed::Freeze),
        1 => who.clone().prop_map(Deed::Release),
        1 => who.clone().prop_map(Deed::Leave),
        1 => who.prop_map(Deed::Come),
        1 => (0u64..4).prop_map(Deed::Save),
        2 => (0usize..6, 0u8..4).prop_map(|(n, what)| Deed::Clip(n, what)),
        1 => (0u64..20_000_000).prop_map(Deed::Wait),
        1 => Just(Deed::PictureGoes),
        1 => Just(Deed::PictureComes),
    ]
}

fn held(deeds: &[Deed]) -> Meeting {
    let people = [physician(), cardiologist(), trainer(), trainee()];
    let mut meeting = Meeting::of(&people);
    let (mut marks, mut freeze): (Vec<Annotation>, FreezeId) =
        (vec![stroke(1)], FreezeId::random());
    // Some are asked for, some come unasked.
    let clips: Vec<ClipId> = (0..6)
        .map(|n| ClipId::from_uuid(Uuid::from_u128(0xC11 + n)))
        .collect();
    for deed in deeds {
        let chosen = |n: usize| marks[n % marks.len()].clone();
        match *deed {
            Deed::Mark(who, points) => {
                marks.push(stroke(points));
                meeting.marks(who, &marks[marks.len() - 1]);
            }
            Deed::Again(who, n) => meeting.marks(who, &chosen(n)),
            Deed::Replace(who, n) => {
                let mut mark = stroke(2);
                mark.replaces = Some(chosen(n).id);
                meeting.marks(who, &mark);
                marks.push(mark);
            }
            Deed::Withdraw(who, n) => meeting.says(who, ToRelay::Withdraw { mark: chosen(n).id }),
            Deed::Pin(who, n, pinned) => meeting.says(
                who,
                ToRelay::Pin {
                    mark: chosen(n).id,
                    pinned,
                },
            ),
            Deed::Freeze(who) => {
                freeze = FreezeId::random();
                meeting.says(
                    who,
                    ToRelay::Freeze {
                        freeze,
                        anchor: anchor(),
                    },
                );
            }
            Deed::Release(who) => meeting.says(who, ToRelay::Release { freeze }),
            Deed::Leave(who) => meeting.apply(Input::Gone(SocketKey(who))),
            Deed::Come(who) => meeting.apply(Input::Joined(
                SocketKey(who),
                people[usize::try_from(who).unwrap()].clone(),
            )),
            Deed::Save(who) => meeting.says(
                who,
                ToRelay::SaveClip {
                    clip: clips[usize::try_from(who).unwrap()],
                    what: SaveWhat::Last { seconds: 6 },
                    view: None,
                },
            ),
            Deed::Clip(n, what) => {
                let clip = clips[n];
                let input = match what {
                    0 => ClipInput::Offered(Box::new(super::clips_tests::head(clip))),
                    1 => ClipInput::Kept(clip),
                    what => ClipInput::Missing {
                        clip,
                        reason: ClipGap::Conflict,
                        by_agent: what == 2,
                    },
                };
                meeting.apply(Input::Picture(STREAM, PictureInput::Clip(input)));
            }
            Deed::Wait(us) => meeting.passes(us),
            Deed::PictureGoes => meeting.apply(Input::Picture(
                STREAM,
                PictureInput::Stopped(StreamEnd::Lost),
            )),
            Deed::PictureComes => {
                meeting.apply(Input::Picture(STREAM, PictureInput::Started(picture())))
            }
        }
    }
    meeting
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A snapshot at any point and the entries after it give what all entries give; so does every resume point.
    #[test]
    fn any_snapshot_and_its_tail_are_the_whole(deeds in prop::collection::vec(deed(), 1..60)) {
        let meeting = held(&deeds);
        let whole = restored(&meeting.disk);
        for cut in 0..=meeting.disk.len() {
            let (head, tail) = meeting.disk.split_at(cut);
            // Over the wire and back, as a page gets it.
            let json = serde_json::to_string(&restored(head).shown.state).unwrap();
            let mut page = Shown { state: serde_json::from_str(&json).unwrap(), head: Seq(cut as u64) };
            for entry in tail {
                page.fold(entry);
            }
            prop_assert_eq!(&page, &whole.shown);
        }
    }

    /// The rules know the same whether they lived through it or read it.
    #[test]
    fn a_restart_forgets_nothing(deeds in prop::collection::vec(deed(), 1..60)) {
        let meeting = held(&deeds);
        let Restored { shown, ledger } = restored(&meeting.disk);
        prop_assert_eq!(&meeting.core.ledger, &ledger);
        let in_force = ledger.marks.values().filter(|known| known.in_force).count();
        prop_assert_eq!(in_force, shown.state.marks.len());
        prop_assert_eq!(ledger.clips.len(), shown.state.clips.len());
        for mark in &shown.state.marks {
            prop_assert_eq!(ledger.marks[&mark.mark.id].pinned, mark.pinned);
        }
    }

    /// Pages are told every entry once, in order, and nothing that is not on disk.
    #[test]
    fn pages_are_told_the_log_and_nothing_else(deeds in prop::collection::vec(deed(), 1..60)) {
        let meeting = held(&deeds);
        let told: Vec<_> = meeting.told.iter().filter_map(|(_, message)| match message {
            FromRelay::Entries { entries } => Some(entries.clone()),
            _ => None,
        }).flatten().collect();
        prop_assert_eq!(&meeting.disk[meeting.disk.len() - told.len()..], &told[..]);
        for (number, entry) in (1..).zip(&meeting.disk) {
            prop_assert_eq!(entry.seq, Seq(number));
        }
    }
}
