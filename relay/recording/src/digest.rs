//! The digest of a recording: what both sides state, to know that they hold the same frames.
//!
//! Owns what goes into it: SHA-256 over, for each frame in order, RTP time (4 bytes), length of the access unit (4 bytes),
//! both big-endian, and the access unit. How it is laid out in segments, and how it came there, changes nothing. A
//! fingerprint is a cheap likeness of it, over hashes instead of bytes, by which two sides find the spans where they differ.

use crate::table::FrameTable;
use crate::tick::Tick;
use sha2::{Digest as _, Sha256};
use std::ops::RangeInclusive;
use wire::original::Digest;

/// A statement about the frames of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordingDigest {
    /// The first frame and the last one; none when there is none.
    pub span: Option<(Tick, Tick)>,
    /// How many.
    pub frames: u64,
    /// SHA-256 over them.
    pub digest: Digest,
}

/// Takes frames in order.
#[derive(Debug, Clone, Default)]
pub struct DigestBuilder {
    hash: Sha256,
    span: Option<(Tick, Tick)>,
    frames: u64,
}

impl DigestBuilder {
    /// Takes the next frame.
    pub fn add(&mut self, at: Tick, unit: &[u8]) {
        self.hash.update(at.rtp_time().0.to_be_bytes());
        // Access units are far shorter than 4 GiB.
        let length = u32::try_from(unit.len()).unwrap_or(u32::MAX);
        self.hash.update(length.to_be_bytes());
        self.hash.update(unit);
        self.count(at);
    }

    fn count(&mut self, at: Tick) {
        let first = self.span.map_or(at, |(first, _)| first);
        self.span = Some((first, at));
        self.frames += 1;
    }

    /// The statement.
    #[must_use]
    pub fn finish(self) -> RecordingDigest {
        RecordingDigest {
            span: self.span,
            frames: self.frames,
            digest: Digest::from_bytes(self.hash.finalize().into()),
        }
    }
}

impl FrameTable {
    /// What the table says of a span, both ends included, without a look at any file: SHA-256 over RTP time (4 bytes,
    /// big-endian) and `FrameHash` of each frame in order.
    #[must_use]
    pub fn fingerprint(&self, span: RangeInclusive<Tick>) -> RecordingDigest {
        let mut builder = DigestBuilder::default();
        for frame in self.range(span) {
            builder.hash.update(frame.at.rtp_time().0.to_be_bytes());
            builder.hash.update(frame.hash.0);
            builder.count(frame.at);
        }
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(frames: &[(u64, &[u8])]) -> RecordingDigest {
        let mut builder = DigestBuilder::default();
        for (at, unit) in frames {
            builder.add(Tick(*at), unit);
        }
        builder.finish()
    }

    #[test]
    fn order_times_bytes_and_borders_of_frames_all_count() {
        let one = digest(&[(1, b"ab"), (2, b"c")]);
        assert_eq!(one, digest(&[(1, b"ab"), (2, b"c")]));
        assert_eq!((one.frames, one.span), (2, Some((Tick(1), Tick(2)))));
        for other in [
            digest(&[(2, b"c"), (1, b"ab")]),
            digest(&[(1, b"ab"), (3, b"c")]),
            digest(&[(1, b"a"), (2, b"bc")]),
            digest(&[(1, b"ab")]),
        ] {
            assert_ne!(one.digest, other.digest);
        }
    }

    /// The digest is stated across versions: this value never changes.
    #[test]
    fn the_digest_of_two_known_frames_is_what_it_always_was() {
        let found = digest(&[(0x1_0000_0001, b"ab"), (0x1_0000_0bb9, b"c")]);
        // Printed by: printf '\x00\x00\x00\x01\x00\x00\x00\x02ab\x00\x00\x0b\xb9\x00\x00\x00\x01c' | sha256sum
        let known = "a944b20c3d1c26ebfb5321f7b97a72622e0e78c7c57fd6d15cf078fc3669cf9f";
        assert_eq!(found.digest.to_string(), known);
    }
}
