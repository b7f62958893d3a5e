//! The healer against an agent that is played here.

use super::*;
use recording::{FrameEntry, FrameHash, Lane, SegmentId};
use std::collections::BTreeMap;
use wire::backfill::{MAX_HELD, Slice, read_held_hashes};

mod news;

const STEP: u64 = 3_000;
const BEGIN: u64 = 1 << 40;
const FILL: SegmentId = SegmentId {
    lane: Lane::Fill,
    number: 1,
};

fn entry(at: u64) -> FrameEntry {
    FrameEntry {
        at: Tick(BEGIN + at * STEP),
        segment: SegmentId {
            lane: Lane::Live,
            number: 1,
        },
        offset: 0,
        length: 1,
        hash: FrameHash([at as u8; 16]),
        keyframe: at == 0,
        index: None,
    }
}

fn table(holds: impl Fn(u64) -> bool, frames: u64) -> FrameTable {
    (0..frames).filter(|at| holds(*at)).map(entry).collect()
}

fn print(table: &FrameTable) -> recording::RecordingDigest {
    table.fingerprint(Tick(0)..=Tick(u64::MAX))
}

/// As a weak link let it through.
fn weak(at: u64) -> FrameEntry {
    FrameEntry {
        hash: FrameHash([!(at as u8); 16]),
        ..entry(at)
    }
}

/// Plays the agent: answers what is said from its journal, into the recording.
fn answer(
    word: BackfillToAgent,
    journal: &FrameTable,
    here: &mut FrameTable,
    healer: &mut Healer,
    now: Instant,
) -> u64 {
    let kept = journal.last_tick();
    match word {
        BackfillToAgent::Compare { ask, slices } => {
            let differs = |slice: &Slice| {
                let found = journal.fingerprint(Tick(slice.from)..=Tick(slice.until));
                (found.frames, found.digest) != (slice.frames, slice.digest)
            };
            let differing: Vec<u32> = (0..)
                .zip(&slices)
                .filter(|(_, it)| differs(it))
                .map(|(at, _)| at)
                .collect();
            healer.compared(ask, &differing, kept, now);
            0
        }
        BackfillToAgent::Send {
            ask,
            from,
            until,
            held,
            hashes,
        } => {
            let (mut at, mut holds) = (from, BTreeMap::new());
            let mut hashes = read_held_hashes(&hashes, held.len())
                .unwrap_or_default()
                .into_iter();
            for step in held {
                at += u64::from(step);
                holds.insert(at, hashes.next());
            }
            let lacking = |frame: &&FrameEntry| match holds.get(&frame.at.0) {
                None => true,
                Some(told) => told.is_some_and(|hash| !frame.hash.0.starts_with(&hash)),
            };
            let sent: Vec<FrameEntry> = journal
                .range(Tick(from)..=Tick(until))
                .filter(lacking)
                .map(|frame| FrameEntry {
                    segment: FILL,
                    ..*frame
                })
                .collect();
            here.extend(sent.iter().copied());
            healer.came(now);
            healer.sent(ask, kept, now);
            sent.len() as u64
        }
        BackfillToAgent::Taken { .. } => 0,
    }
}

#[test]
fn gaps_of_two_minutes_are_fetched_and_nothing_else() {
    let frames = 5 * 60 * 30;
    let journal = table(|_| true, frames);
    let missing = |at: u64| (1_000..1_300).contains(&at) || at == 7_000;
    let mut here = table(|at| !missing(at), frames);
    let (mut healer, mut now, mut fetched) = (Healer::new(), Instant::now(), 0);
    let present = Tick(BEGIN + frames * STEP);
    assert_eq!(healer.next(&here, present, now), None, "nobody is there");
    healer.here(now);
    for _ in 0..20 {
        if let Some(word) = healer.next(&here, present, now) {
            fetched += answer(word, &journal, &mut here, &mut healer, now);
        }
        now += Duration::from_secs(1);
    }
    assert_eq!(fetched, 301);
    assert_eq!(print(&here), print(&journal));
    assert_eq!(healer.whole_until(), healer.checked());
    let checked = healer.checked().unwrap();
    assert!(present.after(checked) <= Tick::ticks_of_ms(BEHIND_MS));
}

#[test]
fn what_is_missing_comes_before_better_frames_and_both_make_it_the_journal() {
    let frames = 3 * 60 * 30;
    let journal = table(|_| true, frames);
    // A minute of a weak link that took every third frame, then a hole on a good one.
    let is_weak = |at: u64| (900..2_700).contains(&at);
    let mut here: FrameTable = (0..frames)
        .filter(|at| !(4_000..4_100).contains(at) && (!is_weak(*at) || at % 3 != 0))
        .map(|at| if is_weak(at) { weak(at) } else { entry(at) })
        .collect();
    let (mut healer, mut now) = (Healer::new(), Instant::now());
    let present = Tick(BEGIN + frames * STEP);
    healer.here(now);
    let mut fetched = Vec::new();
    for _ in 0..200 {
        if let Some(word) = healer.next(&here, present, now) {
            let is_better =
                matches!(&word, BackfillToAgent::Send { hashes, .. } if !hashes.is_empty());
            let sent = answer(word, &journal, &mut here, &mut healer, now);
            if sent > 0 {
                fetched.push((is_better, sent));
            }
            if is_better && healer.whole_until() < healer.checked() {
                assert!(healer.weak_from().is_some(), "it is told");
            }
        }
        now += Duration::from_millis(100);
    }
    let missing: u64 = fetched.iter().filter(|it| !it.0).map(|it| it.1).sum();
    let better: u64 = fetched.iter().filter(|it| it.0).map(|it| it.1).sum();
    assert_eq!((missing, better), (600 + 100, 1_200));
    assert!(
        fetched.is_sorted_by_key(|it| it.0),
        "nothing better before something missing: {fetched:?}"
    );
    assert_eq!(print(&here), print(&journal));
    assert_eq!(healer.weak_from(), None);
    assert_eq!(healer.whole_until(), healer.checked());
}

#[test]
fn a_hole_that_opens_while_better_frames_come_is_filled_before_the_next_piece() {
    let journal = table(|_| true, 120 * 30);
    let mut here: FrameTable = (0..100 * 30).map(weak).collect();
    let (mut healer, mut now) = (Healer::new(), Instant::now());
    healer.here(now);
    let present = |seconds: u64| Tick(BEGIN + seconds * 30 * STEP);
    let is_better = |word: &BackfillToAgent| matches!(word, BackfillToAgent::Send { hashes, .. } if !hashes.is_empty());
    let word = loop {
        let word = healer.next(&here, present(100), now);
        match word {
            Some(word) if is_better(&word) => break word,
            Some(word) => drop(answer(word, &journal, &mut here, &mut healer, now)),
            None => {}
        }
        now += Duration::from_millis(100);
    };
    // The rest was captured in a cut; the answer to `word` is not waited for.
    drop(word);
    healer.hurry(now);
    let mut sent = 0;
    while sent == 0 {
        let word = healer
            .next(&here, present(120), now)
            .expect("it asks at once");
        assert!(!is_better(&word), "what is missing comes first");
        sent += answer(word, &journal, &mut here, &mut healer, now);
    }
    assert!(sent >= 500, "{sent}");
}

#[test]
fn on_a_link_that_stays_weak_it_asks_once_in_a_while() {
    let frames = 60 * 30;
    let journal = table(|_| true, frames);
    let here: FrameTable = (0..frames).map(weak).collect();
    let (mut healer, mut now) = (Healer::new(), Instant::now());
    healer.here(now);
    let (mut asked, mut nothing) = (0, here.clone());
    // An agent whose link has no room for better frames.
    for at in 0..600 {
        let present = Tick(BEGIN + (frames / 2 + at * 3) * STEP);
        if let Some(word) = healer.next(&here, present, now) {
            asked += 1;
            let is_better =
                matches!(&word, BackfillToAgent::Send { hashes, .. } if !hashes.is_empty());
            if !is_better {
                answer(word, &journal, &mut nothing, &mut healer, now);
            }
        }
        now += Duration::from_millis(100);
    }
    assert!(asked < 60, "{asked} questions in a minute");
}

#[test]
fn an_answer_that_never_comes_is_asked_for_again() {
    let here = table(|_| true, 300);
    let (mut healer, now) = (Healer::new(), Instant::now());
    let present = Tick(BEGIN + 400 * STEP);
    healer.here(now);
    let first = healer.next(&here, present, now);
    assert!(matches!(
        first,
        Some(BackfillToAgent::Compare { ask: 1, .. })
    ));
    assert_eq!(healer.next(&here, present, now + ANSWER / 2), None);
    assert_eq!(healer.next(&here, present, now + ANSWER), None);
    healer.compared(1, &[], None, now);
    let again = healer.next(&here, present, now + ANSWER);
    assert!(matches!(
        again,
        Some(BackfillToAgent::Compare { ask: 2, .. })
    ));
}

#[test]
fn what_the_journal_has_not_made_durable_is_looked_at_again() {
    let here = table(|_| true, 300);
    let (mut healer, now) = (Healer::new(), Instant::now());
    healer.here(now);
    let present = Tick(BEGIN + 400 * STEP);
    assert!(healer.next(&here, present, now).is_some());
    let kept = Tick(BEGIN + 100 * STEP);
    healer.compared(1, &[], Some(kept), now);
    assert_eq!(healer.checked(), Some(Tick(kept.0 + 1)));
    healer.gone();
    healer.here(now);
    assert_eq!(healer.checked(), None, "each connection checks everything");
}

#[test]
fn a_minute_with_more_frames_than_a_question_holds_is_fetched_in_parts() {
    let frames = MAX_HELD as u64 + 500;
    assert!(frames > 3_400);
    let dense = |at: u64| FrameEntry {
        at: Tick(BEGIN + at * 1_000),
        ..entry(at)
    };
    let journal: FrameTable = (0..frames).map(dense).collect();
    let mut here: FrameTable = (0..frames)
        .filter(|at| at % 3_450 != 3_400)
        .map(dense)
        .collect();
    let (mut healer, mut now) = (Healer::new(), Instant::now());
    healer.here(now);
    for _ in 0..30 {
        if let Some(word) = healer.next(&here, Tick(BEGIN + (1 << 30)), now) {
            answer(word, &journal, &mut here, &mut healer, now);
        }
        now += Duration::from_secs(1);
    }
    assert_eq!(print(&here), print(&journal));
}
