//! Which codes may stay, and what they mean.
//!
//! Owns the way of one item of a code sequence. A meaning is free text, so it never comes from the object: a code that is
//! known has the meaning that stands in this program, one that is not has its value for a meaning. Values are digits in the schemes
//! whose codes are; other schemes are those of this program alone.

use super::tree::{first_text, put_text};
use crate::write::{Code, known_codes};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// The item that stands for it; nothing for a code that cannot be told from words.
pub(super) fn clean(item: &InMemDicomObject) -> Option<InMemDicomObject> {
    let value = first_text(item, tags::CODE_VALUE)?;
    let scheme = first_text(item, tags::CODING_SCHEME_DESIGNATOR)?;
    let known = known_codes().find(|code| code.value == value && code.scheme == scheme);
    let meaning = match known {
        Some(Code { meaning, .. }) => meaning.into_owned(),
        None if is_number_of(&scheme, &value) => value.clone(),
        None => return None,
    };
    let mut clean = InMemDicomObject::new_empty();
    put_text(&mut clean, tags::CODE_VALUE, VR::SH, value);
    put_text(&mut clean, tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme);
    put_text(&mut clean, tags::CODE_MEANING, VR::LO, meaning);
    Some(clean)
}

/// SNOMED CT by its check digit, DICOM's own by their length, LOINC by its form: no name has these, and hardly a patient's
/// number. What stays is listed to the person who looks.
fn is_number_of(scheme: &str, value: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match scheme {
        "SCT" => (6..=16).contains(&value.len()) && digits(value) && has_check_digit(value),
        "DCM" => value.len() == 6 && digits(value),
        "LN" => value.split_once('-').is_some_and(|(code, check)| {
            code.len() <= 5 && digits(code) && check.len() == 1 && digits(check)
        }),
        _ => false,
    }
}

/// Verhoeff's check digit, the last one of each SNOMED CT identifier: a sum in the group of the pentagon's symmetries.
fn has_check_digit(digits: &str) -> bool {
    let turned = |digit: u8, times: usize| {
        const TURN: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
        (0..times % 8).fold(digit, |digit, _| {
            TURN.get(usize::from(digit)).copied().unwrap_or(0)
        })
    };
    let both = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a - b) % 5,
        (false, false) => (5 + a - b) % 5,
    };
    let sum = digits
        .bytes()
        .rev()
        .enumerate()
        .fold(0, |sum, (place, byte)| {
            both(sum, turned(byte.wrapping_sub(b'0'), place))
        });
    sum == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_snomed_have_their_check_digit_and_numbers_beside_them_do_not() {
        for code in known_codes().filter(|code| code.scheme == "SCT") {
            assert!(has_check_digit(&code.value), "{}", code.value);
        }
        for number in ["80891008", "399139010", "123456789"] {
            assert!(!has_check_digit(number), "{number}");
        }
    }
}
