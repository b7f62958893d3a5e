//! Reading bodies: so many bytes, within so long, of the expected type.
//!
//! Owns the JSON and SDP extractors. A body that is too large, too slow or of the wrong type ends the connection, because
//! what follows on it cannot be trusted. Encodings are refused, so that nothing unpacks into more than was sent.

use crate::problem::Refusal;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use std::time::Duration;
use wire::http::{MAX_JSON_BYTES, MAX_SDP_BYTES};
use wire::problem::ProblemCode;

/// A body of 64 KiB over a bad phone link takes 3 s.
const WITHIN: Duration = Duration::from_secs(8);
/// A picture of 8 MiB over the same link takes longer than anybody waits; of 1 MiB, 16 s at 0.5 Mbit/s.
const PICTURE_WITHIN: Duration = Duration::from_secs(30);
/// Content type of an offer or answer (RFC 9725 §4.2).
pub const SDP: &str = "application/sdp";
/// Content type of a fragment (RFC 8840 §9).
pub const SDP_FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let body = read(request, "application/json", MAX_JSON_BYTES, WITHIN).await?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|_| ProblemCode::BadJson.into())
    }
}

/// A body of SDP.
pub struct Offer(pub String);

impl<S: Send + Sync> FromRequest<S> for Offer {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        read_text(request, SDP).await.map(Self)
    }
}

/// A body of an SDP fragment.
pub struct Fragment(pub String);

impl<S: Send + Sync> FromRequest<S> for Fragment {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        read_text(request, SDP_FRAGMENT).await.map(Self)
    }
}

async fn read_text(request: Request, content_type: &str) -> Result<String, Refusal> {
    let body = read(request, content_type, MAX_SDP_BYTES, WITHIN).await?;
    String::from_utf8(body.into()).map_err(|_| ProblemCode::BadSdp.into())
}

/// A body that is said to be a PNG. No extractor: whether it is wanted at all is asked first.
pub(super) async fn read_png(request: Request, limit: usize) -> Result<Bytes, Refusal> {
    read(request, "image/png", limit, PICTURE_WITHIN).await
}

async fn read(
    request: Request,
    content_type: &str,
    limit: usize,
    within: Duration,
) -> Result<Bytes, Refusal> {
    let headers = request.headers();
    if !is(headers, content_type) || headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Refusal::and_close(ProblemCode::WrongContent));
    }
    if declared(headers).is_some_and(|length| length > limit) {
        return Err(Refusal::and_close(ProblemCode::TooLarge));
    }
    let reading = Limited::new(request.into_body(), limit).collect();
    match tokio::time::timeout(within, reading).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Refusal::and_close(ProblemCode::TooLarge))
        }
        Ok(Err(_)) => Err(Refusal::and_close(ProblemCode::BadJson)),
        Err(_) => Err(Refusal::and_close(ProblemCode::TooSlow)),
    }
}

/// Whether the type is this one, whatever its parameters say.
pub(super) fn is(headers: &HeaderMap, wanted: &str) -> bool {
    let told = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    told.and_then(|told| told.split(';').next())
        .is_some_and(|told| told.trim().eq_ignore_ascii_case(wanted))
}

fn declared(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
