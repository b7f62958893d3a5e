//! One consult's live picture, across publications.
//!
//! Owns who publishes, the timeline, the counters of the flow, and the layers: the full one, and the low one while somebody
//! needs it. Which packet belongs to which layer is said here. It touches no peer. Called by the engine. Invariant: the first
//! packet that a viewer gets of a publication is a keyframe's.

use super::layer::{Came, Layer};
use super::low_layer::LowLayer;
use crate::sfu::edge::RtpIn;
use crate::sfu::edge::terms::ExtensionIds;
use crate::sfu::event::MediaSessionId;
use crate::sfu::net::route::PeerId;
use crate::sfu::picture::LayerName;
use crate::sfu::sdp::codec::{Codec, CodecKind};
use crate::sfu::tap::{Tap, TappedPacket};
use std::time::{Duration, Instant};
use wire::{RtpTime, StreamId};

/// RTP ticks per millisecond of video.
const TICKS_PER_MS: u64 = wire::units::RTP_CLOCK_HZ / 1_000;

/// The publication that viewers see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Live {
    /// The publisher.
    pub(super) peer: PeerId,
    /// Its session.
    pub(super) session: MediaSessionId,
    /// Its stream.
    pub(super) stream: StreamId,
    /// Its codec.
    pub(super) codec: Codec,
    /// It asked for data channels.
    pub(super) ours: bool,
    /// Viewers were told that it runs.
    pub(super) announced: bool,
    /// The source of its low layer.
    pub(super) low_ssrc: Option<u32>,
    /// Added to its timestamps.
    pub(super) rtp_offset: u32,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It goes on, repairs, or is not needed.
    InOrder,
    /// Too much is missing before it: viewers of this layer go on at its next keyframe.
    AfterBreak(LayerName),
}

/// What is counted between two reports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    pub(super) since: Instant,
    pub(super) frames: u32,
    pub(super) keyframes: u32,
    pub(super) packets: u32,
    pub(super) bytes: u64,
}

impl Flow {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            frames: 0,
            keyframes: 0,
            packets: 0,
            bytes: 0,
        }
    }
}

/// A consult's picture.
#[derive(Debug)]
pub(super) struct Stream {
    /// Who publishes.
    pub(super) live: Option<Live>,
    /// Who watches.
    pub(super) viewers: Vec<PeerId>,
    /// The full layer.
    pub(super) full: Layer,
    /// The low layer, and whether it is needed.
    pub(super) low: LowLayer,
    /// Counters.
    pub(super) flow: Flow,
    /// It stands in the engine's list of streams to forward.
    pub(super) touched: bool,
    /// The newest timestamp that viewers saw, and when.
    newest: Option<(u32, Instant)>,
    /// Who records the publication.
    tap: Option<Tap>,
}

impl Stream {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            live: None,
            viewers: Vec::new(),
            full: Layer::default(),
            low: LowLayer::default(),
            flow: Flow::new(now),
            touched: false,
            newest: None,
            tap: None,
        }
    }

    /// The first packet of a new publication has come.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        peer: (PeerId, MediaSessionId, StreamId),
        (codec, ours, low_ssrc): (Codec, bool, Option<u32>),
        first: &RtpIn,
    ) {
        self.full.begin(first);
        self.low = LowLayer::default();
        self.flow = Flow::new(now);
        self.live = Some(Live {
            peer: peer.0,
            session: peer.1,
            stream: peer.2,
            codec,
            ours,
            announced: false,
            low_ssrc,
            rtp_offset: self.offset(now, ours, first.timestamp),
        });
    }

    /// Whoever records the publication that has begun gets its packets. Only H.264 is recorded.
    pub(super) fn record_with(&mut self, tap: Option<Tap>) {
        let codec = self.live.map(|live| live.codec.kind());
        self.tap = tap.filter(|_| codec == Some(CodecKind::H264));
    }

    /// A foreign publisher that comes back has a timeline of its own, perhaps behind the last one; viewers would drop its
    /// frames, and marks of two frames would meet. One constant puts it where it would be by the clock. Our agent's
    /// timeline is the capture clock and is never touched.
    fn offset(&self, now: Instant, ours: bool, first: u32) -> u32 {
        match self.newest {
            Some((newest, at)) if !ours => {
                let elapsed = now.saturating_duration_since(at).as_millis() as u64;
                let ticks = (elapsed * TICKS_PER_MS) as u32;
                newest.wrapping_add(ticks.max(1)).wrapping_sub(first)
            }
            _ => 0,
        }
    }

    /// The layer of a source of the live publication. What is not the low layer's is the picture's: not everybody declares.
    pub(super) fn layer_of(&self, ssrc: u32) -> LayerName {
        let low = self.live.and_then(|live| live.low_ssrc);
        if low == Some(ssrc) {
            LayerName::Low
        } else {
            LayerName::Full
        }
    }

    /// A layer; the low one only while there is some of it.
    pub(super) fn layer(&self, name: LayerName) -> Option<&Layer> {
        match name {
            LayerName::Full => Some(&self.full),
            LayerName::Low => self.low.layer.as_ref(),
        }
    }

    /// The same, to be changed.
    pub(super) fn layer_mut(&mut self, name: LayerName) -> Option<&mut Layer> {
        match name {
            LayerName::Full => Some(&mut self.full),
            LayerName::Low => self.low.layer.as_mut(),
        }
    }

    /// Takes a packet of the live publication.
    pub(super) fn take(&mut self, now: Instant, mut rtp: RtpIn, ids: ExtensionIds) -> Taken {
        let Some(live) = &self.live else {
            return Taken::InOrder;
        };
        let codec = live.codec.kind();
        rtp.timestamp = rtp.timestamp.wrapping_add(live.rtp_offset);
        let name = self.layer_of(rtp.ssrc);
        let (ours, timestamp, marker) = (live.ours, RtpTime(rtp.timestamp), rtp.marker);
        let (came, is_broken) = match name {
            LayerName::Low => (None, self.low.take(now, codec, rtp, ids)),
            LayerName::Full => self.full.take(now, codec, rtp, ids),
        };
        if let Some(came) = came {
            self.count(now, came, (timestamp, marker, ours));
        }
        if is_broken {
            Taken::AfterBreak(name)
        } else {
            Taken::InOrder
        }
    }

    /// A packet of the full layer came: it counts, and whoever records gets it.
    fn count(
        &mut self,
        now: Instant,
        came: Came,
        (timestamp, marker, ours): (RtpTime, bool, bool),
    ) {
        self.flow.packets += 1;
        self.flow.bytes += came.payload.len() as u64;
        self.flow.frames += u32::from(marker);
        self.flow.keyframes += u32::from(came.begins_keyframe);
        let is_newer = |(newest, _): (u32, Instant)| timestamp.since(RtpTime(newest)) >= 0;
        if self.newest.is_none_or(is_newer) {
            self.newest = Some((timestamp.0, now));
        }
        if let Some(tap) = &self.tap {
            tap.give(TappedPacket {
                seq: came.seq,
                rtp_time: timestamp,
                marker,
                ours,
                payload: came.payload,
            });
        }
    }

    /// The publication is over.
    pub(super) fn end(&mut self) -> Option<Live> {
        self.full.end();
        self.low = LowLayer::default();
        self.tap = None;
        self.live.take()
    }

    /// When something must be asked of the publisher; None when nothing waits.
    pub(super) fn next_question(&self, now: Instant) -> Option<Instant> {
        self.live?;
        let layers = [Some(&self.full), self.low.layer.as_ref()];
        let questions = layers.into_iter().flatten();
        questions.filter_map(|layer| layer.next_question(now)).min()
    }

    /// Nobody publishes and nobody watches.
    pub(super) fn is_idle(&self) -> bool {
        self.live.is_none() && self.viewers.is_empty()
    }

    /// The newest timestamp that viewers saw.
    pub(super) fn newest(&self) -> Option<RtpTime> {
        self.newest.map(|(timestamp, _)| RtpTime(timestamp))
    }

    /// The counters since the last report, when one is due.
    pub(super) fn take_flow(&mut self, now: Instant, each: Duration) -> Option<Flow> {
        if now.saturating_duration_since(self.flow.since) < each {
            return None;
        }
        Some(std::mem::replace(&mut self.flow, Flow::new(now)))
    }
}

#[cfg(test)]
mod tests;
