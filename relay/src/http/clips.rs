//! Clips of a consult: the frame table and single frames, for a player.
//!
//! Owns what a page may ask of a clip and how long it may keep the answer: what is kept never changes, so it may be kept for
//! ever by that browser and nobody between; what still arrives is asked for each time. A clip of another consult looks
//! as if it did not exist. The file itself is `clip_file`'s.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::http::pages::lists;
use crate::problem::Refusal;
use crate::replay::{Found, ReplayFault, Still, StillForm};
use crate::store;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;
use wire::clip::{CLIP_VIDEO_FRAME, ClipTable};
use wire::problem::ProblemCode;
use wire::{ConsultId, FrameIndex};

/// A kept clip's bytes never change; a cache that others share may not have them.
pub(super) const FOR_EVER: HeaderValue =
    HeaderValue::from_static("private, max-age=31536000, immutable");

/// `GET /consults/{consult}/clips/{clip}`
///
/// # Errors
/// `NotFound` for a clip of another consult and for one of which too little is here, `CodecUnsupported` for one whose
/// pixels only its own viewer reads, `StorageFailed`.
pub async fn table(
    State(app): State<App>,
    own: SessionEntry,
    Path((_, clip)): Path<(String, String)>,
) -> Result<impl IntoResponse, Refusal> {
    let found = find(&app, &own, &clip).await?;
    Ok(Json(table_of(&app, found).await?))
}

/// `GET /consults/{consult}/clips/{clip}/frames/{index}`
///
/// # Errors
/// As `table`; `NotFound` for a frame that is not here.
pub async fn frame(
    State(app): State<App>,
    own: SessionEntry,
    Path((_, clip, index)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let index: u32 = index.parse().map_err(|_| ProblemCode::NotFound)?;
    let found = find(&app, &own, &clip).await?;
    let kept = found.row.kept;
    let tag = format!("\"{}-{index}\"", found.row.head.digest);
    if kept && lists(&headers, header::IF_NONE_MATCH, &tag) {
        let common = [
            (header::CACHE_CONTROL, FOR_EVER),
            (header::ETAG, quoted(&tag)),
        ];
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let mut response = still_of(&app, found, index).await?;
    if kept {
        let about = response.headers_mut();
        about.insert(header::CACHE_CONTROL, FOR_EVER);
        about.insert(header::ETAG, quoted(&tag));
    }
    Ok(response)
}

/// The frame table of a clip that somebody may read.
pub(super) async fn table_of(app: &App, found: Found) -> Result<ClipTable, Refusal> {
    let consult = found.consult;
    let table = app.shelf.table(found).await;
    table.map_err(|fault| told(app, consult, &fault))
}

/// A frame of such a clip.
pub(super) async fn still_of(app: &App, found: Found, index: u32) -> Result<Response, Refusal> {
    let began = Instant::now();
    let consult = found.consult;
    let still = app.shelf.still(found, FrameIndex(index)).await;
    let still = still.map_err(|fault| told(app, consult, &fault))?;
    app.metrics.clip_frames.up();
    app.metrics.clip_frame.took(began.elapsed());
    Ok(still_response(still))
}

/// A frame with what it is.
pub(super) fn still_response(still: Still) -> Response {
    let kind = match still.form {
        StillForm::Jpeg => "image/jpeg",
        StillForm::Png => "image/png",
        StillForm::H264 => CLIP_VIDEO_FRAME,
    };
    ([(header::CONTENT_TYPE, kind)], still.bytes).into_response()
}

/// A clip of the session's own consult.
pub(super) async fn find(app: &App, own: &SessionEntry, clip: &str) -> Result<Found, Refusal> {
    find_in(app, own.consult, clip).await
}

/// A clip of a consult that somebody may read.
pub(super) async fn find_in(app: &App, consult: ConsultId, clip: &str) -> Result<Found, Refusal> {
    let clip = clip.parse().map_err(|_| ProblemCode::NotFound)?;
    let row = app
        .store
        .read("look up a clip", move |db| store::clip(db, consult, clip))
        .await
        .map_err(|error| {
            tracing::error!(%error, "a clip could not be looked up");
            ProblemCode::StorageFailed
        })?;
    Ok(Found {
        consult,
        row: Arc::new(row.ok_or(ProblemCode::NotFound)?),
    })
}

/// What a page hears of a clip that cannot be shown, and what the log says.
fn told(app: &App, consult: ConsultId, fault: &ReplayFault) -> Refusal {
    let code = match fault {
        ReplayFault::NotHere | ReplayFault::NoSuchFrame => return ProblemCode::NotFound.into(),
        ReplayFault::Unreadable(_) => ProblemCode::CodecUnsupported,
        ReplayFault::Disagrees(_) => ProblemCode::ClipRefused,
        ReplayFault::NoReader(_) | ReplayFault::Code(_) | ReplayFault::Inside => {
            ProblemCode::Internal
        }
    };
    app.metrics.clip_faults.up();
    tracing::error!(%consult, error = %fault, "a clip could not be shown");
    code.into()
}

pub(super) fn quoted(tag: &str) -> HeaderValue {
    HeaderValue::from_str(tag).unwrap_or(HeaderValue::from_static("\"\""))
}
