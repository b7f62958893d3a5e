//! The rules of a step: who moves everybody to a neighbour of the frozen frame, and in which order.
//!
//! Called by the core. A neighbour is found by the agent, and its original kept, before anybody moves, so one step is under way
//! at a time and what is pressed meanwhile waits for it. Invariant: of each step its presser sees the move or hears that there
//! is none; a step that waits starts from the frame that the one before it led to.

use super::core::{Consult, Refused, refusal};
use super::effect::{Newcomer, SocketKey};
use super::rights::rights;
use wire::log::{LogEntry, LogEvent};
use wire::mark::Anchor;
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::socket::MAX_STEP;
use wire::{FreezeId, RelayTime, RtpTime, StreamId};

/// A key that is held down steps many times a second; more than this would go on long after it was let go.
pub(super) const MAX_NEXT_STEPS: usize = 8;

/// Who moves which freeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    socket: SocketKey,
    author: Author,
    freeze: FreezeId,
}

impl Consult {
    /// Somebody wants everybody to stand on a neighbour of the frozen frame.
    pub(super) fn step(
        &mut self,
        (socket, who): (SocketKey, &Newcomer),
        freeze: FreezeId,
        by: i8,
        now: RelayTime,
    ) -> Result<(), ProblemCode> {
        if !rights(who.role).freeze {
            return Err(ProblemCode::NotAllowed);
        }
        if by == 0 || by.unsigned_abs() > MAX_STEP.unsigned_abs() {
            return Err(ProblemCode::MessageRefused);
        }
        let Some((stream, _)) = self.frame_of(freeze) else {
            return Err(ProblemCode::NotFrozen);
        };
        let picture = self.running.get(&stream);
        if !picture.is_some_and(|picture| picture.stamped) {
            return Err(ProblemCode::NoFrame);
        }
        let awaited = self.awaited.as_ref();
        // Its answer would be taken for the original's: both are asked for by the same frame.
        if awaited.is_some_and(|awaited| awaited.step.is_none())
            || self.next_steps.len() >= MAX_NEXT_STEPS
        {
            return Err(ProblemCode::NoFrame);
        }
        let step = Step {
            socket,
            author: who.author(),
            freeze,
        };
        self.next_steps.push_back((step, by));
        self.go_on_stepping(now);
        Ok(())
    }

    /// The next step that waits, once everybody stands where the one before it led to.
    pub(super) fn go_on_stepping(&mut self, now: RelayTime) {
        if self.awaited.is_some() || self.is_moving() {
            return;
        }
        let Some((step, by)) = self.next_steps.pop_front() else {
            return;
        };
        // Released, or frozen anew: nobody wants those any more.
        let Some((stream, from)) = self.frame_of(step.freeze) else {
            self.next_steps.clear();
            return;
        };
        self.ask(stream, (from, by), Some(step), now);
    }

    /// The neighbour is here: everybody moves, unless they went on meanwhile.
    pub(super) fn stepped(
        &mut self,
        step: Step,
        (stream, from): (StreamId, RtpTime),
        to: RtpTime,
        now: RelayTime,
    ) {
        if self.frame_of(step.freeze) != Some((stream, from)) {
            return;
        }
        self.cut_beat(now);
        let anchor = Anchor::Live {
            stream,
            rtp_time: to,
        };
        let moved = LogEvent::Stepped {
            freeze: step.freeze,
            anchor,
        };
        let _ = self.append(step.author, moved, now);
    }

    /// There is no such neighbour. Who wanted it hears it alone, and so does who wanted to go on from there: nothing changed
    /// for the others.
    pub(super) fn step_failed(&mut self, step: &Step) {
        let waited = std::mem::take(&mut self.next_steps);
        let all = std::iter::once(step).chain(waited.iter().map(|(step, _)| step));
        for Step { socket, freeze, .. } in all {
            self.asks.push(refusal(
                *socket,
                Refused {
                    code: ProblemCode::NoFrame,
                    mark: None,
                    freeze: Some(*freeze),
                    clip: None,
                },
            ));
        }
    }

    /// The frame of a freeze in force, as pages know it.
    fn frame_of(&self, freeze: FreezeId) -> Option<(StreamId, RtpTime)> {
        let held = self.shown.state.freeze.as_ref();
        let held = held.filter(|held| held.freeze == freeze)?;
        let Anchor::Live { stream, rtp_time } = held.anchor;
        Some((stream, rtp_time))
    }

    /// A step is in the log and not yet on its disk: pages stand on the frame before it.
    fn is_moving(&self) -> bool {
        let is_step = |entry: &LogEntry| matches!(entry.event, LogEvent::Stepped { .. });
        self.storing.iter().chain(&self.waiting).any(is_step)
    }
}
