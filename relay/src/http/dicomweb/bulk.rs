//! WADO-RS: bulk data, by the place that metadata gives (PS3.18 section 10.4.1.1.5).
//!
//! Owns nothing but the way there: a stretch of the data set, or all frames. A place that leaves the data set is none.

use super::accept::{Wanted, Wrapped};
use super::frames::{BYTES, media_of, told};
use super::multipart::{Part, once, related, stretch};
use super::objects::unreadable;
use super::place::Place;
use crate::app::App;
use crate::archive::Way;
use crate::auth::System;
use crate::problem::Refusal;
use axum::body::Body;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use std::io;
use wire::FrameIndex;
use wire::problem::ProblemCode;

/// `GET …/bulkdata/{at}/{length}`
///
/// # Errors
/// `NotFound` for a place outside of the data set, `NotAcceptable`, `StorageFailed`.
pub async fn stretch_of(
    state: State<App>,
    system: System,
    path: RawPathParams,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    given(state, system, path, query, headers, false).await
}

/// `GET …/bulkdata/pixels/{at}/{length}`: encapsulated pixels in one piece, such as a video.
///
/// # Errors
/// As `stretch_of`.
pub async fn fragment(
    state: State<App>,
    system: System,
    path: RawPathParams,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    given(state, system, path, query, headers, true).await
}

async fn given(
    State(app): State<App>,
    system: System,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    encapsulated: bool,
) -> Result<Response, Refusal> {
    let place = Place::of(&path)?;
    let number = |wanted: &str| {
        let found = path.iter().find(|(name, _)| *name == wanted);
        found.and_then(|(_, text)| text.parse::<u64>().ok())
    };
    let (Some(at), Some(length)) = (number("at"), number("length")) else {
        return Err(ProblemCode::NotFound.into());
    };
    let wanted = Wanted::of(&headers, query.as_deref());
    let of = place.find_one(&app, &system, Way::Pictures).await?;
    if at.checked_add(length).is_none_or(|end| end > of.bytes) {
        return Err(ProblemCode::NotFound.into());
    }
    let media = if encapsulated {
        media_of(&of.syntax)
    } else {
        BYTES
    };
    let as_it_is = wanted
        .wraps(media, &of.syntax)
        .map(|wrapped| (media, wrapped));
    let as_bytes = || {
        wanted
            .wraps(BYTES, &of.syntax)
            .map(|wrapped| (BYTES, wrapped))
    };
    let (media, wrapped) = as_it_is
        .or_else(as_bytes)
        .ok_or(ProblemCode::NotAcceptable)?;
    let head = app.archive.head_bytes(&of).await;
    let head = head.map_err(|error| unreadable(&of, &error))?;
    let pieces = stretch(&of.path, head + at, Some(length)).await;
    let pieces = pieces.map_err(|error| unreadable(&of, &error))?;
    if wrapped == Wrapped::Bare {
        let content = [
            (header::CONTENT_TYPE, media.to_owned()),
            (header::CONTENT_LENGTH, length.to_string()),
        ];
        return Ok((content, Body::from_stream(pieces)).into_response());
    }
    let part = Part {
        media: media.to_owned(),
        location: None,
        pieces,
    };
    Ok(related(media, stream::iter([Ok(part)])))
}

/// `GET …/bulkdata/pixels`: all frames, each as it is stored.
///
/// # Errors
/// As `stretch_of`.
pub async fn pixels(
    State(app): State<App>,
    system: System,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let place = Place::of(&path)?;
    let wanted = Wanted::of(&headers, query.as_deref());
    let of = place.find_one(&app, &system, Way::Pictures).await?;
    let stored = media_of(&of.syntax);
    let media = [stored, BYTES]
        .into_iter()
        .find(|media| wanted.wraps(media, &of.syntax).is_some());
    let media = media.ok_or(ProblemCode::NotAcceptable)?;
    let frames = app.archive.pictures().frames(&of).await;
    let frames = frames.map_err(|fault| told(&fault))?;
    let parts = stream::iter((0..frames).map(FrameIndex)).then(move |index| {
        let (app, of) = (app.clone(), of.clone());
        async move {
            let bytes = app.archive.pictures().stored(&of, index).await;
            Ok(Part {
                media: format!("{media}; transfer-syntax={}", of.syntax),
                location: None,
                pieces: once(bytes.map_err(|fault| io::Error::other(fault.to_string()))?),
            })
        }
    });
    Ok(related(media, parts))
}
