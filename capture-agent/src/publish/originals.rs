//! Sends originals that the relay asks for, one after the other, on the data channel `originals`.
//!
//! Owns the order: a single one goes before the next frame of a beat, and of single ones the newest one asked for, because
//! that is what everybody looks at. The channel takes a few packets at a time and waits for the rest, so the picture is not
//! held up; on a weak link the budget says when the next piece may go. Every task of it ends with the connection.

use crate::beat::CodedBeat;
use crate::publish::budget::Throttle;
use crate::ring::Ring;
use crate::still;
use crate::sync::held;
use bytes::BytesMut;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use webrtc::data_channel::DataChannel;
use wire::RtpTime;
use wire::agent::AgentToRelay;
use wire::original::{FrameFacts, OriginalGap, OriginalHead};

/// Originals that may be asked for and not sent yet. One freeze asks for one; a person steps through some.
pub(super) const MAX_ASKED: usize = 16;

/// What the relay asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A frame by its RTP time, and how many frames from it.
    Original { rtp_time: RtpTime, step: i8 },
    /// The beat that ends at this frame.
    Beat { rtp_time: RtpTime },
    /// That beat is not wanted any more.
    NoBeat { rtp_time: RtpTime },
}

/// The way of originals out of one connection.
pub(super) struct Originals {
    /// The channel.
    pub(super) channel: Arc<dyn DataChannel>,
    /// Where it is said that there is none.
    pub(super) control: Arc<dyn DataChannel>,
    /// Where they are.
    pub(super) ring: Arc<Mutex<Ring>>,
    /// What the relay asks for.
    pub(super) asked: mpsc::Receiver<Asked>,
    /// Tells clips to wait while one goes out.
    pub(super) busy: watch::Sender<bool>,
    /// Makes room for them on a weak link.
    pub(super) throttle: Throttle,
}

/// What is to be sent.
#[derive(Default)]
struct Waiting {
    /// Single ones, the newest last.
    single: Vec<(RtpTime, i8)>,
    beat: Option<CodedBeat>,
}

impl Originals {
    /// Sends until the connection ends.
    pub(super) async fn run(mut self) {
        let mut waiting = Waiting::default();
        while let Some(first) = self.asked.recv().await {
            self.busy.send_replace(true);
            self.take_in(first, &mut waiting).await;
            while self.send_next(&mut waiting).await {
                while let Ok(next) = self.asked.try_recv() {
                    self.take_in(next, &mut waiting).await;
                }
            }
            self.throttle.restore(Instant::now());
            self.busy.send_replace(false);
        }
    }

    async fn take_in(&self, asked: Asked, waiting: &mut Waiting) {
        match asked {
            Asked::Original { rtp_time, step } => {
                waiting.single.retain(|held| *held != (rtp_time, step));
                waiting.single.push((rtp_time, step));
                if waiting.single.len() > MAX_ASKED {
                    waiting.single.remove(0);
                }
            }
            Asked::Beat { rtp_time } => {
                let frames = held(&self.ring).beat(rtp_time);
                if frames.is_empty() {
                    tracing::info!("a beat that was asked for has left the ring");
                    self.say_beat_missing(rtp_time, OriginalGap::Gone).await;
                } else {
                    waiting.beat = Some(CodedBeat::of(frames, rtp_time));
                }
            }
            Asked::NoBeat { rtp_time } => {
                waiting.beat.take_if(|beat| beat.ends_at == rtp_time);
            }
        }
    }

    /// Sends one; false when nothing is to be sent.
    async fn send_next(&mut self, waiting: &mut Waiting) -> bool {
        if let Some((asked, step)) = waiting.single.pop() {
            self.send_single(asked, step).await;
            return true;
        }
        let Some(beat) = &mut waiting.beat else {
            return false;
        };
        let asked = beat.ends_at;
        match beat.next().await {
            Some(still) => {
                let head = OriginalHead {
                    rtp_time: still.rtp_time,
                    asked,
                    original: still.original,
                    beat: Some(still.place),
                    facts: FrameFacts::default(),
                };
                if still.place.last {
                    waiting.beat = None;
                }
                self.send(&head, &still.blob).await;
            }
            // Not one of its frames could be coded, or its coding ended early.
            None => {
                waiting.beat = None;
                self.say_beat_missing(asked, OriginalGap::NotCoded).await;
            }
        }
        true
    }

    async fn send_single(&mut self, asked: RtpTime, step: i8) {
        let frame = held(&self.ring).neighbour(asked, step).cloned();
        let Some(frame) = frame else {
            tracing::info!("an original that was asked for has left the ring");
            self.say_missing(asked, OriginalGap::Gone).await;
            return;
        };
        let rtp_time = frame.stamp.rtp_time;
        let facts = FrameFacts {
            index: Some(frame.stamp.index),
            regions: frame.provenance.regions.clone(),
            patient: Some(frame.provenance.patient),
        };
        let coded = tokio::task::spawn_blocking(move || still::png(&frame.picture)).await;
        let (original, blob) = match coded {
            Ok(Ok(coded)) => coded,
            Ok(Err(error)) => {
                tracing::error!(%error, "an original could not be coded");
                self.say_missing(asked, OriginalGap::NotCoded).await;
                return;
            }
            // The encoder panicked, which was logged, or the program ends.
            Err(_) => {
                self.say_missing(asked, OriginalGap::NotCoded).await;
                return;
            }
        };
        let head = OriginalHead {
            rtp_time,
            asked,
            original,
            beat: None,
            facts,
        };
        self.send(&head, &blob).await;
    }

    async fn send(&mut self, head: &OriginalHead, blob: &[u8]) {
        let text = serde_json::to_string(head).unwrap_or_default();
        if let Err(error) = self.pieces(&text, blob).await {
            tracing::debug!(%error, "an original was not sent to its end");
        }
    }

    async fn pieces(&mut self, head: &str, blob: &[u8]) -> webrtc::error::Result<()> {
        self.channel.send_text(head).await?;
        self.throttle.begins(Instant::now());
        let mut rest = blob;
        while !rest.is_empty() {
            let wait = self.throttle.wait(Instant::now());
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            let most = self.throttle.piece_bytes(Instant::now());
            let (piece, later) = rest.split_at(rest.len().min(most));
            rest = later;
            self.channel.send(BytesMut::from(piece)).await?;
            self.throttle.went(Instant::now(), piece.len());
        }
        Ok(())
    }

    async fn say_missing(&self, rtp_time: RtpTime, reason: OriginalGap) {
        self.say(&AgentToRelay::OriginalMissing { rtp_time, reason })
            .await;
    }

    async fn say_beat_missing(&self, rtp_time: RtpTime, reason: OriginalGap) {
        self.say(&AgentToRelay::BeatMissing { rtp_time, reason })
            .await;
    }

    async fn say(&self, word: &AgentToRelay) {
        let text = serde_json::to_string(word).unwrap_or_default();
        if let Err(error) = self.control.try_send_text(&text).await {
            tracing::debug!(%error, "a control message was left out");
        }
    }
}
