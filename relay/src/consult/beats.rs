//! The rules of a beat (that beat again): who asks for it, what the log says of it, when it is taken for cut short.
//!
//! Called by the core for what a page said, for frames that are kept, and when the picture or the freeze ends. Pages hear of
//! frames as they can be had; the log gets them once, when the last one is there or no more will come. Invariant: of a beat
//! that was asked for the log says in the end what is kept of it, or why nothing is; at most one is on its way.

use super::core::{Consult, Refused, refusal};
use super::effect::{Audience, Effect, Newcomer, SocketKey};
use super::rights::rights;
use super::state::is_whole;
use wire::agent::RelayToAgent;
use wire::log::{LogEntry, LogEvent};
use wire::mark::Anchor;
use wire::original::{BeatFrame, MAX_BEAT_FRAMES, OriginalGap};
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::socket::{BeatNews, FromRelay};
use wire::{FreezeId, RelayTime, RtpTime, StreamId};

/// From one frame to the next: a frame of full HD in colour takes 16 s on 2 Mbit/s, and a single original may go first.
const NEXT_FRAME_US: u64 = 30_000_000;
/// An agent begins within this, or is taken for away; a single original may go first.
const FIRST_FRAME_US: u64 = 8_000_000;

/// A beat that is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Beat {
    freeze: FreezeId,
    stream: StreamId,
    /// The frozen frame, at which it ends.
    rtp_time: RtpTime,
    /// Who asked, if they are to be told what went wrong.
    socket: Option<SocketKey>,
    /// What is kept so far, in order of coming.
    frames: Vec<BeatFrame>,
    /// Frames that it will have; 0 before the first one came.
    of: u32,
    pub(super) until: RelayTime,
}

/// What becomes of a beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeatInput {
    /// Frames of it are durable in the store.
    Kept {
        /// The frame at which it ends.
        asked: RtpTime,
        /// In order of coming.
        frames: Vec<BeatFrame>,
        /// Frames that the agent has of it.
        of: u32,
        /// Nothing of it follows.
        last: bool,
    },
    /// Nothing of it comes, or no more.
    Missing {
        /// The frame at which it ends.
        asked: RtpTime,
        /// Why.
        reason: OriginalGap,
    },
}

impl Consult {
    /// Somebody wants everybody to see the beat, or to stand on the frozen frame again.
    pub(super) fn show_beat(
        &mut self,
        (socket, who): (SocketKey, &Newcomer),
        freeze: FreezeId,
        shown: bool,
        now: RelayTime,
    ) -> Result<(), ProblemCode> {
        if !rights(who.role).freeze {
            return Err(ProblemCode::NotAllowed);
        }
        let held = self.shown.state.freeze.as_ref();
        let Some(held) = held.filter(|held| held.freeze == freeze) else {
            return Err(ProblemCode::NotFrozen);
        };
        let Anchor::Live { stream, rtp_time } = held.anchor;
        let is_shown = held.beat.as_ref().is_some_and(|beat| beat.shown);
        let missing = matches!(
            held.beat.as_ref().map(|beat| &beat.news),
            Some(BeatNews::Missing { .. })
        );
        let whole = held.beat.as_ref().is_some_and(|beat| is_whole(&beat.news));
        if !shown {
            if is_shown {
                self.cut_beat(now);
                return self.append(who.author(), LogEvent::BeatEnded { freeze }, now);
            }
            return Ok(());
        }
        // Two at once: the first one's is on its way, or everybody sees it already.
        if self.beat.is_some() || (is_shown && !missing) {
            return Ok(());
        }
        self.append(who.author(), LogEvent::BeatAsked { freeze }, now)?;
        if !whole {
            self.ask_for_beat((freeze, stream, rtp_time), Some(socket), now);
        }
        Ok(())
    }

    fn ask_for_beat(
        &mut self,
        (freeze, stream, rtp_time): (FreezeId, StreamId, RtpTime),
        socket: Option<SocketKey>,
        now: RelayTime,
    ) {
        let reason = match self.running.get(&stream) {
            Some(picture) if picture.stamped => {
                self.beat = Some(Beat {
                    freeze,
                    stream,
                    rtp_time,
                    socket,
                    frames: Vec::new(),
                    of: 0,
                    until: RelayTime(now.0 + FIRST_FRAME_US),
                });
                let word = RelayToAgent::SendBeat { rtp_time };
                self.asks.push(Effect::Ask(stream, word));
                return;
            }
            Some(_) => OriginalGap::NoAgent,
            None => OriginalGap::AgentAway,
        };
        let missing = LogEvent::BeatMissing { freeze, reason };
        let _ = self.append(Author::Relay, missing, now);
    }

    /// After a restart or a failure of the store: a beat that the log has as awaited is asked for once more, or said to be
    /// missing.
    pub(super) fn resume_beat(&mut self, now: RelayTime) {
        self.beat = None;
        let held = self.shown.state.freeze.as_ref();
        let awaited = held.filter(|held| {
            held.beat
                .as_ref()
                .is_some_and(|beat| beat.shown && beat.news == BeatNews::Awaited)
        });
        if let Some((freeze, Anchor::Live { stream, rtp_time })) =
            awaited.map(|held| (held.freeze, held.anchor))
        {
            self.ask_for_beat((freeze, stream, rtp_time), None, now);
        }
    }

    /// A picture runs again: a beat that everybody waits for in vain is asked for again.
    pub(super) fn ask_again_for_beat(&mut self, stream: StreamId, now: RelayTime) {
        let held = self.shown.state.freeze.as_ref();
        let owed = held.filter(|held| {
            held.beat
                .as_ref()
                .is_some_and(|beat| beat.shown && !matches!(beat.news, BeatNews::Kept { .. }))
        });
        let Some((
            freeze,
            author,
            Anchor::Live {
                stream: of,
                rtp_time,
            },
        )) = owed.and_then(|held| {
            let beat = held.beat.as_ref()?;
            Some((held.freeze, beat.author.clone(), held.anchor))
        })
        else {
            return;
        };
        if of == stream
            && self
                .append(author, LogEvent::BeatAsked { freeze }, now)
                .is_ok()
        {
            self.ask_for_beat((freeze, stream, rtp_time), None, now);
        }
    }

    /// Frames are kept, or none will come.
    pub(super) fn beat_came(
        &mut self,
        stream: StreamId,
        input: &BeatInput,
        now: RelayTime,
    ) -> Vec<Effect> {
        match input {
            BeatInput::Kept {
                asked,
                frames,
                of,
                last,
            } => self.beat_grew(stream, (*asked, *of, *last), frames, now),
            BeatInput::Missing { asked, reason } => {
                let ours = |beat: &mut Beat| beat.stream == stream && beat.rtp_time == *asked;
                if let Some(beat) = self.beat.take_if(ours) {
                    if let Some(socket) = beat.socket.filter(|_| *reason == OriginalGap::NotKept) {
                        let refused = Refused {
                            code: ProblemCode::StorageFailed,
                            mark: None,
                            freeze: None,
                            clip: None,
                        };
                        self.asks.push(refusal(socket, refused));
                    }
                    self.stop_sending(&beat);
                    self.end_beat(beat, Some(*reason), now);
                }
                Vec::new()
            }
        }
    }

    fn beat_grew(
        &mut self,
        stream: StreamId,
        (asked, of, last): (RtpTime, u32, bool),
        frames: &[BeatFrame],
        now: RelayTime,
    ) -> Vec<Effect> {
        let Some(beat) = self
            .beat
            .as_mut()
            .filter(|beat| beat.stream == stream && beat.rtp_time == asked)
        else {
            return Vec::new();
        };
        let room = MAX_BEAT_FRAMES.saturating_sub(beat.frames.len());
        let frames: Vec<BeatFrame> = frames.iter().take(room).copied().collect();
        beat.frames.extend_from_slice(&frames);
        beat.of = of;
        beat.until = RelayTime(now.0 + NEXT_FRAME_US);
        let said = FromRelay::BeatFrames {
            freeze: beat.freeze,
            frames,
            of,
        };
        if last && let Some(beat) = self.beat.take() {
            self.end_beat(beat, Some(OriginalGap::AgentAway), now);
        }
        vec![Effect::Say(Audience::All, said)]
    }

    /// Whether pages were told of this frame as one of the beat before the frozen frame.
    pub(super) fn is_of_beat(&self, rtp_time: RtpTime) -> bool {
        let has = |frames: &[BeatFrame]| frames.iter().any(|frame| frame.rtp_time == rtp_time);
        let shown = self.shown.state.freeze.as_ref();
        let news = shown
            .and_then(|held| held.beat.as_ref())
            .map(|beat| &beat.news);
        let kept = matches!(news, Some(BeatNews::Kept { frames, .. }) if has(frames));
        // Between its last frame and the disk's word that the log has them, it is neither on its way nor shown.
        let mut unstored = self.storing.iter().chain(&self.waiting);
        let ends = |entry: &LogEntry| matches!(&entry.event, LogEvent::BeatKept { frames, .. } if has(frames));
        kept || unstored.any(ends) || self.beat.as_ref().is_some_and(|beat| has(&beat.frames))
    }

    /// What somebody who comes now has missed of a beat that is on its way.
    pub(super) fn beat_so_far(&self) -> Option<FromRelay> {
        let beat = self.beat.as_ref().filter(|beat| !beat.frames.is_empty())?;
        Some(FromRelay::BeatFrames {
            freeze: beat.freeze,
            frames: beat.frames.clone(),
            of: beat.of,
        })
    }

    /// Time passed: no more comes.
    pub(super) fn give_up_beat(&mut self, now: RelayTime) {
        if let Some(late) = self.beat.take_if(|beat| beat.until <= now) {
            self.stop_sending(&late);
            self.end_beat(late, Some(OriginalGap::AgentAway), now);
        }
    }

    /// The freeze ends or moves, or the beat is not wanted any more: what came stays on record.
    pub(super) fn cut_beat(&mut self, now: RelayTime) {
        if let Some(beat) = self.beat.take() {
            self.stop_sending(&beat);
            self.end_beat(beat, None, now);
        }
    }

    /// The picture that it comes with ended.
    pub(super) fn cut_beat_of(&mut self, stream: StreamId, now: RelayTime) {
        if let Some(beat) = self.beat.take_if(|beat| beat.stream == stream) {
            self.end_beat(beat, Some(OriginalGap::AgentAway), now);
        }
    }

    fn stop_sending(&mut self, beat: &Beat) {
        let word = RelayToAgent::StopBeat {
            rtp_time: beat.rtp_time,
        };
        self.asks.push(Effect::Ask(beat.stream, word));
    }

    /// No more of it comes. Without a frame and without a reason there is nothing to say: nobody wants it any more.
    fn end_beat(&mut self, beat: Beat, reason: Option<OriginalGap>, now: RelayTime) {
        let Beat {
            freeze,
            mut frames,
            of,
            rtp_time,
            ..
        } = beat;
        frames.sort_by_key(|frame| frame.rtp_time.since(rtp_time));
        frames.dedup_by_key(|frame| frame.rtp_time);
        let event = match (frames.is_empty(), reason) {
            (false, _) => LogEvent::BeatKept { freeze, frames, of },
            (true, Some(reason)) => LogEvent::BeatMissing { freeze, reason },
            (true, None) => return,
        };
        let _ = self.append(Author::Relay, event, now);
    }
}
