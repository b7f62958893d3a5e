//! Text by value representation (PS3.5 section 6.2).
//!
//! Owns the rule for what does not fit. An identity is refused, because half a patient's number is another
//! patient's number. A description is cut to its length and its control characters become spaces, because no clip
//! is lost over the name of a device. Lengths count characters, not bytes, as the standard does.

use super::error::{TextFault, WriteError};

/// Characters of a Short String.
pub(super) const SH_CHARS: usize = 16;
/// Characters of a Code String.
const CS_CHARS: usize = 16;
/// Characters of a Short Text.
pub(super) const ST_CHARS: usize = 1_024;
/// Characters of a Long String, and of each group of a Person Name.
pub(super) const LO_CHARS: usize = 64;

/// Words that must be stored whole or not at all.
pub(super) fn identity(
    field: &'static str,
    text: &str,
    limit: usize,
) -> Result<String, WriteError> {
    let text = text.trim();
    let fault = if text.chars().any(char::is_control) {
        TextFault::Control
    } else if text.contains('\\') {
        TextFault::Separator
    } else if text.chars().count() > limit {
        TextFault::TooLong { limit }
    } else {
        return Ok(text.to_owned());
    };
    Err(WriteError::Text { field, fault })
}

/// An identity that may not be empty.
pub(super) fn required(
    field: &'static str,
    text: &str,
    limit: usize,
) -> Result<String, WriteError> {
    let text = identity(field, text, limit)?;
    if text.is_empty() {
        let fault = TextFault::Empty;
        return Err(WriteError::Text { field, fault });
    }
    Ok(text)
}

/// A code string: capital letters, digits, space and underscore (VR CS).
pub(super) fn code_string(field: &'static str, text: &str) -> Result<String, WriteError> {
    let text = required(field, text, CS_CHARS)?;
    let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b" _".contains(&b);
    if !text.bytes().all(allowed) {
        let fault = TextFault::Repertoire;
        return Err(WriteError::Text { field, fault });
    }
    Ok(text)
}

/// Words that may be cut.
pub(super) fn description(text: &str, limit: usize) -> String {
    let plain = |c: char| {
        if c.is_control() || c == '\\' { ' ' } else { c }
    };
    let cut: String = text.trim().chars().map(plain).take(limit).collect();
    cut.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_whole_or_refused() {
        assert_eq!(identity("PatientID", " 0042 ", LO_CHARS).unwrap(), "0042");
        let fault = |text: &str| match identity("PatientID", text, SH_CHARS) {
            Err(WriteError::Text { field, fault }) => {
                assert_eq!(field, "PatientID");
                fault
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(fault("a\u{1b}b"), TextFault::Control);
        assert_eq!(fault("a\\b"), TextFault::Separator);
        assert_eq!(fault(&"x".repeat(17)), TextFault::TooLong { limit: 16 });
    }

    #[test]
    fn a_length_counts_characters_and_not_bytes() {
        assert!(identity("AccessionNumber", &"心".repeat(16), SH_CHARS).is_ok());
    }

    #[test]
    fn a_description_is_cut_at_a_character() {
        assert_eq!(description("a\nb\\c", 64), "a b c");
        assert_eq!(description(&"心".repeat(70), 64).chars().count(), 64);
    }
}
