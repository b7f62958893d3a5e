//! The head of an object's file: preamble, magic and file meta information (PS3.10 section 7.1), for a data set that came over
//! the network and so without one.
//!
//! The preamble is zero, whatever a file said that the object may once have been. The data set behind it is the sender's, unaltered.

use dimse::{Facts, IMPLEMENTATION_UID, IMPLEMENTATION_VERSION};

/// No head is longer.
pub(super) const MAX_HEAD_BYTES: u64 = 1024;
const PREAMBLE_BYTES: usize = 128;
const MAGIC: &[u8; 4] = b"DICM";

/// The head for an object.
pub(super) fn head(facts: &Facts) -> Vec<u8> {
    let mut group = Vec::new();
    // File Meta Information Version: OB has a longer head than the others.
    group.extend_from_slice(&[2, 0, 1, 0, b'O', b'B', 0, 0, 2, 0, 0, 0, 0, 1]);
    put(&mut group, 0x0002, *b"UI", &facts.class);
    put(&mut group, 0x0003, *b"UI", &facts.instance);
    put(&mut group, 0x0010, *b"UI", &facts.syntax);
    put(&mut group, 0x0012, *b"UI", IMPLEMENTATION_UID);
    put(&mut group, 0x0013, *b"SH", IMPLEMENTATION_VERSION);
    // Source Application Entity Title: nothing else in the file says where it came from.
    put(&mut group, 0x0016, *b"AE", &facts.sender);
    let mut head = vec![0; PREAMBLE_BYTES];
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&[2, 0, 0, 0, b'U', b'L', 4, 0]);
    let length = u32::try_from(group.len()).unwrap_or(u32::MAX);
    head.extend_from_slice(&length.to_le_bytes());
    head.append(&mut group);
    head
}

fn put(group: &mut Vec<u8>, element: u16, vr: [u8; 2], text: &str) {
    let mut value = text.as_bytes().to_vec();
    if value.len() % 2 == 1 {
        value.push(if vr == *b"UI" { 0 } else { b' ' });
    }
    group.extend_from_slice(&2_u16.to_le_bytes());
    group.extend_from_slice(&element.to_le_bytes());
    group.extend_from_slice(&vr);
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    group.extend_from_slice(&length.to_le_bytes());
    group.extend_from_slice(&value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_how_long_it_is_and_what_follows() {
        let facts = Facts {
            class: "1.2.840.10008.5.1.4.1.1.3.1".to_owned(),
            instance: "9".repeat(64),
            syntax: "1.2.840.10008.1.2.1".to_owned(),
            sender: "SIXTEEN LETTERS.".to_owned(),
        };
        let head = head(&facts);
        assert!(head.len() as u64 <= MAX_HEAD_BYTES && head[..128] == [0; 128]);
        assert_eq!(head[128..132], *b"DICM");
        let length = u32::from_le_bytes(head[140..144].try_into().unwrap());
        assert_eq!(head.len(), 144 + length as usize);
        for said in [&facts.class, &facts.instance, &facts.syntax, &facts.sender] {
            let found = head.windows(said.len()).any(|part| part == said.as_bytes());
            assert!(found, "{said}");
        }
        assert!(head.len().is_multiple_of(2), "no value has an odd length");
    }
}
