//! What a decoder must know before the first frame: the box `avcC` (ISO/IEC 14496-15 section 5.3.3.1).
//!
//! Owns checking that the parameter sets lie in it as it says, and the name of the coding (RFC 6381). What the sets say is
//! the decoder's matter.

use super::boxes::fault;
use crate::error::ClipError;

/// Real ones have 30 to 60 bytes; a set has at most 64 KiB.
const MAX_BYTES: usize = 64 << 10;

/// What stands in the box.
#[derive(Debug)]
pub(crate) struct Configuration<'a> {
    /// Bytes of the length in front of each NAL unit: 1, 2 or 4.
    pub(crate) length_bytes: usize,
    /// Sequence parameter sets.
    pub(crate) sequence: Vec<&'a [u8]>,
    /// Picture parameter sets.
    pub(crate) picture: Vec<&'a [u8]>,
    /// Profile, constraints and level, as they stand at its head.
    coding: [u8; 3],
}

impl<'a> Configuration<'a> {
    /// Reads the content of the box; every set lies inside of it.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, ClipError> {
        let [1, profile, constraints, level, lengths, sets, rest @ ..] = bytes else {
            return fault("its decoder configuration is cut off or of an unknown version");
        };
        if bytes.len() > MAX_BYTES {
            return fault("its decoder configuration is larger than any real one");
        }
        // Lengths of NAL units have 1, 2 or 4 bytes.
        if lengths & 3 == 2 {
            return fault("its decoder configuration gives lengths of three bytes");
        }
        let (sequence, after) = take_sets(rest, sets & 31)?;
        let Some((pictures, after)) = after.split_first() else {
            return fault("its decoder configuration is cut off or of an unknown version");
        };
        let (picture, _) = take_sets(after, *pictures)?;
        Ok(Self {
            length_bytes: usize::from(lengths & 3) + 1,
            sequence,
            picture,
            coding: [*profile, *constraints, *level],
        })
    }

    /// The name of the coding, such as `avc1.640028`.
    pub(super) fn codec(&self) -> String {
        let [profile, constraints, level] = self.coding;
        format!("avc1.{profile:02X}{constraints:02X}{level:02X}")
    }
}

/// So many parameter sets and what follows them; there must be at least one.
fn take_sets(mut bytes: &[u8], count: u8) -> Result<(Vec<&[u8]>, &[u8]), ClipError> {
    if count == 0 {
        return fault("its decoder configuration lacks parameter sets");
    }
    let mut sets = Vec::new();
    for _ in 0..count {
        let taken = bytes.split_first_chunk::<2>().and_then(|(length, rest)| {
            let length = usize::from(u16::from_be_bytes(*length));
            rest.split_at_checked(length).filter(|_| length > 0)
        });
        let Some((set, after)) = taken else {
            return fault("its decoder configuration is cut off");
        };
        sets.push(set);
        bytes = after;
    }
    Ok((sets, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [u8; 18] = [
        1, 0x64, 0, 0x28, 0xFF, 0xE1, 0, 4, 0x67, 0x64, 0, 0x28, 1, 0, 2, 0x68, 0xEB, 0xFD,
    ];

    #[test]
    fn the_coding_is_named_after_profile_and_level() {
        let read = Configuration::read(&GOOD).unwrap();
        assert_eq!(read.codec(), "avc1.640028");
        assert_eq!(read.length_bytes, 4);
        assert_eq!(read.sequence, [[0x67, 0x64, 0, 0x28]]);
        assert_eq!(read.picture, [[0x68, 0xEB]]);
    }

    #[test]
    fn a_configuration_cut_anywhere_is_refused() {
        for cut in 0..17 {
            assert!(Configuration::read(&GOOD[..cut]).is_err(), "{cut}");
        }
        for (at, value) in [(0, 2), (4, 0xFE), (5, 0xE0), (6, 0xFF), (12, 0), (12, 2)] {
            let mut bytes = GOOD;
            bytes[at] = value;
            assert!(Configuration::read(&bytes).is_err(), "{at}");
        }
    }
}
