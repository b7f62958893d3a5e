//! Anything that FFmpeg opens: files, cameras, streams, grabbers, screens, generators.
//!
//! `wish` sorts the user's options; `input` opens with a watchdog, so that a dead source never hangs; `decoder` turns
//! packets into pictures; `paced` plays what has a pace of its own (files), `live` follows what comes by itself.

mod decoder;
mod input;
mod live;
mod paced;
mod wish;
mod words;

use crate::picture::PicturePool;
use crate::source::spec::FfmpegInput;
use crate::source::{FrameSource, SourceError};
use crate::sync::Stop;

/// Opens an input.
///
/// # Errors
/// `SourceError::Open` with what to do.
pub(super) fn open(
    input: &FfmpegInput,
    pool: &PicturePool,
    stop: &Stop,
) -> Result<Box<dyn FrameSource>, SourceError> {
    let wish = wish::Wish::from(input)?;
    let opened = input::open(&wish, stop)?;
    if opened.has_own_pace {
        Ok(Box::new(paced::Paced::new(wish, opened, pool.clone())?))
    } else {
        Ok(Box::new(live::Live::new(wish, opened, pool.clone())?))
    }
}
