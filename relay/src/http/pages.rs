//! The pages: from inside the program, or from a folder in development.
//!
//! Owns which path is which file, its type, how long it may be kept, and compression. Files with a hash in their name never
//! change; everything else is asked for each time. Paths of screens all lead to the index; what the person may see there
//! is asked for with their session.

use crate::app::App;
use crate::problem::Refusal;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::path::{Component, Path, PathBuf};
use wire::problem::ProblemCode;

/// One file inside the program.
struct Page {
    path: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
    tag: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

const INDEX: &str = "index.html";
/// Vite puts files with a hash in their name here.
const HASHED: &str = "assets/";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_EACH_TIME: &str = "no-cache";
/// Largest file served from a development folder.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
const NO_PAGES: &str = "The pages are not inside this program.\n\nBuild them with `make setup`, then build the relay again; \
or start it with --viewer-dir and the folder of built pages.\n";

/// Where pages come from.
#[derive(Debug)]
pub struct Pages {
    folder: Option<PathBuf>,
}

impl Pages {
    /// From a folder, or from inside the program.
    pub const fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }
}

/// The index, for every path of a screen.
pub async fn index(State(app): State<App>, headers: HeaderMap) -> Response {
    if app.pages.folder.is_none() && PAGES.is_empty() {
        return (StatusCode::SERVICE_UNAVAILABLE, NO_PAGES).into_response();
    }
    serve(&app.pages, INDEX, &headers)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

/// Any other path: a file of the pages, or nothing.
///
/// # Errors
/// `NotFound`; `WrongMethod`.
pub async fn file(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if method != Method::GET && method != Method::HEAD {
        return Err(ProblemCode::NotFound.into());
    }
    serve(&app.pages, uri.path().trim_start_matches('/'), &headers).await
}

async fn serve(pages: &Pages, path: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    match &pages.folder {
        Some(folder) => from_folder(folder, path)
            .await
            .ok_or_else(|| ProblemCode::NotFound.into()),
        None => PAGES
            .iter()
            .find(|page| page.path == path)
            .map(|page| from_inside(page, headers))
            .ok_or_else(|| ProblemCode::NotFound.into()),
    }
}

fn from_inside(page: &Page, headers: &HeaderMap) -> Response {
    let keep = if page.path.starts_with(HASHED) {
        FOR_EVER
    } else {
        ASK_EACH_TIME
    };
    let common = [
        (header::ETAG, page.tag),
        (header::CACHE_CONTROL, keep),
        (header::VARY, "accept-encoding"),
    ];
    if lists(headers, header::IF_NONE_MATCH, page.tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, kind_of(page.path))];
    match page.gzip {
        Some(packed) if lists(headers, header::ACCEPT_ENCODING, "gzip") => {
            (kind, common, [(header::CONTENT_ENCODING, "gzip")], packed).into_response()
        }
        _ => (kind, common, page.plain).into_response(),
    }
}

/// Whether a list in a header names something, whatever weight or weakness it gives it.
pub(super) fn lists(headers: &HeaderMap, name: header::HeaderName, wanted: &str) -> bool {
    let listed = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    listed
        .map(|one| {
            one.split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .trim_start_matches("W/")
        })
        .any(|one| one == wanted)
}

async fn from_folder(folder: &Path, path: &str) -> Option<Response> {
    let wanted = Path::new(path);
    // Names only: nothing that climbs, no other root. Percent signs are left as they are, so none hides such a step.
    if wanted
        .components()
        .any(|part| !matches!(part, Component::Normal(_)))
    {
        return None;
    }
    let file = folder.join(wanted);
    let about = tokio::fs::metadata(&file).await.ok()?;
    if !about.is_file() || about.len() > MAX_FILE_BYTES {
        return None;
    }
    let bytes = tokio::fs::read(&file).await.ok()?;
    Some(
        (
            [
                (header::CONTENT_TYPE, kind_of(path)),
                (header::CACHE_CONTROL, "no-store"),
            ],
            bytes,
        )
            .into_response(),
    )
}

/// Content type by the end of a name: of our own files only.
fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
