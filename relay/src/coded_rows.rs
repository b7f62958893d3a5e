//! Pictures for browsers, coded row by row as they come from their reader.
//!
//! Owns PNG, and the few rows that JPEG and small pictures look at together. Nothing here holds a picture: beside what was coded there are
//! some rows of it, whatever its size. The bytes are those that the `image` crate gives for a picture that is held whole, which it
//! wants; that is why the container of PNG is written here.

use echo_dicom::{ClipError, PictureRows, PixelForm};
use fdeflate::Compressor;
use image::codecs::jpeg::JpegEncoder;
use image::{GenericImageView, Rgb, RgbImage};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use thiserror::Error;

/// Rows that one row of JPEG blocks covers.
const BLOCK: usize = 8;
/// PNG begins with these (ISO/IEC 15948 section 5.2).
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The row filter that suits pictures (section 9.4).
const PAETH: u8 = 4;

/// A picture could not be coded.
#[derive(Debug, Error)]
pub(crate) enum CodingFault {
    /// A row did not come.
    #[error(transparent)]
    Read(#[from] ClipError),
    /// A coder failed.
    #[error("coding a picture: {0}")]
    Code(String),
}

impl From<io::Error> for CodingFault {
    fn from(error: io::Error) -> Self {
        Self::Code(error.to_string())
    }
}

/// As PNG, which holds exactly what was decoded. Coded fast: somebody waits for it.
///
/// # Errors
/// `CodingFault`.
pub(crate) fn png(rows: &mut dyn PictureRows) -> Result<Vec<u8>, CodingFault> {
    let (width, height, form) = (rows.width(), rows.height(), rows.form());
    let pixel = form.bytes_per_pixel();
    let row_bytes = width as usize * pixel;
    let mut out = Vec::with_capacity(row_bytes * height as usize / 2);
    out.extend_from_slice(SIGNATURE);
    let colour = match form {
        PixelForm::Gray8 => 0,
        PixelForm::Rgb8 => 2,
    };
    let head = begin_chunk(&mut out, *b"IHDR");
    out.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
    out.extend([8, colour, 0, 0, 0]);
    end_chunk(&mut out, head)?;
    let data = begin_chunk(&mut out, *b"IDAT");
    let mut packer = Compressor::new(out)?;
    let mut above = vec![0; row_bytes];
    let mut line = vec![PAETH; row_bytes + 1];
    while let Some(row) = rows.next_row()? {
        if let Some((_, filtered)) = line.split_first_mut() {
            paeth(row, &above, pixel, filtered);
        }
        packer.write_data(&line)?;
        above.copy_from_slice(row);
    }
    let mut out = packer.finish()?;
    end_chunk(&mut out, data)?;
    let end = begin_chunk(&mut out, *b"IEND");
    end_chunk(&mut out, end)?;
    Ok(out)
}

/// Begins a chunk (section 5.3); gives the place of its length.
fn begin_chunk(out: &mut Vec<u8>, name: [u8; 4]) -> usize {
    let at = out.len();
    out.extend([0; 4]);
    out.extend(name);
    at
}

fn end_chunk(out: &mut Vec<u8>, at: usize) -> Result<(), CodingFault> {
    let too_long = || CodingFault::Code("a PNG of more than 2 GiB".to_owned());
    let content = out.get(at + 4..).unwrap_or_default();
    let length = i32::try_from(content.len().saturating_sub(4)).map_err(|_| too_long())?;
    let sum = crc32fast::hash(content);
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
    out.extend(sum.to_be_bytes());
    Ok(())
}

/// Each byte less its neighbour that is nearest to what left, above and above left promise (section 9.4).
fn paeth(row: &[u8], above: &[u8], pixel: usize, into: &mut [u8]) {
    let (first, first_above) = (row.iter().take(pixel), above.iter().take(pixel));
    for ((byte, up), place) in first.zip(first_above).zip(into.iter_mut()) {
        *place = byte.wrapping_sub(*up);
    }
    let now = row.iter().skip(pixel).zip(above.iter().skip(pixel));
    let left = row.iter().zip(above);
    let into = into.iter_mut().skip(pixel);
    for (((byte, up), (left, up_left)), place) in now.zip(left).zip(into) {
        let (a, b, c) = (i16::from(*left), i16::from(*up), i16::from(*up_left));
        let (to_a, to_b, to_c) = ((b - c).abs(), (a - c).abs(), (a + b - c - c).abs());
        let nearest = if to_a <= to_b && to_a <= to_c {
            *left
        } else if to_b <= to_c {
            *up
        } else {
            *up_left
        };
        *place = byte.wrapping_sub(nearest);
    }
}

/// As JPEG of a quality up to 100.
///
/// # Errors
/// `CodingFault`.
pub(crate) fn jpeg(rows: &mut dyn PictureRows, quality: u8) -> Result<Vec<u8>, CodingFault> {
    let seen = Seen::of(rows, BLOCK);
    let mut bytes = Vec::new();
    let coded = JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&seen);
    seen.whole()?;
    coded.map_err(|error| CodingFault::Code(error.to_string()))?;
    Ok(bytes)
}

/// The picture made small enough for `within`, its form kept; grey has three equal samples.
///
/// # Errors
/// `CodingFault`.
pub(crate) fn small(
    rows: &mut dyn PictureRows,
    within: (u32, u32),
) -> Result<RgbImage, CodingFault> {
    let (width, height) = fitting((rows.width(), rows.height()), within);
    let together = rows.height().div_ceil(height) as usize;
    // Where rows are shared by two of the small picture, it looks at one more on each side.
    let seen = Seen::of(rows, together + 2);
    let small = image::imageops::thumbnail(&seen, width, height);
    seen.whole()?;
    Ok(small)
}

/// The largest size of the same form inside another.
fn fitting((width, height): (u32, u32), within: (u32, u32)) -> (u32, u32) {
    let ratio = |side: u32, within: u32| f64::from(within) / f64::from(side.max(1));
    let ratio = ratio(width, within.0).min(ratio(height, within.1));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and a side of a picture"
    )]
    let side = |side: u32| ((f64::from(side) * ratio).round() as u32).max(1);
    (side(width), side(height))
}

/// A picture for coders that look at some rows at a time and never go back.
struct Seen<'a> {
    size: (u32, u32),
    form: PixelForm,
    window: RefCell<Window<'a>>,
}

struct Window<'a> {
    rows: &'a mut dyn PictureRows,
    /// Rows that stay.
    most: usize,
    held: VecDeque<Vec<u8>>,
    /// The row behind those that are held.
    next: u32,
    fault: Option<ClipError>,
}

impl<'a> Seen<'a> {
    fn of(rows: &'a mut dyn PictureRows, most: usize) -> Self {
        Self {
            size: (rows.width(), rows.height()),
            form: rows.form(),
            window: RefCell::new(Window {
                rows,
                most,
                held: VecDeque::new(),
                next: 0,
                fault: None,
            }),
        }
    }

    /// Whether all rows came; those that nobody looked at are read.
    fn whole(self) -> Result<(), ClipError> {
        let window = self.window.into_inner();
        match window.fault {
            Some(fault) => Err(fault),
            None => {
                while window.rows.next_row()?.is_some() {}
                Ok(())
            }
        }
    }
}

impl Window<'_> {
    fn row(&mut self, y: u32) -> Option<&[u8]> {
        while self.next <= y && self.fault.is_none() {
            match self.rows.next_row() {
                Ok(Some(row)) => {
                    let mut room = if self.held.len() >= self.most {
                        self.held.pop_front().unwrap_or_default()
                    } else {
                        Vec::new()
                    };
                    room.clear();
                    room.extend_from_slice(row);
                    self.held.push_back(room);
                    self.next += 1;
                }
                Ok(None) => return None,
                Err(fault) => self.fault = Some(fault),
            }
        }
        let back = self.next.checked_sub(1)?.checked_sub(y)? as usize;
        let at = self.held.len().checked_sub(back + 1)?;
        self.held.get(at).map(Vec::as_slice)
    }
}

impl GenericImageView for Seen<'_> {
    type Pixel = Rgb<u8>;

    fn dimensions(&self) -> (u32, u32) {
        self.size
    }

    // A row that did not come is black; its fault is told in place of the picture.
    fn get_pixel(&self, x: u32, y: u32) -> Rgb<u8> {
        let mut window = self.window.borrow_mut();
        let row = window.row(y).unwrap_or_default();
        let at = x as usize * self.form.bytes_per_pixel();
        match (self.form, row.get(at..)) {
            (PixelForm::Gray8, Some([grey, ..])) => Rgb([*grey; 3]),
            (PixelForm::Rgb8, Some([red, green, blue, ..])) => Rgb([*red, *green, *blue]),
            _ => Rgb([0; 3]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use echo_dicom::{Picture, RowsOf};
    use image::codecs::png::{CompressionType, FilterType, PngEncoder};
    use image::{DynamicImage, GrayImage, ImageEncoder as _};

    fn pictures() -> impl Iterator<Item = Picture> {
        let sizes = [(67, 43), (8, 8), (1, 1), (256, 130)];
        sizes.into_iter().flat_map(|(width, height)| {
            [PixelForm::Gray8, PixelForm::Rgb8].map(|form| {
                let bytes = (width * height) as usize * form.bytes_per_pixel();
                // Smooth, with some noise, as an echo is.
                let rows = (0..bytes).map(|at| (at / 40 + at * at % 7) as u8).collect();
                Picture {
                    width,
                    height,
                    form,
                    rows,
                }
            })
        })
    }

    fn held(picture: &Picture) -> DynamicImage {
        let (width, height, rows) = (picture.width, picture.height, picture.rows.clone());
        match picture.form {
            PixelForm::Gray8 => GrayImage::from_raw(width, height, rows).unwrap().into(),
            PixelForm::Rgb8 => RgbImage::from_raw(width, height, rows).unwrap().into(),
        }
    }

    #[test]
    fn rows_give_the_png_that_a_held_picture_gives() {
        for picture in pictures() {
            let (image, mut whole) = (held(&picture), Vec::new());
            PngEncoder::new_with_quality(&mut whole, CompressionType::Fast, FilterType::Paeth)
                .write_image(
                    image.as_bytes(),
                    image.width(),
                    image.height(),
                    image.color().into(),
                )
                .unwrap();
            let coded = png(&mut RowsOf::from(picture.clone())).unwrap();
            let read = image::load_from_memory(&coded).unwrap();
            assert_eq!(read, image, "{picture:?}");
            // Of the smallest pictures the crate stores the bytes as they are.
            if picture.rows.len() > 1_000 {
                assert_eq!(coded, whole, "{picture:?}");
            }
        }
    }

    #[test]
    fn rows_give_the_jpeg_and_the_small_picture_that_a_held_picture_gives() {
        for picture in pictures() {
            let (image, mut whole) = (held(&picture), Vec::new());
            let encoder = JpegEncoder::new_with_quality(&mut whole, 90);
            image.write_with_encoder(encoder).unwrap();
            let coded = jpeg(&mut RowsOf::from(picture.clone()), 90).unwrap();
            let read = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().to_rgb8();
            assert_eq!(read(&coded), read(&whole), "{picture:?}");
            for within in [(64, 64), (33, 7), (5, 40), (1, 1)] {
                if image.width() <= within.0 && image.height() <= within.1 {
                    continue;
                }
                let small = small(&mut RowsOf::from(picture.clone()), within).unwrap();
                let whole = image.thumbnail(within.0, within.1).to_rgb8();
                assert_eq!(small, whole, "{picture:?} in {within:?}");
            }
        }
    }

    #[test]
    fn a_row_that_does_not_come_leaves_no_picture() {
        struct Broken(RowsOf, u32, u32);
        impl PictureRows for Broken {
            fn width(&self) -> u32 {
                self.0.width()
            }
            fn height(&self) -> u32 {
                self.0.height()
            }
            fn form(&self) -> PixelForm {
                self.0.form()
            }
            fn next_row(&mut self) -> Result<Option<&mut [u8]>, ClipError> {
                self.1 += 1;
                if self.1 > self.2 {
                    return Err(ClipError::Preamble("it is empty"));
                }
                self.0.next_row()
            }
        }
        let picture = pictures().next().unwrap();
        for rows in [0, 20] {
            let broken = || Broken(RowsOf::from(picture.clone()), 0, rows);
            assert!(matches!(png(&mut broken()), Err(CodingFault::Read(_))));
            assert!(matches!(jpeg(&mut broken(), 90), Err(CodingFault::Read(_))));
            let small = small(&mut broken(), (20, 20));
            assert!(matches!(small, Err(CodingFault::Read(_))));
        }
    }
}
