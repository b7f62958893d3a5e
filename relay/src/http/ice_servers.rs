//! How a client of a media session is told the TURN servers: `Link` fields of the answer (RFC 9725 §4.6).
//!
//! Owns the form. They come with the answer to an offer and with that to an ICE restart, each time with fresh credentials, so that
//! a session which lasts longer than they do can ask again. Whoever gets them was let in just now. Called by `media_resource`.

use crate::app::App;
use crate::auth::IceServer;
use crate::sfu::MediaSessionId;
use axum::http::{HeaderMap, HeaderValue, header};

/// Adds one `Link` for each server.
pub(super) fn link(app: &App, session: MediaSessionId, headers: &mut HeaderMap) {
    let Some(turn) = &app.turn else { return };
    for server in turn.for_session(session.uuid(), app.now()) {
        // Both parts are of characters that a field may have; `config` checked the address.
        if let Ok(value) = HeaderValue::from_str(&form(&server)) {
            headers.append(header::LINK, value);
        }
    }
}

fn form(server: &IceServer) -> String {
    let IceServer {
        url,
        username,
        credential,
    } = server;
    let credential = credential.reveal();
    format!(
        "<{url}>; rel=\"ice-server\"; username=\"{username}\"; credential=\"{credential}\"; credential-type=\"password\""
    )
}
