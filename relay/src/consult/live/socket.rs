//! One page's WebSocket: hello, the way to the head of the log, then messages both ways until one side goes.
//!
//! Owns the order of the first messages, keeping the link alive and the goodbye. What a page may say is the gate's, what
//! it means is the consult's. Invariant: nothing read here waits for another page, and a page that does not read ends
//! itself only.

use super::catch_up::{Way, entry_lines, line};
use super::hub::{Hub, OpenSocket};
use super::log::ConsultLog;
use super::meeting::Meeting;
use super::outbox::{Goodbye, Inbox, Next, outbox};
use super::pages::Admission;
use super::task::missed;
use crate::clock::Clock;
use crate::consult::{Input, Newcomer};
use crate::metrics::Metrics;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use wire::people::{Page, Role};
use wire::problem::ProblemCode;
use wire::socket::{FromRelay, ToRelay};
use wire::{ConsultId, PersonId, RelayTime, Seq, SessionId, WIRE_VERSION};

/// A page says hello within this.
const HELLO: Duration = Duration::from_secs(5);
/// A message is written within this, or the page is too slow.
pub(super) const WRITE: Duration = Duration::from_secs(5);
/// The goodbye is written within this.
const GOODBYE: Duration = Duration::from_secs(1);
/// A page whose consult could not take it comes back after this.
const RETRY_MS: u32 = 1_000;

/// Somebody with a session who opens a socket.
pub struct Visitor {
    /// Which consult.
    pub consult: ConsultId,
    /// Their session.
    pub session: SessionId,
    /// Who.
    pub person: PersonId,
    /// As what.
    pub role: Role,
    /// Name as shown.
    pub name: String,
    /// One or two characters.
    pub initials: String,
    /// When their session ends.
    pub expires_at: RelayTime,
}

/// What a socket needs.
pub struct Desk<L: ConsultLog> {
    pub(super) hub: Hub<L>,
    pub(super) clock: Arc<Clock>,
    pub(super) metrics: Arc<Metrics>,
}

impl<L: ConsultLog> Desk<L> {
    /// Over the hub.
    pub fn new(hub: Hub<L>, clock: Arc<Clock>, metrics: Arc<Metrics>) -> Self {
        Self {
            hub,
            clock,
            metrics,
        }
    }
}

/// Serves one socket to its end. `_open` counts it for its session meanwhile.
pub async fn serve<L: ConsultLog>(
    desk: Desk<L>,
    mut socket: WebSocket,
    visitor: Visitor,
    _open: OpenSocket<L>,
) {
    let goodbye = match greet(&mut socket).await {
        Ok((page, after_seq)) => meet(&desk, &mut socket, visitor, page, after_seq).await,
        Err(goodbye) => goodbye,
    };
    if let Some(goodbye) = goodbye {
        desk.metrics.refused.up(goodbye.code);
        part(&mut socket, goodbye).await;
    }
}

/// Waits for hello. Its form never changes, so that any two versions can part politely.
async fn greet(socket: &mut WebSocket) -> Result<(Page, Option<Seq>), Option<Goodbye>> {
    let ended = |code| {
        Err(Some(Goodbye {
            code,
            retry_ms: None,
        }))
    };
    match timeout(HELLO, next_message(socket)).await {
        Ok(Some(Ok(Message::Text(text)))) => match serde_json::from_str(&text) {
            Ok(ToRelay::Hello {
                version: WIRE_VERSION,
                page,
                after_seq,
            }) => Ok((page, after_seq)),
            Ok(ToRelay::Hello { .. }) => ended(ProblemCode::VersionUnknown),
            _ => ended(ProblemCode::MessageRefused),
        },
        Ok(Some(Ok(_))) | Err(_) => ended(ProblemCode::MessageRefused),
        Ok(Some(Err(too_large))) => ended(too_large),
        Ok(None) => Err(None),
    }
}

/// The next text or binary message; none when the page is gone. An error is a message that is too large or no message.
async fn next_message(socket: &mut WebSocket) -> Option<Result<Message, ProblemCode>> {
    loop {
        match socket.recv().await? {
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Close(_)) => return None,
            Ok(message) => return Some(Ok(message)),
            Err(error) => return broken(&error).map(Err),
        }
    }
}

/// What to say about a read error; nothing when the page is gone. axum hides the type of the error below it, so it is
/// told by its words; `ten_megabyte_message` and `wrong_frames` fail when these change.
pub(super) fn broken(error: &axum::Error) -> Option<ProblemCode> {
    let words = error.to_string();
    if words.starts_with("Space limit exceeded") {
        return Some(ProblemCode::TooLarge);
    }
    let gone = words.contains("without closing handshake");
    let malformed =
        words.starts_with("WebSocket protocol error") || words.starts_with("UTF-8 encoding error");
    (malformed && !gone).then_some(ProblemCode::MessageRefused)
}

async fn meet<L: ConsultLog>(
    desk: &Desk<L>,
    socket: &mut WebSocket,
    visitor: Visitor,
    page: Page,
    after_seq: Option<Seq>,
) -> Option<Goodbye> {
    let expires_at = visitor.expires_at;
    let (consult, who) = newcomer(visitor, page, after_seq);
    let (out, mut inbox) = outbox();
    let (key, admission) = match desk.hub.join(consult, who, out).await {
        Ok(admitted) => admitted,
        Err(ProblemCode::Internal) => return Some(said_goodbye(&mut inbox).await),
        Err(code) => {
            return Some(Goodbye {
                code,
                retry_ms: Some(RETRY_MS),
            });
        }
    };
    tracing::info!(?page, resumed = after_seq.is_some(), "socket open");
    let goodbye = match catch_up(desk, socket, consult, admission).await {
        Ok(()) => {
            Meeting {
                desk,
                socket,
                inbox,
                consult,
                key,
                expires_at,
                is_asked: false,
            }
            .live()
            .await
        }
        Err(goodbye) => goodbye,
    };
    desk.hub.tell_if_running(consult, Input::Gone(key)).await;
    tracing::info!(said = ?goodbye.map(|goodbye| goodbye.code), "socket closed");
    goodbye
}

fn newcomer(visitor: Visitor, page: Page, after_seq: Option<Seq>) -> (ConsultId, Newcomer) {
    let Visitor {
        consult,
        session,
        person,
        role,
        name,
        initials,
        ..
    } = visitor;
    (
        consult,
        Newcomer {
            session,
            person,
            name,
            initials,
            role,
            page,
            after_seq,
        },
    )
}

/// The consult did not let the page in; its last word says why.
async fn said_goodbye(inbox: &mut Inbox) -> Goodbye {
    match inbox.next().await {
        Next::Goodbye(goodbye) => goodbye,
        Next::Line(_) | Next::Question => Goodbye {
            code: ProblemCode::Internal,
            retry_ms: Some(RETRY_MS),
        },
    }
}

/// Writes the welcome and what the page misses. The link itself holds the relay back here, no queue grows.
async fn catch_up<L: ConsultLog>(
    desk: &Desk<L>,
    socket: &mut WebSocket,
    consult: ConsultId,
    admission: Admission,
) -> Result<(), Option<Goodbye>> {
    write(socket, admission.welcome).await?;
    let (first, mut after, to) = match admission.way {
        Way::Written(lines) => (lines, Seq::START, Seq::START),
        Way::Pages { first, after, to } => (first.into_iter().collect(), after, to),
    };
    for line in first {
        write(socket, line).await?;
    }
    while after < to {
        let entries = missed(desk.hub.log(), consult, after, to)
            .await
            .map_err(|error| {
                tracing::error!(%error, "a page could not be brought up to date");
                Some(Goodbye {
                    code: ProblemCode::StorageFailed,
                    retry_ms: Some(RETRY_MS),
                })
            })?;
        let Some(last) = entries.last() else { break };
        after = last.seq;
        for line in entry_lines(&entries) {
            write(socket, line).await?;
        }
    }
    Ok(())
}

pub(super) async fn write(socket: &mut WebSocket, line: Utf8Bytes) -> Result<(), Option<Goodbye>> {
    match timeout(WRITE, socket.send(Message::Text(line))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(None),
        Err(_) => Err(Some(Goodbye {
            code: ProblemCode::TooSlow,
            retry_ms: Some(RETRY_MS),
        })),
    }
}

/// Says why, and closes. The code of the frame is for tools; pages read the message.
async fn part(socket: &mut WebSocket, goodbye: Goodbye) {
    let said = FromRelay::Closing {
        code: goodbye.code,
        retry_ms: goodbye.retry_ms,
    };
    let frame = CloseFrame {
        code: frame_code(goodbye.code),
        reason: Utf8Bytes::default(),
    };
    let farewell = async {
        if socket.send(Message::Text(line(&said))).await.is_ok()
            && socket.send(Message::Close(Some(frame))).await.is_ok()
        {
            // The page answers the close; without waiting for it the last words could be lost on the way.
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    // A page that does not even take this is gone.
    let _ = timeout(GOODBYE, farewell).await;
}

const fn frame_code(code: ProblemCode) -> u16 {
    match code {
        ProblemCode::TooLarge => close_code::SIZE,
        ProblemCode::MessageRefused | ProblemCode::VersionUnknown => close_code::PROTOCOL,
        ProblemCode::ShuttingDown => close_code::RESTART,
        ProblemCode::Internal | ProblemCode::StorageFailed => close_code::ERROR,
        ProblemCode::TooMany | ProblemCode::TooSlow => close_code::AGAIN,
        _ => close_code::POLICY,
    }
}
