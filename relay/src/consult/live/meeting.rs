//! A page that is up to date: messages both ways until one side goes.
//!
//! Called by `socket` after the page was brought to the head of the log. Owns keeping the link alive. Invariant: while the
//! consult is busy this page is not read, so a flood holds up nobody but its sender.

use super::catch_up::line;
use super::log::ConsultLog;
use super::outbox::{Goodbye, Inbox, Next};
use super::socket::{Desk, WRITE, broken, write};
use crate::clock::Clock;
use crate::consult::gate::{Gate, Verdict};
use crate::consult::{Input, SocketKey};
use axum::extract::ws::{Message, WebSocket};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use wire::problem::ProblemCode;
use wire::socket::FromRelay;
use wire::{ConsultId, RelayTime};

/// How often the relay asks whether the page is still there. A page says something every 2 s by itself, so this costs a phone's
/// radio nothing more; a page whose timers are held back in the background still answers, for the browser does that.
const PING: Duration = Duration::from_secs(4);
/// A page that was not heard for this long is gone: two pings went unanswered, and it itself gave the link up after 5 s. Longer than
/// a handover between cells, short enough that nobody speaks to an empty chair.
const DEAD: Duration = Duration::from_secs(11);

/// A page that is up to date.
pub(super) struct Meeting<'a, L: ConsultLog> {
    pub(super) desk: &'a Desk<L>,
    pub(super) socket: &'a mut WebSocket,
    pub(super) inbox: Inbox,
    pub(super) consult: ConsultId,
    pub(super) key: SocketKey,
    /// By the steady time.
    pub(super) expires_at: RelayTime,
    /// Somebody wants to know whether the page is there.
    pub(super) is_asked: bool,
}

impl<L: ConsultLog> Meeting<'_, L> {
    pub(super) async fn live(mut self) -> Option<Goodbye> {
        let mut gate = Gate::new(self.desk.clock.steady());
        let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
        let mut heard = Instant::now();
        loop {
            let done = tokio::select! {
                next = self.inbox.next() => self.send(next).await,
                came = self.socket.recv() => {
                    heard = Instant::now();
                    self.is_there().await;
                    self.received(&mut gate, came).await
                }
                _ = ping.tick() => self.ask(heard).await,
                () = sleep_until(heard + DEAD) => Err(None),
            };
            if let Err(goodbye) = done {
                return goodbye;
            }
        }
    }

    /// Somebody wants to know, and the page was heard.
    async fn is_there(&mut self) {
        if std::mem::take(&mut self.is_asked) {
            let heard = Input::Heard(self.key);
            self.desk.hub.tell_if_running(self.consult, heard).await;
        }
    }

    async fn send(&mut self, next: Next) -> Result<(), Option<Goodbye>> {
        match next {
            Next::Line(line) => {
                write(self.socket, line.clone()).await?;
                self.inbox.written(&line);
                Ok(())
            }
            Next::Question => {
                self.is_asked = true;
                self.ping().await
            }
            Next::Goodbye(goodbye) => Err(Some(goodbye)),
        }
    }

    async fn received(
        &mut self,
        gate: &mut Gate,
        came: Option<Result<Message, axum::Error>>,
    ) -> Result<(), Option<Goodbye>> {
        let now = self.desk.clock.steady();
        let verdict = match came {
            None | Some(Ok(Message::Close(_))) => return Err(None),
            Some(Ok(Message::Text(text))) => gate.text(&text, now),
            Some(Ok(Message::Binary(_))) => gate.binary(now),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => match gate.control_frame(now) {
                Some(code) => Verdict::End(code),
                None => return Ok(()),
            },
            Some(Err(error)) => match broken(&error) {
                Some(code) => Verdict::End(code),
                None => return Err(None),
            },
        };
        self.judge(verdict).await
    }

    async fn judge(&mut self, verdict: Verdict) -> Result<(), Option<Goodbye>> {
        match verdict {
            Verdict::Pass(message) => {
                self.desk
                    .hub
                    .tell_if_running(self.consult, Input::Said(self.key, *message))
                    .await;
                Ok(())
            }
            Verdict::Refuse(refused) => {
                self.desk.metrics.messages_refused.up();
                if let FromRelay::Refused { code, .. } = &refused {
                    self.desk.metrics.refused.up(*code);
                }
                write(self.socket, line(&refused)).await
            }
            Verdict::Drop(code) => {
                self.desk.metrics.refused.up(code);
                Ok(())
            }
            Verdict::End(code) => Err(Some(Goodbye {
                code,
                retry_ms: None,
            })),
        }
    }

    /// Asks whether the page is still there, and ends what is over.
    async fn ask(&mut self, heard: Instant) -> Result<(), Option<Goodbye>> {
        if let Some(end) = over(heard.elapsed(), self.expires_at, &self.desk.clock) {
            return Err(end);
        }
        self.ping().await
    }

    async fn ping(&mut self) -> Result<(), Option<Goodbye>> {
        match timeout(WRITE, self.socket.send(Message::Ping(Vec::new().into()))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(None),
        }
    }
}

/// Why a page is over that was silent for so long and whose session ends then; none while it goes on.
fn over(silent: Duration, expires_at: RelayTime, clock: &Clock) -> Option<Option<Goodbye>> {
    if silent >= DEAD {
        return Some(None);
    }
    (expires_at <= clock.steady()).then_some(Some(Goodbye {
        code: ProblemCode::SessionExpired,
        retry_ms: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::tests::{DAY, Machine, SECOND};

    #[test]
    fn a_clock_that_is_set_by_a_day_ends_no_session_and_prolongs_none() {
        for step in [DAY, -DAY] {
            let machine = Machine::new();
            let clock = machine.clock();
            let expires_at = RelayTime(clock.steady().0 + 12 * 3_600 * SECOND);
            machine.is_set_by(step);
            clock.now();
            machine.passes(12 * 3_600 * SECOND - 1);
            assert_eq!(over(PING, expires_at, &clock), None);
            machine.passes(1);
            let end = over(PING, expires_at, &clock).unwrap().unwrap();
            assert_eq!(end.code, ProblemCode::SessionExpired);
        }
    }

    #[test]
    fn a_page_that_says_nothing_is_over_without_a_word() {
        let clock = Machine::new().clock();
        assert_eq!(over(DEAD, RelayTime(u64::MAX), &clock), Some(None));
    }
}
