//! Datagrams that wait for a TCP connection to take them.
//!
//! Owns the queue of one connection and its bound. A connection that takes less than the picture needs loses the oldest of the
//! picture first: late pictures are worth nothing, and loss is mended by the viewer's report. What cannot be lost (handshake,
//! checks, reports) stays; when nothing else is left to give up, the connection is beyond help. Called by the media thread's TCP
//! side. Invariants: a frame of which a part was taken stays, or the other side could not find the next one; no more bytes wait than
//! `MAX_TCP_BACKLOG_BYTES`.

use super::framing::{HEAD_BYTES, head};
use super::route::Kind;
use crate::sfu::limits::MAX_TCP_BACKLOG_BYTES;
use bytes::BytesMut;
use std::collections::VecDeque;
use std::io::IoSlice;

/// Frames given to the kernel in one call.
const FRAMES_AT_ONCE: usize = 32;

/// One framed datagram.
#[derive(Debug)]
struct Frame {
    head: [u8; HEAD_BYTES],
    body: BytesMut,
    /// Media: it may be given up.
    is_media: bool,
}

impl Frame {
    fn len(&self) -> usize {
        HEAD_BYTES + self.body.len()
    }
}

/// Nothing can be given up to make room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// The queue of one connection.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    frames: VecDeque<Frame>,
    /// Bytes of all frames.
    bytes: usize,
    /// Bytes of the first frame that were taken.
    taken: usize,
}

impl Backlog {
    /// Puts a datagram at the end. Returns how many were given up for it.
    pub(crate) fn push(&mut self, body: BytesMut) -> Result<u64, Full> {
        let Some(head) = head(&body) else {
            return Ok(1);
        };
        let is_media = matches!(Kind::of(&body), Kind::Rtp(_));
        let frame = Frame {
            head,
            body,
            is_media,
        };
        let mut given_up = 0;
        while self.bytes + frame.len() > MAX_TCP_BACKLOG_BYTES {
            if !self.give_up_oldest() {
                return if is_media {
                    Ok(given_up + 1)
                } else {
                    Err(Full)
                };
            }
            given_up += 1;
        }
        self.bytes += frame.len();
        self.frames.push_back(frame);
        Ok(given_up)
    }

    fn give_up_oldest(&mut self) -> bool {
        let begun = usize::from(self.taken > 0);
        let oldest = self.frames.iter().skip(begun).position(|one| one.is_media);
        let Some(gone) = oldest.and_then(|at| self.frames.remove(begun + at)) else {
            return false;
        };
        self.bytes -= gone.len();
        true
    }

    /// Whether anything waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// What stands first, for one call to the kernel.
    pub(crate) fn slices(&self) -> Vec<IoSlice<'_>> {
        let mut skip = self.taken;
        let mut slices = Vec::with_capacity(2 * FRAMES_AT_ONCE.min(self.frames.len()));
        for frame in self.frames.iter().take(FRAMES_AT_ONCE) {
            for part in [&frame.head[..], &frame.body[..]] {
                let from = skip.min(part.len());
                skip -= from;
                let rest = part.get(from..).unwrap_or_default();
                if !rest.is_empty() {
                    slices.push(IoSlice::new(rest));
                }
            }
        }
        slices
    }

    /// So many bytes were taken. Returns how many datagrams that completed.
    pub(crate) fn advance(&mut self, bytes: usize) -> u64 {
        self.taken += bytes;
        let mut whole = 0;
        while let Some(first) = self.frames.front()
            && self.taken >= first.len()
        {
            self.taken -= first.len();
            self.bytes -= first.len();
            self.frames.pop_front();
            whole += 1;
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(number: u8, length: usize) -> BytesMut {
        let mut out = BytesMut::zeroed(length.max(12));
        out[0] = 0x80;
        out[11] = number;
        out
    }

    fn dtls(length: usize) -> BytesMut {
        let mut out = BytesMut::zeroed(length.max(13));
        out[0] = 22;
        out
    }

    /// What the other side gets when each call takes at most so many bytes.
    fn drained(backlog: &mut Backlog, each: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while !backlog.is_empty() {
            let whole: Vec<u8> = backlog.slices().iter().flat_map(|s| s.to_vec()).collect();
            let now = &whole[..each.min(whole.len())];
            out.extend_from_slice(now);
            backlog.advance(now.len());
        }
        out
    }

    #[test]
    fn frames_come_out_in_order_however_little_is_taken_at_a_time() {
        for each in [1, 3, 100, 1_000_000] {
            let mut backlog = Backlog::default();
            let mut expected = Vec::new();
            for number in 0..100 {
                let datagram = media(number, 12 + usize::from(number));
                expected.extend(head(&datagram).unwrap());
                expected.extend(&datagram);
                backlog.push(datagram).unwrap();
            }
            assert!(drained(&mut backlog, each) == expected, "{each} at a time");
            assert_eq!((backlog.bytes, backlog.taken), (0, 0));
        }
    }

    #[test]
    fn the_oldest_of_the_picture_goes_first_and_a_begun_frame_stays() {
        let mut backlog = Backlog::default();
        backlog.push(media(0, 1_000)).unwrap();
        backlog.push(dtls(1_000)).unwrap();
        backlog.advance(1);
        let mut number = 1;
        let mut given_up = 0;
        while given_up == 0 {
            given_up = backlog.push(media(number, 1_000)).unwrap();
            number += 1;
        }
        let numbers: Vec<(bool, u8)> = backlog
            .frames
            .iter()
            .map(|frame| (frame.is_media, frame.body[11]))
            .collect();
        assert_eq!(numbers[..3], [(true, 0), (false, 0), (true, 2)]);
        assert!(backlog.bytes <= MAX_TCP_BACKLOG_BYTES);
    }

    #[test]
    fn a_connection_that_takes_not_even_its_handshake_is_given_up() {
        let mut backlog = Backlog::default();
        let all = (0..10_000).take_while(|_| backlog.push(dtls(1_000)).is_ok());
        assert_eq!(all.count(), MAX_TCP_BACKLOG_BYTES / 1_002);
        assert_eq!(backlog.push(dtls(1_000)), Err(Full));
        // A picture packet is lost by itself instead.
        assert_eq!(backlog.push(media(1, 1_000)), Ok(1));
    }
}
