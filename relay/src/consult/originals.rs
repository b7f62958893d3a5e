//! The rules of originals: when one is asked for, what the log says of it.
//!
//! Called by the core when a frame is frozen, when a picture comes back and when the agent answers. Invariant: of a frozen
//! frame the log says in the end that its original is kept, or why there is none.

use super::core::Consult;
use super::effect::{Effect, Newcomer};
use super::stepping::Step;
use wire::agent::RelayToAgent;
use wire::log::LogEvent;
use wire::mark::Anchor;
use wire::original::{FrameFacts, Original, OriginalGap};
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::socket::OriginalState;
use wire::{FreezeId, RelayTime, RtpTime, StreamId};

/// An agent answers within this, or is taken for away. What comes later still counts.
const ANSWER_US: u64 = 5_000_000;
/// RTP times come round every 13 hours; an original that is older than this may be of another round.
pub(super) const SAME_ROUND_US: u64 = 6 * 3_600 * 1_000_000;

/// An original that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Awaited {
    stream: StreamId,
    rtp_time: RtpTime,
    /// Somebody wants a neighbour of it.
    pub(super) step: Option<Step>,
    pub(super) until: RelayTime,
}

/// What an agent says of an original.
#[derive(Debug, Clone, PartialEq)]
pub enum OriginalInput {
    /// It is durable in the store.
    Kept {
        /// Which frame.
        rtp_time: RtpTime,
        /// The frame that was named when it was asked for.
        asked: RtpTime,
        /// What.
        original: Original,
        /// What is known of the frame beside its pixels.
        facts: FrameFacts,
    },
    /// There is none.
    Missing {
        /// Which frame.
        rtp_time: RtpTime,
        /// Why.
        reason: OriginalGap,
    },
}

impl Consult {
    /// A frame was frozen.
    pub(super) fn want_original(&mut self, anchor: Anchor, now: RelayTime) {
        let Anchor::Live { stream, rtp_time } = anchor;
        let known = self.ledger.originals.get(&(stream, rtp_time)).cloned();
        match known {
            Some(kept) if self.dated(now).0.saturating_sub(kept.at.0) < SAME_ROUND_US => {
                let again = LogEvent::OriginalKept {
                    stream,
                    rtp_time,
                    original: kept.original,
                    facts: kept.facts,
                };
                let _ = self.append(Author::Relay, again, now);
            }
            _ => self.ask_for_original(stream, rtp_time, now),
        }
    }

    fn ask_for_original(&mut self, stream: StreamId, rtp_time: RtpTime, now: RelayTime) {
        match self.running.get(&stream) {
            Some(picture) if picture.stamped => self.ask(stream, (rtp_time, 0), None, now),
            Some(_) => self.no_original(stream, rtp_time, OriginalGap::NoAgent, now),
            None => self.no_original(stream, rtp_time, OriginalGap::AgentAway, now),
        }
    }

    pub(super) fn ask(
        &mut self,
        stream: StreamId,
        (rtp_time, step): (RtpTime, i8),
        by: Option<Step>,
        now: RelayTime,
    ) {
        self.awaited = Some(Awaited {
            stream,
            rtp_time,
            step: by,
            until: RelayTime(now.0 + ANSWER_US),
        });
        let word = RelayToAgent::SendOriginal { rtp_time, step };
        self.asks.push(Effect::Ask(stream, word));
    }

    /// A picture runs again: what it owes is asked for.
    pub(super) fn ask_again_for_original(&mut self, stream: StreamId, now: RelayTime) {
        let frozen = self.shown.state.freeze.as_ref();
        let owed = frozen.filter(|freeze| !matches!(freeze.original, OriginalState::Kept { .. }));
        if let Some(Anchor::Live {
            stream: of,
            rtp_time,
        }) = owed.map(|freeze| freeze.anchor)
            && of == stream
        {
            self.ask_for_original(stream, rtp_time, now);
        }
    }

    pub(super) fn original(&mut self, stream: StreamId, input: OriginalInput, now: RelayTime) {
        match input {
            OriginalInput::Kept {
                rtp_time,
                asked,
                original,
                facts,
            } => {
                if let Some(step) = self.answered(stream, asked).and_then(|was| was.step) {
                    self.stepped(step, (stream, asked), rtp_time, now);
                }
                let author = self
                    .running
                    .get(&stream)
                    .map_or(Author::Relay, |picture| picture.author.clone());
                let kept = LogEvent::OriginalKept {
                    stream,
                    rtp_time,
                    original,
                    facts,
                };
                let _ = self.append(author, kept, now);
            }
            OriginalInput::Missing { rtp_time, reason } => {
                if let Some(awaited) = self.answered(stream, rtp_time) {
                    self.missed(awaited, reason, now);
                }
            }
        }
    }

    /// Time passed: an agent that did not answer is taken for away.
    pub(super) fn give_up_original(&mut self, now: RelayTime) {
        if let Some(late) = self.awaited.take_if(|awaited| awaited.until <= now) {
            self.missed(late, OriginalGap::AgentAway, now);
        }
    }

    /// A page found that the pixels are not what was said. Every page looks for itself, so this is for the record.
    pub(super) fn doubt_original(
        &mut self,
        who: &Newcomer,
        (freeze, of_beat): (FreezeId, Option<RtpTime>),
        now: RelayTime,
    ) -> Result<(), ProblemCode> {
        let held = self.shown.state.freeze.as_ref();
        let Some(Anchor::Live { stream, rtp_time }) = held
            .filter(|held| held.freeze == freeze)
            .map(|held| held.anchor)
        else {
            return Err(ProblemCode::NotFrozen);
        };
        if of_beat.is_some_and(|frame| !self.is_of_beat(frame)) {
            return Err(ProblemCode::NotFrozen);
        }
        let rtp_time = of_beat.unwrap_or(rtp_time);
        self.append(
            who.author(),
            LogEvent::OriginalDoubted { stream, rtp_time },
            now,
        )
    }

    /// What was awaited, if it was this.
    fn answered(&mut self, stream: StreamId, rtp_time: RtpTime) -> Option<Awaited> {
        self.awaited
            .take_if(|awaited| awaited.stream == stream && awaited.rtp_time == rtp_time)
    }

    /// What was awaited does not come. Who wanted to step hears it alone: nothing changed for the others.
    fn missed(&mut self, awaited: Awaited, reason: OriginalGap, now: RelayTime) {
        let Some(step) = awaited.step else {
            self.no_original(awaited.stream, awaited.rtp_time, reason, now);
            return;
        };
        self.step_failed(&step);
    }

    fn no_original(
        &mut self,
        stream: StreamId,
        rtp_time: RtpTime,
        reason: OriginalGap,
        now: RelayTime,
    ) {
        let missing = LogEvent::OriginalMissing {
            stream,
            rtp_time,
            reason,
        };
        let _ = self.append(Author::Relay, missing, now);
    }
}
