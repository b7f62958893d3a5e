//! What destinations over HTTPS want to be told before they take anything.
//!
//! Owns the file of them: a line `NAME=Basic …` or `NAME=Bearer …` for each. Nothing of it is ever printed.

use super::ForwardError;
use super::destination::{Destination, Place};
use crate::auth::read_private;
use crate::redact::Redacted;
use std::collections::BTreeMap;
use std::path::Path;

/// A file larger than this holds something else.
const MAX_BYTES: u64 = 64 * 1024;

/// By the destinations' names.
#[derive(Debug, Default)]
pub struct Secrets(BTreeMap<String, Redacted<String>>);

impl Secrets {
    /// Reads the file, if one is named.
    ///
    /// # Errors
    /// `ForwardError` for a file that others may read, a line that is none, and a secret that would travel in the clear.
    pub fn read(file: Option<&Path>, destinations: &[Destination]) -> Result<Self, ForwardError> {
        let Some(file) = file else {
            return Ok(Self::default());
        };
        let bytes = read_private(file, MAX_BYTES).map_err(ForwardError::File)?;
        let text = String::from_utf8(bytes).unwrap_or_default();
        Self::of(&text, destinations)
    }

    fn of(text: &str, destinations: &[Destination]) -> Result<Self, ForwardError> {
        let mut secrets = BTreeMap::new();
        let lines = text.lines().enumerate();
        for (at, line) in lines.map(|(at, line)| (at + 1, line.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, secret) = line.split_once('=').ok_or(ForwardError::Line(at))?;
            let is_one = ["Basic ", "Bearer "]
                .iter()
                .any(|kind| secret.starts_with(kind));
            let is_plain = secret.bytes().all(|byte| (0x20..0x7F).contains(&byte));
            if !is_one || !is_plain {
                return Err(ForwardError::Line(at));
            }
            let named = destinations.iter().find(|one| one.name == name);
            match named.map(|one| &one.place) {
                Some(Place::Web(base)) if base.scheme() == "https" || is_here(base) => {}
                Some(Place::Web(_)) => return Err(ForwardError::InTheClear(at)),
                _ => return Err(ForwardError::Nobody(at)),
            }
            secrets.insert(name.to_owned(), Redacted::new(secret.to_owned()));
        }
        Ok(Self(secrets))
    }

    pub(super) fn of_name(&self, name: &str) -> Option<Redacted<String>> {
        self.0.get(name).cloned()
    }
}

/// On this machine nobody listens in.
fn is_here(base: &reqwest::Url) -> bool {
    let host = base.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_for_a_destination_over_https_and_never_travels_in_the_clear() {
        let all: Vec<Destination> = [
            "pacs=https://pacs.example.jp/dicom-web",
            "near=http://127.0.0.1:8042/dicom-web",
            "far=http://192.0.2.7/dicom-web",
            "old=PACS@192.0.2.20:104",
        ]
        .iter()
        .map(|one| one.parse().unwrap())
        .collect();
        let read = |text: &str| Secrets::of(text, &all);
        let both = read("# ours\npacs=Bearer abc\n\nnear=Basic dTpw\n").unwrap();
        assert_eq!(both.of_name("pacs").unwrap().reveal(), "Bearer abc");
        assert!(both.of_name("far").is_none());
        for (text, fault) in [
            ("pacs=abc", "line 1"),
            ("pacs", "line 1"),
            ("\nfar=Bearer abc", "line 2"),
            ("old=Bearer abc", "line 1"),
            ("other=Bearer abc", "line 1"),
        ] {
            let told = read(text).unwrap_err().to_string();
            assert!(told.contains(fault) && !told.contains("abc"), "{told}");
        }
    }
}
