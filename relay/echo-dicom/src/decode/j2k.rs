//! JPEG 2000 frames by OpenJPEG.
//!
//! Owns the step from OpenJPEG's components to samples. OpenJPEG undoes the transform that the code stream
//! names (YBR_RCT, YBR_ICT), so the result is RGB unless the clip says YBR_FULL and no transform was used.

use jpeg2k::{DecodeParameters, Image};

use super::guarded;
use super::j2k_head;
use super::samples::{Decoded, Samples};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::picture::Photometric;

const CODEC: &str = "JPEG 2000";

pub(super) fn decode(layout: &PixelLayout, coded: &[u8]) -> Result<Decoded, ClipError> {
    let coded = code_stream(coded);
    let head = j2k_head::read(CODEC, layout, coded)?;
    let planes = guarded(CODEC, || planes(layout, coded))?;
    let samples = if head.precision > 8 {
        Samples::Sixteen(planes.into_iter().map(|sample| sample as u16).collect())
    } else {
        Samples::Eight(planes.into_iter().map(|sample| sample as u8).collect())
    };
    let says_ybr = matches!(
        layout.photometric,
        Photometric::YbrFull | Photometric::YbrFull422
    );
    Ok(Decoded {
        samples,
        planar: true,
        ybr: says_ybr && !head.has_colour_transform,
    })
}

/// Some writers wrap the code stream in a JP2 file, which DICOM does not allow (PS3.5 Annex A.4.4).
fn code_stream(coded: &[u8]) -> &[u8] {
    const JP2: &[u8] = &[0, 0, 0, 12, b'j', b'P', b' ', b' '];
    const START: &[u8] = &[0xFF, 0x4F, 0xFF, 0x51];
    if !coded.starts_with(JP2) {
        return coded;
    }
    coded
        .windows(START.len())
        .position(|four| four == START)
        .and_then(|at| coded.get(at..))
        .unwrap_or(coded)
}

/// All components, one after the other. Strict: a code stream that was cut off gives no picture.
fn planes(layout: &PixelLayout, coded: &[u8]) -> Result<Vec<i32>, String> {
    let strict = DecodeParameters::new().strict(true);
    let image = Image::from_bytes_with(coded, strict).map_err(|error| error.to_string())?;
    let mut planes = Vec::with_capacity(layout.pixels() * usize::from(layout.samples_per_pixel));
    for component in image.components() {
        if (component.width(), component.height()) != (layout.columns, layout.rows) {
            return Err("a component has another size than the picture".into());
        }
        // OpenJPEG fails when a component was not decoded, so its data is there.
        planes.extend_from_slice(component.data());
    }
    Ok(planes)
}
