//! Sessions: a ticket comes in, a cookie goes out.

use crate::app::App;
use crate::auth::{Entry, SessionEntry, expired_cookie, session_cookie};
use crate::consult::Input;
use crate::http::accept::Caller;
use crate::http::body::Json;
use crate::problem::Refusal;
use crate::store::{self, Bearer, SessionRow};
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use wire::http::{SessionGrant, SessionRequest};
use wire::problem::ProblemCode;
use wire::{RelayTime, SessionId};

/// `POST /sessions`
///
/// # Errors
/// Why the ticket opens nothing.
pub async fn create(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Json(request): Json<SessionRequest>,
) -> Result<Response, Refusal> {
    let now = app.steady();
    let entry = app
        .entrance
        .redeem(&request.ticket, None, *caller.0.reveal(), now)
        .await?;
    let Entry::Ticket { identity, .. } = entry else {
        return Err(ProblemCode::Internal.into());
    };
    // A device publishes with its ticket; it has no pages.
    let Bearer::Person(person, role) = identity.bearer else {
        return Err(ProblemCode::NotAllowed.into());
    };
    let (name, initials) = identity.name.reveal().clone();
    let row = SessionRow {
        session: SessionId::random(),
        secret: [0; 32],
        person,
        name,
        initials,
        consult: identity.consult,
        role,
        expires_at: RelayTime(0),
        ended: false,
        closed: false,
    };
    let grant = grant_of(&row);
    let made = app
        .grants
        .session(&app.store, row, now)
        .await
        .map_err(|error| {
            tracing::error!(%error, "a session could not be made");
            ProblemCode::StorageFailed
        })?;
    tracing::info!(session = %made.session, consult = %identity.consult, ?role, "session opened");
    let cookie = session_cookie(made.session, &made.secret.into_text(), made.lasts.as_secs());
    let grant = SessionGrant {
        session: made.session,
        expires_at: app.clock.shown(made.expires_at),
        ..grant
    };
    Ok((
        StatusCode::CREATED,
        AppendHeaders([(header::SET_COOKIE, cookie)]),
        axum::Json(grant),
    )
        .into_response())
}

/// `GET /sessions/{session}`
///
/// # Errors
/// `NotFound` when it is not the caller's.
pub async fn show(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
) -> Result<axum::Json<SessionGrant>, Refusal> {
    is_own(&own, &named)?;
    let (name, initials) = own.name.reveal().clone();
    Ok(axum::Json(SessionGrant {
        session: own.session,
        person: own.person,
        name,
        initials,
        role: own.role,
        consult: own.consult,
        expires_at: app.clock.shown(own.expires_at),
    }))
}

/// `DELETE /sessions/{session}`
///
/// # Errors
/// `NotFound` when it is not the caller's; `StorageFailed`.
pub async fn end(
    State(app): State<App>,
    own: SessionEntry,
    Path(named): Path<String>,
) -> Result<Response, Refusal> {
    is_own(&own, &named)?;
    let (session, now) = (own.session, app.now());
    app.store
        .write("end a session", move |db| {
            store::end_session(db, session, now)
        })
        .await
        .map_err(|error| {
            tracing::error!(%error, "a session could not be ended");
            ProblemCode::StorageFailed
        })?;
    app.hub
        .tell_if_running(own.consult, Input::SessionEnded(session))
        .await;
    for media in app.media.of_session(session) {
        // It may have ended by itself.
        let _ = app.sfu.close(media).await;
    }
    tracing::info!(%session, consult = %own.consult, "session ended");
    Ok((
        StatusCode::NO_CONTENT,
        AppendHeaders([(header::SET_COOKIE, expired_cookie(session))]),
    )
        .into_response())
}

fn is_own(own: &SessionEntry, named: &str) -> Result<(), ProblemCode> {
    if named.parse() == Ok(own.session) {
        Ok(())
    } else {
        Err(ProblemCode::NotFound)
    }
}

fn grant_of(row: &SessionRow) -> SessionGrant {
    SessionGrant {
        session: row.session,
        person: row.person,
        name: row.name.clone(),
        initials: row.initials.clone(),
        role: row.role,
        consult: row.consult,
        expires_at: row.expires_at,
    }
}
