//! The low layer's own source on the picture's track.
//!
//! The `webrtc` crate sends one source for each track, and a second track would be a second section of the offer, which other
//! WHIP servers refuse (RFC 9725 §4.4.2). So a packet of the low layer comes down the picture's track with its source in the
//! list of contributing sources, and gets it here, before anything counts or keeps it. `Both` lets an interceptor that knows
//! the picture's source know this one too. Keyframe requests for it end here: the stack knows no track for them.

use crate::low_layer::LowLayer;
use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::time::Instant;
use wire::agent::LOW_LAYER_ATTRIBUTE;

/// Position of `LowSource`: above all that counts packets, below the keyframe tap.
pub(super) const LOW_SOURCE: usize = 15_000;

/// Names the low layer's source in an offer.
pub(super) fn named_in(offer: &str, ssrc: u32) -> String {
    let Some(picture) = offer.find("m=video") else {
        return offer.to_owned();
    };
    let rest = offer.get(picture..).unwrap_or_default();
    let end = rest
        .find("\r\nm=")
        .map_or(offer.len(), |at| picture + at + 2);
    let (head, tail) = offer.split_at_checked(end).unwrap_or((offer, ""));
    format!("{head}a={LOW_LAYER_ATTRIBUTE}:{ssrc}\r\n{tail}")
}

/// Gives packets of the low layer their source, and its keyframe requests to the layer.
pub(super) struct LowSource {
    ssrc: u32,
    layer: LowLayer,
    read: VecDeque<TaggedPacket>,
    written: VecDeque<TaggedPacket>,
}

impl LowSource {
    pub(super) const fn new(ssrc: u32, layer: LowLayer) -> Self {
        Self {
            ssrc,
            layer,
            read: VecDeque::new(),
            written: VecDeque::new(),
        }
    }

    fn asks_for_keyframe(&self, packet: &dyn rtc::rtcp::Packet) -> bool {
        let packet = packet.as_any();
        let pli = packet.downcast_ref::<PictureLossIndication>();
        let fir = packet.downcast_ref::<FullIntraRequest>();
        pli.is_some_and(|pli| pli.media_ssrc == self.ssrc)
            || fir.is_some_and(|fir| fir.fir.iter().any(|entry| entry.ssrc == self.ssrc))
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for LowSource {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(parts) = &packet.message.packet
            && parts
                .iter()
                .any(|part| self.asks_for_keyframe(part.as_ref()))
        {
            self.layer.request_keyframe();
        }
        self.read.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, mut packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtp(rtp) = &mut packet.message.packet
            && rtp.header.csrc == [self.ssrc]
        {
            rtp.header.ssrc = self.ssrc;
            rtp.header.csrc.clear();
        }
        self.written.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.written.pop_front()
    }
}

impl Interceptor for LowSource {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}

/// An interceptor that is told of the low layer's source where it is told of the picture's.
pub(super) struct Both<I> {
    inner: I,
    low: Option<u32>,
}

impl<I> Both<I> {
    pub(super) const fn new(inner: I, low: Option<u32>) -> Self {
        Self { inner, low }
    }

    fn twin(&self, info: &StreamInfo) -> Option<StreamInfo> {
        self.low.map(|ssrc| StreamInfo {
            ssrc,
            ..info.clone()
        })
    }
}

impl<I: Interceptor> Protocol<TaggedPacket, TaggedPacket, ()> for Both<I> {
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

impl<I: Interceptor> Interceptor for Both<I> {
    fn bind_local_stream(&mut self, info: &StreamInfo) {
        self.inner.bind_local_stream(info);
        if let Some(twin) = self.twin(info) {
            self.inner.bind_local_stream(&twin);
        }
    }

    fn unbind_local_stream(&mut self, info: &StreamInfo) {
        self.inner.unbind_local_stream(info);
        if let Some(twin) = self.twin(info) {
            self.inner.unbind_local_stream(&twin);
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
mod tests {
    use super::*;

    #[test]
    fn an_offer_names_the_source_in_its_picture() {
        let video = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\n";
        let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n";
        let named = format!("{video}a={LOW_LAYER_ATTRIBUTE}:77\r\n");
        assert_eq!(named_in(video, 77), named);
        assert_eq!(
            named_in(&format!("{video}{data}"), 77),
            format!("{named}{data}")
        );
        assert_eq!(named_in(data, 77), data);
    }
}
