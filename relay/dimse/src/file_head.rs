//! The head of an object's file: preamble, magic and file meta information (PS3.10 section 7.1), for a data set that came over
//! the network and so without one.
//!
//! The preamble is zero, whatever a file said that the object may once have been. The data set behind it is the sender's, unaltered.

use crate::{Facts, IMPLEMENTATION_UID, IMPLEMENTATION_VERSION};

/// Bytes before the magic.
pub const PREAMBLE_BYTES: usize = 128;
/// What follows the preamble.
pub const MAGIC: &[u8; 4] = b"DICM";
/// No head is longer.
pub const MAX_FILE_HEAD_BYTES: u64 = 1024;
/// Private information is this long at the most, by the bound above.
const MAX_PRIVATE_BYTES: usize = 256;

/// The head for an object. `private` is kept as Private Information (0002,0102) of our implementation; 256 bytes of it at the most.
#[must_use]
pub fn file_head(facts: &Facts, private: Option<&[u8]>) -> Vec<u8> {
    let mut group = Vec::new();
    // File Meta Information Version.
    put_bytes(&mut group, 0x0001, &[0, 1]);
    put(&mut group, 0x0002, *b"UI", &facts.class);
    put(&mut group, 0x0003, *b"UI", &facts.instance);
    put(&mut group, 0x0010, *b"UI", &facts.syntax);
    put(&mut group, 0x0012, *b"UI", IMPLEMENTATION_UID);
    put(&mut group, 0x0013, *b"SH", IMPLEMENTATION_VERSION);
    // Source Application Entity Title: nothing else in the file says where it came from.
    put(&mut group, 0x0016, *b"AE", &facts.sender);
    if let Some(private) = private {
        debug_assert!(private.len() <= MAX_PRIVATE_BYTES && private.len().is_multiple_of(2));
        put(&mut group, 0x0100, *b"UI", IMPLEMENTATION_UID);
        put_bytes(&mut group, 0x0102, private);
    }
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

/// OB has a longer head than the others (PS3.5 section 7.1.2).
fn put_bytes(group: &mut Vec<u8>, element: u16, value: &[u8]) {
    group.extend_from_slice(&2_u16.to_le_bytes());
    group.extend_from_slice(&element.to_le_bytes());
    group.extend_from_slice(&[b'O', b'B', 0, 0]);
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    group.extend_from_slice(&length.to_le_bytes());
    group.extend_from_slice(value);
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
        for private in [None, Some(&[7; MAX_PRIVATE_BYTES][..])] {
            let head = file_head(&facts, private);
            assert!(head.len() as u64 <= MAX_FILE_HEAD_BYTES && head[..128] == [0; 128]);
            assert_eq!(head[128..132], *b"DICM");
            let length = u32::from_le_bytes(head[140..144].try_into().unwrap());
            assert_eq!(head.len(), 144 + length as usize);
            for said in [&facts.class, &facts.instance, &facts.syntax, &facts.sender] {
                let found = head.windows(said.len()).any(|part| part == said.as_bytes());
                assert!(found, "{said}");
            }
            assert_eq!(head.ends_with(&[7; MAX_PRIVATE_BYTES]), private.is_some());
            assert!(head.len().is_multiple_of(2), "no value has an odd length");
        }
    }
}
