//! Who hears what of a clip that arrives: the device its words, the consult what its log takes of them.
//!
//! Owns what is different once a consult is closed (decision 0049): its log takes nothing more, so that the row alone says that a clip is
//! kept, and the device hears it from here instead of from the log. Called by `intake`, `settling` and `beside`.

use super::intake::Line;
use super::log::ConsultLog;
use super::uploads::Peer;
use crate::consult::receipt::Step;
use crate::consult::{ClipInput, Input, PictureInput};
use std::time::Duration;
use wire::ClipId;
use wire::clip::{ClipGap, ClipHead, ClipToAgent};

/// A word to the agent that cannot be said is said again so often…
const TRIES: usize = 4;
/// …and so much later.
const TRY_AGAIN: Duration = Duration::from_millis(50);

impl<L: ConsultLog> Line<L> {
    /// The log may not have it yet, if the relay died in between.
    pub(super) async fn is_kept(&mut self, head: Box<ClipHead>) -> Vec<Step> {
        let clip = head.clip;
        self.tell(ClipInput::Offered(head)).await;
        self.tell_kept(clip).await;
        self.receipt.end(clip)
    }

    /// Its file and its row are durable.
    pub(super) async fn tell_kept(&self, clip: ClipId) {
        self.tell(ClipInput::Kept(clip)).await;
        if self.closed {
            self.say(ClipToAgent::Kept { clip }).await;
        }
    }

    pub(super) async fn say_refused(&self, clip: ClipId, reason: ClipGap) {
        self.parts.metrics.clips_refused.up();
        self.say(ClipToAgent::Refused { clip, reason }).await;
        self.tell(ClipInput::Missing {
            clip,
            reason,
            by_agent: false,
        })
        .await;
    }

    pub(super) async fn say(&self, word: ClipToAgent) {
        for _ in 0..TRIES {
            let said = match &self.peer {
                Peer::Agent(_) => self.parts.agents.say_of_clips(self.session, &word),
                Peer::Uploader { words, .. } => words.try_send(word).is_ok(),
            };
            if said {
                return;
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
        tracing::warn!(session = %self.session, "an agent did not hear a word about a clip");
    }

    pub(super) async fn tell(&self, input: ClipInput) {
        let consult = self.consult;
        let input = match &self.peer {
            Peer::Agent(stream) => Input::Picture(*stream, PictureInput::Clip(input)),
            Peer::Uploader { author, .. } => Input::Uploaded(author.clone(), input),
        };
        if self.closed {
            // Whoever is still there hears it; nobody is woken for it.
            self.hub.tell_if_running(consult, input).await;
            return;
        }
        if let Err(code) = self.hub.tell(consult, input).await {
            tracing::warn!(%consult, ?code, "a consult did not hear of a clip");
        }
    }
}
