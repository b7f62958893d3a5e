//! Grey pictures: stored values to eight displayed bits by one table, made once for a clip.
//!
//! Owns the grey pipeline of PS3.3 sections C.11.1 and C.11.2: rescale, then the first window that makes sense,
//! else the full range of the stored bits, so that brightness never jumps from frame to frame; MONOCHROME1 is
//! turned round at the end. Lookup sequences for modality and VOI are not applied.

use dicom_dictionary_std::tags;

use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::picture::Photometric;
use crate::values::Values;

/// Displayed value for each stored value.
#[derive(Debug)]
pub(crate) struct GreyTable {
    table: Vec<u8>,
    shift: u16,
}

/// How stored values become brightness.
#[derive(Debug, Clone, Copy)]
enum Window {
    Linear { center: f64, width: f64 },
    LinearExact { center: f64, width: f64 },
    Sigmoid { center: f64, width: f64 },
}

impl Window {
    /// `None` when there is no window or its figures are none (PS3.3 section C.11.2.1.2).
    fn read(values: &Values<'_>) -> Result<Option<Self>, ClipError> {
        let center = values.number(tags::WINDOW_CENTER)?;
        let width = values.number(tags::WINDOW_WIDTH)?;
        let function = values.text(tags::VOILUT_FUNCTION)?.unwrap_or_default();
        let Some((center, width)) = center.zip(width) else {
            return Ok(None);
        };
        Ok(match function.as_str() {
            "LINEAR_EXACT" if width > 0.0 => Some(Self::LinearExact { center, width }),
            "SIGMOID" if width > 0.0 => Some(Self::Sigmoid { center, width }),
            "" | "LINEAR" if width >= 1.0 => Some(Self::Linear { center, width }),
            _ => None,
        })
    }

    /// 0 black to 1 white.
    fn brightness(self, value: f64) -> f64 {
        match self {
            // With width 1 the slope is endless: a threshold.
            Self::Linear { center, width } => {
                let offset = value - (center - 0.5);
                if width > 1.0 {
                    offset / (width - 1.0) + 0.5
                } else {
                    f64::from(offset > 0.0)
                }
            }
            Self::LinearExact { center, width } => (value - center) / width + 0.5,
            Self::Sigmoid { center, width } => {
                1.0 / (1.0 + (-4.0 * (value - center) / width).exp())
            }
        }
    }
}

impl GreyTable {
    pub(crate) fn read(values: &Values<'_>, layout: &PixelLayout) -> Result<Self, ClipError> {
        let slope = values
            .number(tags::RESCALE_SLOPE)?
            .filter(|slope| *slope != 0.0)
            .unwrap_or(1.0);
        let intercept = values.number(tags::RESCALE_INTERCEPT)?.unwrap_or(0.0);
        let window = Window::read(values)?;
        let count = 1_i32 << layout.bits_stored;
        let lowest = if layout.signed { -count / 2 } else { 0 };
        let white_is_zero = layout.photometric == Photometric::Monochrome1;
        let table = (0..count)
            .map(|stored| {
                let negative = layout.signed && stored >= count / 2;
                let value = if negative { stored - count } else { stored };
                let brightness = match window {
                    Some(window) => window.brightness(f64::from(value) * slope + intercept),
                    // The full range is the same before and after a rescale, unless the slope turns it round.
                    None => {
                        let share = f64::from(value - lowest) / f64::from(count - 1);
                        if slope < 0.0 { 1.0 - share } else { share }
                    }
                };
                let shown = (brightness.clamp(0.0, 1.0) * 255.0).round() as u8;
                if white_is_zero { 255 - shown } else { shown }
            })
            .collect();
        Ok(Self {
            table,
            shift: layout.high_bit + 1 - layout.bits_stored,
        })
    }

    /// Whether samples of eight bits are shown as they are stored.
    pub(crate) fn shows_as_stored(&self) -> bool {
        self.shift == 0 && self.table.len() == 256 && self.table.iter().copied().eq(0..=255)
    }

    /// Samples as they are shown, behind what `out` has.
    pub(super) fn apply(&self, samples: impl Iterator<Item = u16>, out: &mut Vec<u8>) {
        let mask = self.table.len() - 1;
        out.extend(samples.map(|sample| {
            self.table
                .get(usize::from(sample >> self.shift) & mask)
                .copied()
                .unwrap_or_default()
        }));
    }
}
