//! What a case may be made of: the clips of a consult that is over, to choose from and to draw on what stays of them.
//!
//! Owns what a trainer sees before anything is made of a clip, names in pictures included: who may replay the consult may see it
//! (decision 0032), and leaves the entry of a replay. Making is `case_making`'s.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::http::cases::{failed, find, is_trainer};
use crate::http::clips::still_response;
use crate::http::replays;
use crate::problem::Refusal;
use crate::replay::Found;
use crate::store;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use std::sync::Arc;
use wire::case::CaseSources;
use wire::problem::ProblemCode;
use wire::{ClipId, ConsultId};

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

/// `GET /case-sources/{consult}/clips/{clip}/picture`: a frame near the middle of a clip.
///
/// # Errors
/// As `list`; `NotFound` for a clip that has no picture.
pub async fn picture(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, clip)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let clip: ClipId = clip.parse().map_err(|_| ProblemCode::NotFound)?;
    let consult = over(&app, &own, &named).await?;
    middle(&app, consult, clip).await
}

/// `GET /cases/{case}/clips/{number}/source`: the same of what a clip of a draft is made of, to draw on it what stays.
///
/// # Errors
/// As `cases::about` and `picture`; `CaseNotReady` for a case that is published.
pub async fn of_clip(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, number)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let number: u32 = number.parse().map_err(|_| ProblemCode::NotFound)?;
    let row = find(&app, &own, &named).await?;
    // What is published stays as it is, and its key is gone: nothing leads back.
    if row.key.is_none() {
        return Err(ProblemCode::CaseNotReady.into());
    }
    let case = row.case;
    let clips = app
        .store
        .read("read a case's clips", move |db| store::case_clips(db, case));
    let clips = clips.await.map_err(|error| failed(&error))?;
    let clip = clips.into_iter().find(|clip| clip.number == number);
    let clip = clip.ok_or(ProblemCode::NotFound)?.source;
    let consult = over(&app, &own, &row.consult.to_string()).await?;
    middle(&app, consult, clip).await
}

async fn middle(app: &App, consult: ConsultId, clip: ClipId) -> Result<Response, Refusal> {
    let row = app
        .store
        .read("look up a clip", move |db| store::clip(db, consult, clip))
        .await
        .map_err(|error| failed(&error))?;
    let row = row.filter(|row| row.kept).ok_or(ProblemCode::NotFound)?;
    let row = Arc::new(row);
    match app.shelf.middle(Found { consult, row }).await {
        Ok(still) => Ok(still_response(still)),
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
