//! The header of a segment: whose frames these are and how they are coded.
//!
//! Owns the two copies in front of the records. A header is believed when its checksum proves it and its version is known.

use crate::format::{FIRST_RECORD, HEADER_BYTES, MAGIC, VERSION, checksum, take};
use crate::names::Lane;
use std::io::{self, Read};
use uuid::Uuid;
use wire::StreamId;

/// How the frames of a segment are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// H.264 access units in Annex B form; each keyframe brings its parameter sets.
    H264 {
        /// profile_idc, constraint flags, level_idc (RFC 6184 §8.1).
        profile_level: [u8; 3],
        /// Of the picture.
        width: u16,
        /// Of the picture.
        height: u16,
    },
    /// Voice alone (RFC 7587).
    Opus,
}

/// What is said of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// Whose frames.
    pub stream: StreamId,
    /// How they came.
    pub lane: Lane,
    /// How they are coded.
    pub codec: Codec,
    /// Begins every checksum.
    pub salt: u32,
    /// Of the segment.
    pub number: u32,
    /// Of the first record.
    pub first_sequence: u64,
}

/// Why a segment cannot be used at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentFault {
    /// The system could not read it.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// No copy of its header is whole: a crash before its first sync, or no segment at all.
    #[error("it has no header")]
    Headless,
    /// A later program wrote it.
    #[error("it was written in version {0} of the form, which this program does not know")]
    Version(char),
}

impl SegmentHeader {
    /// Both copies.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FIRST_RECORD);
        bytes.extend(MAGIC);
        bytes.push(VERSION);
        bytes.extend(self.stream.uuid().as_bytes());
        bytes.extend(self.salt.to_be_bytes());
        bytes.push(match self.lane {
            Lane::Live => 1,
            Lane::Fill => 2,
        });
        let (codec, profile_level, width, height) = match self.codec {
            Codec::H264 {
                profile_level,
                width,
                height,
            } => (1, profile_level, width, height),
            Codec::Opus => (2, [0; 3], 0, 0),
        };
        bytes.push(codec);
        bytes.extend(profile_level);
        bytes.push(0);
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(self.first_sequence.to_be_bytes());
        bytes.resize(HEADER_BYTES - 4, 0);
        let sum = checksum(0, &bytes);
        bytes.extend(sum.to_be_bytes());
        bytes.extend_from_within(..);
        bytes
    }

    /// Reads both copies and takes the first that is whole.
    pub(crate) fn read(from: &mut impl Read) -> Result<Self, SegmentFault> {
        let mut bytes = Vec::with_capacity(FIRST_RECORD);
        from.take(FIRST_RECORD as u64).read_to_end(&mut bytes)?;
        let mut fault = SegmentFault::Headless;
        for copy in bytes.chunks(HEADER_BYTES) {
            match Self::parse(copy) {
                Ok(header) => return Ok(header),
                Err(SegmentFault::Version(version)) => fault = SegmentFault::Version(version),
                Err(_) => {}
            }
        }
        Err(fault)
    }

    fn parse(copy: &[u8]) -> Result<Self, SegmentFault> {
        let (body, sum) = copy
            .split_last_chunk::<4>()
            .filter(|(body, _)| body.len() == HEADER_BYTES - 4)
            .ok_or(SegmentFault::Headless)?;
        if u32::from_be_bytes(*sum) != checksum(0, body) {
            return Err(SegmentFault::Headless);
        }
        match body.strip_prefix(MAGIC) {
            Some([VERSION, rest @ ..]) => Self::fields(rest).ok_or(SegmentFault::Headless),
            Some([other, ..]) => Err(SegmentFault::Version(char::from(*other))),
            _ => Err(SegmentFault::Headless),
        }
    }

    fn fields(mut rest: &[u8]) -> Option<Self> {
        let rest = &mut rest;
        let stream = StreamId::from_uuid(Uuid::from_bytes(take(rest)?));
        let salt = u32::from_be_bytes(take(rest)?);
        let [lane, codec] = take(rest)?;
        let lane = match lane {
            1 => Lane::Live,
            2 => Lane::Fill,
            _ => return None,
        };
        let profile_level = take(rest)?;
        let [_zero] = take(rest)?;
        let width = u16::from_be_bytes(take(rest)?);
        let height = u16::from_be_bytes(take(rest)?);
        let codec = match codec {
            1 => Codec::H264 {
                profile_level,
                width,
                height,
            },
            2 => Codec::Opus,
            _ => return None,
        };
        Some(Self {
            stream,
            lane,
            codec,
            salt,
            number: u32::from_be_bytes(take(rest)?),
            first_sequence: u64::from_be_bytes(take(rest)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        SegmentHeader {
            stream: StreamId::random(),
            lane: Lane::Fill,
            codec: Codec::H264 {
                profile_level: [0x42, 0xe0, 0x1f],
                width: 800,
                height: 600,
            },
            salt: 77,
            number: 42,
            first_sequence: 1 << 40,
        }
    }

    #[test]
    fn a_header_comes_back_also_when_one_copy_is_spoilt() {
        let header = header();
        let bytes = header.bytes();
        assert_eq!(bytes.len(), FIRST_RECORD);
        assert_eq!(SegmentHeader::read(&mut &bytes[..]).unwrap(), header);
        assert_eq!(
            SegmentHeader::read(&mut &bytes[..HEADER_BYTES]).unwrap(),
            header
        );
        for bit in 0..FIRST_RECORD * 8 {
            let mut spoilt = bytes.clone();
            spoilt[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::read(&mut &spoilt[..]).unwrap(), header);
            spoilt[(bit / 8 + HEADER_BYTES) % FIRST_RECORD] ^= 1;
            assert!(SegmentHeader::read(&mut &spoilt[..]).is_err(), "bit {bit}");
        }
        for length in 0..HEADER_BYTES {
            let fault = SegmentHeader::read(&mut &bytes[..length]).unwrap_err();
            assert!(matches!(fault, SegmentFault::Headless), "{fault}");
        }
    }

    #[test]
    fn a_later_version_is_said_to_be_one() {
        let mut bytes = header().bytes();
        bytes[7] = b'2';
        let sum = checksum(0, &bytes[..HEADER_BYTES - 4]);
        bytes[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&sum.to_be_bytes());
        bytes.truncate(HEADER_BYTES);
        let fault = SegmentHeader::read(&mut &bytes[..]).unwrap_err();
        assert!(matches!(fault, SegmentFault::Version('2')), "{fault}");
    }
}
