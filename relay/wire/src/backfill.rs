//! Frames that a bad link lost or spoilt, sent again: from the agent's journal to the relay's recording.
//!
//! ```text
//! agent ── here ──────────────────────────────────► relay     the channel is open, and there is a journal
//! agent ◄─ compare {ask, slices: span, frames, digest} ── relay     what the recording says of each minute
//! agent ── compared {ask, differing, keptUntil} ───► relay     in which of them the journal says otherwise
//! agent ◄─ send {ask, from, until, held, hashes} ─── relay     one of them, and the frames of it that are here
//! agent ── frame, frame … sent {ask, frames} ─────► relay     all others, oldest first, while there is room on the link
//! agent ◄─ taken {bytes} ────────────────────────── relay     durable here; more may follow
//! ```
//!
//! Owns the messages of the data channel `backfill` (reliable, ordered) and the bounds that both ends check. The relay asks
//! and the agent answers; an ask may be repeated at any time, after any reconnect, because frames are a set. An hour that is
//! whole costs some kilobytes. A moment is told in ticks of 90 kHz since the Unix epoch, whose low 32 bits are the RTP time;
//! the digest of a span is SHA-256 over RTP time (4 bytes, big-endian) and hash (16 bytes) of each frame in order.
//!
//! A frame travels as binary messages of at most `BACKFILL_PIECE_BYTES`: the first begins with `FrameHead`, the following
//! ones go on where the one before ended; frames do not share a message.

use crate::original::Digest;
use crate::{CaptureTime, FrameIndex, RtpTime};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Label of the data channel.
pub const BACKFILL_CHANNEL: &str = "backfill";
/// Payload of a message: what every SCTP stack takes without interleaving (RFC 8831 §6.6).
pub const BACKFILL_PIECE_BYTES: usize = 16 * 1024;
/// Bytes that may be on the way without the relay having said `Taken`: at a sync each 180 ms it is 2.9 MB/s.
pub const BACKFILL_WINDOW_BYTES: u64 = 512 * 1024;
/// What a message counts at least against the window, which so bounds their number too: 128 at a time.
const LEAST_WEIGHT: u64 = 4 * 1024;
/// Largest text message on the channel.
pub const MAX_BACKFILL_TEXT_BYTES: usize = 60 * 1024;
/// Spans in one question.
pub const MAX_SLICES: usize = 64;
/// Frames that are told to be held in one question, which fit into the largest text: a minute at 50 per second.
pub const MAX_HELD: usize = 3_000;
/// Bytes of a hash by which the agent knows whether a frame that is here is the journal's: two in 2^48 are taken for one.
pub const HELD_HASH_BYTES: usize = 6;
/// Largest frame.
pub const MAX_FRAME_BYTES: u32 = 8 << 20;
/// In front of a frame's bytes.
pub const FRAME_HEAD_BYTES: usize = 40;

/// What the recording says of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slice {
    /// First moment.
    pub from: u64,
    /// Last moment.
    pub until: u64,
    /// How many frames are here.
    pub frames: u64,
    /// Over their RTP times and hashes.
    pub digest: Digest,
}

/// What the relay says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum BackfillToAgent {
    /// Does the journal say the same?
    Compare {
        /// Number of the question.
        ask: u32,
        /// At most `MAX_SLICES`, in order.
        slices: Vec<Slice>,
    },
    /// Send what the journal has of a span beside these.
    Send {
        /// Number of the question.
        ask: u32,
        /// First moment.
        from: u64,
        /// Last moment.
        until: u64,
        /// Frames that are here: the distance of each from the one before in ticks, of the first one from `from`.
        held: Vec<u32>,
        /// The beginning of the hash of each, `HELD_HASH_BYTES` in hexadecimal, without anything between: those that the
        /// journal has with other bytes are to be sent too. Empty when what is here is good enough for now.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        hashes: String,
    },
    /// So many bytes of frames, since the channel was opened, need no more care.
    Taken {
        /// How many; each message counts its `weight`.
        bytes: u64,
    },
}

/// What the agent says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum BackfillFromAgent {
    /// First message: ask me.
    Here {},
    /// Answer to `Compare`.
    Compared {
        /// Number of the question.
        ask: u32,
        /// Positions of the slices of which the journal says otherwise.
        differing: Vec<u32>,
        /// What it says is final up to this moment; nothing while the journal is being looked through.
        kept_until: Option<u64>,
    },
    /// Answer to `Send`, after the last frame of it.
    Sent {
        /// Number of the question.
        ask: u32,
        /// Frames that were sent.
        frames: u32,
        /// Frames that are in the journal and cannot be read any more.
        lost: u32,
        /// What was sent is all there is up to this moment.
        kept_until: Option<u64>,
    },
}

/// What is said of a frame in front of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHead {
    /// As stamped at capture.
    pub rtp_time: RtpTime,
    /// By the device's clock.
    pub captured_at: CaptureTime,
    /// Position at capture, when it is known.
    pub index: Option<FrameIndex>,
    /// Whether decoding can start here.
    pub keyframe: bool,
    /// Bytes that follow.
    pub length: u32,
    /// First half of their SHA-256.
    pub hash: [u8; 16],
}

impl FrameHead {
    /// As it travels: RTP time, capture time, index, length, hash, big-endian; then the flags 1 keyframe, 2 index is known;
    /// then three zeros.
    #[must_use]
    pub fn bytes(&self) -> [u8; FRAME_HEAD_BYTES] {
        let flags = u8::from(self.keyframe) | (u8::from(self.index.is_some()) << 1);
        let mut bytes = [0; FRAME_HEAD_BYTES];
        let parts = [
            &self.rtp_time.0.to_be_bytes()[..],
            &self.captured_at.0.to_be_bytes(),
            &self.index.unwrap_or_default().0.to_be_bytes(),
            &self.length.to_be_bytes(),
            &self.hash,
            &[flags],
        ];
        for (place, byte) in bytes.iter_mut().zip(parts.concat()) {
            *place = byte;
        }
        bytes
    }

    /// Reads one from the beginning of a message; nothing when it is none or its frame is too long. Gives the rest.
    #[must_use]
    pub fn read(message: &[u8]) -> Option<(Self, &[u8])> {
        let mut rest = message;
        let rtp_time = RtpTime(u32::from_be_bytes(take(&mut rest)?));
        let captured_at = CaptureTime(u64::from_be_bytes(take(&mut rest)?));
        let index = FrameIndex(u32::from_be_bytes(take(&mut rest)?));
        let length = u32::from_be_bytes(take(&mut rest)?);
        let hash = take(&mut rest)?;
        let [flags, 0, 0, 0] = take(&mut rest)? else {
            return None;
        };
        let head = Self {
            rtp_time,
            captured_at,
            index: (flags & 2 != 0).then_some(index),
            keyframe: flags & 1 != 0,
            length,
            hash,
        };
        ((1..=MAX_FRAME_BYTES).contains(&length) && flags < 4).then_some((head, rest))
    }
}

/// The beginnings of hashes, as `Send` says them.
#[must_use]
pub fn held_hashes<'a>(hashes: impl IntoIterator<Item = &'a [u8; 16]>) -> String {
    let mut text = String::new();
    for hash in hashes {
        for byte in hash.iter().take(HELD_HASH_BYTES) {
            // Writing into a string never fails.
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

/// Reads the beginnings of so many hashes; nothing when it is other text.
#[must_use]
pub fn read_held_hashes(text: &str, held: usize) -> Option<Vec<[u8; HELD_HASH_BYTES]>> {
    let read = |digits: &[u8]| {
        let mut hash = [0; HELD_HASH_BYTES];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        (digits.len() == 2 * HELD_HASH_BYTES).then_some(hash)
    };
    let digits = text.as_bytes().chunks(2 * HELD_HASH_BYTES);
    let hashes: Option<Vec<_>> = digits.map(read).collect();
    hashes.filter(|hashes| hashes.len() == held)
}

/// What a binary message counts against the window.
#[must_use]
pub const fn weight(message_bytes: usize) -> u64 {
    let bytes = message_bytes as u64;
    if bytes < LEAST_WEIGHT {
        LEAST_WEIGHT
    } else {
        bytes
    }
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (found, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_head_comes_back_as_it_was_written_and_has_its_form() {
        let head = FrameHead {
            rtp_time: RtpTime(0x0102_0304),
            captured_at: CaptureTime(0x0506),
            index: Some(FrameIndex(7)),
            keyframe: true,
            length: 9,
            hash: [0xaa; 16],
        };
        let bytes = head.bytes();
        let form = [
            &[1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 7, 0, 0, 0, 9][..],
            &[0xaa; 16],
            &[3, 0, 0, 0],
        ];
        assert_eq!(bytes[..], form.concat());
        let message = [&bytes[..], b"rest"].concat();
        assert_eq!(FrameHead::read(&message), Some((head, &b"rest"[..])));
        let other = FrameHead {
            index: None,
            keyframe: false,
            ..head
        };
        assert_eq!(FrameHead::read(&other.bytes()), Some((other, &[][..])));
    }

    #[test]
    fn the_beginnings_of_hashes_come_back_and_other_text_is_none() {
        let text = held_hashes([&[0xab; 16], &[1; 16]]);
        assert_eq!(text, "abababababab010101010101");
        assert_eq!(read_held_hashes(&text, 2), Some(vec![[0xab; 6], [1; 6]]));
        assert_eq!(read_held_hashes("", 0), Some(Vec::new()));
        let foreign = "\u{e9}1111111111";
        for (wrong, held) in [
            (&text[..], 3),
            (&text[1..], 2),
            ("zz0101010101", 1),
            (foreign, 1),
        ] {
            assert_eq!(read_held_hashes(wrong, held), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it_and_no_length_is_believed(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some((head, _)) = FrameHead::read(&bytes) {
                prop_assert!((1..=MAX_FRAME_BYTES).contains(&head.length));
            }
        }
    }
}
