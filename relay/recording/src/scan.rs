//! Reading a segment from its beginning, whatever became of it.
//!
//! Owns the walk over the records of one segment: what is whole is given out, a spoilt record is left out and counted, a
//! torn tail ends it. It never trusts a length before the head proves it, and holds in memory only what it really read.
//! Recovery and replay call it; a frame in the middle is read without it.

use crate::format::{FIRST_RECORD, HEAD_BYTES, Head, MARKER, MAX_SEGMENT_BYTES, checksum};
use crate::header::{SegmentFault, SegmentHeader};
use crate::record::{FrameHash, Parsed, Record, parse};
use std::io::{self, Read};

/// Read at once.
const READ_BYTES: u64 = 256 * 1024;

/// What was met in a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames that are whole.
    pub frames: u32,
    /// Records that were written and are not whole, as far as the sequence tells.
    pub lost: u64,
    /// Records of kinds that this program does not know.
    pub unknown: u32,
    /// Where the last whole record ends; what follows is a torn tail.
    pub whole_until: u64,
    /// Whether the writer ended it.
    pub ended: bool,
}

/// A record in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned<'a> {
    /// Where it begins in the segment.
    pub offset: u32,
    /// The record.
    pub record: Record<'a>,
    /// Of a frame.
    pub hash: Option<FrameHash>,
}

/// Walks over one segment.
#[derive(Debug)]
pub struct Scanner<R> {
    from: io::Take<R>,
    salt: u32,
    /// What was read and is not done with.
    window: Vec<u8>,
    /// How much of the window is done with.
    done: usize,
    /// Where the window begins in the segment.
    base: u64,
    /// Nothing more comes.
    is_dry: bool,
    /// Sequence of the first record.
    first: u64,
    /// Sequence behind the last record that was met.
    end: u64,
    /// Records that were whole.
    whole: u64,
    tally: Tally,
}

impl<R: Read> Scanner<R> {
    /// Reads the header and stands before the first record.
    ///
    /// # Errors
    /// `SegmentFault`.
    pub fn begin(mut from: R) -> Result<(SegmentHeader, Self), SegmentFault> {
        let header = SegmentHeader::read(&mut from)?;
        let left = u64::from(MAX_SEGMENT_BYTES) - FIRST_RECORD as u64;
        let scanner = Self {
            from: from.take(left),
            salt: header.salt,
            window: Vec::new(),
            done: 0,
            base: FIRST_RECORD as u64,
            is_dry: false,
            first: header.first_sequence,
            end: header.first_sequence,
            whole: 0,
            tally: Tally {
                whole_until: FIRST_RECORD as u64,
                ..Tally::default()
            },
        };
        Ok((header, scanner))
    }

    /// What was met so far; of the whole segment once there is no next record.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// The next whole record, as they lie there; nothing at the end. After damage to the file system a record may be met
    /// twice or out of order.
    ///
    /// # Errors
    /// The system's.
    pub fn next_record(&mut self) -> io::Result<Option<Scanned<'_>>> {
        let Some((head, begin)) = self.advance()? else {
            return Ok(None);
        };
        let payload = self
            .window
            .get(begin + HEAD_BYTES..self.done)
            .unwrap_or_default();
        // A segment is shorter than 2^32.
        let offset = u32::try_from(self.base + begin as u64).unwrap_or(u32::MAX);
        let (record, hash) = match parse(&head, payload) {
            Some(Parsed::Frame(frame, hash)) => (Record::Frame(frame), Some(hash)),
            Some(Parsed::Voice(voice)) => (Record::Voice(voice), None),
            Some(Parsed::Pointer(moved)) => (Record::Pointer(moved), None),
            Some(Parsed::Gap(note)) => (Record::Gap(note), None),
            Some(Parsed::End) | None => return Ok(None),
        };
        Ok(Some(Scanned {
            offset,
            record,
            hash,
        }))
    }

    /// Steps over the next record worth giving out; says where it begins in the window.
    fn advance(&mut self) -> io::Result<Option<(Head, usize)>> {
        while self.has(HEAD_BYTES)? {
            let Some(head) = Head::parse(self.rest(), self.salt) else {
                self.skip_to_marker();
                continue;
            };
            let whole = HEAD_BYTES + head.length as usize;
            if !self.has(whole)? {
                // A torn tail, unless the head was no head: then something may follow it.
                self.skip_to_marker();
                continue;
            }
            let begin = self.done;
            self.done += whole;
            let payload = self
                .window
                .get(begin + HEAD_BYTES..self.done)
                .unwrap_or_default();
            if checksum(self.salt, payload) != head.sum {
                continue;
            }
            let meaning = parse(&head, payload);
            // Wherever a disk put it: what proves itself was written here. The sequence only tells what is lost.
            self.whole += 1;
            self.end = self.end.max(head.sequence.saturating_add(1));
            self.tally.lost = self
                .end
                .saturating_sub(self.first.saturating_add(self.whole));
            self.tally.whole_until = self.base + self.done as u64;
            match meaning {
                Some(Parsed::End) => self.tally.ended = true,
                Some(Parsed::Frame(..)) => {
                    self.tally.frames += 1;
                    return Ok(Some((head, begin)));
                }
                Some(_) => return Ok(Some((head, begin))),
                None => self.tally.unknown += 1,
            }
        }
        Ok(None)
    }

    fn rest(&self) -> &[u8] {
        self.window.get(self.done..).unwrap_or_default()
    }

    /// Reads on until the window holds so many bytes that are not done with; false when there are fewer.
    fn has(&mut self, bytes: usize) -> io::Result<bool> {
        if self.rest().len() >= bytes {
            return Ok(true);
        }
        self.window.drain(..self.done);
        self.base += self.done as u64;
        self.done = 0;
        while self.window.len() < bytes && !self.is_dry {
            let read = (&mut self.from)
                .take(READ_BYTES)
                .read_to_end(&mut self.window)?;
            self.is_dry = read == 0;
        }
        Ok(self.window.len() >= bytes)
    }

    /// Leaves this place for the next one where a record may begin.
    fn skip_to_marker(&mut self) {
        let rest = self.rest();
        let found = rest
            .windows(MARKER.len())
            .skip(1)
            .position(|bytes| bytes == MARKER);
        self.done += match found {
            Some(after) => after + 1,
            // A marker may begin in the last bytes and end in what is read next.
            None => (rest.len() + 1).saturating_sub(MARKER.len()).max(1),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::MAX_UNIT_BYTES;
    use crate::header::Codec;
    use crate::names::Lane;
    use crate::record::Frame;
    use std::borrow::Cow;
    use wire::{CaptureTime, RtpTime, StreamId};

    /// Somebody who can write files can prove anything; then the numbers are his, and still nothing overflows.
    #[test]
    fn numbers_at_the_end_of_their_range_are_only_numbers() {
        let header = SegmentHeader {
            stream: StreamId::random(),
            lane: Lane::Live,
            codec: Codec::Opus,
            salt: 1,
            number: u32::MAX,
            first_sequence: u64::MAX,
        };
        let mut bytes = header.bytes();
        for sequence in [0, u64::MAX, 7] {
            let frame = Frame {
                rtp_time: RtpTime(u32::MAX),
                captured_at: CaptureTime(u64::MAX),
                index: None,
                keyframe: false,
                unit: Cow::Borrowed(&[1]),
            };
            Record::Frame(frame)
                .write(sequence, header.salt, &mut bytes)
                .unwrap();
        }
        let (_, mut scanner) = Scanner::begin(&bytes[..]).unwrap();
        while let Some(found) = scanner.next_record().unwrap() {
            if let Record::Frame(frame) = found.record {
                assert_eq!(frame.tick().rtp_time(), frame.rtp_time);
            }
        }
        assert_eq!(scanner.tally().frames, 3);
    }

    #[test]
    fn a_declared_length_takes_no_memory() {
        let mut bytes = SegmentHeader {
            stream: StreamId::random(),
            lane: Lane::Live,
            codec: Codec::Opus,
            salt: 1,
            number: 1,
            first_sequence: 0,
        }
        .bytes();
        let head = Head {
            kind: crate::format::FRAME,
            flags: 0,
            length: u32::try_from(MAX_UNIT_BYTES).unwrap(),
            sequence: 0,
            sum: 0,
        };
        for _ in 0..100 {
            bytes.extend(head.bytes(1));
        }
        let (_, mut scanner) = Scanner::begin(&bytes[..]).unwrap();
        assert_eq!(scanner.next_record().unwrap(), None);
        assert!(scanner.window.capacity() < 1 << 16);
        assert_eq!(scanner.tally().whole_until, FIRST_RECORD as u64);
    }
}
