//! JPEG baseline frames (PS3.5 section 8.2.1), by the jpeg-encoder crate.
//!
//! Owns the sampling: colour differences at half the columns, which is what YBR_FULL_422 says, each the mean of two
//! pixels, so that the edge of a flow is not a matter of luck; one component for grey. The crate's SIMD code is left
//! off: it rounds otherwise, and then the bytes of a file would depend on the machine.

use std::cell::RefCell;

use jpeg_encoder::{
    ChromaSubsamplingMethod, ColorType, Encoder, ImageBuffer, JpegColorType, SamplingFactor,
    rgb_to_ycbcr,
};

use super::CodeFault;
use crate::error::ClipError;
use crate::picture::{Picture, PixelForm};
use crate::rows::PictureRows;

pub(super) fn encode(picture: &Picture, quality: u8) -> Result<Vec<u8>, String> {
    let size = |side: u32| u16::try_from(side).map_err(|_| "the picture is too large".to_owned());
    let (width, height) = (size(picture.width)?, size(picture.height)?);
    // Speckle at high quality takes about a byte for each pixel; growing from nothing would copy that many times.
    let mut bytes = Vec::with_capacity(picture.rows.len() / picture.form.bytes_per_pixel());
    let encoder = encoder(&mut bytes, quality, picture.form);
    let colour = match picture.form {
        PixelForm::Gray8 => ColorType::Luma,
        PixelForm::Rgb8 => ColorType::Rgb,
    };
    encoder
        .encode(&picture.rows, width, height, colour)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn encoder(bytes: &mut Vec<u8>, quality: u8, form: PixelForm) -> Encoder<&mut Vec<u8>> {
    let mut encoder = Encoder::new(bytes, quality);
    if form == PixelForm::Rgb8 {
        encoder.set_sampling_factor(SamplingFactor::R_4_2_2);
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    }
    encoder
}

/// The same bytes of a picture that is never held: the crate asks for a row when it codes it.
pub(super) fn encode_rows(rows: &mut dyn PictureRows, quality: u8) -> Result<Vec<u8>, CodeFault> {
    let size = |side: u32| u16::try_from(side).map_err(|_| "the picture is too large".to_owned());
    let (width, height) = (size(rows.width())?, size(rows.height())?);
    let form = rows.form();
    let mut bytes = Vec::with_capacity(usize::from(width) * usize::from(height));
    let source = RefCell::new(Source {
        rows,
        row: Vec::new(),
        given: 0,
        fault: None,
    });
    let picture = AsAsked {
        size: (width, height),
        form,
        source: &source,
    };
    let coded = encoder(&mut bytes, quality, form).encode_image(picture);
    // Rows that did not come are black; nobody sees them.
    match (source.into_inner().fault, coded) {
        (Some(fault), _) => Err(CodeFault::Rows(fault)),
        (None, Err(error)) => Err(CodeFault::Coder(error.to_string())),
        (None, Ok(())) => Ok(bytes),
    }
}

struct Source<'a> {
    rows: &'a mut dyn PictureRows,
    /// The last row that was asked for: the coder asks for the last one of a picture again, to fill a block.
    row: Vec<u8>,
    given: u32,
    fault: Option<ClipError>,
}

impl Source<'_> {
    /// Goes on to a row, which is never one before the last that was asked for.
    fn go_to(&mut self, y: u32) {
        while self.given <= y && self.fault.is_none() {
            match self.rows.next_row() {
                Ok(Some(row)) => {
                    self.row.clear();
                    self.row.extend_from_slice(row);
                }
                Ok(None) => return,
                Err(fault) => self.fault = Some(fault),
            }
            self.given += 1;
        }
    }
}

/// A picture for the coder, which asks from the top.
struct AsAsked<'a, 'b> {
    size: (u16, u16),
    form: PixelForm,
    source: &'a RefCell<Source<'b>>,
}

impl ImageBuffer for AsAsked<'_, '_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        match self.form {
            PixelForm::Gray8 => JpegColorType::Luma,
            PixelForm::Rgb8 => JpegColorType::Ycbcr,
        }
    }

    fn width(&self) -> u16 {
        self.size.0
    }

    fn height(&self) -> u16 {
        self.size.1
    }

    fn fill_buffers(&self, y: u16, [luma, blue, red, _]: &mut [Vec<u8>; 4]) {
        let mut source = self.source.borrow_mut();
        source.go_to(y.into());
        let samples = usize::from(self.size.0) * self.form.bytes_per_pixel();
        source.row.resize(samples, 0);
        match self.form {
            PixelForm::Gray8 => luma.extend_from_slice(&source.row),
            PixelForm::Rgb8 => {
                for [r, g, b] in source.row.as_chunks::<3>().0 {
                    let (y, cb, cr) = rgb_to_ycbcr(*r, *g, *b);
                    luma.push(y);
                    blue.push(cb);
                    red.push(cr);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::RowsOf;

    #[test]
    fn a_picture_that_comes_row_by_row_gives_the_same_bytes() {
        for (form, width, height) in [
            (PixelForm::Rgb8, 37, 29),
            (PixelForm::Rgb8, 16, 8),
            (PixelForm::Gray8, 37, 29),
            (PixelForm::Gray8, 1, 1),
        ] {
            let bytes = (width * height) as usize * form.bytes_per_pixel();
            let rows = (0..bytes).map(|at| (at * at / 7) as u8).collect();
            let picture = Picture {
                width,
                height,
                form,
                rows,
            };
            let whole = encode(&picture, 90).unwrap();
            let mut rows = RowsOf::from(picture);
            assert_eq!(encode_rows(&mut rows, 90).unwrap(), whole);
        }
    }
}
