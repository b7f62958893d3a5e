//! What the rules need to know of the log: who made which mark, what is frozen, what runs, who is here.
//!
//! Runs ahead of the stored log by the entries that are on their way to the disk, so that two answers to the same
//! question cannot both be right. Made by folding the log; after a failed write it is thrown away and made again.
//! For a mark it keeps a digest and not the points: 10,000 marks take about 1 MiB.

use super::clips::{KnownClip, KnownStage};
use super::voice_recording::voice_recorded;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use wire::clip::ClipGap;
use wire::log::{LogEntry, LogEvent};
use wire::mark::Annotation;
use wire::measure::ScaleState;
use wire::original::{FrameFacts, Original};
use wire::people::Author;
use wire::voice::VoiceRecording;
use wire::{
    AnnotationId, ClipId, ConsentId, FreezeId, PersonId, RelayTime, RtpTime, ScaleId, SessionId,
    StreamId,
};

/// First bytes of a SHA-256, enough to tell two contents of one id apart.
type Fingerprint = [u8; 16];

/// What is known of a mark, for ever: ids are never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownMark {
    /// Who made it.
    pub author: Option<PersonId>,
    /// Whether it is neither withdrawn nor replaced.
    pub in_force: bool,
    /// Whether it stays over the running picture.
    pub pinned: bool,
    /// Of its content.
    fingerprint: Fingerprint,
}

impl KnownMark {
    /// Whether this is the very same mark, so that sending it again changes nothing.
    #[must_use]
    pub fn is(&self, mark: &Annotation) -> bool {
        fingerprint(mark) == self.fingerprint
    }
}

/// An original that is kept, and what is known with it.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptOriginal {
    /// What is kept.
    pub original: Original,
    /// What is known of the frame beside its pixels.
    pub facts: FrameFacts,
    /// When the log said so.
    pub at: RelayTime,
}

/// What the rules know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    /// Every mark ever made here.
    pub marks: HashMap<AnnotationId, KnownMark>,
    /// The freeze in force and who froze.
    pub freeze: Option<(FreezeId, Option<PersonId>)>,
    /// Every freeze ever made here.
    pub freezes: HashSet<FreezeId>,
    /// Every stream ever seen here, and whether the log says that it runs.
    pub streams: HashMap<StreamId, bool>,
    /// Frames whose original is kept.
    pub originals: HashMap<(StreamId, RtpTime), KeptOriginal>,
    /// Depth scales in force.
    pub scales: HashMap<StreamId, ScaleState>,
    /// Every depth scale ever marked here.
    pub known_scales: HashSet<ScaleId>,
    /// Streams, with the width and height of the pictures in which one was ever marked.
    pub scaled: HashSet<(StreamId, u32, u32)>,
    /// Who joined and did not leave, by the log.
    pub joined: HashMap<SessionId, Author>,
    /// Whose voice is on, by the log.
    pub voices: HashMap<SessionId, Author>,
    /// The recording of voices.
    pub voice_recording: VoiceRecording,
    /// Every consent to it ever given here.
    pub consents: HashSet<ConsentId>,
    /// Every clip ever asked for or offered here.
    pub clips: HashMap<ClipId, KnownClip>,
}

impl Ledger {
    /// Takes the next entry in.
    pub fn fold(&mut self, entry: &LogEntry) {
        match &entry.event {
            LogEvent::Joined { session, .. } => {
                self.joined.insert(*session, entry.author.clone());
            }
            LogEvent::Left { session } => {
                self.joined.remove(session);
            }
            LogEvent::VoiceOn { session } => {
                self.voices.insert(*session, entry.author.clone());
            }
            LogEvent::VoiceOff { session } => {
                self.voices.remove(session);
            }
            LogEvent::VoiceConsented { .. }
            | LogEvent::VoiceConsentEnded { .. }
            | LogEvent::VoiceRecorded { .. }
            | LogEvent::VoiceDiscardAsked {}
            | LogEvent::VoiceDiscarded {} => {
                if let LogEvent::VoiceConsented { consent, .. } = entry.event {
                    self.consents.insert(consent);
                }
                voice_recorded(&mut self.voice_recording, entry);
            }
            LogEvent::StreamStarted { stream, .. } => {
                self.streams.insert(*stream, true);
            }
            LogEvent::StreamStopped { stream, .. } => {
                self.streams.insert(*stream, false);
            }
            LogEvent::Frozen { freeze, .. } => {
                self.freeze = Some((*freeze, person(&entry.author)));
                self.freezes.insert(*freeze);
            }
            LogEvent::Released { .. } => self.freeze = None,
            LogEvent::OriginalKept {
                stream,
                rtp_time,
                original,
                facts,
            } => {
                let kept = KeptOriginal {
                    original: *original,
                    facts: facts.clone(),
                    at: entry.at,
                };
                self.originals.insert((*stream, *rtp_time), kept);
            }
            LogEvent::Calibrated { scale } => {
                let held = ScaleState {
                    scale: scale.clone(),
                    author: entry.author.clone(),
                    at: entry.at,
                };
                self.known_scales.insert(scale.id);
                self.scaled
                    .insert((scale.stream, scale.width, scale.height));
                self.scales.insert(scale.stream, held);
            }
            LogEvent::CalibrationWithdrawn { scale } => {
                self.scales.retain(|_, held| held.scale.id != *scale);
            }
            LogEvent::LinkSample { .. }
            | LogEvent::StreamGap { .. }
            | LogEvent::StreamFilling { .. }
            | LogEvent::StreamFilled { .. }
            | LogEvent::StreamRecorded { .. }
            | LogEvent::StreamWeak { .. }
            | LogEvent::StreamWhole { .. }
            | LogEvent::StreamTimed { .. }
            | LogEvent::Stepped { .. }
            | LogEvent::OriginalMissing { .. }
            | LogEvent::OriginalDoubted { .. }
            | LogEvent::VideoPictureKept { .. }
            | LogEvent::BeatAsked { .. }
            | LogEvent::BeatKept { .. }
            | LogEvent::BeatMissing { .. }
            | LogEvent::BeatEnded { .. } => {}
            LogEvent::ClipAsked { clip, what } => {
                let asked = Some((person(&entry.author), *what));
                self.clip(*clip, KnownStage::Asked).asked = asked;
            }
            LogEvent::ClipSaved { head } => self.note_clip(head.clip, KnownStage::Saved),
            LogEvent::ClipKept { clip } => self.note_clip(*clip, KnownStage::Kept),
            LogEvent::ClipMissing { clip, reason } => {
                self.note_clip(*clip, KnownStage::Missing(*reason));
                self.clip(*clip, KnownStage::Missing(*reason)).disputed |=
                    *reason == ClipGap::Conflict;
            }
            LogEvent::Marked { mark, .. } => self.marked(mark, &entry.author),
            LogEvent::Withdrawn { mark } => self.take_back(*mark),
            LogEvent::Pinned { mark, pinned } => {
                if let Some(known) = self.marks.get_mut(mark) {
                    known.pinned = *pinned;
                }
            }
        }
    }

    /// What is kept stays kept.
    fn note_clip(&mut self, clip: ClipId, stage: KnownStage) {
        let known = self.clip(clip, stage);
        if known.stage != KnownStage::Kept {
            known.stage = stage;
        }
    }

    fn clip(&mut self, clip: ClipId, stage: KnownStage) -> &mut KnownClip {
        self.clips.entry(clip).or_insert(KnownClip {
            asked: None,
            stage,
            disputed: false,
        })
    }

    fn marked(&mut self, mark: &Annotation, author: &Author) {
        if let Some(replaced) = mark.replaces {
            self.take_back(replaced);
        }
        let known = KnownMark {
            author: person(author),
            in_force: true,
            pinned: false,
            fingerprint: fingerprint(mark),
        };
        self.marks.insert(mark.id, known);
    }

    fn take_back(&mut self, mark: AnnotationId) {
        if let Some(known) = self.marks.get_mut(&mark) {
            known.in_force = false;
        }
    }
}

fn person(author: &Author) -> Option<PersonId> {
    match author {
        Author::Person { person, .. } => Some(*person),
        Author::Device { .. } | Author::Relay => None,
    }
}

/// Of the JSON: numbers are read and written exactly, so the same mark has the same text.
fn fingerprint(mark: &Annotation) -> Fingerprint {
    let json = serde_json::to_vec(mark).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(json).into();
    let mut first = Fingerprint::default();
    first.copy_from_slice(digest.first_chunk::<16>().unwrap_or(&[0; 16]));
    first
}
