//! Bodies of several parts, as they come (RFC 2046 section 5.1).
//!
//! Sans-IO: bytes in, parts out, cut wherever the network cut them. Owns boundaries and part heads. Some senders end lines with LF alone; a
//! body that begins so is read so to its end, and no other is, because an object may well end in CR. Invariant: what is held is no more than
//! what was fed last and one boundary.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

/// Bytes in front of the first boundary, which nobody reads.
const MAX_PREAMBLE_BYTES: usize = 64 * 1024;
/// Bytes of a part's head; real ones have a hundred.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Longest boundary (RFC 2046 section 5.1.1).
const MAX_BOUNDARY_BYTES: usize = 70;

/// What comes next in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A part begins; its media type without parameters, in small letters.
    Part(Option<String>),
    /// Bytes of it.
    Data(Bytes),
    /// It is whole.
    PartEnd,
    /// The last boundary; what follows nobody reads.
    End,
}

/// It is no such body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct PartsFault(&'static str);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Preamble { dropped: usize },
    Boundary,
    Head,
    Data,
    End,
}

/// Reads a body.
#[derive(Debug)]
pub(super) struct Parts {
    /// CRLF or LF, then two lines and the boundary.
    mark: Vec<u8>,
    /// How many of the mark are its line end.
    line_end: usize,
    state: State,
    held: BytesMut,
}

impl Parts {
    /// With the boundary of the content type; none when it is no boundary.
    pub(super) fn new(boundary: &str) -> Option<Self> {
        let fine = !boundary.is_empty()
            && boundary.len() <= MAX_BOUNDARY_BYTES
            && boundary.bytes().all(|b| (b' '..=b'~').contains(&b))
            && !boundary.ends_with(' ');
        fine.then(|| Self {
            mark: [b"\r\n--", boundary.as_bytes()].concat(),
            line_end: 2,
            state: State::Preamble { dropped: 0 },
            held: BytesMut::new(),
        })
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Whether the last boundary was met.
    pub(super) fn is_whole(&self) -> bool {
        self.state == State::End
    }

    /// The next thing; none when more bytes are needed.
    pub(super) fn next(&mut self) -> Result<Option<Found>, PartsFault> {
        loop {
            let found = match self.state {
                State::Preamble { dropped } => {
                    if !self.skip_to_first(dropped)? {
                        return Ok(None);
                    }
                    None
                }
                State::Boundary => match self.behind_boundary()? {
                    Some(state) => {
                        self.state = state;
                        (state == State::End).then_some(Found::End)
                    }
                    None => return Ok(None),
                },
                State::Head => match self.head()? {
                    Some(media) => {
                        self.state = State::Data;
                        Some(Found::Part(media))
                    }
                    None => return Ok(None),
                },
                State::Data => return Ok(self.data()),
                State::End => {
                    self.held.clear();
                    return Ok(None);
                }
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// To the first boundary, which stands at the beginning of a line.
    fn skip_to_first(&mut self, dropped: usize) -> Result<bool, PartsFault> {
        let boundary = self.mark.get(2..).unwrap_or_default();
        let mut from = 0;
        while let Some(at) = memmem::find(self.held.get(from..).unwrap_or_default(), boundary) {
            let at = from + at;
            let begins = match at.checked_sub(1) {
                Some(before) => self.held.get(before) == Some(&b'\n'),
                None => dropped == 0,
            };
            if begins {
                self.held.advance(at + boundary.len());
                self.state = State::Boundary;
                return Ok(true);
            }
            from = at + 1;
        }
        let drop = self.held.len().saturating_sub(boundary.len());
        if dropped + drop > MAX_PREAMBLE_BYTES {
            return Err(PartsFault("the boundary of the content type is not in it"));
        }
        if drop > 0 {
            self.held.advance(drop);
            self.state = State::Preamble {
                dropped: dropped + drop,
            };
        }
        Ok(false)
    }

    fn behind_boundary(&mut self) -> Result<Option<State>, PartsFault> {
        if self.held.len() < 2 {
            return Ok(None);
        }
        if self.held.starts_with(b"--") {
            return Ok(Some(State::End));
        }
        let Some(end) = memchr::memchr(b'\n', &self.held) else {
            return if self.held.len() > MAX_BOUNDARY_BYTES {
                Err(PartsFault("a boundary does not end its line"))
            } else {
                Ok(None)
            };
        };
        let line = self.held.split_to(end + 1);
        if !line.iter().all(|b| b" \t\r\n".contains(b)) {
            return Err(PartsFault("something stands behind a boundary"));
        }
        if self.line_end == 2 && !line.ends_with(b"\r\n") {
            self.mark.remove(0);
            self.line_end = 1;
        }
        Ok(Some(State::Head))
    }

    fn head(&mut self) -> Result<Option<Option<String>>, PartsFault> {
        let mut media = None;
        let mut at = 0;
        loop {
            let rest = self.held.get(at..).unwrap_or_default();
            let Some(end) = memchr::memchr(b'\n', rest) else {
                return if self.held.len() > MAX_HEAD_BYTES {
                    Err(PartsFault("the head of a part is larger than any real one"))
                } else {
                    Ok(None)
                };
            };
            let line = rest.get(..end).unwrap_or_default();
            let line = String::from_utf8_lossy(line);
            let line = line.trim_end_matches('\r');
            at += end + 1;
            if at > MAX_HEAD_BYTES {
                return Err(PartsFault("the head of a part is larger than any real one"));
            }
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.trim().eq_ignore_ascii_case("content-type")
            {
                let value = value.split(';').next().unwrap_or_default();
                media = Some(value.trim().to_ascii_lowercase());
            }
        }
        self.held.advance(at);
        Ok(Some(media))
    }

    fn data(&mut self) -> Option<Found> {
        match memmem::find(&self.held, &self.mark) {
            Some(0) => {
                let behind = self.held.get(self.mark.len()..self.mark.len() + 2)?;
                if behind == b"--" || b" \t\r\n".contains(behind.first()?) {
                    self.held.advance(self.mark.len());
                    self.state = State::Boundary;
                    return Some(Found::PartEnd);
                }
                // A longer word than the boundary; it belongs to the part.
                Some(Found::Data(self.held.split_to(self.mark.len()).freeze()))
            }
            Some(at) => Some(Found::Data(self.held.split_to(at).freeze())),
            None => {
                let give = self.held.len().saturating_sub(self.mark.len() - 1);
                (give > 0).then(|| Found::Data(self.held.split_to(give).freeze()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read = Vec<(Option<String>, Vec<u8>)>;

    /// Reads a body that comes in pieces of so many bytes.
    fn reads(body: &[u8], piece: usize) -> Result<(Read, bool), PartsFault> {
        let mut parts = Parts::new("b0und").unwrap();
        let mut read: Read = Vec::new();
        let mut whole = 0;
        for piece in body.chunks(piece) {
            parts.feed(piece);
            while let Some(found) = parts.next()? {
                match found {
                    Found::Part(media) => read.push((media, Vec::new())),
                    Found::Data(data) => read.last_mut().unwrap().1.extend_from_slice(&data),
                    Found::PartEnd => whole += 1,
                    Found::End => {}
                }
            }
        }
        read.truncate(whole);
        Ok((read, parts.is_whole()))
    }

    fn body(line_end: &str, parts: &[&[u8]]) -> Vec<u8> {
        let mut body = b"ignored".to_vec();
        body.extend_from_slice(line_end.as_bytes());
        for part in parts {
            let head = format!(
                "--b0und{line_end}Content-Type: application/dicom; a=b{line_end}{line_end}"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(part);
            body.extend_from_slice(line_end.as_bytes());
        }
        body.extend_from_slice(b"--b0und--");
        body
    }

    #[test]
    fn parts_are_read_whatever_the_pieces_and_line_ends() {
        let inside: [&[u8]; 3] = [b"\r\n--b0un\r\n--b0undary\0", b"ends in \r", b"\r\n\r\n"];
        for line_end in ["\r\n", "\n"] {
            let body = body(line_end, &inside);
            for piece in 1..=body.len() {
                let (read, whole) = reads(&body, piece).unwrap();
                assert!(whole, "{line_end:?} {piece}");
                let data: Vec<&[u8]> = read.iter().map(|(_, data)| &data[..]).collect();
                assert_eq!(data, inside, "{line_end:?} {piece}");
                assert_eq!(read[0].0.as_deref(), Some("application/dicom"));
            }
        }
    }

    #[test]
    fn a_body_that_is_cut_gives_the_parts_that_were_whole() {
        let body = body("\r\n", &[b"one", b"two"]);
        for cut in 0..body.len() {
            let (read, whole) = reads(&body[..cut], 7).unwrap();
            assert!(!whole || cut >= body.len() - 2, "{cut}");
            let wanted: [&[u8]; 2] = [b"one", b"two"];
            for ((_, data), wanted) in read.iter().zip(wanted) {
                assert_eq!(data, wanted, "{cut}");
            }
        }
    }

    #[test]
    fn another_boundary_and_heads_without_end_are_refused() {
        assert!(reads(&vec![b'x'; 1 << 20], 1_000).is_err());
        let endless = [b"--b0und\r\n".as_slice(), &vec![b'h'; 1 << 20]].concat();
        assert!(reads(&endless, 1_000).is_err());
        assert!(reads(b"--b0und nonsense\r\n\r\n", 64).is_err());
        for wrong in ["", "ends ", "line\nend", &"x".repeat(71)] {
            assert!(Parts::new(wrong).is_none(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_nothing_panics(body in proptest::collection::vec(any::<u8>(), 0..512), piece in 1_usize..64) {
            let _ = reads(&body, piece);
            let behind = [b"--b0und\r\n\r\n".as_slice(), &body].concat();
            let _ = reads(&behind, piece);
        }
    }
}
