//! Every route of the device page, grouped by who may call it.
//!
//! Owns the list, reading bodies, and turning answers of the desk into HTTP.

use super::checking::Checking;
use super::desk::{Desk, MaskRefused, Shown};
use super::files::{self, Files};
use super::guard::{self, Lock};
use super::pages;
use super::preview::NoPreview;
use super::problem::Refused;
use super::{visit, waiting};
use crate::clip::Arrivals;
use crate::hand_scale::ScaleRefused;
use crate::mask::Rectangle;
use crate::source::catalogue;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Instant;
use wire::RtpTime;
use wire::check::DeviceCheck;
use wire::clip::{MAX_CLIP_SECONDS, is_view};
use wire::device::{
    DeviceEntry, DeviceFault, DeviceFreeze, DeviceMaskRequest, DeviceSaveRequest,
    DeviceScaleRequest, DeviceSendRequest, DeviceSourceChoice, DeviceSourceRequest, DeviceSources,
    DeviceState, DeviceViewRequest, MAX_SOURCE_CHARS,
};
use wire::visit::DeviceWorklist;

/// Largest body: 16 rectangles have 2 kB.
const MAX_BODY_BYTES: usize = 16 * 1024;
/// Which frame a picture shows.
const FRAME_INDEX: HeaderName = HeaderName::from_static("hibiki-frame-index");
/// The same on the RTP clock, which names the frame.
const RTP_TIME: HeaderName = HeaderName::from_static("hibiki-rtp-time");

/// Where files are put.
pub(super) const FILES: &str = "/api/v1/files";

type At = State<Arc<Desk>>;
type Body = Result<Bytes, BytesRejection>;

/// The router.
pub(super) fn router(
    desk: Arc<Desk>,
    checking: Arc<Checking>,
    arrivals: Option<Arrivals>,
    lock: Lock,
) -> Router {
    let check = Router::new()
        .route("/api/v1/check", get(last_check).post(begin_check))
        .with_state(checking);
    let files = Router::new()
        .route(FILES, post(files::take))
        .with_state(Files::new(arrivals));
    // With the cookie of this start.
    let locked = Router::new()
        .route("/api/v1/state", get(state))
        .route("/api/v1/preview", get(preview))
        .route("/api/v1/freeze", post(freeze).delete(release))
        .route("/api/v1/frozen", get(frozen))
        .route("/api/v1/mask", put(mask))
        .route("/api/v1/sources", get(sources))
        .route("/api/v1/source", put(source))
        .route("/api/v1/view", put(view))
        .route("/api/v1/marks", get(marks))
        .route("/api/v1/scale", put(scale).delete(withdraw_scale))
        .route("/api/v1/saves", post(save))
        .route("/api/v1/waiting", post(send))
        .route("/api/v1/worklist", get(worklist))
        .route("/api/v1/visit", put(choose))
        .with_state(desk)
        .merge(check)
        .merge(files)
        .layer(from_fn_with_state(lock.clone(), guard::locked));
    // Anyone on this device: the page without anything on it, and trying the key.
    Router::new()
        .route("/api/v1/session", post(enter))
        .with_state(lock.clone())
        .merge(locked)
        .fallback(pages::file)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(lock, guard::foreign))
}

fn read<T: DeserializeOwned>(body: Body) -> Result<T, Refused> {
    let body = body.map_err(|_| DeviceFault::BadRequest)?;
    serde_json::from_slice(&body)
        .map_err(|error| Refused::because(DeviceFault::BadRequest, error.to_string()))
}

async fn enter(State(lock): State<Lock>, body: Body) -> Result<Response, Refused> {
    let entry: DeviceEntry = read(body)?;
    if !lock.key.is(&entry.key) {
        return Err(DeviceFault::Locked.into());
    }
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, lock.cookie())],
    )
        .into_response())
}

async fn state(State(desk): At) -> Json<DeviceState> {
    Json(desk.state(Instant::now()))
}

#[derive(Deserialize)]
struct After {
    after: Option<u32>,
}

async fn preview(State(desk): At, Query(at): Query<After>) -> Result<Response, Refused> {
    let shown = desk.next_picture(at.after.map(RtpTime)).await?;
    Ok(shown.map_or_else(
        || StatusCode::NO_CONTENT.into_response(),
        |it| picture(it, "image/jpeg"),
    ))
}

async fn last_check(State(checking): State<Arc<Checking>>) -> Json<DeviceCheck> {
    Json(checking.last())
}

/// One at a time: whoever asks meanwhile gets that one.
async fn begin_check(State(checking): State<Arc<Checking>>) -> StatusCode {
    checking.begin();
    StatusCode::ACCEPTED
}

async fn marks(State(desk): At, Query(at): Query<After>) -> Response {
    let marks = desk.next_marks(at.after).await;
    marks.map_or_else(
        || StatusCode::NO_CONTENT.into_response(),
        |it| Json(it).into_response(),
    )
}

async fn freeze(State(desk): At, body: Body) -> Result<StatusCode, Refused> {
    let wanted: DeviceFreeze = read(body)?;
    match desk.freeze(wanted.rtp_time) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(DeviceFault::FrameGone.into()),
    }
}

async fn release(State(desk): At) -> StatusCode {
    desk.release();
    StatusCode::NO_CONTENT
}

async fn frozen(State(desk): At) -> Result<Response, Refused> {
    let shown = desk.frozen_picture().await?.ok_or(DeviceFault::FrameGone)?;
    Ok(picture(shown, "image/png"))
}

async fn mask(State(desk): At, body: Body) -> Result<StatusCode, Refused> {
    let wanted: DeviceMaskRequest = read(body)?;
    let rectangles = wanted.rectangles.iter().map(|one| Rectangle {
        x: one.x,
        y: one.y,
        width: one.width,
        height: one.height,
    });
    desk.cover(rectangles.collect(), wanted.checked)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn sources(State(desk): At) -> Json<DeviceSources> {
    let configured = desk.configured_source().map(|spec| DeviceSourceChoice {
        spec: spec.to_string(),
        name: String::new(),
        configured: true,
    });
    let found = catalogue::found()
        .into_iter()
        .map(|(spec, name)| DeviceSourceChoice {
            spec,
            name,
            configured: false,
        });
    Json(DeviceSources {
        sources: configured.into_iter().chain(found).collect(),
    })
}

async fn source(State(desk): At, body: Body) -> Result<StatusCode, Refused> {
    let wanted: DeviceSourceRequest = read(body)?;
    let too_long = |text: &String| text.chars().count() > MAX_SOURCE_CHARS;
    if wanted.source.as_ref().is_some_and(too_long) {
        return Err(DeviceFault::BadSource.into());
    }
    desk.choose_source(wanted.source)
        .map_err(|error| Refused::because(DeviceFault::BadSource, error.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn view(State(desk): At, body: Body) -> Result<StatusCode, Refused> {
    let wanted: DeviceViewRequest = read(body)?;
    if wanted.view.as_deref().is_some_and(|view| !is_view(view)) {
        return Err(DeviceFault::BadRequest.into());
    }
    desk.label(wanted.view);
    Ok(StatusCode::NO_CONTENT)
}

async fn scale(State(desk): At, body: Body) -> Result<StatusCode, Refused> {
    let wanted: DeviceScaleRequest = read(body)?;
    let ends = (wanted.from, wanted.to);
    match desk.calibrate(wanted.rtp_time, ends, wanted.centimetres)? {
        Some(()) => Ok(StatusCode::NO_CONTENT),
        None => Err(DeviceFault::FrameGone.into()),
    }
}

async fn withdraw_scale(State(desk): At) -> StatusCode {
    desk.withdraw_scale();
    StatusCode::NO_CONTENT
}

async fn save(State(desk): At, body: Body) -> Result<StatusCode, Refused> {
    let seconds = match read(body)? {
        DeviceSaveRequest::Last { seconds } if (1..=MAX_CLIP_SECONDS).contains(&seconds) => {
            Some(seconds)
        }
        DeviceSaveRequest::Last { .. } => return Err(DeviceFault::BadRequest.into()),
        DeviceSaveRequest::Frozen => None,
    };
    match desk.save(seconds) {
        Some(Some(_)) => Ok(StatusCode::ACCEPTED),
        Some(None) => Err(DeviceFault::FrameGone.into()),
        None => Err(DeviceFault::NoSaving.into()),
    }
}

async fn send(State(desk): At, body: Body) -> Result<StatusCode, Refused> {
    let wanted: DeviceSendRequest = read(body)?;
    waiting::send(&desk, wanted.clip).await?;
    Ok(StatusCode::ACCEPTED)
}

/// It may take as long as the hospital does; whoever goes away ends the question.
async fn worklist(State(desk): At) -> Result<Json<DeviceWorklist>, Refused> {
    visit::list(&desk).await.map(Json)
}

async fn choose(State(desk): At, body: Body) -> Result<StatusCode, Refused> {
    visit::take(&desk, &read(body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn picture(shown: Shown, kind: &'static str) -> Response {
    let stamp = shown.frame.stamp;
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (FRAME_INDEX, stamp.index.0.to_string()),
        (RTP_TIME, stamp.rtp_time.0.to_string()),
    ];
    (headers, shown.bytes).into_response()
}

impl From<NoPreview> for Refused {
    fn from(why: NoPreview) -> Self {
        match why {
            NoPreview::Busy => DeviceFault::Busy.into(),
            NoPreview::Failed => DeviceFault::Internal.into(),
        }
    }
}

impl From<ScaleRefused> for Refused {
    fn from(why: ScaleRefused) -> Self {
        let code = match why {
            ScaleRefused::Off => DeviceFault::MeasuringOff,
            ScaleRefused::Stated => DeviceFault::ScaleStated,
            ScaleRefused::TooShort => DeviceFault::ScaleTooShort,
            ScaleRefused::Implausible => DeviceFault::ScaleImplausible,
        };
        Self::because(code, why.to_string())
    }
}

impl From<MaskRefused> for Refused {
    fn from(why: MaskRefused) -> Self {
        Self::because(DeviceFault::BadMask, why.to_string())
    }
}
