//! JPEG baseline frames (PS3.5 section 8.2.1), by the jpeg-encoder crate.
//!
//! Owns the sampling: colour differences at half the columns, which is what YBR_FULL_422 says, each the mean of two
//! pixels, so that the edge of a flow is not a matter of luck; one component for grey. The crate's SIMD code is left
//! off: it rounds otherwise, and then the bytes of a file would depend on the machine.

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use crate::picture::{Picture, PixelForm};

pub(super) fn encode(picture: &Picture, quality: u8) -> Result<Vec<u8>, String> {
    let size = |side: u32| u16::try_from(side).map_err(|_| "the picture is too large".to_owned());
    let (width, height) = (size(picture.width)?, size(picture.height)?);
    // Speckle at high quality takes about a byte for each pixel; growing from nothing would copy that many times.
    let mut bytes = Vec::with_capacity(picture.rows.len() / picture.form.bytes_per_pixel());
    let mut encoder = Encoder::new(&mut bytes, quality);
    let colour = match picture.form {
        PixelForm::Gray8 => ColorType::Luma,
        PixelForm::Rgb8 => {
            encoder.set_sampling_factor(SamplingFactor::R_4_2_2);
            encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
            ColorType::Rgb
        }
    };
    encoder
        .encode(&picture.rows, width, height, colour)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}
