//! The page itself, from inside the program.
//!
//! Owns which path is which file and its type. The files hold nothing of this device: they are open to anyone on it.

use super::problem::Refused;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use wire::device::DeviceFault;

/// One file inside the program.
struct Page {
    path: &'static str,
    bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/device_pages.rs"));

const INDEX: &str = "device.html";
/// Files with a hash in their name never change.
const HASHED: &str = "assets/";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const NO_PAGES: &str = "The device page is not inside this program.\n\nBuild it with `make setup`, then build the capture agent again.\n";

/// Any path that is no action: a file of the page, or nothing.
pub(super) async fn file(method: Method, uri: Uri) -> Result<Response, Refused> {
    if method != Method::GET && method != Method::HEAD {
        return Err(DeviceFault::NotFound.into());
    }
    if PAGES.is_empty() {
        return Ok((StatusCode::SERVICE_UNAVAILABLE, NO_PAGES).into_response());
    }
    let wanted = match uri.path().trim_start_matches('/') {
        "" => INDEX,
        path => path,
    };
    let page = PAGES
        .iter()
        .find(|page| page.path == wanted)
        .ok_or(DeviceFault::NotFound)?;
    let keep = match wanted.starts_with(HASHED) {
        true => FOR_EVER,
        false => "no-cache",
    };
    let headers = [
        (header::CONTENT_TYPE, kind_of(wanted)),
        (header::CACHE_CONTROL, keep),
    ];
    Ok((headers, page.bytes).into_response())
}

/// Content type by the end of a name: of our own files only.
fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
