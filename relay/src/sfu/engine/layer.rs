//! One layer of a consult's picture: its packets as they come.
//!
//! Owns the packets kept, their numbers, what is missing of them, keyframe requests, and the rate. The stream says which
//! layer a packet belongs to and with which timestamp; which viewer gets which layer is decided elsewhere. Invariant: numbers
//! of two publications never meet.

use crate::sfu::edge::RtpIn;
use crate::sfu::edge::terms::{Extension, ExtensionIds};
use crate::sfu::limits::CACHE_PACKETS;
use crate::sfu::picture::cache::Cache;
use crate::sfu::picture::gaps::{Arrival, Gaps};
use crate::sfu::picture::keyframe::{Due, KeyframeRequests};
use crate::sfu::picture::padding::{LeftOut, is_padding};
use crate::sfu::picture::{Packet, StreamSeq, is_keyframe};
use crate::sfu::sdp::codec::CodecKind;
use bandwidth::BitRate;
use bytes::Bytes;
use std::time::{Duration, Instant};

/// Numbers left free between two publications, for packets that overtake the first one.
const PUBLICATION_GAP: u64 = 4_096;
/// The rate is read over this span.
const RATE_SPAN: Duration = Duration::from_millis(500);
/// Weight of a new reading: keyframes are no rate.
const RATE_WEIGHT: f64 = 0.3;
/// RTP, SRTP, UDP and IP around a payload on its way to a viewer.
pub(super) const AROUND_PAYLOAD: usize = 64;

/// What a packet came to.
pub(super) struct Came {
    /// Its number in the layer.
    pub(super) seq: StreamSeq,
    /// A keyframe begins with its frame.
    pub(super) begins_keyframe: bool,
    /// Its payload.
    pub(super) payload: Bytes,
}

/// Bytes on the wire over time.
#[derive(Debug, Default)]
struct Rate {
    since: Option<Instant>,
    bytes: u64,
    smoothed: Option<BitRate>,
}

impl Rate {
    fn came(&mut self, now: Instant, bytes: usize) {
        let since = *self.since.get_or_insert(now);
        let span = now.saturating_duration_since(since);
        if span >= RATE_SPAN {
            let read = BitRate::of(self.bytes, span).unwrap_or_default();
            let weigh = |known: BitRate| {
                known
                    .scaled(1.0 - RATE_WEIGHT)
                    .plus(read.scaled(RATE_WEIGHT))
            };
            self.smoothed = Some(self.smoothed.map_or(read, weigh));
            (self.since, self.bytes) = (Some(now), 0);
        }
        self.bytes += bytes as u64;
    }
}

/// The layer.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// Packets kept.
    pub(super) cache: Cache,
    /// Keyframe requests.
    pub(super) keyframes: KeyframeRequests,
    /// Lost packets of the publication, by its own numbers.
    pub(super) gaps: Gaps,
    /// Packets that came since the last forwarding.
    pub(super) burst: Vec<StreamSeq>,
    /// Its source.
    pub(super) ssrc: u32,
    /// When a packet came last.
    pub(super) came: Option<Instant>,
    /// Padding of the publication, which viewers do not get.
    left_out: LeftOut,
    /// Number of the publication at which its newest keyframe was known as one.
    newest_key: Option<StreamSeq>,
    /// Its last sequence number, and what that is in the layer.
    last: (u16, StreamSeq),
    /// A sequence number came that lies nowhere near; its publisher counts anew if this one is next.
    astray: Option<u16>,
    /// First number of this publication, and first one that no publication used.
    floor: StreamSeq,
    next_floor: StreamSeq,
    rate: Rate,
}

impl Layer {
    /// The first packet of a new publication has come.
    pub(super) fn begin(&mut self, first: &RtpIn) {
        let floor = self.next_floor.max(PUBLICATION_GAP);
        self.cache.clear();
        *self = Self {
            cache: std::mem::take(&mut self.cache),
            keyframes: std::mem::take(&mut self.keyframes),
            ssrc: first.ssrc,
            last: (first.seq, floor + PUBLICATION_GAP),
            floor,
            next_floor: floor,
            ..Self::default()
        };
        self.keyframes.reset();
        self.keyframes.want();
    }

    /// The publication is over.
    pub(super) fn end(&mut self) {
        self.cache.clear();
        self.burst.clear();
        self.gaps = Gaps::default();
        self.came = None;
    }

    /// Takes a packet. Gives what came, unless it is no news, and whether too much is missing before it: then viewers go on at
    /// the next keyframe.
    pub(super) fn take(
        &mut self,
        now: Instant,
        codec: CodecKind,
        mut rtp: RtpIn,
        ids: ExtensionIds,
    ) -> (Option<Came>, bool) {
        let Some(number) = self.number(rtp.seq) else {
            return (None, false);
        };
        let seq = self.left_out.closed_up(number);
        // What a publisher repeats comes on a source of its own, where no replay window knows it (RFC 4588 §4): what viewers have
        // had must not reach them a second time under its number.
        if self.cache.has_let_go(seq) || self.cache.get(seq).is_some() {
            return (None, false);
        }
        // Padding stands between frames.
        let ends = rtp.marker || is_padding(codec, &rtp.payload);
        let arrival = self.gaps.arrived(now, number, ends);
        let is_broken = arrival == Arrival::AfterBreak;
        if is_broken {
            self.cache.forget_keyframe();
            self.keyframes.want();
        }
        if is_padding(codec, &rtp.payload) {
            match arrival {
                Arrival::New | Arrival::AfterBreak => {
                    self.left_out.note(number);
                    return (None, is_broken);
                }
                // Viewers already know a later number: an empty packet fills the hole.
                Arrival::Filled => rtp.payload.clear(),
                Arrival::Repeated => return (None, is_broken),
            }
        }
        self.came = Some(now);
        self.rate.came(now, rtp.payload.len() + AROUND_PAYLOAD);
        let payload = rtp.payload.clone();
        let is_key = is_keyframe(codec, &rtp.payload);
        let packet = Packet {
            seq,
            timestamp: rtp.timestamp,
            marker: rtp.marker,
            extensions: carried(rtp.extensions, ids),
            payload: rtp.payload,
        };
        let begins_keyframe = self.cache.add(now, packet, is_key);
        if begins_keyframe {
            self.keyframes.arrived();
            self.newest_key = Some(number);
        }
        self.burst.push(seq);
        let came = Came {
            seq,
            begins_keyframe,
            payload,
        };
        (Some(came), is_broken)
    }

    /// Whether a packet was given up of late that no keyframe followed: every later frame is built on a hole.
    pub(super) fn repair_failed(&mut self) -> bool {
        let given_up = self.gaps.take_given_up();
        given_up.is_some_and(|number| self.newest_key.is_none_or(|key| number > key))
    }

    /// The layer's number of a publisher's sequence number (RFC 3550 appendix A.1: the nearer way round). One further
    /// behind than anything that is kept is astray; the second in a row means that its publisher counts anew.
    fn number(&mut self, seq: u16) -> Option<StreamSeq> {
        let (last, at) = self.last;
        let step = seq.wrapping_sub(last).cast_signed();
        if i64::from(step) < -(CACHE_PACKETS as i64) {
            if self.astray.replace(seq.wrapping_add(1)) != Some(seq) {
                return None;
            }
            let number = at + PUBLICATION_GAP;
            (self.astray, self.last) = (None, (seq, number));
            self.next_floor = self.next_floor.max(number + PUBLICATION_GAP);
            return Some(number);
        }
        let number = at.checked_add_signed(i64::from(step))?;
        if number < self.floor {
            return None;
        }
        if step > 0 {
            (self.astray, self.last) = (None, (seq, number));
        }
        self.next_floor = self.next_floor.max(number + PUBLICATION_GAP);
        Some(number)
    }

    /// The publisher's own sequence number of a number of this publication, or of the one that follows its last.
    pub(super) fn publishers_seq(&self, number: StreamSeq) -> Option<u16> {
        let (last, at) = self.last;
        let behind = (at + 1).checked_sub(number)?;
        Some(last.wrapping_add(1).wrapping_sub(behind as u16))
    }

    /// When something must be asked of the publisher; None when nothing waits.
    pub(super) fn next_question(&self, now: Instant) -> Option<Instant> {
        let keyframe = self.keyframes.due().map(|due| match due {
            Due::Now => now,
            Due::At(at) => at,
        });
        [keyframe, self.gaps.next()].into_iter().flatten().min()
    }

    /// What it takes on the wire; none before that is known.
    pub(super) fn rate(&self) -> Option<BitRate> {
        self.rate.smoothed
    }

    /// Whether packets came within this time.
    pub(super) fn flows(&self, now: Instant, within: Duration) -> bool {
        let is_recent = |at| now.saturating_duration_since(at) <= within;
        self.came.is_some_and(is_recent)
    }
}

/// The extensions that viewers may get, by meaning instead of by the publisher's ids.
fn carried(extensions: Vec<(u8, Bytes)>, ids: ExtensionIds) -> Vec<(Extension, Bytes)> {
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
