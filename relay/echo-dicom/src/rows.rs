//! A picture that passes by row by row, so that nobody has to hold it whole.
//!
//! Owns the two ends: `RowSink`, into which a decoder paints from the top, and `PictureRows`, from which a coder takes. A picture of
//! 4096 x 4096 in colour has 48 MiB; a strip of it is a thousand times smaller. The invariant: rows come in order and in
//! canonical form, and the last one only comes when the whole picture was decoded without a fault.

use std::fmt;
use std::io;

use crate::error::ClipError;
use crate::picture::{Picture, PixelForm};

/// Bytes of rows that are handed on together; at least one row is. The widest row has 24 KiB.
pub const STRIP_BYTES: usize = 64 << 10;

/// Takes a picture while it is decoded.
pub trait RowSink {
    /// The picture begins: its width, its height and what a pixel is made of. Once, before the first row.
    ///
    /// # Errors
    /// Whatever keeps it from taking; decoding ends.
    fn begin(&mut self, width: u32, height: u32, form: PixelForm) -> io::Result<()>;

    /// Some whole rows, `STRIP_BYTES` at most or a single one.
    ///
    /// # Errors
    /// As `begin`.
    fn rows(&mut self, rows: &[u8]) -> io::Result<()>;
}

/// Gives a picture row by row from the top.
pub trait PictureRows {
    /// Pixels in a row.
    fn width(&self) -> u32;

    /// Rows, those that were given included.
    fn height(&self) -> u32;

    /// What a pixel is made of.
    fn form(&self) -> PixelForm;

    /// The next row, which may be written over; nothing behind the last.
    ///
    /// # Errors
    /// The step that failed; what came before is no picture.
    fn next_row(&mut self) -> Result<Option<&mut [u8]>, ClipError>;

    /// All that is left, as one picture.
    ///
    /// # Errors
    /// As `next_row`.
    fn collected(&mut self) -> Result<Picture, ClipError> {
        let (width, height, form) = (self.width(), self.height(), self.form());
        let bytes = width as usize * height as usize * form.bytes_per_pixel();
        let mut rows = Vec::with_capacity(bytes);
        while let Some(row) = self.next_row()? {
            rows.extend_from_slice(row);
        }
        Ok(Picture {
            width,
            height,
            form,
            rows,
        })
    }
}

// Pixels may show a name: they never enter a log by accident.
impl fmt::Debug for dyn PictureRows + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PictureRows")
            .field("width", &self.width())
            .field("height", &self.height())
            .field("form", &self.form())
            .finish_non_exhaustive()
    }
}

/// The rows of a picture that is held whole.
#[derive(Debug)]
pub struct RowsOf {
    picture: Picture,
    given: u32,
}

impl From<Picture> for RowsOf {
    fn from(picture: Picture) -> Self {
        Self { picture, given: 0 }
    }
}

impl PictureRows for RowsOf {
    fn width(&self) -> u32 {
        self.picture.width
    }

    fn height(&self) -> u32 {
        self.picture.height
    }

    fn form(&self) -> PixelForm {
        self.picture.form
    }

    fn next_row(&mut self) -> Result<Option<&mut [u8]>, ClipError> {
        let length = self.picture.width as usize * self.picture.form.bytes_per_pixel();
        let from = self.given as usize * length;
        self.given += 1;
        Ok(self.picture.rows.get_mut(from..from + length))
    }
}

/// A sink that keeps the picture.
#[derive(Default)]
pub(crate) struct Whole(Option<Picture>);

impl Whole {
    pub(crate) fn picture(self) -> Option<Picture> {
        self.0
    }
}

impl RowSink for Whole {
    fn begin(&mut self, width: u32, height: u32, form: PixelForm) -> io::Result<()> {
        let bytes = width as usize * height as usize * form.bytes_per_pixel();
        self.0 = Some(Picture {
            width,
            height,
            form,
            rows: Vec::with_capacity(bytes),
        });
        Ok(())
    }

    fn rows(&mut self, rows: &[u8]) -> io::Result<()> {
        if let Some(picture) = &mut self.0 {
            picture.rows.extend_from_slice(rows);
        }
        Ok(())
    }
}
