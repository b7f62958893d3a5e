//! Access units out of RTP payloads (RFC 6184), in the one spelling that journal and recording share.
//!
//! Owns that spelling: each NAL unit behind a start code of four bytes, as it travelled, in order; delimiters and filler,
//! which no RTP sender of ours sends, are left out. The agent builds its journal from the very payloads that it sends, the
//! relay from those that arrived, so equal frames are equal bytes whatever the encoder wrote between them. Payloads are
//! foreign bytes: lengths are checked, nothing is decoded, and a frame with anything wrong in it is no frame.

use crate::format::MAX_UNIT_BYTES;

/// Stands before each NAL unit (ITU-T H.264 annex B).
const START_CODE: [u8; 4] = [0, 0, 0, 1];
/// NAL unit types (ITU-T H.264 table 7-1, RFC 6184 table 1).
const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;
const DELIMITER: u8 = 9;
const FILLER: u8 = 12;
const LAST_SINGLE: u8 = 23;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
/// Of the first byte of a NAL unit: it was damaged on the way (RFC 6184 §1.3).
const FORBIDDEN: u8 = 0x80;
/// Of the second byte of a fragment.
const FIRST: u8 = 0x80;
const LAST: u8 = 0x40;
const TYPE: u8 = 0x1f;

/// A whole access unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Annex B.
    pub bytes: Vec<u8>,
    /// Whether decoding can start here: both parameter sets and an IDR slice.
    pub keyframe: bool,
    /// profile_idc, constraint flags and level_idc, when it brings a sequence parameter set.
    pub profile_level: Option<[u8; 3]>,
}

/// Builds one access unit after the other.
#[derive(Debug, Default)]
pub struct UnitBuilder {
    bytes: Vec<u8>,
    /// A NAL unit in fragments has begun and not ended.
    is_in_fragments: bool,
    /// Something was wrong in this one.
    is_spoilt: bool,
    has_idr: bool,
    has_pps: bool,
    profile_level: Option<[u8; 3]>,
}

impl UnitBuilder {
    /// Takes the next payload of the access unit.
    pub fn add(&mut self, payload: &[u8]) {
        let taken = self.bytes.len() + payload.len() <= MAX_UNIT_BYTES;
        if !(taken && self.take(payload).is_some()) {
            self.is_spoilt = true;
        }
    }

    /// Ends the access unit; nothing when it is not whole.
    pub fn finish(&mut self) -> Option<Unit> {
        let done = std::mem::take(self);
        if done.is_spoilt || done.is_in_fragments || done.bytes.is_empty() {
            return None;
        }
        Some(Unit {
            keyframe: done.has_idr && done.has_pps && done.profile_level.is_some(),
            profile_level: done.profile_level,
            bytes: done.bytes,
        })
    }

    /// Nothing when the payload is none.
    fn take(&mut self, payload: &[u8]) -> Option<()> {
        let (header, rest) = payload.split_first()?;
        let kind = header & TYPE;
        if header & FORBIDDEN != 0 || (self.is_in_fragments && kind != FU_A) {
            return None;
        }
        match kind {
            1..=LAST_SINGLE => self.single(payload),
            STAP_A => self.aggregate(rest),
            FU_A => self.fragment(*header, rest),
            // Interleaved modes, which nobody of ours negotiates (RFC 7742 §6.2).
            _ => None,
        }
    }

    fn single(&mut self, nal: &[u8]) -> Option<()> {
        let (header, rest) = nal.split_first()?;
        let kind = header & TYPE;
        if matches!(kind, DELIMITER | FILLER) {
            return Some(());
        }
        if kind == SPS {
            self.profile_level = Some(*rest.first_chunk()?);
        }
        self.note(kind);
        self.bytes.extend_from_slice(&START_CODE);
        self.bytes.extend_from_slice(nal);
        Some(())
    }

    fn note(&mut self, kind: u8) {
        self.has_idr |= kind == IDR;
        self.has_pps |= kind == PPS;
    }

    /// `length, NAL unit` pairs (RFC 6184 §5.7.1).
    fn aggregate(&mut self, mut units: &[u8]) -> Option<()> {
        while !units.is_empty() {
            let (length, rest) = units.split_first_chunk()?;
            let (nal, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            let header = nal.first()?;
            if header & FORBIDDEN != 0 || !(1..=LAST_SINGLE).contains(&(header & TYPE)) {
                return None;
            }
            self.single(nal)?;
            units = rest;
        }
        Some(())
    }

    /// A part of a NAL unit (RFC 6184 §5.8).
    fn fragment(&mut self, indicator: u8, rest: &[u8]) -> Option<()> {
        let (fu, part) = rest.split_first()?;
        let (is_first, is_last, kind) = (fu & FIRST != 0, fu & LAST != 0, fu & TYPE);
        // One that is first and last at once is no fragment; parameter sets are never so long.
        if is_first == self.is_in_fragments
            || (is_first && is_last)
            || matches!(kind, SPS | PPS | DELIMITER | FILLER)
        {
            return None;
        }
        if is_first {
            self.note(kind);
            self.bytes.extend_from_slice(&START_CODE);
            self.bytes.push((indicator & !TYPE) | kind);
        }
        self.bytes.extend_from_slice(part);
        self.is_in_fragments = !is_last;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unit(payloads: &[&[u8]]) -> Option<Unit> {
        let mut builder = UnitBuilder::default();
        for payload in payloads {
            builder.add(payload);
        }
        builder.finish()
    }

    #[test]
    fn a_keyframe_in_three_kinds_of_payloads_becomes_one_spelling() {
        let stap = [0x78, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 2, 0x68, 3];
        let whole = unit(&[
            &stap,
            &[0x7c, 0x85, 1, 2],
            &[0x7c, 0x05, 3],
            &[0x7c, 0x45, 4],
        ])
        .unwrap();
        let spelling = [
            &[0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f][..],
            &[0, 0, 0, 1, 0x68, 3],
            &[0, 0, 0, 1, 0x65, 1, 2, 3, 4],
        ];
        assert_eq!(whole.bytes, spelling.concat());
        assert!(whole.keyframe);
        assert_eq!(whole.profile_level, Some([0x42, 0xe0, 0x1f]));
        let singles = unit(&[
            &[0x09, 0xf0],
            &[0x67, 0x42, 0xe0, 0x1f],
            &[0x68, 3],
            &[0x0c, 0xff],
            &[0x65, 1, 2, 3, 4],
        ]);
        assert_eq!(singles.unwrap(), whole, "whatever it travelled in");
        assert!(!unit(&[&[0x61, 1]]).unwrap().keyframe);
    }

    #[test]
    fn what_is_not_whole_is_no_frame() {
        for (payloads, why) in [
            (&[&[0x7c, 0x85, 1][..]][..], "its last part is missing"),
            (&[&[0x7c, 0x45, 1]], "its first part is missing"),
            (
                &[&[0x7c, 0x85, 1], &[0x61, 1], &[0x7c, 0x45, 1]],
                "something lies between",
            ),
            (&[&[0x7c, 0xc5, 1]], "first and last at once"),
            (&[&[0x78, 0, 9, 0x65]], "a length past the end"),
            (&[&[0x78, 0, 1, 0x78]], "an aggregate in an aggregate"),
            (&[&[0xe1, 1]], "damaged on the way"),
            (&[&[0x61, 1], &[0x79, 0, 0]], "a kind that was not agreed"),
            (&[&[0x61, 1], &[]], "an empty payload"),
            (&[&[0x09, 0xf0]], "a delimiter alone"),
            (&[], "nothing"),
        ] {
            assert_eq!(unit(payloads), None, "{why}");
        }
    }

    #[test]
    fn after_one_that_is_spoilt_the_next_one_is_whole() {
        let mut builder = UnitBuilder::default();
        builder.add(&[0x7c, 0x85, 1]);
        assert_eq!(builder.finish(), None);
        builder.add(&[0x61, 7]);
        assert_eq!(builder.finish().unwrap().bytes, [0, 0, 0, 1, 0x61, 7]);
    }

    #[test]
    fn no_frame_grows_beyond_what_a_record_holds() {
        let mut builder = UnitBuilder::default();
        let piece = [&[0x7c, 0x05][..], &[9; 1 << 20]].concat();
        builder.add(&[0x7c, 0x85, 1]);
        (0..9).for_each(|_| builder.add(&piece));
        builder.add(&[0x7c, 0x45, 1]);
        assert_eq!(builder.finish(), None);
    }

    proptest! {
        #[test]
        fn no_payload_breaks_it(payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..8)) {
            let mut builder = UnitBuilder::default();
            for payload in &payloads {
                builder.add(payload);
            }
            if let Some(unit) = builder.finish() {
                prop_assert!(unit.bytes.starts_with(&START_CODE));
            }
        }
    }
}
