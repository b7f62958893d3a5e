//! Secrets of 256 random bits: tickets, cookies, device keys.
//!
//! Owns making, hashing and comparing them. Only the SHA-256 is stored: with 256 random bits a slow hash would guard
//! against nothing. Comparison takes the same time wherever two differ. No secret is ever printed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Longest text that is looked at; a longer one is no secret of ours.
const MAX_SECRET_CHARS: usize = 128;

/// A secret that was just made; its text goes to its holder and is then forgotten.
pub struct Secret(String);

/// What is kept of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random bytes")]
pub struct NoRandomness;

impl Secret {
    /// A fresh one.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn make() -> Result<Self, NoRandomness> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Its hash.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The text, for its holder only.
    pub fn into_text(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl SecretHash {
    /// The hash of what somebody shows; none when it cannot be a secret of ours.
    pub fn of(shown: &str) -> Option<Self> {
        let plausible = !shown.is_empty()
            && shown.len() <= MAX_SECRET_CHARS
            && shown.bytes().all(|b| b.is_ascii_graphic());
        plausible.then(|| Self(Sha256::digest(shown.as_bytes()).into()))
    }

    /// From a row.
    pub const fn stored(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For a row.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether two are the same, in constant time.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_256_bits_and_is_never_the_same() {
        let (a, b) = (Secret::make().unwrap(), Secret::make().unwrap());
        assert_eq!(URL_SAFE_NO_PAD.decode(&a.0).unwrap().len(), 32);
        assert_ne!(a.0, b.0);
        assert!(!a.hash().is(&b.hash()));
    }

    #[test]
    fn what_is_shown_matches_what_was_made() {
        let made = Secret::make().unwrap();
        let kept = made.hash();
        let text = made.into_text();
        assert!(SecretHash::of(&text).unwrap().is(&kept));
        assert!(!SecretHash::of(&text[1..]).unwrap().is(&kept));
    }

    #[test]
    fn text_that_is_no_secret_is_not_even_hashed() {
        for wrong in ["", "two words", "line\nbreak", "鍵", &"x".repeat(1 << 20)] {
            assert!(SecretHash::of(wrong).is_none());
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let made = Secret::make().unwrap();
        let shown = format!("{made:?} {:?}", made.hash());
        assert!(!shown.contains(&made.into_text()));
    }
}
