//! Unique identifiers that follow from the seed.
//!
//! Owns: DICOM UIDs under 2.25 (PS3.5 Annex B.2: a UUID as one decimal number). Invariant: the same
//! request gives the same UID, a different one another.

use crate::math::Rng;
use crate::spec::ClipSpec;

/// SOP Instance UID of a clip.
pub(crate) fn instance(spec: &ClipSpec) -> String {
    from_bits(spec.fingerprint())
}

/// Study Instance UID shared by all clips of a seed.
pub(crate) fn study(seed: u64) -> String {
    drawn(seed, 0x57)
}

/// Series Instance UID shared by all clips of a seed.
pub(crate) fn series(seed: u64) -> String {
    drawn(seed, 0x5E)
}

fn drawn(seed: u64, purpose: u64) -> String {
    let mut rng = Rng::new(seed, purpose);
    from_bits((u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64()))
}

/// Marks the bits as a UUID of version 8 (custom, RFC 9562) and writes the number.
fn from_bits(bits: u128) -> String {
    let version = (bits & !(0xF << 76)) | (0x8 << 76);
    let variant = (version & !(0x3 << 62)) | (0x2 << 62);
    format!("2.25.{variant}")
}
