//! The agent's side of the control channel: hello, clock, stamps, state.
//!
//! Owns the conversation on one data channel; ends with it. Text that is too long, not understood or of an unknown
//! kind is counted and ignored. Nothing said here names a path, an address or a patient.

use crate::clip::{Progress, Saver, Wish};
use crate::clock::CaptureClock;
use crate::frame::StreamName;
use crate::hand_scale::{HandScale, Held, ScaleInForce};
use crate::marks_board::MarksBoard;
use crate::publish::clock_sync::ClockSync;
use crate::publish::originals::Asked;
use crate::publish::uplink::chain::Shared;
use crate::publish::writer::LastSent;
use crate::status::StatusBoard;
use crate::sync::held;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use wire::agent::{AgentToRelay, MAX_CONTROL_BYTES, MarkWord, RelayToAgent};
use wire::clip::ClipGap;
use wire::measure::DepthScale;
use wire::{ClipId, ConsultId, ScaleId, WIRE_VERSION};

/// Time between pings: often enough to notice a relay that died within a second or two.
const PING: Duration = Duration::from_millis(500);
/// Time between stamps, and between states when nothing changes.
const TELL: Duration = Duration::from_secs(1);
/// Changes are told at most this often: a flapping source must not fill the channel.
const STATE_SPACING: Duration = Duration::from_millis(200);

/// Saves watched for the relay at a time; beyond that it is told that there are too many.
const MAX_WATCHED_SAVES: usize = 16;

/// Saves that the relay asked for and that are not settled; each ends with what the relay must be told, if anything.
type Saves = JoinSet<Option<(ClipId, ClipGap)>>;

/// What the conversation needs.
pub(super) struct Control {
    /// The consult of this connection.
    pub(super) consult: ConsultId,
    /// The channel.
    pub(super) channel: Arc<dyn DataChannel>,
    /// For ping and stamps.
    pub(super) clock: CaptureClock,
    /// Learns the relay's name of the stream.
    pub(super) stream: StreamName,
    /// What is told.
    pub(super) board: StatusBoard,
    /// Newest frame that went out.
    pub(super) last_sent: LastSent,
    /// When the relay last spoke.
    pub(super) heard: watch::Sender<Option<Instant>>,
    /// Where originals are asked for.
    pub(super) originals: mpsc::Sender<Asked>,
    /// Saves clips.
    pub(super) saver: Option<Saver>,
    /// What is to be seen over the picture.
    pub(super) marks: MarksBoard,
    /// The depth scale in force.
    pub(super) scale: ScaleInForce,
    /// Round trips, for whoever paces by them.
    pub(super) round_trip: watch::Sender<Option<Duration>>,
    /// Decides whether there is room for the low layer.
    pub(super) uplink: Shared,
}

/// What came out of a message.
#[derive(Debug, Clone, PartialEq)]
enum Heard {
    /// The relay named the stream: stamps make sense to it from now on.
    Welcome,
    /// Its clock.
    Time,
    /// Something about an original.
    Original,
    /// Something about marks or the scale.
    Marks,
    /// The relay says all marks anew: it understands what we say about marks and scales.
    MarksAnew,
    /// The consult has a scale that is over here.
    ScaleOver(ScaleId),
    /// Somebody needs the low layer, or nobody does.
    LowLayer,
    /// A clip is to be saved.
    Save(Wish),
    /// Not understood.
    Nonsense,
}

impl Control {
    /// Talks until the channel closes.
    pub(super) async fn run(self) {
        let mut sync = ClockSync::default();
        let (mut ignored, mut welcomed, mut saves) = (0u32, false, Saves::new());
        loop {
            match self.channel.poll().await {
                Some(DataChannelEvent::OnOpen) => break,
                Some(DataChannelEvent::OnClose | DataChannelEvent::OnError) | None => return,
                Some(_) => {}
            }
        }
        self.say(&self.hello()).await;
        let mut status = self.board.watch();
        let (mut ping, mut tell) = (interval(PING), interval(TELL));
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tell.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut state_told = Instant::now();
        let mut scale = self.scale.watch();
        // Of one that ended before this connection the relay hears when it says it.
        let mut ended = scale.borrow().ended();
        loop {
            tokio::select! {
                event = self.channel.poll() => match event {
                    Some(DataChannelEvent::OnMessage(message)) => match self.hear(&message.data, &mut sync) {
                        Heard::Welcome => {
                            welcomed = true;
                            tell.reset_immediately();
                        }
                        Heard::Time | Heard::Original | Heard::Marks | Heard::LowLayer => {}
                        Heard::MarksAnew => scale.mark_changed(),
                        Heard::ScaleOver(scale) => self.say(&AgentToRelay::ScaleGone { scale }).await,
                        Heard::Save(wish) => self.save(wish, &mut saves),
                        Heard::Nonsense => {
                            ignored = ignored.saturating_add(1);
                            tracing::debug!(ignored, "a control message was not understood");
                        }
                    },
                    Some(DataChannelEvent::OnClose | DataChannelEvent::OnError) | None => return,
                    Some(_) => {}
                },
                Some(save) = saves.join_next() => {
                    if let Ok(Some((clip, reason))) = save {
                        self.say(&AgentToRelay::ClipMissing { clip, reason }).await;
                    }
                }
                _ = ping.tick() => self.say(&AgentToRelay::Ping { sent_at: self.clock.now() }).await,
                _ = tell.tick() => {
                    if welcomed {
                        self.say_stamp(&sync).await;
                    }
                    self.say_marks_held(&sync).await;
                    self.say_state().await;
                    state_told = Instant::now();
                }
                changed = scale.changed(), if self.marks.heard().is_some() => {
                    if changed.is_err() {
                        return;
                    }
                    let now = scale.borrow_and_update().clone();
                    self.say_scale(now, &mut ended).await;
                }
                changed = status.changed(), if state_told.elapsed() >= STATE_SPACING => {
                    if changed.is_err() {
                        return;
                    }
                    self.say_state().await;
                    state_told = Instant::now();
                }
            }
        }
    }

    fn hello(&self) -> AgentToRelay {
        let words = self.board.now().source.words;
        AgentToRelay::Hello {
            version: WIRE_VERSION,
            software: concat!("hibiki capture-agent ", env!("CARGO_PKG_VERSION")).to_owned(),
            source: if words.is_empty() {
                "source not open yet".to_owned()
            } else {
                words
            },
        }
    }

    /// Takes a message in.
    fn hear(&self, text: &[u8], sync: &mut ClockSync) -> Heard {
        if text.len() > MAX_CONTROL_BYTES {
            return Heard::Nonsense;
        }
        self.heard.send_replace(Some(Instant::now()));
        match serde_json::from_slice(text) {
            Ok(RelayToAgent::Welcome {
                consult, stream, ..
            }) => {
                tracing::info!(%stream, "the relay welcomes this stream");
                self.stream.set(stream);
                self.marks.update(|marks| marks.welcomed(consult, stream));
                Heard::Welcome
            }
            Ok(RelayToAgent::Pong {
                sent_at,
                relay_time,
            }) => {
                let now = self.clock.now();
                sync.answer(sent_at, relay_time, now);
                if let Some(us) = now.0.checked_sub(sent_at.0) {
                    let took = Duration::from_micros(us);
                    self.round_trip.send_replace(Some(took));
                }
                Heard::Time
            }
            Ok(RelayToAgent::SendOriginal { rtp_time, step }) => {
                // Full: nobody can look at that many at once, and the relay says so when its time is up.
                let _ = self.originals.try_send(Asked::Original { rtp_time, step });
                Heard::Original
            }
            Ok(RelayToAgent::SendBeat { rtp_time }) => {
                let _ = self.originals.try_send(Asked::Beat { rtp_time });
                Heard::Original
            }
            Ok(RelayToAgent::StopBeat { rtp_time }) => {
                let _ = self.originals.try_send(Asked::NoBeat { rtp_time });
                Heard::Original
            }
            Ok(RelayToAgent::OriginalKept { .. }) => Heard::Original,
            Ok(RelayToAgent::Marks { revision, word }) => {
                self.marks
                    .update(|marks| marks.hears(revision, word.clone()));
                // Out of order, it is said anew.
                if self.marks.heard() == Some(revision) {
                    self.hear_of_scale(word, sync)
                } else {
                    Heard::Marks
                }
            }
            Ok(RelayToAgent::LowLayer { wanted }) => {
                held(&self.uplink).want_low(std::time::Instant::now(), wanted);
                Heard::LowLayer
            }
            Ok(RelayToAgent::SaveClip { clip, what, view }) => Heard::Save(Wish {
                clip,
                what,
                view,
                asked_in: Some(self.consult),
            }),
            Err(_) => Heard::Nonsense,
        }
    }

    /// What a word in order says of the scale, and of measuring at all.
    fn hear_of_scale(&self, word: MarkWord, sync: &ClockSync) -> Heard {
        match word {
            MarkWord::Anew { measuring, .. } => {
                self.scale.measuring_is(measuring);
                return Heard::MarksAnew;
            }
            MarkWord::Scale { held } => {
                let now = self.clock.now();
                let offset_us = sync.offset(now).map(|offset| offset.offset_us);
                let held = held.map(|held| HandScale::of_consult(*held, offset_us, now));
                if let Some(over) = self.scale.consult_has(held) {
                    return Heard::ScaleOver(over);
                }
            }
            MarkWord::ScaleGone { scale } => self.scale.taken_back(scale),
            MarkWord::Mark { .. } | MarkWord::Points { .. } | MarkWord::Gone { .. } => {}
        }
        Heard::Marks
    }

    /// Takes the frames now; what becomes of them is told when it is bad, and offered when it is good.
    fn save(&self, wish: Wish, saves: &mut Saves) {
        let clip = wish.clip;
        let Some(saver) = &self.saver else {
            saves.spawn(async move { Some((clip, ClipGap::NoAgent)) });
            return;
        };
        if saves.len() >= MAX_WATCHED_SAVES {
            saves.spawn(async move { Some((clip, ClipGap::TooMany)) });
            return;
        }
        let mut progress = saver.save(wish);
        saves.spawn(async move {
            let settled = |it: &Progress| matches!(it, Progress::Finished | Progress::Missing(_));
            match progress.wait_for(settled).await.as_deref() {
                Ok(Progress::Missing(gap)) => Some((clip, *gap)),
                _ => None,
            }
        });
    }

    async fn say_stamp(&self, sync: &ClockSync) {
        let Some(mut stamp) = *held(&self.last_sent) else {
            return;
        };
        // Every frame of this connection is known to the relay under the name that it gave, the early ones too.
        stamp.stream = self.stream.get();
        let offset = sync.offset(self.clock.now());
        let (clock_offset_us, clock_error_us) = offset.map_or((None, u32::MAX), |offset| {
            (Some(offset.offset_us), offset.error_us)
        });
        self.say(&AgentToRelay::Stamp {
            stamp,
            clock_offset_us,
            clock_error_us,
        })
        .await;
    }

    /// The relay says anew what it has to, should a word have been lost. One that says nothing of marks hears nothing.
    async fn say_marks_held(&self, sync: &ClockSync) {
        if let Some(offset) = sync.offset(self.clock.now()) {
            self.marks.relay_clock(offset.offset_us);
        }
        if let Some(revision) = self.marks.heard() {
            self.say(&AgentToRelay::MarksHeld { revision }).await;
        }
    }

    /// What was marked on this device, and what ended here of the consult; the consult's own scale is no news to it.
    async fn say_scale(&self, held: Held, ended_before: &mut Option<ScaleId>) {
        let ended = std::mem::replace(ended_before, held.ended());
        if let Some(scale) = held.ended().filter(|_| ended != held.ended()) {
            self.say(&AgentToRelay::ScaleGone { scale }).await;
        }
        if held.scale().is_some_and(|scale| scale.by.is_some()) {
            return;
        }
        let scale = held.scale().map(|marked| DepthScale {
            // As the relay names our picture now.
            stream: self.stream.get(),
            ..marked.scale.clone()
        });
        self.say(&AgentToRelay::Scale { scale }).await;
    }

    async fn say_state(&self) {
        self.say(&AgentToRelay::State {
            source: self.board.now().for_relay(),
        })
        .await;
    }

    /// Says it now or not at all: what is told here is old news a second later.
    async fn say(&self, message: &AgentToRelay) {
        let Ok(text) = serde_json::to_string(message) else {
            return;
        };
        if let Err(error) = self.channel.try_send_text(&text).await {
            tracing::debug!(error = %error, "a control message was left out");
        }
    }
}
