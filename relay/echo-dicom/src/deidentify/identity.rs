//! What stands in an object in place of whom it shows.
//!
//! Owns the alias and the way from one UID to another. The key is drawn by the caller and forgotten when the case is
//! published: without it nobody goes back from a UID of the case, and nobody can try whether one belongs to it.

use crate::write::Uid;
use sha2::{Digest, Sha256};

/// Characters of an alias: it stands in attributes that hold sixteen.
const MAX_ALIAS_CHARS: usize = 16;

/// A name that means nothing: capital letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias(String);

impl Alias {
    /// One to sixteen capital letters, digits and hyphens.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fine = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        ((1..=MAX_ALIAS_CHARS).contains(&text.len()) && text.bytes().all(fine))
            .then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The secret of one case: 256 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct CaseKey([u8; 32]);

impl std::fmt::Debug for CaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CaseKey")
    }
}

impl CaseKey {
    /// A key.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The UID that stands for `uid` in this case: the same one wherever it is named. Half of a digest that begins with a
    /// secret of fixed length is no digest that could be continued.
    #[must_use]
    pub fn uid(&self, uid: &Uid) -> Uid {
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update(uid.as_str());
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest.finalize()) {
            *to = from;
        }
        // The form of a UUID of one's own making (RFC 9562 section 5.8), as PS3.5 Annex B.2 wants it.
        let number = u128::from_be_bytes(bytes);
        let version = 0xF << 76;
        let variant = 0x3 << 62;
        Uid::from_uuid((number & !version & !variant) | (0x8 << 76) | (0x2 << 62))
    }
}

/// Who an object of the case is about.
#[derive(Debug, Clone)]
pub struct CaseIdentity {
    /// Stands for the patient's name and number.
    pub alias: Alias,
    /// Makes its UIDs.
    pub key: CaseKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_holds_nothing_that_could_be_a_sentence() {
        for good in ["A", "CASE-0007", "ABCDEFGHIJKLMNOP"] {
            assert_eq!(Alias::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "case", "A B", "山田", "A^B", "ABCDEFGHIJKLMNOPQ"] {
            assert!(Alias::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_uid_is_the_same_in_one_case_and_another_in_the_next() {
        let (one, other) = (CaseKey::new([1; 32]), CaseKey::new([2; 32]));
        let uid = Uid::parse("1.2.840.1").unwrap();
        assert_eq!(one.uid(&uid), one.uid(&uid));
        assert_ne!(one.uid(&uid), other.uid(&uid));
        assert_ne!(one.uid(&uid), one.uid(&Uid::parse("1.2.840.11").unwrap()));
        let made = one.uid(&uid);
        let number: u128 = made
            .as_str()
            .strip_prefix("2.25.")
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!((number >> 76 & 0xF, number >> 62 & 3), (8, 2));
        assert!(made.as_str().len() <= 64);
    }
}
