//! A picture as it comes from a reader, a strip at a time.
//!
//! Owns one strip and the reader's seat until the last one came. A picture that is let go before, or that its reader spoils, costs the
//! reader. Invariant: no row is given beyond those that were declared, and the last one only of a picture that was decoded whole.

use crate::clip::GuardedClip;
use crate::guard::Seat;
use crate::protocol::Answer;
use crate::refusal::{Fate, heard};
use echo_dicom::{ClipError, PictureRows, PixelForm};

/// Rows of one picture of a clip, in order.
#[derive(Debug)]
pub struct GuardedRows<'a> {
    clip: &'a GuardedClip,
    /// Until all came.
    seat: Option<Seat<'a>>,
    width: u32,
    height: u32,
    form: PixelForm,
    strip: Vec<u8>,
    /// Where the next row begins in the strip.
    at: usize,
    /// Rows that are still to come from the reader.
    to_come: usize,
}

impl<'a> GuardedRows<'a> {
    pub(crate) fn new(
        clip: &'a GuardedClip,
        seat: Seat<'a>,
        (width, height, form): (u32, u32, PixelForm),
    ) -> Self {
        Self {
            clip,
            seat: Some(seat),
            width,
            height,
            form,
            strip: Vec::new(),
            at: 0,
            to_come: height as usize,
        }
    }

    fn row_bytes(&self) -> usize {
        self.width as usize * self.form.bytes_per_pixel()
    }

    fn next_strip(&mut self) -> Result<(), ClipError> {
        // One that failed before does not go on.
        let mut seat = self.seat.take().ok_or(Fate::Ended)?;
        let more = seat
            .reader()
            .and_then(|reader| reader.more(&mut self.strip));
        match more {
            Ok(Answer::Rows) => {}
            Ok(Answer::Refused(said)) => {
                self.clip.keep(seat);
                return Err(heard(said));
            }
            Ok(_) => return Err(self.nonsense("it is no part of a picture")),
            Err(fate) => return Err(self.clip.died(fate)),
        }
        let (row, held) = (self.row_bytes(), self.strip.len());
        let rows = held / row.max(1);
        if held == 0 || !held.is_multiple_of(row) || rows > self.to_come {
            return Err(self.nonsense("another number of rows than it said"));
        }
        (self.at, self.to_come) = (0, self.to_come - rows);
        if self.to_come == 0 {
            self.clip.keep(seat);
        } else {
            self.seat = Some(seat);
        }
        Ok(())
    }

    fn nonsense(&self, what: &'static str) -> ClipError {
        self.clip.died(Fate::Nonsense(what))
    }
}

impl PictureRows for GuardedRows<'_> {
    fn width(&self) -> u32 {
        self.width
    }

    fn height(&self) -> u32 {
        self.height
    }

    fn form(&self) -> PixelForm {
        self.form
    }

    fn next_row(&mut self) -> Result<Option<&mut [u8]>, ClipError> {
        if self.at >= self.strip.len() {
            if self.to_come == 0 {
                return Ok(None);
            }
            self.next_strip()?;
        }
        let from = self.at;
        self.at += self.row_bytes();
        Ok(self.strip.get_mut(from..self.at))
    }
}
