//! RLE Lossless (PS3.5 Annex G), written here because the crates trust the segment count of a hostile header.
//!
//! Owns the segment table and the PackBits runs. Output is allocated from the clip's checked size, never from
//! the header; a segment that is short of its plane is an error, because a half picture must not look whole.

use super::samples::{Decoded, Samples};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::limits::MAX_RLE_SEGMENTS;
use crate::picture::Photometric;

const CODEC: &str = "RLE";
const HEADER_BYTES: usize = 64;

pub(super) fn decode(layout: &PixelLayout, coded: &[u8]) -> Result<Decoded, ClipError> {
    if matches!(
        layout.photometric,
        Photometric::YbrRct | Photometric::YbrIct
    ) {
        return Err(ClipError::decode(
            CODEC,
            "a JPEG 2000 colour transform in an RLE clip",
        ));
    }
    let bytes_per_sample = layout.bytes_per_sample();
    let segments = segments(
        coded,
        usize::from(layout.samples_per_pixel) * bytes_per_sample,
    )?;
    let mut planes = Vec::with_capacity(layout.frame_bytes());
    for (number, segment) in segments.iter().enumerate() {
        unpack(segment, layout.pixels(), &mut planes)
            .map_err(|fault| ClipError::decode(CODEC, format!("segment {} {fault}", number + 1)))?;
    }
    let samples = match bytes_per_sample {
        1 => Samples::Eight(planes),
        _ => Samples::Sixteen(join_bytes(&planes, layout.pixels())),
    };
    let ybr = matches!(
        layout.photometric,
        Photometric::YbrFull | Photometric::YbrFull422
    );
    Ok(Decoded {
        samples,
        planar: true,
        ybr,
    })
}

/// The segments that the header names, each checked to lie inside the frame (section G.5).
fn segments(coded: &[u8], wanted: usize) -> Result<Vec<&[u8]>, ClipError> {
    let Some(header) = coded.get(..HEADER_BYTES) else {
        return Err(ClipError::decode(CODEC, "the header is cut off"));
    };
    let mut words = header
        .as_chunks::<4>()
        .0
        .iter()
        .map(|word| u32::from_le_bytes(*word));
    let count = words.next().unwrap_or(0);
    if !(1..=MAX_RLE_SEGMENTS).contains(&count) {
        return Err(ClipError::decode(
            CODEC,
            format!("the header declares {count} segments"),
        ));
    }
    if count as usize != wanted {
        let fault = format!("the header declares {count} segments, the picture needs {wanted}");
        return Err(ClipError::decode(CODEC, fault));
    }
    let starts: Vec<usize> = words.take(wanted).map(|offset| offset as usize).collect();
    let ends = starts
        .iter()
        .skip(1)
        .copied()
        .chain(std::iter::once(coded.len()));
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(from, to)| coded.get(from..to).filter(|_| from >= HEADER_BYTES))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| ClipError::decode(CODEC, "the segment offsets do not rise inside the frame"))
}

/// Appends one plane of `wanted` bytes (section G.3.2). Behind it only padding may follow: more samples mean
/// that the header's Rows or Columns are wrong.
fn unpack(segment: &[u8], wanted: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let end = out.len() + wanted;
    let mut rest = segment;
    while out.len() < end {
        let left = end - out.len();
        rest = run(rest, left, out)
            .ok_or_else(|| format!("holds {} of {wanted} samples", wanted - left))?;
    }
    if rest.iter().any(|byte| !matches!(byte, 0 | 128)) {
        return Err(format!("holds more than {wanted} samples"));
    }
    Ok(())
}

/// Unpacks one run, at most `left` bytes of it, and gives what follows; `None` if the run is cut off.
fn run<'a>(segment: &'a [u8], left: usize, out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (&control, after) = segment.split_first()?;
    match control {
        0..=127 => {
            let (literal, after) = after.split_at_checked(usize::from(control) + 1)?;
            out.extend_from_slice(literal.get(..left).unwrap_or(literal));
            Some(after)
        }
        128 => Some(after),
        129..=255 => {
            let (&value, after) = after.split_first()?;
            let len = (257 - usize::from(control)).min(left);
            out.resize(out.len() + len, value);
            Some(after)
        }
    }
}

/// Sixteen-bit samples come as a plane of high bytes, then a plane of low bytes (section G.2).
fn join_bytes(planes: &[u8], pixels: usize) -> Vec<u16> {
    planes
        .chunks_exact(pixels * 2)
        .flat_map(|pair| {
            let (high, low) = pair.split_at(pixels);
            high.iter()
                .zip(low)
                .map(|(high, low)| u16::from_be_bytes([*high, *low]))
        })
        .collect()
}
