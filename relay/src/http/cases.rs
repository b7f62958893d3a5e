//! Cases: making one, looking at it, publishing it and taking it back.
//!
//! Owns what a trainer may do with a case and when. Whoever is a trainer of the installation may do all of it, others
//! nothing: the gate lets in whoever has a session, also one of a consult that is closed. A case that is expired or withdrawn looks as if it did
//! not exist. Its frames and files are `case_clips`', finding it is `case_library`'s.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::cases::{MakeFault, Making, alias_of};
use crate::dicom_marks::{kept_clips, marks_in_force};
use crate::http::body::Json as Body;
use crate::problem::Refusal;
use crate::store::{self, CaseRow, StoreError};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use wire::case::{CaseAbout, CaseCover, CaseLookRequest, CaseState, MAX_CASE_CLIPS, NewCase};
use wire::people::Role;
use wire::problem::ProblemCode;
use wire::{CaseId, ConsultId};

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
    let now = app.now();
    let twice = (1..)
        .zip(&new.clips)
        .any(|(after, clip)| new.clips.iter().skip(after).any(|other| other == clip));
    if !new.facts.are_sound()
        || new.facts.expires_at <= now
        || new.clips.len() > MAX_CASE_CLIPS
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
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| ProblemCode::Internal)?;
    let case = CaseId::random();
    let making = making(&app, case, consult, key).await?;
    let known = |clip| making.clips.iter().any(|kept| kept.row.head.clip == clip);
    if !new.clips.iter().all(|clip| known(*clip)) {
        return Err(ProblemCode::NotFound.into());
    }
    let row = CaseRow {
        case,
        consult,
        alias: alias_of(case),
        key: Some(key),
        facts: new.facts,
        state: CaseState::Draft,
    };
    let mut clips = new.clips;
    if clips.is_empty() {
        let all = making.clips.iter().map(|kept| kept.row.head.clip);
        clips = all.take(MAX_CASE_CLIPS).collect();
    }
    if clips.is_empty() {
        return Err(ProblemCode::NotFound.into());
    }
    let made = blocking(&app, move || {
        let clips = (1..).zip(clips);
        clips
            .map(|(number, clip)| making.clip(number, clip, CaseCover::default()))
            .collect::<Result<Vec<_>, _>>()
    });
    let made = made.await.inspect_err(|_| forget(&app, case))?;
    let person = own.person;
    app.store
        .write("note a case", move |db| {
            store::add_case(db, &row, &made, person, now)
        })
        .await
        .map_err(|error| {
            forget(&app, case);
            failed(&error)
        })?;
    tracing::info!(%case, "a case was made");
    Ok((StatusCode::CREATED, Json(told(&app, case).await?)))
}

/// `GET /cases/{case}`
///
/// # Errors
/// `NotAllowed`, `NotFound`, `StorageFailed`.
pub async fn about(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
) -> Result<Json<CaseAbout>, Refusal> {
    let (case, person, now) = (find(&app, &own, &named).await?.case, own.person, app.now());
    app.store
        .write("note that a case is read", move |db| {
            store::note_case_read(db, case, person, false, now)
        })
        .await
        .map_err(|error| failed(&error))?;
    Ok(Json(told(&app, case).await?))
}

/// `PUT /cases/{case}/clips/{number}/cover`: what a person drew; the clip is made anew.
///
/// # Errors
/// As `about`; `CaseNotReady` for a case that is published, `MessageRefused` for rectangles that make no sense.
pub async fn cover(
    State(app): State<App>,
    own: SessionEntry,
    Path((named, number)): Path<(String, String)>,
    Body(cover): Body<CaseCover>,
) -> Result<Json<CaseAbout>, Refusal> {
    let row = find(&app, &own, &named).await?;
    let (case, number) = (
        row.case,
        number.parse::<u32>().map_err(|_| ProblemCode::NotFound)?,
    );
    let (true, Some(key)) = (cover.is_sound(), row.key) else {
        return Err(if row.key.is_none() {
            ProblemCode::CaseNotReady
        } else {
            ProblemCode::MessageRefused
        }
        .into());
    };
    let clips = app
        .store
        .read("read a case's clips", move |db| store::case_clips(db, case));
    let clips = clips.await.map_err(|error| failed(&error))?;
    let clip = clips
        .into_iter()
        .find(|clip| clip.number == number)
        .ok_or(ProblemCode::NotFound)?;
    let making = making(&app, case, row.consult, key).await?;
    let made = blocking(&app, move || making.clip(number, clip.source, cover)).await?;
    let now = app.now();
    let noted = app
        .store
        .write("note what was made of a clip", move |db| {
            // Somebody may have published it meanwhile.
            let drafted = store::case(db, case, now)?
                .is_some_and(|row| matches!(row.state, CaseState::Draft | CaseState::Reviewed));
            if drafted {
                store::set_case_clip(db, case, &made)?;
            }
            Ok(drafted)
        })
        .await
        .map_err(|error| failed(&error))?;
    if !noted {
        return Err(ProblemCode::CaseNotReady.into());
    }
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
    let case = find(&app, &own, &named).await?.case;
    let number: u32 = number.parse().map_err(|_| ProblemCode::NotFound)?;
    let (digest, person, now) = (look.digest.to_string(), own.person, app.now());
    let counted = app
        .store
        .write("note a look at a case", move |db| {
            store::look_at_case(db, (case, number), &digest, person, now)
        })
        .await
        .map_err(|error| failed(&error))?;
    if !counted {
        return Err(ProblemCode::CaseNotReady.into());
    }
    Ok(Json(told(&app, case).await?))
}

/// `POST /cases/{case}/publication`
///
/// # Errors
/// As `about`; `CaseNotReady` while a clip was not looked at as it is.
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

/// `DELETE /cases/{case}`: consent was withdrawn, or somebody found a name. Its files are gone afterwards.
///
/// # Errors
/// As `about`.
pub async fn withdraw(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (case, person, now) = (find(&app, &own, &named).await?.case, own.person, app.now());
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
}

pub(super) fn is_trainer(own: &SessionEntry) -> Result<(), ProblemCode> {
    match own.role {
        Role::Trainer => Ok(()),
        _ => Err(ProblemCode::NotAllowed),
    }
}

/// A case that is neither expired nor withdrawn, for a trainer.
pub(super) async fn find(app: &App, own: &SessionEntry, named: &str) -> Result<CaseRow, Refusal> {
    is_trainer(own)?;
    let case: CaseId = named.parse().map_err(|_| ProblemCode::NotFound)?;
    let now = app.now();
    let row = app
        .store
        .read("look up a case", move |db| store::case(db, case, now))
        .await
        .map_err(|error| failed(&error))?;
    row.filter(|row| !matches!(row.state, CaseState::Expired | CaseState::Withdrawn))
        .ok_or_else(|| ProblemCode::NotFound.into())
}

pub(super) async fn told(app: &App, case: CaseId) -> Result<CaseAbout, Refusal> {
    let now = app.now();
    let read = app.store.read("read a case", move |db| {
        Ok((
            store::case(db, case, now)?,
            store::case_clips_told(db, case)?,
        ))
    });
    let (row, clips) = read.await.map_err(|error| failed(&error))?;
    let row = row.ok_or(ProblemCode::NotFound)?;
    let mut views: Vec<String> = clips.iter().filter_map(|clip| clip.view.clone()).collect();
    views.sort_unstable();
    views.dedup();
    let count = u32::try_from(clips.len()).unwrap_or(u32::MAX);
    let summary = store::case_summary(row, count, views);
    Ok(CaseAbout { summary, clips })
}

async fn making(
    app: &App,
    case: CaseId,
    consult: ConsultId,
    key: [u8; 32],
) -> Result<Making, Refusal> {
    let marks = marks_in_force(&app.store, consult, app.measuring).await;
    let clips = kept_clips(&app.store, app.shelf.files(), consult).await;
    Ok(Making {
        case,
        key,
        clips: clips.map_err(|error| failed(&error))?,
        marks: marks.map_err(|error| failed(&error))?,
        measuring: app.measuring,
        shelf: app.cases.clone(),
    })
}

/// Makes clips where blocking is allowed, for one case at a time: a live consult needs the processor more.
async fn blocking<T: Send + 'static>(
    app: &App,
    make: impl FnOnce() -> Result<T, MakeFault> + Send + 'static,
) -> Result<T, Refusal> {
    let _room = app.case_making.acquire().await;
    let made = tokio::task::spawn_blocking(make).await;
    made.unwrap_or(Err(MakeFault::Inside)).map_err(|error| {
        tracing::error!(%error, "a clip of a case could not be made");
        ProblemCode::StorageFailed.into()
    })
}

/// What was made of a case that is none.
fn forget(app: &App, case: CaseId) {
    if let Err(error) = app.cases.forget(case) {
        tracing::warn!(%case, %error, "files of a case that was not made are still there");
    }
}

pub(super) fn failed(error: &StoreError) -> Refusal {
    tracing::error!(%error, "a case could not be read or written");
    ProblemCode::StorageFailed.into()
}
