//! The open door of a demo: who one can be, and a ticket as one of them.
//!
//! Behind a gate that opens only in a demo installation, which runs on a loopback address only.

use crate::app::App;
use crate::http::body::Json;
use crate::http::consults::summaries;
use crate::http::devices::grant;
use crate::problem::Refusal;
use crate::store::{self, Bearer};
use axum::extract::State;
use wire::http::{DemoDoor, DemoPerson, DemoTicketRequest, TicketGrant};
use wire::problem::ProblemCode;

/// `GET /demo`
///
/// # Errors
/// `StorageFailed`.
pub async fn door(State(app): State<App>) -> Result<axum::Json<DemoDoor>, Refusal> {
    let seen = app.store.read("look through the demo door", |db| {
        let consults = store::consults(db)?;
        let first = consults
            .first()
            .map(|consult| store::people(db, consult.consult))
            .transpose()?;
        Ok((consults, first.unwrap_or_default()))
    });
    let (consults, people) = seen.await.map_err(failed)?;
    let mut people: Vec<DemoPerson> = people
        .into_iter()
        .map(|(row, role)| DemoPerson {
            person: row.person,
            name: row.name,
            role,
        })
        .collect();
    people.sort_by_key(|person| crate::demo::place(person.role));
    Ok(axum::Json(DemoDoor {
        people,
        consults: summaries(&app, consults),
    }))
}

/// `POST /demo/tickets`
///
/// # Errors
/// `NotFound` for somebody or something that was not seeded; `StorageFailed`.
pub async fn ticket(
    State(app): State<App>,
    Json(request): Json<DemoTicketRequest>,
) -> Result<axum::Json<TicketGrant>, Refusal> {
    let DemoTicketRequest { person, consult } = request;
    let role = app
        .store
        .read("look up a role", move |db| {
            store::role_in(db, person, consult)
        })
        .await
        .map_err(failed)?;
    let role = role.ok_or(ProblemCode::NotFound)?;
    grant(&app, consult, Bearer::Person(person, role)).await
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: store::StoreError) -> Refusal {
    tracing::error!(%error, "the demo door could not be opened");
    ProblemCode::StorageFailed.into()
}
