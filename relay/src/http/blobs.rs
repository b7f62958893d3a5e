//! Originals and other blobs of a consult, by name.
//!
//! A blob goes from its file to the network in pieces: whoever asks for many at once does not fill the memory.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::http::replays::find;
use crate::problem::Refusal;
use crate::store;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::stream::{Stream, try_unfold};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, Take};
use wire::ConsultId;
use wire::original::Digest;
use wire::problem::ProblemCode;

/// All blobs so far are stills.
const PNG: HeaderValue = HeaderValue::from_static("image/png");
/// Memory of one answer at a time; a still of 800 x 600 takes three pieces.
const PIECE_BYTES: usize = 64 * 1024;

/// `GET /consults/{consult}/blobs/{blob}`
///
/// # Errors
/// `NotFound` for a blob of another consult too, `StorageFailed`.
pub async fn show(
    State(app): State<App>,
    own: SessionEntry,
    Path((_, blob)): Path<(String, String)>,
) -> Result<impl IntoResponse, Refusal> {
    give(&app, own.consult, &blob).await
}

/// `GET /replays/{replay}/blobs/{blob}`
///
/// # Errors
/// As `show`; `NotFound` for a consult that this person may not replay.
pub async fn replayed(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, blob)): Path<(String, String)>,
) -> Result<impl IntoResponse, Refusal> {
    let consult = find(&app, &own, &named).await?.consult;
    give(&app, consult, &blob).await
}

async fn give(app: &App, consult: ConsultId, blob: &str) -> Result<Response, Refusal> {
    let name: Digest = blob.parse().map_err(|_| ProblemCode::NotFound)?;
    let ours = app
        .store
        .read("look up a blob", move |db| {
            store::has_blob(db, consult, name)
        })
        .await
        .map_err(|error| {
            tracing::error!(%error, "a blob could not be looked up");
            ProblemCode::StorageFailed
        })?;
    if !ours {
        return Err(ProblemCode::NotFound.into());
    }
    let opened = app.blobs.open_blob(name).await.map_err(|error| {
        tracing::error!(%error, "a blob could not be opened");
        ProblemCode::StorageFailed
    })?;
    let (file, length) = opened.ok_or(ProblemCode::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, PNG),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
    ];
    Ok((headers, Body::from_stream(pieces(file, length))).into_response())
}

/// The first `length` bytes of a file. When the disk fails in the middle the answer is cut short, which its length tells.
fn pieces(file: File, length: u64) -> impl Stream<Item = std::io::Result<Bytes>> {
    try_unfold(file.take(length), |mut file: Take<File>| async move {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES);
        let read = file.read_buf(&mut piece).await.inspect_err(|error| {
            tracing::error!(%error, "a blob could not be read");
        })?;
        Ok((read > 0).then(|| (piece.freeze(), file)))
    })
}
