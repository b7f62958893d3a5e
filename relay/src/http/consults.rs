//! The consults that a person may know of.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::problem::Refusal;
use crate::store::{self, ConsultRow};
use axum::extract::State;
use wire::http::{ConsultList, ConsultSummary};
use wire::problem::ProblemCode;

/// `GET /consults`
///
/// # Errors
/// `StorageFailed`.
pub async fn list(
    State(app): State<App>,
    own: SessionEntry,
) -> Result<axum::Json<ConsultList>, Refusal> {
    let person = own.person;
    let rows = app
        .store
        .read("list consults", move |db| store::consults_of(db, person))
        .await
        .map_err(|error| {
            tracing::error!(%error, "consults could not be listed");
            ProblemCode::StorageFailed
        })?;
    Ok(axum::Json(ConsultList {
        consults: summaries(&app, rows),
    }))
}

/// With what each does now: live ones first, the longest waiting first.
pub(super) fn summaries(app: &App, rows: Vec<ConsultRow>) -> Vec<ConsultSummary> {
    let mut consults: Vec<ConsultSummary> = rows
        .into_iter()
        .map(|row| {
            let live = app.hub.live(row.consult);
            ConsultSummary {
                consult: row.consult,
                alias: row.alias,
                picture: live.picture,
                people: live.people,
                opened_at: row.opened_at,
            }
        })
        .collect();
    consults.sort_by_key(|consult| (!consult.picture && consult.people == 0, consult.opened_at));
    consults
}
