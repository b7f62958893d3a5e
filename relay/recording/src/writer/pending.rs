//! Records in memory, as they will stand in a segment.
//!
//! Owns their bytes and what is to be said of each once it is durable. They are the same bytes in whatever segment they
//! end up, because salt and sequence belong to the writer.

use super::segment::OpenSegment;
use crate::bounds::Bounds;
use crate::record::FrameHash;
use crate::table::FrameEntry;
use crate::tick::Tick;
use std::collections::VecDeque;
use std::time::Instant;
use wire::FrameIndex;

/// A frame that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingFrame {
    pub(super) at: Tick,
    /// Of the access unit.
    pub(super) length: u32,
    pub(super) hash: FrameHash,
    pub(super) keyframe: bool,
    pub(super) index: Option<FrameIndex>,
}

/// A record that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingRecord {
    /// Head and payload.
    pub(super) bytes: usize,
    pub(super) sequence: u64,
    pub(super) since: Instant,
    pub(super) frame: Option<PendingFrame>,
}

/// All that wait, oldest first.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) bytes: Vec<u8>,
    pub(super) records: VecDeque<PendingRecord>,
}

/// The oldest records that belong into one segment.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) records: usize,
    pub(super) bytes: usize,
    /// Those of them that are frames, as they will be there.
    pub(super) frames: Vec<FrameEntry>,
    /// Whether the segment ends behind them.
    pub(super) is_last: bool,
}

impl Pending {
    /// What comes next into this segment; nothing but its end when it is long or old enough.
    pub(super) fn group_for(&self, open: &OpenSegment, bounds: &Bounds) -> Group {
        let mut group = Group::default();
        for record in &self.records {
            let at = open.bytes + group.bytes as u64;
            let is_long = at + record.bytes as u64 > bounds.longest_segment();
            let is_old = record.frame.is_some_and(|frame| frame.keyframe)
                && record.since.saturating_duration_since(open.begun) >= bounds.segment_span;
            // A segment holds at least one record, however long that is.
            if (is_long || is_old) && (group.records > 0 || open.holds_anything()) {
                group.is_last = true;
                break;
            }
            group.frames.extend(record.frame.map(|frame| FrameEntry {
                at: frame.at,
                segment: open.id,
                offset: u32::try_from(at).unwrap_or(u32::MAX),
                length: frame.length,
                hash: frame.hash,
                keyframe: frame.keyframe,
                index: frame.index,
            }));
            group.records += 1;
            group.bytes += record.bytes;
        }
        group
    }

    /// Since when the oldest waits.
    pub(super) fn since(&self) -> Option<Instant> {
        self.records.front().map(|record| record.since)
    }

    /// Lets the oldest records go.
    pub(super) fn drop_first(&mut self, records: usize) {
        let bytes: usize = self.records.drain(..records).map(|it| it.bytes).sum();
        self.bytes.drain(..bytes);
    }
}
