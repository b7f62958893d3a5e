//! SDP as lines (RFC 8866 §5): size, line ends, `<letter>=<value>`.
//!
//! Owns the outer limits of foreign text. It knows no attribute. Called by the offer and fragment readers.
//! Invariant: every line it returns is one lower-case letter and a value without control characters.

use crate::sfu::error::OfferError;
use crate::sfu::limits::{MAX_SDP_BYTES, MAX_SDP_LINE_BYTES};
use std::str::FromStr;

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// The letter before `=`.
    pub(crate) key: u8,
    /// What follows.
    pub(crate) value: &'a str,
}

impl<'a> Line<'a> {
    /// The value of the attribute `name`: `a=name` gives "", `a=name:value` gives "value".
    pub(crate) fn attribute(&self, name: &str) -> Option<&'a str> {
        if self.key != b'a' {
            return None;
        }
        let rest = self.value.strip_prefix(name)?;
        if rest.is_empty() {
            return Some("");
        }
        rest.strip_prefix(':')
    }
}

/// Splits a text into lines. CRLF and LF end a line (RFC 8866 §5 asks readers to take both); a lone CR does not.
///
/// # Errors
/// Too big, a line too long, or a line that is not `<letter>=<value>`.
pub(crate) fn split(text: &str) -> Result<Vec<Line<'_>>, OfferError> {
    if text.len() > MAX_SDP_BYTES {
        return Err(OfferError::TooBig);
    }
    let mut lines = Vec::new();
    for raw in text.split('\n') {
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        if raw.is_empty() {
            continue;
        }
        if raw.len() > MAX_SDP_LINE_BYTES {
            return Err(OfferError::Malformed("a line is too long"));
        }
        if raw.chars().any(char::is_control) {
            return Err(OfferError::Malformed("a line holds a control character"));
        }
        let Some((key, value)) = raw.split_once('=') else {
            return Err(OfferError::Malformed("a line has no ="));
        };
        match key.as_bytes() {
            &[key] if key.is_ascii_lowercase() => lines.push(Line { key, value }),
            _ => return Err(OfferError::Malformed("a line has no type letter")),
        }
    }
    Ok(lines)
}

/// Exactly `N` words separated by single spaces.
pub(crate) fn words<const N: usize>(value: &str) -> Option<[&str; N]> {
    let mut found = [""; N];
    let mut parts = value.split(' ');
    for slot in &mut found {
        *slot = parts.next().filter(|word| !word.is_empty())?;
    }
    parts.next().is_none().then_some(found)
}

/// A number in plain decimal digits: no sign, no space, as SDP writes them.
pub(crate) fn decimal<T: FromStr>(text: &str) -> Option<T> {
    if text.is_empty() || text.len() > 20 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A token (RFC 8866 §9) of limited length: mids, for example.
pub(crate) fn is_token(text: &str, longest: usize) -> bool {
    !text.is_empty()
        && text.len() <= longest
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crlf_and_lf_end_a_line_alike() {
        let lines = split("v=0\r\na=mid:0\ns=-\r\n").unwrap();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1].attribute("mid"), Some("0"));
        assert_eq!(lines[1].attribute("mi"), None);
    }

    #[test]
    fn what_is_no_line_is_refused() {
        for wrong in [
            "v",
            "vv=0",
            "V=0",
            "=0",
            "v=0\rs=-\r",
            "a=\0",
            "\u{feff}v=0",
        ] {
            assert!(split(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(split(&"a=x\r\n".repeat(20_000)), Err(OfferError::TooBig));
        assert!(split(&format!("a={}", "x".repeat(5_000))).is_err());
    }

    #[test]
    fn words_are_separated_by_one_space() {
        assert_eq!(words::<2>("96 VP8/90000"), Some(["96", "VP8/90000"]));
        for wrong in ["96  VP8/90000", "96", "96 a b", " 96 a", "96 "] {
            assert_eq!(words::<2>(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_number_is_digits_only() {
        assert_eq!(decimal::<u16>("65535"), Some(65_535));
        for wrong in ["65536", "-1", "+1", "", " 1", "0x1"] {
            assert_eq!(decimal::<u16>(wrong), None, "{wrong:?}");
        }
    }
}
