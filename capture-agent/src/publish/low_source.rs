//! The low layer's own source on the picture's track.
//!
//! The `webrtc` crate sends one source for each track, and a second track would be a second section of the offer, which other
//! WHIP servers refuse (RFC 9725 §4.4.2). So a packet of the low layer comes down the picture's track with its source in the
//! list of contributing sources, and gets it here, before anything counts or keeps it. Keyframe requests for it end here: the
//! stack knows no track for them.

use crate::low_layer::LowLayer;
use crate::publish::place::Place;
use crate::publish::sources::Repaired;
use rtc::interceptor::{Packet, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use std::collections::VecDeque;
use wire::agent::LOW_LAYER_ATTRIBUTE;

/// Position of `LowSource`: above all that counts packets, below the keyframe tap.
pub(super) const LOW_SOURCE: usize = 15_000;

/// Names the low layer's source in an offer, and that of its repairs.
pub(super) fn named_in(offer: &str, source: Repaired) -> String {
    let Some(picture) = offer.find("m=video") else {
        return offer.to_owned();
    };
    let rest = offer.get(picture..).unwrap_or_default();
    let end = rest
        .find("\r\nm=")
        .map_or(offer.len(), |at| picture + at + 2);
    let (head, tail) = offer.split_at_checked(end).unwrap_or((offer, ""));
    let Repaired { ssrc, repair } = source;
    format!("{head}a={LOW_LAYER_ATTRIBUTE}:{ssrc} {repair}\r\n{tail}")
}

/// Gives packets of the low layer their source, and its keyframe requests to the layer.
pub(super) struct LowSource {
    ssrc: u32,
    layer: LowLayer,
}

impl LowSource {
    pub(super) const fn new(ssrc: u32, layer: LowLayer) -> Self {
        Self { ssrc, layer }
    }

    fn asks_for_keyframe(&self, packet: &dyn rtc::rtcp::Packet) -> bool {
        let packet = packet.as_any();
        let pli = packet.downcast_ref::<PictureLossIndication>();
        let fir = packet.downcast_ref::<FullIntraRequest>();
        pli.is_some_and(|pli| pli.media_ssrc == self.ssrc)
            || fir.is_some_and(|fir| fir.fir.iter().any(|entry| entry.ssrc == self.ssrc))
    }
}

impl Place for LowSource {
    fn comes(&mut self, packet: &mut TaggedPacket) {
        if let Packet::Rtcp(parts) = &packet.message.packet
            && parts
                .iter()
                .any(|part| self.asks_for_keyframe(part.as_ref()))
        {
            self.layer.request_keyframe();
        }
    }

    fn leaves(&mut self, mut packet: TaggedPacket, out: &mut VecDeque<TaggedPacket>) {
        if let Packet::Rtp(rtp) = &mut packet.message.packet
            && rtp.header.csrc == [self.ssrc]
        {
            rtp.header.ssrc = self.ssrc;
            rtp.header.csrc.clear();
        }
        out.push_back(packet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_names_the_source_in_its_picture() {
        let video = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\n";
        let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n";
        let named = format!("{video}a={LOW_LAYER_ATTRIBUTE}:77 78\r\n");
        let source = Repaired {
            ssrc: 77,
            repair: 78,
        };
        assert_eq!(named_in(video, source), named);
        assert_eq!(
            named_in(&format!("{video}{data}"), source),
            format!("{named}{data}")
        );
        assert_eq!(named_in(data, source), data);
    }
}
