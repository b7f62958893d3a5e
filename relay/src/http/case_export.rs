//! A case taken along whole, as one ZIP archive.
//!
//! Owns when it may leave: as any file of a case, and asked again before each clip, because a case may expire or be withdrawn
//! while a large one leaves. The archive then ends in the middle, which its reader notices. What is in it is `cases`'.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::cases::{ArchiveClip, CaseArchive, PIECES_AHEAD};
use crate::http::case_clips::may_leave;
use crate::http::cases::{failed, find};
use crate::http::clips::quoted;
use crate::problem::Refusal;
use crate::store::{self, CaseRow};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, stream};
use std::io;
use tokio::sync::mpsc;
use wire::CaseId;
use wire::original::Digest;
use wire::problem::ProblemCode;

const ZIP: HeaderValue = HeaderValue::from_static("application/zip");

/// `GET /cases/{case}/export`
///
/// # Errors
/// `NotAllowed` for who is no trainer and when no copy may leave, `CaseNotReady` for a case that is not published, `NotFound`,
/// `StorageFailed`.
pub async fn zip(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
) -> Result<Response, Refusal> {
    let row = find(&app, &own, &named).await?;
    may_leave(&row)?;
    let (case, person, now) = (row.case, own.person, app.now());
    let clips = app
        .store
        .write("note that a case leaves", move |db| {
            store::note_case_read(db, case, person, true, now)?;
            store::case_clips(db, case)
        })
        .await
        .map_err(|error| failed(&error))?;
    let clips = clips.into_iter().filter_map(|clip| {
        let (made, head) = clip.made?;
        Some(ArchiveClip {
            number: clip.number,
            view: clip.view,
            made,
            head,
        })
    });
    let name = format!("attachment; filename=\"{}.zip\"", row.alias.to_lowercase());
    let about = [
        (header::CONTENT_TYPE, ZIP),
        (header::CONTENT_DISPOSITION, quoted(&name)),
    ];
    let typed = store::typed_digest(&row.facts).map_err(|_| ProblemCode::Internal)?;
    let archive = CaseArchive {
        shelf: app.cases.clone(),
        case,
        alias: row.alias,
        facts: row.facts,
        clips: clips.collect(),
    };
    tracing::info!(%case, "a case leaves as an archive");
    let (to, mut pieces) = mpsc::channel(PIECES_AHEAD);
    // It ends by itself when nobody takes what it writes.
    tokio::spawn(async move {
        let asks = move || still_may(app.clone(), case, typed).boxed();
        if let Err(fault) = archive.write(asks, &to).await {
            tracing::warn!(%case, error = %fault, "an archive of a case ended early");
            // Without an error the browser would take what came for all of it.
            let _ = to
                .send(Err(io::Error::other("the archive ends early")))
                .await;
        }
    });
    let pieces = stream::poll_fn(move |context| pieces.poll_recv(context));
    Ok((about, Body::from_stream(pieces)).into_response())
}

/// The same case with the same words that somebody looked at.
async fn still_may(app: App, case: CaseId, typed: Digest) -> bool {
    let now = app.now();
    let row = app
        .store
        .read("look up a case", move |db| store::case(db, case, now))
        .await;
    let same = |row: &CaseRow| store::typed_digest(&row.facts).is_ok_and(|now| now == typed);
    row.ok()
        .flatten()
        .is_some_and(|row| may_leave(&row).is_ok() && same(&row))
}
