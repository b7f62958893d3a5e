//! The frame table: which frames there are, and where.
//!
//! Owns order across the wrap of RTP time, copies of one frame, and what differs. Tables are sets: adding twice or in
//! another order gives the same table. Two frames of one moment are copies when their bytes are equal; when they are not,
//! both stay, and the one that was sent again stands for the moment: it is the journal's, and the one that arrived is what a weak
//! link left of it. It holds no bytes and reads no file.

use crate::names::{Lane, SegmentId};
use crate::record::FrameHash;
use crate::tick::Tick;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use wire::{FrameIndex, RtpTime};

/// One frame in its place. The order of the fields is the order of entries: among those of one moment the one that was sent
/// again stands for all, and of several the one that was written first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameEntry {
    /// Its moment.
    pub at: Tick,
    /// In which segment.
    pub segment: SegmentId,
    /// Where its record begins there.
    pub offset: u32,
    /// Bytes of its access unit.
    pub length: u32,
    /// Of its access unit.
    pub hash: FrameHash,
    /// Whether decoding can start here.
    pub keyframe: bool,
    /// Position at capture, when it is known.
    pub index: Option<FrameIndex>,
}

impl FrameEntry {
    /// The lowest entry of a moment.
    const fn lowest(at: Tick) -> Self {
        Self {
            at,
            segment: SegmentId {
                lane: Lane::Fill,
                number: 0,
            },
            offset: 0,
            length: 0,
            hash: FrameHash([0; 16]),
            keyframe: false,
            index: None,
        }
    }
}

/// Frames of one moment with different bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The moment.
    pub at: Tick,
    /// One entry for each version; the first one stands.
    pub versions: Vec<FrameEntry>,
}

/// The frames of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameTable {
    entries: BTreeSet<FrameEntry>,
}

impl FrameTable {
    /// Adds a frame; the same place again is harmless.
    pub fn insert(&mut self, entry: FrameEntry) {
        self.entries.insert(entry);
    }

    /// Adds all frames of another table of the same folder.
    pub fn merge(&mut self, other: &Self) {
        self.entries.extend(&other.entries);
    }

    /// Forgets the frames of a segment that was removed.
    pub fn forget(&mut self, segment: SegmentId) {
        self.entries.retain(|entry| entry.segment != segment);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many moments have a frame.
    #[must_use]
    pub fn count(&self) -> usize {
        self.frames().count()
    }

    /// The first frame.
    #[must_use]
    pub fn first(&self) -> Option<&FrameEntry> {
        self.frames().next()
    }

    /// The moment of the last frame.
    #[must_use]
    pub fn last_tick(&self) -> Option<Tick> {
        self.entries.last().map(|entry| entry.at)
    }

    /// The frames in order, one for each moment.
    pub fn frames(&self) -> impl Iterator<Item = &FrameEntry> {
        one_each(self.entries.iter())
    }

    /// The frames of a span, both ends included, in order.
    pub fn range(&self, span: RangeInclusive<Tick>) -> impl Iterator<Item = &FrameEntry> {
        let (from, until) = span.into_inner();
        let later = self.entries.range(FrameEntry::lowest(from)..);
        one_each(later.take_while(move |entry| entry.at <= until))
    }

    /// The frames from one RTP time to another, both included; the latest such span when RTP time came round in between.
    pub fn between(&self, first: RtpTime, last: RtpTime) -> impl Iterator<Item = &FrameEntry> {
        let until = self.last_tick().map(|end| latest(last, end));
        let span = until.and_then(|until| {
            let ticks = u64::try_from(last.since(first)).ok()?;
            Some(Tick(until.0.saturating_sub(ticks))..=until)
        });
        span.into_iter().flat_map(move |span| self.range(span))
    }

    /// The frame with this RTP time; the latest one when RTP time came round in between.
    #[must_use]
    pub fn find(&self, rtp_time: RtpTime) -> Option<&FrameEntry> {
        let mut at = latest(rtp_time, self.last_tick()?);
        let first = self.first()?.at;
        loop {
            if let found @ Some(_) = self.at(at) {
                return found;
            }
            at = Tick(at.0.checked_sub(ROUND).filter(|at| *at >= first.0)?);
        }
    }

    /// The frame of a moment.
    #[must_use]
    pub fn at(&self, at: Tick) -> Option<&FrameEntry> {
        self.copies(at).next()
    }

    /// All frames of a moment; the first one stands.
    pub fn copies(&self, at: Tick) -> impl Iterator<Item = &FrameEntry> {
        let later = self.entries.range(FrameEntry::lowest(at)..);
        later.take_while(move |entry| entry.at == at)
    }

    /// Moments with frames of different bytes.
    #[must_use]
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        for stands in self.frames() {
            let mut versions: Vec<FrameEntry> = Vec::new();
            for copy in self.copies(stands.at) {
                if versions.iter().all(|known| known.hash != copy.hash) {
                    versions.push(*copy);
                }
            }
            if versions.len() > 1 {
                let at = stands.at;
                conflicts.push(Conflict { at, versions });
            }
        }
        conflicts
    }
}

/// Ticks until RTP time comes round.
const ROUND: u64 = 1 << 32;

/// The latest moment with this RTP time that is not beyond half a round after `end`.
const fn latest(rtp_time: RtpTime, end: Tick) -> Tick {
    let away = rtp_time.since(end.rtp_time()) as i64;
    match end.0.checked_add_signed(away) {
        Some(tick) => Tick(tick),
        None => Tick(rtp_time.0 as u64),
    }
}

fn one_each<'a>(
    entries: impl Iterator<Item = &'a FrameEntry>,
) -> impl Iterator<Item = &'a FrameEntry> {
    let mut last = None;
    entries.filter(move |entry| last.replace(entry.at) != Some(entry.at))
}

impl Extend<FrameEntry> for FrameTable {
    fn extend<I: IntoIterator<Item = FrameEntry>>(&mut self, entries: I) {
        self.entries.extend(entries);
    }
}

impl FromIterator<FrameEntry> for FrameTable {
    fn from_iter<I: IntoIterator<Item = FrameEntry>>(entries: I) -> Self {
        Self {
            entries: entries.into_iter().collect(),
        }
    }
}
