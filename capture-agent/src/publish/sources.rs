//! The sources of one connection: the picture's and the low layer's, each with one of its own for repairs (RFC 4588).
//!
//! Owns the numbers, who in the chain knows which of them, and the rule that nothing is sent twice on one source: under
//! AES-GCM the nonce is made of source and sequence number (RFC 7714 §8.1), and a repeated packet that differs in one bit, for
//! example in its transport-wide number, would give the key of the authentication away (§9.1). The stack's NACK responder repeats
//! by RTX where RTX was agreed, and on the packet's own source where it was not; the second kind ends in `OnlyByRtx`. A server
//! that takes no RTX gets a keyframe instead of a repair. Invariant: no two sources of a connection are the same.

use crate::publish::place::{Place, Placed};
use rtc::interceptor::{Attribute, Interceptor, NackResponderBuilder, Packet, Registry, Slot};
use rtc::interceptor::{StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::time::Instant;

/// Position of `OnlyByRtx`: right below the NACK responder (4,000), so that what may not leave is neither paced nor numbered.
const ONLY_BY_RTX: usize = 3_900;

/// A source, and the one on which its packets are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repaired {
    pub(super) ssrc: u32,
    pub(super) repair: u32,
}

/// All of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources {
    pub(super) picture: Repaired,
    /// None where there is no low layer.
    pub(super) low_layer: Option<Repaired>,
}

impl Sources {
    /// Draws them.
    pub(super) fn random(with_low_layer: bool) -> Self {
        Self::of(crate::backoff::random(), with_low_layer)
    }

    /// One number gives all four: they differ in their last bits, and the third keeps them from being 0, which nobody uses.
    fn of(number: u32, with_low_layer: bool) -> Self {
        let source = |bits| (number | 0b100) ^ bits;
        Self {
            picture: Repaired {
                ssrc: source(0b00),
                repair: source(0b01),
            },
            low_layer: with_low_layer.then(|| Repaired {
                ssrc: source(0b10),
                repair: source(0b11),
            }),
        }
    }

    /// The low layer's source.
    pub(super) fn low(&self) -> Option<u32> {
        self.low_layer.map(|low| low.ssrc)
    }

    /// Puts the answers to NACKs into the chain of a connection.
    pub(super) fn repaired_in(self, registry: Registry) -> Registry {
        registry
            .with(
                Slot::NackResponder,
                Known::pictures(NackResponderBuilder::new().build(), self),
            )
            .with(Slot::from(ONLY_BY_RTX), Placed::new(OnlyByRtx(self)))
    }
}

/// Lets no packet be repeated on its own source.
struct OnlyByRtx(Sources);

impl Place for OnlyByRtx {
    fn leaves(&mut self, packet: TaggedPacket, out: &mut VecDeque<TaggedPacket>) {
        let is_picture = |ssrc: u32| ssrc == self.0.picture.ssrc || Some(ssrc) == self.0.low();
        let repeats = packet.message.has(&Attribute::Retransmission)
            && matches!(&packet.message.packet, Packet::Rtp(rtp) if is_picture(rtp.header.ssrc));
        if !repeats {
            out.push_back(packet);
        }
    }
}

/// An interceptor that is told of all sources where the stack, which knows one for each track, tells it of the picture's.
pub(super) struct Known<I> {
    inner: I,
    sources: Sources,
    /// The sources of repairs are streams like others for it.
    with_repairs: bool,
}

impl<I> Known<I> {
    /// Knows those that carry pictures.
    const fn pictures(inner: I, sources: Sources) -> Self {
        Self {
            inner,
            sources,
            with_repairs: false,
        }
    }

    /// Knows each source.
    pub(super) const fn each(inner: I, sources: Sources) -> Self {
        Self {
            inner,
            sources,
            with_repairs: true,
        }
    }

    fn streams(&self, info: &StreamInfo) -> Vec<StreamInfo> {
        let by_rtx = info.ssrc_rtx.is_some() && info.payload_type_rtx.is_some();
        let low = self.sources.low_layer.map(|low| StreamInfo {
            ssrc: low.ssrc,
            ssrc_rtx: by_rtx.then_some(low.repair),
            ..info.clone()
        });
        let pictures = [Some(info.clone()), low].into_iter().flatten();
        let with_repair = |picture: StreamInfo| {
            let repair = picture.ssrc_rtx.filter(|_| self.with_repairs && by_rtx);
            let repair = repair.map(|ssrc| StreamInfo {
                ssrc,
                ssrc_rtx: None,
                ..picture.clone()
            });
            [Some(picture), repair].into_iter().flatten()
        };
        pictures.flat_map(with_repair).collect()
    }
}

impl<I: Interceptor> Protocol<TaggedPacket, TaggedPacket, ()> for Known<I> {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.inner.handle_read(packet)
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.inner.poll_read()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.inner.handle_write(packet)
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.inner.poll_write()
    }

    fn handle_event(&mut self, event: ()) -> Result<(), Error> {
        self.inner.handle_event(event)
    }

    fn poll_event(&mut self) -> Option<()> {
        self.inner.poll_event()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.inner.handle_timeout(now)
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.inner.poll_timeout()
    }

    fn close(&mut self) -> Result<(), Error> {
        self.inner.close()
    }
}

impl<I: Interceptor> Interceptor for Known<I> {
    fn bind_local_stream(&mut self, info: &StreamInfo) {
        for stream in self.streams(info) {
            self.inner.bind_local_stream(&stream);
        }
    }

    fn unbind_local_stream(&mut self, info: &StreamInfo) {
        for stream in self.streams(info) {
            self.inner.unbind_local_stream(&stream);
        }
    }

    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        self.inner.bind_remote_stream(info);
    }

    fn unbind_remote_stream(&mut self, info: &StreamInfo) {
        self.inner.unbind_remote_stream(info);
    }
}

#[cfg(test)]
mod tests;
