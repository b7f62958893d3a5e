//! Takes clips over HTTPS, in parts that go on where the last one ended.
//!
//! ```text
//! PUT   clipOffer, as on the channel `clips`            what is here of it already
//! PATCH Upload-Offset, bytes…                           what is durable now, or that it is kept
//! HEAD                                                  what is here
//! ```
//!
//! Shaped like draft-ietf-httpbis-resumable-upload and tus 1.0. Owns the form of that: headers, status and bounds; each
//! answer holds the word that the channel has for it. A device uploads for the consults that are its own, by its
//! key, also after they were closed (decision 0049). Parts have no cap of their own: a request holds one of `MAX_AT_ONCE` places only for as long as its bytes take, the next
//! part of a clip cannot come before its answer, and what a part of one byte costs, every small request costs. Invariant: what
//! an answer calls durable is, and `kept` is said after the log has it.

use crate::app::App;
use crate::auth::Entry;
use crate::consult::live::{Upload, UploadLost};
use crate::http::body::{Json, is};
use crate::problem::Refusal;
use crate::store::{self, Bearer};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};
use wire::clip::{
    ClipFromAgent, ClipGap, ClipToAgent, MAX_CLIP_PART_BYTES, PARTIAL_UPLOAD, UPLOAD_COMPLETE,
    UPLOAD_OFFSET,
};
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::{ClipId, ConsultId, DeviceId};

/// Requests that bring clips at the same time: about 10 MiB of memory.
pub const MAX_AT_ONCE: usize = 8;
/// A part that says nothing for this long is over; what came of it is kept.
pub(super) const SILENT: Duration = Duration::from_secs(10);
/// A whole part: 1 MiB at 0.1 Mbit/s.
pub(super) const PART_WITHIN: Duration = Duration::from_secs(90);
/// What arrived is not what was offered (tus 1.0: checksum mismatch).
const CHECKSUM_MISMATCH: u16 = 460;

/// Whose clip comes, and where it goes.
struct Whose {
    consult: ConsultId,
    clip: ClipId,
    author: Author,
}

/// `PUT /devices/{device}/consults/{consult}/clips/{clip}`
///
/// # Errors
/// `NotFound` for a consult that is not this device's, whether it exists or not; `ClipRefused` for another clip
/// than the address names; `TooMany`, `StorageFailed`.
pub async fn offer(
    State(app): State<App>,
    entry: Entry,
    Path(named): Path<(String, String, String)>,
    Json(offered): Json<ClipFromAgent>,
) -> Result<Response, Refusal> {
    let whose = whose(&app, &entry, &named).await?;
    let _room = room(&app)?;
    let ClipFromAgent::Offer { head, times } = offered;
    if head.clip != whose.clip || head.check(&times).is_err() {
        return Err(ProblemCode::ClipRefused.into());
    }
    let to = (whose.consult, whose.author);
    let upload = app.intake.upload(&app.hub, to, (head, times)).await;
    let word = upload.as_ref().map(Upload::word).map_err(lost)?;
    Ok(answer(word, StatusCode::OK))
}

/// `HEAD /devices/{device}/consults/{consult}/clips/{clip}`
///
/// # Errors
/// As `offer`; `ClipGone` for a clip that was not offered, or so long ago that what came of it was swept away: it is offered anew.
pub async fn offset(
    State(app): State<App>,
    entry: Entry,
    Path(named): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let whose = whose(&app, &entry, &named).await?;
    let (row, beside) = row(&app, &whose).await?;
    let clip = whose.clip;
    if row.kept {
        let word = match beside {
            true => ClipToAgent::KeptBeside { clip },
            false => ClipToAgent::Kept { clip },
        };
        return Ok(answer(word, StatusCode::OK));
    }
    let files = match beside {
        true => app.clips.beside_others(),
        false => app.clips.clone(),
    };
    let consult = whose.consult;
    let durable = tokio::task::spawn_blocking(move || files.durable(consult, clip)).await;
    let here = durable.map_err(|_| ProblemCode::Internal)?;
    let here = here.map_err(|error| {
        tracing::error!(%error, "what is here of a clip could not be made durable");
        ProblemCode::StorageFailed
    })?;
    let offset = here.min(row.head.bytes);
    let word = ClipToAgent::Wanted { clip, offset };
    Ok(answer(word, StatusCode::OK))
}

/// `PATCH /devices/{device}/consults/{consult}/clips/{clip}`
///
/// # Errors
/// As `offset`; `BadJson` without an offset, `WrongContent`, `TooLarge`, `TooSlow`. Another offset than what is here is
/// answered with that, and 409.
pub async fn part(
    State(app): State<App>,
    entry: Entry,
    Path(named): Path<(String, String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let whose = whose(&app, &entry, &named).await?;
    let _room = room(&app)?;
    let (row, _) = row(&app, &whose).await?;
    let from = checked(request.headers(), row.head.bytes)?;
    let whole = row.head.bytes;
    let to = (whose.consult, whose.author);
    let offered = (row.head, row.times);
    let mut upload = app.intake.upload(&app.hub, to, offered).await;
    let upload_here = upload.as_mut().map_err(|error| lost(error))?;
    match upload_here.word() {
        ClipToAgent::Wanted { offset, .. } if offset == from => {}
        // The body is not read: the connection ends with the answer.
        word => return Ok(closing(answer(word, StatusCode::CONFLICT))),
    }
    let most = MAX_CLIP_PART_BYTES.min(whole - from);
    let read = read_into(upload_here, request, most).await;
    let came = match &read {
        Ok(came) => *came,
        Err((came, _)) => *came,
    };
    let Ok(upload) = upload else {
        return Err(ProblemCode::Internal.into());
    };
    let word = upload.end(whole).await;
    if let Err((_, code)) = read {
        return Err(Refusal::and_close(code));
    }
    let fits = match word {
        ClipToAgent::Durable { offset, .. } => offset == from + came,
        ClipToAgent::Kept { .. } | ClipToAgent::KeptBeside { .. } => true,
        ClipToAgent::Wanted { .. } | ClipToAgent::Refused { .. } => false,
    };
    let status = if fits {
        StatusCode::OK
    } else {
        StatusCode::CONFLICT
    };
    Ok(answer(word, status))
}

/// Whose a request is. A consult that is unknown or not this device's looks the same.
async fn whose(
    app: &App,
    entry: &Entry,
    (_, consult, clip): &(String, String, String),
) -> Result<Whose, ProblemCode> {
    let Entry::Device(device) = *entry else {
        return Err(ProblemCode::NoEntry);
    };
    let consult: ConsultId = consult.parse().map_err(|_| ProblemCode::NotFound)?;
    let clip: ClipId = clip.parse().map_err(|_| ProblemCode::NotFound)?;
    let author = author(app, device, consult).await?;
    Ok(Whose {
        consult,
        clip,
        author,
    })
}

async fn author(app: &App, device: DeviceId, consult: ConsultId) -> Result<Author, ProblemCode> {
    let found = app.store.read("look up what a device may", move |db| {
        let may = store::device_may_bring(db, device, consult)?;
        let name = store::name_of(db, Bearer::Device(device))?;
        Ok(name.filter(|_| may))
    });
    let name = found.await.map_err(|error| {
        tracing::error!(%error, "a device could not be looked up");
        ProblemCode::StorageFailed
    })?;
    let (name, _) = name.ok_or(ProblemCode::NotFound)?;
    Ok(Author::Device { device, name })
}

/// What was offered, and whether another one has its UID.
async fn row(app: &App, whose: &Whose) -> Result<(store::ClipRow, bool), ProblemCode> {
    let (consult, clip) = (whose.consult, whose.clip);
    let read = app.store.read("look up a clip", move |db| {
        if let Some(row) = store::clip(db, consult, clip)? {
            return Ok(Some((row, false)));
        }
        let beside = store::clip_beside(db, consult, clip)?;
        Ok(beside.map(|row| (row, true)))
    });
    let row = read.await.map_err(|error| {
        tracing::error!(%error, "a clip could not be looked up");
        ProblemCode::StorageFailed
    })?;
    row.ok_or(ProblemCode::ClipGone)
}

pub(super) fn room(app: &App) -> Result<SemaphorePermit<'_>, ProblemCode> {
    app.uploads.try_acquire().map_err(|_| ProblemCode::TooMany)
}

/// Where a part begins, when all that is said of it can be true.
pub(super) fn checked(headers: &HeaderMap, whole: u64) -> Result<u64, Refusal> {
    let number =
        |name: &HeaderName| -> Option<u64> { headers.get(name)?.to_str().ok()?.parse().ok() };
    let from = number(&HeaderName::from_static(UPLOAD_OFFSET));
    let from = from.ok_or(Refusal::and_close(ProblemCode::BadJson))?;
    if !is(headers, PARTIAL_UPLOAD) || headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Refusal::and_close(ProblemCode::WrongContent));
    }
    let most = MAX_CLIP_PART_BYTES.min(whole.saturating_sub(from));
    if number(&header::CONTENT_LENGTH).is_some_and(|length| length > most) {
        return Err(Refusal::and_close(ProblemCode::TooLarge));
    }
    Ok(from)
}

/// Gives the bytes of a body on as they come; gives how many came.
async fn read_into(
    upload: &mut Upload,
    request: Request,
    most: u64,
) -> Result<u64, (u64, ProblemCode)> {
    let (mut body, mut came) = (request.into_body(), 0_u64);
    let until = Instant::now() + PART_WITHIN;
    loop {
        let next = timeout_at(until.min(Instant::now() + SILENT), body.frame()).await;
        let frame = match next {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => return Ok(came),
            Ok(Some(Err(_))) => return Err((came, ProblemCode::BadJson)),
            Err(_) => return Err((came, ProblemCode::TooSlow)),
        };
        let Ok(bytes) = frame.into_data() else {
            continue;
        };
        if came + bytes.len() as u64 > most {
            return Err((came, ProblemCode::TooLarge));
        }
        came += bytes.len() as u64;
        let taken = upload.take(bytes).await;
        taken.map_err(|_| (came, ProblemCode::StorageFailed))?;
    }
}

fn lost(error: &UploadLost) -> ProblemCode {
    tracing::warn!(%error, "an upload was not answered");
    ProblemCode::StorageFailed
}

/// The word as an answer.
pub(super) fn answer(word: ClipToAgent, fits: StatusCode) -> Response {
    let status = match word {
        ClipToAgent::Refused { reason, .. } => match reason {
            ClipGap::Altered => StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(fits),
            ClipGap::RelayStorage => StatusCode::INSUFFICIENT_STORAGE,
            ClipGap::Conflict => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        ClipToAgent::Kept { .. } | ClipToAgent::KeptBeside { .. } => StatusCode::OK,
        ClipToAgent::Wanted { .. } | ClipToAgent::Durable { .. } => fits,
    };
    let mut response = (status, axum::Json(word)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let complete = match word {
        ClipToAgent::Wanted { offset, .. } | ClipToAgent::Durable { offset, .. } => {
            headers.insert(UPLOAD_OFFSET, HeaderValue::from(offset));
            "?0"
        }
        ClipToAgent::Kept { .. } | ClipToAgent::KeptBeside { .. } => "?1",
        ClipToAgent::Refused { .. } => return response,
    };
    headers.insert(UPLOAD_COMPLETE, HeaderValue::from_static(complete));
    response
}

pub(super) fn closing(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
