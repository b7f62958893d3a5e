//! The agent's side of the control channel: hello, clock, stamps, state.
//!
//! Owns the conversation on one data channel; ends with it. Text that is too long, not understood or of an unknown
//! kind is counted and ignored. Nothing said here names a path, an address or a patient.

use crate::clock::CaptureClock;
use crate::frame::StreamName;
use crate::publish::clock_sync::ClockSync;
use crate::publish::originals::Asked;
use crate::publish::writer::LastSent;
use crate::status::StatusBoard;
use crate::sync::held;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use wire::WIRE_VERSION;
use wire::agent::{AgentToRelay, MAX_CONTROL_BYTES, RelayToAgent};

/// Time between pings: often enough to notice a relay that died within a second or two.
const PING: Duration = Duration::from_millis(500);
/// Time between stamps, and between states when nothing changes.
const TELL: Duration = Duration::from_secs(1);
/// Changes are told at most this often: a flapping source must not fill the channel.
const STATE_SPACING: Duration = Duration::from_millis(200);

/// What the conversation needs.
pub(super) struct Control {
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
}

/// What came out of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// The relay named the stream: stamps make sense to it from now on.
    Welcome,
    /// Its clock.
    Time,
    /// Something about an original.
    Original,
    /// Not understood.
    Nonsense,
}

impl Control {
    /// Talks until the channel closes.
    pub(super) async fn run(self) {
        let mut sync = ClockSync::default();
        let (mut ignored, mut welcomed) = (0u32, false);
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
        loop {
            tokio::select! {
                event = self.channel.poll() => match event {
                    Some(DataChannelEvent::OnMessage(message)) => match self.hear(&message.data, &mut sync) {
                        Heard::Welcome => {
                            welcomed = true;
                            tell.reset_immediately();
                        }
                        Heard::Time | Heard::Original => {}
                        Heard::Nonsense => {
                            ignored = ignored.saturating_add(1);
                            tracing::debug!(ignored, "a control message was not understood");
                        }
                    },
                    Some(DataChannelEvent::OnClose | DataChannelEvent::OnError) | None => return,
                    Some(_) => {}
                },
                _ = ping.tick() => self.say(&AgentToRelay::Ping { sent_at: self.clock.now() }).await,
                _ = tell.tick() => {
                    if welcomed {
                        self.say_stamp(&sync).await;
                    }
                    self.say_state().await;
                    state_told = Instant::now();
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
            Ok(RelayToAgent::Welcome { stream, .. }) => {
                tracing::info!(%stream, "the relay welcomes this stream");
                self.stream.set(stream);
                Heard::Welcome
            }
            Ok(RelayToAgent::Pong {
                sent_at,
                relay_time,
            }) => {
                sync.answer(sent_at, relay_time, self.clock.now());
                Heard::Time
            }
            Ok(RelayToAgent::SendOriginal { rtp_time, step }) => {
                // Full: nobody can look at that many at once, and the relay says so when its time is up.
                let _ = self.originals.try_send(Asked { rtp_time, step });
                Heard::Original
            }
            Ok(RelayToAgent::OriginalKept { .. }) => Heard::Original,
            Ok(RelayToAgent::SaveClip { .. }) => Heard::Original,
            Err(_) => Heard::Nonsense,
        }
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
