//! Hospital systems with a token of their own, as the configuration names them.
//!
//! Owns finding the system that a request shows the token of, as a bearer (RFC 6750) or as the password of its name (RFC 7617). Only
//! digests are held. Invariant: every digest is compared, in constant time, whoever asks.

use super::SecretHash;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;

/// A system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// As the configuration names it; the name of `Basic`.
    pub name: Arc<str>,
    /// What it may.
    pub rights: SystemRights,
    /// Of its token.
    pub secret: SecretHash,
}

/// What a system may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemRights {
    /// Search and retrieve.
    pub read: bool,
    /// Store.
    pub store: bool,
}

/// What a request shows.
pub(super) enum Shown {
    /// Nothing that could be a token.
    Nothing,
    /// A token, with a name where the scheme has one.
    Token(Option<String>, SecretHash),
}

/// Reads `Authorization`.
pub(super) fn shown(headers: &HeaderMap) -> Option<Shown> {
    let text = headers.get(header::AUTHORIZATION)?;
    let Some((scheme, rest)) = text.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return Some(Shown::Nothing);
    };
    let token = |name: Option<String>, token: &str| {
        SecretHash::of(token).map_or(Shown::Nothing, |hash| Shown::Token(name, hash))
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(token(None, rest.trim()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Some(Shown::Nothing);
    }
    let pair = STANDARD.decode(rest.trim()).ok();
    let pair = pair.and_then(|pair| String::from_utf8(pair).ok());
    Some(
        match pair.as_deref().and_then(|pair| pair.split_once(':')) {
            Some((name, secret)) => token(Some(name.to_owned()), secret),
            None => Shown::Nothing,
        },
    )
}

/// The system that this is the token of.
pub(super) fn find(systems: &[System], shown: &Shown) -> Option<System> {
    let Shown::Token(name, hash) = shown else {
        return None;
    };
    let mut found = None;
    for system in systems {
        let named = name.as_deref().is_none_or(|name| name == &*system.name);
        if system.secret.is(hash) & named {
            found = Some(system.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_bearer_or_the_password_of_its_own_name() {
        let system = |name: &str, token| System {
            name: name.into(),
            rights: SystemRights {
                read: true,
                store: false,
            },
            secret: SecretHash::of(token).unwrap(),
        };
        let systems = [system("PACS", "secret-1"), system("OHIF", "secret-2")];
        let who = |authorization: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
            let shown = shown(&headers).unwrap();
            find(&systems, &shown).map(|found| found.name.to_string())
        };
        let basic = |pair: &str| who(&format!("Basic {}", STANDARD.encode(pair)));
        assert_eq!(who("Bearer secret-2").as_deref(), Some("OHIF"));
        assert_eq!(basic("PACS:secret-1").as_deref(), Some("PACS"));
        for none in [
            who("Bearer secret-3"),
            who("Bearer "),
            who("nonsense"),
            who("Basic !!!"),
            basic("PACS:secret-2"),
            basic("secret-1"),
            basic(":secret-1"),
        ] {
            assert_eq!(none, None);
        }
        assert!(shown(&HeaderMap::new()).is_none());
    }
}
