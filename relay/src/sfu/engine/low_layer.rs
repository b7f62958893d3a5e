//! The low layer of a picture: whether somebody needs it, and what comes of it.
//!
//! Owns the asking: the agent codes it only while it is asked to. A word is said at each change and again while the agent
//! does otherwise, for words get lost. It goes on for `LINGERS` after the last viewer left it, so that a link at the limit
//! does not start and stop an encoder. Sans-IO.

use super::layer::Layer;
use crate::sfu::edge::RtpIn;
use crate::sfu::edge::terms::ExtensionIds;
use crate::sfu::sdp::codec::CodecKind;
use std::time::{Duration, Instant};

/// Kept for so long after the last viewer left it.
const LINGERS: Duration = Duration::from_secs(5);
/// What the agent does not do is asked for again after this long.
const SAID_AGAIN: Duration = Duration::from_secs(2);
/// Nothing came for this long: it does not flow. A weak link leaves out frames, but not so many.
pub(super) const STOPS_AFTER: Duration = Duration::from_secs(1);

/// The layer and its state.
#[derive(Debug, Default)]
pub(super) struct LowLayer {
    /// What came of it; none while nothing did.
    pub(super) layer: Option<Layer>,
    /// The agent was asked for it.
    wanted: bool,
    /// When something was said to the agent last.
    said: Option<Instant>,
    /// When somebody needed it last.
    needed: Option<Instant>,
    /// When it was asked for.
    asked: Option<Instant>,
}

impl LowLayer {
    /// Takes a packet of it. Gives whether too much is missing before it.
    pub(super) fn take(
        &mut self,
        now: Instant,
        codec: CodecKind,
        rtp: RtpIn,
        ids: ExtensionIds,
    ) -> bool {
        let layer = self.layer.get_or_insert_with(|| {
            let mut layer = Layer::default();
            layer.begin(&rtp);
            layer
        });
        let (_, is_broken) = layer.take(now, codec, rtp, ids);
        is_broken
    }

    /// Whether it comes now.
    pub(super) fn flows(&self, now: Instant) -> bool {
        let layer = self.layer.as_ref();
        layer.is_some_and(|layer| layer.flows(now, STOPS_AFTER))
    }

    /// Whether it comes or may still come: it was asked for a moment ago.
    pub(super) fn may_come(&self, now: Instant) -> bool {
        let is_recent = |at| now.saturating_duration_since(at) <= SAID_AGAIN;
        self.flows(now) || self.asked.is_some_and(is_recent)
    }

    /// Somebody needs it, or nobody does. Gives what is to be said to the agent now, if anything.
    pub(super) fn needs(&mut self, now: Instant, is_needed: bool) -> Option<bool> {
        if is_needed {
            self.needed = Some(now);
        }
        let lingers = |at| now.saturating_duration_since(at) < LINGERS;
        let wanted = self.needed.is_some_and(lingers);
        let flows = self.flows(now);
        if !wanted && !flows {
            self.layer = None;
        }
        let is_due = |at| now.saturating_duration_since(at) >= SAID_AGAIN;
        let again = wanted != flows && self.said.is_some_and(is_due);
        if wanted == self.wanted && !again {
            return None;
        }
        if wanted && !self.wanted {
            self.asked = Some(now);
        }
        self.wanted = wanted;
        self.said = Some(now);
        Some(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sfu::engine::tests::clock;
    use bytes::Bytes;

    fn packet(seq: u16) -> RtpIn {
        RtpIn {
            ssrc: 8,
            payload_type: 96,
            seq,
            timestamp: 1,
            marker: true,
            extensions: Vec::new(),
            payload: Bytes::from_static(&[0x65, 1]),
        }
    }

    /// Says each word with its second, ten looks a second, while `needed` and `comes` say what is.
    fn words(
        seconds: u64,
        needed: impl Fn(u64) -> bool,
        comes: impl Fn(u64) -> bool,
    ) -> Vec<(u64, bool)> {
        let (start, mut low, mut seq) = (clock(), LowLayer::default(), 0);
        let mut said = Vec::new();
        for tenth in 0..seconds * 10 {
            let now = start + Duration::from_millis(tenth * 100);
            let second = tenth / 10;
            if comes(second) {
                seq += 1;
                low.take(now, CodecKind::H264, packet(seq), ExtensionIds::default());
            }
            let word = low.needs(now, needed(second));
            said.extend(word.map(|word| (second, word)));
        }
        assert_eq!(
            low.layer.is_some(),
            low.flows(start + Duration::from_secs(seconds))
        );
        said
    }

    #[test]
    fn it_is_asked_for_once_and_stopped_some_seconds_after_nobody_needs_it() {
        let said = words(30, |s| (2..10).contains(&s), |s| (2..15).contains(&s));
        assert_eq!(said, [(2, true), (14, false)]);
    }

    #[test]
    fn somebody_who_comes_back_meanwhile_changes_nothing() {
        let needed = |s: u64| s < 5 || (8..12).contains(&s);
        let said = words(25, needed, |s| s < 17);
        assert_eq!(said, [(0, true), (16, false)]);
    }

    #[test]
    fn an_agent_that_does_otherwise_is_told_again() {
        let said = words(7, |_| true, |s| s >= 5);
        assert_eq!(said, [(0, true), (2, true), (4, true)]);
        let deaf = words(14, |s| s < 2, |_| true);
        assert_eq!(
            deaf,
            [(0, true), (6, false), (8, false), (10, false), (12, false)]
        );
    }
}
