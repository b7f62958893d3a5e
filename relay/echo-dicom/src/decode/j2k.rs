//! JPEG 2000 frames by OpenJPEG.
//!
//! Owns the step from OpenJPEG's components to samples. OpenJPEG undoes the transform that the code stream
//! names (YBR_RCT, YBR_ICT), so the result is RGB unless the clip says YBR_FULL and no transform was used.

use jpeg2k::{DecodeParameters, Image};

use super::guarded;
use super::j2k_head;
use super::painter::Painter;
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::picture::Photometric;

const CODEC: &str = "JPEG 2000";

pub(super) fn decode(
    layout: &PixelLayout,
    coded: Vec<u8>,
    painter: &mut Painter<'_>,
) -> Result<(), ClipError> {
    let stream = code_stream(&coded);
    let head = j2k_head::read(CODEC, layout, stream)?;
    let image = guarded(CODEC, || image(layout, stream))?;
    drop(coded);
    let says_ybr = matches!(
        layout.photometric,
        Photometric::YbrFull | Photometric::YbrFull422
    );
    painter.set_ybr(says_ybr && !head.has_colour_transform);
    // OpenJPEG fails when a component was not decoded, so its data is there.
    let planes: Vec<&[i32]> = image.components().iter().map(|one| one.data()).collect();
    if head.precision > 8 {
        paint(
            layout,
            &planes,
            |sample| sample as u16,
            |row| painter.sixteen(row),
        )
    } else {
        paint(
            layout,
            &planes,
            |sample| sample as u8,
            |row| painter.eight(row),
        )
    }
}

/// Takes each row from its planes.
fn paint<T: Copy + Default>(
    layout: &PixelLayout,
    planes: &[&[i32]],
    cut: impl Fn(i32) -> T,
    mut row: impl FnMut(&[T]) -> Result<(), ClipError>,
) -> Result<(), ClipError> {
    let (columns, samples) = (layout.columns as usize, planes.len());
    let mut pixels = vec![T::default(); columns * samples];
    for at in 0..layout.rows as usize {
        for (colour, plane) in planes.iter().enumerate() {
            let plane = plane.get(at * columns..).unwrap_or_default();
            let places = pixels.iter_mut().skip(colour).step_by(samples);
            for (place, sample) in places.zip(plane) {
                *place = cut(*sample);
            }
        }
        row(&pixels)?;
    }
    Ok(())
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

/// Strict: a code stream that was cut off gives no picture.
fn image(layout: &PixelLayout, coded: &[u8]) -> Result<Image, String> {
    let strict = DecodeParameters::new().strict(true);
    let image = Image::from_bytes_with(coded, strict).map_err(|error| error.to_string())?;
    let components = image.components();
    if components.len() != usize::from(layout.samples_per_pixel) {
        return Err("the picture has another number of components than the header says".into());
    }
    for component in components {
        if (component.width(), component.height()) != (layout.columns, layout.rows) {
            return Err("a component has another size than the picture".into());
        }
    }
    Ok(image)
}
