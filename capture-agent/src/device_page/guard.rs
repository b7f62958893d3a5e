//! Who may ask: our own page, under our own name, with the key of this start.
//!
//! Owns the rules on `Host`, `Origin` and the cookie, and the guards on every answer. The `Host` must be loopback with our
//! port: that stops a name that was re-pointed at us (DNS rebinding). What changes anything must come from our own origin;
//! what reads must not come from another site. Everything but the static page needs the cookie.

use super::key::Key;
use super::problem::Refused;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use wire::device::DeviceFault;

/// What the page may load and do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Nothing of the device is for this page but the whole screen.
const PERMISSIONS: &str = "camera=(), microphone=(), fullscreen=(self), screen-wake-lock=(self), display-capture=(), geolocation=(), \
     usb=(), serial=(), payment=(), midi=()";
const GUARDS: [(HeaderName, HeaderValue); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(PERMISSIONS),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];
/// Most cookies looked at in one request.
const MAX_COOKIES: usize = 64;

/// What the door knows of itself.
#[derive(Debug, Clone)]
pub(super) struct Lock {
    pub(super) port: u16,
    pub(super) key: Key,
}

impl Lock {
    /// Names under which a browser on this device reaches us.
    fn is_our_name(&self, host: &str) -> bool {
        ["127.0.0.1", "localhost"]
            .iter()
            .any(|name| host.eq_ignore_ascii_case(&format!("{name}:{}", self.port)))
    }

    /// Named after the port: two agents on one device, or a relay, share the host and so its cookies.
    fn cookie_name(&self) -> String {
        format!("hibiki-device-{}", self.port)
    }

    /// `Set-Cookie` for whoever showed the key. It ends with the browser, and with this start in any case.
    pub(super) fn cookie(&self) -> String {
        let (name, key) = (self.cookie_name(), self.key.text());
        format!("{name}={key}; Path=/; HttpOnly; SameSite=Strict")
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie_name();
        let texts = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let ours: Vec<&str> = texts
            .flat_map(|text| text.split(';'))
            .take(MAX_COOKIES)
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value)
            .collect();
        // A name that comes twice is refused: one of the two is not ours.
        matches!(ours.as_slice(), [value] if self.key.is(value))
    }
}

fn text(headers: &HeaderMap, name: impl axum::http::header::AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a request may be answered at all; the cookie is asked for where there is something to see.
fn is_ours(lock: &Lock, method: &Method, headers: &HeaderMap) -> bool {
    let Some(host) = text(headers, header::HOST).filter(|host| lock.is_our_name(host)) else {
        return false;
    };
    let reads = method == Method::GET || method == Method::HEAD;
    let site_is_ours = match headers.get("sec-fetch-site") {
        None => true,
        Some(site) if site == "same-origin" => true,
        // A typed address or a bookmark, which never changes anything.
        Some(site) => reads && site == "none",
    };
    let origin_is_ours = match headers.get(header::ORIGIN) {
        Some(origin) => origin
            .to_str()
            .is_ok_and(|origin| origin.eq_ignore_ascii_case(&format!("http://{host}"))),
        None => reads,
    };
    site_is_ours && origin_is_ours
}

/// Refuses whoever is not our page, and puts the guards on every answer.
pub(super) async fn foreign(State(lock): State<Lock>, request: Request, next: Next) -> Response {
    let static_page = !request.uri().path().starts_with("/api/");
    let ours = is_ours(&lock, request.method(), request.headers());
    // Following a link from another site shows the empty page; what it then asks for comes from itself.
    let followed = static_page
        && request.method() == Method::GET
        && text(request.headers(), header::HOST).is_some_and(|host| lock.is_our_name(host));
    let mut response = if ours || followed {
        next.run(request).await
    } else {
        Refused::from(DeviceFault::Foreign).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in GUARDS {
        headers.insert(name, value);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses whoever has no cookie of this start.
pub(super) async fn locked(State(lock): State<Lock>, request: Request, next: Next) -> Response {
    if lock.has_cookie(request.headers()) {
        next.run(request).await
    } else {
        Refused::from(DeviceFault::Locked).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        Lock {
            port: 8095,
            key: Key::make().unwrap(),
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_loopback_names_with_our_port_are_ours() {
        let lock = lock();
        for good in ["127.0.0.1:8095", "localhost:8095", "LOCALHOST:8095"] {
            assert!(
                is_ours(&lock, &Method::GET, &headers(&[("host", good)])),
                "{good}"
            );
        }
        for evil in [
            "evil.example:8095",
            "127.0.0.1:8096",
            "127.0.0.1",
            "127.0.0.1.nip.example:8095",
            "evil@127.0.0.1:8095",
            "",
        ] {
            assert!(
                !is_ours(&lock, &Method::GET, &headers(&[("host", evil)])),
                "{evil}"
            );
        }
        assert!(!is_ours(&lock, &Method::GET, &HeaderMap::new()));
    }

    #[test]
    fn what_changes_anything_needs_our_origin() {
        let lock = lock();
        let from = |origin: &str| headers(&[("host", "127.0.0.1:8095"), ("origin", origin)]);
        assert!(is_ours(
            &lock,
            &Method::POST,
            &from("http://127.0.0.1:8095")
        ));
        for evil in [
            "http://127.0.0.1:9999",
            "https://evil.example",
            "null",
            "http://localhost:8095",
        ] {
            assert!(!is_ours(&lock, &Method::POST, &from(evil)), "{evil}");
        }
        let silent = headers(&[("host", "127.0.0.1:8095")]);
        assert!(
            !is_ours(&lock, &Method::POST, &silent),
            "silence is no proof"
        );
        for site in ["cross-site", "same-site", "none"] {
            let mut asked = from("http://127.0.0.1:8095");
            asked.insert("sec-fetch-site", site.parse().unwrap());
            assert!(!is_ours(&lock, &Method::PUT, &asked), "{site}");
        }
    }

    #[test]
    fn the_cookie_opens_once_and_only_whole() {
        let lock = lock();
        let (name, key) = (lock.cookie_name(), lock.key.text());
        let sent = |cookie: String| lock.has_cookie(&headers(&[("cookie", &cookie)]));
        assert!(sent(format!("theme=dark; {name}={key}")));
        assert!(!sent(format!("{name}={key}; {name}={key}")));
        assert!(!sent(format!("{name}=")) && !sent(format!("hibiki-device-1={key}")));
        for guard in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
            assert!(lock.cookie().contains(guard), "{guard}");
        }
    }
}
