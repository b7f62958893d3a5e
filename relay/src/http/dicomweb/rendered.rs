//! WADO-RS: pictures that any browser shows, and thumbnails (PS3.18 sections 10.4.1.1.3 and 10.4.1.1.4).
//!
//! Owns which frame and which picture format; making it is the archive's. A whole video is also given as the MP4 file that it is (section
//! 8.7.4), to whoever asks for that rather than for a picture.

use super::accept::Wanted;
use super::frames::{media_of, read_numbers, told};
use super::multipart::stretch;
use super::objects::unreadable;
use super::place::Place;
use crate::app::App;
use crate::archive::{Located, Rendering, Way};
use crate::auth::System;
use crate::problem::Refusal;
use axum::body::Body;
use axum::extract::{Query, RawPathParams, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use wire::FrameIndex;
use wire::problem::ProblemCode;

const JPEG: &str = "image/jpeg";
const PNG: &str = "image/png";
const MP4: &str = "video/mp4";
/// Longest side of a thumbnail.
const THUMBNAIL_SIDE: u32 = 200;
/// What a browser shows as good as it was.
const DEFAULT_QUALITY: u8 = 90;

/// `GET …/rendered` of an instance, or of one frame of it. `frame`, `quality` and `viewport` say more.
///
/// # Errors
/// `NotFound`, `QueryRefused`, `NotAcceptable` also for what cannot be shown, `StorageFailed`.
pub async fn show(
    State(app): State<App>,
    system: System,
    path: RawPathParams,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let asked = asked(&path, &uri)?;
    given(&app, &system, &path, (&uri, &headers), asked).await
}

/// `GET …/thumbnail` of a study, a series, an instance or one frame of it: of the first instance that shows something.
///
/// # Errors
/// As `show`.
pub async fn thumbnail(
    State(app): State<App>,
    system: System,
    path: RawPathParams,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let mut asked = asked(&path, &uri)?;
    asked.how.within = Some((THUMBNAIL_SIDE, THUMBNAIL_SIDE));
    asked.whole = false;
    given(&app, &system, &path, (&uri, &headers), asked).await
}

async fn given(
    app: &App,
    system: &System,
    path: &RawPathParams,
    (uri, headers): (&Uri, &HeaderMap),
    mut asked: Asked,
) -> Result<Response, Refusal> {
    let place = Place::of(path)?;
    let wanted = Wanted::of(headers, uri.query());
    let found = place.find(app, system, Way::Pictures).await?;
    let of = found.first().ok_or(ProblemCode::NotFound)?;
    let have: &[&str] = if asked.whole && media_of(&of.syntax) == MP4 {
        &[JPEG, PNG, MP4]
    } else {
        &[JPEG, PNG]
    };
    let media = wanted.first(have).ok_or(ProblemCode::NotAcceptable)?;
    if media == MP4 {
        return film(app, of).await;
    }
    asked.how.png = media == PNG;
    let bytes = app.archive.pictures().rendered(of, asked.how).await;
    let bytes = bytes.map_err(|fault| told(&fault))?;
    Ok(([(header::CONTENT_TYPE, media)], bytes).into_response())
}

/// The video as it is stored.
async fn film(app: &App, of: &Located) -> Result<Response, Refusal> {
    let place = app.archive.pictures().film(of).await;
    let place = place.map_err(|fault| told(&fault))?;
    let length = place.end - place.start;
    let pieces = stretch(&of.path, place.start, Some(length)).await;
    let pieces = pieces.map_err(|error| unreadable(of, &error))?;
    let content = [
        (header::CONTENT_TYPE, MP4.to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
    ];
    Ok((content, Body::from_stream(pieces)).into_response())
}

/// What is asked for.
struct Asked {
    how: Rendering,
    /// No frame was named.
    whole: bool,
}

fn asked(path: &RawPathParams, uri: &Uri) -> Result<Asked, ProblemCode> {
    let query = Query::<Vec<(String, String)>>::try_from_uri(uri);
    let query = query.map_err(|_| ProblemCode::QueryRefused)?.0;
    let named = path.iter().find(|(name, _)| *name == "frames");
    let frame = |text: &str| match read_numbers(text).as_deref() {
        Some([only]) => Ok(*only),
        _ => Err(ProblemCode::QueryRefused),
    };
    let mut whole = named.is_none();
    let mut how = Rendering {
        frame: named.map_or(Ok(FrameIndex(0)), |(_, text)| frame(text))?,
        quality: DEFAULT_QUALITY,
        within: None,
        png: false,
    };
    for (name, value) in &query {
        match name.as_str() {
            "frame" => (how.frame, whole) = (frame(value)?, false),
            "quality" => {
                let quality = value.parse().ok().filter(|it| (1..=100).contains(it));
                how.quality = quality.ok_or(ProblemCode::QueryRefused)?;
            }
            "viewport" => how.within = Some(viewport(value).ok_or(ProblemCode::QueryRefused)?),
            // Windows and annotations are for the viewer.
            _ => {}
        }
    }
    Ok(Asked { how, whole })
}

/// Width and height; a part of the picture is not cut out.
fn viewport(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once(',')?;
    let side = |text: &str| {
        text.trim()
            .parse()
            .ok()
            .filter(|side| (1..=8_192).contains(side))
    };
    Some((side(width)?, side(height)?))
}
