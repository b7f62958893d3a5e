//! Publishes a picture into a consult: WHIP (RFC 9725).

use crate::app::App;
use crate::auth::{Entry, Identity};
use crate::consult::live::Claim;
use crate::consult::rights::may_publish;
use crate::http::accept::Caller;
use crate::http::body::{Offer, SDP};
use crate::http::media_resource::{answered, problem_of};
use crate::http::media_sessions::{Kind, Owner};
use crate::problem::Refusal;
use crate::sfu::{MediaSessionId, Publish};
use crate::store::{self, Bearer};
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::{SessionId, StreamId};

/// `POST /consults/{consult}/whip`
///
/// # Errors
/// Why this publisher or this offer is not taken.
pub async fn create(
    State(app): State<App>,
    entry: Entry,
    Extension(caller): Extension<Caller>,
    Offer(offer): Offer,
) -> Result<Response, Refusal> {
    let (identity, owner) = who(&entry)?;
    let done = publish(&app, &identity, (owner, &caller), offer).await;
    if let (Err(code), Entry::Ticket { hash, .. }) = (&done, &entry)
        && is_worth_another_try(*code)
    {
        app.entrance.give_back(*hash).await;
    }
    done.map_err(Refusal::from)
}

async fn publish(
    app: &App,
    identity: &Identity,
    (owner, caller): (Owner, &Caller),
    offer: String,
) -> Result<Response, ProblemCode> {
    let (publisher, author) = publisher(identity, &owner)?;
    let consult = identity.consult;
    let (key, fresh) = (publisher.clone(), StreamId::random());
    let stream = app
        .store
        .write("look up a stream", move |db| {
            store::stream_of(db, consult, &key, fresh)
        })
        .await
        .map_err(|error| {
            tracing::error!(%error, "a stream could not be looked up");
            ProblemCode::StorageFailed
        })?;
    let session = MediaSessionId::from_uuid(Uuid::new_v4());
    let claim = Claim {
        session,
        publisher,
        author,
        stream,
    };
    // A claim ends others: whoever may not open a session must not come so far.
    app.media
        .opened(session, consult, Kind::Publish, owner, caller)?;
    let claimed = app.hub.publishers().claim(consult, claim, app.now());
    let in_the_way = claimed.inspect_err(|_| app.media.gone(session))?;
    for session in in_the_way {
        // It may have ended by itself.
        let _ = app.sfu.close(session).await;
    }
    let tap = app.recorders.tap(consult, stream, session);
    match app
        .sfu
        .publish(Publish {
            consult,
            stream,
            session,
            offer,
            tap,
        })
        .await
    {
        Ok(answer) => {
            tracing::info!(%consult, %stream, media = %session, "somebody publishes");
            Ok(answered(
                app,
                Kind::Publish,
                consult,
                session,
                &owner,
                answer,
            ))
        }
        Err(error) => {
            app.hub.publishers().gone(consult, session);
            app.recorders.gone(session);
            app.media.gone(session);
            Err(problem_of(&error))
        }
    }
}

/// Whoever may open a media session, and how they come back to it.
pub(super) fn who(entry: &Entry) -> Result<(Identity, Owner), ProblemCode> {
    match entry {
        Entry::Session(session) => Ok((session.identity(), Owner::Session(session.session))),
        Entry::Ticket { identity, hash } => Ok((identity.clone(), Owner::Bearer(*hash))),
        Entry::Returning { .. } | Entry::Device(_) | Entry::System(_) | Entry::Anyone => {
            Err(ProblemCode::NoEntry)
        }
    }
}

fn publisher(identity: &Identity, owner: &Owner) -> Result<(String, Author), ProblemCode> {
    let (name, initials) = identity.name.reveal().clone();
    match identity.bearer {
        Bearer::Device(device) => Ok((format!("device:{device}"), Author::Device { device, name })),
        Bearer::Person(person, role) if may_publish(role) => {
            let session = match owner {
                Owner::Session(session) => *session,
                // A program with a ticket has no page; the log still names its connection.
                Owner::Bearer(_) => SessionId::random(),
            };
            Ok((
                format!("person:{person}"),
                Author::Person {
                    session,
                    person,
                    name,
                    initials,
                    role,
                },
            ))
        }
        Bearer::Person(..) => Err(ProblemCode::NotAllowed),
    }
}

/// Whether the same ticket may be shown again, because the fault was not the asker's.
pub(super) const fn is_worth_another_try(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::NoPicture
            | ProblemCode::PublisherPresent
            | ProblemCode::TooMany
            | ProblemCode::StorageFailed
            | ProblemCode::Internal
    )
}

/// `OPTIONS /consults/{consult}/whip`
pub async fn about() -> Response {
    (
        StatusCode::NO_CONTENT,
        [(header::HeaderName::from_static("accept-post"), SDP)],
    )
        .into_response()
}
