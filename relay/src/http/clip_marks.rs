//! Marks and measurements of a clip as DICOM files, made when they are asked for.
//!
//! Owns the two downloads. They follow from the log as it is now, so nothing is cached; only a clip that is kept has
//! them, because only that is whole. What they contain is `dicom_marks`' business.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::dicom_marks::{MarkedClip, MarksFault, kept_clips, marks_in_force};
use crate::http::clip_file::DICOM;
use crate::http::clips::{find, quoted};
use crate::problem::Refusal;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use wire::problem::ProblemCode;

/// `GET /consults/{consult}/clips/{clip}/marks`: a presentation state.
///
/// # Errors
/// `NotFound` for a clip of another consult, one that is not kept yet and one without marks; `ClipNameless` for
/// one that does not say whose it is, `StorageFailed`.
pub async fn marks(
    State(app): State<App>,
    own: SessionEntry,
    Path((_, clip)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    object(&app, &own, &clip, "marks", |clip| clip.state()).await
}

/// `GET /consults/{consult}/clips/{clip}/measurements`: a report.
///
/// # Errors
/// As `marks`; `NotFound` when nothing was measured with a scale, `MeasuringOff` where nobody measures.
pub async fn measurements(
    State(app): State<App>,
    own: SessionEntry,
    Path((_, clip)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    if !app.measuring {
        return Err(ProblemCode::MeasuringOff.into());
    }
    object(&app, &own, &clip, "measurements", |clip| clip.report()).await
}

async fn object(
    app: &App,
    own: &SessionEntry,
    clip: &str,
    kind: &'static str,
    make: impl FnOnce(&MarkedClip<'_>) -> Result<Option<Vec<u8>>, MarksFault> + Send + 'static,
) -> Result<Response, Refusal> {
    let found = find(app, own, clip).await?;
    if !found.row.kept {
        return Err(ProblemCode::NotFound.into());
    }
    let failed = |error| {
        tracing::error!(consult = %own.consult, %error, "marks could not be read from the store");
        ProblemCode::StorageFailed
    };
    let marks = marks_in_force(&app.store, own.consult, app.measuring)
        .await
        .map_err(failed)?;
    let clips = kept_clips(&app.store, app.shelf.files(), own.consult)
        .await
        .map_err(failed)?;
    let clip = found.row.head.clip;
    let name = format!("attachment; filename=\"clip-{clip}-{kind}.dcm\"");
    let made = tokio::task::spawn_blocking(move || {
        let marked = MarkedClip::read(&clips, clip, &marks)?;
        marked.map_or(Ok(None), |marked| make(&marked))
    })
    .await
    .map_err(|_| ProblemCode::Internal)?;
    let bytes = made
        .map_err(|error| {
            app.metrics.clip_faults.up();
            tracing::error!(consult = %own.consult, %error, "marks could not be written as DICOM");
            match error {
                MarksFault::Read(_) | MarksFault::Size => ProblemCode::ClipNameless,
                _ => ProblemCode::Internal,
            }
        })?
        .ok_or(ProblemCode::NotFound)?;
    let about = [
        (header::CONTENT_TYPE, DICOM),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_DISPOSITION, quoted(&name)),
    ];
    Ok((about, bytes).into_response())
}
