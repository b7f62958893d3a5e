//! A packet of `rtc` in our words.

use super::contract::RtpIn;
use rtc::rtp;

/// From a publisher or a talker.
pub(super) fn incoming(packet: rtp::Packet) -> RtpIn {
    let header = packet.header;
    RtpIn {
        ssrc: header.ssrc,
        payload_type: header.payload_type,
        seq: header.sequence_number,
        timestamp: header.timestamp,
        marker: header.marker,
        extensions: header
            .extensions
            .into_iter()
            .map(|extension| (extension.id, extension.payload))
            .collect(),
        payload: packet.payload,
    }
}
