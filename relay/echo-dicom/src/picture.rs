//! One decoded picture in its canonical form, and the words for colour.
//!
//! Owns the form that hashes, stills and encoders start from: rows from the top, eight bits a sample, one
//! sample for grey and R, G, B in this order for colour, no padding. Nothing here decodes.

use serde::{Deserialize, Serialize};

/// How a picture's samples lie in its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PixelForm {
    /// One byte a pixel, 0 black.
    Gray8,
    /// Three bytes a pixel: red, green, blue.
    Rgb8,
}

impl PixelForm {
    /// Bytes of one pixel.
    #[must_use]
    pub fn bytes_per_pixel(self) -> usize {
        match self {
            Self::Gray8 => 1,
            Self::Rgb8 => 3,
        }
    }
}

/// A decoded frame: canonical rows without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// What a pixel is made of.
    pub form: PixelForm,
    /// `width * height * form.bytes_per_pixel()` bytes.
    pub rows: Vec<u8>,
}

// Pixels may show a name: they never enter a log by accident.
impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Picture")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

/// Photometric Interpretation (PS3.3 section C.7.6.3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Photometric {
    /// 0 is white.
    Monochrome1,
    /// 0 is black.
    Monochrome2,
    /// Samples are positions in a table of colours.
    PaletteColor,
    /// Red, green, blue.
    Rgb,
    /// Luminance and two colour differences, full range.
    YbrFull,
    /// The same with the colour differences shared by two neighbours.
    YbrFull422,
    /// Luminance and two colour differences, limited range, the differences shared by four neighbours: video only.
    YbrPartial420,
    /// The reversible transform of JPEG 2000; the decoder undoes it.
    YbrRct,
    /// The irreversible transform of JPEG 2000; the decoder undoes it.
    YbrIct,
}

impl Photometric {
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Some(match text {
            "MONOCHROME1" => Self::Monochrome1,
            "MONOCHROME2" => Self::Monochrome2,
            "PALETTE COLOR" => Self::PaletteColor,
            "RGB" => Self::Rgb,
            "YBR_FULL" => Self::YbrFull,
            "YBR_FULL_422" => Self::YbrFull422,
            "YBR_PARTIAL_420" => Self::YbrPartial420,
            "YBR_RCT" => Self::YbrRct,
            "YBR_ICT" => Self::YbrIct,
            _ => return None,
        })
    }

    /// Samples of one pixel that this interpretation demands.
    #[must_use]
    pub fn samples_per_pixel(self) -> u16 {
        match self {
            Self::Monochrome1 | Self::Monochrome2 | Self::PaletteColor => 1,
            _ => 3,
        }
    }
}
