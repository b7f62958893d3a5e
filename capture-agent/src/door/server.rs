//! The serving side of the door.
//!
//! Owns its routes: `POST /saves` saves and answers when the clip is safe or finished; `GET /state` tells the counts.
//! Requests are small, few at a time, and cut off when they take long.

use super::slip::{Asked, Said, Slip};
use crate::clip::{Progress, Saver, Wish};
use crate::status::StatusBoard;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use sha2::{Digest as _, Sha256};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use wire::clip::{ClipGap, DEFAULT_CLIP_SECONDS, SaveWhat};
use wire::mark::Anchor;
use wire::{ClipId, RtpTime, StreamId};

/// Bytes of a request.
const MAX_BODY_BYTES: usize = 4 * 1024;
/// Requests answered at a time.
const MAX_AT_A_TIME: usize = 16;
/// Until a clip is finished; on a busy device it takes some seconds.
const LONGEST: Duration = Duration::from_secs(120);

/// An open door.
pub struct Door {
    listener: TcpListener,
    room: Arc<Room>,
}

/// What is behind it.
struct Room {
    slip: Slip,
    saver: Saver,
    board: StatusBoard,
    places: Semaphore,
}

impl Door {
    /// Opens it and writes the slip.
    ///
    /// # Errors
    /// The system's.
    pub async fn open(saver: Saver, board: StatusBoard) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let slip = Slip::fresh(listener.local_addr()?)?;
        slip.write(saver.folder())?;
        let places = Semaphore::new(MAX_AT_A_TIME);
        let room = Arc::new(Room {
            slip,
            saver,
            board,
            places,
        });
        Ok(Self { listener, room })
    }

    /// Serves until it is dropped.
    ///
    /// # Errors
    /// The system's.
    pub async fn serve(self) -> io::Result<()> {
        let routes = Router::new()
            .route("/saves", post(save))
            .route("/state", get(state))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .layer(middleware::from_fn_with_state(
                Arc::clone(&self.room),
                guard,
            ))
            .with_state(self.room);
        axum::serve(self.listener, routes).await
    }
}

/// Lets in who has the token and means this address; a page of another origin has neither.
async fn guard(State(room): State<Arc<Room>>, request: Request, next: Next) -> Response {
    if !room.slip.opens(request.headers()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Ok(_place) = room.places.try_acquire() else {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    };
    tokio::time::timeout(LONGEST, next.run(request))
        .await
        .unwrap_or_else(|_| StatusCode::GATEWAY_TIMEOUT.into_response())
}

impl Slip {
    /// Whether a request has the token and means this address.
    fn opens(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|it| it.to_str().ok());
        let host = text(header::HOST) == Some(self.address.to_string().as_str());
        let token = text(header::AUTHORIZATION).and_then(|it| it.strip_prefix("Bearer "));
        // Digests are compared, so that the time tells nothing of the token.
        host && token.is_some_and(|it| Sha256::digest(it) == Sha256::digest(&self.token))
    }
}

async fn state(State(room): State<Arc<Room>>) -> Response {
    Json(*room.saver.counts().borrow()).into_response()
}

/// What is to be saved; nothing when it is a frame and there is none.
fn meant(asked: &Asked, newest: impl FnOnce() -> Option<(StreamId, RtpTime)>) -> Option<SaveWhat> {
    if asked.still {
        return newest().map(|(stream, rtp_time)| SaveWhat::Frame {
            anchor: Anchor::Live { stream, rtp_time },
        });
    }
    let seconds = asked.seconds.unwrap_or(DEFAULT_CLIP_SECONDS);
    Some(SaveWhat::Last { seconds })
}

async fn save(State(room): State<Arc<Room>>, Json(asked): Json<Asked>) -> Json<Said> {
    let pressed = Instant::now();
    let clip = asked.clip.unwrap_or_else(ClipId::random);
    let what = meant(&asked, || room.saver.newest());
    let mut said = Said {
        clip,
        frames: 0,
        safe_ms: None,
        finished_ms: None,
        missing: None,
        trouble: None,
        counts: *room.saver.counts().borrow(),
    };
    let Some(what) = what else {
        said.missing = Some(ClipGap::Gone);
        return Json(said);
    };
    let view = asked.view;
    let mut progress = room.saver.save(Wish {
        clip,
        what,
        view,
        asked_in: None,
    });
    loop {
        let now = *progress.borrow_and_update();
        match now {
            Progress::Waiting => {}
            Progress::Safe { frames, after } => {
                said.frames = frames;
                said.safe_ms = Some(ms(after));
                if !asked.finished {
                    break;
                }
            }
            Progress::Finished => {
                said.finished_ms = Some(ms(pressed.elapsed()));
                break;
            }
            Progress::Missing(gap) => {
                said.missing = Some(gap);
                let status = room.board.now();
                said.trouble = status.clips.and_then(|clips| clips.trouble);
                break;
            }
        }
        if progress.changed().await.is_err() {
            break;
        }
    }
    said.counts = *room.saver.counts().borrow();
    Json(said)
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_no_seconds_saves_the_last_six() {
        let asked: Asked = serde_json::from_str("{}").unwrap();
        let what = meant(&asked, || None);
        assert_eq!(what, Some(SaveWhat::Last { seconds: 6 }));
    }
}
