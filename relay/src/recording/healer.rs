//! What is asked of an agent's journal, and when (sans-IO).
//!
//! Owns one conversation at a time: compare what lies behind us minute by minute, then fetch the minutes that differ, one by
//! one. A question that is not answered is asked again later. Everything is checked anew on each connection, which costs some
//! kilobytes an hour; the answer to a question may be lost at any point and nothing is, because frames are a set. Invariant:
//! `checked` never passes a moment at which the journal holds a frame that was neither here nor sent.

use recording::{FrameTable, Tick};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use wire::backfill::{BackfillToAgent, MAX_HELD, MAX_SLICES, Slice};

/// What the newest frames need to be durable on both sides: a sync each 180 ms, and a lost packet is waited for a second.
const BEHIND_MS: u64 = 2_000;
/// Length of a compared span.
const SLICE_MS: u64 = 60_000;
/// Time between two looks when everything was whole at the last one.
const LOOK: Duration = Duration::from_secs(3);
/// The same while there is nothing to compare yet.
const SOON: Duration = Duration::from_millis(250);
/// An agent that says nothing for this long has not heard, or its link has no room.
const ANSWER: Duration = Duration::from_secs(10);

/// A span that is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) from: Tick,
    pub(super) until: Tick,
}

#[derive(Debug)]
enum Phase {
    /// There is nobody to ask.
    Away,
    /// Nothing is asked.
    Resting { until: Instant },
    /// An answer to `Compare` is outstanding.
    Comparing { slices: Vec<Slice>, since: Instant },
    /// The first of these is being fetched, or is to be asked for.
    Fetching {
        wanted: VecDeque<Wanted>,
        /// Everything is here up to this when they are.
        end: Tick,
        /// When something was last heard; nothing before it was asked for.
        heard: Option<Instant>,
    },
}

/// Asks one agent.
#[derive(Debug)]
pub(super) struct Healer {
    phase: Phase,
    ask: u32,
    /// Up to here nothing is missing that the journal has.
    checked: Option<Tick>,
}

impl Healer {
    /// Nobody is there.
    pub(super) const fn new() -> Self {
        Self {
            phase: Phase::Away,
            ask: 0,
            checked: None,
        }
    }

    /// An agent with a journal is there.
    pub(super) fn here(&mut self, now: Instant) {
        self.phase = Phase::Resting { until: now };
        self.checked = None;
    }

    /// It is gone.
    pub(super) fn gone(&mut self) {
        self.phase = Phase::Away;
    }

    /// Something of what came is not here after all: begins again, later.
    pub(super) fn start_over(&mut self, now: Instant) {
        if !matches!(self.phase, Phase::Away) {
            self.phase = Phase::Resting { until: now + LOOK };
            self.checked = None;
        }
    }

    /// Up to here nothing is missing that the journal has.
    pub(super) const fn checked(&self) -> Option<Tick> {
        self.checked
    }

    /// The span that is fetched now.
    pub(super) fn fetching(&self) -> Option<Wanted> {
        match &self.phase {
            Phase::Fetching {
                wanted,
                heard: Some(_),
                ..
            } => wanted.front().copied(),
            _ => None,
        }
    }

    /// What to say now. `present` is the moment on the agent's clock.
    pub(super) fn next(
        &mut self,
        table: &FrameTable,
        present: Tick,
        now: Instant,
    ) -> Option<BackfillToAgent> {
        match &mut self.phase {
            Phase::Away => None,
            Phase::Resting { until } => {
                if now < *until {
                    return None;
                }
                self.compare(table, present, now)
            }
            Phase::Comparing { since, .. } => {
                if now.saturating_duration_since(*since) >= ANSWER {
                    self.phase = Phase::Resting { until: now };
                }
                None
            }
            Phase::Fetching {
                wanted,
                heard: heard @ None,
                ..
            } => {
                let (span, held) = held_of(wanted.pop_front()?, table);
                if let Some(rest) = span.rest {
                    wanted.push_front(rest);
                }
                wanted.push_front(span.now);
                *heard = Some(now);
                self.ask = self.ask.wrapping_add(1);
                Some(BackfillToAgent::Send {
                    ask: self.ask,
                    from: span.now.from.0,
                    until: span.now.until.0,
                    held,
                })
            }
            Phase::Fetching {
                heard: Some(heard), ..
            } => {
                if now.saturating_duration_since(*heard) >= ANSWER {
                    self.phase = Phase::Resting { until: now };
                }
                None
            }
        }
    }

    fn compare(
        &mut self,
        table: &FrameTable,
        present: Tick,
        now: Instant,
    ) -> Option<BackfillToAgent> {
        let end = Tick(present.0.saturating_sub(Tick::ticks_of_ms(BEHIND_MS)));
        // What lies before the first frame here was captured before this recording began.
        let from = self.checked.or_else(|| table.first().map(|first| first.at));
        let slices = from
            .map(|from| slices(table, from, end))
            .unwrap_or_default();
        if slices.is_empty() {
            self.phase = Phase::Resting { until: now + SOON };
            return None;
        }
        self.ask = self.ask.wrapping_add(1);
        self.phase = Phase::Comparing {
            slices: slices.clone(),
            since: now,
        };
        let ask = self.ask;
        Some(BackfillToAgent::Compare { ask, slices })
    }

    /// The agent says where its journal differs, and up to when it is final.
    pub(super) fn compared(
        &mut self,
        ask: u32,
        differing: &[u32],
        kept_until: Option<Tick>,
        now: Instant,
    ) {
        let Phase::Comparing { slices, .. } = &self.phase else {
            return;
        };
        if ask != self.ask {
            return;
        }
        let rest = Phase::Resting { until: now + LOOK };
        let (Some(kept_until), Some(last)) = (kept_until, slices.last()) else {
            self.phase = rest;
            return;
        };
        let end = Tick(last.until).min(kept_until);
        let wanted: VecDeque<Wanted> = (0_u32..)
            .zip(slices)
            .filter(|(at, slice)| differing.contains(at) && slice.from <= end.0)
            .map(|(_, slice)| Wanted {
                from: Tick(slice.from),
                until: Tick(slice.until).min(end),
            })
            .collect();
        let is_full = slices.len() >= MAX_SLICES;
        self.phase = if wanted.is_empty() {
            self.pass(end);
            // There is more behind what fits into one question.
            let until = if is_full { now } else { now + LOOK };
            Phase::Resting { until }
        } else {
            Phase::Fetching {
                wanted,
                end,
                heard: None,
            }
        };
    }

    /// A part of what was asked for came.
    pub(super) fn came(&mut self, now: Instant) {
        if let Phase::Fetching {
            heard: Some(heard), ..
        } = &mut self.phase
        {
            *heard = now;
        }
    }

    /// All of what was asked for came.
    pub(super) fn sent(&mut self, ask: u32, kept_until: Option<Tick>, now: Instant) {
        let current = self.ask;
        let Phase::Fetching {
            wanted, end, heard, ..
        } = &mut self.phase
        else {
            return;
        };
        if ask != current || heard.is_none() {
            return;
        }
        let done = wanted.pop_front();
        *heard = None;
        let is_short = done.is_some_and(|done| kept_until.is_none_or(|kept| kept < done.until));
        if is_short {
            self.phase = Phase::Resting { until: now + LOOK };
        } else if wanted.is_empty() {
            let end = *end;
            self.pass(end);
            self.phase = Phase::Resting { until: now };
        }
    }

    fn pass(&mut self, end: Tick) {
        self.checked = self.checked.max(Some(Tick(end.0.saturating_add(1))));
    }
}

fn slices(table: &FrameTable, from: Tick, end: Tick) -> Vec<Slice> {
    let step = Tick::ticks_of_ms(SLICE_MS);
    let begins = (0..MAX_SLICES as u64).map(|at| from.0.saturating_add(at * step));
    begins
        .take_while(|begin| *begin <= end.0)
        .map(|begin| {
            let until = begin.saturating_add(step - 1).min(end.0);
            let found = table.fingerprint(Tick(begin)..=Tick(until));
            Slice {
                from: begin,
                until,
                frames: found.frames,
                digest: found.digest,
            }
        })
        .collect()
}

/// A span, cut so that what is held of it fits into a question.
struct Cut {
    now: Wanted,
    rest: Option<Wanted>,
}

/// What is here of a span, as distances.
fn held_of(span: Wanted, table: &FrameTable) -> (Cut, Vec<u32>) {
    let mut at = span.from;
    let mut held = Vec::new();
    for frame in table.range(span.from..=span.until) {
        if held.len() >= MAX_HELD {
            let (now, rest) = (
                Wanted { until: at, ..span },
                Wanted {
                    from: Tick(at.0.saturating_add(1)),
                    ..span
                },
            );
            let rest = Some(rest);
            return (Cut { now, rest }, held);
        }
        // A minute has 5.4 million ticks.
        held.push(u32::try_from(frame.at.after(at)).unwrap_or(u32::MAX));
        at = frame.at;
    }
    let (now, rest) = (span, None);
    (Cut { now, rest }, held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use recording::{FrameEntry, FrameHash, Held, Lane, SegmentId};

    const STEP: u64 = 3_000;
    const BEGIN: u64 = 1 << 40;

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
            } => {
                let mut at = from;
                let holds: Vec<u64> = held
                    .iter()
                    .map(|step| {
                        at += u64::from(*step);
                        at
                    })
                    .collect();
                let missing = journal.missing_in(Tick(from)..=Tick(until), |frame| {
                    if holds.contains(&frame.at.0) {
                        Held::Some
                    } else {
                        Held::No
                    }
                });
                let sent: Vec<FrameEntry> = journal.to_send(&missing).copied().collect();
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
        assert_eq!(here, journal);
        let checked = healer.checked().unwrap();
        assert!(present.after(checked) <= Tick::ticks_of_ms(BEHIND_MS));
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
        let dense = |at: u64| FrameEntry {
            at: Tick(BEGIN + at * 1_000),
            ..entry(at)
        };
        let journal: FrameTable = (0..frames).map(dense).collect();
        let mut here: FrameTable = (0..frames)
            .filter(|at| at % 4_050 != 4_000)
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
        assert_eq!(here, journal);
    }
}
