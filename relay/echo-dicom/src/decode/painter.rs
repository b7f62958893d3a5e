//! From rows of samples to rows of a picture.
//!
//! Owns the strip in between, the only part of a picture that is held here. Codecs that decode row by row paint while they decode; those
//! that only know whole pictures are painted from what they give. The last strip leaves when the codec is content with all that
//! followed, so whoever has every row has a picture without a fault.

use super::Finish;
use super::samples::{Decoded, Samples};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::rows::{RowSink, STRIP_BYTES};

/// Paints one picture.
pub(crate) struct Painter<'a> {
    layout: &'a PixelLayout,
    finish: &'a Finish,
    sink: &'a mut dyn RowSink,
    /// Three samples are Y, Cb, Cr; otherwise R, G, B.
    ybr: bool,
    /// Rows that wait to be handed on.
    strip: Vec<u8>,
    painted: u32,
    begun: bool,
}

impl<'a> Painter<'a> {
    pub(crate) fn new(
        layout: &'a PixelLayout,
        finish: &'a Finish,
        sink: &'a mut dyn RowSink,
    ) -> Self {
        let row = layout.columns as usize * finish.form().bytes_per_pixel();
        Self {
            layout,
            finish,
            sink,
            ybr: false,
            strip: Vec::with_capacity(STRIP_BYTES.max(row)),
            painted: 0,
            begun: false,
        }
    }

    /// Says what three samples are, before the first row.
    pub(super) fn set_ybr(&mut self, ybr: bool) {
        self.ybr = ybr;
    }

    /// Samples of one row.
    pub(super) fn samples_per_row(&self) -> usize {
        self.layout.columns as usize * usize::from(self.layout.samples_per_pixel)
    }

    /// A row of samples of eight bits, pixel by pixel.
    pub(super) fn eight(&mut self, row: &[u8]) -> Result<(), ClipError> {
        self.make_room()?;
        self.finish
            .eight(self.layout, self.ybr, row, &mut self.strip);
        Ok(())
    }

    /// A row of samples of sixteen bits, pixel by pixel.
    pub(super) fn sixteen(&mut self, row: &[u16]) -> Result<(), ClipError> {
        self.make_room()?;
        self.finish
            .sixteen(self.layout, self.ybr, row, &mut self.strip);
        Ok(())
    }

    /// A row that needs no more.
    pub(crate) fn finished(&mut self, row: &[u8]) -> Result<(), ClipError> {
        self.make_room()?;
        self.strip.extend_from_slice(row);
        Ok(())
    }

    /// All rows of a picture that a codec only gives as a whole.
    pub(super) fn all(&mut self, decoded: &Decoded) -> Result<(), ClipError> {
        let per_row = self.samples_per_row();
        if decoded.samples.len() != per_row * self.layout.rows as usize {
            return Err(ClipError::decode(
                self.finish.name(),
                "the frame has another size than the header says",
            ));
        }
        self.set_ybr(decoded.ybr);
        let planar = decoded.planar && self.layout.samples_per_pixel > 1;
        let (columns, rows) = (self.layout.columns as usize, self.layout.rows as usize);
        match &decoded.samples {
            Samples::Eight(samples) if planar => {
                let mut row = vec![0; per_row];
                for at in 0..rows {
                    interleave(samples, at, columns, &mut row);
                    self.eight(&row)?;
                }
            }
            Samples::Sixteen(samples) if planar => {
                let mut row = vec![0; per_row];
                for at in 0..rows {
                    interleave(samples, at, columns, &mut row);
                    self.sixteen(&row)?;
                }
            }
            Samples::Eight(samples) => {
                for row in samples.chunks_exact(per_row) {
                    self.eight(row)?;
                }
            }
            Samples::Sixteen(samples) => {
                for row in samples.chunks_exact(per_row) {
                    self.sixteen(row)?;
                }
            }
        }
        Ok(())
    }

    /// The codec is content: what is left leaves.
    pub(crate) fn end(mut self) -> Result<(), ClipError> {
        if self.painted != self.layout.rows {
            return Err(ClipError::decode(
                self.finish.name(),
                "the frame has another size than the header says",
            ));
        }
        self.hand_on()
    }

    /// Hands on what waits when the next row does not fit beside it.
    fn make_room(&mut self) -> Result<(), ClipError> {
        let row = self.layout.columns as usize * self.finish.form().bytes_per_pixel();
        if !self.strip.is_empty() && self.strip.len() + row > STRIP_BYTES {
            self.hand_on()?;
        }
        self.painted += 1;
        Ok(())
    }

    fn hand_on(&mut self) -> Result<(), ClipError> {
        if !self.begun {
            self.begun = true;
            let (width, height) = (self.layout.columns, self.layout.rows);
            self.sink.begin(width, height, self.finish.form())?;
        }
        self.sink.rows(&self.strip)?;
        self.strip.clear();
        Ok(())
    }
}

/// One row of three planes that follow each other, pixel by pixel.
fn interleave<T: Copy>(planes: &[T], row: usize, columns: usize, into: &mut [T]) {
    let plane = planes.len() / 3;
    for (colour, plane) in planes.chunks_exact(plane.max(1)).enumerate() {
        let samples = plane.get(row * columns..).unwrap_or_default();
        scatter(samples, colour, into);
    }
}

/// One colour of a row of three.
pub(super) fn scatter<T: Copy>(samples: &[T], colour: usize, into: &mut [T]) {
    for (pixel, sample) in into.as_chunks_mut::<3>().0.iter_mut().zip(samples) {
        if let Some(place) = pixel.get_mut(colour) {
            *place = *sample;
        }
    }
}
