//! Personal data and secrets on their way past a log.
//!
//! Owns `Redacted<T>`, which carries a value and never shows it: `Debug` and `Display` print a mark in its place. Used
//! for names, addresses, tickets and keys wherever they sit in a struct that might be logged. Invariant: the only way
//! to the value is to ask for it by name, so a reviewer finds every place.

use std::fmt;

/// A value that no log and no error text shows.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for those who have a right to it.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// The value itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹redacted›")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_redacted_shows_in_no_text() {
        let name = Redacted::new("田中".to_owned());
        assert!(!format!("{name} {name:?} {:?}", Some(&name)).contains("田中"));
        assert_eq!(name.reveal(), "田中");
    }
}
