//! The frames of an object that is written, one at a time.
//!
//! Owns the seam through which pictures come in, so that a clip need not lie in memory, and the check that all
//! frames are alike. A frame is a canonical picture, or JPEG bytes that are copied unchanged.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use wire::FrameIndex;

use crate::decode::JpegHead;
use crate::limits::{MAX_ENCODED_FRAME_BYTES, MAX_PIXELS_PER_FRAME, MAX_ROWS_OR_COLUMNS};
use crate::picture::{Photometric, Picture, PixelForm};
use crate::rows::PictureRows;

/// Why a frame could not be had.
pub type FrameFault = Box<dyn Error + Send + Sync>;

/// One frame that is handed over.
#[derive(Debug)]
pub enum Frame<'a> {
    /// A picture in canonical form.
    Picture(Cow<'a, Picture>),
    /// The same, row by row from the first one on.
    Rows(Box<dyn PictureRows + 'a>),
    /// A JPEG baseline code stream.
    Jpeg {
        /// The bytes; a pad byte at the end does no harm.
        bytes: Cow<'a, [u8]>,
        /// What the samples mean where the code stream itself does not say, as its source said.
        photometric: Photometric,
    },
}

/// Where the frames of an object come from.
///
/// Several threads may ask at once; each frame is asked for once, the first one twice.
pub trait Frames: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// Gives a frame.
    ///
    /// # Errors
    /// Whatever keeps it from doing so; the writer names the frame and keeps the source.
    fn frame(&self, index: FrameIndex) -> Result<Frame<'_>, FrameFault>;
}

impl Frames for [Picture] {
    fn count(&self) -> usize {
        self.len()
    }

    fn frame(&self, index: FrameIndex) -> Result<Frame<'_>, FrameFault> {
        let picture = self.get(index.0 as usize).ok_or("there is no such frame")?;
        Ok(Frame::Picture(Cow::Borrowed(picture)))
    }
}

impl Frames for [Arc<Picture>] {
    fn count(&self) -> usize {
        self.len()
    }

    fn frame(&self, index: FrameIndex) -> Result<Frame<'_>, FrameFault> {
        let picture = self.get(index.0 as usize).ok_or("there is no such frame")?;
        Ok(Frame::Picture(Cow::Borrowed(picture)))
    }
}

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Grey,
    Rgb,
    YbrFull,
    YbrFull422,
    YbrPartial420,
}

impl Stored {
    pub(super) fn photometric(self) -> &'static str {
        match self {
            Self::Grey => "MONOCHROME2",
            Self::Rgb => "RGB",
            Self::YbrFull => "YBR_FULL",
            Self::YbrFull422 => "YBR_FULL_422",
            Self::YbrPartial420 => "YBR_PARTIAL_420",
        }
    }

    pub(super) fn samples(self) -> u16 {
        if self == Self::Grey { 1 } else { 3 }
    }
}

/// What all frames of an object must agree in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) columns: u16,
    pub(super) rows: u16,
    pub(super) stored: Stored,
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = self.stored.photometric();
        write!(f, "{} x {} {what}", self.columns, self.rows)
    }
}

impl Shape {
    /// A shape within what this crate reads.
    pub(super) fn new(columns: u32, rows: u32, stored: Stored) -> Result<Self, String> {
        let side = 1..=MAX_ROWS_OR_COLUMNS;
        let pixels = u64::from(columns) * u64::from(rows);
        match (u16::try_from(columns), u16::try_from(rows)) {
            (Ok(columns16), Ok(rows16))
                if side.contains(&columns)
                    && side.contains(&rows)
                    && pixels <= MAX_PIXELS_PER_FRAME =>
            {
                Ok(Self {
                    columns: columns16,
                    rows: rows16,
                    stored,
                })
            }
            _ => Err(format!(
                "{columns} x {rows} pixels; sides go from 1 to {MAX_ROWS_OR_COLUMNS}, and a frame has at most {MAX_PIXELS_PER_FRAME}"
            )),
        }
    }

    /// The shape of a picture of that size and form.
    pub(super) fn of_form(
        (width, height): (u32, u32),
        form: PixelForm,
        colour: Stored,
    ) -> Result<Self, String> {
        let stored = match form {
            PixelForm::Gray8 => Stored::Grey,
            PixelForm::Rgb8 => colour,
        };
        Self::new(width, height, stored)
    }

    /// The shape of a picture whose samples will be stored as `colour` if it has any.
    pub(super) fn of_picture(picture: &Picture, colour: Stored) -> Result<Self, String> {
        let size = (picture.width, picture.height);
        let shape = Self::of_form(size, picture.form, colour)?;
        if picture.rows.len() != shape.canonical_bytes() {
            let (held, wanted) = (picture.rows.len(), shape.canonical_bytes());
            return Err(format!("{shape} with {held} bytes instead of {wanted}"));
        }
        Ok(shape)
    }

    /// The shape of a JPEG baseline frame (ISO 10918-1 Annex B).
    pub(super) fn of_jpeg(bytes: &[u8], photometric: Photometric) -> Result<Self, String> {
        if bytes.len() as u64 > MAX_ENCODED_FRAME_BYTES {
            return Err(format!("larger than {MAX_ENCODED_FRAME_BYTES} bytes"));
        }
        let head = JpegHead::parse(bytes)?;
        if head.process != 0xC0 || head.precision != 8 {
            return Err("coded by another process than JPEG baseline".into());
        }
        let stored = match head.components.len() {
            1 => Stored::Grey,
            3 if !head.is_ybr(photometric) => Stored::Rgb,
            3 if head.is_subsampled() => Stored::YbrFull422,
            3 => Stored::YbrFull,
            count => return Err(format!("made of {count} components")),
        };
        Self::new(head.width, head.height, stored)
    }

    /// Bytes of one frame without any coding.
    pub(super) fn canonical_bytes(self) -> usize {
        usize::from(self.columns) * usize::from(self.rows) * usize::from(self.stored.samples())
    }
}
