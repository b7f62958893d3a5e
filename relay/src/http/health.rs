//! Is the process up, and can it do its work?

use crate::app::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// The process is up.
pub async fn up() -> &'static str {
    "up\n"
}

/// Rows can be written and the media port is served. Says which of the two is not so, and nothing else.
pub async fn ready(State(app): State<App>) -> Response {
    let faults: Vec<&str> = [
        app.store.probe().await.err().map(|error| {
            tracing::error!(%error, "not ready: the store cannot be written");
            "store"
        }),
        app.sfu.stats().await.err().map(|error| {
            tracing::error!(%error, "not ready: the media port is not served");
            "media"
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    if faults.is_empty() {
        return "ready\n".into_response();
    }
    (
        StatusCode::SERVICE_UNAVAILABLE,
        format!("not ready: {}\n", faults.join(", ")),
    )
        .into_response()
}
