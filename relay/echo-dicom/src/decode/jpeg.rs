//! JPEG baseline, extended (8 bit) and progressive frames, by the jpeg-decoder crate.
//!
//! Owns the decision which colour a JPEG frame holds. Its own markers are asked first, as what wrote the
//! samples also wrote them; Photometric Interpretation decides where they are silent, because DICOM frames
//! seldom carry JFIF or Adobe markers.

use jpeg_decoder::{ColorTransform, Decoder, PixelFormat};

use super::guarded;
use super::jpeg_head;
use super::samples::{Decoded, Samples};
use crate::error::ClipError;
use crate::header::PixelLayout;

const CODEC: &str = "JPEG";

/// Baseline, extended sequential and progressive DCT.
pub(super) fn decode(layout: &PixelLayout, coded: &[u8]) -> Result<Decoded, ClipError> {
    let head = jpeg_head::read(CODEC, layout, coded)?;
    if !matches!(head.process, 0xC0..=0xC2) {
        return Err(ClipError::decode(
            CODEC,
            "the frame is coded by another JPEG process",
        ));
    }
    if head.precision != 8 {
        return Err(ClipError::decode(
            CODEC,
            "only frames of 8 bits are supported",
        ));
    }
    let transform = match head.components.len() {
        1 => ColorTransform::Grayscale,
        _ if head.is_ybr(layout.photometric) => ColorTransform::YCbCr,
        _ => ColorTransform::RGB,
    };
    let samples = run(layout, coded, transform)?;
    Ok(Decoded {
        samples,
        planar: false,
        ybr: false,
    })
}

fn run(
    layout: &PixelLayout,
    coded: &[u8],
    transform: ColorTransform,
) -> Result<Samples, ClipError> {
    guarded(CODEC, || {
        let mut decoder = Decoder::new(coded);
        decoder.set_color_transform(transform);
        // The code stream agreed with the header, so this is the size the frame must have, at 16 bits.
        decoder.set_max_decoding_buffer_size(
            layout.pixels() * usize::from(layout.samples_per_pixel) * 2,
        );
        let bytes = decoder.decode().map_err(|error| error.to_string())?;
        match decoder.info().map(|info| info.pixel_format) {
            Some(PixelFormat::L8 | PixelFormat::RGB24) => Ok(Samples::Eight(bytes)),
            _ => Err("the decoder gave another form of pixels".into()),
        }
    })
}
