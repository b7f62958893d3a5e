//! Whether an object is what was offered.
//!
//! Owns the comparison: instance, frames, size, and the times of a captured clip against the RTP times of its frames.
//! What cannot be read here (video, codings that `echo-dicom` does not know) is kept as it is, because it is somebody's
//! record; its digest is what was offered. Called where blocking is allowed, before a clip is kept.

use echo_dicom::{Clip, ClipError, ClipHeader};
use std::path::Path;
use thiserror::Error;
use wire::clip::{ClipCoding, ClipHead};
use wire::frames::FrameMap;
use wire::{FrameIndex, RtpTime};

/// A clip whose frames are nearly even is written with one interval, which puts a frame at most one per cent of it from its
/// true time; twice that is tolerated…
const TIME_PER_CENT: u64 = 2;
/// …and this much for the rounding of both clocks.
const TIME_US: u64 = 100;

/// An object is not what was said of it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Disagreement {
    /// It cannot be read, although it was said to be of a coding that can.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] ClipError),
    /// Another instance.
    #[error("it is another instance than was offered")]
    Instance,
    /// Another number of frames.
    #[error("it has {held} frames, {said} were offered")]
    Frames {
        /// In the object.
        held: u32,
        /// In the offer.
        said: u32,
    },
    /// Another size.
    #[error("its frames have another size than was offered")]
    Size,
    /// Other times.
    #[error("frame {shown} is {held_us} us after the first, its capture time says {said_us}", shown = u64::from(*index) + 1)]
    Times {
        /// Which, from 0.
        index: u32,
        /// In the object.
        held_us: u64,
        /// In the offer.
        said_us: u64,
    },
}

/// Compares a whole object with its offer.
///
/// # Errors
/// The first thing that is not as it was said.
pub fn check(path: &Path, head: &ClipHead, times: &[RtpTime]) -> Result<(), Disagreement> {
    match Clip::open(path) {
        Ok(clip) => compare(clip.header(), head, times),
        Err(_) if matches!(head.coding, ClipCoding::Video | ClipCoding::Other) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Compares what an object says with what was offered.
pub(super) fn compare(
    held: &ClipHeader,
    head: &ClipHead,
    times: &[RtpTime],
) -> Result<(), Disagreement> {
    if held.sop_instance_uid != head.instance {
        return Err(Disagreement::Instance);
    }
    if held.frames != head.frames {
        return Err(Disagreement::Frames {
            held: held.frames,
            said: head.frames,
        });
    }
    if (held.layout.columns, held.layout.rows) != (head.width, head.height) {
        return Err(Disagreement::Size);
    }
    let Some(map) = FrameMap::new(head, times).filter(|_| head.frames > 1) else {
        return Ok(());
    };
    let last = map.after_first_us(FrameIndex(head.frames - 1));
    let mean_us = last.unwrap_or_default() / u64::from(head.frames - 1);
    let tolerated = mean_us * TIME_PER_CENT / 100 + TIME_US;
    for index in 0..head.frames {
        let held_us = at_us(held, FrameIndex(index));
        let said_us = map.after_first_us(FrameIndex(index)).unwrap_or_default();
        if held_us.abs_diff(said_us) > tolerated {
            return Err(Disagreement::Times {
                index,
                held_us,
                said_us,
            });
        }
    }
    Ok(())
}

/// Microseconds after the first frame, by the object.
pub(super) fn at_us(held: &ClipHeader, index: FrameIndex) -> u64 {
    u64::try_from(held.frame_times.at(index).as_micros()).unwrap_or(u64::MAX)
}
