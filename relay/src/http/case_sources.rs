//! What a case may be made of: the clips of a consult that is over, to choose from.
//!
//! Owns what a trainer sees before a case is made, names in pictures included: who may replay the consult may see it (decision
//! 0032), and leaves the entry of a replay. Making is `case_making`'s.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::http::cases::{failed, is_trainer};
use crate::http::clips::still_response;
use crate::http::replays;
use crate::problem::Refusal;
use crate::replay::{Found, StillForm};
use crate::store;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use std::sync::Arc;
use wire::case::CaseSources;
use wire::problem::ProblemCode;
use wire::{ClipId, ConsultId, FrameIndex};

/// `GET /case-sources/{consult}`
///
/// # Errors
/// `NotAllowed` for who is no trainer, `NotFound` for a consult that is not over, `StorageFailed`.
pub async fn list(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
) -> Result<Json<CaseSources>, Refusal> {
    let consult = over(&app, &own, &named).await?;
    let clips = app
        .store
        .read("list clips for a case", move |db| {
            store::kept_clips(db, consult)
        })
        .await
        .map_err(|error| failed(&error))?;
    Ok(Json(CaseSources {
        clips: clips.into_iter().map(|row| row.head).collect(),
    }))
}

/// `GET /case-sources/{consult}/clips/{clip}/picture`: the frame in the middle of a clip.
///
/// # Errors
/// As `list`; `NotFound` for a clip without a picture that a page shows, as a video is.
pub async fn picture(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, clip)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let clip: ClipId = clip.parse().map_err(|_| ProblemCode::NotFound)?;
    let consult = over(&app, &own, &named).await?;
    let row = app
        .store
        .read("look up a clip", move |db| store::clip(db, consult, clip))
        .await
        .map_err(|error| failed(&error))?;
    let row = row.filter(|row| row.kept).ok_or(ProblemCode::NotFound)?;
    let middle = FrameIndex(row.head.frames / 2);
    let row = Arc::new(row);
    let still = app.shelf.still(Found { consult, row }, middle).await;
    match still {
        Ok(still) if still.form != StillForm::H264 => Ok(still_response(still)),
        Ok(_) => Err(ProblemCode::NotFound.into()),
        Err(error) => {
            tracing::warn!(%consult, %error, "a clip has no picture to choose it by");
            Err(ProblemCode::NotFound.into())
        }
    }
}

/// A consult that is over, for a trainer who may replay it; to look at its clips is to replay it.
async fn over(app: &App, own: &SessionEntry, named: &str) -> Result<ConsultId, Refusal> {
    is_trainer(own)?;
    let row = replays::find(app, own, named).await?;
    match row.closed_at {
        Some(_) => Ok(row.consult),
        None => Err(ProblemCode::NotFound.into()),
    }
}
