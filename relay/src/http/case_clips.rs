//! Clips of a case: frames, marks, measurements and log for the player, and files that leave.
//!
//! Owns what leaves and when. Frames are shown while the case is neither expired nor withdrawn; files leave only of a case that is
//! published and whose patient agreed to copies that leave. Either may end at any moment: nothing is cached, and it is asked
//! again behind each reading. Nothing is shown or leaves that is not what was made and looked at.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::cases::{CaseFile, ChangedFault};
use crate::http::cases::{failed, find};
use crate::http::clip_file::DICOM;
use crate::http::clips::{quoted, still_response};
use crate::problem::Refusal;
use crate::replay::ReplayFault;
use crate::store::{self, CaseRow};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use wire::case::{CaseConsent, CaseDrawn, CaseMade, CaseState};
use wire::case_log::CaseLog;
use wire::clip::{ClipHead, ClipTable};
use wire::problem::ProblemCode;
use wire::{CaseId, FrameIndex};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

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
    let table = table.map_err(|fault| unshown(case, &fault))?;
    find(&app, &own, &named).await?;
    Ok(Json(table))
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
    let still = still.map_err(|fault| unshown(case, &fault))?;
    // It may have ended while the frame was read.
    find(&app, &own, &named).await?;
    Ok(still_response(still))
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
    let drawn = app.cases.drawn(case, made, head).await.map_err(|error| {
        tracing::error!(%case, %error, "marks of a case could not be shown");
        ProblemCode::StorageFailed
    })?;
    find(&app, &own, &named).await?;
    Ok(Json(drawn))
}

/// `GET /cases/{case}/clips/{number}/log`: how the consult went around the clip, as it stands in the file that leaves.
///
/// # Errors
/// As `table`.
pub async fn log(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, number)): Path<(String, String)>,
) -> Result<Json<CaseLog>, Refusal> {
    let case = find(&app, &own, &named).await?.case;
    let (made, head) = clip(&app, case, &number).await?;
    if !made.log {
        return Err(ProblemCode::NotFound.into());
    }
    let log = app.cases.log(case, &head).await.map_err(|error| {
        tracing::error!(%case, %error, "a log of a case could not be shown");
        ProblemCode::StorageFailed
    })?;
    find(&app, &own, &named).await?;
    Ok(Json(log))
}

/// `GET /cases/{case}/clips/{number}/files/{file}`: `file`, `marks` or `measurements` as DICOM or `log` as JSON, when it is what somebody looked at.
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
        "log" if made.log => CaseFile::Log,
        _ => return Err(ProblemCode::NotFound.into()),
    };
    let taken = app.cases.take(case, (&made, &head), what).await;
    let (length, pieces) = taken.map_err(|fault| changed(case, &fault))?;
    app.store
        .write("note that a case leaves", move |db| {
            store::note_case_read(db, case, person, true, now)
        })
        .await
        .map_err(|error| failed(&error))?;
    may_leave(&find(&app, &own, &named).await?)?;
    let name = format!(
        "attachment; filename=\"{}-{number}-{file}.{}\"",
        row.alias.to_lowercase(),
        what.ending()
    );
    let kind = match what {
        CaseFile::Log => JSON,
        CaseFile::Clip | CaseFile::Marks | CaseFile::Measurements => DICOM,
    };
    let about = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
        (header::CONTENT_DISPOSITION, quoted(&name)),
    ];
    Ok((about, Body::from_stream(pieces)).into_response())
}

/// Whether files of a case may be taken along.
pub(super) fn may_leave(row: &CaseRow) -> Result<(), ProblemCode> {
    match (row.state, row.facts.consent) {
        (CaseState::Published, CaseConsent::TeachingAndExport) => Ok(()),
        (CaseState::Published, _) => Err(ProblemCode::NotAllowed),
        _ => Err(ProblemCode::CaseNotReady),
    }
}

/// A clip of a case, whose files are what was made of it.
async fn clip(app: &App, case: CaseId, number: &str) -> Result<(CaseMade, ClipHead), Refusal> {
    let number: u32 = number.parse().map_err(|_| ProblemCode::NotFound)?;
    let clips = app
        .store
        .read("read a case's clips", move |db| store::case_clips(db, case));
    let clips = clips.await.map_err(|error| failed(&error))?;
    let found = clips.into_iter().find(|clip| clip.number == number);
    let found = found.and_then(|clip| clip.made);
    let (made, head) = found.ok_or(ProblemCode::NotFound)?;
    let compared = app.cases.compare(case, &made, &head).await;
    compared.map_err(|fault| changed(case, &fault))?;
    Ok((made, head))
}

fn changed(case: CaseId, fault: &ChangedFault) -> Refusal {
    tracing::error!(%case, error = %fault, "a clip of a case is not what was looked at");
    ProblemCode::StorageFailed.into()
}

fn unshown(case: CaseId, fault: &ReplayFault) -> Refusal {
    if matches!(fault, ReplayFault::NotHere | ReplayFault::NoSuchFrame) {
        return ProblemCode::NotFound.into();
    }
    tracing::error!(%case, error = %fault, "a clip of a case could not be shown");
    ProblemCode::Internal.into()
}
