//! A sequence parameter set of a lower profile as one of High Profile (ITU-T H.264 section 7.3.2.1.1).
//!
//! Owns the few bits that High Profile says and the others do not: chroma format and bit depths. Transfer syntax .102 is of High
//! Profile (PS3.5 section 8.2.7), and what Constrained Baseline and Main may code is a part of that (annex A.2), so pictures that
//! were coded for a live link become a clip without being coded anew. Pictures are not touched. Pure.

use super::error::WriteError;

const BASELINE: u8 = 66;
const MAIN: u8 = 77;
const HIGH: u8 = 100;
/// Of the constraint flags: the stream is one of Main Profile too (section A.2.1).
const ALSO_MAIN: u8 = 0x40;
/// Level 4.1.
const MOST_LEVEL: u8 = 41;
/// chroma_format_idc 1 (4:2:0), both bit depths 8, no transform bypass, no scaling matrix.
const OF_HIGH: [u8; 7] = [0, 1, 0, 1, 1, 0, 0];
/// The id of a set is below 32 (section 7.4.2.1.1): nine bits at most.
const MOST_ZEROS: usize = 5;

/// The same set, without a start code, of High Profile.
///
/// # Errors
/// `Frames` for what is no set, of another profile, or beyond level 4.1.
pub fn as_high_profile(set: &[u8]) -> Result<Vec<u8>, WriteError> {
    let [header, profile, constraints, level, rest @ ..] = set else {
        return Err(unfit("its parameter set is cut off"));
    };
    if header & 0x1f != 7 {
        return Err(unfit("it does not begin with a sequence parameter set"));
    }
    if *level > MOST_LEVEL {
        return Err(unfit("it is beyond level 4.1"));
    }
    match *profile {
        HIGH => return Ok(set.to_vec()),
        MAIN => {}
        BASELINE if constraints & ALSO_MAIN != 0 => {}
        _ => return Err(unfit("its profile is no part of High Profile")),
    }
    let bits = bits(&without_escapes(rest));
    let end = bits.iter().rposition(|bit| *bit == 1);
    let end = end.ok_or_else(|| unfit("its parameter set is empty"))?;
    let zeros = bits.iter().take_while(|bit| **bit == 0).count();
    let id_bits = 2 * zeros + 1;
    if zeros > MOST_ZEROS || id_bits > end {
        return Err(unfit("its parameter set is cut off"));
    }
    let (id, others) = bits.split_at(id_bits);
    let others = others.get(..=end - id_bits).unwrap_or_default();
    let mut out = Vec::with_capacity(set.len() + 2);
    out.extend([*header, HIGH, 0, *level]);
    escape_into(&mut out, &bytes([id, &OF_HIGH, others].concat()));
    Ok(out)
}

fn unfit(why: &str) -> WriteError {
    WriteError::Frames(format!("the video is no such: {why}"))
}

/// Takes the emulation prevention bytes away (section 7.4.1).
fn without_escapes(bytes: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut zeros = 0;
    for byte in bytes {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
    out
}

/// Puts them in.
fn escape_into(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut zeros = 0;
    for byte in bytes {
        if zeros >= 2 && *byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
}

fn bits(bytes: &[u8]) -> Vec<u8> {
    let of = |byte: &u8| (0..8).rev().map(|at| byte >> at & 1).collect::<Vec<u8>>();
    bytes.iter().flat_map(of).collect()
}

/// The bits, filled up with zeros.
fn bytes(bits: Vec<u8>) -> Vec<u8> {
    bits.chunks(8)
        .map(|eight| {
            let value = eight.iter().fold(0, |value, bit| value << 1 | bit);
            value << (8 - eight.len())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Header, profile, constraint flags and level.
    const FIXED_BYTES: usize = 4;

    /// x264, Constrained Baseline, level 3.1, 800 x 608 cropped to 600, with timing in the VUI.
    const BASELINE_SET: [u8; 24] = [
        0x67, 0x42, 0xC0, 0x1F, 0xDA, 0x03, 0x20, 0x4F, 0xE7, 0xC0, 0x5A, 0x80, 0x80, 0x80, 0xA0,
        0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x07, 0x91,
    ];

    #[test]
    fn the_rest_of_the_set_follows_what_high_profile_says() {
        let high = as_high_profile(&BASELINE_SET).unwrap();
        assert_eq!(high[..FIXED_BYTES], [0x67, 100, 0, 0x1F]);
        let before = bits(&without_escapes(&BASELINE_SET[FIXED_BYTES..]));
        let after = bits(&without_escapes(&high[FIXED_BYTES..]));
        // Id 0 is one bit.
        assert_eq!(after[..8], [1, 0, 1, 0, 1, 1, 0, 0]);
        let end = before.iter().rposition(|bit| *bit == 1).unwrap();
        assert_eq!(after[8..8 + end], before[1..=end]);
        assert!(after[8 + end..].iter().all(|bit| *bit == 0));
        assert_eq!(as_high_profile(&high).unwrap(), high, "once is enough");
    }

    #[test]
    fn what_is_no_part_of_high_profile_is_refused() {
        let with = |at: usize, value: u8| {
            let mut set = BASELINE_SET;
            set[at] = value;
            as_high_profile(&set)
        };
        assert!(with(0, 0x68).is_err(), "a picture parameter set");
        assert!(with(1, 88).is_err(), "Extended");
        assert!(with(2, 0x80).is_err(), "Baseline with slice groups");
        assert!(with(3, 42).is_err(), "level 4.2");
        assert!(with(1, MAIN).is_ok());
        for cut in 0..=FIXED_BYTES {
            assert!(as_high_profile(&BASELINE_SET[..cut]).is_err(), "{cut}");
        }
    }

    proptest! {
        #[test]
        fn foreign_bytes_never_panic_and_escapes_come_back(rest in proptest::collection::vec(0u8..5, 0..40)) {
            let _ = as_high_profile(&[&BASELINE_SET[..FIXED_BYTES], &rest].concat());
            let mut escaped = Vec::new();
            escape_into(&mut escaped, &rest);
            let emulates = escaped.windows(3).any(|three| three[..2] == [0, 0] && three[2] < 3);
            prop_assert!(!emulates);
            prop_assert_eq!(without_escapes(&escaped), rest);
        }
    }
}
