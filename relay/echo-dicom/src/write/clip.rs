//! Writing a clip as Ultrasound Multi-frame Image Storage, or a still as Ultrasound Image Storage.
//!
//! Owns the order of the steps: check everything, write the header, code and write the frames, fill in what only
//! their sizes tell. With an output that can seek, frames pass through; without, coded frames wait in memory for the
//! last one, because the offset table and the compression ratio stand in front of them.

use std::io::{Seek, SeekFrom, Write};
use std::num::NonZeroUsize;

use wire::FrameIndex;

use super::coding::{CodeFault, PixelCoding, in_order};
use super::context::Context;
use super::data_set::Object;
use super::error::WriteError;
use super::facts::ClipFacts;
use super::file;
use super::frames::{Frame, Frames, Shape};
use super::image::{self, Kind, Lossy};
use super::stream::{self, Counted, Fragments};
use super::timing::Pace;
use super::uid::Uid;
use crate::error::ClipError;
use crate::limits::MAX_FRAMES;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of all coded frames.
    pub pixel_bytes: u64,
}

/// Writes one clip or still.
///
/// ```
/// # use std::time::Duration;
/// # use echo_dicom::{Picture, PixelForm, write::*};
/// # fn main() -> Result<(), WriteError> {
/// # let rows = vec![0; 64 * 48];
/// # let picture = Picture { width: 64, height: 48, form: PixelForm::Gray8, rows };
/// # let pictures = vec![picture.clone(), picture];
/// # let uid = Uid::from_uuid;
/// # let taken_at = LocalTime::new(Date::new(2026, 1, 2).unwrap(), 9, 0, 0, 0).unwrap();
/// # let context = Context {
/// #     patient: Patient::default(),
/// #     study: Study::new(uid(1)),
/// #     series: Series { uid: uid(2), number: 1, began_at: None, description: String::new() },
/// #     equipment: Equipment::default(),
/// #     utc_offset: UtcOffset::JAPAN,
/// # };
/// let facts = ClipFacts {
///     times: vec![Duration::ZERO, Duration::from_millis(40)],
///     view: Some(ViewLabel::Plax),
///     burned_in_annotation: Some(false),
///     ..ClipFacts::new(uid(3), 1, taken_at)
/// };
/// let mut file = std::io::Cursor::new(Vec::new());
/// ClipWriter::clip(&context, &facts, &pictures[..])?.write_seekable(&mut file)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ClipWriter<'a, F: Frames + ?Sized> {
    context: &'a Context,
    facts: &'a ClipFacts,
    frames: &'a F,
    count: u32,
    kind: Kind,
    shape: Shape,
    /// Threads that code frames.
    parallelism: NonZeroUsize,
    /// What becomes of the header at last.
    rewrite: Option<Rewrite<'a>>,
}

/// Another header and the UID that it has.
pub(crate) type Rewritten = Result<(Object, Uid), WriteError>;

/// A step over the finished header: another one, and the UID that it has. Its length must not depend on the figures in it.
#[derive(Clone, Copy)]
pub(crate) struct Rewrite<'a>(pub(crate) &'a (dyn Fn(&Object) -> Rewritten + Sync));

impl std::fmt::Debug for Rewrite<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rewrite")
    }
}

fn feed_of_first(error: ClipError) -> WriteError {
    WriteError::Feed {
        index: 0,
        source: Box::new(error),
    }
}

impl<'a, F: Frames + ?Sized> ClipWriter<'a, F> {
    /// Prepares a clip of at least one frame. Looks at the first frame, the times, the regions and all words.
    ///
    /// # Errors
    /// Whatever would make the object wrong, by the step or the attribute.
    pub fn clip(
        context: &'a Context,
        facts: &'a ClipFacts,
        frames: &'a F,
    ) -> Result<Self, WriteError> {
        let count = u32::try_from(frames.count()).unwrap_or(u32::MAX);
        if !(1..=MAX_FRAMES).contains(&count) {
            let fault = format!("{count} frames; a clip has 1 to {MAX_FRAMES}");
            return Err(WriteError::Frames(fault));
        }
        let pace = Pace::of(&facts.times, count)?;
        let kind = Kind::Clip {
            frames: count,
            pace,
        };
        Self::prepare(context, facts, frames, count, kind)
    }

    /// Prepares a still of exactly one frame.
    ///
    /// # Errors
    /// Whatever would make the object wrong, by the step or the attribute.
    pub fn still(
        context: &'a Context,
        facts: &'a ClipFacts,
        frames: &'a F,
    ) -> Result<Self, WriteError> {
        let count = frames.count();
        if count != 1 {
            let fault = format!("{count} frames; a still has one");
            return Err(WriteError::Frames(fault));
        }
        Self::prepare(context, facts, frames, 1, Kind::Still)
    }

    fn prepare(
        context: &'a Context,
        facts: &'a ClipFacts,
        frames: &'a F,
        count: u32,
        kind: Kind,
    ) -> Result<Self, WriteError> {
        let first = frames
            .frame(FrameIndex(0))
            .map_err(|source| WriteError::Feed { index: 0, source })?;
        let shape = facts.coding.shape(&first).map_err(WriteError::Frames)?;
        if let Frame::Rows(mut rows) = first {
            // One that is let go half way costs its reader; and the first frame tells at once whether the clip can be read.
            while rows.next_row().map_err(feed_of_first)?.is_some() {}
        }
        let writer = Self {
            context,
            facts,
            frames,
            count,
            kind,
            shape,
            parallelism: NonZeroUsize::MIN,
            rewrite: None,
        };
        // All words and regions are checked by building the header once.
        writer.head(0)?;
        Ok(writer)
    }

    /// Codes frames on so many threads, at first one. Each holds a picture and a few coded frames.
    #[must_use]
    pub fn parallelism(self, threads: NonZeroUsize) -> Self {
        Self {
            parallelism: threads,
            ..self
        }
    }

    /// Changes the header before it is written.
    pub(crate) fn rewritten(self, rewrite: Rewrite<'a>) -> Self {
        Self {
            rewrite: Some(rewrite),
            ..self
        }
    }

    /// Writes the object from the output's present position on; the output stands at its end afterwards.
    ///
    /// # Errors
    /// The step that failed. What was written until then is no object.
    pub fn write_seekable(&self, out: &mut (impl Write + Seek)) -> Result<Written, WriteError> {
        if !self.facts.coding.is_encapsulated() {
            return self.write_plain(out);
        }
        let began = out.stream_position()?;
        out.write_all(&self.head(0)?)?;
        stream::reserve_table(out, self.count)?;
        let mut fragments = Fragments::default();
        in_order(
            self.count,
            self.parallelism,
            &|index| self.coded(index),
            |frame| {
                fragments.add(frame.len())?;
                stream::write_item(out, &frame)
            },
        )?;
        stream::end_items(out)?;
        let end = out.stream_position()?;
        out.seek(SeekFrom::Start(began))?;
        out.write_all(&self.head(fragments.coded())?)?;
        fragments.write_table(out)?;
        out.seek(SeekFrom::Start(end))?;
        Ok(Written {
            bytes: end - began,
            pixel_bytes: fragments.coded(),
        })
    }

    /// Writes the same bytes to an output that cannot seek. Coded frames are held until all are there.
    ///
    /// # Errors
    /// The step that failed. What was written until then is no object.
    pub fn write_to(&self, out: &mut impl Write) -> Result<Written, WriteError> {
        if !self.facts.coding.is_encapsulated() {
            return self.write_plain(out);
        }
        let mut fragments = Fragments::default();
        let mut frames = Vec::with_capacity(self.count as usize);
        in_order(
            self.count,
            self.parallelism,
            &|index| self.coded(index),
            |mut frame| {
                fragments.add(frame.len())?;
                frame.shrink_to_fit();
                frames.push(frame);
                Ok(())
            },
        )?;
        let mut out = Counted::new(out);
        out.write_all(&self.head(fragments.coded())?)?;
        fragments.write_table(&mut out)?;
        for frame in &frames {
            stream::write_item(&mut out, frame)?;
        }
        stream::end_items(&mut out)?;
        Ok(Written {
            bytes: out.bytes(),
            pixel_bytes: fragments.coded(),
        })
    }

    fn write_plain(&self, out: &mut impl Write) -> Result<Written, WriteError> {
        let pixel_bytes = self.plain_bytes();
        let mut out = Counted::new(out);
        out.write_all(&self.head(pixel_bytes)?)?;
        let pad = stream::begin_plain(&mut out, pixel_bytes)?;
        in_order(
            self.count,
            self.parallelism,
            &|index| self.coded(index),
            |frame| Ok(out.write_all(&frame)?),
        )?;
        if pad {
            out.write_all(&[0])?;
        }
        Ok(Written {
            bytes: out.bytes(),
            pixel_bytes,
        })
    }

    /// One frame as it is stored.
    fn coded(&self, index: u32) -> Result<Vec<u8>, WriteError> {
        let coding = self.facts.coding;
        let codec = coding.name();
        let frame = self
            .frames
            .frame(FrameIndex(index))
            .map_err(|source| WriteError::Feed { index, source })?;
        let unequal = |found: String| WriteError::UnequalFrame {
            index,
            found,
            first: self.shape.to_string(),
        };
        let shape = coding.shape(&frame).map_err(unequal)?;
        if shape != self.shape {
            return Err(unequal(shape.to_string()));
        }
        coding.encode(frame).map_err(|fault| match fault {
            CodeFault::Rows(fault) => WriteError::Feed {
                index,
                source: Box::new(fault),
            },
            CodeFault::Coder(fault) => WriteError::Code {
                index,
                codec,
                fault,
            },
        })
    }

    /// Everything in front of the pixels. Its length does not depend on `coded`, the bytes of all coded frames.
    fn head(&self, coded: u64) -> Result<Vec<u8>, WriteError> {
        let lossy = matches!(self.facts.coding, PixelCoding::Jpeg(_)).then(|| Lossy {
            method: "ISO_10918_1",
            plain: self.plain_bytes(),
            coded,
        });
        let object = image::data_set(self.context, self.facts, &self.kind, self.shape, lossy)?;
        let (object, uid) = match self.rewrite {
            Some(Rewrite(rewrite)) => rewrite(&object)?,
            None => (object, self.facts.instance_uid.clone()),
        };
        file::head(
            &object,
            self.kind.class_uid(),
            &uid,
            self.facts.coding.syntax_uid(),
        )
    }

    fn plain_bytes(&self) -> u64 {
        self.shape.canonical_bytes() as u64 * u64::from(self.count)
    }
}
