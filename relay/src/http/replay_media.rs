//! Replay of whole consults: frame tables, access units, voice packets and pointers.
//!
//! Owns the addresses and the limits of one answer; form and bounds are `wire::replay`'s. Nothing is cached: a recording may
//! still heal, and voices may be discarded at any moment.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::http::replays::{find, read};
use crate::problem::Refusal;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use recording::Tick;
use serde::Deserialize;
use wire::problem::ProblemCode;
use wire::replay::{REPLAY_UNITS, REPLAY_VOICE, ReplayFrames, ReplayPointers};
use wire::{RelayTime, StreamId};

type Asked<T> = Result<Query<T>, axum::extract::rejection::QueryRejection>;

/// Which part: moments in ticks, or in microseconds of the relay's clock for voice.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct Part {
    from: u64,
    until: u64,
}

impl Default for Part {
    fn default() -> Self {
        Self {
            from: 0,
            until: u64::MAX,
        }
    }
}

/// `GET /replays/{replay}/pictures/{stream}`
///
/// # Errors
/// `NotFound` for a consult that this person may not replay and a stream that was not recorded, `MessageRefused`,
/// `StorageFailed`.
pub async fn frames(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, stream)): Path<(String, String)>,
    part: Asked<Part>,
) -> Result<Json<ReplayFrames>, Refusal> {
    let Query(part) = part.map_err(|_| ProblemCode::MessageRefused)?;
    let stream: StreamId = stream.parse().map_err(|_| ProblemCode::NotFound)?;
    let consult = find(&app, &own, &named).await?.consult;
    let shelf = app.recorded.clone();
    let found = read(&app, consult, move || {
        shelf.frames((consult, stream), Tick(part.from))
    });
    Ok(Json(found.await?))
}

/// `GET /replays/{replay}/pictures/{stream}/units`
///
/// # Errors
/// As `frames`.
pub async fn units(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, stream)): Path<(String, String)>,
    part: Asked<Part>,
) -> Result<Response, Refusal> {
    let Query(part) = part.map_err(|_| ProblemCode::MessageRefused)?;
    let stream: StreamId = stream.parse().map_err(|_| ProblemCode::NotFound)?;
    let consult = find(&app, &own, &named).await?.consult;
    let shelf = app.recorded.clone();
    let found = read(&app, consult, move || {
        shelf.units((consult, stream), (Tick(part.from), Tick(part.until)))
    });
    Ok(bytes(REPLAY_UNITS, found.await?))
}

/// `GET /replays/{replay}/voices/{track}`
///
/// # Errors
/// As `frames`.
pub async fn voice(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, track)): Path<(String, String)>,
    part: Asked<Part>,
) -> Result<Response, Refusal> {
    let Query(part) = part.map_err(|_| ProblemCode::MessageRefused)?;
    let consult = find(&app, &own, &named).await?.consult;
    let shelf = app.recorded.clone();
    let found = read(&app, consult, move || {
        shelf.voice(consult, &track, RelayTime(part.from))
    });
    Ok(bytes(REPLAY_VOICE, found.await?))
}

/// `GET /replays/{replay}/pointers`
///
/// # Errors
/// As `frames`.
pub async fn pointers(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
    part: Asked<Part>,
) -> Result<Json<ReplayPointers>, Refusal> {
    let Query(part) = part.map_err(|_| ProblemCode::MessageRefused)?;
    let consult = find(&app, &own, &named).await?.consult;
    let shelf = app.recorded.clone();
    let found = read(&app, consult, move || {
        shelf.pointers(consult, RelayTime(part.from))
    });
    Ok(Json(found.await?))
}

fn bytes(kind: &'static str, bytes: Vec<u8>) -> Response {
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (about, bytes).into_response()
}
