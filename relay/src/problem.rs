//! How the relay says no over HTTP: a problem code as `application/problem+json` (RFC 9457).
//!
//! Owns `Refusal`, the error type of every HTTP action. The answer holds the code, its status and one sentence that is
//! the same for everybody; what exactly went wrong stays in the log. Invariant: no answer repeats its input or tells
//! whether something exists that the asker may not see.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wire::problem::{Problem, ProblemCode};

/// Content type of a problem.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An action was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", .code.title())]
pub struct Refusal {
    /// Why.
    pub code: ProblemCode,
    /// What the connection should do afterwards.
    close: bool,
}

impl From<ProblemCode> for Refusal {
    fn from(code: ProblemCode) -> Self {
        Self { code, close: false }
    }
}

impl Refusal {
    /// Refuses and ends the connection, because the rest of its input cannot be trusted.
    #[must_use]
    pub const fn and_close(code: ProblemCode) -> Self {
        Self { code, close: true }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&Problem::from(self.code)).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.code == ProblemCode::NoEntry {
            // RFC 9110 §11.6.1 asks for a challenge with a 401; WHIP clients send `Bearer` (RFC 9725 §4.5).
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(
            self.code,
            ProblemCode::TooFast | ProblemCode::TooMany | ProblemCode::ShuttingDown
        ) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        if self.close {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(self.code);
        response
    }
}
