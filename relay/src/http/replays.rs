//! Replay of whole consults: which there are, what there is of one, and its log.
//!
//! Owns what a person may ask and how much they get at once. The rule who may is the store's: a consult that somebody may not
//! replay looks as if it did not exist. Each minute in which somebody replays one leaves an entry. Pictures and voices are `replay_media`'s.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::problem::Refusal;
use crate::replay::RecordedFault;
use crate::store::{self, ReplayFound, ReplayReader, ReplayRow, ReplaySearch, StoreError};
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use wire::problem::ProblemCode;
use wire::replay::{
    MAX_REPLAY_ENTRIES, MAX_REPLAYS, MAX_SEARCH_CHARS, ReplayAbout, ReplayList, ReplayLog,
    ReplaySummary,
};
use wire::{ConsultId, RelayTime, Seq};

/// Bytes of log in one answer, about.
const LOG_BYTES: usize = 1 << 20;

/// What is searched for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Search {
    view: String,
    finding: String,
    person: String,
    from: Option<u64>,
    before: Option<u64>,
    over: bool,
}

/// Where a part of the log begins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct After {
    after: u64,
}

/// `GET /replays`
///
/// # Errors
/// `MessageRefused` for a search that cannot be read, `StorageFailed`.
pub async fn list(
    State(app): State<App>,
    own: SessionEntry,
    search: Result<Query<Search>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<ReplayList>, Refusal> {
    let Query(search) = search.map_err(|_| ProblemCode::MessageRefused)?;
    let words = [&search.view, &search.finding, &search.person];
    if words
        .iter()
        .any(|word| word.chars().count() > MAX_SEARCH_CHARS)
    {
        return Err(ProblemCode::MessageRefused.into());
    }
    let reader = reader(&own);
    let search = ReplaySearch {
        view: search.view.trim().to_owned(),
        finding: search.finding.trim().to_owned(),
        person: search.person.trim().to_owned(),
        from: search.from.map(RelayTime),
        before: search.before.map(RelayTime),
        over: search.over,
    };
    let mut found = app
        .store
        .read("search for consults", move |db| {
            store::replays(db, reader, &search, MAX_REPLAYS + 1)
        })
        .await
        .map_err(|error| failed(&error))?;
    let more = found.len() > MAX_REPLAYS;
    found.truncate(MAX_REPLAYS);
    Ok(Json(ReplayList {
        consults: found.into_iter().map(summary).collect(),
        more,
    }))
}

/// `GET /replays/{replay}`
///
/// # Errors
/// `NotFound` for a consult that this person may not replay, `StorageFailed`.
pub async fn about(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
) -> Result<Json<ReplayAbout>, Refusal> {
    let row = find(&app, &own, &named).await?;
    let consult = row.consult;
    let head = app
        .store
        .read("look up the head of a log", move |db| {
            store::head(db, consult)
        })
        .await
        .map_err(|error| failed(&error))?;
    let shelf = app.recorded.clone();
    let seen = read(&app, consult, move || {
        let (voices, pointers) = (shelf.voices(consult)?, shelf.moves(consult)?);
        Ok((shelf.pictures(consult)?, voices, pointers))
    });
    let (mut pictures, voices, pointers) = seen.await?;
    for picture in &mut pictures {
        if let Some(whole_until) = app.recorders.fed(picture.stream) {
            (picture.growing, picture.whole_until) = (true, whole_until.map(|until| until.0));
        }
    }
    Ok(Json(ReplayAbout {
        consult,
        alias: row.alias,
        opened_at: row.opened_at,
        closed_at: row.closed_at,
        head,
        quick_mark_seconds: app.quick_mark_seconds,
        pictures,
        voices,
        pointers,
    }))
}

/// `GET /replays/{replay}/log`
///
/// # Errors
/// As `about`; `MessageRefused` for an `after` that is no number.
pub async fn log(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
    after: Result<Query<After>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<ReplayLog>, Refusal> {
    let Query(After { after }) = after.map_err(|_| ProblemCode::MessageRefused)?;
    let consult = find(&app, &own, &named).await?.consult;
    let (entries, head) = app
        .store
        .read("read a log for replay", move |db| {
            let after = Seq(after);
            let entries = store::entries_after(db, consult, after, MAX_REPLAY_ENTRIES, LOG_BYTES)?;
            Ok((entries, store::head(db, consult)?))
        })
        .await
        .map_err(|error| failed(&error))?;
    Ok(Json(ReplayLog { entries, head }))
}

/// A consult that this person may replay, and from now on does: an entry stands before anything of it is given.
pub(super) async fn find(app: &App, own: &SessionEntry, named: &str) -> Result<ReplayRow, Refusal> {
    let consult: ConsultId = named.parse().map_err(|_| ProblemCode::NotFound)?;
    let reader = reader(own);
    let row = app
        .store
        .read("look up a consult to replay", move |db| {
            store::replay_of(db, reader, consult)
        })
        .await
        .map_err(|error| failed(&error))?
        .ok_or(ProblemCode::NotFound)?;
    let (reading, now) = ((own.person, own.role, consult), app.now());
    if !app.replayed.stands(&reading, now) {
        app.store
            .write("note that a consult is replayed", move |db| {
                store::note_replay(db, reader, consult, now)
            })
            .await
            .map_err(|error| failed(&error))?;
        app.replayed.written(reading, now);
    }
    Ok(row)
}

/// Reads recordings where blocking is allowed, a few at a time.
pub(super) async fn read<T: Send + 'static>(
    app: &App,
    consult: ConsultId,
    read: impl FnOnce() -> Result<T, RecordedFault> + Send + 'static,
) -> Result<T, Refusal> {
    let _room = app.reading.acquire().await;
    let done = tokio::task::spawn_blocking(read).await;
    let done = done.map_err(|_| ProblemCode::Internal)?;
    done.map_err(|fault| match fault {
        RecordedFault::Nothing => ProblemCode::NotFound.into(),
        RecordedFault::Read(error) => {
            tracing::error!(%consult, %error, "a recording could not be read");
            ProblemCode::StorageFailed.into()
        }
    })
}

const fn reader(own: &SessionEntry) -> ReplayReader {
    ReplayReader {
        person: own.person,
        role: own.role,
    }
}

fn summary(found: ReplayFound) -> ReplaySummary {
    let ReplayFound {
        row,
        people,
        views,
        findings,
    } = found;
    ReplaySummary {
        consult: row.consult,
        alias: row.alias,
        opened_at: row.opened_at,
        closed_at: row.closed_at,
        people,
        views,
        findings,
    }
}

fn failed(error: &StoreError) -> Refusal {
    tracing::error!(%error, "a consult could not be looked up for replay");
    ProblemCode::StorageFailed.into()
}
