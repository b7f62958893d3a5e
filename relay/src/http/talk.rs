//! A page's voice: it offers its own and seats for the others, by the same steps as WHEP.

use crate::app::App;
use crate::auth::{Entry, Identity};
use crate::consult::rights::rights;
use crate::http::accept::Caller;
use crate::http::body::Offer;
use crate::http::media_resource::{answered, problem_of};
use crate::http::media_sessions::{Kind, Owner};
use crate::http::publish::who;
use crate::problem::Refusal;
use crate::sfu::{MediaSessionId, Talk};
use crate::store::Bearer;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use uuid::Uuid;
use wire::ConsultId;
use wire::problem::ProblemCode;

/// `POST /consults/{consult}/voice`. Whoever may not speak hears the others.
///
/// # Errors
/// `NotAllowed` without a page's session; `TooMany` while six people speak, or when this place has many sessions; `TooFast` when this page has; why this offer is not taken.
pub async fn create(
    State(app): State<App>,
    entry: Entry,
    Extension(caller): Extension<Caller>,
    Offer(offer): Offer,
) -> Result<Response, Refusal> {
    let (identity, owner) = who(&entry)?;
    let (consult, may_speak) = speaker(&identity, &owner)?;
    let session = MediaSessionId::from_uuid(Uuid::new_v4());
    app.media
        .opened(session, consult, Kind::Talk, owner, &caller)?;
    let tap = match owner {
        Owner::Session(page) if may_speak => app.voices.tap(consult, page, session),
        _ => None,
    };
    let talk = Talk {
        consult,
        session,
        may_speak,
        offer,
        tap,
    };
    match app.sfu.talk(talk).await {
        Ok(answer) => Ok(answered(&app, Kind::Talk, consult, session, &owner, answer)),
        Err(error) => {
            app.voices.gone(session);
            app.media.gone(session);
            Err(problem_of(&error).into())
        }
    }
}

/// A voice belongs to a person whom the others see: a page's session, no bare ticket and no device.
fn speaker(identity: &Identity, owner: &Owner) -> Result<(ConsultId, bool), ProblemCode> {
    match (&identity.bearer, owner) {
        (Bearer::Person(_, role), Owner::Session(_)) => Ok((identity.consult, rights(*role).speak)),
        _ => Err(ProblemCode::NotAllowed),
    }
}
