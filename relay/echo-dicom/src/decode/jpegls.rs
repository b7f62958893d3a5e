//! JPEG-LS frames, lossless and near-lossless, by CharLS.
//!
//! Owns the arrangement of what CharLS returns: plane by plane when the scans are not interleaved, pixel by
//! pixel otherwise. Colour stays as Photometric Interpretation says, JPEG-LS has no transform of its own.

use super::guarded;
use super::jpeg_head;
use super::samples::{Decoded, Samples};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::picture::Photometric;

const CODEC: &str = "JPEG-LS";

pub(super) fn decode(layout: &PixelLayout, mut coded: Vec<u8>) -> Result<Decoded, ClipError> {
    let head = jpeg_head::read(CODEC, layout, &coded)?;
    if head.process != 0xF7 {
        return Err(ClipError::decode(
            CODEC,
            "the frame is coded by another JPEG process",
        ));
    }
    if !(2..=16).contains(&head.precision) {
        return Err(ClipError::decode(
            CODEC,
            "the frame has an impossible depth",
        ));
    }
    if matches!(
        layout.photometric,
        Photometric::YbrRct | Photometric::YbrIct
    ) {
        return Err(ClipError::decode(
            CODEC,
            "a JPEG 2000 colour transform in a JPEG-LS clip",
        ));
    }
    // Where the bytes end without a marker CharLS 2.4.5 counts absent bits for seconds before it gives up; an
    // end marker stops it at once. Behind a whole code stream it is never read.
    coded.extend_from_slice(&[0xFF, 0xD9]);
    let bytes = guarded(CODEC, || {
        charls::CharLS::default()
            .decode(&coded)
            .map_err(|error| error.to_string())
    })?;
    drop(coded);
    let samples = if head.precision > 8 {
        let words = bytes.as_chunks::<2>().0.iter();
        Samples::Sixteen(words.map(|word| u16::from_ne_bytes(*word)).collect())
    } else {
        Samples::Eight(bytes)
    };
    let ybr = matches!(
        layout.photometric,
        Photometric::YbrFull | Photometric::YbrFull422
    );
    Ok(Decoded {
        samples,
        planar: head.interleave == 0,
        ybr,
    })
}
