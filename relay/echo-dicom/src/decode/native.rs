//! Uncompressed pixels: where each frame lies and how its bytes become samples.
//!
//! Owns PS3.5 section 8.2.1 and the byte orders of Annex A.1 to A.3, with two habits of real files: big endian
//! words that hold eight-bit samples, and YBR_FULL_422 that was stored with all samples after all. The
//! invariant: the element holds exactly the declared frames, apart from one byte of even padding.

use dicom_core::VR;

use super::samples::{Decoded, Samples};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::picture::Photometric;
use crate::scan::Element;
use crate::source::{Source, Span};
use crate::values::words;

/// The checked pixel data element of an uncompressed clip.
#[derive(Debug)]
pub(crate) struct NativePixels {
    element: Element,
    frame_bytes: u64,
    /// Colour differences are shared by two neighbours: Y Y Cb Cr.
    packed_422: bool,
}

impl NativePixels {
    pub(crate) fn new(
        element: Element,
        layout: &PixelLayout,
        frames: u32,
    ) -> Result<Self, ClipError> {
        if matches!(
            layout.photometric,
            Photometric::YbrRct | Photometric::YbrIct
        ) {
            return Err(ClipError::PixelData(
                "a JPEG 2000 colour transform on raw samples".into(),
            ));
        }
        let held = u64::from(element.value.len);
        let full = layout.frame_bytes() as u64;
        let fits = |frame: u64| {
            let needed = frame * u64::from(frames);
            held == needed || held == needed + needed % 2
        };
        let pairs = (layout.columns as usize).div_ceil(2) * layout.rows as usize;
        let packed = (pairs * 4 * layout.bytes_per_sample()) as u64;
        let is_422 = layout.photometric == Photometric::YbrFull422;
        if is_422 && fits(packed) {
            return Ok(Self {
                element,
                frame_bytes: packed,
                packed_422: true,
            });
        }
        if fits(full) {
            return Ok(Self {
                element,
                frame_bytes: full,
                packed_422: false,
            });
        }
        let needed = if is_422 { packed } else { full } * u64::from(frames);
        Err(ClipError::PixelData(format!(
            "it holds {held} bytes, the declared frames need {needed}"
        )))
    }

    /// Whether all bytes of one frame are here.
    pub(crate) fn is_here(&self, source: &Source, index: u32) -> bool {
        source.has(self.span(index))
    }

    /// The bytes that one frame is made from; with one more for words that are swapped in pairs.
    pub(crate) fn span(&self, index: u32) -> Span {
        let from = u64::from(index) * self.frame_bytes;
        let to = (from + self.frame_bytes)
            .next_multiple_of(2)
            .min(u64::from(self.element.value.len));
        Span {
            at: self.element.value.at + from,
            len: to.saturating_sub(from) as u32,
        }
    }

    /// The samples of one frame. The index has been checked.
    pub(crate) fn frame(
        &self,
        source: &Source,
        layout: &PixelLayout,
        index: u32,
    ) -> Result<Decoded, ClipError> {
        let bytes = self.frame_bytes(source, layout, u64::from(index) * self.frame_bytes)?;
        let big = self.element.big_endian;
        let samples = match layout.bits_allocated {
            8 => Samples::Eight(bytes),
            _ => Samples::Sixteen(words(&bytes, big).collect()),
        };
        let ybr = matches!(
            layout.photometric,
            Photometric::YbrFull | Photometric::YbrFull422
        );
        if self.packed_422 {
            let columns = layout.columns as usize;
            let samples = match samples {
                Samples::Eight(packed) => Samples::Eight(unpack_422(&packed, columns)),
                Samples::Sixteen(packed) => Samples::Sixteen(unpack_422(&packed, columns)),
            };
            return Ok(Decoded {
                samples,
                planar: false,
                ybr,
            });
        }
        Ok(Decoded {
            samples,
            planar: layout.planar,
            ybr,
        })
    }

    /// Eight-bit samples in big endian words (OW) are swapped in pairs across the whole element, so an odd
    /// frame begins in the middle of a word.
    fn frame_bytes(
        &self,
        source: &Source,
        layout: &PixelLayout,
        offset: u64,
    ) -> Result<Vec<u8>, ClipError> {
        let len = self.frame_bytes;
        let swapped =
            self.element.big_endian && layout.bits_allocated == 8 && self.element.vr == VR::OW;
        let (from, to) = if swapped {
            (
                offset & !1,
                (offset + len)
                    .next_multiple_of(2)
                    .min(u64::from(self.element.value.len)),
            )
        } else {
            (offset, offset + len)
        };
        let span = Span {
            at: self.element.value.at + from,
            len: (to - from) as u32,
        };
        let mut bytes = source.read(span)?;
        if swapped {
            for pair in bytes.as_chunks_mut::<2>().0 {
                pair.swap(0, 1);
            }
            bytes.drain(..(offset - from) as usize);
            bytes.truncate(len as usize);
        }
        Ok(bytes)
    }
}

/// Y1 Y2 Cb Cr becomes Y1 Cb Cr Y2 Cb Cr; with odd columns the last Y2 of a row is padding.
fn unpack_422<T: Copy>(packed: &[T], columns: usize) -> Vec<T> {
    let mut full = Vec::with_capacity(packed.len() / 2 * 3);
    for row in packed.chunks_exact(columns.div_ceil(2) * 4) {
        let begin = full.len();
        for &[y1, y2, cb, cr] in row.as_chunks::<4>().0 {
            full.extend_from_slice(&[y1, cb, cr, y2, cb, cr]);
        }
        full.truncate(begin + columns * 3);
    }
    full
}
