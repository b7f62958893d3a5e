//! Originals and other blobs of a consult, by name.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::problem::Refusal;
use crate::store;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use wire::original::Digest;
use wire::problem::ProblemCode;

/// All blobs so far are stills.
const PNG: HeaderValue = HeaderValue::from_static("image/png");

/// `GET /consults/{consult}/blobs/{blob}`
///
/// # Errors
/// `NotFound` for a blob of another consult too, `StorageFailed`.
pub async fn show(
    State(app): State<App>,
    own: SessionEntry,
    Path((_, blob)): Path<(String, String)>,
) -> Result<impl IntoResponse, Refusal> {
    let name: Digest = blob.parse().map_err(|_| ProblemCode::NotFound)?;
    let consult = own.consult;
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
    let bytes = app.blobs.get(name).await.map_err(|error| {
        tracing::error!(%error, "a blob could not be read");
        ProblemCode::StorageFailed
    })?;
    let bytes = bytes.ok_or(ProblemCode::NotFound)?;
    Ok(([(header::CONTENT_TYPE, PNG)], bytes))
}
