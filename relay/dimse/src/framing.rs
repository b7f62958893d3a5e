//! From bytes to PDUs (PS3.8 section 9.3), one at a time.
//!
//! Owns the bytes that wait to become a whole PDU, and the bound of each kind: it is checked on the head, before anything is made
//! room for. What a PDU means is others' business. Invariant: it never holds more than one PDU and what one read brought.

use crate::limits::MAX_PDU_BYTES;
use bytes::BytesMut;
use dicom_ul::pdu::{Pdu, read_pdu};

/// Type, reserved byte and length.
const HEAD_BYTES: usize = 6;
/// Kind of the record that TLS begins with; no PDU has it.
const TLS_HANDSHAKE: u8 = 0x16;
/// Read at once, at least.
const READ_BYTES: usize = 64 * 1024;

/// What a fragment adds to its bytes within a PDU: length, presentation context and control header (PS3.8 section 9.3.5.1).
const FRAGMENT_HEAD_BYTES: u32 = 6;
/// The least that a peer's announced length is taken for.
const LEAST_PDU_BYTES: u32 = 128;

/// Bytes of a fragment that fits into a PDU of a peer that takes so long ones; 0 means any (PS3.8 Annex D.1).
pub(crate) fn fragment_bytes(longest_pdu: u32) -> usize {
    let longest = match longest_pdu {
        0 => MAX_PDU_BYTES,
        longest => longest.clamp(LEAST_PDU_BYTES, MAX_PDU_BYTES),
    };
    (longest - FRAGMENT_HEAD_BYTES) as usize
}

/// Writes a P-DATA-TF PDU of one fragment (PS3.8 sections 9.3.5 and Annex E.2).
pub(crate) fn put_fragment(
    out: &mut Vec<u8>,
    context: u8,
    is_command: bool,
    is_last: bool,
    bytes: &[u8],
) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX - FRAGMENT_HEAD_BYTES);
    out.extend_from_slice(&[0x04, 0]);
    out.extend_from_slice(&(length + FRAGMENT_HEAD_BYTES).to_be_bytes());
    out.extend_from_slice(&(length + 2).to_be_bytes());
    out.extend_from_slice(&[context, u8::from(is_command) | u8::from(is_last) << 1]);
    out.extend_from_slice(bytes);
}

/// Writes a command set or a data set in as many fragments as it takes.
pub(crate) fn put_whole(
    out: &mut Vec<u8>,
    (context, most): (u8, usize),
    is_command: bool,
    bytes: &[u8],
) {
    let mut pieces = bytes.chunks(most).peekable();
    if bytes.is_empty() {
        put_fragment(out, context, is_command, true, bytes);
    }
    while let Some(piece) = pieces.next() {
        put_fragment(out, context, is_command, pieces.peek().is_none(), piece);
    }
}

/// These bytes are no PDU that we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum FrameFault {
    /// No such kind.
    #[error("no PDU begins like this")]
    Unknown,
    /// A handshake record of TLS (RFC 8446 section 5.1).
    #[error("TLS begins like this, and no PDU")]
    Tls,
    /// Longer, or of another length, than its kind may be.
    #[error("a PDU declares a length that its kind cannot have")]
    Length,
    /// Its inside contradicts itself.
    #[error("a PDU's items contradict its length")]
    Broken,
}

/// What has come and is no whole PDU yet.
#[derive(Debug, Default)]
pub(crate) struct Framing {
    held: BytesMut,
}

impl Framing {
    /// Where the next bytes go.
    pub(crate) fn room(&mut self) -> &mut BytesMut {
        self.held.reserve(READ_BYTES);
        &mut self.held
    }

    /// The next PDU; none when more bytes are needed.
    ///
    /// # Errors
    /// `FrameFault`; then nothing that follows can be understood.
    pub(crate) fn next(&mut self) -> Result<Option<Pdu>, FrameFault> {
        let Some(&[kind, _, a, b, c, d]) = self.held.first_chunk::<HEAD_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([a, b, c, d]);
        match kind {
            0x01 | 0x02 | 0x04 if length <= MAX_PDU_BYTES => {}
            // Rejection, release and abort have nothing that varies.
            0x03 | 0x05..=0x07 if length == 4 => {}
            0x01..=0x07 => return Err(FrameFault::Length),
            TLS_HANDSHAKE => return Err(FrameFault::Tls),
            _ => return Err(FrameFault::Unknown),
        }
        let whole = HEAD_BYTES + length as usize;
        if self.held.len() < whole {
            self.held.reserve(whole - self.held.len());
            return Ok(None);
        }
        let bytes = self.held.split_to(whole).freeze();
        match read_pdu(bytes, MAX_PDU_BYTES, true) {
            Ok(Some(pdu)) => Ok(Some(pdu)),
            Ok(None) | Err(_) => Err(FrameFault::Broken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_ul::pdu::{PDataValue, PDataValueType, write_pdu};
    use proptest::prelude::*;

    fn value(bytes: usize) -> PDataValue {
        PDataValue {
            presentation_context_id: 1,
            value_type: PDataValueType::Data,
            is_last: false,
            data: vec![7; bytes],
        }
    }

    fn written(pdu: &Pdu) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_pdu(&mut bytes, pdu).unwrap();
        bytes
    }

    fn samples() -> Vec<Pdu> {
        vec![
            crate::negotiation::tests::request("VSCAN", "HIBIKI"),
            Pdu::PData {
                data: vec![value(1), value(0), value(9_000)],
            },
            Pdu::PData {
                data: (0..10_000).map(|_| value(1)).collect(),
            },
            Pdu::ReleaseRQ,
        ]
    }

    #[test]
    fn a_fragment_is_written_as_the_library_writes_it() {
        for (is_command, is_last) in [(true, true), (false, false), (false, true)] {
            let mut ours = Vec::new();
            put_fragment(&mut ours, 3, is_command, is_last, b"abc");
            let theirs = PDataValue {
                presentation_context_id: 3,
                value_type: if is_command {
                    PDataValueType::Command
                } else {
                    PDataValueType::Data
                },
                is_last,
                data: b"abc".to_vec(),
            };
            assert_eq!(ours, written(&Pdu::PData { data: vec![theirs] }));
        }
        assert_eq!(fragment_bytes(16_384), 16_378);
        assert_eq!(fragment_bytes(0), fragment_bytes(u32::MAX));
        assert_eq!(fragment_bytes(1), 122);
    }

    #[test]
    fn a_length_that_lies_is_refused_on_its_head() {
        for (head, fault) in [
            ([0x04, 0, 0xFF, 0xFF, 0xFF, 0xFF], FrameFault::Length),
            ([0x01, 0, 0, 2, 0, 1], FrameFault::Length),
            ([0x05, 0, 0, 0, 0, 5], FrameFault::Length),
            ([0x09, 0, 0, 0, 0, 4], FrameFault::Unknown),
            (*b"GET / ", FrameFault::Unknown),
        ] {
            let mut framing = Framing::default();
            framing.room().extend_from_slice(&head);
            assert_eq!(framing.next(), Err(fault), "{head:?}");
        }
        // A fragment that is longer than the PDU around it (PS3.8 Table 9-23).
        let mut framing = Framing::default();
        let lies = [0x04, 0, 0, 0, 0, 8, 0, 0, 0, 99, 1, 0, 1, 2];
        framing.room().extend_from_slice(&lies);
        assert_eq!(framing.next(), Err(FrameFault::Broken));
    }

    proptest! {
        #[test]
        fn pdus_come_out_whole_wherever_the_bytes_were_cut(cuts in prop::collection::vec(1_usize..40_000, 1..40)) {
            let samples = samples();
            let bytes: Vec<u8> = samples.iter().flat_map(written).collect();
            let (mut framing, mut left, mut out) = (Framing::default(), bytes.as_slice(), Vec::new());
            for cut in cuts.iter().cycle() {
                let (now, later) = left.split_at((*cut).min(left.len()));
                framing.room().extend_from_slice(now);
                while let Some(pdu) = framing.next().unwrap() {
                    out.push(pdu);
                }
                left = later;
                if left.is_empty() {
                    break;
                }
            }
            prop_assert!(out == samples);
        }

        #[test]
        fn spoilt_bytes_never_panic(at in prop::collection::vec((0_usize..600, any::<u8>()), 1..8)) {
            let mut bytes: Vec<u8> = written(&crate::negotiation::tests::request("VSCAN", "HIBIKI"));
            bytes.extend(written(&Pdu::PData { data: vec![value(3), value(50)] }));
            for (at, byte) in at {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let mut framing = Framing::default();
            framing.room().extend_from_slice(&bytes);
            while let Ok(Some(_)) = framing.next() {}
        }

        #[test]
        fn any_bytes_never_panic(kind in 1_u8..8, inside in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut framing = Framing::default();
            let length = u32::try_from(inside.len()).unwrap();
            framing.room().extend_from_slice(&[kind, 0]);
            framing.room().extend_from_slice(&length.to_be_bytes());
            framing.room().extend_from_slice(&inside);
            while let Ok(Some(_)) = framing.next() {}
        }
    }
}
