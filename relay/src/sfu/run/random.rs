//! Chance for the media part: names, passwords, sources.
//!
//! Owns the only use of the system's random source in `sfu`. Everything else gets its values from here as arguments.

use crate::sfu::error::EdgeError;
use crate::sfu::sdp::offer::Credentials;

/// ICE characters without `+` and `/`, 64 less two: RFC 8839 §5.4. Drawn by rejection, so all are equally likely.
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// 16 letters are 95 bits: no two sessions share a name, nobody guesses one.
const NAME_LENGTH: usize = 16;
/// 32 letters are 190 bits; RFC 8839 §5.4 asks for 128.
const PASSWORD_LENGTH: usize = 32;

/// Fresh ICE credentials.
pub(super) fn credentials() -> Result<Credentials, EdgeError> {
    Ok(Credentials {
        ufrag: letters(NAME_LENGTH)?,
        pwd: letters(PASSWORD_LENGTH)?,
    })
}

/// A source that is not 0.
pub(super) fn source() -> Result<u32, EdgeError> {
    Ok(number()?.max(1))
}

/// Any number.
pub(super) fn number() -> Result<u32, EdgeError> {
    let mut bytes = [0; 4];
    fill(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

fn letters(length: usize) -> Result<String, EdgeError> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        fill(&mut bytes)?;
        let drawn = bytes
            .iter()
            .filter_map(|byte| LETTERS.get(usize::from(byte & 63)));
        text.extend(
            drawn
                .take(length - text.len())
                .map(|letter| char::from(*letter)),
        );
    }
    Ok(text)
}

fn fill(bytes: &mut [u8]) -> Result<(), EdgeError> {
    getrandom::fill(bytes).map_err(|error| EdgeError::new("draw random numbers", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_have_their_length_and_never_repeat() {
        let (a, b) = (credentials().unwrap(), credentials().unwrap());
        assert_eq!((a.ufrag.len(), a.pwd.len()), (NAME_LENGTH, PASSWORD_LENGTH));
        assert!(a.ufrag.bytes().all(|b| LETTERS.contains(&b)));
        assert_ne!(a, b);
    }
}
