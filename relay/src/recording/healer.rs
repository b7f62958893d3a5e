//! What is asked of an agent's journal, and when (sans-IO).
//!
//! Owns one conversation at a time, with two aims: frames that are not here come first, then better ones for those that a weak
//! link let through. For both it compares what lies behind us minute by minute, then fetches what differs, the better ones in
//! pieces, so that a new hole waits for one piece at most. A question that is not answered is asked again later. Everything is
//! checked anew on each connection, which costs some kilobytes an hour; the answer to a question may be lost at any point and
//! nothing is, because frames are a set. Invariant: `checked` never passes a moment at which the journal holds a frame that
//! was neither here nor sent, `same` none whose frame here is not the journal's.

mod spans;

use recording::{FrameTable, Tick};
use spans::{held_of, slices};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use wire::backfill::{BackfillToAgent, MAX_SLICES, Slice};

/// What the newest frames need to be durable on both sides: a sync each 180 ms, and a lost packet is waited for a second.
const BEHIND_MS: u64 = 2_000;
/// Length of a span whose better frames are fetched at once: 2.5 MB at 2 Mbit/s.
const PIECE_MS: u64 = 10_000;
/// Time between two looks for frames that are not here.
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

/// What a question is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// Frames that are not here.
    Missing,
    /// The journal's frames for those that are here with other bytes too.
    Better,
}

#[derive(Debug)]
enum Phase {
    /// There is nobody to ask.
    Away,
    /// Nothing is asked.
    Resting { until: Instant },
    /// An answer to `Compare` is outstanding.
    Comparing {
        aim: Aim,
        slices: Vec<Slice>,
        since: Instant,
    },
    /// The first of these is being fetched, or is to be asked for.
    Fetching {
        aim: Aim,
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
    /// Up to here all frames are the journal's.
    same: Option<Tick>,
    /// Frames after `same` were found to be a weak link's.
    is_weak: bool,
    /// When frames that are not here are looked for again; at once when nothing.
    look_at: Option<Instant>,
}

impl Healer {
    /// Nobody is there.
    pub(super) const fn new() -> Self {
        Self {
            phase: Phase::Away,
            ask: 0,
            checked: None,
            same: None,
            is_weak: false,
            look_at: None,
        }
    }

    /// An agent with a journal is there.
    pub(super) fn here(&mut self, now: Instant) {
        self.phase = Phase::Resting { until: now };
        self.begin_anew();
    }

    /// It is gone.
    pub(super) fn gone(&mut self) {
        self.phase = Phase::Away;
    }

    /// Something of what came is not here after all: begins again, later.
    pub(super) fn start_over(&mut self, now: Instant) {
        if !matches!(self.phase, Phase::Away) {
            self.phase = Phase::Resting { until: now + LOOK };
            self.begin_anew();
        }
    }

    fn begin_anew(&mut self) {
        (self.checked, self.same, self.look_at) = (None, None, None);
        self.is_weak = false;
    }

    /// A hole was seen: better frames wait.
    pub(super) fn hurry(&mut self, now: Instant) {
        if let Phase::Fetching {
            aim: Aim::Better, ..
        } = self.phase
        {
            self.phase = Phase::Resting { until: now };
            self.look_at = None;
        }
    }

    /// Up to here nothing is missing that the journal has.
    pub(super) const fn checked(&self) -> Option<Tick> {
        self.checked
    }

    /// From where on there are frames of a weak link; nothing when none were found.
    pub(super) fn weak_from(&self) -> Option<Tick> {
        self.same.filter(|_| self.is_weak)
    }

    /// Up to where everything here is what the journal holds.
    pub(super) fn whole_until(&self) -> Option<Tick> {
        self.checked
            .zip(self.same)
            .map(|(checked, same)| checked.min(same))
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
                self.look(table, present, now)
            }
            Phase::Comparing { since, .. } => {
                if now.saturating_duration_since(*since) >= ANSWER {
                    self.ask_again(now);
                }
                None
            }
            Phase::Fetching {
                heard: Some(heard), ..
            } => {
                if now.saturating_duration_since(*heard) >= ANSWER {
                    self.ask_again(now);
                }
                None
            }
            Phase::Fetching { .. } => self.fetch(table, now),
        }
    }

    fn ask_again(&mut self, now: Instant) {
        self.phase = Phase::Resting { until: now };
        self.look_at = None;
    }

    fn is_behind(&self) -> bool {
        self.checked.is_some() && self.same < self.checked
    }

    /// Looks for missing frames when it is time, else for weak ones.
    fn look(&mut self, table: &FrameTable, present: Tick, now: Instant) -> Option<BackfillToAgent> {
        // What lies before the first frame here was captured before this recording began.
        let first = table.first().map(|first| first.at);
        if self.look_at.is_none_or(|at| now >= at) {
            let end = Tick(present.0.saturating_sub(Tick::ticks_of_ms(BEHIND_MS)));
            let slices = slices(table, self.checked.or(first), end);
            if !slices.is_empty() {
                self.look_at = Some(now + LOOK);
                return Some(self.compare(Aim::Missing, slices, now));
            }
            self.look_at = Some(now + SOON);
        }
        if self.is_behind() {
            let end = self
                .checked
                .map_or(0, |checked| checked.0.saturating_sub(1));
            let slices = slices(table, self.same.or(first), Tick(end));
            if !slices.is_empty() {
                return Some(self.compare(Aim::Better, slices, now));
            }
        }
        self.rest(now);
        None
    }

    /// Nothing more until the next look.
    fn rest(&mut self, now: Instant) {
        let until = self.look_at.unwrap_or(now).max(now);
        self.phase = Phase::Resting { until };
    }

    fn compare(&mut self, aim: Aim, slices: Vec<Slice>, now: Instant) -> BackfillToAgent {
        self.ask = self.ask.wrapping_add(1);
        self.phase = Phase::Comparing {
            aim,
            slices: slices.clone(),
            since: now,
        };
        let ask = self.ask;
        BackfillToAgent::Compare { ask, slices }
    }

    /// Asks for the next span.
    fn fetch(&mut self, table: &FrameTable, now: Instant) -> Option<BackfillToAgent> {
        let Phase::Fetching {
            aim, wanted, heard, ..
        } = &mut self.phase
        else {
            return None;
        };
        let (span, held, hashes) = held_of(wanted.pop_front()?, table);
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
            hashes: match aim {
                Aim::Missing => String::new(),
                Aim::Better => hashes,
            },
        })
    }

    /// The agent says where its journal differs, and up to when it is final.
    pub(super) fn compared(
        &mut self,
        ask: u32,
        differing: &[u32],
        kept_until: Option<Tick>,
        now: Instant,
    ) {
        let Phase::Comparing { aim, slices, .. } = &self.phase else {
            return;
        };
        if ask != self.ask {
            return;
        }
        let (Some(kept_until), Some(last)) = (kept_until, slices.last()) else {
            self.phase = Phase::Resting { until: now + LOOK };
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
        let (aim, is_full) = (*aim, slices.len() >= MAX_SLICES);
        // Equal spans have the same bytes, whatever they were compared for.
        let equal_until = wanted.front().map_or(after(end), |first| first.from);
        if aim == Aim::Better || !self.is_behind() {
            self.same = self.same.max(Some(equal_until));
        }
        match aim {
            Aim::Missing => self.found_missing(wanted, end, is_full, now),
            Aim::Better => self.found_weak(wanted.front().copied(), end, now),
        }
    }

    fn found_missing(&mut self, wanted: VecDeque<Wanted>, end: Tick, is_full: bool, now: Instant) {
        if !wanted.is_empty() {
            self.phase = Phase::Fetching {
                aim: Aim::Missing,
                wanted,
                end,
                heard: None,
            };
            return;
        }
        self.pass(end);
        if is_full {
            // There is more behind what fits into one question.
            self.look_at = None;
        }
        self.phase = Phase::Resting { until: now };
    }

    fn found_weak(&mut self, first: Option<Wanted>, end: Tick, now: Instant) {
        self.is_weak = first.is_some();
        let Some(first) = first else {
            self.phase = Phase::Resting { until: now };
            return;
        };
        let step = Tick::ticks_of_ms(PIECE_MS);
        let pieces = (0..)
            .map(|at| first.from.0.saturating_add(at * step))
            .take_while(|from| *from <= first.until.0)
            .map(|from| Wanted {
                from: Tick(from),
                until: Tick(from.saturating_add(step - 1)).min(first.until),
            });
        self.phase = Phase::Fetching {
            aim: Aim::Better,
            wanted: pieces.collect(),
            end,
            heard: None,
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
            aim,
            wanted,
            end,
            heard,
        } = &mut self.phase
        else {
            return;
        };
        if ask != current || heard.is_none() {
            return;
        }
        let done = wanted.pop_front();
        *heard = None;
        let (aim, end, is_last) = (*aim, *end, wanted.is_empty());
        if done.is_some_and(|done| kept_until.is_none_or(|kept| kept < done.until)) {
            self.phase = Phase::Resting { until: now + LOOK };
            return;
        }
        match aim {
            Aim::Missing if is_last => {
                self.pass(end);
                self.phase = Phase::Resting { until: now };
            }
            Aim::Missing => {}
            Aim::Better => {
                self.same = self.same.max(done.map(|done| after(done.until)));
                self.is_weak = self.is_behind();
                // Frames that are not here go before the next piece.
                if is_last || self.look_at.is_none_or(|at| now >= at) {
                    self.phase = Phase::Resting { until: now };
                }
            }
        }
    }

    fn pass(&mut self, end: Tick) {
        self.checked = self.checked.max(Some(after(end)));
    }
}

const fn after(at: Tick) -> Tick {
    Tick(at.0.saturating_add(1))
}

#[cfg(test)]
mod tests;
