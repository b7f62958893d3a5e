//! The cookie that proves a session.
//!
//! Owns its name, its attributes and finding it among others. Each session has a cookie of its own name, so that two
//! tabs of one browser can be two people. `__Host-` binds it to this host over a secure connection (RFC 6265bis
//! §4.1.3.2); Chromium 156 also takes it on plain loopback, where the demo runs.

use axum::http::{HeaderMap, header};
use wire::SessionId;

/// Most cookies looked at in one request; a browser sends far fewer for one host.
const MAX_COOKIES: usize = 64;

/// Name of the cookie of a session.
pub fn cookie_name(session: SessionId) -> String {
    format!("__Host-hibiki-{session}")
}

/// `Set-Cookie` for a new session: no script reads it, no other site makes a browser send it.
pub fn session_cookie(session: SessionId, secret: &str, seconds: u64) -> String {
    format!(
        "{}={secret}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict",
        cookie_name(session)
    )
}

/// `Set-Cookie` that removes it.
pub fn expired_cookie(session: SessionId) -> String {
    format!(
        "{}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict",
        cookie_name(session)
    )
}

/// The value of a session's cookie. A name that occurs twice is refused: one of the two is not ours.
pub(super) fn find(headers: &HeaderMap, session: SessionId) -> Option<&str> {
    let name = cookie_name(session);
    let texts = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut found = None;
    for cookie in texts.flat_map(|text| text.split(';')).take(MAX_COOKIES) {
        let Some((key, value)) = cookie.trim().split_once('=') else {
            continue;
        };
        if key == name && found.replace(value).is_some() {
            return None;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[String]) -> HeaderMap {
        cookies
            .iter()
            .map(|text| (header::COOKIE, text.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_cookie_is_found_among_those_of_other_tabs() {
        let (mine, other) = (SessionId::random(), SessionId::random());
        let sent = headers(&[format!(
            "theme=dark; {}=theirs; {}=mine",
            cookie_name(other),
            cookie_name(mine)
        )]);
        assert_eq!(find(&sent, mine), Some("mine"));
        assert_eq!(find(&sent, other), Some("theirs"));
        assert_eq!(find(&sent, SessionId::random()), None);
    }

    #[test]
    fn a_cookie_that_comes_twice_counts_for_nothing() {
        let session = SessionId::random();
        let name = cookie_name(session);
        assert_eq!(
            find(&headers(&[format!("{name}=a; {name}=b")]), session),
            None
        );
        assert_eq!(
            find(
                &headers(&[format!("{name}=a"), format!("{name}=b")]),
                session
            ),
            None
        );
    }

    #[test]
    fn a_cookie_has_every_guard() {
        let text = session_cookie(SessionId::random(), "s", 60);
        for guard in [
            "__Host-",
            "; Secure",
            "; HttpOnly",
            "; SameSite=Strict",
            "; Path=/",
        ] {
            assert!(text.contains(guard), "{guard}");
        }
        assert!(!text.contains("Domain"));
    }
}
