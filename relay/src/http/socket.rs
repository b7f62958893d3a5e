//! Opens the consult socket of a page.

use crate::app::App;
use crate::auth::SessionEntry;
use crate::consult::live::{Desk, Visitor, serve};
use crate::problem::Refusal;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::response::Response;
use std::sync::Arc;
use tracing::Instrument;
use wire::problem::ProblemCode;
use wire::socket::MAX_MESSAGE_BYTES;

/// `GET /consults/{consult}/socket`
///
/// # Errors
/// `MessageRefused` when it is no upgrade, `TooMany` when the session has as many sockets as it may.
pub async fn open(
    State(app): State<App>,
    own: SessionEntry,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|_| ProblemCode::MessageRefused)?;
    let open = app
        .hub
        .open_socket(own.session)
        .ok_or(ProblemCode::TooMany)?;
    let desk = Desk::new(
        app.hub.clone(),
        Arc::clone(&app.clock),
        Arc::clone(&app.metrics),
    );
    let span = tracing::info_span!("participant", session = %own.session, consult = %own.consult);
    let (name, initials) = own.name.into_inner();
    let visitor = Visitor {
        consult: own.consult,
        session: own.session,
        person: own.person,
        role: own.role,
        name,
        initials,
        expires_at: own.expires_at,
    };
    Ok(upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .on_upgrade(move |socket: WebSocket| serve(desk, socket, visitor, open).instrument(span)))
}
