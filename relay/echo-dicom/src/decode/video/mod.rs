//! Frames of an H.264 video as pictures, by the openh264 crate.
//!
//! ```text
//! VideoTrack ─► parameters (size, colour)     checked against the header first
//! stored unit ─► units (one picture, nothing else) ─► decoder ─► colour ─► Picture
//! ```
//!
//! A frame stands on the frames before it, so `pixels` keeps a decoder where it is: the next frame costs one, going back begins at a
//! key frame. Invariants: the decoder, which is C, gets parameter sets that were read here before and units of one picture each; what
//! it keeps is bounded by a level of the standard; after any error it is thrown away; it conceals nothing, so what stands on something
//! missing is an error and no picture.

mod bits;
mod colour;
mod parameters;
mod pixels;
mod units;

pub(crate) use pixels::VideoPixels;

use crate::error::ClipError;

const CODEC: &str = "H.264";

fn fault<T>(why: impl Into<String>) -> Result<T, ClipError> {
    Err(ClipError::decode(CODEC, why))
}
