//! Draws a picture into the YCbCr frame that an encoder takes: limited range, 4:2:0, even sides.
//!
//! Gray goes straight into luma (16 to 235) with constant chroma; RGB goes through swscale. An odd side is made even
//! by repeating the last column or row: the picture stays whole, and a fraction of it moves by less than one pixel. A picture
//! of another size than the canvas is drawn to its size.

use crate::encode::EncodeError;
use crate::picture::{Form, Picture};
use crate::scale::{Colour, Matrix, ScaleError, Scaler, pixel_of};
use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

/// Chroma without colour.
const NO_COLOUR: u8 = 128;

/// Gray 0..=255 to luma 16..=235 (ITU-R BT.601 §2.5.3), rounded.
const LUMA: [u8; 256] = {
    let mut table = [0; 256];
    let mut gray = 0;
    while gray < 256 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::indexing_slicing,
            reason = "gray < 256, so the result is 16..=235"
        )]
        {
            table[gray] = (16 + (gray * 219 + 127) / 255) as u8;
        }
        gray += 1;
    }
    table
};

/// The frame of one encoder, used again for each picture.
pub(super) struct Canvas {
    frame: Video,
    width: u32,
    height: u32,
    scaler: Option<Scaler>,
    /// Whether the chroma planes hold `NO_COLOUR` now.
    is_gray: bool,
}

/// A side made even.
pub(super) const fn even(side: u32) -> u32 {
    side + side % 2
}

impl Canvas {
    /// A canvas for pictures of this size. `format` is `YUV420P` or `NV12`.
    pub(super) fn new(format: Pixel, width: u32, height: u32) -> Self {
        Self {
            frame: Video::new(format, even(width), even(height)),
            width,
            height,
            scaler: None,
            is_gray: false,
        }
    }

    /// The frame with `picture` on it.
    pub(super) fn draw(&mut self, picture: &Picture) -> Result<&mut Video, EncodeError> {
        let is_whole = (picture.width(), picture.height()) == (self.width, self.height);
        // SAFETY: `frame` is a live frame of ours; FFmpeg copies its buffers if the encoder still holds them.
        let writable = unsafe { ffi::av_frame_make_writable(self.frame.as_mut_ptr()) };
        if writable < 0 {
            return Err(EncodeError::Convert("no memory for a frame".to_owned()));
        }
        match picture.form() {
            Form::Gray8 if is_whole => self.draw_gray(picture),
            Form::Gray8 | Form::Rgb8 => self.convert(picture)?,
        }
        self.repeat_edges();
        Ok(&mut self.frame)
    }

    fn draw_gray(&mut self, picture: &Picture) {
        let stride = self.frame.stride(0);
        let rows = picture.rows().chunks_exact(picture.row_bytes());
        for (luma, gray) in self.frame.data_mut(0).chunks_mut(stride).zip(rows) {
            for (to, from) in luma.iter_mut().zip(gray) {
                *to = LUMA.get(usize::from(*from)).copied().unwrap_or_default();
            }
        }
        if !self.is_gray {
            for plane in 1..self.frame.planes() {
                self.frame.data_mut(plane).fill(NO_COLOUR);
            }
            self.is_gray = true;
        }
    }

    fn convert(&mut self, picture: &Picture) -> Result<(), EncodeError> {
        self.is_gray = false;
        let matrix = Matrix::usual_for(self.height);
        let from = Colour {
            format: pixel_of(picture.form()),
            matrix,
            full_range: true,
        };
        let to = Colour {
            format: self.frame.format(),
            matrix,
            full_range: false,
        };
        let (width, height) = (picture.width(), picture.height());
        let refused = |error: ScaleError| EncodeError::Convert(error.to_string());
        let known = self.scaler.take();
        let mut scaler = match known.filter(|known| known.takes(from, width, height)) {
            Some(scaler) => scaler,
            None => Scaler::resizing(from, to, (width, height), (self.width, self.height))
                .map_err(refused)?,
        };
        let drawn = scaler.write_frame(picture, &mut self.frame);
        self.scaler = Some(scaler);
        drawn.map_err(refused)
    }

    /// Fills the column and row that make odd sides even.
    fn repeat_edges(&mut self) {
        let stride = self.frame.stride(0);
        let (width, height) = (self.width as usize, self.height as usize);
        let luma = self.frame.data_mut(0);
        if width % 2 == 1 {
            for row in luma.chunks_mut(stride) {
                if let Some(pair) = row.get_mut(width - 1..=width) {
                    pair.copy_within(..1, 1);
                }
            }
        }
        if height % 2 == 1 && luma.len() >= (height + 1) * stride {
            luma.copy_within((height - 1) * stride..height * stride, height * stride);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(width: u32, height: u32, form: Form, pixel: &[u8]) -> Picture {
        let rows = pixel.repeat(width as usize * height as usize);
        Picture::from_rows(width, height, form, rows).unwrap()
    }

    #[test]
    fn gray_becomes_limited_range_luma_without_colour() {
        let mut canvas = Canvas::new(Pixel::YUV420P, 4, 2);
        for (gray, luma) in [(0, 16), (255, 235), (128, 126)] {
            let frame = canvas.draw(&flat(4, 2, Form::Gray8, &[gray])).unwrap();
            assert_eq!(frame.data(0)[..4], [luma; 4]);
            assert_eq!(frame.data(1)[..2], [128; 2]);
            assert_eq!(frame.data(2)[..2], [128; 2]);
        }
    }

    #[test]
    fn colour_uses_the_matrix_of_its_size() {
        for (height, expected_luma) in [(600, 81), (720, 63)] {
            let mut canvas = Canvas::new(Pixel::YUV420P, 64, height);
            let frame = canvas
                .draw(&flat(64, height, Form::Rgb8, &[255, 0, 0]))
                .unwrap();
            let luma = frame.data(0)[64 * 32];
            assert!(
                luma.abs_diff(expected_luma) <= 1,
                "red has luma {luma} at {height} lines"
            );
        }
    }

    #[test]
    fn gray_after_colour_is_gray_again() {
        let mut canvas = Canvas::new(Pixel::NV12, 32, 32);
        canvas
            .draw(&flat(32, 32, Form::Rgb8, &[255, 0, 0]))
            .unwrap();
        let frame = canvas.draw(&flat(32, 32, Form::Gray8, &[9])).unwrap();
        assert!(frame.data(1)[..32].iter().all(|byte| *byte == 128));
    }

    #[test]
    fn odd_sides_are_made_even_by_repeating_the_edge() {
        for form in [Form::Gray8, Form::Rgb8] {
            let mut canvas = Canvas::new(Pixel::YUV420P, 33, 17);
            let frame = canvas
                .draw(&flat(33, 17, form, &[255, 255, 255][..form.bytes()]))
                .unwrap();
            let stride = frame.stride(0);
            assert_eq!((frame.width(), frame.height()), (34, 18));
            for y in 0..18 {
                let row = &frame.data(0)[y * stride..y * stride + 34];
                assert!(
                    row.iter().all(|luma| luma.abs_diff(235) <= 1),
                    "row {y} of {form:?}: {row:?}"
                );
            }
        }
    }

    #[test]
    fn a_larger_picture_is_drawn_to_the_size_of_the_canvas() {
        for form in [Form::Gray8, Form::Rgb8] {
            let mut canvas = Canvas::new(Pixel::YUV420P, 48, 36);
            let left = [255].repeat(32 * form.bytes());
            let right = [0].repeat(32 * form.bytes());
            let rows = [left, right].concat().repeat(48);
            let picture = Picture::from_rows(64, 48, form, rows).unwrap();
            for _ in 0..2 {
                let frame = canvas.draw(&picture).unwrap();
                let row = &frame.data(0)[..48];
                assert!(
                    row[..23].iter().all(|luma| luma.abs_diff(235) <= 1),
                    "{row:?}"
                );
                assert!(
                    row[25..].iter().all(|luma| luma.abs_diff(16) <= 1),
                    "{row:?}"
                );
                assert!(frame.data(1)[..24].iter().all(|it| it.abs_diff(128) <= 1));
            }
            let whole = flat(48, 36, form, &[255, 255, 255][..form.bytes()]);
            let frame = canvas.draw(&whole).unwrap();
            assert!(
                frame.data(0)[..48]
                    .iter()
                    .all(|luma| luma.abs_diff(235) <= 1)
            );
        }
    }
}
