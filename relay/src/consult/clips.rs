//! The rules of clips: who may have one saved, what the agent is asked, what the log says of it.
//!
//! Called by the core for what a page says, for what the agent answers and for what became of a clip's bytes. Those are the
//! business of `receipt` and of whoever stores them. Invariants: of a clip that was asked for the log says in the end that
//! it is kept, or why it is not; a clip that is kept stays kept; the agent may let its copy go only when the log has that, or when the log
//! has no place for it any more and the row does.

use super::core::{Consult, Refused};
use super::effect::{Audience, Effect, Newcomer};
use super::rights::rights;
use wire::agent::RelayToAgent;
use wire::clip::{ClipGap, ClipHead, MAX_CLIP_SECONDS, SaveWhat, is_view};
use wire::log::LogEvent;
use wire::mark::Anchor;
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::socket::FromRelay;
use wire::{ClipId, PersonId, RelayTime, StreamId};

/// Clips and stills of one consult, missing ones included: a visit has some ten. Bounds the state that pages get.
pub const MAX_CLIPS: usize = 512;
/// Presses that wait for an agent's answer at the same time.
const MAX_AWAITED: usize = 16;
/// An agent says within this that a clip is safe or is not, or is taken for away. What comes later still counts. Six
/// seconds take it four…
const ANSWER_US: u64 = 20_000_000;
/// …and each second that is saved about half a second of coding.
const ANSWER_US_PER_SECOND: u64 = 1_000_000;

/// What is known of a clip, for ever: ids are never used again.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownClip {
    /// Who asked for what, if somebody did.
    pub asked: Option<(Option<PersonId>, SaveWhat)>,
    /// How far it is.
    pub stage: KnownStage,
    /// Somebody was told that another object has its UID.
    pub disputed: bool,
}

/// How far a clip is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownStage {
    /// The agent was asked.
    Asked,
    /// It is safe on the device.
    Saved,
    /// It is safe here.
    Kept,
    /// It does not come.
    Missing(ClipGap),
}

/// A clip that was asked for and is not offered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AwaitedClip {
    clip: ClipId,
    /// Whom to ask again when it comes back; unknown after a restart of the relay.
    ask: Option<(StreamId, SaveWhat, Option<String>)>,
    pub(super) until: RelayTime,
}

/// What became of a clip.
#[derive(Debug, Clone, PartialEq)]
pub enum ClipInput {
    /// The device has it safe and it is welcome here.
    Offered(Box<ClipHead>),
    /// So many of its bytes are here.
    Progress {
        /// Which.
        clip: ClipId,
        /// Bytes.
        have: u64,
    },
    /// It is durable and whole, and its row is written.
    Kept(ClipId),
    /// It does not come.
    Missing {
        /// Which.
        clip: ClipId,
        /// Why.
        reason: ClipGap,
        /// The agent says so, and is heard only about what it was asked for.
        by_agent: bool,
    },
}

impl Consult {
    /// Somebody wants something saved.
    pub(super) fn save(
        &mut self,
        who: &Newcomer,
        (clip, what, view): (ClipId, SaveWhat, Option<String>),
        now: RelayTime,
    ) -> Result<(), Refused> {
        self.take_save(who, clip, (what, view), now)
            .map_err(|code| Refused::about_clip(code, clip))
    }

    fn take_save(
        &mut self,
        who: &Newcomer,
        clip: ClipId,
        (what, view): (SaveWhat, Option<String>),
        now: RelayTime,
    ) -> Result<(), ProblemCode> {
        if !rights(who.role).save {
            return Err(ProblemCode::NotAllowed);
        }
        if let Some(known) = self.ledger.clips.get(&clip) {
            // Said again because the page did not hear that the log has it; it will. Seconds may have become more meanwhile.
            let same = known.asked.is_some_and(|(person, asked)| {
                person == Some(who.person) && is_the_same_wish(asked, what)
            });
            return if same {
                Ok(())
            } else {
                Err(ProblemCode::ClipRefused)
            };
        }
        let seconds = match what {
            SaveWhat::Last { seconds } if (1..=MAX_CLIP_SECONDS).contains(&seconds) => seconds,
            SaveWhat::Last { .. } => return Err(ProblemCode::ClipRefused),
            SaveWhat::Frame { .. } => 0,
        };
        if view.as_deref().is_some_and(|view| !is_view(view)) {
            return Err(ProblemCode::ClipRefused);
        }
        let stream = self.device_for(what).ok_or(ProblemCode::NoDevice)?;
        if self.ledger.clips.len() >= MAX_CLIPS {
            return Err(ProblemCode::StorageFailed);
        }
        if self.awaited_clips.len() >= MAX_AWAITED {
            return Err(ProblemCode::TooFast);
        }
        self.append(who.author(), LogEvent::ClipAsked { clip, what }, now)?;
        let patience = ANSWER_US + ANSWER_US_PER_SECOND * u64::from(seconds);
        self.awaited_clips.push(AwaitedClip {
            clip,
            ask: Some((stream, what, view.clone())),
            until: RelayTime(now.0 + patience),
        });
        let word = RelayToAgent::SaveClip { clip, what, view };
        self.asks.push(Effect::Ask(stream, word));
        Ok(())
    }

    /// The stream of our agent that can save this.
    fn device_for(&self, what: SaveWhat) -> Option<StreamId> {
        let mut ours = self.running.values().filter(|picture| picture.stamped);
        match what {
            SaveWhat::Last { .. } => ours.next(),
            SaveWhat::Frame {
                anchor: Anchor::Live { stream, .. },
            } => ours.find(|picture| picture.stream == stream),
        }
        .map(|picture| picture.stream)
    }

    /// A picture runs again. A frame that is still owed is asked for again; seconds are not, because by now they would
    /// be other seconds.
    pub(super) fn ask_again_for_stills(&mut self, stream: StreamId) {
        let owed = self.awaited_clips.iter().filter_map(|awaited| {
            let (of, what, view) = awaited.ask.as_ref()?;
            let again = *of == stream && matches!(what, SaveWhat::Frame { .. });
            again.then(|| RelayToAgent::SaveClip {
                clip: awaited.clip,
                what: *what,
                view: view.clone(),
            })
        });
        let words: Vec<Effect> = owed.map(|word| Effect::Ask(stream, word)).collect();
        self.asks.extend(words);
    }

    /// Something became of a clip that came, or is to come, from this author.
    pub(super) fn clip(&mut self, author: Author, input: ClipInput, now: RelayTime) {
        match input {
            ClipInput::Offered(head) => self.clip_offered(author, head, now),
            ClipInput::Progress { clip, have } => self.asks.push(Effect::Say(
                Audience::All,
                FromRelay::ClipProgress { clip, have },
            )),
            ClipInput::Kept(clip) => self.clip_kept(clip, now),
            ClipInput::Missing {
                clip,
                reason,
                by_agent,
            } => {
                let awaited = self.answered_clip(clip);
                if awaited || !by_agent {
                    self.clip_missing(clip, reason, now);
                }
            }
        }
    }

    fn clip_offered(&mut self, author: Author, head: Box<ClipHead>, now: RelayTime) {
        self.answered_clip(head.clip);
        let stage = self.ledger.clips.get(&head.clip).map(|known| known.stage);
        let news = !matches!(stage, Some(KnownStage::Saved | KnownStage::Kept));
        if news && (stage.is_some() || self.ledger.clips.len() < MAX_CLIPS) {
            let _ = self.append(author, LogEvent::ClipSaved { head }, now);
        }
    }

    fn clip_kept(&mut self, clip: ClipId, now: RelayTime) {
        match self.ledger.clips.get(&clip).map(|known| known.stage) {
            Some(KnownStage::Kept) if !self.is_on_its_way(clip) => {
                self.asks.push(Effect::LetGo(clip));
            }
            // The log names no more than it does: the row alone has this one, and the device must hear it all the same.
            None if self.ledger.clips.len() >= MAX_CLIPS => self.asks.push(Effect::LetGo(clip)),
            // Told when it is there; or it could not be noted when it was offered, and the device offers it again.
            Some(KnownStage::Kept) | None => {}
            Some(_) => {
                let _ = self.append(Author::Relay, LogEvent::ClipKept { clip }, now);
            }
        }
    }

    fn is_on_its_way(&self, clip: ClipId) -> bool {
        let kept = LogEvent::ClipKept { clip };
        self.waiting
            .iter()
            .chain(&self.storing)
            .any(|entry| entry.event == kept)
    }

    fn clip_missing(&mut self, clip: ClipId, reason: ClipGap, now: RelayTime) {
        let known = self.ledger.clips.get(&clip);
        let said_before = known.is_some_and(|known| match known.stage {
            KnownStage::Missing(before) => before == reason,
            KnownStage::Kept => reason != ClipGap::Conflict || known.disputed,
            KnownStage::Asked | KnownStage::Saved => false,
        });
        let room = known.is_some() || self.ledger.clips.len() < MAX_CLIPS;
        if !said_before && room {
            let _ = self.append(Author::Relay, LogEvent::ClipMissing { clip, reason }, now);
        }
    }

    /// Time passed: an agent that did not answer is taken for away.
    pub(super) fn give_up_clips(&mut self, now: RelayTime) {
        let late = |awaited: &mut AwaitedClip| awaited.until <= now;
        let late: Vec<ClipId> = self
            .awaited_clips
            .extract_if(.., late)
            .map(|awaited| awaited.clip)
            .collect();
        for clip in late {
            self.clip_missing(clip, ClipGap::AgentAway, now);
        }
    }

    /// After a restart or a failure of the store: what was asked for and is not answered is waited for anew.
    pub(super) fn await_clips_of_the_log(&mut self, now: RelayTime) {
        let asked = self.ledger.clips.iter();
        let owed: Vec<ClipId> = asked
            .filter(|(_, known)| known.stage == KnownStage::Asked)
            .map(|(clip, _)| *clip)
            .collect();
        self.awaited_clips
            .retain(|awaited| owed.contains(&awaited.clip));
        for clip in owed {
            if !self.awaited_clips.iter().any(|held| held.clip == clip) {
                self.awaited_clips.push(AwaitedClip {
                    clip,
                    ask: None,
                    until: RelayTime(now.0 + ANSWER_US),
                });
            }
        }
    }

    /// Whether it was awaited; from here on it is not.
    fn answered_clip(&mut self, clip: ClipId) -> bool {
        let before = self.awaited_clips.len();
        self.awaited_clips.retain(|awaited| awaited.clip != clip);
        self.awaited_clips.len() < before
    }
}

/// Whether two presses with one id mean the same. A page that comes back counts the seconds that have passed meanwhile.
fn is_the_same_wish(one: SaveWhat, other: SaveWhat) -> bool {
    match (one, other) {
        (SaveWhat::Last { .. }, SaveWhat::Last { .. }) => true,
        _ => one == other,
    }
}
