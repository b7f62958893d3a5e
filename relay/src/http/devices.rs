//! A device buys a fresh ticket with its key.

use crate::app::App;
use crate::auth::Entry;
use crate::http::body::Json;
use crate::problem::Refusal;
use crate::store::{self, Bearer};
use axum::extract::State;
use wire::http::{TicketGrant, TicketRequest};
use wire::problem::ProblemCode;

/// `POST /devices/{device}/tickets`
///
/// # Errors
/// `NotFound` for a consult that this device may not publish to, whether it exists or not.
pub async fn ticket(
    State(app): State<App>,
    entry: Entry,
    Json(request): Json<TicketRequest>,
) -> Result<axum::Json<TicketGrant>, Refusal> {
    let Entry::Device(device) = entry else {
        return Err(ProblemCode::NoEntry.into());
    };
    let consult = request.consult;
    let may = app
        .store
        .read("look up what a device may", move |db| {
            store::device_may_publish(db, device, consult)
        })
        .await;
    match may {
        Ok(true) => grant(&app, consult, Bearer::Device(device)).await,
        Ok(false) => Err(ProblemCode::NotFound.into()),
        Err(error) => {
            tracing::error!(%error, "a device could not be looked up");
            Err(ProblemCode::StorageFailed.into())
        }
    }
}

/// Makes the ticket.
pub(super) async fn grant(
    app: &App,
    consult: wire::ConsultId,
    bearer: Bearer,
) -> Result<axum::Json<TicketGrant>, Refusal> {
    let made = app
        .grants
        .ticket(&app.store, consult, bearer, app.steady())
        .await
        .map_err(|error| {
            tracing::error!(%error, "a ticket could not be made");
            ProblemCode::StorageFailed
        })?;
    Ok(axum::Json(TicketGrant {
        ticket: made.ticket.into_text(),
        consult,
        expires_at: app.clock.shown(made.expires_at),
    }))
}
