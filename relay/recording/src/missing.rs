//! What one table lacks of another: the frames to send again.
//!
//! Owns the comparison. The stream is one and the same on both sides, so a missing frame is useful alone, keyframe or not,
//! and frames are sent oldest first: those are the first that a bounded journal forgets.

use crate::record::FrameHash;
use crate::table::{FrameEntry, FrameTable};
use crate::tick::Tick;
use std::ops::RangeInclusive;

/// Frames that follow each other in the journal and are all missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The first.
    pub first: Tick,
    /// The last.
    pub last: Tick,
    /// How many.
    pub frames: u32,
    /// Bytes of their access units.
    pub bytes: u64,
}

/// What is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// In the order in which they are sent.
    pub runs: Vec<Run>,
    /// Moments whose frames are there with other bytes: what a weak link left of them.
    pub differing: Vec<Tick>,
}

impl Missing {
    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.differing.is_empty()
    }

    /// How many frames are to be sent.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.runs.iter().map(|run| u64::from(run.frames)).sum()
    }
}

/// What the other side says of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It has no frame there.
    No,
    /// It has one, and says no more.
    Some,
    /// It has one with these bytes.
    Is(FrameHash),
}

impl FrameTable {
    /// What a recording lacks of this journal.
    #[must_use]
    pub fn missing_from(&self, recording: &Self) -> Missing {
        self.missing_where(|journal| {
            let mut copies = recording.copies(journal.at);
            let Some(stands) = copies.next() else {
                return Held::No;
            };
            // The version that is meant may lie beside one that stands.
            let is_there = stands.hash == journal.hash || copies.any(|it| it.hash == journal.hash);
            Held::Is(if is_there { journal.hash } else { stands.hash })
        })
    }

    /// The same, when the other side's frames are known otherwise than by a table.
    #[must_use]
    pub fn missing_where(&self, held: impl Fn(&FrameEntry) -> Held) -> Missing {
        self.missing_in(Tick(0)..=Tick(u64::MAX), held)
    }

    /// The same for a span, both ends included.
    #[must_use]
    pub fn missing_in(
        &self,
        span: RangeInclusive<Tick>,
        held: impl Fn(&FrameEntry) -> Held,
    ) -> Missing {
        let mut missing = Missing::default();
        let mut run: Option<Run> = None;
        for frame in self.range(span) {
            match held(frame) {
                Held::No => {
                    let run = run.get_or_insert(Run {
                        first: frame.at,
                        last: frame.at,
                        frames: 0,
                        bytes: 0,
                    });
                    run.last = frame.at;
                    run.frames = run.frames.saturating_add(1);
                    run.bytes = run.bytes.saturating_add(u64::from(frame.length));
                    continue;
                }
                Held::Is(hash) if hash != frame.hash => missing.differing.push(frame.at),
                Held::Is(_) | Held::Some => {}
            }
            missing.runs.extend(run.take());
        }
        missing.runs.extend(run);
        missing
    }

    /// The frames to send, in order.
    pub fn to_send<'a>(&'a self, missing: &'a Missing) -> impl Iterator<Item = &'a FrameEntry> {
        let runs = missing.runs.iter();
        runs.flat_map(|run| self.range(run.first..=run.last))
    }
}
