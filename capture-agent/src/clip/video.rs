//! The frames of a take as one H.264 video, where they can be.
//!
//! Owns which takes become a video and which are written as JPEG instead: a still, sides that are odd, more than level 4.1
//! holds, no encoder. It says why in words; the saver's object is written either way, and with the true times. Frames are
//! read and coded one by one; the coded ones are held, at most `MAX_CODED_BYTES`.

use super::object::ObjectFault;
use super::take::{Take, TakeHead};
use crate::encode::EncodeError;
use crate::encode::archive::{ArchiveEncoder, Coded, fits};
use crate::picture::{Form, Picture, PictureError};
use crate::scale::Matrix;
use crate::sync::Stop;
use echo_dicom::PixelForm;
use echo_dicom::write::{ClipFacts, Context, Mp4, Video, VideoMatrix, WriteError};
use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Duration;

/// Largest coded clip: a minute at the highest bit rate that looks any better. It is held in memory until it is written.
const MAX_CODED_BYTES: usize = 90 << 20;

/// Why a take is no video.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoVideo {
    /// One frame is a picture.
    #[error("it is a still")]
    Still,
    /// 4:2:0 has no odd sides, and DICOM none that are cut off.
    #[error(
        "pictures of {width} x {height} pixels at {frame_rate:.1} a second do not fit level 4.1 with even sides"
    )]
    Unfit {
        width: u32,
        height: u32,
        frame_rate: f64,
    },
    /// Its times are further apart than a video counts.
    #[error("its times make no video")]
    Times,
    /// More than is held.
    #[error("its video would be above {MAX_CODED_BYTES} bytes")]
    TooLarge,
    /// The encoder is not there, or failed.
    #[error("{0}")]
    Encoder(#[from] EncodeError),
    /// A picture cannot be given to the encoder.
    #[error("{0}")]
    Picture(#[from] PictureError),
}

/// A coded take.
pub(super) struct CodedTake {
    coded: Coded,
    head: Vec<u8>,
}

impl CodedTake {
    /// Writes its object.
    pub(super) fn write_to(
        &self,
        take: &TakeHead,
        context: &Context,
        facts: &ClipFacts,
        out: &mut impl Write,
    ) -> Result<(), WriteError> {
        let video = Video {
            mp4: &[&self.head, &self.coded.bytes],
            columns: take.width,
            rows: take.height,
        };
        video.write_to(context, facts, out).map(drop)
    }
}

/// Codes a take.
///
/// # Errors
/// What ends the writing of the object; a take that is no video is none of it.
pub(super) fn coded(
    take: &Take,
    times: &[Duration],
    threads: NonZeroUsize,
    stop: &Stop,
) -> Result<Result<CodedTake, NoVideo>, ObjectFault> {
    let head = &take.head;
    let frame_rate = match frame_rate(head, times) {
        Ok(frame_rate) => frame_rate,
        Err(why) => return Ok(Err(why)),
    };
    let size = (head.width, head.height);
    let mut encoder = match ArchiveEncoder::open(size, frame_rate, threads) {
        Ok(encoder) => encoder,
        Err(error) => return Ok(Err(error.into())),
    };
    for index in 0..head.times.len() {
        if stop.is_set() {
            return Err(ObjectFault::Stopped);
        }
        let pushed = picture(take, index)?.map_err(NoVideo::from);
        if let Err(why) = pushed.and_then(|picture| Ok(encoder.push(&picture)?)) {
            return Ok(Err(why));
        }
        if encoder.bytes() > MAX_CODED_BYTES {
            return Ok(Err(NoVideo::TooLarge));
        }
    }
    Ok(encoder
        .end()
        .map_err(NoVideo::from)
        .and_then(|coded| in_mp4(coded, head, times)))
}

/// Frames a second on average, of a take that a video can hold.
fn frame_rate(head: &TakeHead, times: &[Duration]) -> Result<f64, NoVideo> {
    if head.still || times.len() < 2 {
        return Err(NoVideo::Still);
    }
    let span = times.last().map_or(0.0, Duration::as_secs_f64);
    if span <= 0.0 {
        return Err(NoVideo::Times);
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 3,600 frames")]
    let frame_rate = (times.len() - 1) as f64 / span;
    let (width, height) = (head.width, head.height);
    if fits(width, height, frame_rate) {
        Ok(frame_rate)
    } else {
        Err(NoVideo::Unfit {
            width,
            height,
            frame_rate,
        })
    }
}

fn picture(take: &Take, index: usize) -> Result<Result<Picture, PictureError>, ObjectFault> {
    let held = take.picture(index)?;
    let form = match held.form {
        PixelForm::Gray8 => Form::Gray8,
        PixelForm::Rgb8 => Form::Rgb8,
    };
    Ok(Picture::from_rows(held.width, held.height, form, held.rows))
}

fn in_mp4(coded: Coded, take: &TakeHead, times: &[Duration]) -> Result<CodedTake, NoVideo> {
    let side = |side: u32| u16::try_from(side).map_err(|_| NoVideo::TooLarge);
    let mp4 = Mp4 {
        columns: side(take.width)?,
        rows: side(take.height)?,
        matrix: match Matrix::usual_for(take.height) {
            Matrix::Bt601 => VideoMatrix::Bt601,
            Matrix::Bt709 => VideoMatrix::Bt709,
        },
        sequence: &coded.sequence,
        picture: &coded.picture,
        sizes: &coded.sizes,
        times,
        keys: &coded.keys,
    };
    let head = mp4.head().map_err(|_| NoVideo::Times)?;
    Ok(CodedTake { coded, head })
}
