//! Making cases of a consult that is over, and making a clip of one anew with what a person drew.
//!
//! Owns what may be made and in which order files and rows are written. One case is made at a time, because a live consult needs the
//! processor more; the room for it is held from the first byte until the row stands, so that what removes leftovers never meets
//! files that wait for their row. Who may ask is `cases`'.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::cases::{self, MakeFault, Making, alias_of, read_said};
use crate::dicom_marks::{kept_clips, marks_in_force};
use crate::http::body::Json as Body;
use crate::http::cases::{failed, find, is_trainer, to_its_end, told};
use crate::problem::Refusal;
use crate::store::{self, CaseClipRow, CaseRow};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use wire::case::{CaseAbout, CaseCover, CaseState, MAX_CASE_CLIPS, NewCase};
use wire::problem::ProblemCode;
use wire::{CaseId, ConsultId, PersonId};

/// `POST /cases`
///
/// # Errors
/// `NotAllowed`, `MessageRefused` for what makes no case, `NotFound` for a consult that is not over or a clip that it has
/// not, `StorageFailed`.
pub async fn make(
    State(app): State<App>,
    own: SessionEntry,
    Body(new): Body<NewCase>,
) -> Result<(StatusCode, Json<CaseAbout>), Refusal> {
    is_trainer(&own)?;
    let twice = (1..)
        .zip(&new.clips)
        .any(|(after, clip)| new.clips.iter().skip(after).any(|other| other == clip));
    if !new.facts.are_sound()
        || new.facts.expires_at <= app.now()
        || !(1..=MAX_CASE_CLIPS).contains(&new.clips.len())
        || twice
    {
        return Err(ProblemCode::MessageRefused.into());
    }
    let consult = new.consult;
    let row = app
        .store
        .read("look up a consult", move |db| store::consult(db, consult))
        .await
        .map_err(|error| failed(&error))?;
    if row.is_none_or(|row| !row.closed) {
        return Err(ProblemCode::NotFound.into());
    }
    let person = own.person;
    to_its_end(async move {
        let case = CaseId::random();
        let _room = app.case_making.acquire().await;
        let made = make_all(&app, case, new, person).await;
        if made.is_err() {
            tidy(&app, case).await;
        }
        made?;
        tracing::info!(%case, "a case was made");
        Ok((StatusCode::CREATED, Json(told(&app, case).await?)))
    })
    .await
}

async fn make_all(app: &App, case: CaseId, new: NewCase, by: PersonId) -> Result<(), Refusal> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| ProblemCode::Internal)?;
    let making = making(app, case, new.consult, key).await?;
    let known = |clip| making.clips.iter().any(|kept| kept.row.head.clip == clip);
    if !new.clips.iter().all(|clip| known(*clip)) {
        return Err(ProblemCode::NotFound.into());
    }
    let row = CaseRow {
        case,
        consult: new.consult,
        alias: alias_of(case),
        key: Some(key),
        facts: new.facts,
        typed_looked: false,
        state: CaseState::Draft,
    };
    let made = blocking(move || {
        let clips = (1..).zip(new.clips);
        clips
            .map(|(number, clip)| making.clip(number, clip, CaseCover::default()))
            .collect::<Result<Vec<_>, _>>()
    })
    .await?;
    let now = app.now();
    let noted = app.store.write("note a case", move |db| {
        store::add_case(db, &row, &made, by, now)
    });
    noted.await.map_err(|error| failed(&error))
}

/// `PUT /cases/{case}/clips/{number}/cover`: what a person drew; the clip is made anew.
///
/// # Errors
/// As `cases::about`; `CaseNotReady` for a case that is published, `MessageRefused` for rectangles that make no sense.
pub async fn cover(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, number)): Path<(String, String)>,
    Body(cover): Body<CaseCover>,
) -> Result<Json<CaseAbout>, Refusal> {
    let number: u32 = number.parse().map_err(|_| ProblemCode::NotFound)?;
    let row = find(&app, &own, &named).await?;
    let Some(key) = row.key else {
        return Err(ProblemCode::CaseNotReady.into());
    };
    if !cover.is_sound() {
        return Err(ProblemCode::MessageRefused.into());
    }
    let (case, consult) = (row.case, row.consult);
    to_its_end(async move {
        let _room = app.case_making.acquire().await;
        let noted = cover_one(&app, (case, consult, key), number, cover).await;
        // What is replaced goes, or what was made for nothing: somebody may have withdrawn the case meanwhile.
        tidy(&app, case).await;
        if !noted? {
            return Err(ProblemCode::CaseNotReady.into());
        }
        Ok(Json(told(&app, case).await?))
    })
    .await
}

/// Gives whether it counts.
async fn cover_one(
    app: &App,
    (case, consult, key): (CaseId, ConsultId, [u8; 32]),
    number: u32,
    cover: CaseCover,
) -> Result<bool, Refusal> {
    let clips = app
        .store
        .read("read a case's clips", move |db| store::case_clips(db, case));
    let clips = clips.await.map_err(|error| failed(&error))?;
    let clip = clips.into_iter().find(|clip| clip.number == number);
    let source = clip.ok_or(ProblemCode::NotFound)?.source;
    let making = making(app, case, consult, key).await?;
    let made: CaseClipRow = blocking(move || making.clip(number, source, cover)).await?;
    let now = app.now();
    let noted = app.store.write("note what was made of a clip", move |db| {
        // Somebody may have published it meanwhile.
        let drafted = store::case(db, case, now)?
            .is_some_and(|row| matches!(row.state, CaseState::Draft | CaseState::Reviewed));
        if drafted {
            store::set_case_clip(db, case, &made)?;
        }
        Ok(drafted)
    });
    noted.await.map_err(|error| failed(&error))
}

async fn making(
    app: &App,
    case: CaseId,
    consult: ConsultId,
    key: [u8; 32],
) -> Result<Making, Refusal> {
    let marks = marks_in_force(&app.store, consult, app.measuring).await;
    let clips = kept_clips(&app.store, app.shelf.files(), consult).await;
    let said = read_said(&app.store, consult).await;
    Ok(Making {
        case,
        key,
        clips: clips.map_err(|error| failed(&error))?,
        marks: marks.map_err(|error| failed(&error))?,
        said: said.map_err(|error| failed(&error))?,
        measuring: app.measuring,
        shelf: app.cases.clone(),
    })
}

/// Makes clips where blocking is allowed.
async fn blocking<T: Send + 'static>(
    make: impl FnOnce() -> Result<T, MakeFault> + Send + 'static,
) -> Result<T, Refusal> {
    let made = tokio::task::spawn_blocking(make).await;
    made.unwrap_or(Err(MakeFault::Inside)).map_err(|error| {
        tracing::error!(%error, "a clip of a case could not be made");
        ProblemCode::StorageFailed.into()
    })
}

/// The sweep does it again when it fails.
async fn tidy(app: &App, case: CaseId) {
    if let Err(error) = cases::tidy(&app.store, &app.cases, case).await {
        tracing::warn!(%case, %error, "files of a case that nothing names are still there");
    }
}
