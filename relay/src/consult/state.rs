//! The state of a consult as pages see it: one fold over the log.
//!
//! The same fold makes the live state, every snapshot and the state after a restart; the pages' own fold agrees with it.
//! It has no rules: the core decides what gets into the log, this only reads it. Invariant: a snapshot at any entry
//! followed by the entries after it gives the same state as all entries.

use super::recorded::recorded;
use super::voice_recording::voice_recorded;
use wire::clip::{ClipHead, ClipStage, ClipState};
use wire::log::{LogEntry, LogEvent};
use wire::mark::Anchor;
use wire::measure::ScaleState;
use wire::people::Author;
use wire::socket::{
    BeatNews, BeatState, ConsultState, FreezeState, MarkState, OriginalState, StreamState,
};
use wire::{ClipId, FreezeId, RtpTime, Seq, StreamId};

/// The state after entry `head`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shown {
    /// The state.
    pub state: ConsultState,
    /// The last entry in it.
    pub head: Seq,
}

impl Shown {
    /// Takes the next entry in. Entries come in order; the log has no gaps.
    pub fn fold(&mut self, entry: &LogEntry) {
        self.head = entry.seq;
        let state = &mut self.state;
        match &entry.event {
            LogEvent::Joined { .. }
            | LogEvent::Left { .. }
            | LogEvent::VoiceOn { .. }
            | LogEvent::VoiceOff { .. }
            | LogEvent::StreamTimed { .. }
            | LogEvent::LinkSample { .. } => {}
            LogEvent::VoiceConsented { .. }
            | LogEvent::VoiceConsentEnded { .. }
            | LogEvent::VoiceRecorded { .. }
            | LogEvent::VoiceDiscardAsked {}
            | LogEvent::VoiceDiscarded {} => voice_recorded(&mut state.voice_recording, entry),
            LogEvent::StreamGap { .. }
            | LogEvent::StreamFilling { .. }
            | LogEvent::StreamFilled { .. }
            | LogEvent::StreamRecorded { .. }
            | LogEvent::StreamWeak { .. }
            | LogEvent::StreamWhole { .. } => recorded(&mut state.recordings, &entry.event),
            LogEvent::StreamStarted {
                stream,
                stamped,
                codec,
                ..
            } => {
                state.streams.retain(|known| known.stream != *stream);
                state.streams.push(StreamState {
                    stream: *stream,
                    stamped: *stamped,
                    codec: codec.clone(),
                    live: true,
                });
            }
            LogEvent::StreamStopped { stream, .. } => {
                for known in state
                    .streams
                    .iter_mut()
                    .filter(|known| known.stream == *stream)
                {
                    known.live = false;
                }
                for known in state
                    .recordings
                    .iter_mut()
                    .filter(|known| known.stream == *stream)
                {
                    known.on = false;
                }
            }
            LogEvent::Frozen { freeze, anchor } => {
                state.freeze = Some(FreezeState {
                    freeze: *freeze,
                    anchor: *anchor,
                    author: entry.author.clone(),
                    at: entry.at,
                    original: OriginalState::Awaited,
                    beat: None,
                    from_video: None,
                });
            }
            LogEvent::Stepped { freeze, anchor } => {
                if let Some(held) = state.freeze.as_mut().filter(|held| held.freeze == *freeze) {
                    held.anchor = *anchor;
                    held.original = OriginalState::Awaited;
                    held.beat = None;
                    held.from_video = None;
                }
            }
            LogEvent::OriginalKept {
                stream,
                rtp_time,
                original,
                facts,
            } => {
                let kept = OriginalState::Kept {
                    original: *original,
                    facts: facts.clone(),
                };
                self.note_original(*stream, *rtp_time, kept);
            }
            LogEvent::OriginalMissing {
                stream,
                rtp_time,
                reason,
            } => {
                let missing = OriginalState::Missing { reason: *reason };
                self.note_original(*stream, *rtp_time, missing);
            }
            LogEvent::OriginalDoubted { .. } => {}
            LogEvent::VideoPictureKept {
                stream,
                rtp_time,
                picture,
            } => {
                let (stream, rtp_time) = (*stream, *rtp_time);
                let frame = Anchor::Live { stream, rtp_time };
                if let Some(held) = state.freeze.as_mut().filter(|held| held.anchor == frame) {
                    held.from_video = Some(*picture);
                }
            }
            LogEvent::BeatAsked { freeze } => self.beat_asked(*freeze, &entry.author),
            LogEvent::BeatKept { freeze, frames, of } => {
                let (frames, of) = (frames.clone(), *of);
                self.note_beat(*freeze, BeatNews::Kept { frames, of });
            }
            LogEvent::BeatMissing { freeze, reason } => {
                self.note_beat(*freeze, BeatNews::Missing { reason: *reason });
            }
            LogEvent::BeatEnded { freeze } => {
                if let Some(beat) = self.beat_of(*freeze).and_then(Option::as_mut) {
                    beat.shown = false;
                }
            }
            LogEvent::Released { .. } => state.freeze = None,
            LogEvent::Calibrated { scale } => {
                let of = scale.stream;
                state.scales.retain(|held| held.scale.stream != of);
                state.scales.push(ScaleState {
                    scale: scale.clone(),
                    author: entry.author.clone(),
                    at: entry.at,
                });
            }
            LogEvent::CalibrationWithdrawn { scale } => {
                state.scales.retain(|held| held.scale.id != *scale);
            }
            LogEvent::ClipAsked { clip, .. } => {
                self.note_clip(entry, *clip, None, ClipStage::Asked);
            }
            LogEvent::ClipSaved { head } => {
                self.note_clip(entry, head.clip, Some(head), ClipStage::Arriving);
            }
            LogEvent::ClipKept { clip } => self.note_clip(entry, *clip, None, ClipStage::Kept),
            LogEvent::ClipMissing { clip, reason } => {
                let missing = ClipStage::Missing { reason: *reason };
                self.note_clip(entry, *clip, None, missing);
            }
            LogEvent::Marked { mark, gauge } => {
                if let Some(replaced) = mark.replaces {
                    state.marks.retain(|held| held.mark.id != replaced);
                }
                state.marks.push(MarkState {
                    mark: mark.clone(),
                    author: entry.author.clone(),
                    at: entry.at,
                    pinned: false,
                    gauge: gauge.clone(),
                });
            }
            LogEvent::Withdrawn { mark } => state.marks.retain(|held| held.mark.id != *mark),
            LogEvent::Pinned { mark, pinned } => {
                // A pin follows its mark closely, so the newest are looked at first.
                if let Some(held) = state
                    .marks
                    .iter_mut()
                    .rev()
                    .find(|held| held.mark.id == *mark)
                {
                    held.pinned = *pinned;
                }
            }
        }
    }

    /// Somebody wants to see it: what is kept as a whole stays, anything less is asked for anew.
    fn beat_asked(&mut self, freeze: FreezeId, author: &Author) {
        let Some(beat) = self.beat_of(freeze) else {
            return;
        };
        let kept = beat.take().map(|held| held.news).filter(is_whole);
        *beat = Some(BeatState {
            shown: true,
            author: author.clone(),
            news: kept.unwrap_or(BeatNews::Awaited),
        });
    }

    fn note_beat(&mut self, freeze: FreezeId, news: BeatNews) {
        if let Some(beat) = self.beat_of(freeze).and_then(Option::as_mut) {
            beat.news = news;
        }
    }

    fn beat_of(&mut self, freeze: FreezeId) -> Option<&mut Option<BeatState>> {
        let held = self.state.freeze.as_mut();
        held.filter(|held| held.freeze == freeze)
            .map(|held| &mut held.beat)
    }

    /// About a clip, which the first entry about it puts at the end of the list. One that is kept stays as it is.
    fn note_clip(
        &mut self,
        entry: &LogEntry,
        clip: ClipId,
        head: Option<&ClipHead>,
        stage: ClipStage,
    ) {
        let clips = &mut self.state.clips;
        match clips.iter_mut().find(|known| known.clip == clip) {
            Some(known) if known.stage == ClipStage::Kept => {}
            Some(known) => {
                known.stage = stage;
                if let Some(head) = head {
                    known.head = Some(head.clone());
                }
            }
            None => clips.push(ClipState {
                clip,
                author: entry.author.clone(),
                at: entry.at,
                head: head.cloned(),
                stage,
            }),
        }
    }

    /// About the frozen frame, unless its original is kept: then nothing takes that away.
    fn note_original(&mut self, stream: StreamId, rtp_time: RtpTime, original: OriginalState) {
        let frame = Anchor::Live { stream, rtp_time };
        if let Some(freeze) = &mut self.state.freeze
            && freeze.anchor == frame
            && !matches!(freeze.original, OriginalState::Kept { .. })
        {
            freeze.original = original;
        }
    }
}

/// Whether all frames of a beat are kept.
pub(super) fn is_whole(news: &BeatNews) -> bool {
    matches!(news, BeatNews::Kept { frames, of } if frames.len() as u64 >= u64::from(*of))
}
