//! One consult's live picture, across publications.
//!
//! Owns who publishes, the packets kept, keyframe requests, the numbering that goes on when a publisher comes back, and
//! the counters of the flow. It touches no peer. Called by the engine. Invariant: numbers of two publications never
//! meet, and the first packet that a viewer gets of a publication is a keyframe's.

use crate::sfu::edge::RtpIn;
use crate::sfu::edge::terms::{Extension, ExtensionIds};
use crate::sfu::event::MediaSessionId;
use crate::sfu::limits::CACHE_PACKETS;
use crate::sfu::net::route::PeerId;
use crate::sfu::picture::cache::Cache;
use crate::sfu::picture::gaps::{Arrival, Gaps};
use crate::sfu::picture::keyframe::{Due, KeyframeRequests};
use crate::sfu::picture::padding::{LeftOut, is_padding};
use crate::sfu::picture::{Packet, StreamSeq, is_keyframe};
use crate::sfu::sdp::codec::{Codec, CodecKind};
use crate::sfu::tap::{Tap, TappedPacket};
use std::time::{Duration, Instant};
use wire::{RtpTime, StreamId};

/// Numbers left free between two publications, for packets that overtake the first one.
const PUBLICATION_GAP: u64 = 4_096;
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
    /// Its source.
    pub(super) ssrc: u32,
    /// Added to its timestamps.
    pub(super) rtp_offset: u32,
    /// Its last sequence number, and what that is in the stream.
    last: (u16, StreamSeq),
    /// First number of this publication.
    floor: StreamSeq,
    /// A sequence number came that lies nowhere near; its publisher counts anew if this one is next.
    astray: Option<u16>,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It goes on, repairs, or is not needed.
    InOrder,
    /// Too much is missing before it: viewers go on at the next keyframe.
    AfterBreak,
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
    /// Packets kept.
    pub(super) cache: Cache,
    /// Keyframe requests.
    pub(super) keyframes: KeyframeRequests,
    /// Lost packets of the publication, by its own numbers.
    pub(super) gaps: Gaps,
    /// Padding of the publication, which viewers do not get.
    left_out: LeftOut,
    /// Number of the publication at which its newest keyframe was known as one.
    newest_key: Option<StreamSeq>,
    /// Packets that came since the last forwarding.
    pub(super) burst: Vec<StreamSeq>,
    /// Counters.
    pub(super) flow: Flow,
    /// It stands in the engine's list of streams to forward.
    pub(super) touched: bool,
    /// First number that no publication used.
    next_floor: StreamSeq,
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
            cache: Cache::default(),
            keyframes: KeyframeRequests::default(),
            gaps: Gaps::default(),
            left_out: LeftOut::default(),
            newest_key: None,
            burst: Vec::new(),
            flow: Flow::new(now),
            touched: false,
            next_floor: PUBLICATION_GAP,
            newest: None,
            tap: None,
        }
    }

    /// The first packet of a new publication has come.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        peer: (PeerId, MediaSessionId, StreamId),
        (codec, ours): (Codec, bool),
        first: &RtpIn,
    ) {
        self.cache.clear();
        self.gaps = Gaps::default();
        self.left_out = LeftOut::default();
        self.newest_key = None;
        self.burst.clear();
        self.flow = Flow::new(now);
        self.keyframes.reset();
        self.keyframes.want();
        let at = self.next_floor + PUBLICATION_GAP;
        self.live = Some(Live {
            peer: peer.0,
            session: peer.1,
            stream: peer.2,
            codec,
            ours,
            announced: false,
            ssrc: first.ssrc,
            rtp_offset: self.offset(now, ours, first.timestamp),
            last: (first.seq, at),
            floor: self.next_floor,
            astray: None,
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

    /// Takes a packet of the live publication.
    pub(super) fn take(&mut self, now: Instant, mut rtp: RtpIn, ids: ExtensionIds) -> Taken {
        let Some(number) = self.number(rtp.seq) else {
            return Taken::InOrder;
        };
        let Some(live) = &self.live else {
            return Taken::InOrder;
        };
        let codec = live.codec.kind();
        let timestamp = rtp.timestamp.wrapping_add(live.rtp_offset);
        let seq = self.left_out.closed_up(number);
        if self.cache.get(seq).is_some() {
            return Taken::InOrder;
        }
        let arrival = self.gaps.arrived(now, number);
        let mut taken = Taken::InOrder;
        if arrival == Arrival::AfterBreak {
            self.cache.forget_keyframe();
            self.keyframes.want();
            taken = Taken::AfterBreak;
        }
        if is_padding(codec, &rtp.payload) {
            match arrival {
                Arrival::New | Arrival::AfterBreak => {
                    self.left_out.note(number);
                    return taken;
                }
                // Viewers already know a later number: an empty packet fills the hole.
                Arrival::Filled => rtp.payload.clear(),
                Arrival::Repeated => return taken,
            }
        }
        self.flow.packets += 1;
        self.flow.bytes += rtp.payload.len() as u64;
        self.flow.frames += u32::from(rtp.marker);
        let is_newer = self
            .newest
            .is_none_or(|(newest, _)| RtpTime(timestamp).since(RtpTime(newest)) >= 0);
        if is_newer {
            self.newest = Some((timestamp, now));
        }
        let is_key = is_keyframe(codec, &rtp.payload);
        if let Some(tap) = &self.tap {
            tap.give(TappedPacket {
                seq,
                rtp_time: RtpTime(timestamp),
                marker: rtp.marker,
                ours: live.ours,
                payload: rtp.payload.clone(),
            });
        }
        let packet = Packet {
            seq,
            timestamp,
            marker: rtp.marker,
            extensions: carried(rtp.extensions, ids),
            payload: rtp.payload,
        };
        if self.cache.add(now, packet, is_key) {
            self.keyframes.arrived();
            self.newest_key = Some(number);
            self.flow.keyframes += 1;
        }
        self.burst.push(seq);
        taken
    }

    /// Whether a packet was given up of late that no keyframe followed: every later frame is built on a hole.
    pub(super) fn repair_failed(&mut self) -> bool {
        let given_up = self.gaps.take_given_up();
        given_up.is_some_and(|number| self.newest_key.is_none_or(|key| number > key))
    }

    /// The stream's number of a publisher's sequence number (RFC 3550 appendix A.1: the nearer way round). One further
    /// behind than anything that is kept is astray; the second in a row means that its publisher counts anew.
    fn number(&mut self, seq: u16) -> Option<StreamSeq> {
        let live = self.live.as_mut()?;
        let (last, at) = live.last;
        let step = seq.wrapping_sub(last).cast_signed();
        if i64::from(step) < -(CACHE_PACKETS as i64) {
            if live.astray.replace(seq.wrapping_add(1)) != Some(seq) {
                return None;
            }
            let number = at + PUBLICATION_GAP;
            (live.astray, live.last) = (None, (seq, number));
            self.next_floor = self.next_floor.max(number + PUBLICATION_GAP);
            return Some(number);
        }
        let number = at.checked_add_signed(i64::from(step))?;
        if number < live.floor {
            return None;
        }
        if step > 0 {
            live.last = (seq, number);
        }
        self.next_floor = self.next_floor.max(number + PUBLICATION_GAP);
        Some(number)
    }

    /// The publisher's own sequence number of a stream number of this publication.
    pub(super) fn publishers_seq(&self, number: StreamSeq) -> Option<u16> {
        let (last, at) = self.live.as_ref()?.last;
        let behind = at.checked_sub(number)?;
        Some(last.wrapping_sub(behind as u16))
    }

    /// The publication is over.
    pub(super) fn end(&mut self) -> Option<Live> {
        self.cache.clear();
        self.burst.clear();
        self.gaps = Gaps::default();
        self.tap = None;
        self.live.take()
    }

    /// When something must be asked of the publisher; None when nothing waits.
    pub(super) fn next_question(&self, now: Instant) -> Option<Instant> {
        self.live?;
        let keyframe = self.keyframes.due().map(|due| match due {
            Due::Now => now,
            Due::At(at) => at,
        });
        [keyframe, self.gaps.next()].into_iter().flatten().min()
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

/// The extensions that viewers may get, by meaning instead of by the publisher's ids.
fn carried(
    extensions: Vec<(u8, bytes::Bytes)>,
    ids: ExtensionIds,
) -> Vec<(Extension, bytes::Bytes)> {
    if extensions.is_empty() {
        return Vec::new();
    }
    extensions
        .into_iter()
        .filter_map(|(id, value)| {
            let known = |extension: &Extension| ids.get(*extension) == Some(id);
            let extension = Extension::FORWARDED.into_iter().find(known)?;
            Some((extension, value))
        })
        .collect()
}

#[cfg(test)]
mod tests;
