//! Identifiers: the data sets of questions and of answers to them (PS3.4 section C.4.1.1).
//!
//! Owns reading the elements of one level and the items of a sequence, and writing both, in Implicit and Explicit VR Little Endian,
//! which is all that identifiers travel in here. What is in a sequence is read by who asks for its items. Nothing is made room for by a declared length, and depth and number are
//! bounded.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::uids;

/// Most elements of one identifier.
const MAX_ELEMENTS: usize = 256;
/// Deepest sequence that is walked over.
const MAX_DEPTH: usize = 8;
/// A length that says: until a delimiter.
const UNDEFINED: u32 = u32::MAX;
/// An item's or a sequence's end.
const DELIMITER_BYTES: usize = 8;
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);

/// These bytes are no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identifier's elements contradict its length")]
pub struct IdentifierFault;

/// An element of an identifier. The value of a sequence are its items, for `read_items`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its tag.
    pub tag: Tag,
    /// Its value as it came, in the identifier's character set.
    pub value: Vec<u8>,
}

struct Head {
    tag: Tag,
    length: u32,
}

/// Reads the elements of the top level.
///
/// # Errors
/// `IdentifierFault`.
pub fn read_identifier(mut bytes: &[u8], syntax: &str) -> Result<Vec<Element>, IdentifierFault> {
    let implicit = syntax == uids::IMPLICIT_VR_LITTLE_ENDIAN;
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        let head = head(&mut bytes, implicit)?;
        let value = if head.length == UNDEFINED {
            let items = bytes;
            skip_items(&mut bytes, implicit, MAX_DEPTH)?;
            before(items, bytes, DELIMITER_BYTES)?
        } else {
            take(&mut bytes, head.length)?
        };
        if elements.len() == MAX_ELEMENTS {
            return Err(IdentifierFault);
        }
        elements.push(Element {
            tag: head.tag,
            value: value.to_vec(),
        });
    }
    Ok(elements)
}

/// Reads the items of a sequence, each with its elements.
///
/// # Errors
/// `IdentifierFault`.
pub fn read_items(value: &[u8], syntax: &str) -> Result<Vec<Vec<Element>>, IdentifierFault> {
    let implicit = syntax == uids::IMPLICIT_VR_LITTLE_ENDIAN;
    let (mut bytes, mut items) = (value, Vec::new());
    while !bytes.is_empty() {
        let item = head(&mut bytes, implicit)?;
        if item.tag != ITEM || items.len() == MAX_ELEMENTS {
            return Err(IdentifierFault);
        }
        let within = if item.length == UNDEFINED {
            let from = bytes;
            skip_elements(&mut bytes, implicit, MAX_DEPTH)?;
            before(from, bytes, DELIMITER_BYTES)?
        } else {
            take(&mut bytes, item.length)?
        };
        items.push(read_identifier(within, syntax)?);
    }
    Ok(items)
}

/// What was read since `from`, without the delimiter at its end.
fn before<'a>(from: &'a [u8], rest: &[u8], delimiter: usize) -> Result<&'a [u8], IdentifierFault> {
    let read = from.len().checked_sub(rest.len() + delimiter);
    read.and_then(|read| from.get(..read))
        .ok_or(IdentifierFault)
}

fn take<'a>(bytes: &mut &'a [u8], length: u32) -> Result<&'a [u8], IdentifierFault> {
    let length = usize::try_from(length).map_err(|_| IdentifierFault)?;
    let (value, rest) = bytes.split_at_checked(length).ok_or(IdentifierFault)?;
    *bytes = rest;
    Ok(value)
}

/// PS3.5 section 7.1.
fn head(bytes: &mut &[u8], implicit: bool) -> Result<Head, IdentifierFault> {
    let (&[g0, g1, e0, e1, a, b, c, d], rest) =
        bytes.split_first_chunk::<8>().ok_or(IdentifierFault)?;
    *bytes = rest;
    let tag = Tag(u16::from_le_bytes([g0, g1]), u16::from_le_bytes([e0, e1]));
    let length = if implicit || tag.0 == ITEM.0 {
        u32::from_le_bytes([a, b, c, d])
    } else if is_long(&[a, b]) {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or(IdentifierFault)?;
        *bytes = rest;
        u32::from_le_bytes(*length)
    } else {
        u16::from_le_bytes([c, d]).into()
    };
    Ok(Head { tag, length })
}

/// VRs with a reserved field and a length of four bytes (PS3.5 Table 7.1-1).
fn is_long(vr: &[u8]) -> bool {
    matches!(
        vr,
        b"OB"
            | b"OD"
            | b"OF"
            | b"OL"
            | b"OV"
            | b"OW"
            | b"SQ"
            | b"SV"
            | b"UC"
            | b"UN"
            | b"UR"
            | b"UT"
            | b"UV"
    )
}

/// Items up to the end of a sequence of undefined length (PS3.5 section 7.5.2).
fn skip_items(bytes: &mut &[u8], implicit: bool, depth: usize) -> Result<(), IdentifierFault> {
    let deeper = depth.checked_sub(1).ok_or(IdentifierFault)?;
    loop {
        let item = head(bytes, implicit)?;
        match (item.tag, item.length) {
            (SEQUENCE_END, 0) => return Ok(()),
            (ITEM, UNDEFINED) => skip_elements(bytes, implicit, deeper)?,
            (ITEM, length) => take(bytes, length).map(drop)?,
            _ => return Err(IdentifierFault),
        }
    }
}

/// Elements up to the end of an item of undefined length.
fn skip_elements(bytes: &mut &[u8], implicit: bool, depth: usize) -> Result<(), IdentifierFault> {
    loop {
        let element = head(bytes, implicit)?;
        match (element.tag, element.length) {
            (ITEM_END, 0) => return Ok(()),
            (_, UNDEFINED) => skip_items(bytes, implicit, depth)?,
            (_, length) => take(bytes, length).map(drop)?,
        }
    }
}

/// Writes a sequence of items that are written already.
#[must_use]
pub fn write_sequence(tag: Tag, items: &[Vec<u8>], syntax: &str) -> Vec<u8> {
    let long = |length: usize| u32::try_from(length).unwrap_or(UNDEFINED - 1).to_le_bytes();
    let mut within = Vec::new();
    for item in items {
        within.extend_from_slice(&ITEM.0.to_le_bytes());
        within.extend_from_slice(&ITEM.1.to_le_bytes());
        within.extend_from_slice(&long(item.len()));
        within.extend_from_slice(item);
    }
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&tag.0.to_le_bytes());
    bytes.extend_from_slice(&tag.1.to_le_bytes());
    if syntax != uids::IMPLICIT_VR_LITTLE_ENDIAN {
        bytes.extend_from_slice(b"SQ\0\0");
    }
    bytes.extend_from_slice(&long(within.len()));
    bytes.append(&mut within);
    bytes
}

/// Writes a flat data set of texts; `elements` are in the order of their tags. What is longer than its VR's length field is left out.
#[must_use]
pub fn write_identifier(elements: &[(Tag, VR, String)], syntax: &str) -> Vec<u8> {
    let implicit = syntax == uids::IMPLICIT_VR_LITTLE_ENDIAN;
    let mut bytes = Vec::new();
    for (tag, vr, text) in elements {
        let mut value = text.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(if *vr == VR::UI { 0 } else { b' ' });
        }
        let (Ok(short), Ok(long)) = (u16::try_from(value.len()), u32::try_from(value.len())) else {
            continue;
        };
        bytes.extend_from_slice(&tag.0.to_le_bytes());
        bytes.extend_from_slice(&tag.1.to_le_bytes());
        let name = vr.to_string();
        if implicit {
            bytes.extend_from_slice(&long.to_le_bytes());
        } else if is_long(name.as_bytes()) {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&[0, 0]);
            bytes.extend_from_slice(&long.to_le_bytes());
        } else {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&short.to_le_bytes());
        }
        bytes.append(&mut value);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_dictionary_std::tags;
    use proptest::prelude::*;

    const SYNTAXES: [&str; 2] = [
        uids::IMPLICIT_VR_LITTLE_ENDIAN,
        uids::EXPLICIT_VR_LITTLE_ENDIAN,
    ];

    fn question(syntax: &str) -> Vec<u8> {
        let text = |tag, vr, text: &str| (tag, vr, text.to_owned());
        write_identifier(
            &[
                text(tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
                text(tags::PATIENT_NAME, VR::PN, ""),
                text(tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3"),
                text(tags::TEXT_VALUE, VR::UT, "long"),
            ],
            syntax,
        )
    }

    #[test]
    fn what_is_written_is_read_in_both_syntaxes() {
        for syntax in SYNTAXES {
            let read = read_identifier(&question(syntax), syntax).unwrap();
            let values: Vec<&[u8]> = read.iter().map(|one| one.value.as_slice()).collect();
            assert_eq!(values, [&b"STUDY "[..], b"", b"1.2.3\0", b"long"]);
            assert_eq!(read[2].tag, tags::STUDY_INSTANCE_UID);
        }
    }

    #[test]
    fn items_are_written_and_read() {
        for syntax in SYNTAXES {
            let items = [question(syntax), Vec::new()];
            let bytes = write_sequence(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE, &items, syntax);
            let read = read_identifier(&bytes, syntax).unwrap();
            let items = read_items(&read[0].value, syntax).unwrap();
            assert_eq!(items.iter().map(Vec::len).collect::<Vec<_>>(), [4, 0]);
        }
    }

    #[test]
    fn sequences_are_walked_over_and_too_deep_ones_refused() {
        let nested = |depth: usize| {
            let mut bytes = Vec::new();
            for _ in 0..depth {
                bytes.extend_from_slice(b"\x40\x00\x75\x02\xFF\xFF\xFF\xFF");
                bytes.extend_from_slice(b"\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF");
            }
            for _ in 0..depth {
                bytes.extend_from_slice(b"\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0");
            }
            bytes.extend_from_slice(&question(SYNTAXES[0]));
            read_identifier(&bytes, SYNTAXES[0])
        };
        let read = nested(3).unwrap();
        assert_eq!(read.len(), 5);
        let items = read_items(&read[0].value, SYNTAXES[0]).unwrap();
        assert_eq!((items.len(), items[0].len()), (1, 1), "a sequence in it");
        assert_eq!(nested(MAX_DEPTH + 1), Err(IdentifierFault));
    }

    proptest! {
        #[test]
        fn spoilt_identifiers_never_panic(at in prop::collection::vec((0_usize..100, any::<u8>()), 0..8), cut in 0_usize..100) {
            for syntax in SYNTAXES {
                let mut bytes = question(syntax);
                for (at, byte) in &at {
                    let at = at % bytes.len();
                    bytes[at] = *byte;
                }
                bytes.truncate(cut.max(1));
                let _ = read_identifier(&bytes, syntax);
                let _ = read_items(&bytes, syntax);
            }
        }
    }
}
