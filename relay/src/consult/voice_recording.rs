//! Whether voices are recorded: who may say so, whose voice it is then, and what is left of it.
//!
//! Sans-IO. Nobody is recorded before a consent is durable and was told to their page; nobody is recorded whose page is not
//! here to show it, or who is muted; and nobody is recorded while no one is at the bedside who could withdraw. What ends a
//! recording counts at once, before the disk and without it; a withdrawal that could not be written is written as soon as the
//! log can be. Pointers are kept beside voices, as long as that goes on. The log's two requests, to record and to discard, are followed until they are done, over every restart.

use super::core::{Consult, Done, Refused};
use super::effect::{Effect, Newcomer, VoiceFilesInput, VoicesToRecord};
use super::rights::rights;
use wire::log::{LogEntry, LogEvent};
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::voice::{ConsentBy, ConsentEnd, KeptVoice, VoiceConsent, VoiceRecording};
use wire::{ConsentId, RelayTime, SessionId};

/// What the rest of the consult was told of the recording of voices, and what the log does not know yet.
#[derive(Debug, Default)]
pub(super) struct VoiceKeeping {
    /// What the recorder was told to record.
    told: Option<VoicesToRecord>,
    /// The recorder was told to remove what there is, and did not say that it is done.
    is_discarding: bool,
    /// A consent that was withdrawn, until the log says so.
    withdrawal: Option<Withdrawal>,
}

/// Somebody withdrew.
#[derive(Debug, Clone)]
struct Withdrawal {
    consent: ConsentId,
    author: Author,
    discard: bool,
}

impl Consult {
    /// The physician at the bedside says that voices may be recorded.
    pub(super) fn consent_to_voice(
        &mut self,
        who: &Newcomer,
        (consent, by): (ConsentId, ConsentBy),
        now: RelayTime,
    ) -> Result<Done, Refused> {
        let may = rights(who.role).record_voice && self.about.settings.voice_recording;
        let held = &self.ledger.voice_recording;
        if !may {
            return Err(refused(ProblemCode::NotAllowed));
        }
        if held.consent.is_some() {
            return Ok(Done::Taken);
        }
        // A late copy of what was said once and withdrawn since opens nothing.
        if self.ledger.consents.contains(&consent) {
            return Err(refused(ProblemCode::NotAllowed));
        }
        // Until what is to go is gone, nothing new is put beside it.
        if held.kept == KeptVoice::Discarding {
            return Err(refused(ProblemCode::StorageFailed));
        }
        let event = LogEvent::VoiceConsented { consent, by };
        self.append(who.author(), event, now).map_err(refused)?;
        Ok(Done::Taken)
    }

    /// It is taken back. Also while the log cannot be written: then nothing is recorded, and the log hears of it later.
    pub(super) fn withdraw_voice_consent(
        &mut self,
        who: &Newcomer,
        (consent, discard): (ConsentId, bool),
        now: RelayTime,
    ) -> Result<Done, Refused> {
        if !rights(who.role).record_voice {
            return Err(refused(ProblemCode::NotAllowed));
        }
        let shown = self.shown.state.voice_recording.consent.as_ref();
        let in_force = self.ledger.voice_recording.consent.as_ref().or(shown);
        if in_force.is_none_or(|held| held.consent != consent) {
            // Over already. That it is to be forgotten may still be news.
            return if discard {
                self.discard_voice(who, now)
            } else {
                Ok(Done::Taken)
            };
        }
        self.voice_keeping.withdrawal = Some(Withdrawal {
            consent,
            author: who.author(),
            discard,
        });
        self.write_withdrawal(now).map_err(refused)?;
        Ok(Done::Taken)
    }

    /// Everything that was recorded of voices is to go.
    pub(super) fn discard_voice(
        &mut self,
        who: &Newcomer,
        now: RelayTime,
    ) -> Result<Done, Refused> {
        let held = &self.ledger.voice_recording;
        if !rights(who.role).record_voice || held.consent.is_some() {
            return Err(refused(ProblemCode::NotAllowed));
        }
        if held.kept == KeptVoice::Kept {
            let asked = LogEvent::VoiceDiscardAsked {};
            self.append(who.author(), asked, now).map_err(refused)?;
        }
        Ok(Done::Taken)
    }

    /// Both entries of a withdrawal, or as many as the log lacks.
    fn write_withdrawal(&mut self, now: RelayTime) -> Result<(), ProblemCode> {
        let Some(withdrawal) = self.voice_keeping.withdrawal.clone() else {
            return Ok(());
        };
        if self.is_in_force(withdrawal.consent) {
            let (consent, why) = (withdrawal.consent, ConsentEnd::Withdrawn);
            let ended = LogEvent::VoiceConsentEnded { consent, why };
            self.append(withdrawal.author.clone(), ended, now)?;
        }
        if withdrawal.discard && self.ledger.voice_recording.kept == KeptVoice::Kept {
            self.append(withdrawal.author, LogEvent::VoiceDiscardAsked {}, now)?;
        }
        Ok(())
    }

    /// What the log was told last is durable: a withdrawal in it needs no memory any more.
    pub(super) fn voice_entries_stored(&mut self, entries: &[LogEntry]) {
        let ended = |entry: &LogEntry| match entry.event {
            LogEvent::VoiceConsentEnded { consent, .. } => Some(consent),
            _ => None,
        };
        for ended in entries.iter().filter_map(ended) {
            let is_it = |held: &mut Withdrawal| held.consent == ended;
            // With what it says of discarding, which follows in the same batch or was never asked.
            self.voice_keeping.withdrawal.take_if(is_it);
        }
    }

    /// The log was read: what it lacks is written, and what it asks for is asked for anew.
    pub(super) fn resume_voice_recording(&mut self, now: RelayTime) {
        self.voice_keeping.is_discarding = false;
        let lacks_it = |held: &Withdrawal| self.is_in_force(held.consent);
        let is_lacking = self.voice_keeping.withdrawal.as_ref().is_some_and(lacks_it);
        // What is written now may fail again, and is remembered until it is durable; what the log had is done with.
        if self.write_withdrawal(now).is_ok() && !is_lacking {
            self.voice_keeping.withdrawal = None;
        }
        let in_force = self.ledger.voice_recording.consent.as_ref();
        if let Some(consent) = in_force.map(|held| held.consent)
            && !self.about.settings.voice_recording
        {
            self.end_voice_consent(consent, ConsentEnd::Forbidden, now);
        }
    }

    fn is_in_force(&self, consent: ConsentId) -> bool {
        let held = self.ledger.voice_recording.consent.as_ref();
        held.is_some_and(|held| held.consent == consent)
    }

    /// Somebody left: a consent stays as long as somebody may withdraw it.
    pub(super) fn end_consent_of_an_empty_bedside(&mut self, now: RelayTime) {
        let Some(consent) = &self.ledger.voice_recording.consent else {
            return;
        };
        let consent = consent.consent;
        let may_withdraw = |author: &Author| matches!(author, Author::Person { role, .. } if rights(*role).record_voice);
        if !self.ledger.joined.values().any(may_withdraw) {
            self.end_voice_consent(consent, ConsentEnd::BedsideLeft, now);
        }
    }

    fn end_voice_consent(&mut self, consent: ConsentId, why: ConsentEnd, now: RelayTime) {
        let ended = LogEvent::VoiceConsentEnded { consent, why };
        let _ = self.append(Author::Relay, ended, now);
    }

    /// The recorder said something.
    pub(super) fn voice_files(&mut self, input: VoiceFilesInput, now: RelayTime) {
        let held = &self.ledger.voice_recording;
        match input {
            VoiceFilesInput::Written { on } => {
                // A late word about a consent that is over says nothing.
                if held.consent.is_some() && held.written != Some(on) {
                    let _ = self.append(Author::Relay, LogEvent::VoiceRecorded { on }, now);
                }
            }
            VoiceFilesInput::Discarded => {
                if held.kept == KeptVoice::Discarding {
                    let _ = self.append(Author::Relay, LogEvent::VoiceDiscarded {}, now);
                }
            }
        }
    }

    /// What the recorder is to do, as far as it was not told.
    pub(super) fn follow_voice_recording(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let wanted = self.voices_to_record();
        if wanted != self.voice_keeping.told {
            self.voice_keeping.told.clone_from(&wanted);
            effects.push(Effect::RecordVoices(wanted));
        }
        let is_wanted = self.shown.state.voice_recording.kept == KeptVoice::Discarding;
        if is_wanted && !self.voice_keeping.is_discarding {
            effects.push(Effect::DiscardVoices);
        }
        self.voice_keeping.is_discarding = is_wanted;
        effects
    }

    /// Moves of pointers for the recorder. Asked after `follow_voice_recording`, so that none follows the end of a consent.
    pub(super) fn keep_pointers(&mut self, now: RelayTime) -> Option<Effect> {
        let (is_on, dated) = (self.voice_keeping.told.is_some(), self.dated(now));
        let presence = &self.presence;
        self.pointer_track
            .follow(is_on, || presence.pointers(), dated);
        let kept = self.pointer_track.take(now);
        (!kept.is_empty()).then_some(Effect::RecordPointers(kept))
    }

    /// What the recorder of a run before, or of a task that had a fault, must hear first.
    pub(super) fn begin_voice_recording(&mut self) -> Vec<Effect> {
        self.voice_keeping.told = self.voices_to_record();
        let mut effects = vec![Effect::RecordVoices(self.voice_keeping.told.clone())];
        effects.extend(self.follow_voice_recording());
        effects
    }

    fn voices_to_record(&self) -> Option<VoicesToRecord> {
        // Durable and told; and nothing that is on its way ends it.
        let consent = self.shown.state.voice_recording.consent.as_ref()?.consent;
        let is_withdrawn = self
            .voice_keeping
            .withdrawal
            .as_ref()
            .is_some_and(|held| held.consent == consent);
        let is_attended = self
            .people
            .all()
            .iter()
            .any(|here| rights(here.who.role).record_voice);
        if !self.is_in_force(consent)
            || is_withdrawn
            || !is_attended
            || !self.about.settings.voice_recording
        {
            return None;
        }
        let is_told = |session: &SessionId| self.people.of_session(*session).is_some();
        let mut sessions: Vec<SessionId> = self
            .voices
            .keys()
            .copied()
            .filter(|session| is_told(session) && !self.muted.contains(session))
            .collect();
        sessions.sort_unstable();
        Some(VoicesToRecord { consent, sessions })
    }

    /// Whether something of voices is being removed: then the consult is not over.
    pub(super) const fn is_discarding_voices(&self) -> bool {
        self.voice_keeping.is_discarding
    }
}

/// Takes an entry about the recording of voices in; others change nothing. For pages and for the rules.
pub(super) fn voice_recorded(held: &mut VoiceRecording, entry: &LogEntry) {
    match &entry.event {
        LogEvent::VoiceConsented { consent, by } => {
            held.consent = Some(VoiceConsent {
                consent: *consent,
                by: *by,
                author: entry.author.clone(),
                at: entry.at,
            });
            // Whatever is said from here on.
            (held.written, held.kept) = (None, KeptVoice::Kept);
        }
        LogEvent::VoiceConsentEnded { consent, .. } => {
            let ended = held.consent.take_if(|held| held.consent == *consent);
            if ended.is_some() {
                held.written = None;
            }
        }
        LogEvent::VoiceRecorded { on } => held.written = Some(*on),
        LogEvent::VoiceDiscardAsked {} => held.kept = KeptVoice::Discarding,
        LogEvent::VoiceDiscarded {} => held.kept = KeptVoice::Discarded,
        _ => {}
    }
}

const fn refused(code: ProblemCode) -> Refused {
    Refused {
        code,
        mark: None,
        freeze: None,
        clip: None,
    }
}
