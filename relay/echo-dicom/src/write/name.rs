//! Names of persons (PS3.5 section 6.2.1).
//!
//! Owns the three groups of a name: in letters, in ideographs and as it is spoken, joined by `=`. Each has up to
//! five components (family, given, middle, prefix, suffix) joined by `^`. A name is an identity: it is written
//! whole or refused.

use serde::{Deserialize, Serialize};

use super::error::{TextFault, WriteError};
use super::text::{LO_CHARS, identity};

/// Family, given, middle, prefix, suffix.
const COMPONENTS: usize = 5;

/// A person's name. Empty means unknown.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PersonName {
    groups: [String; 3],
}

impl PersonName {
    /// A name in letters, such as `Yamada^Tarou`.
    #[must_use]
    pub fn new(alphabetic: impl Into<String>) -> Self {
        Self {
            groups: [alphabetic.into(), String::new(), String::new()],
        }
    }

    /// Adds the name in ideographs, such as `山田^太郎`.
    #[must_use]
    pub fn with_ideographic(mut self, name: impl Into<String>) -> Self {
        let [_, ideographic, _] = &mut self.groups;
        *ideographic = name.into();
        self
    }

    /// Adds the name as it is spoken, such as `やまだ^たろう`.
    #[must_use]
    pub fn with_phonetic(mut self, name: impl Into<String>) -> Self {
        let [_, _, phonetic] = &mut self.groups;
        *phonetic = name.into();
        self
    }

    /// The value of the attribute `field`; empty groups at the end are left out.
    pub(super) fn value(&self, field: &'static str) -> Result<String, WriteError> {
        let groups: Vec<String> = self
            .groups
            .iter()
            .map(|group| identity(field, group, LO_CHARS))
            .collect::<Result<_, _>>()?;
        let strange =
            |group: &String| group.contains('=') || group.matches('^').count() >= COMPONENTS;
        if groups.iter().any(strange) {
            let fault = TextFault::Separator;
            return Err(WriteError::Text { field, fault });
        }
        Ok(groups.join("=").trim_end_matches('=').to_owned())
    }
}

// A name never enters a log by accident.
impl std::fmt::Debug for PersonName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonName")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_japanese_name_has_three_groups() {
        let name = PersonName::new("Yamada^Tarou")
            .with_ideographic("山田^太郎")
            .with_phonetic("やまだ^たろう");
        assert_eq!(
            name.value("PatientName").unwrap(),
            "Yamada^Tarou=山田^太郎=やまだ^たろう"
        );
        let only = PersonName::default().with_ideographic("山田^太郎");
        assert_eq!(only.value("PatientName").unwrap(), "=山田^太郎");
        assert_eq!(PersonName::default().value("PatientName").unwrap(), "");
    }

    #[test]
    fn a_name_with_more_groups_or_components_is_refused() {
        for name in ["a=b", "a^b^c^d^e^f", "a\\b", "a\u{1b}$B"] {
            assert!(PersonName::new(name).value("PatientName").is_err());
        }
    }

    #[test]
    fn a_name_is_not_printed_for_debugging() {
        assert!(!format!("{:?}", PersonName::new("Yamada")).contains("Yamada"));
    }
}
