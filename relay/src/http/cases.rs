//! Cases: looking at one, publishing it and taking it back.
//!
//! Owns what a trainer may do with a case and when. Whoever is a trainer of the installation may do all of it, others
//! nothing: the gate lets in whoever has a session, also one of a consult that is closed. A case that is expired or withdrawn looks as if it did
//! not exist, also to an answer that was being made when it ended. Making it is `case_making`'s, its frames and files are
//! `case_clips`', finding it is `case_library`'s.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::http::body::Json as Body;
use crate::problem::Refusal;
use crate::store::{self, CaseRow, StoreError};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use wire::CaseId;
use wire::case::{CaseAbout, CaseLookRequest};
use wire::people::Role;
use wire::problem::ProblemCode;

/// `GET /cases/{case}`
///
/// # Errors
/// `NotAllowed`, `NotFound`, `StorageFailed`.
pub async fn about(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
) -> Result<Json<CaseAbout>, Refusal> {
    let case = find(&app, &own, &named).await?.case;
    Ok(Json(told(&app, case).await?))
}

/// `POST /cases/{case}/clips/{number}/looks`: the trainer looked at all frames and words of a clip and found no identity.
///
/// # Errors
/// As `about`; `CaseNotReady` when something else was made of the clip meanwhile.
pub async fn look(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, number)): Path<(String, String)>,
    Body(look): Body<CaseLookRequest>,
) -> Result<Json<CaseAbout>, Refusal> {
    let number: u32 = number.parse().map_err(|_| ProblemCode::NotFound)?;
    note_look(&app, &own, &named, Some(number), look).await
}

/// `POST /cases/{case}/looks`: the same with what was typed for the case.
///
/// # Errors
/// As `look`.
pub async fn look_at_typed(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
    Body(look): Body<CaseLookRequest>,
) -> Result<Json<CaseAbout>, Refusal> {
    note_look(&app, &own, &named, None, look).await
}

async fn note_look(
    app: &App,
    own: &SessionEntry,
    named: &str,
    clip: Option<u32>,
    CaseLookRequest { digest }: CaseLookRequest,
) -> Result<Json<CaseAbout>, Refusal> {
    let case = find(app, own, named).await?.case;
    let (person, now) = (own.person, app.now());
    let counted = app
        .store
        .write("note a look at a case", move |db| {
            store::look_at_case(db, (case, clip), digest, person, now)
        })
        .await
        .map_err(|error| failed(&error))?;
    if !counted {
        return Err(ProblemCode::CaseNotReady.into());
    }
    Ok(Json(told(app, case).await?))
}

/// `POST /cases/{case}/publication`
///
/// # Errors
/// As `about`; `CaseNotReady` while a clip or what was typed was not looked at as it is.
pub async fn publish(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
) -> Result<Json<CaseAbout>, Refusal> {
    let (case, person, now) = (find(&app, &own, &named).await?.case, own.person, app.now());
    let published = app
        .store
        .write("publish a case", move |db| {
            store::publish_case(db, case, person, now)
        })
        .await
        .map_err(|error| failed(&error))?;
    if !published {
        return Err(ProblemCode::CaseNotReady.into());
    }
    tracing::info!(%case, "a case was published");
    Ok(Json(told(&app, case).await?))
}

/// `DELETE /cases/{case}`: consent was withdrawn, or somebody found a name. Its files are gone afterwards, but for what is made of
/// it at this very moment: that goes when it is made. May be asked again, and for a case whose time is over.
///
/// # Errors
/// `NotAllowed`, `NotFound`, `StorageFailed`: then its files go with the next sweep.
pub async fn withdraw(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
) -> Result<StatusCode, Refusal> {
    let case = any(&app, &own, &named).await?.case;
    let (person, now) = (own.person, app.now());
    to_its_end(async move {
        app.store
            .write("withdraw a case", move |db| {
                store::withdraw_case(db, case, person, now)
            })
            .await
            .map_err(|error| failed(&error))?;
        let shelf = app.cases.clone();
        let gone = tokio::task::spawn_blocking(move || shelf.forget(case)).await;
        match gone {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(%case, %error, "files of a withdrawn case are still there");
                return Err(ProblemCode::StorageFailed.into());
            }
            Err(_) => return Err(ProblemCode::Internal.into()),
        }
        tracing::info!(%case, "a case was withdrawn");
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Goes on when the page goes away: what is half done would lie on the disk.
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|_| Err(ProblemCode::Internal.into()))
}

pub(super) fn is_trainer(own: &SessionEntry) -> Result<(), ProblemCode> {
    match own.role {
        Role::Trainer => Ok(()),
        _ => Err(ProblemCode::NotAllowed),
    }
}

/// A case that is neither expired nor withdrawn, for a trainer, who reads it from now on: an entry stands before anything of it is given.
pub(super) async fn find(app: &App, own: &SessionEntry, named: &str) -> Result<CaseRow, Refusal> {
    let row = any(app, own, named).await?;
    if !row.may_be_shown() {
        return Err(ProblemCode::NotFound.into());
    }
    let (case, person, now) = (row.case, own.person, app.now());
    let reading = (person, case);
    if !app.cases_read.stands(&reading, now) {
        app.store
            .write("note that a case is read", move |db| {
                store::note_case_read(db, case, person, false, now)
            })
            .await
            .map_err(|error| failed(&error))?;
        app.cases_read.written(reading, now);
    }
    Ok(row)
}

async fn any(app: &App, own: &SessionEntry, named: &str) -> Result<CaseRow, Refusal> {
    is_trainer(own)?;
    let case: CaseId = named.parse().map_err(|_| ProblemCode::NotFound)?;
    let now = app.now();
    let row = app
        .store
        .read("look up a case", move |db| store::case(db, case, now))
        .await
        .map_err(|error| failed(&error))?;
    row.ok_or_else(|| ProblemCode::NotFound.into())
}

pub(super) async fn told(app: &App, case: CaseId) -> Result<CaseAbout, Refusal> {
    let now = app.now();
    let read = app.store.read("read a case", move |db| {
        let Some(row) = store::case(db, case, now)?.filter(CaseRow::may_be_shown) else {
            return Ok(None);
        };
        let typed = store::case_typed_told(db, &row)?;
        Ok(Some((row, typed, store::case_clips_told(db, case)?)))
    });
    let read = read.await.map_err(|error| failed(&error))?;
    let (row, typed, clips) = read.ok_or(ProblemCode::NotFound)?;
    let mut views: Vec<String> = clips.iter().filter_map(|clip| clip.view.clone()).collect();
    views.sort_unstable();
    views.dedup();
    let count = u32::try_from(clips.len()).unwrap_or(u32::MAX);
    let summary = store::case_summary(row, count, views);
    Ok(CaseAbout {
        summary,
        typed,
        clips,
    })
}

pub(super) fn failed(error: &StoreError) -> Refusal {
    tracing::error!(%error, "a case could not be read or written");
    ProblemCode::StorageFailed.into()
}
