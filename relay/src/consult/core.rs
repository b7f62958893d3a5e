//! The state machine of one live consult.
//!
//! Takes what happened and the time, gives back what is to be done. Entries of the log get their number here, go out to
//! be stored in one batch at a time, and are told to pages only when they are durable; meanwhile the rules already count
//! with them. `now` is the relay's steady time, so that a clock that was set ends no patience; only `dated` turns it into
//! what the log and pages have. Presence and flow never wait for the disk. When storing fails, what was not stored is refused, the log is
//! read again, and who is here and what runs is brought into line with it: the picture and the pointers go on.

use super::beats::Beat;
use super::clips::AwaitedClip;
use super::effect::{Audience, Effect, Input, Newcomer, RunningPicture, SocketKey};
use super::flow::Flow;
use super::for_device::Told;
use super::ledger::Ledger;
use super::links::Links;
use super::originals::Awaited;
use super::people::People;
use super::pointer_track::PointerTrack;
use super::presence::Presence;
use super::state::Shown;
use super::stepping::Step;
use super::timing::Timings;
use super::voice_recording::VoiceKeeping;
use super::voices::VoiceLine;
use std::collections::{HashMap, HashSet, VecDeque};
use wire::http::ConsultSummary;
use wire::log::{LogEntry, LogEvent, StreamEnd};
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::socket::{FromRelay, Settings};
use wire::{AnnotationId, ClipId, ConsultId, FreezeId, RelayTime, Seq, SessionId, StreamId};

/// Entries that may wait for the disk: 60 a second from each of four hands for two seconds.
const MAX_UNSTORED: usize = 512;

/// What a consult is, beside its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Which.
    pub consult: ConsultId,
    /// Name without identity.
    pub alias: String,
    /// When it was opened.
    pub opened_at: RelayTime,
    /// What pages follow.
    pub settings: Settings,
}

/// The log, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Restored {
    /// For pages.
    pub shown: Shown,
    /// For the rules.
    pub ledger: Ledger,
}

impl Restored {
    /// Takes the next entry in.
    pub fn fold(&mut self, entry: &LogEntry) {
        self.shown.fold(entry);
        self.ledger.fold(entry);
    }
}

/// Something a page asked for was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: ProblemCode,
    pub(super) mark: Option<AnnotationId>,
    pub(super) freeze: Option<FreezeId>,
    pub(super) clip: Option<ClipId>,
}

impl Refused {
    /// Something about a clip was not done.
    pub(super) const fn about_clip(code: ProblemCode, clip: ClipId) -> Self {
        Self {
            code,
            mark: None,
            freeze: None,
            clip: Some(clip),
        }
    }
}

/// What became of what a page said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// It was done, or will be told as an entry.
    Taken,
    /// The log has it already, about this mark.
    Known(AnnotationId),
}

/// One live consult.
#[derive(Debug)]
pub struct Consult {
    pub(super) about: About,
    /// Durable, as pages see it.
    pub(super) shown: Shown,
    /// What the rules know: durable and on its way.
    pub(super) ledger: Ledger,
    /// The last number given.
    pub(super) last: Seq,
    /// Not handed out yet.
    pub(super) waiting: Vec<LogEntry>,
    /// Handed out, answer outstanding.
    pub(super) storing: Vec<LogEntry>,
    /// Storing failed and the log was not read again yet.
    pub(super) broken: bool,
    pub(super) people: People,
    pub(super) presence: Presence,
    /// What of it is kept beside the recording.
    pub(super) pointer_track: PointerTrack,
    /// How the picture arrives at everybody's page.
    pub(super) links: Links,
    /// Of every stream since the relay came up, in order of coming.
    pub(super) flows: Vec<(StreamId, Flow)>,
    /// Whose voice is connected.
    pub(super) voices: HashMap<SessionId, VoiceLine>,
    /// Who switched their microphone off. Bounded by who is here, away for a moment, or connected by voice.
    pub(super) muted: HashSet<SessionId>,
    /// What is recorded of them.
    pub(super) voice_keeping: VoiceKeeping,
    /// Pages that get the low layer.
    pub(super) low: HashSet<SessionId>,
    pub(super) running: HashMap<StreamId, RunningPicture>,
    /// What the log was told of each stream's clock since the relay came up.
    pub(super) timings: Timings,
    /// The original that was asked for last.
    pub(super) awaited: Option<Awaited>,
    /// Steps that wait for the one that is under way; at most `MAX_NEXT_STEPS`.
    pub(super) next_steps: VecDeque<(Step, i8)>,
    /// The beat that is on its way.
    pub(super) beat: Option<Beat>,
    /// Clips that were asked for and are not offered yet.
    pub(super) awaited_clips: Vec<AwaitedClip>,
    /// Streams whose agent said hello: only these are told anything.
    pub(super) greeted: HashSet<StreamId>,
    /// What agents were told of marks, by their streams.
    pub(super) told_marks: HashMap<StreamId, Told>,
    /// What agents are to be asked, and what somebody hears about it.
    pub(super) asks: Vec<Effect>,
    /// How far wall time is ahead of the steady time that rules go by.
    ahead_us: i64,
}

impl Consult {
    /// Comes up with the log as it was left: what ran was cut off unless it runs now, people may come back.
    #[must_use]
    pub fn new(
        about: About,
        restored: Restored,
        running: Option<RunningPicture>,
        now: RelayTime,
        ahead_us: i64,
    ) -> (Self, Vec<Effect>) {
        let mut consult = Self {
            about,
            last: restored.shown.head,
            shown: restored.shown,
            ledger: restored.ledger,
            waiting: Vec::new(),
            storing: Vec::new(),
            broken: false,
            people: People::default(),
            presence: Presence::default(),
            pointer_track: PointerTrack::default(),
            links: Links::default(),
            flows: running
                .iter()
                .map(|picture| (picture.stream, Flow::new(picture.stream, now)))
                .collect(),
            voices: HashMap::new(),
            muted: HashSet::new(),
            voice_keeping: VoiceKeeping::default(),
            low: HashSet::new(),
            // Their agents said hello long ago.
            greeted: running.iter().map(|picture| picture.stream).collect(),
            running: running
                .into_iter()
                .map(|picture| (picture.stream, picture))
                .collect(),
            timings: Timings::default(),
            awaited: None,
            next_steps: VecDeque::new(),
            beat: None,
            awaited_clips: Vec::new(),
            told_marks: HashMap::new(),
            asks: Vec::new(),
            ahead_us,
        };
        consult.reconcile(StreamEnd::RelayRestarted, now);
        consult.end_voices_of_before(now);
        consult.resume_voice_recording(now);
        consult.resume_beat(now);
        consult.tell_all_marks_anew(now);
        let mut effects = std::mem::take(&mut consult.asks);
        effects.extend(consult.begin_voice_recording());
        effects.extend(consult.hand_out());
        (consult, effects)
    }

    /// Wall time is so far ahead of the time that is given to the rules. When somebody set the clock, what is known stays as
    /// old as it is.
    pub fn wall_is_ahead(&mut self, us: i64) {
        let step = us - std::mem::replace(&mut self.ahead_us, us);
        if step != 0 {
            for kept in self.ledger.originals.values_mut() {
                kept.at = RelayTime(kept.at.0.saturating_add_signed(step));
            }
        }
    }

    /// A moment as the log and the pages have it.
    pub(super) const fn dated(&self, now: RelayTime) -> RelayTime {
        RelayTime(now.0.saturating_add_signed(self.ahead_us))
    }

    /// Something happened.
    #[must_use]
    pub fn apply(&mut self, input: Input, now: RelayTime) -> Vec<Effect> {
        let mut effects = match input {
            Input::Joined(socket, who) => self.joined(socket, who, now),
            Input::Gone(socket) => self.gone(socket, now),
            Input::Heard(socket) => self.heard(socket),
            Input::Said(socket, message) => self.said(socket, message, now),
            Input::SessionEnded(session) => self.session_ended(session, now),
            Input::Picture(stream, picture) => self.picture(stream, picture, now),
            Input::Voice(session, voice) => self.voice(session, voice, now),
            Input::Uploaded(author, input) => {
                self.clip(author, input, now);
                Vec::new()
            }
            Input::VoiceFiles(files) => {
                self.voice_files(files, now);
                Vec::new()
            }
            Input::VideoPicture(person, freeze, picture) => {
                self.video_picture_kept((person, freeze), picture, now);
                Vec::new()
            }
            Input::Layer(session, low) => self.layer(session, low),
            Input::Stored => self.stored(now),
            Input::StoreFailed => self.store_failed(),
            Input::Tick => Vec::new(),
        };
        effects.extend(self.tick(now));
        self.go_on_stepping(now);
        effects.append(&mut self.asks);
        // After what pages are told: whoever is recorded was told before.
        effects.extend(self.follow_voice_recording());
        effects.extend(self.keep_pointers(now));
        effects.extend(self.hand_out());
        effects
    }

    /// When time alone changes something.
    #[must_use]
    pub fn due(&self) -> Option<RelayTime> {
        let flows = self.flows.iter().map(|(_, flow)| flow.due()).min();
        let awaited = self.awaited.as_ref().map(|awaited| awaited.until);
        let beat = self.beat.as_ref().map(|beat| beat.until);
        let clips = self.awaited_clips.iter().map(|awaited| awaited.until).min();
        [
            self.presence.due(),
            self.pointer_track.due(),
            self.links.due(),
            flows,
            self.people.next_leave(),
            awaited,
            beat,
            clips,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether nobody would miss this.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.people.is_empty()
            && self.running.is_empty()
            && self.storing.is_empty()
            && self.waiting.is_empty()
            && !self.broken
            && !self.is_discarding_voices()
    }

    /// As lists show it.
    #[must_use]
    pub fn summary(&self) -> ConsultSummary {
        ConsultSummary {
            consult: self.about.consult,
            alias: self.about.alias.clone(),
            picture: !self.running.is_empty(),
            people: u32::try_from(self.people.all().len()).unwrap_or(u32::MAX),
            opened_at: self.about.opened_at,
        }
    }

    /// Time in which pictures stood still although their publisher was there, since this was last asked.
    pub fn stalled_us(&mut self, now: RelayTime) -> u64 {
        self.flows
            .iter_mut()
            .map(|(_, flow)| flow.stalled_us(now))
            .sum()
    }

    /// Puts an entry on its way.
    pub(super) fn append(
        &mut self,
        author: Author,
        event: LogEvent,
        now: RelayTime,
    ) -> Result<(), ProblemCode> {
        if self.broken || self.waiting.len() + self.storing.len() >= MAX_UNSTORED {
            return Err(ProblemCode::StorageFailed);
        }
        self.last = self.last.next();
        let entry = LogEntry {
            seq: self.last,
            at: self.dated(now),
            author,
            event,
        };
        self.ledger.fold(&entry);
        self.waiting.push(entry);
        Ok(())
    }

    pub(super) fn hand_out(&mut self) -> Vec<Effect> {
        if !self.storing.is_empty() || self.waiting.is_empty() {
            return Vec::new();
        }
        self.storing = std::mem::take(&mut self.waiting);
        vec![Effect::Append(self.storing.clone())]
    }

    fn stored(&mut self, now: RelayTime) -> Vec<Effect> {
        let entries = std::mem::take(&mut self.storing);
        for entry in &entries {
            self.shown.fold(entry);
            if let LogEvent::Marked { mark, .. } = &entry.event {
                self.presence.finished(mark.id);
            }
        }
        self.tell_agents_of(&entries, now);
        self.voice_entries_stored(&entries);
        let kept = entries.iter().filter_map(|entry| match entry.event {
            LogEvent::ClipKept { clip } => Some(Effect::LetGo(clip)),
            _ => None,
        });
        let mut effects: Vec<Effect> = kept.collect();
        effects.push(Effect::Say(Audience::All, FromRelay::Entries { entries }));
        effects
    }

    fn tick(&mut self, now: RelayTime) -> Vec<Effect> {
        for (session, author) in self.people.left(&self.ledger.joined, now) {
            let _ = self.append(author, LogEvent::Left { session }, now);
            self.forget_muting(session);
            self.links.left(session);
            self.end_consent_of_an_empty_bedside(now);
        }
        self.give_up_original(now);
        self.give_up_beat(now);
        self.give_up_clips(now);
        let mut said = self.presence.take(now);
        self.pointer_track.told(&said, self.dated(now));
        said.extend(self.links.take(now));
        said.extend(self.flows.iter_mut().flat_map(|(_, flow)| flow.tick(now)));
        said.into_iter()
            .map(|message| Effect::Say(Audience::All, message))
            .collect()
    }
}

pub(super) fn joined_event(who: &Newcomer) -> LogEvent {
    LogEvent::Joined {
        session: who.session,
        person: who.person,
        name: who.name.clone(),
        role: who.role,
        page: who.page,
    }
}

pub(super) fn refusal(socket: SocketKey, refused: Refused) -> Effect {
    Effect::Say(
        Audience::One(socket),
        FromRelay::Refused {
            code: refused.code,
            mark: refused.mark,
            freeze: refused.freeze,
            clip: refused.clip,
        },
    )
}
