//! Bringing a consult's log into line with what is true, after a restart or a failure of the store.
//!
//! Called by the core when it comes up and when the log was read again. Invariant: afterwards the log says of every
//! stream and person what is so now; nothing that was told as stored is taken back.

use super::core::{Consult, Refused, Restored, joined_event, refusal};
use super::effect::{Effect, Newcomer, RunningPicture};
use wire::log::{LogEntry, LogEvent, StreamEnd};
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::{RelayTime, StreamId};

/// A page whose entries may have been lost comes back for them.
const MENDED_RETRY_MS: u32 = 300;

impl Consult {
    pub(super) fn store_failed(&mut self) -> Vec<Effect> {
        self.broken = true;
        let lost: Vec<LogEntry> = self
            .storing
            .drain(..)
            .chain(self.waiting.drain(..))
            .collect();
        let mut effects: Vec<Effect> = lost
            .iter()
            .filter_map(|entry| self.not_stored(entry))
            .collect();
        effects.push(Effect::ReadAgain);
        effects
    }

    fn not_stored(&self, entry: &LogEntry) -> Option<Effect> {
        let Author::Person { session, .. } = &entry.author else {
            return None;
        };
        let (mark, freeze, clip) = match &entry.event {
            LogEvent::Marked { mark, .. } => (Some(mark.id), None, None),
            LogEvent::Withdrawn { mark } | LogEvent::Pinned { mark, .. } => {
                (Some(*mark), None, None)
            }
            LogEvent::Frozen { freeze, .. }
            | LogEvent::Stepped { freeze, .. }
            | LogEvent::Released { freeze }
            | LogEvent::BeatAsked { freeze }
            | LogEvent::BeatEnded { freeze } => (None, Some(*freeze), None),
            LogEvent::ClipAsked { clip, .. } => (None, None, Some(*clip)),
            LogEvent::VoiceConsented { .. }
            | LogEvent::VoiceConsentEnded { .. }
            | LogEvent::VoiceDiscardAsked {} => (None, None, None),
            LogEvent::Joined { .. }
            | LogEvent::Left { .. }
            | LogEvent::VoiceOn { .. }
            | LogEvent::VoiceOff { .. }
            | LogEvent::VoiceRecorded { .. }
            | LogEvent::VoiceDiscarded {}
            | LogEvent::LinkSample { .. }
            | LogEvent::StreamStarted { .. }
            | LogEvent::StreamStopped { .. }
            | LogEvent::StreamGap { .. }
            | LogEvent::StreamFilling { .. }
            | LogEvent::StreamFilled { .. }
            | LogEvent::StreamRecorded { .. }
            | LogEvent::StreamWeak { .. }
            | LogEvent::StreamWhole { .. }
            | LogEvent::StreamTimed { .. }
            | LogEvent::Calibrated { .. }
            | LogEvent::CalibrationWithdrawn { .. }
            | LogEvent::OriginalKept { .. }
            | LogEvent::OriginalMissing { .. }
            | LogEvent::OriginalDoubted { .. }
            | LogEvent::VideoPictureKept { .. }
            | LogEvent::BeatKept { .. }
            | LogEvent::BeatMissing { .. }
            | LogEvent::ClipSaved { .. }
            | LogEvent::ClipKept { .. }
            | LogEvent::ClipMissing { .. } => return None,
        };
        let socket = self.people.of_session(*session)?.socket;
        Some(refusal(
            socket,
            Refused {
                code: ProblemCode::StorageFailed,
                mark,
                freeze,
                clip,
            },
        ))
    }

    /// The log was read again after a failure. What it lacks of who is here and what runs is written now.
    #[must_use]
    pub fn recovered(&mut self, restored: Restored, now: RelayTime) -> Vec<Effect> {
        let unheard = restored.shown.head > self.shown.head;
        self.last = restored.shown.head;
        self.shown = restored.shown;
        self.ledger = restored.ledger;
        self.broken = false;
        self.reconcile(StreamEnd::Lost, now);
        self.resume_beat(now);
        self.resume_voice_recording(now);
        self.tell_all_marks_anew(now);
        let mut effects = std::mem::take(&mut self.asks);
        if unheard {
            // A batch that was told as failed is there after all: pages come back for what they did not hear.
            for here in self.people.all() {
                effects.push(Effect::Close {
                    socket: here.socket,
                    code: ProblemCode::StorageFailed,
                    retry_ms: Some(MENDED_RETRY_MS),
                });
            }
        }
        effects.extend(self.follow_voice_recording());
        effects.extend(self.hand_out());
        effects
    }

    /// Brings the log into line with who is here and what runs. What cannot be written now is tried at the next recovery.
    pub(super) fn reconcile(&mut self, cut_off: StreamEnd, now: RelayTime) {
        let cut: Vec<StreamId> = self
            .ledger
            .streams
            .iter()
            .filter(|(id, live)| **live && !self.running.contains_key(*id))
            .map(|(id, _)| *id)
            .collect();
        for stream in cut {
            let _ = self.append(
                Author::Relay,
                LogEvent::StreamStopped {
                    stream,
                    reason: cut_off,
                },
                now,
            );
        }
        let unlogged: Vec<RunningPicture> = self
            .running
            .values()
            .filter(|picture| self.ledger.streams.get(&picture.stream) != Some(&true))
            .cloned()
            .collect();
        for picture in unlogged {
            self.log_start(picture, now);
        }
        let unlisted: Vec<Newcomer> = self
            .people
            .all()
            .iter()
            .map(|here| &here.who)
            .filter(|who| !self.ledger.joined.contains_key(&who.session))
            .cloned()
            .collect();
        for who in unlisted {
            let _ = self.append(who.author(), joined_event(&who), now);
        }
        self.await_clips_of_the_log(now);
        for session in self.ledger.joined.keys() {
            self.people.missed(*session, now);
        }
    }
}
