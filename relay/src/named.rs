//! UUIDs that follow from words, so that what is made twice is the same.
//!
//! Owns the form: a custom UUID (RFC 9562 section 5.8) of the SHA-256 over the words with their lengths.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The UUID of these words in this order.
pub(crate) fn uuid_of(words: &[&str]) -> Uuid {
    let mut digest = Sha256::new();
    for word in words {
        digest.update((word.len() as u64).to_be_bytes());
        digest.update(word);
    }
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest.finalize()) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_are_the_same_uuid_and_lengths_count() {
        assert_eq!(uuid_of(&["a", "bc"]), uuid_of(&["a", "bc"]));
        assert_ne!(uuid_of(&["a", "bc"]), uuid_of(&["ab", "c"]));
        assert_ne!(uuid_of(&["a", "bc"]), uuid_of(&["bc", "a"]));
    }
}
