//! What a capture agent says on its control channel, and what the relay answers.
//!
//! Sans-IO. Owns reading the text, the answers that need no consult (welcome, pong), and giving the rest to the consult.
//! A publisher that talks nonsense is not listened to any more; its picture goes on.

use super::beats::BeatInput;
use super::clips::ClipInput;
use super::effect::PictureInput;
use super::for_device::MarksInput;
use super::measuring::ScaleInput;
use super::originals::OriginalInput;
use wire::agent::{AgentToRelay, MAX_CONTROL_BYTES, RelayToAgent};
use wire::{ConsultId, RelayTime, StreamId, WIRE_VERSION};

/// Nonsense that is taken before the channel is ignored…
const MAX_STRIKES: usize = 3;
/// …within this time.
const STRIKES_US: u64 = 10_000_000;
/// Messages a second: ping twice, stamp, state, and some jitter.
const PER_S: u32 = 20;

/// What comes of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Answer this.
    Answer(RelayToAgent),
    /// Answer this, then tell the consult that its agent listens.
    Greeted(RelayToAgent),
    /// Give this to the consult.
    Tell(PictureInput),
    /// Nothing is to be done; for the count, whether it was nonsense.
    Nothing {
        /// It was not understood, came too fast, or spoke of another stream.
        refused: bool,
    },
}

/// The ear for one publisher's control channel.
#[derive(Debug)]
pub struct Ear {
    consult: ConsultId,
    stream: StreamId,
    speed: super::bucket::Bucket,
    strikes: Vec<RelayTime>,
    deaf: bool,
}

impl Ear {
    /// For a publisher of this stream.
    #[must_use]
    pub fn new(consult: ConsultId, stream: StreamId, now: RelayTime) -> Self {
        Self {
            consult,
            stream,
            speed: super::bucket::Bucket::new(PER_S, 2 * PER_S, now),
            strikes: Vec::new(),
            deaf: false,
        }
    }

    /// A text came.
    pub fn hear(&mut self, text: &str, now: RelayTime) -> Heard {
        if self.deaf || !self.speed.take(now) {
            return Heard::Nothing { refused: true };
        }
        let message = (text.len() <= MAX_CONTROL_BYTES)
            .then(|| serde_json::from_str::<AgentToRelay>(text).ok())
            .flatten();
        let Some(message) = message else {
            return self.nonsense(now);
        };
        match message {
            AgentToRelay::Hello {
                version: WIRE_VERSION,
                ..
            } => Heard::Greeted(RelayToAgent::Welcome {
                version: WIRE_VERSION,
                consult: self.consult,
                stream: self.stream,
            }),
            // Another version: its stamps would mean something else. The picture is shown without its age.
            AgentToRelay::Hello { .. } => {
                self.deaf = true;
                Heard::Answer(RelayToAgent::Welcome {
                    version: WIRE_VERSION,
                    consult: self.consult,
                    stream: self.stream,
                })
            }
            AgentToRelay::Ping { sent_at } => Heard::Answer(RelayToAgent::Pong {
                sent_at,
                relay_time: now,
            }),
            AgentToRelay::Stamp { stamp, .. } if stamp.stream != self.stream => self.nonsense(now),
            AgentToRelay::Stamp {
                stamp,
                clock_offset_us,
                clock_error_us,
            } => {
                let captured_relay = clock_offset_us.map(|offset| {
                    (
                        RelayTime(stamp.captured_at.0.saturating_add_signed(offset)),
                        clock_error_us,
                    )
                });
                Heard::Tell(PictureInput::Stamp {
                    stamp,
                    captured_relay,
                })
            }
            AgentToRelay::MarksHeld { revision } => {
                Heard::Tell(PictureInput::Marks(MarksInput::Held(revision)))
            }
            AgentToRelay::Scale { scale } => {
                Heard::Tell(PictureInput::Scale(ScaleInput::Marked(scale)))
            }
            AgentToRelay::ScaleGone { scale } => {
                Heard::Tell(PictureInput::Scale(ScaleInput::Ended(scale)))
            }
            AgentToRelay::State { source } => Heard::Tell(PictureInput::Source(source)),
            AgentToRelay::OriginalMissing { rtp_time, reason } => {
                Heard::Tell(PictureInput::Original(OriginalInput::Missing {
                    rtp_time,
                    reason,
                }))
            }
            AgentToRelay::BeatMissing { rtp_time, reason } => {
                Heard::Tell(PictureInput::Beat(BeatInput::Missing {
                    asked: rtp_time,
                    reason,
                }))
            }
            AgentToRelay::ClipMissing { clip, reason } => {
                Heard::Tell(PictureInput::Clip(ClipInput::Missing {
                    clip,
                    reason,
                    by_agent: true,
                }))
            }
        }
    }

    fn nonsense(&mut self, now: RelayTime) -> Heard {
        self.strikes
            .retain(|at| now.0.saturating_sub(at.0) < STRIKES_US);
        self.strikes.push(now);
        self.deaf = self.strikes.len() >= MAX_STRIKES;
        Heard::Nothing { refused: true }
    }
}
