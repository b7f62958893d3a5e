//! Brings what happens in the media part to the consults it happens in.
//!
//! One task reads the media events in order. Answers to an agent's clock questions leave from here, without a detour
//! through the consult, so that the clock it learns is right. Nothing here waits for a consult's disk.

use super::agents::Agents;
use super::beat_keeper::BeatKeeper;
use super::hub::Hub;
use super::intake::Intake;
use super::keeper::{From, Keeper};
use super::log::ConsultLog;
use crate::clock::Clock;
use crate::consult::admission::Admission;
use crate::consult::agent::Heard;
use crate::consult::assembly::{Assembly, Pieced};
use crate::consult::{Input, MarksInput, PictureInput, VoiceInput};
use crate::metrics::Metrics;
use crate::recording::{Recorders, VoiceRecorders};
use crate::sfu::{MediaSessionId, OriginalPart, SfuEvent, Speech, StopReason};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use wire::agent::RelayToAgent;
use wire::log::StreamEnd;
use wire::voice::VoiceState;
use wire::{ConsultId, SessionId, StreamId};

/// The way from media events to consults.
pub struct Pictures<L: ConsultLog> {
    /// Where consults are.
    pub hub: Hub<L>,
    /// To answer agents.
    pub agents: Agents,
    /// Keeps what agents send.
    pub keeper: Keeper,
    /// Keeps what they send of beats.
    pub beats: BeatKeeper,
    /// Takes clips in.
    pub intake: Intake,
    /// Record the pictures.
    pub recorders: Recorders,
    /// Record voices.
    pub voices: VoiceRecorders,
    /// For the answers.
    pub clock: Arc<Clock>,
    /// For the counts.
    pub metrics: Arc<Metrics>,
    /// Told when a media session is up or gone.
    pub sessions: Box<dyn Fn(MediaSessionId, SessionNews) + Send + Sync>,
    /// Whose voice a media session carries.
    pub talker: Box<dyn Fn(MediaSessionId) -> Option<SessionId> + Send + Sync>,
    /// Which page watches over a media session.
    pub watcher: Box<dyn Fn(MediaSessionId) -> Option<SessionId> + Send + Sync>,
}

/// What happened to a media session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionNews {
    /// A viewer's connection is up.
    Connected,
    /// It ended.
    Gone,
}

impl<L: ConsultLog> Pictures<L> {
    /// Runs until the media part ends.
    pub async fn run(self, mut events: mpsc::Receiver<SfuEvent>) {
        while let Some(event) = events.recv().await {
            self.happened(event).await;
        }
    }

    async fn happened(&self, event: SfuEvent) {
        let publishers = self.hub.publishers();
        match event {
            SfuEvent::StreamStarted {
                consult,
                session,
                codec,
                ours,
                rtp_offset,
                ..
            } => {
                let started = publishers.started(consult, session, codec.name(), ours, rtp_offset);
                if let Some(picture) = started {
                    self.tell(consult, picture.stream, PictureInput::Started(picture))
                        .await;
                }
            }
            SfuEvent::StreamStopped {
                consult,
                stream,
                session,
                reason,
            } => {
                if publishers.stopped(consult, session) {
                    self.recorders.stopped(stream);
                    self.tell(consult, stream, PictureInput::Stopped(stream_end(reason)))
                        .await;
                }
            }
            SfuEvent::ControlMessage {
                consult,
                stream,
                session,
                text,
            } => self.heard(consult, stream, session, &text).await,
            SfuEvent::Original {
                consult,
                stream,
                session,
                part,
            } => {
                let from = From {
                    consult,
                    stream,
                    session,
                };
                self.pieced(from, &part);
            }
            SfuEvent::Clip {
                consult,
                stream,
                session,
                part,
            } => {
                let from = From {
                    consult,
                    stream,
                    session,
                };
                self.intake.take(&self.hub, from, part);
            }
            SfuEvent::Backfill {
                stream,
                session,
                part,
                ..
            } => self.recorders.backfill(stream, session, part),
            SfuEvent::PictureFlow {
                consult,
                stream,
                span,
                frames,
                bytes,
                ..
            } => {
                self.tell(
                    consult,
                    stream,
                    PictureInput::Arrived {
                        frames,
                        bytes,
                        span_us: micros(span),
                    },
                )
                .await;
            }
            SfuEvent::PublisherGone {
                consult, session, ..
            } => {
                publishers.gone(consult, session);
                self.intake.gone(session);
                self.recorders.gone(session);
                (self.sessions)(session, SessionNews::Gone);
            }
            SfuEvent::WatcherConnected { session, .. } => {
                (self.sessions)(session, SessionNews::Connected)
            }
            SfuEvent::WatcherLayer {
                consult,
                session,
                low,
            } => self.layer(consult, session, low).await,
            SfuEvent::LowLayer {
                session, wanted, ..
            } => {
                tracing::info!(%session, wanted, "the low layer");
                self.agents.say(session, &RelayToAgent::LowLayer { wanted });
            }
            SfuEvent::WatcherGone { session, .. } => (self.sessions)(session, SessionNews::Gone),
            SfuEvent::TalkerConnected {
                consult,
                session,
                speaks,
            } => {
                let line = session.uuid();
                self.voice(consult, session, VoiceInput::Up { line, speaks })
                    .await;
            }
            SfuEvent::Spoke {
                consult,
                session,
                speech,
            } => {
                let (line, state) = (session.uuid(), voice_state(speech));
                self.voice(consult, session, VoiceInput::Heard { line, state })
                    .await;
            }
            SfuEvent::TalkerGone {
                consult, session, ..
            } => {
                self.voices.gone(session);
                let line = session.uuid();
                self.voice(consult, session, VoiceInput::Down { line })
                    .await;
                (self.sessions)(session, SessionNews::Gone);
            }
            SfuEvent::ControlOpen { .. } => {}
        }
    }

    /// A piece of an original came; a whole one is kept.
    fn pieced(&self, from: From, part: &OriginalPart) {
        let piece = |assembly: &mut Assembly, admission: &mut Admission| match part {
            OriginalPart::Head(text) => assembly.head(text, admission),
            OriginalPart::Piece(bytes) => assembly.piece(bytes),
        };
        let publishers = self.hub.publishers();
        let heard = publishers.listen(from.consult, from.session, |_, assembly, admission| {
            piece(assembly, admission)
        });
        match heard {
            Some(Pieced::Whole { head, blob }) if head.beat.is_some() => {
                self.beats.keep(&self.hub, from, head, blob);
            }
            Some(Pieced::Whole { head, blob }) => self.keeper.keep(&self.hub, from, head, blob),
            Some(Pieced::More) => {}
            Some(Pieced::Refused) | None => self.metrics.originals_refused.up(),
        }
    }

    async fn heard(
        &self,
        consult: ConsultId,
        stream: StreamId,
        session: MediaSessionId,
        text: &str,
    ) {
        let now = self.clock.now();
        match self
            .hub
            .publishers()
            .listen(consult, session, |ear, _, _| ear.hear(text, now))
        {
            Some(Heard::Answer(answer)) => {
                if let RelayToAgent::Pong { sent_at, .. } = &answer {
                    self.recorders.clock(stream, session, *sent_at);
                }
                self.agents.say(session, &answer);
            }
            Some(Heard::Greeted(answer)) => {
                self.agents.say(session, &answer);
                let greeted = PictureInput::Marks(MarksInput::Greeted);
                self.tell(consult, stream, greeted).await;
            }
            Some(Heard::Tell(input)) => {
                if let PictureInput::Stamp {
                    captured_relay: Some((captured, _)),
                    ..
                } = &input
                {
                    self.metrics
                        .image_age
                        .took(Duration::from_micros(now.0.saturating_sub(captured.0)));
                }
                self.tell(consult, stream, input).await;
            }
            Some(Heard::Nothing { refused: true }) | None => {
                self.metrics.agent_messages_refused.up()
            }
            Some(Heard::Nothing { refused: false }) => {}
        }
    }

    async fn voice(&self, consult: ConsultId, session: MediaSessionId, input: VoiceInput) {
        let Some(page) = (self.talker)(session) else {
            return;
        };
        if let Err(code) = self.hub.tell(consult, Input::Voice(page, input)).await {
            tracing::warn!(%consult, ?code, "a consult did not hear of a voice");
        }
    }

    async fn layer(&self, consult: ConsultId, session: MediaSessionId, low: bool) {
        tracing::info!(%consult, %session, low, "a viewer gets another layer");
        let Some(page) = (self.watcher)(session) else {
            return;
        };
        if let Err(code) = self.hub.tell(consult, Input::Layer(page, low)).await {
            tracing::warn!(%consult, ?code, "a page did not hear of its layer");
        }
    }

    async fn tell(&self, consult: ConsultId, stream: StreamId, input: PictureInput) {
        if let Err(code) = self.hub.tell(consult, Input::Picture(stream, input)).await {
            tracing::warn!(%consult, ?code, "a consult did not hear of its picture");
        }
    }
}

const fn stream_end(reason: StopReason) -> StreamEnd {
    match reason {
        StopReason::Closed => StreamEnd::Finished,
        StopReason::Silent | StopReason::Failed => StreamEnd::Lost,
        StopReason::Replaced => StreamEnd::Replaced,
    }
}

const fn voice_state(speech: Speech) -> VoiceState {
    match speech {
        Speech::Quiet => VoiceState::Quiet,
        Speech::Speaking => VoiceState::Speaking,
        Speech::Unheard => VoiceState::Unheard,
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
