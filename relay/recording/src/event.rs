//! What a writer tells its caller: what is durable, what was let go, what went wrong.
//!
//! Owns words only. A caller hands `Durable` and `Removed` on to the recording that it reads from.

use crate::names::SegmentId;
use crate::table::FrameEntry;
use std::io;
use std::sync::Arc;

/// A record was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is nothing in it.
    #[error("an empty record cannot be kept")]
    Empty,
    /// It is beyond `MAX_UNIT_BYTES` or `MAX_VOICE_BYTES`.
    #[error("the record is longer than any that is kept")]
    TooLong,
    /// The disk takes nothing, and memory holds as much as it may.
    #[error("the disk takes nothing, and memory is full of what waits for it")]
    NoRoom,
}

/// Why the disk did not take a group of records.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum WriteFault {
    /// It is full, or nearly: `spare_room_bytes` belong to others.
    #[error("there is no room on the disk")]
    NoRoom,
    /// A step failed.
    #[error("a segment cannot be {step}: {source}")]
    Step {
        /// What was being done with it.
        step: &'static str,
        /// Reason.
        source: Arc<io::Error>,
    },
}

impl WriteFault {
    pub(crate) fn of(step: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoRoom,
            _ => Self::Step {
                step,
                source: Arc::new(source),
            },
        }
    }
}

/// What happened while a writer wrote.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// These frames, and all records between them, survive a crash from now on.
    Durable {
        /// In order of writing.
        frames: Vec<FrameEntry>,
    },
    /// A segment was removed, because the lane was over `Bounds::total_bytes`.
    Removed {
        /// Which.
        segment: SegmentId,
        /// Its length.
        bytes: u64,
    },
    /// A segment failed and is written no further. What was durable in it is; the rest goes into the next one.
    GivenUp {
        /// Which.
        segment: SegmentId,
        /// What failed.
        fault: WriteFault,
    },
    /// Nothing is written until further notice. What comes is held in memory; the writer tries again by itself.
    Stopped {
        /// What failed.
        fault: WriteFault,
    },
    /// The disk takes records again.
    Resumed {
        /// Records that were refused in between; a gap note stands in their place.
        refused: u64,
    },
    /// The writer was closed with records in memory that the disk did not take.
    Lost {
        /// How many.
        records: usize,
    },
}
