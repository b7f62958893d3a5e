//! WADO-RS: whole objects as they are stored (PS3.18 section 10.4.1.1.1).
//!
//! Owns no conversion: whoever takes another transfer syntax only hears that there is none. Files go out one after the other.

use super::accept::{Wanted, Wrapped};
use super::multipart::{Part, related, stretch};
use super::place::{Place, address, base};
use crate::app::App;
use crate::archive::{Located, Way};
use crate::auth::System;
use crate::problem::Refusal;
use axum::body::Body;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use wire::problem::ProblemCode;

/// A DICOM file (RFC 3240).
const DICOM: &str = "application/dicom";

/// `GET` a study, a series or an instance.
///
/// # Errors
/// `NotFound`, `NotAcceptable` when one of them is in another syntax than is taken, `StorageFailed`.
pub async fn show(
    State(app): State<App>,
    system: System,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let place = Place::of(&path)?;
    let wanted = Wanted::of(&headers, query.as_deref());
    let found = place.find(&app, &system, Way::Objects).await?;
    let wraps: Option<Vec<Wrapped>> = found
        .iter()
        .map(|one| wanted.wraps(DICOM, &one.syntax))
        .collect();
    let wraps = wraps.ok_or(ProblemCode::NotAcceptable)?;
    if let ([one], [Wrapped::Bare]) = (found.as_slice(), wraps.as_slice()) {
        let pieces = stretch(&one.path, 0, None).await;
        let pieces = pieces.map_err(|error| unreadable(one, &error))?;
        let content = [
            (header::CONTENT_TYPE, media(one)),
            // A browser keeps it, whatever else its bytes may be taken for. The name is ours.
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{}.dcm\"", one.digest),
            ),
        ];
        return Ok((content, Body::from_stream(pieces)).into_response());
    }
    let base = base(&app, &headers);
    let parts = stream::iter(found).then(move |one| {
        let location = address(&base, &one);
        async move {
            let pieces = stretch(&one.path, 0, None).await;
            Ok(Part {
                media: media(&one),
                location: Some(location),
                pieces: pieces.inspect_err(|error| {
                    unreadable(&one, error);
                })?,
            })
        }
    });
    Ok(related(DICOM, parts))
}

fn media(of: &Located) -> String {
    format!("{DICOM}; transfer-syntax={}", of.syntax)
}

pub(super) fn unreadable(of: &Located, error: &std::io::Error) -> ProblemCode {
    tracing::error!(object = %of.digest, %error, "an object's file could not be read");
    ProblemCode::StorageFailed
}
