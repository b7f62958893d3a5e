//! The relay's own link in `rtc`'s packet chain on the way to a viewer.
//!
//! Owns one decision: which feedback reaches the relay. Keyframe requests and loss reports do, everything else ends here;
//! packets pass untouched. It answers nothing: the relay does, from the stream's cache. By default `rtc` ends all RTCP in
//! the chain, and it routes what is let through by the first packet only, so the kept ones are sorted to the front.

use rtc::interceptor::{Attribute, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::time::Instant;

/// RTCP packets taken from one compound datagram; 1,500 bytes hold 125 of the smallest.
const MAX_PER_DATAGRAM: usize = 128;

/// The link.
#[derive(Default)]
pub(super) struct FeedbackTap {
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for FeedbackTap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, mut packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(all) = &mut packet.message.packet {
            let mut kept = std::mem::take(all);
            kept.truncate(MAX_PER_DATAGRAM);
            kept.retain(|rtcp| {
                let rtcp = rtcp.as_any();
                rtcp.is::<PictureLossIndication>()
                    || rtcp.is::<FullIntraRequest>()
                    || rtcp.is::<TransportLayerNack>()
            });
            if kept.is_empty() {
                return Ok(());
            }
            *all = kept;
            packet.message.add(Attribute::DeliverToApplication);
        }
        self.reads.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.writes.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }
}

impl Interceptor for FeedbackTap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
