//! Three-sample pictures: depth, order and YBR to RGB (PS3.3 section C.7.6.3.1.2).
//!
//! Owns the one place where colour is converted. Input is a row of any three-sample frame that a codec made; output is
//! canonical R, G, B.

use crate::header::PixelLayout;

/// A row of three-sample pixels of eight bits, behind what `out` has.
pub(super) fn eight(layout: &PixelLayout, ybr: bool, row: &[u8], out: &mut Vec<u8>) {
    if layout.bits_stored == 8 && layout.high_bit == 7 {
        let begin = out.len();
        out.extend_from_slice(row);
        to_rgb(ybr, begin, out);
    } else {
        deep(layout, ybr, row.iter().map(|sample| (*sample).into()), out);
    }
}

/// The same of sixteen bits, or of fewer than are stored.
pub(super) fn deep(
    layout: &PixelLayout,
    ybr: bool,
    row: impl Iterator<Item = u16>,
    out: &mut Vec<u8>,
) {
    let begin = out.len();
    out.extend(row.map(|sample| to_eight(layout, sample)));
    to_rgb(ybr, begin, out);
}

fn to_rgb(ybr: bool, begin: usize, out: &mut [u8]) {
    if ybr && let Some(row) = out.get_mut(begin..) {
        ybr_to_rgb(row);
    }
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
