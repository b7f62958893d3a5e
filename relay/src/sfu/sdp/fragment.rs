//! The body of a PATCH: trickled candidates or an ICE restart (RFC 8840 §4, RFC 9725 §4.3).
//!
//! Owns the reading of `application/trickle-ice-sdpfrag`. Candidates are counted, never used: the relay is ICE-lite and
//! learns addresses from checks that arrive. Whether new credentials mean a restart is for the caller to see.

use super::lines::split;
use super::offer::Credentials;
use super::section::ice_string;
use crate::sfu::error::OfferError;
use crate::sfu::limits::MAX_CANDIDATES;

/// What a fragment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// The credentials it belongs to, when both are named.
    pub(crate) credentials: Option<Credentials>,
    /// Candidates in it.
    pub(crate) candidates: usize,
}

impl Fragment {
    /// Reads a fragment.
    ///
    /// # Errors
    /// Too big, malformed, too many candidates, or half of a pair of credentials.
    pub(crate) fn read(text: &str) -> Result<Self, OfferError> {
        let (mut ufrag, mut pwd, mut candidates) = (None, None, 0);
        let lines = split(text)?;
        if lines.is_empty() {
            return Err(OfferError::Malformed("it is empty"));
        }
        for line in lines {
            if let Some(value) = line.attribute("ice-ufrag") {
                agree(&mut ufrag, ice_string(value, 4)?)?;
            } else if let Some(value) = line.attribute("ice-pwd") {
                agree(&mut pwd, ice_string(value, 22)?)?;
            } else if line.attribute("candidate").is_some() {
                candidates += 1;
                if candidates > MAX_CANDIDATES {
                    return Err(OfferError::TooMany("candidates"));
                }
            } else if !matches!(line.key, b'a' | b'm' | b'c') {
                return Err(OfferError::Malformed(
                    "a line does not belong in a fragment",
                ));
            }
        }
        let credentials = match (ufrag, pwd) {
            (Some(ufrag), Some(pwd)) => Some(Credentials { ufrag, pwd }),
            (None, None) => None,
            _ => return Err(OfferError::Lacks("one of a=ice-ufrag and a=ice-pwd")),
        };
        Ok(Self {
            credentials,
            candidates,
        })
    }
}

/// Notes a value; every section repeats it, none may contradict.
fn agree(slot: &mut Option<String>, value: String) -> Result<(), OfferError> {
    match slot {
        Some(old) if *old != value => Err(OfferError::Malformed("two ICE credentials")),
        _ => {
            *slot = Some(value);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UFRAG: &str = "a=ice-ufrag:EsAw\r\n";
    const PWD: &str = "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n";

    #[test]
    fn the_example_of_the_rfc_is_read() {
        let text = format!(
            "{UFRAG}{PWD}m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n"
        );
        let fragment = Fragment::read(&text).unwrap();
        assert_eq!(fragment.candidates, 1);
        assert_eq!(fragment.credentials.unwrap().ufrag, "EsAw");
    }

    #[test]
    fn candidates_alone_are_a_trickle() {
        let fragment = Fragment::read("a=candidate:1 1 udp 1 attacker.example 9 typ host%eth0\r\n");
        assert_eq!(fragment.unwrap().credentials, None);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        assert!(Fragment::read("").is_err());
        assert!(Fragment::read("{}").is_err());
        assert!(Fragment::read(UFRAG).is_err());
        assert!(Fragment::read(&format!("{UFRAG}{PWD}a=ice-ufrag:other\r\n")).is_err());
        assert!(Fragment::read("a=ice-ufrag:ab\r\n").is_err());
        assert!(Fragment::read("v=0\r\n").is_err());
        assert_eq!(
            Fragment::read(&"a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(65)),
            Err(OfferError::TooMany("candidates"))
        );
        assert_eq!(
            Fragment::read(&"a=x\r\n".repeat(20_000)),
            Err(OfferError::TooBig)
        );
    }
}
