//! One frame as it leaves: the stored JPEG where a browser shows it in the right colours, else PNG; of a video, the frame as
//! it is stored, which the page decodes.
//!
//! Owns the choice. PNG holds exactly what `echo-dicom` decodes; it is coded fast, because a page waits for it and its link is the
//! hospital's.

use super::shelf::ReplayFault;
use crate::coded_rows;
use guarded::GuardedClip;
use wire::FrameIndex;

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StillForm {
    /// JPEG baseline, as stored.
    Jpeg,
    /// PNG.
    Png,
    /// One frame of an H.264 video, as stored.
    H264,
}

/// A frame for a browser.
#[derive(Debug)]
pub struct Still {
    /// What the bytes are.
    pub form: StillForm,
    /// They.
    pub bytes: Vec<u8>,
}

impl Still {
    pub(super) fn of(clip: &GuardedClip, index: FrameIndex) -> Result<Self, ReplayFault> {
        if index.0 >= clip.header().frames {
            return Err(ReplayFault::NoSuchFrame);
        }
        if !clip.is_here(index) {
            return Err(ReplayFault::NotHere);
        }
        if clip.video().is_some() {
            let (form, bytes) = (StillForm::H264, clip.video_frame(index)?);
            return Ok(Self { form, bytes });
        }
        if let Some(bytes) = clip.browser_frame(index) {
            let form = StillForm::Jpeg;
            return Ok(Self { form, bytes });
        }
        Self::decoded(clip, index)
    }

    /// A frame near the middle that shows what the clip is of. A video is decoded, from a key frame, because the way to any other one
    /// may be a minute of frames long.
    pub(super) fn middle(clip: &GuardedClip) -> Result<Self, ReplayFault> {
        let middle = FrameIndex(clip.header().frames / 2);
        let Some(video) = clip.video() else {
            return Self::of(clip, middle);
        };
        let keys = video.keys().iter().copied().map(FrameIndex);
        let near = keys.take_while(|key| *key <= middle).last();
        Self::decoded(clip, near.unwrap_or(FrameIndex(0)))
    }

    fn decoded(clip: &GuardedClip, index: FrameIndex) -> Result<Self, ReplayFault> {
        let bytes = coded_rows::png(&mut clip.rows(index)?)?;
        let form = StillForm::Png;
        Ok(Self { form, bytes })
    }
}
