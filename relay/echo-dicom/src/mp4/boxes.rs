//! Boxes within boxes (ISO/IEC 14496-12 section 4.2), over bytes that are in memory.
//!
//! Owns lengths: a box lies inside what holds it, a table has the entries that it declares. The walk is flat; a caller goes
//! one level deeper by asking for a child, so no file decides how deep.

use crate::error::ClipError;

/// The type of a box.
pub(super) type Kind = [u8; 4];

pub(super) fn fault<T>(why: impl Into<String>) -> Result<T, ClipError> {
    Err(ClipError::Video(why.into()))
}

/// The boxes that follow each other in some bytes, each with its content.
#[derive(Debug, Clone)]
pub(super) struct Boxes<'a> {
    rest: &'a [u8],
}

impl<'a> Boxes<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn take(&mut self) -> Result<Option<(Kind, &'a [u8])>, ClipError> {
        let rest = std::mem::take(&mut self.rest);
        let Some((head, _)) = rest.split_first_chunk::<8>() else {
            // QuickTime ends some lists with a zero.
            return if rest.iter().all(|byte| *byte == 0) {
                Ok(None)
            } else {
                fault("bytes that are no box follow a box")
            };
        };
        let (kind, head_bytes, declared) = size(head, rest.get(8..16))?;
        let length = match declared {
            Some(declared) => usize::try_from(declared).unwrap_or(usize::MAX),
            None => rest.len(),
        };
        match (rest.get(head_bytes..length), rest.get(length..)) {
            (Some(content), Some(after)) => {
                self.rest = after;
                Ok(Some((kind, content)))
            }
            _ => fault("a box reaches beyond what holds it"),
        }
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<(Kind, &'a [u8]), ClipError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.take().transpose()
    }
}

/// Type of a box, bytes of its head, and its whole length; none when it reaches to the end of what holds it. `long` are the
/// eight bytes that follow the first eight.
pub(super) fn size(
    head: &[u8; 8],
    long: Option<&[u8]>,
) -> Result<(Kind, usize, Option<u64>), ClipError> {
    let [a, b, c, d, kind @ ..] = *head;
    match u32::from_be_bytes([a, b, c, d]) {
        0 => Ok((kind, 8, None)),
        1 => match long.and_then(|long| long.try_into().ok()) {
            Some(long) => {
                let length = u64::from_be_bytes(long);
                if length < 16 {
                    return fault("a box is shorter than its own head");
                }
                Ok((kind, 16, Some(length)))
            }
            None => fault("a box reaches beyond what holds it"),
        },
        short @ 2..8 => fault(format!(
            "a box of {short} bytes is shorter than its own head"
        )),
        length => Ok((kind, 8, Some(u64::from(length)))),
    }
}

/// The only box of a type, if there is one.
pub(super) fn at_most_one(bytes: &[u8], kind: Kind) -> Result<Option<&[u8]>, ClipError> {
    let mut found = None;
    for each in Boxes::new(bytes) {
        let (it, content) = each?;
        if it == kind && found.replace(content).is_some() {
            return fault(format!("there are two boxes {}", name(kind)));
        }
    }
    Ok(found)
}

/// The only box of a type.
pub(super) fn only(bytes: &[u8], kind: Kind) -> Result<&[u8], ClipError> {
    match at_most_one(bytes, kind)? {
        Some(content) => Ok(content),
        None => fault(format!("the box {} is missing", name(kind))),
    }
}

/// The entries of a table that begins with its count, behind `skip` bytes of content.
pub(super) fn table<const N: usize>(content: &[u8], skip: usize) -> Result<&[[u8; N]], ClipError> {
    let counted = content
        .get(skip..)
        .and_then(|rest| rest.split_first_chunk::<4>());
    let Some((count, rest)) = counted else {
        return fault("a table is cut off");
    };
    let count = usize::try_from(u32::from_be_bytes(*count)).unwrap_or(usize::MAX);
    match rest.as_chunks::<N>().0.get(..count) {
        Some(entries) => Ok(entries),
        None => fault("a table has fewer entries than it declares"),
    }
}

/// A type as it may stand in a message: foreign bytes only where they are plain letters and digits.
pub(super) fn name(kind: Kind) -> String {
    kind.iter()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(*byte),
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(bytes: &[u8]) -> Result<Vec<String>, String> {
        let all: Result<Vec<_>, _> = Boxes::new(bytes).collect();
        all.map(|all| all.iter().map(|(kind, _)| name(*kind)).collect())
            .map_err(|error: ClipError| error.to_string())
    }

    #[test]
    fn boxes_of_all_three_kinds_of_length_are_walked() {
        let long = [&[0, 0, 0, 1][..], b"long", &[0, 0, 0, 0, 0, 0, 0, 17, 9]].concat();
        let bytes = [
            &[0, 0, 0, 9][..],
            b"ftyp",
            &[1],
            &long,
            &[0, 0, 0, 0],
            b"last",
            &[1, 2],
        ];
        assert_eq!(kinds(&bytes.concat()).unwrap(), ["ftyp", "long", "last"]);
        assert_eq!(kinds(&[]).unwrap(), [""; 0]);
        assert_eq!(kinds(&[0, 0, 0, 0]).unwrap(), [""; 0], "a closing zero");
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for (head, part) in [
            (&[0, 0, 0, 7][..], "shorter"),
            (&[0, 0, 0, 9], "beyond"),
            (&[255, 255, 255, 255], "beyond"),
            (&[0, 0, 0, 1], "beyond"),
        ] {
            let error = kinds(&[head, b"moov"].concat()).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        for length in [0_u64, 15, 17, u64::MAX] {
            let bytes = [&[0, 0, 0, 1][..], b"moov", &length.to_be_bytes()].concat();
            assert!(kinds(&bytes).is_err(), "{length}");
        }
        assert!(table::<4>(&[0, 0, 0, 0, 255, 255, 255, 255, 1, 2, 3, 4], 4).is_err());
        assert!(table::<4>(&[0, 0], 4).is_err());
    }
}
