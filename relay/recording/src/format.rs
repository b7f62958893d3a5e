//! The form of a segment, byte by byte. Numbers are big-endian. This is version 1.
//!
//! ```text
//! segment: header, the same header again, record, record, ... The second copy saves the segment when the first is spoilt.
//!
//! header   0  8  "HIBIKIR1"; the last character is the version
//!          8 16  stream
//!         24  4  salt: every checksum of the records begins with it
//!         28  1  lane: 1 live, 2 fill
//!         29  1  codec: 1 H.264 in Annex B, 2 Opus
//!         30  3  profile_idc, constraint flags, level_idc (RFC 6184 §8.1); zero for Opus
//!         33  1  zero
//!         34  2  width
//!         36  2  height
//!         38  4  number of the segment
//!         42  8  sequence of its first record
//!         50 10  zero
//!         60  4  CRC-32C of bytes 0..60
//!
//! record   0  4  00 00 02 48
//!          4  1  kind: 1 frame, 2 voice, 3 gap note, 4 end mark, 5 pointer
//!          5  1  flags; of a frame: 1 keyframe, 2 index is known; of a pointer: 4 it is over the picture
//!          6  2  zero
//!          8  4  length of the payload
//!         12  8  sequence: rises by one from record to record of one writer
//!         20  4  CRC-32C of the payload
//!         24  4  CRC-32C of bytes 0..24
//!         28     payload
//!
//! frame    0  4  RTP time                  voice    0 16  session of the speaker
//!          4  8  captured at, µs                   16  8  arrived at, µs of the relay's clock
//!         12  4  index, else zero                  24  4  RTP time, 48 kHz
//!         16 16  SHA-256 of the unit, cut          28  4  source (SSRC)
//!         32     access unit in Annex B            32  2  number of the packet there
//!                                                  34     Opus packet
//!
//! gap note 0  4  RTP time of the last frame before   end mark 0  4  frames in this segment
//!          4  4  RTP time of the first frame after
//!          8  1  why: 1 link, 2 source, 3 disk, 4 restart
//!
//! pointer  0 16  session of whose it is     24  2  x, in 65535ths of the width, else zero
//!         16  8  moved at, µs of the        26  2  y, in 65535ths of the height
//!                relay's clock
//! ```
//!
//! Why CRC-32C: what is to be noticed is a torn tail and a spoilt byte, on every start over gigabytes; processors have an
//! instruction for it, and all errors of up to three bits are found at these lengths. It proves nothing against somebody
//! who forges files; encryption at rest will. The head has a checksum of its own, so that a length is believed before the
//! payload is read, and a spoilt payload costs that record only. When a head is spoilt, reading goes on at the next
//! marker whose head proves itself: the bytes 00 00 02 occur in no NAL unit (H.264 §7.4.1), and where somebody sends
//! other bytes on purpose, the salt, which he does not know, keeps a record that he made up inside a frame from counting.

use crc32c::crc32c_append;

/// Begins a header; the version follows.
pub(crate) const MAGIC: &[u8; 7] = b"HIBIKIR";
/// This version.
pub(crate) const VERSION: u8 = b'1';
/// One copy of the header.
pub(crate) const HEADER_BYTES: usize = 64;
/// Where the first record begins.
pub(crate) const FIRST_RECORD: usize = 2 * HEADER_BYTES;
/// Begins a record.
pub(crate) const MARKER: [u8; 4] = [0, 0, 2, 0x48];
/// In front of a payload.
pub(crate) const HEAD_BYTES: usize = 28;
/// Of which the last four prove the others.
const PROVEN_BYTES: usize = HEAD_BYTES - 4;

/// Largest access unit: several times a keyframe of a full-HD picture at the highest quality that a journal uses.
pub const MAX_UNIT_BYTES: usize = 8 << 20;
/// Largest voice packet: more than one datagram carries.
pub const MAX_VOICE_BYTES: usize = 4 << 10;
/// Fields in front of an access unit.
pub(crate) const FRAME_FIELDS_BYTES: usize = 32;
/// Most of a segment that is looked at; a writer stays far below, and places are kept in 32 bits.
pub(crate) const MAX_SEGMENT_BYTES: u32 = 1 << 30;
/// No payload is longer, whatever a head says.
pub(crate) const MAX_PAYLOAD_BYTES: usize = FRAME_FIELDS_BYTES + MAX_UNIT_BYTES;

/// Kind of a frame.
pub(crate) const FRAME: u8 = 1;
/// Kind of a voice packet.
pub(crate) const VOICE: u8 = 2;
/// Kind of a gap note.
pub(crate) const GAP: u8 = 3;
/// Kind of an end mark.
pub(crate) const END: u8 = 4;
/// Kind of a pointer that moved.
pub(crate) const POINTER: u8 = 5;
/// Flag of a keyframe.
pub(crate) const KEYFRAME: u8 = 1;
/// Flag of a frame with an index.
pub(crate) const INDEXED: u8 = 2;
/// Flag of a pointer that is over the picture.
pub(crate) const OVER_PICTURE: u8 = 4;

/// The checksum of the whole format.
pub(crate) fn checksum(salt: u32, bytes: &[u8]) -> u32 {
    crc32c_append(salt, bytes)
}

/// What stands in front of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    /// Of the payload.
    pub(crate) length: u32,
    pub(crate) sequence: u64,
    /// Of the payload.
    pub(crate) sum: u32,
}

impl Head {
    pub(crate) fn bytes(&self, salt: u32) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        bytes.extend(MARKER);
        bytes.extend([self.kind, self.flags, 0, 0]);
        bytes.extend(self.length.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.sum.to_be_bytes());
        let sum = checksum(salt, &bytes);
        bytes.extend(sum.to_be_bytes());
        bytes
    }

    /// Nothing when no record begins here.
    pub(crate) fn parse(bytes: &[u8], salt: u32) -> Option<Self> {
        let proven = bytes.get(..PROVEN_BYTES)?;
        let mut rest = bytes;
        if take::<4>(&mut rest)? != MARKER {
            return None;
        }
        let [kind, flags, _, _] = take(&mut rest)?;
        let head = Self {
            kind,
            flags,
            length: u32::from_be_bytes(take(&mut rest)?),
            sequence: u64::from_be_bytes(take(&mut rest)?),
            sum: u32::from_be_bytes(take(&mut rest)?),
        };
        let sum = u32::from_be_bytes(take(&mut rest)?);
        let is_right = sum == checksum(salt, proven) && head.length as usize <= MAX_PAYLOAD_BYTES;
        is_right.then_some(head)
    }
}

/// The next bytes of a form.
pub(crate) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Head = Head {
        kind: FRAME,
        flags: KEYFRAME,
        length: 1_234,
        sequence: 9,
        sum: 0xdead_beef,
    };

    #[test]
    fn a_head_comes_back_and_one_spoilt_bit_is_noticed() {
        let bytes = HEAD.bytes(7);
        assert_eq!(bytes.len(), HEAD_BYTES);
        assert_eq!(Head::parse(&bytes, 7), Some(HEAD));
        assert_eq!(Head::parse(&bytes, 8), None, "another salt");
        for bit in 0..HEAD_BYTES * 8 {
            let mut spoilt = bytes.clone();
            spoilt[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Head::parse(&spoilt, 7), None, "bit {bit}");
        }
        for length in 0..HEAD_BYTES {
            assert_eq!(Head::parse(&bytes[..length], 7), None);
        }
    }

    #[test]
    fn a_length_beyond_the_limit_is_not_believed_even_when_it_is_proven() {
        let length = u32::try_from(MAX_PAYLOAD_BYTES + 1).unwrap();
        let bytes = Head { length, ..HEAD }.bytes(7);
        assert_eq!(Head::parse(&bytes, 7), None);
    }
}
