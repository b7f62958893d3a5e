//! Who speaks in a consult, as everybody is told, and what the log keeps of it.
//!
//! Sans-IO. The media part says when a voice connection is up, heard and gone; pages say when their microphone is off. A page
//! that is loaded anew has a second connection before the first is gone: the newest one counts. Muting is of the person, not of a
//! connection: the page may say it before the media part knows of the voice, and a reconnection does not open a microphone.
//! Invariant: every `VoiceOn` of the log has its `VoiceOff`, also after the relay was killed.

use super::core::Consult;
use super::effect::{Audience, Effect, Newcomer, VoiceInput};
use super::rights::rights;
use uuid::Uuid;
use wire::log::LogEvent;
use wire::people::Author;
use wire::socket::FromRelay;
use wire::voice::{Voice, VoiceState};
use wire::{RelayTime, SessionId};

/// One person's voice connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct VoiceLine {
    /// The newest connection.
    line: Uuid,
    /// What is heard of it.
    heard: VoiceState,
}

impl Consult {
    /// Something happened to somebody's voice connection.
    pub(super) fn voice(
        &mut self,
        session: SessionId,
        input: VoiceInput,
        now: RelayTime,
    ) -> Vec<Effect> {
        match input {
            // Who only listens is no voice.
            VoiceInput::Up { speaks: false, .. } => return Vec::new(),
            VoiceInput::Up { line, .. } => {
                let heard = VoiceState::Quiet;
                let fresh = VoiceLine { line, heard };
                if self.voices.insert(session, fresh).is_none() {
                    self.log_voice(session, LogEvent::VoiceOn { session }, now);
                }
            }
            VoiceInput::Heard { line, state } => {
                let Some(voice) = self.voices.get_mut(&session).filter(|v| v.line == line) else {
                    return Vec::new();
                };
                voice.heard = state;
            }
            VoiceInput::Down { line } => {
                if self.voices.get(&session).is_none_or(|v| v.line != line) {
                    return Vec::new();
                }
                self.voices.remove(&session);
                self.forget_muting(session);
                self.log_voice(session, LogEvent::VoiceOff { session }, now);
            }
        }
        vec![Effect::Say(Audience::All, self.all_voices())]
    }

    /// A page's microphone was switched off or on.
    pub(super) fn mute(&mut self, who: &Newcomer, muted: bool) -> Vec<Effect> {
        let is_news = if muted {
            rights(who.role).speak && self.muted.insert(who.session)
        } else {
            self.muted.remove(&who.session)
        };
        if !is_news || !self.voices.contains_key(&who.session) {
            return Vec::new();
        }
        vec![Effect::Say(Audience::All, self.all_voices())]
    }

    /// Nobody by that name is here, waited for or connected any more.
    pub(super) fn forget_muting(&mut self, session: SessionId) {
        if !self.voices.contains_key(&session) && !self.people.knows(session) {
            self.muted.remove(&session);
        }
    }

    /// All voices, for somebody who joins; nothing while there are none.
    pub(super) fn voices_now(&self) -> Option<FromRelay> {
        (!self.voices.is_empty()).then(|| self.all_voices())
    }

    /// Voices that the log left on, and whose relay is gone: they come back as new ones.
    pub(super) fn end_voices_of_before(&mut self, now: RelayTime) {
        let mut left: Vec<SessionId> = self.ledger.voices.keys().copied().collect();
        left.sort_unstable();
        for session in left {
            self.log_voice(session, LogEvent::VoiceOff { session }, now);
        }
    }

    fn all_voices(&self) -> FromRelay {
        let mut voices: Vec<Voice> = self
            .voices
            .iter()
            .map(|(session, voice)| Voice {
                session: *session,
                state: if self.muted.contains(session) {
                    VoiceState::Muted
                } else {
                    voice.heard
                },
            })
            .collect();
        voices.sort_unstable_by_key(|voice| voice.session);
        FromRelay::Voices { voices }
    }

    fn log_voice(&mut self, session: SessionId, event: LogEvent, now: RelayTime) {
        let here = self.people.of_session(session);
        let author: Option<Author> = here
            .map(|here| here.who.author())
            .or_else(|| self.ledger.voices.get(&session).cloned())
            .or_else(|| self.ledger.joined.get(&session).cloned());
        // Nobody by that name was ever here: a connection without a page is no event of the consult.
        if let Some(author) = author {
            let _ = self.append(author, event, now);
        }
    }
}
