//! Datagrams on a TCP connection: two bytes of length, then the datagram (RFC 4571 §2, RFC 6544 §3).
//!
//! Owns the cutting apart of what comes and the head of what goes. It keeps no more than one datagram that is not whole yet.
//! Invariant: a length that no datagram of ours has ends the connection, because where the next one begins is then unknown;
//! web and TLS clients that call at the wrong port end here with their first bytes, which read as such a length.

use crate::sfu::limits::MAX_DATAGRAM_BYTES;

/// Bytes of the length.
pub(crate) const HEAD_BYTES: usize = 2;

/// The connection carries something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotOurs;

/// The head of a datagram; None for one that fits in no frame.
pub(crate) fn head(datagram: &[u8]) -> Option<[u8; HEAD_BYTES]> {
    Some(u16::try_from(datagram.len()).ok()?.to_be_bytes())
}

/// Cuts what comes into datagrams.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    /// A head and its datagram that are not whole yet.
    partial: Vec<u8>,
}

impl FrameReader {
    /// Takes what came and hands each whole datagram on. Returns how many there were. An empty one is a sign of life and is
    /// not handed on (RFC 4571 §2 lets it pass).
    pub(crate) fn take(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(&[u8]),
    ) -> Result<usize, NotOurs> {
        let mut whole = 0;
        while !bytes.is_empty() {
            if self.partial.is_empty()
                && let Some((datagram, rest)) = first(bytes)?
            {
                // The usual case: nothing is copied.
                deliver(datagram, &mut each);
                bytes = rest;
                whole += 1;
                continue;
            }
            bytes = self.fill(bytes)?;
            if let Some((datagram, _)) = first(&self.partial)? {
                deliver(datagram, &mut each);
                self.partial.clear();
                whole += 1;
            }
        }
        Ok(whole)
    }

    /// Moves as much as the unfinished frame needs; returns the rest.
    fn fill<'a>(&mut self, mut bytes: &'a [u8]) -> Result<&'a [u8], NotOurs> {
        // First the head, which then tells the length.
        for _ in 0..2 {
            let wanted = length(&self.partial)?.map_or(HEAD_BYTES, |length| HEAD_BYTES + length);
            let lacks = wanted.saturating_sub(self.partial.len()).min(bytes.len());
            let (now, later) = bytes.split_at(lacks);
            self.partial.extend_from_slice(now);
            bytes = later;
        }
        Ok(bytes)
    }
}

fn deliver(datagram: &[u8], each: &mut impl FnMut(&[u8])) {
    if !datagram.is_empty() {
        each(datagram);
    }
}

/// The length that stands first; None while it is not whole.
fn length(bytes: &[u8]) -> Result<Option<usize>, NotOurs> {
    let Some([high, low]) = bytes.first_chunk::<HEAD_BYTES>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length > MAX_DATAGRAM_BYTES {
        return Err(NotOurs);
    }
    Ok(Some(length))
}

/// A datagram, and what follows it.
type Parts<'a> = (&'a [u8], &'a [u8]);

/// The first of them; None while it is not whole.
fn first(bytes: &[u8]) -> Result<Option<Parts<'_>>, NotOurs> {
    let Some(length) = length(bytes)? else {
        return Ok(None);
    };
    let body = bytes.get(HEAD_BYTES..).unwrap_or_default();
    Ok(body.split_at_checked(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(datagrams: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::new();
        for datagram in datagrams {
            out.extend(head(datagram).unwrap());
            out.extend(datagram);
        }
        out
    }

    fn read(reader: &mut FrameReader, bytes: &[u8]) -> Result<Vec<Vec<u8>>, NotOurs> {
        let mut got = Vec::new();
        reader.take(bytes, |datagram| got.push(datagram.to_vec()))?;
        Ok(got)
    }

    #[test]
    fn a_datagram_that_drips_byte_by_byte_arrives_once_and_whole() {
        let mut reader = FrameReader::default();
        let stream = framed(&[vec![7; 300], vec![8; 1]]);
        let mut got = Vec::new();
        for byte in &stream {
            got.extend(read(&mut reader, &[*byte]).unwrap());
        }
        assert_eq!(got, [vec![7; 300], vec![8; 1]]);
        assert!(reader.partial.is_empty());
    }

    #[test]
    fn the_longest_datagram_passes_and_a_longer_one_ends_it() {
        let mut reader = FrameReader::default();
        let longest = vec![1; MAX_DATAGRAM_BYTES];
        let got = read(&mut reader, &framed(std::slice::from_ref(&longest)));
        assert_eq!(got, Ok(vec![longest]));
        let longer = framed(&[vec![1; MAX_DATAGRAM_BYTES + 1]]);
        assert_eq!(read(&mut reader, &longer), Err(NotOurs));
        // Also when the length itself comes in two pieces.
        let mut reader = FrameReader::default();
        assert_eq!(read(&mut reader, &longer[..1]), Ok(vec![]));
        assert_eq!(read(&mut reader, &longer[1..2]), Err(NotOurs));
    }

    #[test]
    fn who_calls_at_the_wrong_port_is_known_by_the_first_bytes() {
        for hello in [
            &b"GET / HTTP/1.1\r\n"[..],
            &[0x16, 3, 1, 2, 0],
            b"SSH-2.0-x",
        ] {
            assert_eq!(read(&mut FrameReader::default(), hello), Err(NotOurs));
        }
    }

    #[test]
    fn an_empty_frame_is_counted_and_not_handed_on() {
        let mut reader = FrameReader::default();
        let mut handed = 0;
        assert_eq!(reader.take(&[0, 0, 0, 0], |_| handed += 1), Ok(2));
        assert_eq!(handed, 0);
    }

    proptest! {
        #[test]
        fn datagrams_survive_any_cutting(
            datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..400), 0..12),
            cuts in proptest::collection::vec(1usize..600, 0..40),
        ) {
            let stream = framed(&datagrams);
            let (mut reader, mut got, mut rest) = (FrameReader::default(), Vec::new(), &stream[..]);
            for cut in cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                got.extend(read(&mut reader, now).unwrap());
                rest = later;
            }
            got.extend(read(&mut reader, rest).unwrap());
            prop_assert_eq!(got, datagrams);
        }

        #[test]
        fn whatever_comes_no_more_than_one_frame_is_kept(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3_000), 0..10)) {
            let mut reader = FrameReader::default();
            for piece in pieces {
                if reader.take(&piece, |datagram| assert!(datagram.len() <= MAX_DATAGRAM_BYTES)).is_err() {
                    break;
                }
                prop_assert!(reader.partial.len() <= HEAD_BYTES + MAX_DATAGRAM_BYTES);
            }
        }
    }
}
