//! The bounds of a writer: how much it keeps, how large a segment gets, how long anything waits.
//!
//! Owns the numbers and their reasons.

use crate::format::MAX_SEGMENT_BYTES;
use std::time::Duration;

/// What a crash may cost: nothing older than this is at risk (issue 4).
pub const SYNC_WITHIN: Duration = Duration::from_millis(250);
/// How long the oldest record waits for a sync: what is left of `SYNC_WITHIN` is for the caller's timer and for the sync
/// itself (p99 12 ms, most 39 ms for 64 KiB, measured on a virtual disk).
pub const SYNC_AFTER: Duration = Duration::from_millis(180);
/// Pause before a disk that refused is tried again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Memory for what the disk does not take: about half a minute of a picture at 4 Mbit/s, and one largest frame for sure.
pub(crate) const MAX_PENDING_BYTES: usize = 16 << 20;
/// A lane consists of at least so many segments, so that removing one leaves most of it.
const LEAST_SEGMENTS: u64 = 8;
/// Soft length of a segment: small enough to remove, large enough that a day has some hundred.
const SEGMENT_SPAN: Duration = Duration::from_secs(60);
/// Hard length of a segment.
const SEGMENT_BYTES: u32 = 64 << 20;
/// Disk that recordings never take: clips, which are the record of truth, and the system need it more.
const SPARE_ROOM_BYTES: u64 = 1 << 30;

/// The bounds of one writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// All segments of the writer's lane in its folder, whatever their stream; beyond it the oldest whole ones go.
    pub total_bytes: u64,
    /// Room on the disk that is left to others.
    pub spare_room_bytes: u64,
    /// A segment ends before it gets longer, wherever that is.
    pub segment_bytes: u32,
    /// A segment ends at the first keyframe after so long. With keyframes on request only, bytes may end it first.
    pub segment_span: Duration,
}

impl Bounds {
    /// A journal that forgets the oldest beyond so many bytes.
    #[must_use]
    pub const fn journal(total_bytes: u64) -> Self {
        Self {
            total_bytes,
            spare_room_bytes: SPARE_ROOM_BYTES,
            segment_bytes: SEGMENT_BYTES,
            segment_span: SEGMENT_SPAN,
        }
    }

    /// A recording that forgets nothing by itself: whoever keeps consults decides how long.
    #[must_use]
    pub const fn recorder() -> Self {
        Self::journal(u64::MAX)
    }

    /// The largest segment under all bounds.
    pub(crate) fn longest_segment(&self) -> u64 {
        u64::from(self.segment_bytes)
            .min(self.total_bytes / LEAST_SEGMENTS)
            // Room for the frame that is written whole beyond the bound.
            .min(u64::from(MAX_SEGMENT_BYTES / 2))
    }
}
