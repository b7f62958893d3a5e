//! From a picture to the bytes of one fragment.
//!
//! Owns the choice of pixel codings and the order of the frames when several threads code them.
//!
//! JPEG baseline 4:2:2 is what every viewer shows. The lossless coding is RLE (PS3.5 Annex G) and not JPEG-LS: toolkits
//! read it without a plug-in, and it is written four to nine times as fast, as fast as a live clip must be saved. The
//! price is a file about twice as large (decision 0010).

mod in_order;
mod jpeg;
mod rle;

pub(super) use in_order::in_order;

use std::borrow::Cow;

use dicom_dictionary_std::uids;

use super::frames::{Frame, Shape, Stored};
use crate::error::ClipError;
use crate::picture::Picture;

/// A frame could not be coded.
#[derive(Debug)]
pub(super) enum CodeFault {
    /// Its rows did not come.
    Rows(ClipError),
    /// The coder's.
    Coder(String),
}

impl From<String> for CodeFault {
    fn from(fault: String) -> Self {
        Self::Coder(fault)
    }
}

/// How pixels are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelCoding {
    /// JPEG baseline; colour differences at half the columns. JPEG frames are copied unchanged.
    Jpeg(JpegQuality),
    /// RLE Lossless.
    Rle,
    /// As they are.
    Uncompressed,
}

impl Default for PixelCoding {
    fn default() -> Self {
        Self::Jpeg(JpegQuality::default())
    }
}

/// Quality of JPEG coding, 1 to 100 as in the IJG's scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JpegQuality(u8);

impl JpegQuality {
    /// 95: speckle and thin walls stay as they are to the eye.
    pub const HIGH: Self = Self(95);

    /// A quality; `None` outside 1 to 100.
    #[must_use]
    pub fn new(quality: u8) -> Option<Self> {
        (1..=100).contains(&quality).then_some(Self(quality))
    }
}

impl Default for JpegQuality {
    fn default() -> Self {
        Self::HIGH
    }
}

impl PixelCoding {
    pub(super) fn syntax_uid(self) -> &'static str {
        match self {
            Self::Jpeg(_) => uids::JPEG_BASELINE8_BIT,
            Self::Rle => uids::RLE_LOSSLESS,
            Self::Uncompressed => uids::EXPLICIT_VR_LITTLE_ENDIAN,
        }
    }

    /// What errors call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Jpeg(_) => "JPEG",
            Self::Rle => "RLE",
            Self::Uncompressed => "plain pixels",
        }
    }

    pub(super) fn is_encapsulated(self) -> bool {
        self != Self::Uncompressed
    }

    /// The shape that a frame will have in the file.
    pub(super) fn shape(self, frame: &Frame<'_>) -> Result<Shape, String> {
        match (self, frame) {
            (Self::Jpeg(_), Frame::Picture(picture)) => {
                Shape::of_picture(picture, Stored::YbrFull422)
            }
            (Self::Rle | Self::Uncompressed, Frame::Picture(picture)) => {
                Shape::of_picture(picture, Stored::Rgb)
            }
            (_, Frame::Rows(rows)) => {
                let colour = match self {
                    Self::Jpeg(_) => Stored::YbrFull422,
                    Self::Rle | Self::Uncompressed => Stored::Rgb,
                };
                Shape::of_form((rows.width(), rows.height()), rows.form(), colour)
            }
            (Self::Jpeg(_), Frame::Jpeg { bytes, photometric }) => {
                Shape::of_jpeg(bytes, *photometric)
            }
            (Self::Rle | Self::Uncompressed, Frame::Jpeg { .. }) => Err(format!(
                "coded as JPEG and is to be stored as {}",
                self.name()
            )),
        }
    }

    /// Codes a frame whose shape was checked.
    pub(super) fn encode(self, frame: Frame<'_>) -> Result<Vec<u8>, CodeFault> {
        match frame {
            Frame::Jpeg { bytes, .. } => Ok(bytes.into_owned()),
            Frame::Rows(mut rows) => match self {
                Self::Jpeg(JpegQuality(quality)) => jpeg::encode_rows(&mut *rows, quality),
                Self::Rle | Self::Uncompressed => {
                    let picture = rows.collected().map_err(CodeFault::Rows)?;
                    self.encode(Frame::Picture(Cow::Owned(picture)))
                }
            },
            Frame::Picture(picture) => match self {
                Self::Jpeg(JpegQuality(quality)) => {
                    jpeg::encode(&picture, quality).map_err(CodeFault::Coder)
                }
                Self::Rle => Ok(rle::encode(&picture)),
                Self::Uncompressed => Ok(rows_of(picture)),
            },
        }
    }
}

fn rows_of(picture: Cow<'_, Picture>) -> Vec<u8> {
    match picture {
        Cow::Borrowed(picture) => picture.rows.clone(),
        Cow::Owned(picture) => picture.rows,
    }
}
