//! The pages of one consult: their outboxes, and what is said to whom.
//!
//! Owned by the consult's task. A message is written out once for all pages; presence leaves out a page's own hand. A page
//! that does not keep up is closed here and comes back by itself; nobody waits for it.

use super::catch_up::{Way, entry_lines, line, way};
use super::outbox::{Goodbye, Offered, Outbox};
use crate::consult::effect::is_passing;
use crate::consult::presence::without_own;
use crate::consult::{CatchUp, SocketKey};
use crate::metrics::Metrics;
use axum::extract::ws::Utf8Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::oneshot;
use wire::SessionId;
use wire::problem::ProblemCode;
use wire::socket::FromRelay;

/// A page that was too slow comes back after this.
const TOO_SLOW_RETRY_MS: u32 = 1_000;

/// What a page is written before its queue is.
#[derive(Debug)]
pub(super) struct Admission {
    pub(super) welcome: Utf8Bytes,
    pub(super) way: Way,
}

/// Somebody at the door.
#[derive(Debug)]
pub(super) struct Door {
    /// Whose page.
    pub(super) session: SessionId,
    /// The way to it.
    pub(super) outbox: Outbox,
    /// Told what to write first.
    pub(super) admitted: oneshot::Sender<Admission>,
}

/// All pages.
#[derive(Debug)]
pub(super) struct Pages {
    open: BTreeMap<SocketKey, (SessionId, Outbox)>,
    /// Being let in.
    doors: BTreeMap<SocketKey, Door>,
    metrics: Arc<Metrics>,
}

impl Pages {
    pub(super) const fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            open: BTreeMap::new(),
            doors: BTreeMap::new(),
            metrics,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.doors.is_empty()
    }

    /// Somebody knocks.
    pub(super) fn knocks(&mut self, socket: SocketKey, door: Door) {
        self.doors.insert(socket, door);
    }

    /// Lets somebody in: from here on they hear everything.
    pub(super) fn admit(&mut self, socket: SocketKey, welcome: &FromRelay, catch_up: CatchUp) {
        let Some(Door {
            session,
            outbox,
            admitted,
        }) = self.doors.remove(&socket)
        else {
            return;
        };
        self.open.insert(socket, (session, outbox));
        self.metrics.sockets.up();
        // A page that is gone already is noticed when its socket says so.
        let _ = admitted.send(Admission {
            welcome: line(welcome),
            way: way(catch_up),
        });
    }

    /// A socket is gone.
    pub(super) fn gone(&mut self, socket: SocketKey) {
        self.open.remove(&socket);
        self.doors.remove(&socket);
    }

    /// Asks a page whether it is there.
    pub(super) fn ask_whether_there(&self, socket: SocketKey) {
        if let Some((_, outbox)) = self.open.get(&socket) {
            outbox.ask_whether_there();
        }
    }

    /// Says something to one page.
    pub(super) fn say(&mut self, socket: SocketKey, message: &FromRelay) {
        if let FromRelay::Refused { code, .. } = message {
            self.metrics.refused.up(*code);
        }
        self.offer(socket, &line(message), is_passing(message));
    }

    /// Says something to all pages.
    pub(super) fn say_to_all(&mut self, message: &FromRelay) {
        match message {
            FromRelay::Entries { entries } => {
                for text in entry_lines(entries) {
                    self.offer_to_all(&text, false);
                }
            }
            FromRelay::Pointers { .. } | FromRelay::Sketches { .. } => {
                let pages: Vec<(SocketKey, SessionId)> = self
                    .open
                    .iter()
                    .map(|(key, (session, _))| (*key, *session))
                    .collect();
                for (socket, session) in pages {
                    if let Some(news) = without_own(message, session) {
                        self.offer(socket, &line(&news), true);
                    }
                }
            }
            _ => self.offer_to_all(&line(message), is_passing(message)),
        }
    }

    fn offer_to_all(&mut self, text: &Utf8Bytes, passing: bool) {
        let pages: Vec<SocketKey> = self.open.keys().copied().collect();
        for socket in pages {
            self.offer(socket, text, passing);
        }
    }

    fn offer(&mut self, socket: SocketKey, text: &Utf8Bytes, passing: bool) {
        match self
            .open
            .get(&socket)
            .map(|(_, outbox)| outbox.offer(text, passing))
        {
            Some(Offered::Overflow) => {
                self.close(socket, ProblemCode::TooSlow, Some(TOO_SLOW_RETRY_MS))
            }
            Some(Offered::LeftOut) => self.metrics.messages_left_out.up(),
            Some(Offered::Taken) | None => {}
        }
    }

    /// Closes a page. Its socket hears why and then says that it is gone, which takes its person out.
    pub(super) fn close(&mut self, socket: SocketKey, code: ProblemCode, retry_ms: Option<u32>) {
        let open = self.open.remove(&socket).map(|(_, outbox)| outbox);
        let outbox = open.or_else(|| self.doors.remove(&socket).map(|door| door.outbox));
        if let Some(outbox) = outbox {
            outbox.close(Goodbye { code, retry_ms });
        }
    }

    /// Closes all pages, each to come back a little later than the one before.
    pub(super) fn close_all(&mut self, code: ProblemCode, first_ms: u32, apart_ms: u32) {
        let pages: Vec<SocketKey> = self.open.keys().copied().collect();
        for (number, socket) in (0..).zip(pages) {
            self.close(socket, code, Some(first_ms + apart_ms * number));
        }
    }
}
