//! A WHIP, WHEP or voice session after its answer: trickle, ICE restart, end (RFC 9725 §4.2, §4.3).

use crate::app::App;
use crate::auth::Entry;
use crate::http::body::{Fragment, SDP, SDP_FRAGMENT};
use crate::http::ice_servers;
use crate::http::media_sessions::{Kind, Owner};
use crate::problem::Refusal;
use crate::sfu::{MediaSessionId, OfferError, SfuError};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;
use wire::ConsultId;
use wire::problem::ProblemCode;

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// The answer to an offer: 201 with where the session is, its entity tag, and the TURN servers.
pub(super) fn answered(
    app: &App,
    kind: Kind,
    consult: ConsultId,
    session: MediaSessionId,
    owner: &Owner,
    answer: String,
) -> Response {
    let location = format!("/api/v1/consults/{consult}/{}/{session}", kind.name());
    let tag = app.media.tag(session, consult, owner).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, SDP.to_owned()),
        (header::LOCATION, location),
        (header::ETAG, tag),
        (ACCEPT_PATCH, SDP_FRAGMENT.to_owned()),
    ];
    let mut response = (StatusCode::CREATED, headers, answer).into_response();
    ice_servers::link(app, session, response.headers_mut());
    response
}

/// `DELETE`: ends it. One that the caller's closing connection ended a moment before is as good: to end something twice is no fault
/// (RFC 9110 §9.2.2).
///
/// # Errors
/// `NotFound` when it was never there or is not the caller's.
pub async fn end(
    State(app): State<App>,
    entry: Entry,
    path: Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (session, consult, owner) = named(&entry, &path)?;
    if app.media.has_ended(session, consult, &owner) {
        return Ok(StatusCode::OK);
    }
    own(&app, &entry, &path)?;
    match app.sfu.close(session).await {
        Ok(()) | Err(SfuError::NoSession) => {}
        Err(error) => return Err(problem_of(&error).into()),
    }
    app.media.gone(session);
    Ok(StatusCode::OK)
}

/// `HEAD`: whether it still exists.
///
/// # Errors
/// `NotFound` when it is gone or not the caller's.
pub async fn pulse(
    State(app): State<App>,
    entry: Entry,
    path: Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (_, tag) = own(&app, &entry, &path)?;
    Ok((StatusCode::NO_CONTENT, [(header::ETAG, tag)]).into_response())
}

/// `PATCH`: candidates of the client (204), or an ICE restart (200 with the relay's fragment and a new entity tag).
///
/// # Errors
/// 412 when `If-Match` names an ICE session that is over; what is wrong with the fragment.
pub async fn patch(
    State(app): State<App>,
    entry: Entry,
    path: Path<(String, String)>,
    headers: HeaderMap,
    Fragment(fragment): Fragment,
) -> Result<Response, Refusal> {
    let (session, tag) = own(&app, &entry, &path)?;
    if !matches(&headers, &tag) {
        return Ok((StatusCode::PRECONDITION_FAILED, [(header::ETAG, tag)]).into_response());
    }
    match app
        .sfu
        .trickle_or_restart(session, fragment)
        .await
        .map_err(|error| problem_of(&error))?
    {
        None => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(answer) => {
            let tag = app.media.restarted(session).ok_or(ProblemCode::NotFound)?;
            let headers = [
                (header::CONTENT_TYPE, SDP_FRAGMENT.to_owned()),
                (header::ETAG, tag),
            ];
            let mut response = (StatusCode::OK, headers, answer).into_response();
            ice_servers::link(&app, session, response.headers_mut());
            Ok(response)
        }
    }
}

/// The session of a path with its entity tag, if the caller opened it there.
fn own(
    app: &App,
    entry: &Entry,
    path: &Path<(String, String)>,
) -> Result<(MediaSessionId, String), ProblemCode> {
    let (session, consult, owner) = named(entry, path)?;
    let tag = app
        .media
        .tag(session, consult, &owner)
        .ok_or(ProblemCode::NotFound)?;
    Ok((session, tag))
}

/// What a path names, and who asks.
fn named(
    entry: &Entry,
    Path((consult, media)): &Path<(String, String)>,
) -> Result<(MediaSessionId, ConsultId, Owner), ProblemCode> {
    let owner = match entry {
        Entry::Session(session) => Owner::Session(session.session),
        Entry::Returning { hash } => Owner::Bearer(*hash),
        Entry::Ticket { .. } | Entry::Device(_) | Entry::System(_) | Entry::Anyone => {
            return Err(ProblemCode::NoEntry);
        }
    };
    let consult: ConsultId = consult.parse().map_err(|_| ProblemCode::NotFound)?;
    let session = Uuid::try_parse(media)
        .map(MediaSessionId::from_uuid)
        .map_err(|_| ProblemCode::NotFound)?;
    Ok((session, consult, owner))
}

/// `If-Match` names this ICE session, or any: `*`, which WHIP clients also send quoted. Without one it is taken as meant.
fn matches(headers: &HeaderMap, tag: &str) -> bool {
    let Some(wanted) = headers.get(header::IF_MATCH) else {
        return true;
    };
    let wanted = wanted.to_str().unwrap_or_default();
    wanted
        .split(',')
        .map(str::trim)
        .any(|one| one == "*" || one == "\"*\"" || one == tag)
}

/// What a client is told; the step that failed is in the log.
pub(super) fn problem_of(error: &SfuError) -> ProblemCode {
    let code = match error {
        SfuError::NoStream => ProblemCode::NoPicture,
        SfuError::NoSession => ProblemCode::NotFound,
        SfuError::TooManyPeers | SfuError::TooManyVoices | SfuError::Busy => ProblemCode::TooMany,
        SfuError::Stopped => ProblemCode::ShuttingDown,
        SfuError::Offer(OfferError::TooBig) | SfuError::Fragment(OfferError::TooBig) => {
            ProblemCode::TooLarge
        }
        SfuError::Offer(OfferError::NoSupportedCodec) => ProblemCode::CodecUnsupported,
        SfuError::Offer(_) | SfuError::Fragment(_) => ProblemCode::BadSdp,
        SfuError::SessionExists
        | SfuError::OpenPeer(_)
        | SfuError::OpenSocket(_)
        | SfuError::OpenTcp(_)
        | SfuError::NoPublicAddress => ProblemCode::Internal,
        SfuError::StartThread(_) | SfuError::MakeCertificate(_) | SfuError::SendText(_) => {
            ProblemCode::Internal
        }
    };
    if code == ProblemCode::Internal {
        tracing::error!(%error, "a media session could not be made");
    } else {
        tracing::info!(%error, "a media request was refused");
    }
    code
}
