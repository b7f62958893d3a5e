//! Watches the picture of a consult: WHEP (draft-ietf-wish-whep).

use crate::app::App;
use crate::auth::{Entry, Identity};
use crate::http::accept::Caller;
use crate::http::body::Offer;
use crate::http::media_resource::{answered, problem_of};
use crate::http::media_sessions::{Kind, Owner};
use crate::http::publish::{is_worth_another_try, who};
use crate::problem::Refusal;
use crate::sfu::{MediaSessionId, Watch};
use crate::store::Bearer;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use uuid::Uuid;
use wire::problem::ProblemCode;

pub use super::publish::about;

/// `POST /consults/{consult}/whep`
///
/// # Errors
/// `NoPicture` while nobody publishes; why this offer is not taken.
pub async fn create(
    State(app): State<App>,
    entry: Entry,
    Extension(caller): Extension<Caller>,
    Offer(offer): Offer,
) -> Result<Response, Refusal> {
    let (identity, owner) = who(&entry)?;
    let done = watch(&app, &identity, (owner, &caller), offer).await;
    if let (Err(code), Entry::Ticket { hash, .. }) = (&done, &entry)
        && is_worth_another_try(*code)
    {
        app.entrance.give_back(*hash).await;
    }
    done.map_err(Refusal::from)
}

async fn watch(
    app: &App,
    identity: &Identity,
    (owner, caller): (Owner, &Caller),
    offer: String,
) -> Result<Response, ProblemCode> {
    // A device's ticket is for publishing.
    if matches!(identity.bearer, Bearer::Device(_)) {
        return Err(ProblemCode::NotAllowed);
    }
    let (consult, session) = (identity.consult, MediaSessionId::from_uuid(Uuid::new_v4()));
    app.media
        .opened(session, consult, Kind::Watch, owner, caller)?;
    match app
        .sfu
        .watch(Watch {
            consult,
            session,
            offer,
        })
        .await
    {
        Ok(answer) => Ok(answered(app, Kind::Watch, consult, session, &owner, answer)),
        Err(error) => {
            app.media.gone(session);
            Err(problem_of(&error))
        }
    }
}
