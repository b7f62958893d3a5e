//! The library of cases: what there is, and which collections a case is in.
//!
//! Owns the search. Who may ask is as for every case; what is expired or withdrawn is not found. Making cases is `cases`'.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::http::body::Json as Body;
use crate::http::cases::{failed, find, is_trainer, told};
use crate::problem::Refusal;
use crate::store::{self, CaseSearch};
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use wire::case::{CaseAbout, CaseCollections, CaseList, MAX_CASE_WORDS, MAX_CASES};
use wire::problem::ProblemCode;

/// What is searched for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Search {
    view: String,
    finding: String,
    difficulty: Option<u8>,
    collection: String,
    words: String,
}

/// `GET /cases`
///
/// # Errors
/// `NotAllowed` for who is no trainer, `MessageRefused` for a search that cannot be read, `StorageFailed`.
pub async fn list(
    State(app): State<App>,
    own: SessionEntry,
    search: Result<Query<Search>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<CaseList>, Refusal> {
    is_trainer(&own)?;
    let Query(search) = search.map_err(|_| ProblemCode::MessageRefused)?;
    let words = [
        &search.view,
        &search.finding,
        &search.collection,
        &search.words,
    ];
    if words
        .iter()
        .any(|word| word.chars().count() > MAX_CASE_WORDS)
    {
        return Err(ProblemCode::MessageRefused.into());
    }
    let search = CaseSearch {
        view: search.view.trim().to_owned(),
        finding: search.finding.trim().to_owned(),
        difficulty: search.difficulty,
        collection: search.collection.trim().to_owned(),
        words: search.words.trim().to_owned(),
    };
    let now = app.now();
    let (mut cases, collections) = app
        .store
        .read("search for cases", move |db| {
            Ok((
                store::cases(db, &search, now, MAX_CASES + 1)?,
                store::case_collections(db, now, MAX_CASES)?,
            ))
        })
        .await
        .map_err(|error| failed(&error))?;
    let more = cases.len() > MAX_CASES;
    cases.truncate(MAX_CASES);
    Ok(Json(CaseList {
        cases,
        more,
        collections,
    }))
}

/// `PUT /cases/{case}/collections`: a published case too may come into others, because nothing of what leaves changes; but a name that
/// it did not have somebody has to have looked at.
///
/// # Errors
/// As `about`; `MessageRefused` for names that are none, `CaseNotReady` for new ones of a published case that nobody looked at.
pub async fn collect(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
    Body(new): Body<CaseCollections>,
) -> Result<Json<CaseAbout>, Refusal> {
    let case = find(&app, &own, &named).await?.case;
    if !new.are_sound() {
        return Err(ProblemCode::MessageRefused.into());
    }
    let (person, now) = (own.person, app.now());
    let put = app
        .store
        .write("put a case into collections", move |db| {
            store::set_case_collections(db, case, &new, person, now)
        })
        .await
        .map_err(|error| failed(&error))?;
    if !put {
        return Err(ProblemCode::CaseNotReady.into());
    }
    Ok(Json(told(&app, case).await?))
}
