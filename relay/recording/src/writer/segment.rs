//! One segment while it is written.
//!
//! Owns its file and the order of the first steps: header, records, sync, then the folder.

use crate::event::WriteFault;
use crate::files::{Files, SegmentFile};
use crate::format::FIRST_RECORD;
use crate::header::SegmentHeader;
use crate::names::{Lane, SegmentId};
use std::io;
use std::path::Path;
use std::time::Instant;

/// Numbers tried for a new segment: another writer of the lane, or a clock that set nothing right, took some.
const MAX_TRIES: u32 = 1_000;

/// A segment and its file.
pub(super) struct OpenSegment {
    pub(super) id: SegmentId,
    file: Box<dyn SegmentFile>,
    /// Durable and written bytes.
    pub(super) bytes: u64,
    /// Frames in it.
    pub(super) frames: u32,
    /// When its first record came.
    pub(super) begun: Instant,
    /// Whether its name is durable.
    is_named: bool,
}

impl OpenSegment {
    /// Makes the next free file of a lane. Nothing of it is durable yet.
    pub(super) fn create(
        files: &dyn Files,
        folder: &Path,
        header: SegmentHeader,
        begun: Instant,
    ) -> Result<Self, WriteFault> {
        let (id, file) =
            next_free(files, folder, header.lane, header.number).map_err(WriteFault::of("made"))?;
        let mut open = Self {
            id,
            file,
            bytes: FIRST_RECORD as u64,
            frames: 0,
            begun,
            is_named: false,
        };
        let header = SegmentHeader {
            number: id.number,
            ..header
        };
        if let Err(source) = open.file.write_all(&header.bytes()) {
            // What stays has no header and is left out by readers.
            let _ = files.remove(&id.path(folder));
            return Err(WriteFault::of("begun")(source));
        }
        Ok(open)
    }

    /// Writes records and makes them durable; then their bytes count.
    pub(super) fn put(
        &mut self,
        files: &dyn Files,
        folder: &Path,
        records: &[&[u8]],
    ) -> Result<(), WriteFault> {
        let mut bytes = 0;
        for part in records {
            self.file
                .write_all(part)
                .map_err(WriteFault::of("written"))?;
            bytes += part.len() as u64;
        }
        self.file.sync().map_err(WriteFault::of("made durable"))?;
        if !self.is_named {
            files
                .sync_folder(folder)
                .map_err(WriteFault::of("named durably"))?;
            self.is_named = true;
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Whether anything in it was ever said to be durable.
    pub(super) const fn holds_anything(&self) -> bool {
        self.is_named
    }
}

fn next_free(
    files: &dyn Files,
    folder: &Path,
    lane: Lane,
    from: u32,
) -> io::Result<(SegmentId, Box<dyn SegmentFile>)> {
    for number in (from..=u32::MAX).take(MAX_TRIES as usize) {
        let id = SegmentId { lane, number };
        match files.create_new(&id.path(folder)) {
            Ok(file) => return Ok((id, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
