//! The way from a consult to the agent that publishes in it.
//!
//! A word that cannot be said now is left out: whoever waits for the answer has a time limit of its own.

use crate::sfu::{Channel, MediaSessionId, Sfu};
use std::sync::Arc;
use wire::agent::RelayToAgent;
use wire::clip::ClipToAgent;

/// Says something on a channel.
type Say = dyn Fn(MediaSessionId, Channel, String) -> bool + Send + Sync;

/// All agents. Clones share the way.
#[derive(Clone)]
pub struct Agents(Arc<Say>);

impl Agents {
    /// Over the media part.
    pub fn over(sfu: Sfu) -> Self {
        Self(Arc::new(move |session, channel, text| {
            sfu.send_to_publisher(session, channel, text).is_ok()
        }))
    }

    /// Nobody hears.
    #[cfg(test)]
    pub(crate) fn deaf() -> Self {
        Self(Arc::new(|_, _, _| false))
    }

    /// Says it now or not at all.
    pub(super) fn say(&self, session: MediaSessionId, word: &RelayToAgent) {
        let text = serde_json::to_string(word).unwrap_or_default();
        if !(self.0)(session, Channel::Control, text) {
            tracing::debug!(%session, "an agent did not hear a word");
        }
    }

    /// Says something about clips now; false when it was not said.
    pub(super) fn say_of_clips(&self, session: MediaSessionId, word: &ClipToAgent) -> bool {
        let text = serde_json::to_string(word).unwrap_or_default();
        (self.0)(session, Channel::Clips, text)
    }
}
