//! Judges a value by a key (PS3.4 section C.2.2.2).
//!
//! Owns the kinds of matching: universal, single value, list of UIDs, wildcard, and ranges of dates and of times. Text is compared as
//! it is, names after folding and group by group, numbers as numbers. A key that cannot be one is a fault, never an empty answer.

use super::fold::folded;
use super::pattern::Pattern;
use dicom_core::VR;

/// Longest key. The longest value that is searched has 64 signs in each of three groups.
const MAX_KEY_SIGNS: usize = 1_024;
/// Most UIDs in one key.
const MAX_UIDS: usize = 1_024;

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Match {
    /// Anything, also nothing.
    Universal,
    /// One of these.
    Uids(Vec<String>),
    /// One of these texts, where `*` and `?` are wildcards.
    Text(Vec<Pattern>),
    /// A name one of whose groups is this after folding.
    Name(Vec<Pattern>),
    /// A date or time from here to there, both included, digits only.
    Range(String, String),
    /// This number.
    Number(f64),
}

/// A key that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyFault(pub &'static str);

/// First and last of what a date or time may be, digit by digit.
const LEAST: &str = "000000000000";
const MOST: &str = "999999999999";

impl Match {
    /// What a key of such an attribute asks for. Several values stand between backslashes.
    ///
    /// # Errors
    /// `KeyFault` for what no value could be compared with.
    pub fn parse(vr: VR, key: &str) -> Result<Self, KeyFault> {
        if key.len() > MAX_KEY_SIGNS && vr != VR::UI {
            return Err(KeyFault("a key is longer than any value"));
        }
        let key = key.trim_matches([' ', '\0']);
        if key.is_empty() || key == "*" || key == "\"\"" {
            return Ok(Self::Universal);
        }
        match vr {
            VR::UI => uids(key),
            VR::DA => range(key, |text| text.replace('.', ""), 8),
            VR::TM => range(key, |text| text.replace([':', '.'], ""), 12),
            VR::PN => Ok(Self::Name(groups(key))),
            VR::IS | VR::DS | VR::US | VR::UL | VR::SS | VR::SL => key
                .parse()
                .map(Self::Number)
                .map_err(|_| KeyFault("a number is expected")),
            VR::SQ => Err(KeyFault("sequences are returned and not matched")),
            _ => Ok(Self::Text(
                key.split('\\')
                    .map(|one| Pattern::new(one.trim()))
                    .collect(),
            )),
        }
    }

    /// Whether one of an attribute's values is what is asked for. An attribute without a value fits the universal key only.
    #[must_use]
    pub fn fits(&self, values: &[String]) -> bool {
        match self {
            Self::Universal => true,
            Self::Uids(uids) => values.iter().any(|value| uids.contains(value)),
            Self::Text(patterns) => values
                .iter()
                .any(|value| patterns.iter().any(|pattern| pattern.fits(value.trim()))),
            Self::Name(patterns) => values.iter().any(|name| {
                name.split('=').any(|group| {
                    let group = folded(group);
                    !group.is_empty() && patterns.iter().any(|pattern| pattern.fits(&group))
                })
            }),
            Self::Range(from, to) => values.iter().any(|value| {
                let digits: String = value.chars().filter(char::is_ascii_digit).collect();
                let from_is = padded(&digits, LEAST, from.len());
                !digits.is_empty() && *from <= from_is && from_is <= *to
            }),
            Self::Number(number) => values
                .iter()
                .any(|value| value.trim().parse::<f64>().is_ok_and(|it| it == *number)),
        }
    }

    /// The one text that fits, of a key without wildcards.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        match self {
            Self::Text(patterns) => match patterns.as_slice() {
                [only] => only.literal(),
                _ => None,
            },
            _ => None,
        }
    }
}

fn uids(key: &str) -> Result<Match, KeyFault> {
    let uids: Vec<String> = key
        .split(['\\', ','])
        .map(|uid| uid.trim_matches([' ', '\0']).to_owned())
        .collect();
    let is_uid = |uid: &String| {
        (1..=64).contains(&uid.len()) && uid.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    if uids.len() > MAX_UIDS || !uids.iter().all(is_uid) {
        return Err(KeyFault("a UID has at most 64 digits and points"));
    }
    Ok(Match::Uids(uids))
}

/// Any group of the key may be the one that fits: "=山田*" asks for kanji, "yamada*" for letters.
fn groups(key: &str) -> Vec<Pattern> {
    let group = |text: &str| {
        let text = folded(text);
        (!text.is_empty()).then(|| Pattern::new(&text))
    };
    key.split('=').filter_map(group).collect()
}

/// "A-B", "A-", "-B" or "A", each of as much precision as it has.
fn range(key: &str, plain: impl Fn(&str) -> String, digits: usize) -> Result<Match, KeyFault> {
    let part = |text: &str| {
        let text = plain(text.trim());
        let fine = text.len() <= digits && text.bytes().all(|b| b.is_ascii_digit());
        fine.then_some(text).ok_or(KeyFault(
            "a date or a time, or a range of them, is expected",
        ))
    };
    let (from, to) = match key.split_once('-') {
        Some((from, to)) if from.trim().is_empty() && to.trim().is_empty() => {
            return Err(KeyFault("a range without an end is none"));
        }
        Some((from, to)) => (part(from)?, part(to)?),
        None => {
            let one = part(key)?;
            (one.clone(), one)
        }
    };
    Ok(Match::Range(
        padded(&from, LEAST, digits),
        padded(&to, MOST, digits),
    ))
}

/// As many digits as that, the missing ones from `with`.
fn padded(text: &str, with: &str, digits: usize) -> String {
    text.chars()
        .chain(with.chars().skip(text.chars().count()))
        .take(digits)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(vr: VR, key: &str, value: &str) -> bool {
        Match::parse(vr, key).unwrap().fits(&[value.to_owned()])
    }

    #[test]
    fn an_empty_key_and_a_lone_star_ask_for_nothing() {
        for key in ["", "*", " ", "\"\""] {
            assert_eq!(Match::parse(VR::LO, key).unwrap(), Match::Universal);
        }
        assert!(Match::Universal.fits(&[]));
        assert!(
            !Match::parse(VR::LO, "A").unwrap().fits(&[]),
            "nothing is not A"
        );
    }

    #[test]
    fn text_is_compared_as_it_is_and_any_of_several_values_is_enough() {
        assert!(fits(VR::LO, "P-1*", "P-123 ") && !fits(VR::LO, "p-1*", "P-123"));
        let both = Match::parse(VR::CS, "US\\SR").unwrap();
        assert!(both.fits(&["CT".to_owned(), "US".to_owned()]));
        assert_eq!(Match::parse(VR::LO, "A*").unwrap().literal(), None);
        assert_eq!(Match::parse(VR::LO, "A").unwrap().literal().unwrap(), "A");
        assert!(fits(VR::IS, "3", "03") && fits(VR::US, "480", "480"));
    }

    #[test]
    fn uids_come_in_lists_and_nothing_else_is_one() {
        let two = Match::parse(VR::UI, "1.2\\1.3").unwrap();
        assert!(two.fits(&["1.3".to_owned()]) && !two.fits(&["1.4".to_owned()]));
        assert_eq!(two, Match::parse(VR::UI, "1.2,1.3").unwrap());
        for wrong in ["1.2*", "../1", "1.2,", &"1".repeat(65)] {
            assert!(Match::parse(VR::UI, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_hold_their_ends_and_single_values_their_precision() {
        for (key, value, wanted) in [
            ("20260101-20261231", "20260101", true),
            ("20260101-20261231", "20261231", true),
            ("20260101-20261231", "20270101", false),
            ("20260101-", "20990101", true),
            ("-20260101", "20260102", false),
            ("20260517", "20260517", true),
            ("20260517", "20260518", false),
            ("20260517", "2026.05.17", true),
            ("20260517", "", false),
        ] {
            assert_eq!(fits(VR::DA, key, value), wanted, "{key} {value}");
        }
        for (key, value, wanted) in [
            ("10", "105959.999999", true),
            ("1000-1030", "103059", true),
            ("1000-1030", "1031", false),
            ("101530", "101530.25", true),
            ("-12", "1300", false),
        ] {
            assert_eq!(fits(VR::TM, key, value), wanted, "{key} {value}");
        }
        for wrong in ["-", "yesterday", "2026-01-01", "20260101-x"] {
            assert!(Match::parse(VR::DA, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_found_by_any_of_its_groups_in_any_spelling() {
        let name = "Yamada^Tarou=山田^太郎=やまだ^たろう";
        for key in [
            "YAMADA*",
            "yamada^tarou",
            "山田*",
            "=山田^太郎",
            "ﾔﾏﾀﾞ*",
            "ヤマダ^タロウ",
            "*tarou",
        ] {
            assert!(fits(VR::PN, key, name), "{key}");
        }
        for key in ["Yamada", "*田^たろう", "Tanaka*", "y?mada"] {
            assert!(!fits(VR::PN, key, name), "{key}");
        }
    }
}
