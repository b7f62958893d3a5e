//! The writer of one lane of one stream: takes records at once, makes them durable in groups.
//!
//! `append` only copies into memory; `tick` does what the disk has to do when it is due, so a caller with a timer knows
//! where it may block. Owns grouping, the order of writing (file, folder, then "durable"), new segments, the bound, and
//! what happens when the disk refuses. It never writes to a segment of an earlier run, and never again to one that
//! failed. Invariant: a record stays in memory until a sync of the segment that holds it, and of that segment's name, has
//! succeeded.

mod appending;
mod flushing;
mod pending;
mod segment;

use crate::bounds::Bounds;
use crate::files::Files;
use crate::header::Codec;
use crate::names::{Lane, SegmentId, segments_in};
use pending::Pending;
use segment::OpenSegment;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use wire::{RtpTime, StreamId};

/// What a writer writes.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    /// Whose frames.
    pub stream: StreamId,
    /// How they come.
    pub lane: Lane,
    /// How they are coded.
    pub codec: Codec,
    /// Random, unknown to whoever sends frames: what he sends is then never taken for a record of ours.
    pub salt: u32,
}

/// Writes the segments of one lane. Close it: what is in memory when it is dropped is lost, as in a crash.
///
/// ```
/// # use recording::*;
/// # use std::{borrow::Cow, sync::Arc, time::Instant};
/// # use wire::{CaptureTime, RtpTime, StreamId};
/// # let folder = tempfile::tempdir()?;
/// # let (stream, at) = (StreamId::random(), CaptureTime(1_795_000_000_000_000));
/// let codec = Codec::H264 { profile_level: [0x42, 0xe0, 0x1f], width: 800, height: 600 };
/// let opening = Opening { stream, lane: Lane::Live, codec, salt: 7 };
/// let mut journal = Recording::open(folder.path(), stream)?;
/// # let bounds = Bounds { spare_room_bytes: 0, ..Bounds::journal(4 << 30) };
/// let mut writer = Writer::open(folder.path(), Arc::new(Disk), opening, bounds)?;
///
/// let unit = Cow::Borrowed(&[0, 0, 0, 1, 0x65, 1][..]);
/// let frame = Frame { rtp_time: RtpTime::of(at), captured_at: at, index: None, keyframe: true, unit };
/// writer.append(&Record::Frame(frame.clone()), Instant::now())?;
/// // Between frames, when `writer.due()` has come; here at once.
/// for event in writer.flush(Instant::now()) {
///     journal.apply(&event);
/// }
/// let entry = *journal.table().at(frame.tick()).ok_or("it is durable")?;
/// assert_eq!(journal.read(&entry)?, frame);
/// writer.close(Instant::now());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Writer {
    folder: PathBuf,
    files: Arc<dyn Files>,
    opening: Opening,
    bounds: Bounds,
    /// Whole segments of this lane, oldest first, with their lengths.
    whole: VecDeque<(SegmentId, u64)>,
    /// The segment that is written.
    open: Option<OpenSegment>,
    /// Records that are not durable.
    pending: Pending,
    /// Number of the next segment, if nobody took it.
    next_number: u32,
    /// Of the next record.
    next_sequence: u64,
    /// Set while the disk refuses: when it is tried again.
    retry_at: Option<Instant>,
    /// Records refused for want of memory since the disk refuses.
    refused: u64,
    /// Whether the next frame comes after some that were refused.
    is_after_refused: bool,
    /// The last frame that was taken.
    last_frame: Option<RtpTime>,
}

impl Writer {
    /// Uses a folder, making it if needed, readable by this user only. Segments that are there are left as they are.
    ///
    /// # Errors
    /// The system's.
    pub fn open(
        folder: &Path,
        files: Arc<dyn Files>,
        opening: Opening,
        bounds: Bounds,
    ) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
        }
        if let Some(above) = folder.parent().filter(|above| above.is_dir()) {
            files.sync_folder(above)?;
        }
        let mut found = segments_in(folder)?;
        found.retain(|(id, _)| id.lane == opening.lane);
        let last = found.last().map_or(0, |(id, _)| id.number);
        Ok(Self {
            folder: folder.to_owned(),
            files,
            opening,
            bounds,
            whole: found.into(),
            open: None,
            pending: Pending::default(),
            next_number: last.saturating_add(1),
            next_sequence: 0,
            retry_at: None,
            refused: 0,
            is_after_refused: false,
            last_frame: None,
        })
    }

    /// Bytes of this lane on the disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let whole: u64 = self.whole.iter().map(|(_, bytes)| bytes).sum();
        whole + self.open.as_ref().map_or(0, |open| open.bytes)
    }

    /// Whether the disk refuses at present.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.retry_at.is_some()
    }
}
