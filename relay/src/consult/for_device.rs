//! The marks that a capture agent shows on its own page, and the scale that it saves with: which it is told, in which words.
//!
//! Called by the core when an agent says hello or what it holds, when its picture begins, and when entries are durable.
//! Each word has the next number: an agent that misses one says so by what it holds, and is told everything anew.
//! Invariant: what an agent is told of marks is in the log for good, and no word is larger than a control message.

use super::core::Consult;
use super::effect::Effect;
use wire::agent::{
    MARK_POINTS_AT_ONCE, MAX_CONTROL_BYTES, MAX_MARKS_FOR_DEVICE, MarkWord, RelayToAgent,
};
use wire::log::{LogEntry, LogEvent};
use wire::mark::Anchor;
use wire::measure::ScaleState;
use wire::socket::MarkState;
use wire::{AnnotationId, RelayTime, ScaleId, StreamId};

/// Bytes of marks said in one go: half of what may wait in a control channel. Older marks are left out.
const MAX_BYTES_ANEW: usize = 128 * 1024;
/// Words that were said this lately may still be on their way.
const ON_ITS_WAY_US: u64 = 2_000_000;

/// What an agent has to do with marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarksInput {
    /// It said hello: its channel is open.
    Greeted,
    /// Number of the last word that it heard in order.
    Held(u32),
}

/// What an agent was told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    /// Number of the last word.
    revision: u32,
    /// When it was said.
    at: RelayTime,
}

impl Consult {
    /// What an agent says of marks.
    pub(super) fn agent_and_marks(&mut self, stream: StreamId, input: MarksInput, now: RelayTime) {
        match input {
            MarksInput::Greeted => {
                self.greeted.insert(stream);
                self.tell_marks_anew(stream, now);
            }
            MarksInput::Held(revision) => {
                let missed = self.told_marks.get(&stream).is_none_or(|told| {
                    told.revision != revision && now.0.saturating_sub(told.at.0) >= ON_ITS_WAY_US
                });
                if missed {
                    self.tell_marks_anew(stream, now);
                }
            }
        }
    }

    /// A picture runs again. An agent that did not say hello yet, or no sense, is not spoken to.
    pub(super) fn picture_has_agent(&mut self, stream: StreamId, now: RelayTime) {
        if self.greeted.contains(&stream) {
            self.tell_marks_anew(stream, now);
        }
    }

    /// Says from the beginning what is to be seen over a picture. A publisher without our channel hears nothing of it.
    pub(super) fn tell_marks_anew(&mut self, stream: StreamId, now: RelayTime) {
        let has_agent = |picture: &super::RunningPicture| picture.stamped;
        if !self.running.get(&stream).is_some_and(has_agent) {
            self.told_marks.remove(&stream);
            return;
        }
        let quick_mark_seconds = self.about.settings.quick_mark_seconds;
        let marks = in_words(
            &self.shown.state.marks,
            stream,
            self.about.settings.measuring,
        );
        let words = std::iter::once(self.scale_word(stream)).chain(marks);
        let words: Vec<MarkWord> = words.collect();
        let anew = MarkWord::Anew {
            measuring: self.about.settings.measuring,
            quick_mark_seconds,
            words: u32::try_from(words.len()).unwrap_or(u32::MAX),
        };
        self.say_of_marks(stream, anew, now);
        for word in words {
            self.say_of_marks(stream, word, now);
        }
    }

    /// The same for all pictures that run.
    pub(super) fn tell_all_marks_anew(&mut self, now: RelayTime) {
        let running: Vec<StreamId> = self.running.keys().copied().collect();
        for stream in running {
            self.picture_has_agent(stream, now);
        }
    }

    /// Entries are durable and in the state: agents hear what they change.
    pub(super) fn tell_agents_of(&mut self, entries: &[LogEntry], now: RelayTime) {
        for entry in entries {
            match &entry.event {
                LogEvent::Marked { mark, .. } => self.tell_mark(mark.id, now),
                LogEvent::Pinned { mark, .. } => self.tell_mark(*mark, now),
                LogEvent::Withdrawn { mark } => {
                    let told: Vec<StreamId> = self.told_marks.keys().copied().collect();
                    for stream in told {
                        self.say_of_marks(stream, MarkWord::Gone { mark: *mark }, now);
                    }
                }
                LogEvent::Calibrated { scale } if self.told_marks.contains_key(&scale.stream) => {
                    let word = self.scale_word(scale.stream);
                    self.say_of_marks(scale.stream, word, now);
                }
                LogEvent::CalibrationWithdrawn { scale } => {
                    let told: Vec<StreamId> = self.told_marks.keys().copied().collect();
                    for stream in told {
                        self.say_scale_gone(stream, *scale, now);
                    }
                }
                _ => {}
            }
        }
    }

    /// The device must not go on saving with it.
    pub(super) fn say_scale_gone(&mut self, stream: StreamId, scale: ScaleId, now: RelayTime) {
        self.say_of_marks(stream, MarkWord::ScaleGone { scale }, now);
    }

    /// What clips of this picture carry, whoever marked it; nothing where nobody measures any more.
    fn scale_word(&self, stream: StreamId) -> MarkWord {
        let of_stream = |held: &&ScaleState| held.scale.stream == stream;
        let held = self.shown.state.scales.iter().find(of_stream);
        MarkWord::Scale {
            held: held
                .filter(|_| self.about.settings.measuring)
                .map(|held| Box::new(held.clone())),
        }
    }

    fn tell_mark(&mut self, mark: AnnotationId, now: RelayTime) {
        let mut newest_first = self.shown.state.marks.iter().rev();
        // One that was taken back meanwhile is not here any more, which is told too.
        let Some(held) = newest_first.find(|held| held.mark.id == mark) else {
            return;
        };
        let Anchor::Live { stream, .. } = held.mark.anchor;
        if !self.told_marks.contains_key(&stream) {
            return;
        }
        for word in words_of(held, self.about.settings.measuring) {
            self.say_of_marks(stream, word, now);
        }
    }

    fn say_of_marks(&mut self, stream: StreamId, word: MarkWord, now: RelayTime) {
        let before = self.told_marks.get(&stream).map_or(0, |told| told.revision);
        let revision = before.wrapping_add(1);
        self.told_marks.insert(stream, Told { revision, at: now });
        let word = RelayToAgent::Marks { revision, word };
        self.asks.push(Effect::Ask(stream, word));
    }
}

/// The marks of one picture that are told at once, in the order in which they were made: of those that are pinned and of
/// the others the newest. Where nobody measures they have their forms and no value.
fn in_words(marks: &[MarkState], stream: StreamId, measuring: bool) -> Vec<MarkWord> {
    let words_of = |held: &MarkState| words_of(held, measuring);
    let of_stream = |held: &&MarkState| {
        let Anchor::Live { stream: of, .. } = held.mark.anchor;
        of == stream
    };
    let newest_first = || marks.iter().rev().filter(of_stream);
    let pinned = newest_first().filter(|held| held.pinned);
    let others = newest_first().filter(|held| !held.pinned);
    let mut bytes = 0;
    let mut chosen: Vec<&MarkState> = Vec::new();
    for held in pinned.chain(others).take(MAX_MARKS_FOR_DEVICE) {
        bytes += words_of(held).iter().map(size).sum::<usize>();
        if bytes > MAX_BYTES_ANEW {
            break;
        }
        chosen.push(held);
    }
    // Entries are taken in order of their time.
    chosen.sort_by_key(|held| held.at);
    chosen.into_iter().flat_map(words_of).collect()
}

/// A mark in words that fit into control messages; none when it does not fit even without its gauge.
fn words_of(held: &MarkState, measuring: bool) -> Vec<MarkWord> {
    let mut head = held.clone();
    head.gauge = head.gauge.filter(|_| measuring);
    let rest = head
        .mark
        .shape
        .points_mut()
        .map_or_else(Vec::new, |points| {
            points.split_off(points.len().min(MARK_POINTS_AT_ONCE))
        });
    let more = u32::try_from(rest.len()).unwrap_or(u32::MAX);
    let told = |held: MarkState| MarkWord::Mark {
        held: Box::new(held),
        more,
    };
    let mut first = told(head.clone());
    if size(&first) > MAX_CONTROL_BYTES {
        head.gauge = None;
        first = told(head);
    }
    if size(&first) > MAX_CONTROL_BYTES {
        return Vec::new();
    }
    let further = rest
        .chunks(MARK_POINTS_AT_ONCE)
        .map(|points| MarkWord::Points {
            points: points.to_vec(),
        });
    std::iter::once(first).chain(further).collect()
}

/// Bytes of the message that carries a word, with the longest number.
fn size(word: &MarkWord) -> usize {
    let message = RelayToAgent::Marks {
        revision: u32::MAX,
        word: word.clone(),
    };
    serde_json::to_string(&message).map_or(usize::MAX, |text| text.len())
}
