//! RTP payloads that look like H.264 from an encoder, or like Opus, to anyone who reads no deeper than their heads.
//!
//! Owns the payloads: parameter sets and an IDR picture on demand, else fragments of one non-IDR slice per picture
//! (RFC 6184 §5.8). Each payload of a fragment carries its packet number, so that a receiver can find when it was sent.

use bytes::{BufMut, Bytes, BytesMut};

/// FU-A with NRI 2 (RFC 6184 §5.8).
const FU_INDICATOR: u8 = 0x5c;
/// NAL unit types.
const NON_IDR: u8 = 1;
const IDR: u8 = 5;
/// Start and end bits of the FU header.
const FU_START: u8 = 0x80;
const FU_END: u8 = 0x40;
/// Sequence parameter set: constrained baseline, level 3.1, 800x600.
const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1f, 0xda, 0x03, 0x20, 0x4d, 0xfe, 0x78, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40,
    0x00, 0x00, 0x0f, 0x23, 0xc6, 0x0c, 0xa8,
];
/// Picture parameter set.
const PPS: &[u8] = &[0x68, 0xce, 0x3c, 0x80];
/// A voice of 32 kbit/s in packets of 20 ms, and their length in its clock of 48 kHz (RFC 7587 §4.1).
const VOICE_BYTES: usize = 80;
pub(crate) const VOICE_TICKS: u32 = 960;
/// Opus' first byte: wideband speech, 20 ms, one channel, one frame (RFC 6716 §3.1).
const VOICE_HEAD: u8 = 0x48;
/// Where the packet number stands in a fragment's payload.
const NUMBER_AT: usize = 20;

/// STAP-A of both parameter sets (RFC 6184 §5.7.1).
pub(crate) fn parameter_sets() -> Bytes {
    let mut payload = BytesMut::new();
    payload.put_u8(0x78);
    for unit in [SPS, PPS] {
        payload.put_u16(u16::try_from(unit.len()).unwrap_or(0));
        payload.put_slice(unit);
    }
    payload.freeze()
}

/// Fragment `at` of `of` of one picture, `bytes` long, carrying `number`.
pub(crate) fn fragment(at: u16, of: u16, keyframe: bool, bytes: usize, number: u64) -> Bytes {
    let mut payload = BytesMut::with_capacity(bytes);
    payload.put_u8(FU_INDICATOR);
    let edge = if at == 0 { FU_START } else { 0 } | if at + 1 == of { FU_END } else { 0 };
    payload.put_u8(edge | if keyframe { IDR } else { NON_IDR });
    // first_mb_in_slice = 0 as Exp-Golomb: a whole picture begins here.
    payload.put_u8(0x88);
    payload.resize(NUMBER_AT, 0xab);
    payload.put_u64(number);
    payload.resize(bytes.max(payload.len()), 0xab);
    payload.freeze()
}

/// The number of a fragment; `None` for parameter sets.
pub(crate) fn number(payload: &[u8]) -> Option<u64> {
    if payload.first() != Some(&FU_INDICATOR) {
        return None;
    }
    let bytes = payload.get(NUMBER_AT..NUMBER_AT + 8)?;
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

/// A packet of voice that carries `number`; nobody decodes it.
pub(crate) fn voice(number: u64) -> Bytes {
    let mut payload = BytesMut::with_capacity(VOICE_BYTES);
    payload.put_u8(VOICE_HEAD);
    payload.put_u64(number);
    payload.resize(VOICE_BYTES, 0xab);
    payload.freeze()
}

/// The number of a packet of voice.
pub(crate) fn voice_number(payload: &[u8]) -> Option<u64> {
    let number = payload.strip_prefix(&[VOICE_HEAD])?.get(..8)?;
    Some(u64::from_be_bytes(number.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_gives_its_number_back() {
        let fragment = fragment(0, 13, true, 1_100, 0x0102_0304_0506_0708);
        assert_eq!(fragment.len(), 1_100);
        assert_eq!(number(&fragment), Some(0x0102_0304_0506_0708));
        assert_eq!(number(&parameter_sets()), None);
        assert_eq!(voice_number(&voice(77)), Some(77));
    }
}
