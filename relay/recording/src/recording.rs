//! A folder of segments, read: recovery after a crash, the table of its frames, and the frames themselves.
//!
//! Owns opening and reading; it writes nothing, so that it may stand beside a writer of the same folder: whoever has both
//! hands the writer's events on. Segments of other streams are left out. Invariant: a frame that it gives out has the
//! bytes that were written.

use crate::digest::{DigestBuilder, RecordingDigest};
use crate::event::Event;
use crate::format::{FRAME, HEAD_BYTES, Head, MAX_SEGMENT_BYTES, checksum};
use crate::header::{Codec, SegmentFault, SegmentHeader};
use crate::names::{SegmentId, segments_in};
use crate::record::{Frame, FrameHash, GapNote, Parsed, Record, parse};
use crate::scan::{Scanner, Tally};
use crate::table::{FrameEntry, FrameTable};
use crate::tick::Tick;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use wire::StreamId;

/// A frame cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadFault {
    /// Its segment cannot be used.
    #[error("its segment: {0}")]
    Segment(#[from] SegmentFault),
    /// The system could not read it.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// What lies there is not what was written.
    #[error("it is damaged")]
    Damaged,
}

/// What was found of one segment.
#[derive(Debug)]
pub struct SegmentReport {
    /// Which.
    pub segment: SegmentId,
    /// Length of the file.
    pub bytes: u64,
    /// How its frames are coded; none when it has no header.
    pub codec: Option<Codec>,
    /// What was met.
    pub tally: Tally,
    /// What stopped reading it.
    pub fault: Option<SegmentFault>,
}

impl SegmentReport {
    /// Bytes behind the last whole record.
    #[must_use]
    pub fn torn_bytes(&self) -> u64 {
        self.bytes.saturating_sub(self.tally.whole_until)
    }
}

/// The recording of one stream.
#[derive(Debug)]
pub struct Recording {
    folder: PathBuf,
    stream: StreamId,
    table: FrameTable,
    notes: Vec<GapNote>,
    reports: Vec<SegmentReport>,
    /// The segment that was read last, with its salt.
    open: Option<(SegmentId, File, u32)>,
}

impl Recording {
    /// Opens a folder and finds what is whole in it. A folder that is not there holds nothing.
    ///
    /// # Errors
    /// The system's, when the folder cannot be listed. What is wrong with a segment stands in its report.
    pub fn open(folder: &Path, stream: StreamId) -> io::Result<Self> {
        let mut recording = Self {
            folder: folder.to_owned(),
            stream,
            table: FrameTable::default(),
            notes: Vec::new(),
            reports: Vec::new(),
            open: None,
        };
        recording.renew()?;
        Ok(recording)
    }

    /// Looks again at a folder that somebody else writes: what is new or has changed is read, what is gone is forgotten.
    ///
    /// # Errors
    /// The system's, when the folder cannot be listed.
    pub fn renew(&mut self) -> io::Result<()> {
        let found = match segments_in(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            found => found?,
        };
        let is_known = |report: &SegmentReport| found.contains(&(report.segment, report.bytes));
        let (known, changed) = std::mem::take(&mut self.reports)
            .into_iter()
            .partition::<Vec<_>, _>(is_known);
        self.reports = known;
        for SegmentReport { segment, .. } in changed {
            self.table.forget(segment);
            self.open.take_if(|(open, ..)| *open == segment);
        }
        for (segment, bytes) in found {
            if self.reports.iter().all(|report| report.segment != segment) {
                self.look_at(segment, bytes);
            }
        }
        self.reports.sort_by_key(|report| report.segment);
        Ok(())
    }

    /// The frames.
    #[must_use]
    pub const fn table(&self) -> &FrameTable {
        &self.table
    }

    /// Notes on gaps, in order of segments.
    #[must_use]
    pub fn notes(&self) -> &[GapNote] {
        &self.notes
    }

    /// What was found at opening, in order of segments.
    #[must_use]
    pub fn reports(&self) -> &[SegmentReport] {
        &self.reports
    }

    /// Follows a writer of this stream in this folder.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Durable { frames } => self.table.extend(frames.iter().copied()),
            Event::Removed { segment, .. } => {
                self.table.forget(*segment);
                self.reports.retain(|report| report.segment != *segment);
                self.open.take_if(|(open, ..)| open == segment);
            }
            _ => {}
        }
    }

    /// Reads a frame; when its place is spoilt and there is a copy with the same bytes, that one.
    ///
    /// # Errors
    /// `ReadFault`.
    pub fn read(&mut self, entry: &FrameEntry) -> Result<Frame<'static>, ReadFault> {
        let fault = match self.read_place(entry) {
            Ok(frame) => return Ok(frame),
            Err(fault) => fault,
        };
        let is_copy = |it: &&FrameEntry| it.hash == entry.hash && *it != entry;
        let copies: Vec<_> = self
            .table
            .copies(entry.at)
            .filter(is_copy)
            .copied()
            .collect();
        copies
            .iter()
            .find_map(|copy| self.read_place(copy).ok())
            .ok_or(fault)
    }

    /// The frames of a span, both ends included, in order.
    pub fn frames(
        &mut self,
        span: RangeInclusive<Tick>,
    ) -> impl Iterator<Item = Result<Frame<'static>, ReadFault>> {
        let entries: Vec<FrameEntry> = self.table.range(span).copied().collect();
        entries.into_iter().map(|entry| self.read(&entry))
    }

    /// Reads the frames of a span and states what they are.
    ///
    /// # Errors
    /// `ReadFault` of the first frame that cannot be read.
    pub fn digest(&mut self, span: RangeInclusive<Tick>) -> Result<RecordingDigest, ReadFault> {
        let mut builder = DigestBuilder::default();
        for frame in self.frames(span) {
            let frame = frame?;
            builder.add(frame.tick(), &frame.unit);
        }
        Ok(builder.finish())
    }

    /// Walks over all records of a segment: voice is read this way.
    ///
    /// # Errors
    /// `SegmentFault`.
    pub fn scan(&self, segment: SegmentId) -> Result<Scanner<File>, SegmentFault> {
        let (header, scanner) = Scanner::begin(File::open(segment.path(&self.folder))?)?;
        if header.stream == self.stream {
            Ok(scanner)
        } else {
            Err(SegmentFault::Headless)
        }
    }

    /// Recovery of one segment.
    fn look_at(&mut self, segment: SegmentId, bytes: u64) {
        let mut report = SegmentReport {
            segment,
            bytes,
            codec: None,
            tally: Tally::default(),
            fault: None,
        };
        match File::open(segment.path(&self.folder))
            .map_err(SegmentFault::Read)
            .and_then(Scanner::begin)
        {
            Ok((header, _)) if header.stream != self.stream => return,
            Ok((header, mut scanner)) => {
                report.codec = Some(header.codec);
                report.fault = self.collect(segment, &mut scanner).err().map(Into::into);
                report.tally = scanner.tally();
            }
            Err(fault) => report.fault = Some(fault),
        }
        self.reports.push(report);
    }

    fn collect(&mut self, segment: SegmentId, scanner: &mut Scanner<File>) -> io::Result<()> {
        while let Some(found) = scanner.next_record()? {
            match (found.record, found.hash) {
                (Record::Frame(frame), Some(hash)) => self.table.insert(FrameEntry {
                    at: frame.tick(),
                    segment,
                    offset: found.offset,
                    // At most `MAX_UNIT_BYTES`.
                    length: u32::try_from(frame.unit.len()).unwrap_or(u32::MAX),
                    hash,
                    keyframe: frame.keyframe,
                    index: frame.index,
                }),
                // One that was read before.
                (Record::Gap(note), _) if self.notes.contains(&note) => {}
                (Record::Gap(note), _) => self.notes.push(note),
                _ => {}
            }
        }
        Ok(())
    }

    fn read_place(&mut self, entry: &FrameEntry) -> Result<Frame<'static>, ReadFault> {
        let (file, salt) = self.segment(entry.segment)?;
        if entry.offset > MAX_SEGMENT_BYTES {
            return Err(ReadFault::Damaged);
        }
        file.seek(SeekFrom::Start(u64::from(entry.offset)))?;
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        file.by_ref()
            .take(HEAD_BYTES as u64)
            .read_to_end(&mut bytes)?;
        let head = Head::parse(&bytes, salt)
            .filter(|head| head.kind == FRAME)
            .ok_or(ReadFault::Damaged)?;
        bytes.clear();
        // Grows with what is there, whatever the head says.
        file.take(u64::from(head.length)).read_to_end(&mut bytes)?;
        if bytes.len() != head.length as usize || checksum(salt, &bytes) != head.sum {
            return Err(ReadFault::Damaged);
        }
        match parse(&head, &bytes) {
            Some(Parsed::Frame(frame, _))
                if frame.tick() == entry.at && FrameHash::of(&frame.unit) == entry.hash =>
            {
                Ok(frame.into_owned())
            }
            _ => Err(ReadFault::Damaged),
        }
    }

    /// The segment to read from; the one of the frame before is open.
    fn segment(&mut self, segment: SegmentId) -> Result<(&mut File, u32), ReadFault> {
        if self.open.as_ref().is_none_or(|(open, ..)| *open != segment) {
            let mut file = File::open(segment.path(&self.folder))?;
            let salt = SegmentHeader::read(&mut file)?.salt;
            self.open = Some((segment, file, salt));
        }
        match &mut self.open {
            Some((_, file, salt)) => Ok((file, *salt)),
            None => Err(ReadFault::Damaged),
        }
    }
}
