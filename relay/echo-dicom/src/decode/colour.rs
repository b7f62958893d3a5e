//! Three-sample pictures: depth, order and YBR to RGB (PS3.3 section C.7.6.3.1.2).
//!
//! Owns the one place where colour is converted. Input is any three-sample frame a codec made; output is
//! canonical R, G, B rows.

use super::samples::{Decoded, Samples};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::picture::{Picture, PixelForm};

pub(super) fn finish(layout: &PixelLayout, decoded: Decoded) -> Result<Picture, ClipError> {
    let pixels = layout.pixels();
    if decoded.samples.len() != pixels * 3 {
        return Err(ClipError::decode(
            "colour",
            "the frame has another size than the header says",
        ));
    }
    let mut rows = match decoded.samples {
        Samples::Eight(samples) if layout.bits_stored == 8 && layout.high_bit == 7 => samples,
        Samples::Eight(samples) => samples
            .into_iter()
            .map(|sample| to_eight(layout, sample.into()))
            .collect(),
        Samples::Sixteen(samples) => samples
            .into_iter()
            .map(|sample| to_eight(layout, sample))
            .collect(),
    };
    if decoded.planar {
        rows = interleave(&rows, pixels);
    }
    if decoded.ybr {
        ybr_to_rgb(&mut rows);
    }
    Ok(Picture {
        width: layout.columns,
        height: layout.rows,
        form: PixelForm::Rgb8,
        rows,
    })
}

/// Cuts a sample to its stored bits and scales it to eight.
fn to_eight(layout: &PixelLayout, sample: u16) -> u8 {
    let bits = u32::from(layout.bits_stored);
    let value = u32::from(sample >> (layout.high_bit + 1 - layout.bits_stored)) & ((1 << bits) - 1);
    if bits >= 8 {
        (value >> (bits - 8)) as u8
    } else {
        (value * 255 / ((1 << bits) - 1)) as u8
    }
}

fn interleave(planes: &[u8], pixels: usize) -> Vec<u8> {
    let (first, others) = planes.split_at(pixels);
    let (second, third) = others.split_at(pixels);
    let mut rows = Vec::with_capacity(planes.len());
    for ((a, b), c) in first.iter().zip(second).zip(third) {
        rows.extend_from_slice(&[*a, *b, *c]);
    }
    rows
}

/// Full-range YCbCr to RGB in 16.16 fixed point, in place.
fn ybr_to_rgb(rows: &mut [u8]) {
    /// 1.402, 0.344136, 0.714136 and 1.772 times 65,536.
    const RED_FROM_CR: i32 = 91_881;
    const GREEN_FROM_CB: i32 = 22_554;
    const GREEN_FROM_CR: i32 = 46_802;
    const BLUE_FROM_CB: i32 = 116_130;
    const HALF: i32 = 1 << 15;
    for pixel in rows.as_chunks_mut::<3>().0 {
        let [y, cb, cr] = pixel.map(i32::from);
        let (y, cb, cr) = ((y << 16) + HALF, cb - 128, cr - 128);
        *pixel = [
            clamp(y + RED_FROM_CR * cr),
            clamp(y - GREEN_FROM_CB * cb - GREEN_FROM_CR * cr),
            clamp(y + BLUE_FROM_CB * cb),
        ];
    }
}

fn clamp(fixed: i32) -> u8 {
    (fixed >> 16).clamp(0, 255) as u8
}
