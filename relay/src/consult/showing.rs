//! The picture in a consult: what the log says of it and what pages are told.
//!
//! Called by the core. Invariant: of a stream that runs the log says so, or will once it can be written again.

use super::core::Consult;
use super::effect::{Audience, Effect, PictureInput, RunningPicture};
use super::flow::Flow;
use wire::log::{LogEvent, StreamEnd};
use wire::people::Author;
use wire::{RelayTime, StreamId};

impl Consult {
    pub(super) fn picture(
        &mut self,
        stream: StreamId,
        picture: PictureInput,
        now: RelayTime,
    ) -> Vec<Effect> {
        match &picture {
            PictureInput::Started(picture) => {
                self.running.insert(stream, picture.clone());
                self.timings.remove(&stream);
                if self.ledger.streams.get(&stream) == Some(&true) {
                    let _ = self.append(
                        picture.author.clone(),
                        LogEvent::StreamStopped {
                            stream,
                            reason: StreamEnd::Replaced,
                        },
                        now,
                    );
                }
                self.log_start(picture.clone(), now);
                if !self.flows.iter().any(|(known, _)| *known == stream) {
                    self.flows.push((stream, Flow::new(stream, now)));
                }
                self.ask_again_for_original(stream, now);
                self.ask_again_for_beat(stream, now);
                self.ask_again_for_stills(stream);
                self.picture_has_agent(stream, now);
            }
            PictureInput::Original(input) => self.original(stream, input.clone(), now),
            PictureInput::Beat(input) => return self.beat_came(stream, input, now),
            PictureInput::Clip(input) => {
                let running = self.running.get(&stream);
                let author = running.map_or(Author::Relay, |picture| picture.author.clone());
                self.clip(author, input.clone(), now);
            }
            PictureInput::Marks(input) => self.agent_and_marks(stream, *input, now),
            PictureInput::Scale(scale) => self.scale_of_device(stream, scale, now),
            PictureInput::Recording(input) => {
                // What the log cannot take is in the recording itself.
                let _ = self.append(Author::Relay, input.event(stream), now);
            }
            PictureInput::Stopped(reason) => {
                let Some(running) = self.running.remove(&stream) else {
                    return Vec::new();
                };
                self.told_marks.remove(&stream);
                self.cut_beat_of(stream, now);
                let _ = self.append(
                    running.author,
                    LogEvent::StreamStopped {
                        stream,
                        reason: *reason,
                    },
                    now,
                );
            }
            PictureInput::Stamp {
                stamp,
                captured_relay: Some((captured, error_us)),
            } => self.time_picture(stream, (stamp, *captured, *error_us), now),
            PictureInput::Arrived { .. } | PictureInput::Stamp { .. } | PictureInput::Source(_) => {
            }
        }
        let flow = self.flows.iter_mut().find(|(known, _)| *known == stream);
        let said = flow.map_or_else(Vec::new, |(_, flow)| flow.apply(picture, now));
        said.into_iter()
            .map(|message| Effect::Say(Audience::All, message))
            .collect()
    }

    /// Without the disk the picture runs all the same; the log gets to know when it can be written again.
    pub(super) fn log_start(&mut self, picture: RunningPicture, now: RelayTime) {
        let RunningPicture {
            stream,
            author,
            codec,
            stamped,
            rtp_offset,
        } = picture;
        let _ = self.append(
            author,
            LogEvent::StreamStarted {
                stream,
                stamped,
                codec,
                rtp_offset: (rtp_offset != 0).then_some(rtp_offset),
            },
            now,
        );
    }
}
