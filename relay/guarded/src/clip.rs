//! A clip whose foreign bytes are read elsewhere.
//!
//! Owns what is known of an open file here: its descriptor, its outline, and whether its readers keep dying. Frames that
//! are shown as they are stored are read here, by place and without a look at them; all others come from a reader. It is
//! used as `echo_dicom::Clip` is.

use crate::guard::{FileId, Guard, Held, Seat};
use crate::protocol::{Answer, Ask, Said};
use crate::refusal::{Fate, heard};
use crate::rows::GuardedRows;
use echo_dicom::limits::{MAX_VIDEO_WORK, VIDEO_STEP_WORK};
use echo_dicom::{
    ClipError, ClipHeader, ClipReader, Outline, Picture, PictureRows, Provenance, VideoTrack,
};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use wire::FrameIndex;

/// Readers that may die over one open file; then it is refused without asking another.
const MAX_DEATHS: u32 = 3;

/// Steps to one picture of a video: what it may cost in all, and one more for each that goes beyond its share.
const MAX_STEPS: u64 = MAX_VIDEO_WORK / VIDEO_STEP_WORK * 2;

/// Pixels above which a picture is large: decoding one that is held whole takes 6 to 30 bytes for each.
const LARGE_PIXELS: usize = 1 << 20;

/// An opened clip.
#[derive(Debug)]
pub struct GuardedClip {
    guard: Guard,
    id: FileId,
    file: File,
    /// Bytes that it will have.
    whole: u64,
    /// Bytes that were here when it was opened.
    here: u64,
    outline: Outline,
    /// Readers that died or lied over it.
    deaths: AtomicU32,
}

impl GuardedClip {
    pub(crate) fn open(guard: &Guard, path: &Path, whole: Option<u64>) -> Result<Self, ClipError> {
        // Opening a pipe or a device may block for ever.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file").into());
        }
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let whole = whole.unwrap_or(length);
        let here = length.min(whole);
        let id = guard.new_file();
        let mut seat = guard.seat(id).map_err(told)?;
        let outline = match give(&mut seat, &file, whole, here).map_err(told)? {
            Ok(outline) => outline,
            Err(said) => return Err(heard(said)),
        };
        seat.keep();
        Ok(Self {
            guard: guard.clone(),
            id,
            file,
            whole,
            here,
            outline,
            deaths: AtomicU32::new(0),
        })
    }

    /// What the clip says about itself.
    #[must_use]
    pub fn header(&self) -> &ClipHeader {
        self.outline.header()
    }

    /// Whether all bytes of a frame are here; always, for a clip that was whole when it was opened.
    #[must_use]
    pub fn is_here(&self, index: FrameIndex) -> bool {
        self.outline.is_here(index, self.here)
    }

    /// The video that all frames are, of a video clip.
    #[must_use]
    pub fn video(&self) -> Option<&VideoTrack> {
        self.outline.video()
    }

    /// The stored bytes of one frame of a video clip, as `echo_dicom::Clip::video_frame` gives them.
    ///
    /// # Errors
    /// `NoSuchFrame` for a clip that is no video and beyond the last frame, `ReadFile` while it is not here.
    pub fn video_frame(&self, index: FrameIndex) -> Result<Vec<u8>, ClipError> {
        let places = self.video().and_then(|_| self.outline.as_stored(index));
        let places = places.ok_or_else(|| self.no_such_frame(index))?;
        Ok(self.read(&places)?)
    }

    /// The untouched JPEG bytes of a frame, where a browser shows them as `frame` would. `None` otherwise, for missing
    /// frames and for unreadable bytes.
    #[must_use]
    pub fn browser_frame(&self, index: FrameIndex) -> Option<Vec<u8>> {
        if self.video().is_some() {
            return None;
        }
        self.read(&self.outline.as_stored(index)?).ok()
    }

    /// The stored bytes of a frame, whatever they are, in the clip's transfer syntax.
    ///
    /// # Errors
    /// `NoSuchFrame` for a video and beyond the last frame, `ReadFile`.
    pub fn stored_frame(&self, index: FrameIndex) -> Result<Vec<u8>, ClipError> {
        let places = self.outline.stored(index);
        let places = places.ok_or_else(|| self.no_such_frame(index))?;
        Ok(self.read(&places)?)
    }

    /// Decodes one frame; of a video with what it stands on, which may take as many answers as it needs steps. Blocks.
    ///
    /// # Errors
    /// `NoSuchFrame` beyond the last frame, otherwise the step that failed, here or in the reader.
    pub fn frame(&self, index: FrameIndex) -> Result<Picture, ClipError> {
        self.rows(index)?.collected()
    }

    /// The same row by row. The reader is at work until the last one came.
    ///
    /// # Errors
    /// As `frame`; what fails later stands with the row that does not come.
    pub fn rows(&self, index: FrameIndex) -> Result<GuardedRows<'_>, ClipError> {
        if index.0 >= self.header().frames {
            return Err(self.no_such_frame(index));
        }
        let layout = &self.header().layout;
        self.ask(
            &Ask::Frame { index: index.0 },
            |answer, seat| match answer {
                Answer::Picture {
                    width,
                    height,
                    form,
                } if (width, height) == (layout.columns, layout.rows) => {
                    Some(GuardedRows::new(self, seat, (width, height, form)))
                }
                _ => None,
            },
        )
    }

    /// Whose clip it is. Blocks.
    ///
    /// # Errors
    /// `Attribute` for a UID that is missing and for an identity that cannot be read; otherwise the step that failed.
    pub fn provenance(&self) -> Result<Provenance, ClipError> {
        self.ask(&Ask::Provenance, |answer, seat| match answer {
            Answer::Provenance(provenance) => {
                self.keep(seat);
                Some(*provenance)
            }
            _ => None,
        })
    }

    /// Asks a reader of this file. One that died while it waited is replaced, once. Who takes the answer keeps the reader's seat.
    fn ask<'a, T>(
        &'a self,
        ask: &Ask,
        take: impl Fn(Answer, Seat<'a>) -> Option<T>,
    ) -> Result<T, ClipError> {
        if self.deaths.load(Ordering::Relaxed) >= MAX_DEATHS {
            return Err(Fate::Ended.into());
        }
        let mut asked = self.ask_one(ask, &take);
        if let Err((Fate::Ended, true)) = asked {
            asked = self.ask_one(ask, &take);
        }
        match asked {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(said)) => Err(heard(said)),
            Err((fate, _)) => Err(self.died(fate)),
        }
    }

    /// Its reader waits for the next question.
    pub(crate) fn keep(&self, seat: Seat<'_>) {
        match self.video() {
            Some(_) => seat.keep_on_its_way(),
            None => seat.keep(),
        }
    }

    /// Takes note of a reader that is gone.
    pub(crate) fn died(&self, fate: Fate) -> ClipError {
        if !matches!(fate, Fate::Busy | Fate::NoReader(_)) {
            self.deaths.fetch_add(1, Ordering::Relaxed);
        }
        told(fate)
    }

    /// Beside a reader's fate: whether it had waited with the file.
    fn ask_one<'a, T>(
        &'a self,
        ask: &Ask,
        take: impl Fn(Answer, Seat<'a>) -> Option<T>,
    ) -> Result<Result<T, Said>, (Fate, bool)> {
        let seat = self.guard.seat_for(self.id, self.held_for(ask));
        let seat = seat.map_err(|fate| (fate, false))?;
        let had_waited = !seat.is_fresh;
        let asked = self.ask_seat(seat, ask, take);
        asked.map_err(|fate| (fate, had_waited))
    }

    fn held_for(&self, ask: &Ask) -> Held {
        match ask {
            Ask::Frame { .. } if self.header().is_held_whole(LARGE_PIXELS) => Held::Picture,
            _ => Held::Rows,
        }
    }

    fn ask_seat<'a, T>(
        &'a self,
        mut seat: Seat<'a>,
        ask: &Ask,
        take: impl Fn(Answer, Seat<'a>) -> Option<T>,
    ) -> Result<Result<T, Said>, Fate> {
        if seat.is_fresh {
            match give(&mut seat, &self.file, self.whole, self.here)? {
                Ok(outline) if outline == self.outline => {}
                Ok(_) => return Err(Fate::Nonsense("another clip than before")),
                Err(said) => {
                    self.keep(seat);
                    return Ok(Err(said));
                }
            }
        }
        let mut answer = seat.reader()?.ask(ask, 0)?.0;
        for _ in 0..MAX_STEPS {
            if !matches!((ask, &answer), (Ask::Frame { .. }, Answer::Underway)) {
                break;
            }
            answer = seat.reader()?.ask(ask, 0)?.0;
        }
        if let Answer::Refused(said) = answer {
            self.keep(seat);
            return Ok(Err(said));
        }
        let taken = take(answer, seat).ok_or(Fate::Nonsense("it is no answer to the question"))?;
        Ok(Ok(taken))
    }

    fn read(&self, places: &[Range<u64>]) -> io::Result<Vec<u8>> {
        let total: u64 = places.iter().map(|place| place.end - place.start).sum();
        if places.iter().any(|place| place.end > self.here) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; usize::try_from(total).unwrap_or(usize::MAX)];
        let mut rest = &mut bytes[..];
        for place in places {
            let length = usize::try_from(place.end - place.start).unwrap_or(usize::MAX);
            let (into, after) = rest
                .split_at_mut_checked(length)
                .ok_or(io::ErrorKind::UnexpectedEof)?;
            read_at(&self.file, place.start, into)?;
            rest = after;
        }
        Ok(bytes)
    }

    fn no_such_frame(&self, index: FrameIndex) -> ClipError {
        ClipError::NoSuchFrame {
            index: index.0,
            frames: self.header().frames,
        }
    }
}

impl ClipReader for GuardedClip {
    fn header(&self) -> &ClipHeader {
        self.header()
    }

    fn frame(&self, index: FrameIndex) -> Result<Picture, ClipError> {
        self.frame(index)
    }

    fn rows(&self, index: FrameIndex) -> Result<Box<dyn PictureRows + '_>, ClipError> {
        Ok(Box::new(self.rows(index)?))
    }
}

impl Drop for GuardedClip {
    fn drop(&mut self) {
        self.guard.forget(self.id);
    }
}

/// Gives a fresh reader the file; its outline is checked.
fn give(
    seat: &mut Seat<'_>,
    file: &File,
    whole: u64,
    here: u64,
) -> Result<Result<Outline, Said>, Fate> {
    match seat.reader()?.give(file, &Ask::Open { whole, here })? {
        Answer::Outline(outline) => {
            outline.check(whole).map_err(Fate::Nonsense)?;
            Ok(Ok(*outline))
        }
        Answer::Refused(said) => Ok(Err(said)),
        _ => Err(Fate::Nonsense("it is no answer to the question")),
    }
}

/// A reader's fate as the error of its file; the log has it too, because a reader that dies is worth a look.
fn told(fate: Fate) -> ClipError {
    tracing::warn!(%fate, "a foreign file could not be read");
    fate.into()
}

#[cfg(unix)]
fn read_at(file: &File, at: u64, into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, at: u64, into: &mut [u8]) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(into)
}
