//! The video track of an MP4 file.
//!
//! Owns finding the one track that counts and refusing, by name, what is not H.264 in one MP4 file with all its pictures
//! in order. The header of the DICOM object is the truth about number and size of frames: a video that says otherwise is
//! refused. Edit lists are not read, because frames are counted and not timed.

use super::boxes::{self, Boxes, at_most_one, fault, name, only};
use super::{Configuration, samples};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::limits::{MAX_ENCODED_FRAME_BYTES, MAX_MOVIE_BYTES, MAX_MOVIE_FILE_BOXES};
use crate::source::{Source, Span};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Of a VisualSampleEntry: where its size stands, and where its boxes begin (ISO/IEC 14496-12 section 12.1.3).
const ENTRY_SIZE_AT: usize = 24;
const ENTRY_BOXES_AT: usize = 78;

/// The H.264 video of a clip: what a decoder needs, and where its frames are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoTrack {
    file: Span,
    codec: String,
    description: Vec<u8>,
    frames: Vec<Span>,
    keys: Vec<u32>,
}

impl VideoTrack {
    /// Reads the MP4 file that lies at `file`.
    pub(crate) fn read(
        source: &Source,
        file: Span,
        layout: &PixelLayout,
        frames: u32,
    ) -> Result<Self, ClipError> {
        let movie = source.read(find_movie(source, file)?)?;
        if at_most_one(&movie, *b"mvex")?.is_some() {
            return fault("it is a fragmented MP4 file");
        }
        let information = only(video_media(&movie)?, *b"minf")?;
        check_own_bytes(information)?;
        let tables = only(information, *b"stbl")?;
        let description = description(only(tables, *b"stsd")?, layout)?;
        samples::check_order(tables)?;
        Ok(Self {
            file,
            codec: Configuration::read(description)?.codec(),
            description: description.to_vec(),
            frames: samples::locate(tables, file, frames)?,
            keys: samples::keys(tables, frames)?,
        })
    }

    /// The name of its coding, such as `avc1.640028` (RFC 6381).
    #[must_use]
    pub fn codec(&self) -> &str {
        &self.codec
    }

    /// What a decoder needs before the first frame: the content of the box `avcC` (ISO/IEC 14496-15).
    #[must_use]
    pub fn description(&self) -> &[u8] {
        &self.description
    }

    /// The frames at which decoding can begin, from 0, rising; the first is 0.
    #[must_use]
    pub fn keys(&self) -> &[u32] {
        &self.keys
    }

    /// Whether another process gave a track that reading could have given, in a file of so many bytes.
    pub(crate) fn fits(&self, frames: u32, file_bytes: u64) -> bool {
        let lies_in_file = |span: &Span| {
            span.len > 0
                && u64::from(span.len) <= MAX_ENCODED_FRAME_BYTES
                && span.end() <= file_bytes
        };
        self.file.end() <= file_bytes
            && Configuration::read(&self.description).is_ok_and(|it| it.codec() == self.codec)
            && self.frames.len() == frames as usize
            && self.frames.iter().all(lies_in_file)
            && self.keys.first() == Some(&0)
            && self.keys.last().is_some_and(|last| *last < frames)
            && self.keys.is_sorted_by(|a, b| a < b)
    }

    /// Where the MP4 file lies in the object; it may end in a pad byte.
    #[must_use]
    pub fn file(&self) -> Range<u64> {
        self.file.at..self.file.end()
    }

    /// The last frame at or before this one at which decoding can begin.
    pub(crate) fn key_before(&self, index: u32) -> u32 {
        let after = self.keys.partition_point(|key| *key <= index);
        let last = after.checked_sub(1).and_then(|at| self.keys.get(at));
        last.copied().unwrap_or(0)
    }

    /// Where a frame lies in the object.
    pub(crate) fn span(&self, index: u32) -> Option<Span> {
        self.frames.get(index as usize).copied()
    }
}

/// The content of the box `moov`.
fn find_movie(source: &Source, file: Span) -> Result<Span, ClipError> {
    let mut at = file.at;
    for _ in 0..MAX_MOVIE_FILE_BOXES {
        let left = file.end().saturating_sub(at);
        let head = source.read(Span {
            at,
            len: u32::try_from(left.min(16)).unwrap_or(16),
        })?;
        let Some((short, long)) = head.split_first_chunk::<8>() else {
            break;
        };
        if at == file.at {
            check_begins(short)?;
        }
        let (kind, head_bytes, declared) = boxes::size(short, Some(long))?;
        let length = declared.unwrap_or(left);
        if length > left {
            return fault("a box reaches beyond what holds it");
        }
        if kind == *b"moov" {
            let content = length - head_bytes as u64;
            return match u32::try_from(content) {
                Ok(len) if len <= MAX_MOVIE_BYTES => Ok(Span {
                    at: at + head_bytes as u64,
                    len,
                }),
                _ => fault(format!("its tables are above {MAX_MOVIE_BYTES} bytes")),
            };
        }
        at += length;
    }
    fault("the box moov is missing")
}

/// What is no MP4 file is named where it is known.
fn check_begins(head: &[u8; 8]) -> Result<(), ClipError> {
    match head {
        [_, _, _, _, kind @ ..] if kind.iter().all(u8::is_ascii_alphanumeric) => Ok(()),
        [0x47, ..] => fault("it is an MPEG-2 transport stream, not an MP4 file"),
        [0, 0, 1, ..] | [0, 0, 0, 1, ..] => fault("it is a bare code stream, not an MP4 file"),
        _ => fault("it is no MP4 file"),
    }
}

/// The media of the only video track; sound beside it is left out.
fn video_media(movie: &[u8]) -> Result<&[u8], ClipError> {
    let mut found = None;
    for each in Boxes::new(movie) {
        let (kind, track) = each?;
        if kind != *b"trak" {
            continue;
        }
        let media = only(track, *b"mdia")?;
        let handler = only(media, *b"hdlr")?.get(8..12);
        if handler == Some(b"vide") && found.replace(media).is_some() {
            return fault("it has two video tracks");
        }
    }
    match found {
        Some(media) => Ok(media),
        None => fault("it has no video track"),
    }
}

/// Pictures that lie in another file are never fetched.
fn check_own_bytes(information: &[u8]) -> Result<(), ClipError> {
    let references = only(only(information, *b"dinf")?, *b"dref")?;
    for each in Boxes::new(references.get(8..).unwrap_or_default()) {
        let (_, content) = each?;
        if content.get(3).is_none_or(|flags| flags & 1 == 0) {
            return fault("its pictures lie in another file");
        }
    }
    Ok(())
}

/// The decoder configuration of the only sample entry.
fn description<'a>(content: &'a [u8], layout: &PixelLayout) -> Result<&'a [u8], ClipError> {
    let mut entries = Boxes::new(content.get(8..).unwrap_or_default());
    let (Some(entry), None) = (entries.next().transpose()?, entries.next()) else {
        return fault("its pictures must be of one coding");
    };
    let (kind, entry) = entry;
    match &kind {
        b"avc1" => {}
        b"avc3" => return fault("its parameter sets lie between the pictures (avc3)"),
        b"hvc1" | b"hev1" => return fault("it is coded as HEVC, not H.264"),
        b"mp4v" => return fault("it is coded as MPEG-2 or MPEG-4 Visual, not H.264"),
        _ => return fault(format!("it is coded as {}, not H.264", name(kind))),
    }
    let size = entry.get(ENTRY_SIZE_AT..ENTRY_SIZE_AT + 4);
    let (columns, rows) = match size {
        Some([a, b, c, d]) => (
            u32::from(u16::from_be_bytes([*a, *b])),
            u32::from(u16::from_be_bytes([*c, *d])),
        ),
        _ => return fault("its sample entry is cut off"),
    };
    if (columns, rows) != (layout.columns, layout.rows) {
        return fault(format!(
            "its pictures have {columns} x {rows} pixels, the header says {} x {}",
            layout.columns, layout.rows
        ));
    }
    only(entry.get(ENTRY_BOXES_AT..).unwrap_or_default(), *b"avcC")
}
