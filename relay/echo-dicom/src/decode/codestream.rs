//! What the JPEG family's code streams have in common: markers, and the picture they claim to hold.
//!
//! Owns walking marker segments (ISO 10918-1 Annex B) and the comparison with the clip's header. Foreign
//! decoders are only called once this agreed, so that no code stream makes them allocate for another picture.

use crate::error::ClipError;
use crate::header::PixelLayout;

/// Marker, content and end of the segment at `at`; fill bytes before the marker are skipped.
pub(super) fn segment(coded: &[u8], at: usize) -> Option<(u8, &[u8], usize)> {
    let rest = coded.get(at..)?;
    let fill = rest.iter().take_while(|byte| **byte == 0xFF).count();
    let marker = *rest.get(fill)?;
    let start = at + fill + 1;
    if fill == 0 {
        return None;
    }
    if matches!(marker, 0x01 | 0xD0..=0xD9) {
        return Some((marker, &[], start));
    }
    let len = usize::from(u16::from_be_bytes(
        coded.get(start..start + 2)?.try_into().ok()?,
    ));
    Some((
        marker,
        coded.get(start + 2..start + len.max(2))?,
        start + len.max(2),
    ))
}

/// Size and components must be those of the clip.
pub(super) fn same_picture(
    codec: &'static str,
    layout: &PixelLayout,
    width: u32,
    height: u32,
    components: usize,
) -> Result<(), ClipError> {
    if (width, height) != (layout.columns, layout.rows) {
        let fault = format!(
            "the coded picture is {width} x {height}, the header says {} x {}",
            layout.columns, layout.rows
        );
        return Err(ClipError::decode(codec, fault));
    }
    if components != usize::from(layout.samples_per_pixel) {
        let fault = format!(
            "the coded picture has {components} components, the header says {}",
            layout.samples_per_pixel
        );
        return Err(ClipError::decode(codec, fault));
    }
    Ok(())
}
