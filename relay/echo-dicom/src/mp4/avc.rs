//! What a decoder must know before the first frame: the box `avcC` (ISO/IEC 14496-15 section 5.3.3.1).
//!
//! Owns checking that the parameter sets lie in it as it says, and the name of the coding (RFC 6381). What the sets say is
//! the decoder's matter.

use super::boxes::fault;
use crate::error::ClipError;

/// Real ones have 30 to 60 bytes; a set has at most 64 KiB.
const MAX_BYTES: usize = 64 << 10;

/// The name of the coding, such as `avc1.640028`, once the configuration is in order.
pub(super) fn codec(configuration: &[u8]) -> Result<String, ClipError> {
    let [1, profile, constraints, level, lengths, sets, rest @ ..] = configuration else {
        return fault("its decoder configuration is cut off or of an unknown version");
    };
    if configuration.len() > MAX_BYTES {
        return fault("its decoder configuration is larger than any real one");
    }
    // Lengths of NAL units have 1, 2 or 4 bytes.
    if lengths & 3 == 2 {
        return fault("its decoder configuration gives lengths of three bytes");
    }
    let after = skip_sets(rest, sets & 31)?;
    let Some((pictures, after)) = after.split_first() else {
        return fault("its decoder configuration is cut off or of an unknown version");
    };
    skip_sets(after, *pictures)?;
    Ok(format!("avc1.{profile:02X}{constraints:02X}{level:02X}"))
}

/// What follows so many parameter sets; there must be at least one.
fn skip_sets(mut bytes: &[u8], count: u8) -> Result<&[u8], ClipError> {
    if count == 0 {
        return fault("its decoder configuration lacks parameter sets");
    }
    for _ in 0..count {
        let after = bytes.split_first_chunk::<2>().and_then(|(length, rest)| {
            let length = usize::from(u16::from_be_bytes(*length));
            rest.get(length..).filter(|_| length > 0)
        });
        match after {
            Some(after) => bytes = after,
            None => return fault("its decoder configuration is cut off"),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [u8; 18] = [
        1, 0x64, 0, 0x28, 0xFF, 0xE1, 0, 4, 0x67, 0x64, 0, 0x28, 1, 0, 2, 0x68, 0xEB, 0xFD,
    ];

    #[test]
    fn the_coding_is_named_after_profile_and_level() {
        assert_eq!(codec(&GOOD).unwrap(), "avc1.640028");
    }

    #[test]
    fn a_configuration_cut_anywhere_is_refused() {
        for cut in 0..17 {
            assert!(codec(&GOOD[..cut]).is_err(), "{cut}");
        }
        for (at, value) in [(0, 2), (4, 0xFE), (5, 0xE0), (6, 0xFF), (12, 0), (12, 2)] {
            let mut bytes = GOOD;
            bytes[at] = value;
            assert!(codec(&bytes).is_err(), "{at}");
        }
    }
}
