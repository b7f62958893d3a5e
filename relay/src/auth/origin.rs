//! Whether a request comes from our own pages.
//!
//! Owns the rules on `Host`, `Origin` and `Sec-Fetch-Site`. A browser sends cookies along with requests that other sites
//! start; these headers are what a page cannot forge. The `Host` must be one that the operator named, or loopback in an
//! installation on loopback: that stops a name that was re-pointed at us (DNS rebinding). Forwarding headers are ignored.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};
use std::net::IpAddr;

/// The origins under which our pages are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// Plain HTTP on this machine: any loopback name and port, as long as page and relay agree.
    Loopback,
    /// These, for example `https://hibiki.example.jp`.
    Named(Vec<String>),
}

impl Origins {
    /// Whether the request was sent to a name of ours.
    pub fn host_is_ours(&self, host: Option<&str>) -> bool {
        let Some(host) = host else { return false };
        match self {
            Self::Loopback => is_loopback(host),
            Self::Named(origins) => origins
                .iter()
                .any(|origin| authority_of(origin).is_some_and(|ours| same_host(ours, host))),
        }
    }

    /// Whether a page of ours sent this, as the browser says. Without any word from a browser the answer is no.
    pub fn page_is_ours(&self, headers: &HeaderMap, host: Option<&str>) -> bool {
        if let Some(site) = headers.get("sec-fetch-site")
            && site != "same-origin"
        {
            return false;
        }
        match headers.get(header::ORIGIN).map(|origin| origin.to_str()) {
            Some(Ok(origin)) => self.origin_is_ours(origin, host),
            Some(Err(_)) => false,
            None => headers.contains_key("sec-fetch-site"),
        }
    }

    /// Whether the request is not one that another site made a browser send. Programs that are no browsers pass: they
    /// send no cookie by themselves.
    pub fn is_not_foreign(&self, headers: &HeaderMap, host: Option<&str>) -> bool {
        let from_browser =
            headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
        !from_browser || self.page_is_ours(headers, host)
    }

    fn origin_is_ours(&self, origin: &str, host: Option<&str>) -> bool {
        match self {
            Self::Loopback => {
                let named = origin
                    .strip_prefix("http://")
                    .or_else(|| origin.strip_prefix("https://"));
                named.is_some_and(|named| {
                    is_loopback(named) && host.is_some_and(|host| named.eq_ignore_ascii_case(host))
                })
            }
            Self::Named(origins) => origins.iter().any(|ours| ours.eq_ignore_ascii_case(origin)),
        }
    }
}

fn authority_of(origin: &str) -> Option<&str> {
    origin.split_once("://").map(|(_, authority)| authority)
}

/// A browser leaves the port out when it is the scheme's own.
fn same_host(ours: &str, host: &str) -> bool {
    ours.eq_ignore_ascii_case(host)
        || ours.eq_ignore_ascii_case(host.strip_suffix(":443").unwrap_or(host))
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    !host.contains('@')
        && (name.eq_ignore_ascii_case("localhost")
            || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    name.parse::<axum::http::HeaderName>().unwrap(),
                    value.parse().unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn a_page_on_loopback_speaks_for_its_own_port_only() {
        let ours = Origins::Loopback;
        let from = |origin| headers(&[("origin", origin)]);
        assert!(ours.page_is_ours(&from("http://127.0.0.1:8080"), Some("127.0.0.1:8080")));
        assert!(ours.page_is_ours(&from("http://localhost:5173"), Some("localhost:5173")));
        assert!(!ours.page_is_ours(&from("http://127.0.0.1:9999"), Some("127.0.0.1:8080")));
        for evil in [
            "https://evil.example",
            "null",
            "http://127.0.0.1.evil.example:8080",
            "http://evil@127.0.0.1:8080",
        ] {
            assert!(
                !ours.page_is_ours(&from(evil), Some("127.0.0.1:8080")),
                "{evil}"
            );
        }
    }

    #[test]
    fn a_name_that_was_pointed_at_us_is_not_ours() {
        assert!(Origins::Loopback.host_is_ours(Some("[::1]:8080")));
        for wrong in [
            None,
            Some("evil.example:8080"),
            Some("127.0.0.1.nip.example"),
            Some(""),
            Some("10.0.0.1"),
        ] {
            assert!(!Origins::Loopback.host_is_ours(wrong), "{wrong:?}");
        }
        let named = Origins::Named(vec!["https://hibiki.example.jp".to_owned()]);
        assert!(
            named.host_is_ours(Some("hibiki.example.jp"))
                && named.host_is_ours(Some("hibiki.example.jp:443"))
        );
        assert!(
            !named.host_is_ours(Some("127.0.0.1"))
                && !named.host_is_ours(Some("hibiki.example.jp:8443"))
        );
    }

    #[test]
    fn another_site_is_refused_and_silence_is_no_proof() {
        let ours = Origins::Named(vec!["https://hibiki.example.jp".to_owned()]);
        let host = Some("hibiki.example.jp");
        assert!(!ours.page_is_ours(&headers(&[]), host));
        assert!(ours.page_is_ours(&headers(&[("sec-fetch-site", "same-origin")]), host));
        for site in ["cross-site", "same-site", "none", "Same-Origin"] {
            assert!(
                !ours.page_is_ours(
                    &headers(&[
                        ("sec-fetch-site", site),
                        ("origin", "https://hibiki.example.jp")
                    ]),
                    host
                ),
                "{site}"
            );
        }
        assert!(ours.is_not_foreign(&headers(&[]), host));
        assert!(!ours.is_not_foreign(&headers(&[("origin", "https://evil.example")]), host));
    }
}
