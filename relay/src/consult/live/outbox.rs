//! The way from a consult to one page: a queue bounded in bytes.
//!
//! The consult never waits for a page. Presence is left out first; a page that does not even take the log in time is
//! closed and comes back by itself. A message is serialised once for all pages.

use axum::extract::ws::Utf8Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, mpsc, watch};
use wire::problem::ProblemCode;
use wire::socket::MAX_MESSAGE_BYTES;

/// Bytes that may wait for a page. A healthy page takes them within milliseconds; one group commit may hold several
/// large marks at once, hence more than one message.
pub(super) const MAX_QUEUED_BYTES: usize = 4 * MAX_MESSAGE_BYTES;
/// From here on presence and flow are left out: a second of them is about 8 KiB.
const PASSING_QUEUED_BYTES: usize = 16 * 1024;
/// Messages that may wait; the bytes are the real bound, this one is for very small messages.
const MAX_QUEUED_MESSAGES: usize = 1_024;

/// Why a socket is closed, and when its page should come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Goodbye {
    pub(super) code: ProblemCode,
    pub(super) retry_ms: Option<u32>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    /// It is on its way.
    Taken,
    /// It was left out.
    LeftOut,
    /// The page is too slow, or gone.
    Overflow,
}

/// The consult's end.
#[derive(Debug)]
pub(super) struct Outbox {
    lines: mpsc::Sender<Utf8Bytes>,
    queued: Arc<AtomicUsize>,
    question: Arc<Notify>,
    goodbye: watch::Sender<Option<Goodbye>>,
}

/// The socket's end.
#[derive(Debug)]
pub(super) struct Inbox {
    lines: mpsc::Receiver<Utf8Bytes>,
    queued: Arc<AtomicUsize>,
    question: Arc<Notify>,
    goodbye: watch::Receiver<Option<Goodbye>>,
}

/// A fresh pair.
pub(super) fn outbox() -> (Outbox, Inbox) {
    let (lines, waiting) = mpsc::channel(MAX_QUEUED_MESSAGES);
    let queued = Arc::new(AtomicUsize::new(0));
    let (say_goodbye, goodbye) = watch::channel(None);
    let question = Arc::new(Notify::new());
    (
        Outbox {
            lines,
            queued: Arc::clone(&queued),
            question: Arc::clone(&question),
            goodbye: say_goodbye,
        },
        Inbox {
            lines: waiting,
            queued,
            question,
            goodbye,
        },
    )
}

impl Outbox {
    /// Offers a message; one that is `passing` may be left out.
    pub(super) fn offer(&self, line: &Utf8Bytes, passing: bool) -> Offered {
        let queued = self.queued.load(Ordering::Relaxed);
        if passing && queued > PASSING_QUEUED_BYTES {
            return Offered::LeftOut;
        }
        if queued > 0 && queued + line.len() > MAX_QUEUED_BYTES {
            return Offered::Overflow;
        }
        self.queued.fetch_add(line.len(), Ordering::Relaxed);
        match self.lines.try_send(line.clone()) {
            Ok(()) => Offered::Taken,
            Err(_) => Offered::Overflow,
        }
    }

    /// Asks whether the page is there, before anything that waits.
    pub(super) fn ask_whether_there(&self) {
        self.question.notify_one();
    }

    /// Closes the socket after what it is writing now; what waits is dropped, the page gets it when it comes back.
    pub(super) fn close(self, goodbye: Goodbye) {
        // The socket may be gone already.
        let _ = self.goodbye.send(Some(goodbye));
    }
}

/// What comes next for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// A message.
    Line(Utf8Bytes),
    /// The question whether it is there.
    Question,
    /// Nothing more.
    Goodbye(Goodbye),
}

impl Inbox {
    /// Waits for what comes next. Without a goodbye the consult had a fault: the page comes back.
    pub(super) async fn next(&mut self) -> Next {
        let fault = Goodbye {
            code: ProblemCode::Internal,
            retry_ms: Some(FAULT_RETRY_MS),
        };
        tokio::select! {
            biased;
            said = self.goodbye.wait_for(Option::is_some) => {
                let goodbye = said.ok().and_then(|goodbye| *goodbye);
                Next::Goodbye(goodbye.unwrap_or(fault))
            }
            () = self.question.notified() => Next::Question,
            line = self.lines.recv() => line.map_or(Next::Goodbye(fault), Next::Line),
        }
    }

    /// A message was written.
    pub(super) fn written(&self, line: &Utf8Bytes) {
        self.queued.fetch_sub(line.len(), Ordering::Relaxed);
    }
}

/// A consult comes up again from its log within this.
const FAULT_RETRY_MS: u32 = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presence_is_left_out_before_the_log_and_a_slow_page_is_told_apart() {
        let (outbox, _inbox) = outbox();
        let line = Utf8Bytes::from("x".repeat(20 * 1024));
        assert_eq!(outbox.offer(&line, true), Offered::Taken);
        assert_eq!(outbox.offer(&line, true), Offered::LeftOut);
        let taken = (0..100)
            .take_while(|_| outbox.offer(&line, false) == Offered::Taken)
            .count();
        assert_eq!(taken, MAX_QUEUED_BYTES / line.len() - 1);
    }

    #[tokio::test]
    async fn a_page_that_reads_is_never_too_slow() {
        let (outbox, mut inbox) = outbox();
        let line = Utf8Bytes::from("x".repeat(60 * 1024));
        for _ in 0..100 {
            assert_eq!(outbox.offer(&line, false), Offered::Taken);
            assert_eq!(inbox.next().await, Next::Line(line.clone()));
            inbox.written(&line);
        }
    }

    #[tokio::test]
    async fn a_goodbye_overtakes_what_waits_and_a_fault_is_one() {
        let (out, mut inbox) = outbox();
        out.offer(&Utf8Bytes::from("late"), false);
        let goodbye = Goodbye {
            code: ProblemCode::TooSlow,
            retry_ms: Some(1),
        };
        out.close(goodbye);
        assert_eq!(inbox.next().await, Next::Goodbye(goodbye));
        let (out, mut inbox) = outbox();
        drop(out);
        assert!(matches!(
            inbox.next().await,
            Next::Goodbye(Goodbye {
                code: ProblemCode::Internal,
                retry_ms: Some(_)
            })
        ));
    }
}
