//! Sends originals that the relay asks for, one after the other, on the data channel `originals`.
//!
//! Owns the order: the newest one asked for goes first, because that is what everybody looks at. The channel takes a few
//! packets at a time and waits for the rest, so the picture is not held up. Every task of it ends with the connection.

use crate::ring::Ring;
use crate::still;
use crate::sync::held;
use bytes::BytesMut;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, watch};
use webrtc::data_channel::DataChannel;
use wire::RtpTime;
use wire::agent::AgentToRelay;
use wire::original::{ORIGINAL_CHUNK_BYTES, OriginalGap, OriginalHead};

/// Originals that may be asked for and not sent yet. One freeze asks for one; a person steps through some.
pub(super) const MAX_ASKED: usize = 16;

/// A frame by its RTP time, and how many frames from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) rtp_time: RtpTime,
    pub(super) step: i8,
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
}

impl Originals {
    /// Sends until the connection ends.
    pub(super) async fn run(mut self) {
        let mut waiting = Vec::with_capacity(MAX_ASKED);
        while let Some(first) = self.asked.recv().await {
            waiting.push(first);
            self.busy.send_replace(true);
            while let Some(asked) = self.newest(&mut waiting) {
                self.send(asked).await;
            }
            self.busy.send_replace(false);
        }
    }

    /// Takes in what was asked meanwhile, and gives the one asked for last.
    fn newest(&mut self, waiting: &mut Vec<Asked>) -> Option<Asked> {
        while let Ok(next) = self.asked.try_recv() {
            waiting.retain(|held| *held != next);
            waiting.push(next);
        }
        if waiting.len() > MAX_ASKED {
            waiting.drain(..waiting.len() - MAX_ASKED);
        }
        waiting.pop()
    }

    async fn send(&self, asked: Asked) {
        let Asked {
            rtp_time: asked,
            step,
        } = asked;
        let frame = held(&self.ring).neighbour(asked, step).cloned();
        let Some(frame) = frame else {
            tracing::info!("an original that was asked for has left the ring");
            self.say_missing(asked).await;
            return;
        };
        let rtp_time = frame.stamp.rtp_time;
        let coded = tokio::task::spawn_blocking(move || still::png(&frame.picture)).await;
        let (original, blob) = match coded {
            Ok(Ok(coded)) => coded,
            Ok(Err(error)) => {
                tracing::error!(%error, "an original could not be coded");
                self.say_missing(asked).await;
                return;
            }
            Err(_) => return,
        };
        let head = OriginalHead {
            rtp_time,
            asked,
            original,
        };
        let text = serde_json::to_string(&head).unwrap_or_default();
        if let Err(error) = self.pieces(&text, &blob).await {
            tracing::debug!(%error, "an original was not sent to its end");
        }
    }

    async fn pieces(&self, head: &str, blob: &[u8]) -> webrtc::error::Result<()> {
        self.channel.send_text(head).await?;
        for piece in blob.chunks(ORIGINAL_CHUNK_BYTES) {
            self.channel.send(BytesMut::from(piece)).await?;
        }
        Ok(())
    }

    async fn say_missing(&self, rtp_time: RtpTime) {
        let word = AgentToRelay::OriginalMissing {
            rtp_time,
            reason: OriginalGap::Gone,
        };
        let text = serde_json::to_string(&word).unwrap_or_default();
        if let Err(error) = self.control.try_send_text(&text).await {
            tracing::debug!(%error, "a control message was left out");
        }
    }
}
