//! Uncompressed pixels: where each frame lies and how its bytes become samples.
//!
//! Owns PS3.5 section 8.2.1 and the byte orders of Annex A.1 to A.3, with two habits of real files: big endian
//! words that hold eight-bit samples, and YBR_FULL_422 that was stored with all samples after all. The
//! invariant: the element holds exactly the declared frames, apart from one byte of even padding.

use std::io;

use dicom_core::VR;

use super::painter::{Painter, scatter};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::picture::Photometric;
use crate::scan::Element;
use crate::source::{Source, Span};
use crate::values::words;

/// Bytes of rows that are read at once.
const READ_BYTES: u64 = 64 << 10;

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

    /// Paints one frame. The index has been checked.
    pub(crate) fn paint(
        &self,
        source: &Source,
        layout: &PixelLayout,
        index: u32,
        painter: &mut Painter<'_>,
    ) -> Result<(), ClipError> {
        if !self.is_here(source, index) {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        painter.set_ybr(matches!(
            layout.photometric,
            Photometric::YbrFull | Photometric::YbrFull422
        ));
        let frame = u64::from(index) * self.frame_bytes;
        let planes = if layout.planar && layout.samples_per_pixel > 1 && !self.packed_422 {
            u64::from(layout.samples_per_pixel)
        } else {
            1
        };
        // Of one plane, if there are several.
        let row = self.frame_bytes / planes / u64::from(layout.rows);
        let together = (READ_BYTES / row.max(1)).max(1);
        let mut rows = Rows::of(self, source, layout);
        let mut at = 0;
        while at < u64::from(layout.rows) {
            let count = together.min(u64::from(layout.rows) - at);
            if planes == 1 {
                rows.read(frame + at * row, count * row)?;
                rows.paint(row as usize, painter)?;
            } else {
                rows.gather((frame, self.frame_bytes / planes), (at * row, count * row))?;
                rows.paint((row * planes) as usize, painter)?;
            }
            at += count;
        }
        Ok(())
    }

    /// The bytes from a place in the element on. Eight-bit samples in big endian words (OW) are swapped in pairs across the whole
    /// element, so an odd place lies in the middle of a word.
    fn read(
        &self,
        source: &Source,
        layout: &PixelLayout,
        (offset, len): (u64, u64),
        bytes: &mut Vec<u8>,
    ) -> Result<(), ClipError> {
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
        bytes.resize((to - from) as usize, 0);
        source.read_at(self.element.value.at + from, bytes)?;
        if swapped {
            for pair in bytes.as_chunks_mut::<2>().0 {
                pair.swap(0, 1);
            }
            bytes.drain(..(offset - from) as usize);
            bytes.truncate(len as usize);
        }
        Ok(())
    }
}

/// Some rows of a frame, as they are stored and as samples.
struct Rows<'a> {
    pixels: &'a NativePixels,
    source: &'a Source,
    layout: &'a PixelLayout,
    stored: Vec<u8>,
    plane: Vec<u8>,
    eight: Vec<u8>,
    sixteen: Vec<u16>,
}

impl<'a> Rows<'a> {
    fn of(pixels: &'a NativePixels, source: &'a Source, layout: &'a PixelLayout) -> Self {
        Self {
            pixels,
            source,
            layout,
            stored: Vec::new(),
            plane: Vec::new(),
            eight: Vec::new(),
            sixteen: Vec::new(),
        }
    }

    fn read(&mut self, offset: u64, len: u64) -> Result<(), ClipError> {
        let place = (offset, len);
        self.pixels
            .read(self.source, self.layout, place, &mut self.stored)
    }

    /// The same rows of three planes, pixel by pixel.
    fn gather(
        &mut self,
        (frame, plane_bytes): (u64, u64),
        (at, len): (u64, u64),
    ) -> Result<(), ClipError> {
        self.stored.resize(len as usize * 3, 0);
        for colour in 0..3 {
            let place = (frame + colour * plane_bytes + at, len);
            self.pixels
                .read(self.source, self.layout, place, &mut self.plane)?;
            if self.layout.bytes_per_sample() == 1 {
                scatter(&self.plane, colour as usize, &mut self.stored);
            } else {
                let (words, into) = (self.plane.as_chunks::<2>().0, &mut self.stored);
                scatter(words, colour as usize, into.as_chunks_mut::<2>().0);
            }
        }
        Ok(())
    }

    /// Paints what was read, rows of so many bytes.
    fn paint(&mut self, row: usize, painter: &mut Painter<'_>) -> Result<(), ClipError> {
        let (columns, packed) = (self.layout.columns as usize, self.pixels.packed_422);
        for stored in self.stored.chunks_exact(row.max(1)) {
            if self.layout.bits_allocated == 8 {
                if packed {
                    unpack_422(stored, columns, &mut self.eight);
                    painter.eight(&self.eight)?;
                } else {
                    painter.eight(stored)?;
                }
                continue;
            }
            let words = words(stored, self.pixels.element.big_endian);
            if packed {
                let packed: Vec<u16> = words.collect();
                unpack_422(&packed, columns, &mut self.sixteen);
            } else {
                self.sixteen.clear();
                self.sixteen.extend(words);
            }
            painter.sixteen(&self.sixteen)?;
        }
        Ok(())
    }
}

/// One row: Y1 Y2 Cb Cr becomes Y1 Cb Cr Y2 Cb Cr; with odd columns the last Y2 is padding.
fn unpack_422<T: Copy>(packed: &[T], columns: usize, full: &mut Vec<T>) {
    full.clear();
    for &[y1, y2, cb, cr] in packed.as_chunks::<4>().0 {
        full.extend_from_slice(&[y1, cb, cr, y2, cb, cr]);
    }
    full.truncate(columns * 3);
}
