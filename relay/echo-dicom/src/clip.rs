//! An opened clip: its header, and its frames one by one.
//!
//! Owns the order of the steps: door, pre-scan, header, frame table, and later one frame at a time. Nothing is
//! decoded at opening, and of a frame no more is held than its codec needs; of a video, the tables that say where its frames are. `ClipReader` is the seam behind which the same
//! work moves into a confined process.

use std::fs::File;
use std::path::Path;

use dicom_dictionary_std::tags;
use wire::FrameIndex;

use crate::decode::{
    self, Finish, GreyTable, JpegHead, NativePixels, Painter, PaletteTable, VideoPixels,
};
use crate::error::ClipError;
use crate::fragments::{ExtendedOffsets, FrameTable};
use crate::header::{ClipHeader, PixelLayout};
use crate::inflate;
use crate::meta;
use crate::mp4::VideoTrack;
use crate::outline::{Outline, StoredFrame, StoredFrames};
use crate::picture::{Photometric, Picture};
use crate::provenance::Provenance;
use crate::regions::UltrasoundRegion;
use crate::rows::{PictureRows, RowSink, RowsOf, Whole};
use crate::scan::{Index, PixelSpan};
use crate::source::{Source, Span};
use crate::syntax::TransferSyntax;
use crate::values::Values;

/// Anything that gives the frames of one clip: an opened file here, a confined process elsewhere.
pub trait ClipReader: Send {
    /// What the clip says about itself.
    fn header(&self) -> &ClipHeader;

    /// Decodes one frame.
    ///
    /// # Errors
    /// `NoSuchFrame` beyond the last frame, otherwise the step that failed.
    fn frame(&self, index: FrameIndex) -> Result<Picture, ClipError>;

    /// The same, row by row.
    ///
    /// # Errors
    /// As `frame`; what comes later than the first row stands with that row.
    fn rows(&self, index: FrameIndex) -> Result<Box<dyn PictureRows + '_>, ClipError> {
        Ok(Box::new(RowsOf::from(self.frame(index)?)))
    }
}

/// An opened clip.
///
/// ```no_run
/// # fn show(_: &echo_dicom::Picture) {}
/// # fn play() -> Result<(), echo_dicom::ClipError> {
/// let clip = echo_dicom::Clip::open("clip.dcm".as_ref())?;
/// for index in 0..clip.header().frames {
///     show(&clip.frame(wire::FrameIndex(index))?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Clip {
    /// The file, or the inflated data set of a deflated one.
    source: Source,
    /// Where its data set begins.
    data_set_at: u64,
    header: ClipHeader,
    pixels: Pixels,
    finish: Finish,
}

/// Enough for the markers of a JPEG frame up to its first scan, as devices write them.
const JPEG_HEAD_BYTES: u32 = 4 << 10;

#[derive(Debug)]
enum Pixels {
    Native(NativePixels),
    Encapsulated(FrameTable),
    Video(Box<VideoPixels>),
}

impl Clip {
    /// Opens a file. The header is read and checked; pixels stay where they are.
    ///
    /// # Errors
    /// The step that failed, with what is wrong.
    pub fn open(path: &Path) -> Result<Self, ClipError> {
        Self::from_source(Source::open(path)?)
    }

    /// Opens a file that is still being written from its start and will have `whole_bytes` bytes. Its header must be
    /// there, and of a compressed one the offset table; `is_here` tells which frames are. What arrives later is seen
    /// by opening it again.
    ///
    /// # Errors
    /// `ReadFile` with an early end while too little is there, otherwise the step that failed.
    pub fn open_arriving(path: &Path, whole_bytes: u64) -> Result<Self, ClipError> {
        Self::from_source(Source::open_arriving(path, whole_bytes)?)
    }

    /// Opens a clip that is already in memory.
    ///
    /// # Errors
    /// The step that failed, with what is wrong.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ClipError> {
        Self::from_source(Source::from_bytes(bytes)?)
    }

    /// Opens a file that somebody else opened and looked at: a regular one that will have `whole_bytes` bytes, of which
    /// the first `here` can be read. For a process that may open nothing itself.
    ///
    /// # Errors
    /// As `open_arriving`.
    pub fn from_file(file: File, whole_bytes: u64, here: u64) -> Result<Self, ClipError> {
        Self::from_source(Source::from_file(file, whole_bytes, here)?)
    }

    fn from_source(source: Source) -> Result<Self, ClipError> {
        let meta = meta::read(&source)?;
        let (source, data_set_at) = match meta.syntax {
            TransferSyntax::Deflated => (inflate::data_set(&source, meta.data_set_at)?, 0),
            _ => (source, meta.data_set_at),
        };
        let mut index = Index::build(&source, data_set_at, meta.syntax.encoding())?;
        let regions = index
            .regions
            .iter()
            .map(|region| UltrasoundRegion::read(&Values::new(&source, region)))
            .collect::<Result<_, _>>()?;
        let values = Values::new(&source, &index.top);
        let header = ClipHeader::read(&values, meta.syntax, regions)?;
        let finish = read_finish(&values, &header.layout)?;
        let extended = extended_offsets(&values)?;
        let pixels = index.pixels.take();
        let more_to_come = index.more_to_come;
        let pixels = locate_pixels(&source, &header, pixels, extended.as_ref(), more_to_come)?;
        Ok(Self {
            source,
            data_set_at,
            header,
            pixels,
            finish,
        })
    }

    /// Whose clip it is.
    ///
    /// # Errors
    /// `Attribute` for a UID that is missing and for an identity that cannot be read; otherwise the step that failed.
    pub fn provenance(&self) -> Result<Provenance, ClipError> {
        let encoding = self.header.transfer_syntax.encoding();
        Provenance::of(&self.source, self.data_set_at, encoding)
    }

    /// What was learned by opening it, for a process that only needs the stored bytes.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let stored = |index, spans: &[Span]| StoredFrame {
            spans: spans.to_vec(),
            shown_as_stored: self.shows_as_stored(FrameIndex(index), spans),
        };
        let frames = match (&self.pixels, &self.source) {
            (_, Source::Memory(_)) => StoredFrames::Elsewhere,
            (Pixels::Native(pixels), _) => StoredFrames::Listed(
                (0..self.header.frames)
                    .map(|index| StoredFrame {
                        spans: vec![pixels.span(index)],
                        shown_as_stored: false,
                    })
                    .collect(),
            ),
            (Pixels::Encapsulated(table), _) => StoredFrames::Listed(
                (0..)
                    .zip(table.spans())
                    .map(|(index, spans)| stored(index, spans))
                    .collect(),
            ),
            (Pixels::Video(video), _) => StoredFrames::Video(video.track().clone()),
        };
        Outline::new(self.header.clone(), frames)
    }

    /// What the clip says about itself.
    #[must_use]
    pub fn header(&self) -> &ClipHeader {
        &self.header
    }

    /// Whether all bytes of a frame are here; always, for a clip that was whole when it was opened.
    #[must_use]
    pub fn is_here(&self, index: FrameIndex) -> bool {
        index.0 < self.header.frames
            && match &self.pixels {
                Pixels::Native(pixels) => pixels.is_here(&self.source, index.0),
                Pixels::Encapsulated(table) => table.is_here(&self.source, index.0),
                Pixels::Video(video) => video
                    .track()
                    .span(index.0)
                    .is_some_and(|span| self.source.has(span)),
            }
    }

    /// Decodes one frame; of a video with what stands before it up to a key frame, or up to the frame that came last.
    ///
    /// # Errors
    /// `NoSuchFrame` beyond the last frame, otherwise the step that failed.
    pub fn frame(&self, index: FrameIndex) -> Result<Picture, ClipError> {
        loop {
            if let Some(picture) = self.frame_step(index)? {
                return Ok(picture);
            }
        }
    }

    /// Decodes one frame, or goes a part of the way to it: about a second. Nothing means that it goes on when asked again.
    ///
    /// # Errors
    /// As `frame`.
    pub fn frame_step(&self, index: FrameIndex) -> Result<Option<Picture>, ClipError> {
        let mut whole = Whole::default();
        let is_there = self.rows_step(index, &mut whole)?;
        Ok(whole.picture().filter(|_| is_there))
    }

    /// The same, row by row as it is decoded. Whether the picture was there; the sink has all of its rows then.
    ///
    /// # Errors
    /// As `frame`; `ReadFile` when the sink does not take them.
    pub fn rows_step(&self, index: FrameIndex, sink: &mut dyn RowSink) -> Result<bool, ClipError> {
        let layout = &self.header.layout;
        if index.0 >= self.header.frames {
            return Err(ClipError::NoSuchFrame {
                index: index.0,
                frames: self.header.frames,
            });
        }
        let mut painter = Painter::new(layout, &self.finish, sink);
        match &self.pixels {
            Pixels::Native(pixels) => pixels.paint(&self.source, layout, index.0, &mut painter)?,
            Pixels::Encapsulated(table) => {
                let coded = table.frame_bytes(&self.source, index.0)?;
                let syntax = self.header.transfer_syntax;
                decode::encapsulated(syntax, layout, coded, &mut painter)?;
            }
            Pixels::Video(video) => {
                let Some(picture) = video.step(&self.source, layout, index.0)? else {
                    return Ok(false);
                };
                let row = picture.width as usize * picture.form.bytes_per_pixel();
                for row in picture.rows.chunks_exact(row) {
                    painter.finished(row)?;
                }
            }
        }
        painter.end().map(|()| true)
    }

    /// The video that all frames are, of a video clip.
    #[must_use]
    pub fn video(&self) -> Option<&VideoTrack> {
        match &self.pixels {
            Pixels::Video(video) => Some(video.track()),
            _ => None,
        }
    }

    /// The stored bytes of one frame of a video clip: NAL units with their lengths (ISO/IEC 14496-15), to be decoded from
    /// the key frame on that comes before it.
    ///
    /// # Errors
    /// `NoSuchFrame` for a clip that is no video and beyond the last frame, `ReadFile` while it is not here.
    pub fn video_frame(&self, index: FrameIndex) -> Result<Vec<u8>, ClipError> {
        let span = self.video().and_then(|video| video.span(index.0));
        let span = span.ok_or(ClipError::NoSuchFrame {
            index: index.0,
            frames: self.header.frames,
        })?;
        Ok(self.source.read(span)?)
    }

    /// The untouched JPEG bytes of a frame of a JPEG baseline clip, so that it can be copied instead of coded
    /// again. They may end in a pad byte. `None` for other clips, missing frames and unreadable bytes.
    #[must_use]
    pub fn jpeg_frame(&self, index: FrameIndex) -> Option<Vec<u8>> {
        match &self.pixels {
            Pixels::Encapsulated(table)
                if self.header.transfer_syntax == TransferSyntax::JpegBaseline =>
            {
                table.frame_bytes(&self.source, index.0).ok()
            }
            _ => None,
        }
    }

    /// The untouched JPEG bytes of a frame, where a browser shows them as `frame` would: baseline, eight bits, the same
    /// colours, no palette and no window. `None` otherwise, for missing frames and for unreadable bytes.
    #[must_use]
    pub fn browser_frame(&self, index: FrameIndex) -> Option<Vec<u8>> {
        let coded = self
            .jpeg_frame(index)
            .filter(|_| self.keeps_what_is_stored())?;
        JpegHead::parse(&coded)
            .is_ok_and(|head| self.browser_agrees(&head))
            .then_some(coded)
    }

    /// Whether decoded samples are shown as they are.
    fn keeps_what_is_stored(&self) -> bool {
        match &self.finish {
            Finish::Grey(table) => table.shows_as_stored(),
            Finish::Palette(_) => false,
            Finish::Colour => self.header.layout.bits_stored == 8,
        }
    }

    fn browser_agrees(&self, head: &JpegHead) -> bool {
        let layout = &self.header.layout;
        (head.width, head.height) == (layout.columns, layout.rows)
            && head.components.len() == usize::from(layout.samples_per_pixel)
            && head.browsers_agree(layout.photometric)
    }

    /// Whether `browser_frame` gives something, for most frames by their first bytes alone.
    fn shows_as_stored(&self, index: FrameIndex, spans: &[Span]) -> bool {
        if self.header.transfer_syntax != TransferSyntax::JpegBaseline
            || !self.keeps_what_is_stored()
        {
            return false;
        }
        let begin = spans.first().map(|first| Span {
            len: first.len.min(JPEG_HEAD_BYTES),
            ..*first
        });
        match begin.and_then(|span| self.source.read(span).ok()) {
            Some(begin) => match JpegHead::parse(&begin) {
                Ok(head) => self.browser_agrees(&head),
                Err(_) => self.browser_frame(index).is_some(),
            },
            None => false,
        }
    }
}

impl ClipReader for Clip {
    fn header(&self) -> &ClipHeader {
        self.header()
    }

    fn frame(&self, index: FrameIndex) -> Result<Picture, ClipError> {
        self.frame(index)
    }
}

fn read_finish(values: &Values<'_>, layout: &PixelLayout) -> Result<Finish, ClipError> {
    Ok(match layout.photometric {
        Photometric::Monochrome1 | Photometric::Monochrome2 => {
            Finish::Grey(GreyTable::read(values, layout)?)
        }
        Photometric::PaletteColor => Finish::Palette(PaletteTable::read(values, layout)?),
        _ => Finish::Colour,
    })
}

fn extended_offsets(values: &Values<'_>) -> Result<Option<ExtendedOffsets>, ClipError> {
    let read = |tag| -> Result<Option<Vec<u64>>, ClipError> {
        let bytes = values.bytes(tag)?;
        Ok(bytes.map(|b| {
            b.as_chunks()
                .0
                .iter()
                .map(|entry| u64::from_le_bytes(*entry))
                .collect()
        }))
    };
    let offsets = read(tags::EXTENDED_OFFSET_TABLE)?;
    let lengths = read(tags::EXTENDED_OFFSET_TABLE_LENGTHS)?;
    Ok(offsets
        .zip(lengths)
        .map(|(offsets, lengths)| ExtendedOffsets { offsets, lengths }))
}

fn locate_pixels(
    source: &Source,
    header: &ClipHeader,
    pixels: Option<PixelSpan>,
    extended: Option<&ExtendedOffsets>,
    more_to_come: bool,
) -> Result<Pixels, ClipError> {
    match (pixels, header.transfer_syntax.is_encapsulated()) {
        (None, _) => Err(ClipError::PixelData("there is none".into())),
        (Some(PixelSpan::Native(element)), false) => {
            NativePixels::new(element, &header.layout, header.frames).map(Pixels::Native)
        }
        (
            Some(PixelSpan::Encapsulated {
                offset_table,
                fragments,
            }),
            true,
        ) if header.transfer_syntax.is_video() => {
            video(source, header, offset_table, &fragments, more_to_come)
                .map(|track| Pixels::Video(Box::new(VideoPixels::new(track))))
        }
        (
            Some(PixelSpan::Encapsulated {
                offset_table,
                fragments,
            }),
            true,
        ) => FrameTable::build(
            source,
            offset_table,
            fragments,
            extended,
            header.frames,
            more_to_come,
        )
        .map(Pixels::Encapsulated),
        (Some(PixelSpan::Native(_)), true) => Err(ClipError::PixelData(
            "the transfer syntax is compressed, the pixels are not".into(),
        )),
        (Some(PixelSpan::Encapsulated { .. }), false) => Err(ClipError::PixelData(
            "the pixels are compressed, the transfer syntax is not".into(),
        )),
    }
}

/// One fragment holds the whole video (PS3.5 section 8.2.7).
fn video(
    source: &Source,
    header: &ClipHeader,
    offset_table: Span,
    fragments: &[Span],
    more_to_come: bool,
) -> Result<VideoTrack, ClipError> {
    match fragments {
        [file] if offset_table.at != 0 => {
            VideoTrack::read(source, *file, &header.layout, header.frames)
        }
        [] if more_to_come => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
        _ => {
            let held = fragments.len();
            let why = format!("it lies in {held} fragments, where it must have one");
            Err(ClipError::Video(why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_can_be_shared_and_stands_behind_the_seam() {
        fn shared<T: Send + Sync>() {}
        shared::<Clip>();
        let refused =
            Clip::from_bytes(Vec::new()).map(|clip| Box::new(clip) as Box<dyn ClipReader>);
        assert!(refused.is_err());
    }
}
