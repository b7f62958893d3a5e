//! Clips of a case: frames, marks and measurements for the player, and files that leave.
//!
//! Owns what leaves and when. Frames are shown while the case is neither expired nor withdrawn; files leave only of a case that is
//! published and whose patient agreed to copies that leave. Nothing is cached: either may end at any moment.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::cases::CaseFile;
use crate::http::cases::{failed, find};
use crate::http::clip_file::DICOM;
use crate::http::clips::{quoted, still_response};
use crate::problem::Refusal;
use crate::replay::ReplayFault;
use crate::store::{self, CaseRow};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use wire::case::{CaseConsent, CaseDrawn, CaseMade, CaseState};
use wire::clip::{ClipHead, ClipTable};
use wire::problem::ProblemCode;
use wire::{CaseId, FrameIndex};

/// `GET /cases/{case}/clips/{number}`: the frame table, as of other clips.
///
/// # Errors
/// `NotAllowed`, `NotFound`, `StorageFailed`.
pub async fn table(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, number)): Path<(String, String)>,
) -> Result<Json<ClipTable>, Refusal> {
    let case = find(&app, &own, &named).await?.case;
    let (_, head) = clip(&app, case, &number).await?;
    let table = app.cases.table(case, head).await;
    Ok(Json(table.map_err(|fault| unshown(case, &fault))?))
}

/// `GET /cases/{case}/clips/{number}/frames/{index}`
///
/// # Errors
/// As `table`.
pub async fn frame(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, number, index)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let index: u32 = index.parse().map_err(|_| ProblemCode::NotFound)?;
    let case = find(&app, &own, &named).await?.case;
    let (_, head) = clip(&app, case, &number).await?;
    let still = app.cases.still(case, head, FrameIndex(index)).await;
    Ok(still_response(
        still.map_err(|fault| unshown(case, &fault))?,
    ))
}

/// `GET /cases/{case}/clips/{number}/drawn`: marks and measurements, as they stand in the files that leave.
///
/// # Errors
/// As `table`.
pub async fn drawn(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, number)): Path<(String, String)>,
) -> Result<Json<CaseDrawn>, Refusal> {
    let case = find(&app, &own, &named).await?.case;
    let (made, head) = clip(&app, case, &number).await?;
    let drawn = app.cases.drawn(case, made, head).await;
    Ok(Json(drawn.map_err(|error| {
        tracing::error!(%case, %error, "marks of a case could not be shown");
        ProblemCode::StorageFailed
    })?))
}

/// `GET /cases/{case}/clips/{number}/files/{file}`: `file`, `marks` or `measurements` as DICOM.
///
/// # Errors
/// As `table`; `CaseNotReady` for a case that is not published, `NotAllowed` when no copy may leave.
pub async fn file(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, number, file)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let row = find(&app, &own, &named).await?;
    let (case, person, now) = (row.case, own.person, app.now());
    may_leave(&row)?;
    let (made, head) = clip(&app, case, &number).await?;
    let what = match file.as_str() {
        "file" => CaseFile::Clip,
        "marks" if made.marks => CaseFile::Marks,
        "measurements" if made.measurements => CaseFile::Measurements,
        _ => return Err(ProblemCode::NotFound.into()),
    };
    let bytes = tokio::fs::read(app.cases.path(case, &head, what))
        .await
        .map_err(|error| {
            tracing::error!(%case, %error, "a file of a case could not be read");
            ProblemCode::StorageFailed
        })?;
    app.store
        .write("note that a case leaves", move |db| {
            store::note_case_read(db, case, person, true, now)
        })
        .await
        .map_err(|error| failed(&error))?;
    let name = format!(
        "attachment; filename=\"{}-{number}-{file}.dcm\"",
        row.alias.to_lowercase()
    );
    let about = [
        (header::CONTENT_TYPE, DICOM),
        (header::CONTENT_DISPOSITION, quoted(&name)),
    ];
    Ok((about, bytes).into_response())
}

/// Whether files of a case may be taken along.
pub(super) fn may_leave(row: &CaseRow) -> Result<(), ProblemCode> {
    match (row.state, row.facts.consent) {
        (CaseState::Published, CaseConsent::TeachingAndExport) => Ok(()),
        (CaseState::Published, _) => Err(ProblemCode::NotAllowed),
        _ => Err(ProblemCode::CaseNotReady),
    }
}

async fn clip(app: &App, case: CaseId, number: &str) -> Result<(CaseMade, ClipHead), Refusal> {
    let number: u32 = number.parse().map_err(|_| ProblemCode::NotFound)?;
    let clips = app
        .store
        .read("read a case's clips", move |db| store::case_clips(db, case));
    let clips = clips.await.map_err(|error| failed(&error))?;
    let found = clips.into_iter().find(|clip| clip.number == number);
    found
        .and_then(|clip| clip.made)
        .ok_or_else(|| ProblemCode::NotFound.into())
}

fn unshown(case: CaseId, fault: &ReplayFault) -> Refusal {
    if matches!(fault, ReplayFault::NotHere | ReplayFault::NoSuchFrame) {
        return ProblemCode::NotFound.into();
    }
    tracing::error!(%case, error = %fault, "a clip of a case could not be shown");
    ProblemCode::Internal.into()
}
