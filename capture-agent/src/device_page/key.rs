//! The key of one start: who knows it may use the page.
//!
//! Owns making, showing and comparing it. The text stands in the printed address and in the cookie; it is never logged and
//! never stored. Comparison takes the same time wherever two differ.

use std::fmt::Write as _;
use subtle::ConstantTimeEq;

/// Random bytes of a key.
const KEY_BYTES: usize = 32;

/// A key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key(String);

impl Key {
    /// A fresh one; nothing when the system gives no random bytes.
    pub(super) fn make() -> Option<Self> {
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes).ok()?;
        let mut text = String::with_capacity(KEY_BYTES * 2);
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Some(Self(text))
    }

    /// For the printed address and the cookie.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Whether somebody knows it.
    pub(super) fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_key_opens() {
        let (key, other) = (Key::make().unwrap(), Key::make().unwrap());
        assert_eq!(key.text().len(), 64);
        assert!(key.is(key.text()));
        assert!(!key.is(other.text()) && !key.is("") && !key.is(&key.text()[..63]));
        assert!(!format!("{key:?}").contains(key.text()));
    }
}
