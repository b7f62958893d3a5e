//! Writing a finished H.264 video as Ultrasound Multi-frame Image Storage (PS3.5 section 8.2.7).
//!
//! Owns the object around the video: an MP4 file in one fragment, transfer syntax MPEG-4 AVC/H.264 High Profile /
//! Level 4.1. It neither makes nor reads the video; a container is told from a bare code stream by its first box.
//! Video has a constant rate: uneven times are refused, the caller resamples and keeps the true times elsewhere.

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
use crate::limits::{MAX_ENCODED_FRAME_BYTES, MAX_FRAMES};

/// A finished video of High Profile, at most Level 4.1, 4:2:0.
#[derive(Debug, Clone, Copy)]
pub struct Video<'a> {
    /// The MP4 file.
    pub mp4: &'a [u8],
    /// Columns of its pictures.
    pub columns: u32,
    /// Rows of its pictures.
    pub rows: u32,
}

impl Video<'_> {
    /// Writes the object. There are as many frames as the facts have times; their coding is not used.
    ///
    /// # Errors
    /// The step or attribute that failed; `Times` when the rate is not constant.
    pub fn write_to(
        &self,
        context: &Context,
        facts: &ClipFacts,
        out: &mut impl Write,
    ) -> Result<Written, WriteError> {
        let kind = self.kind(facts)?;
        let shape = Shape::new(self.columns, self.rows, Stored::YbrPartial420)
            .map_err(WriteError::Frames)?;
        let coded = self.mp4.len() as u64;
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
        fragments.add(self.mp4.len())?;
        let mut out = Counted::new(out);
        out.write_all(&head)?;
        fragments.write_table(&mut out)?;
        stream::write_item(&mut out, self.mp4)?;
        stream::end_items(&mut out)?;
        Ok(Written {
            bytes: out.bytes(),
            pixel_bytes: coded,
        })
    }

    fn kind(&self, facts: &ClipFacts) -> Result<Kind, WriteError> {
        let fault = if self.mp4.get(4..8) != Some(b"ftyp") {
            "the video is in no MP4 container"
        } else if self.mp4.len() as u64 > MAX_ENCODED_FRAME_BYTES {
            "the video is too large"
        } else {
            let frames = u32::try_from(facts.times.len()).unwrap_or(u32::MAX);
            if !(2..=MAX_FRAMES).contains(&frames) {
                let fault = format!("{frames} frames; a video has 2 to {MAX_FRAMES}");
                return Err(WriteError::Frames(fault));
            }
            let pace = Pace::of(&facts.times, frames)?;
            if matches!(pace, Pace::Listed { .. }) {
                let fault = "a video needs a constant rate".to_owned();
                return Err(WriteError::Times(fault));
            }
            return Ok(Kind::Clip { frames, pace });
        };
        Err(WriteError::Frames(fault.into()))
    }
}
