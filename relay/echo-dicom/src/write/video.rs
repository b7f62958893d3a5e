//! Writing a finished H.264 video as Ultrasound Multi-frame Image Storage (PS3.5 section 8.2.7).
//!
//! Owns the object around the video: an MP4 file in one fragment, transfer syntax MPEG-4 AVC/H.264 High Profile /
//! Level 4.1. It neither makes nor reads the video; a container is told from a bare code stream by its first box. Times may
//! be uneven: the standard takes a Frame Time Vector here as elsewhere (decision record 0010).

use std::io::Write;

use dicom_dictionary_std::uids;

use super::clip::Written;
use super::context::Context;
use super::error::WriteError;
use super::facts::ClipFacts;
use super::file;
use super::frames::{Shape, Stored};
use super::image::{self, Kind, Lossy};
use super::stream::{self, Counted, Fragments};
use super::timing::Pace;
use crate::limits::{MAX_ENCODED_FRAME_BYTES, MAX_FRAMES, MAX_MOVIE_BYTES};

/// Largest video that is written: it is in memory as a whole. Its frames have `MAX_ENCODED_FRAME_BYTES`, their tables some
/// more.
const MAX_VIDEO_BYTES: u64 = MAX_ENCODED_FRAME_BYTES + MAX_MOVIE_BYTES as u64;

/// A finished video of High Profile, at most Level 4.1, 4:2:0.
#[derive(Debug, Clone, Copy)]
pub struct Video<'a> {
    /// The MP4 file, in pieces that follow each other.
    pub mp4: &'a [&'a [u8]],
    /// Columns of its pictures.
    pub columns: u32,
    /// Rows of its pictures.
    pub rows: u32,
}

impl Video<'_> {
    /// Writes the object. There are as many frames as the facts have times; their coding is not used.
    ///
    /// # Errors
    /// The step or attribute that failed.
    pub fn write_to(
        &self,
        context: &Context,
        facts: &ClipFacts,
        out: &mut impl Write,
    ) -> Result<Written, WriteError> {
        let kind = self.kind(facts)?;
        let shape = Shape::new(self.columns, self.rows, Stored::YbrPartial420)
            .map_err(WriteError::Frames)?;
        let length = self.mp4.iter().map(|piece| piece.len()).sum();
        let coded = length as u64;
        let lossy = Lossy {
            method: "ISO_14496_10",
            plain: shape.canonical_bytes() as u64 * facts.times.len() as u64,
            coded,
        };
        let object = image::data_set(context, facts, &kind, shape, Some(lossy))?;
        let head = file::head(
            &object,
            kind.class_uid(),
            &facts.instance_uid,
            uids::MPEG4HP41,
        )?;
        // The table has one entry, as there is one fragment.
        let mut fragments = Fragments::default();
        fragments.add(length)?;
        let mut out = Counted::new(out);
        out.write_all(&head)?;
        fragments.write_table(&mut out)?;
        stream::write_pieces(&mut out, self.mp4)?;
        stream::end_items(&mut out)?;
        Ok(Written {
            bytes: out.bytes(),
            pixel_bytes: coded,
        })
    }

    fn kind(&self, facts: &ClipFacts) -> Result<Kind, WriteError> {
        let begins = self.mp4.first().and_then(|piece| piece.get(4..8));
        let bytes: u64 = self.mp4.iter().map(|piece| piece.len() as u64).sum();
        if begins != Some(b"ftyp") {
            return Err(WriteError::Frames(
                "the video is in no MP4 container".into(),
            ));
        }
        if bytes > MAX_VIDEO_BYTES {
            return Err(WriteError::Frames("the video is too large".into()));
        }
        let frames = u32::try_from(facts.times.len()).unwrap_or(u32::MAX);
        if !(2..=MAX_FRAMES).contains(&frames) {
            let fault = format!("{frames} frames; a video has 2 to {MAX_FRAMES}");
            return Err(WriteError::Frames(fault));
        }
        let pace = Pace::of(&facts.times, frames)?;
        Ok(Kind::Clip { frames, pace })
    }
}
