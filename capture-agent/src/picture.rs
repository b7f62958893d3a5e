//! A picture in memory: canonical Gray8 or RGB8 rows without padding, in a buffer that is used again.
//!
//! Owns the pixel buffers and their pool. It knows nothing of time, files or codecs. Sources take a picture from the
//! `PicturePool`, fill it, and from then on it travels behind an `Arc` without copies; when the last holder (ring,
//! encoder) lets go, the buffer returns to the pool by itself.
//!
//! Invariant: `rows().len() == width × height × bytes per pixel`, always, and width and height are at least 1.

use crate::sync::held;
use std::fmt;
use std::sync::{Arc, Mutex};

/// Largest side in pixels. Ultrasound pictures stay below 2,048; 8,192 leaves room for any grabber.
pub const MAX_SIDE: u32 = 8_192;
/// Buffers kept for reuse. Source, slot and encoder hold at most one each, and one is being filled.
const MAX_SPARE_BUFFERS: usize = 4;
/// Bytes behind the last row. FFmpeg's conversion routines work on whole vector registers and may read and write up
/// to 64 bytes beyond the end of a row.
const TAIL_BYTES: usize = 64;

/// Layout of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One byte of luminance, 0 black to 255 white.
    Gray8,
    /// Red, green, blue.
    Rgb8,
}

impl Form {
    /// Bytes per pixel.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Gray8 => 1,
            Self::Rgb8 => 3,
        }
    }
}

/// A picture that cannot exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// A side is 0 or larger than `MAX_SIDE`.
    #[error("a picture of {width} x {height} pixels cannot be used (each side 1 to {MAX_SIDE})")]
    Size {
        /// As asked.
        width: u32,
        /// As asked.
        height: u32,
    },
    /// The rows do not have the length that the size demands.
    #[error("the picture has {got} bytes where its size demands {expected}")]
    Length {
        /// Bytes given.
        got: usize,
        /// Bytes needed.
        expected: usize,
    },
}

/// One picture.
pub struct Picture {
    width: u32,
    height: u32,
    form: Form,
    /// The rows, then `TAIL_BYTES` of no meaning.
    padded: Vec<u8>,
    /// Bytes in the rows.
    length: usize,
    /// Where the buffer goes when the picture is dropped.
    home: Option<PicturePool>,
}

impl Picture {
    /// Wraps rows that somebody else made.
    ///
    /// # Errors
    /// `PictureError` when size and length do not fit each other.
    pub fn from_rows(
        width: u32,
        height: u32,
        form: Form,
        mut rows: Vec<u8>,
    ) -> Result<Self, PictureError> {
        let expected = byte_length(width, height, form)?;
        if rows.len() != expected {
            return Err(PictureError::Length {
                got: rows.len(),
                expected,
            });
        }
        rows.resize(expected + TAIL_BYTES, 0);
        Ok(Self {
            width,
            height,
            form,
            padded: rows,
            length: expected,
            home: None,
        })
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Layout of a pixel.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// Bytes from one row to the next.
    #[must_use]
    pub const fn row_bytes(&self) -> usize {
        self.width as usize * self.form.bytes()
    }

    /// All rows, top first, without padding.
    #[must_use]
    pub fn rows(&self) -> &[u8] {
        self.padded.get(..self.length).unwrap_or_default()
    }

    /// All rows for writing.
    pub fn rows_mut(&mut self) -> &mut [u8] {
        self.padded.get_mut(..self.length).unwrap_or_default()
    }

    /// The rows and what lies behind them, for FFmpeg's conversion routines.
    pub(crate) fn padded(&self) -> &[u8] {
        &self.padded
    }

    /// The same for writing.
    pub(crate) fn padded_mut(&mut self) -> &mut [u8] {
        &mut self.padded
    }

    /// One row after the other.
    pub fn each_row_mut(&mut self) -> std::slice::ChunksExactMut<'_, u8> {
        let row_bytes = self.row_bytes();
        self.rows_mut().chunks_exact_mut(row_bytes)
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.give_back(std::mem::take(&mut self.padded));
        }
    }
}

impl fmt::Debug for Picture {
    /// Size and form only: pixels may show a patient's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Picture({} x {} {:?})",
            self.width, self.height, self.form
        )
    }
}

fn byte_length(width: u32, height: u32, form: Form) -> Result<usize, PictureError> {
    let fits = |side: u32| (1..=MAX_SIDE).contains(&side);
    if !fits(width) || !fits(height) {
        return Err(PictureError::Size { width, height });
    }
    Ok(width as usize * height as usize * form.bytes())
}

/// Buffers waiting for their next picture.
#[derive(Clone, Default)]
pub struct PicturePool {
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl PicturePool {
    /// A picture to fill. Its pixels are whatever was there before: write all of them.
    ///
    /// # Errors
    /// `PictureError::Size` for a size that cannot exist.
    pub fn take(&self, width: u32, height: u32, form: Form) -> Result<Picture, PictureError> {
        let length = byte_length(width, height, form)?;
        let mut padded = held(&self.spare).pop().unwrap_or_default();
        padded.resize(length + TAIL_BYTES, 0);
        Ok(Picture {
            width,
            height,
            form,
            padded,
            length,
            home: Some(self.clone()),
        })
    }

    fn give_back(&self, buffer: Vec<u8>) {
        let mut spare = held(&self.spare);
        if spare.len() < MAX_SPARE_BUFFERS {
            spare.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_picture_gives_its_buffer_to_the_next_one() {
        let pool = PicturePool::default();
        let first = pool.take(8, 4, Form::Rgb8).unwrap();
        let address = first.rows().as_ptr();
        drop(first);
        let second = pool.take(8, 4, Form::Rgb8).unwrap();
        assert_eq!(second.rows().as_ptr(), address);
        assert_eq!(second.rows().len(), 96);
    }

    #[test]
    fn the_pool_keeps_few_buffers() {
        let pool = PicturePool::default();
        let many: Vec<_> = (0..20)
            .map(|_| pool.take(2, 2, Form::Gray8).unwrap())
            .collect();
        drop(many);
        assert_eq!(held(&pool.spare).len(), MAX_SPARE_BUFFERS);
    }

    #[test]
    fn sizes_that_cannot_exist_are_refused_before_memory_is_taken() {
        let pool = PicturePool::default();
        for (width, height) in [(0, 4), (4, 0), (MAX_SIDE + 1, 4), (u32::MAX, u32::MAX)] {
            assert!(pool.take(width, height, Form::Rgb8).is_err());
        }
        assert_eq!(
            Picture::from_rows(2, 2, Form::Gray8, vec![0; 5]).err(),
            Some(PictureError::Length {
                got: 5,
                expected: 4
            })
        );
    }
}
