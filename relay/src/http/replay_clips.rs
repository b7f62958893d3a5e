//! Replay of whole consults: the saved clips, their frame tables and single frames.
//!
//! Owns the addresses. Who may is `replays`' rule, as for everything else of a consult that is replayed; what is answered is what the consult's
//! own page gets of a clip. Nothing is cached: whoever may replay today may not for ever.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::http::clips::{find_in, still_of, table_of};
use crate::http::replays::find;
use crate::problem::Refusal;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use wire::problem::ProblemCode;

/// `GET /replays/{replay}/clips/{clip}`
///
/// # Errors
/// `NotFound` for a consult that this person may not replay and a clip that it has not; `CodecUnsupported`, `StorageFailed`.
pub async fn table(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, clip)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let consult = find(&app, &own, &named).await?.consult;
    let found = find_in(&app, consult, &clip).await?;
    Ok(uncached(Json(table_of(&app, found).await?)))
}

/// `GET /replays/{replay}/clips/{clip}/frames/{index}`
///
/// # Errors
/// As `table`; `NotFound` for a frame that is not here.
pub async fn frame(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, clip, index)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let index: u32 = index.parse().map_err(|_| ProblemCode::NotFound)?;
    let consult = find(&app, &own, &named).await?.consult;
    let found = find_in(&app, consult, &clip).await?;
    Ok(uncached(still_of(&app, found, index).await?))
}

fn uncached(answer: impl IntoResponse) -> Response {
    let about = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (about, answer).into_response()
}
