//! What the two processes say to each other.
//!
//! Owns the messages and their form: two lengths, a JSON head, and behind an answer with rows of a picture its pixels. Both lengths
//! are checked against a bound before anything is allocated for them. The file itself goes over beside one byte in front
//! of the first message, as a descriptor.

use echo_dicom::{Outline, PixelForm, Provenance};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io::{self, Read, Write};

/// Longest question.
pub(crate) const MAX_ASK_BYTES: usize = 1 << 10;
/// Longest head of an answer: the outline of a clip with as many fragments as are allowed has 6 MB.
pub(crate) const MAX_ANSWER_BYTES: usize = 16 << 20;
/// The byte that carries the descriptor.
pub(crate) const FILE_MARK: u8 = b'F';

/// What a reader is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Open the file that came over.
    Open {
        /// Bytes that it will have.
        whole: u64,
        /// Bytes that can be read now, from the start.
        here: u64,
    },
    /// The header of the object that came over, whatever its pixels are. The first question and the last.
    Header {
        /// Bytes that it has.
        whole: u64,
        /// First byte of its data set.
        data_set_at: u64,
        /// Transfer syntax.
        syntax: String,
    },
    /// Whose clip it is.
    Provenance,
    /// Decode a frame, or go a part of the way to it.
    Frame {
        /// Which, from 0.
        index: u32,
    },
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// It is confined; said once, unasked.
    Ready {
        /// The kernel has landlock and uses it.
        landlock: bool,
    },
    /// It could not be confined and reads nothing.
    Unfit {
        /// What is missing.
        why: String,
    },
    /// The header, whose DICOM JSON follows.
    Header,
    /// The clip is open.
    Outline(Box<Outline>),
    /// Whose it is.
    Provenance(Box<Provenance>),
    /// A picture, whose rows follow in messages of their own.
    Picture {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// What a pixel is made of.
        form: PixelForm,
    },
    /// Some whole rows of it, in order; at most `STRIP_BYTES` follow. The last of them come when all were decoded, so a picture that fails
    /// is `Refused` in their place.
    Rows,
    /// The picture takes longer than one answer; it goes on when asked again.
    Underway,
    /// No.
    Refused(Said),
}

/// Why not.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    /// The bytes that are here end too early.
    Early,
    /// It has no such frame.
    NoSuchFrame {
        /// Asked for, from 0.
        index: u32,
        /// How many it has.
        frames: u32,
    },
    /// A step failed.
    Step {
        /// Its key.
        step: String,
        /// What is wrong.
        words: String,
    },
}

/// Sends one message.
pub(crate) fn send(to: &mut impl Write, head: &impl Serialize, body: &[u8]) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let too_long = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let lengths = [
        u32::try_from(head.len()).map_err(too_long)?.to_le_bytes(),
        u32::try_from(body.len()).map_err(too_long)?.to_le_bytes(),
    ];
    to.write_all(&[lengths.as_flattened(), &head].concat())?;
    to.write_all(body)
}

/// Receives one message whose head and body have at most so many bytes. `InvalidData` when it is none.
pub(crate) fn receive<T: DeserializeOwned>(
    from: &mut impl Read,
    most_head: usize,
    most_body: usize,
) -> io::Result<(T, Vec<u8>)> {
    let mut body = Vec::new();
    let said = receive_into(from, most_head, most_body, &mut body)?;
    Ok((said, body))
}

/// The same into room that is used again.
pub(crate) fn receive_into<T: DeserializeOwned>(
    from: &mut impl Read,
    most_head: usize,
    most_body: usize,
    into: &mut Vec<u8>,
) -> io::Result<T> {
    let mut lengths = [0; 8];
    from.read_exact(&mut lengths)?;
    let [a, b, c, d, e, f, g, h] = lengths;
    let length = |bytes| usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX);
    let (head, body) = (length([a, b, c, d]), length([e, f, g, h]));
    if head > most_head || body > most_body {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; head];
    from.read_exact(&mut bytes)?;
    let said =
        serde_json::from_slice(&bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    into.resize(body, 0);
    from.read_exact(into)?;
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_over_as_it_was_said() {
        let mut line = Vec::new();
        send(&mut line, &Ask::Frame { index: 7 }, b"rows").unwrap();
        let (ask, body) = receive::<Ask>(&mut &line[..], MAX_ASK_BYTES, 4).unwrap();
        assert!(matches!(ask, Ask::Frame { index: 7 }));
        assert_eq!(body, b"rows");
    }

    #[test]
    fn lengths_beyond_their_bound_and_what_is_no_json_are_refused_before_anything_is_held() {
        let head = |head: u32, body: u32| [head.to_le_bytes(), body.to_le_bytes()].concat();
        for line in [
            head(u32::MAX, 0),
            head(0, u32::MAX),
            head(2, 0).into_iter().chain(*b"{{").collect(),
            head(8, 0).into_iter().chain(*b"\"Ready\"}").collect(),
        ] {
            let error = receive::<Answer>(&mut &line[..], 100, 100).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{line:?}");
        }
        let cut = receive::<Answer>(&mut &head(5, 0)[..], 100, 100).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
    }
}
