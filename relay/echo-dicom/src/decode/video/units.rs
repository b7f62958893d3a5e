//! One stored frame as the decoder takes it.
//!
//! Owns which NAL units of a frame go on: the slices of exactly one picture. Parameter sets that stand in the frame again are left out when
//! they are those of the whole video and refused when not (ISO/IEC 14496-15 section 5.4.2, coding `avc1`); what only accompanies a picture
//! is left out. Lengths become start codes (ITU-T H.264 annex B), and nothing in a unit may be taken for one.

use super::fault;
use crate::error::ClipError;
use crate::mp4::Configuration;

const START_CODE: [u8; 4] = [0, 0, 0, 1];
const SLICE: u8 = 1;
const KEY_SLICE: u8 = 5;
const SEQUENCE: u8 = 7;
const PICTURE: u8 = 8;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Decoding can begin with it.
    Key,
    /// It stands on others.
    Dependent,
}

/// The parameter sets of the whole video.
pub(super) fn sets(configuration: &Configuration<'_>) -> Result<Vec<u8>, ClipError> {
    let mut out = Vec::new();
    let all = configuration.sequence.iter().chain(&configuration.picture);
    for set in all.filter(|set| is(set, SEQUENCE) || is(set, PICTURE)) {
        append(set, &mut out)?;
    }
    Ok(out)
}

/// Whether a set is a sequence parameter set: there may be others beside, of scalable and stereo video.
pub(super) fn is_sequence(set: &[u8]) -> bool {
    is(set, SEQUENCE)
}

fn is(unit: &[u8], kind: u8) -> bool {
    unit.first().is_some_and(|head| head & 0x1F == kind)
}

/// Puts a stored frame into `out`, which is emptied first.
pub(super) fn picture(
    stored: &[u8],
    configuration: &Configuration<'_>,
    out: &mut Vec<u8>,
) -> Result<Kind, ClipError> {
    out.clear();
    let mut kind = None;
    let mut rest = stored;
    while !rest.is_empty() {
        let (unit, after) = first(rest, configuration.length_bytes)?;
        rest = after;
        let Some((head, content)) = unit.split_first() else {
            return fault("a NAL unit of a frame is empty");
        };
        if head & 0x80 != 0 {
            return fault("a NAL unit of a frame is damaged");
        }
        match head & 0x1F {
            slice @ (SLICE | KEY_SLICE) => {
                // The number of its first block: a single 1 is zero (section 9.1).
                let begins = content.first().is_some_and(|byte| byte & 0x80 != 0);
                if begins == kind.is_some() {
                    return fault("a frame does not hold the slices of one picture");
                }
                kind.get_or_insert(if slice == KEY_SLICE {
                    Kind::Key
                } else {
                    Kind::Dependent
                });
                append(unit, out)?;
            }
            2..=4 => return fault("slices in partitions are not decoded"),
            SEQUENCE | PICTURE => {
                let known = configuration.sequence.iter().chain(&configuration.picture);
                if !known.into_iter().any(|set| *set == unit) {
                    return fault("its parameter sets change in the middle of the video");
                }
            }
            _ => {}
        }
    }
    match kind {
        Some(kind) => Ok(kind),
        None => fault("a frame holds no picture"),
    }
}

/// The first NAL unit, and what follows it.
fn first(bytes: &[u8], length_bytes: usize) -> Result<(&[u8], &[u8]), ClipError> {
    let split = bytes
        .split_at_checked(length_bytes)
        .and_then(|(length, rest)| {
            let length = length
                .iter()
                .fold(0_usize, |value, byte| value << 8 | usize::from(*byte));
            rest.split_at_checked(length)
        });
    match split {
        Some(split) => Ok(split),
        None => fault("a NAL unit is longer than its frame"),
    }
}

fn append(unit: &[u8], out: &mut Vec<u8>) -> Result<(), ClipError> {
    // Zeros behind its end say nothing.
    let end = unit
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    let unit = unit.get(..end).unwrap_or_default();
    if unit.windows(3).any(|three| matches!(three, [0, 0, 0..=2])) {
        return fault("a NAL unit holds what only stands between two");
    }
    out.extend_from_slice(&START_CODE);
    out.extend_from_slice(unit);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETS: [&[u8]; 2] = [&[0x67, 1, 2], &[0x68, 3]];

    fn taken(units: &[&[u8]]) -> Result<(Kind, Vec<u8>), String> {
        let box_bytes = [
            &[1, 100, 0, 41, 0xFD, 0xE1, 0, 3][..],
            SETS[0],
            &[1, 0, 2],
            SETS[1],
        ];
        let bytes = box_bytes.concat();
        let configuration = Configuration::read(&bytes).unwrap();
        assert_eq!(configuration.length_bytes, 2);
        assert_eq!(
            sets(&configuration).unwrap(),
            [&START_CODE, SETS[0], &START_CODE, SETS[1]].concat()
        );
        let mut stored = Vec::new();
        for unit in units {
            stored.extend(u16::try_from(unit.len()).unwrap().to_be_bytes());
            stored.extend_from_slice(unit);
        }
        let mut out = vec![9];
        let kind = picture(&stored, &configuration, &mut out);
        kind.map(|kind| (kind, out))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_slices_of_a_picture_go_on_and_what_accompanies_them_does_not() {
        let supplement: &[u8] = &[6, 5, 1, 0, 0x80];
        let (kind, out) = taken(&[
            &[9, 0xF0],
            SETS[0],
            SETS[1],
            supplement,
            &[0x65, 0x88, 1, 0, 0],
            &[0x65, 0x40],
        ])
        .unwrap();
        assert_eq!(kind, Kind::Key);
        let wanted = [
            &START_CODE[..],
            &[0x65, 0x88, 1],
            &START_CODE,
            &[0x65, 0x40],
        ];
        assert_eq!(out, wanted.concat());
        assert_eq!(taken(&[&[0x41, 0x9A]]).unwrap().0, Kind::Dependent);
    }

    #[test]
    fn what_is_no_picture_of_this_video_is_named() {
        let slice: &[u8] = &[0x41, 0x9A];
        let other: &[u8] = &[0x67, 1, 3];
        for (units, part) in [
            (&[][..], "no picture"),
            (&[SETS[0]], "no picture"),
            (&[&[][..]], "empty"),
            (&[&[0xC1, 0x9A][..]], "damaged"),
            (&[slice, slice], "one picture"),
            (&[&[0x41, 0x1A][..]], "one picture"),
            (&[&[0x42, 0x9A][..]], "partitions"),
            (&[other, slice], "change in the middle"),
            (&[&[0x41, 0x9A, 0, 0, 1, 0x67, 1][..]], "between two"),
        ] {
            let error = taken(units).unwrap_err();
            assert!(error.contains(part), "{units:?}: {error}");
        }
        let bytes = [1, 100, 0, 41, 0xFF, 0xE1, 0, 1, 0x67, 1, 0, 1, 0x68];
        let configuration = Configuration::read(&bytes).unwrap();
        for stored in [&[0, 0, 0][..], &[0, 0, 0, 3, 0x65, 0x88], &[255; 5]] {
            let error = picture(stored, &configuration, &mut Vec::new()).unwrap_err();
            assert!(
                error.to_string().contains("longer than its frame"),
                "{error}"
            );
        }
    }
}
