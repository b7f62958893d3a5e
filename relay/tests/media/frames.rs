//! H.264-shaped packets: the relay looks at NAL unit types only, so the slices hold a recognisable filling.

use bytes::Bytes;
use rtc::rtp::{Header, Packet};

/// Payload bytes of a packet.
pub const PAYLOAD: usize = 1_100;

/// Makes packets of one publisher.
pub struct Frames {
    pub ssrc: u32,
    pub payload_type: u8,
    pub seq: u16,
}

impl Frames {
    /// A frame: parameter sets and an IDR in three fragments, or one slice.
    pub fn frame(&mut self, timestamp: u32, key: bool) -> Vec<Packet> {
        let payloads: Vec<Vec<u8>> = if key {
            vec![
                vec![0x67, 0x42, 0xe0, 0x1f],
                vec![0x68, 0xce],
                filled(&[0x7c, 0x85]),
                filled(&[0x7c, 0x05]),
                filled(&[0x7c, 0x45]),
            ]
        } else {
            vec![filled(&[0x61])]
        };
        self.packets(timestamp, payloads)
    }

    /// A delta frame of so many packets.
    pub fn long_frame(&mut self, timestamp: u32, packets: usize) -> Vec<Packet> {
        self.packets(timestamp, vec![filled(&[0x61]); packets])
    }

    /// A VP8 frame in one packet.
    pub fn vp8_frame(&mut self, timestamp: u32, key: bool) -> Vec<Packet> {
        self.packets(timestamp, vec![filled(&[0x10, u8::from(!key)])])
    }

    fn packets(&mut self, timestamp: u32, payloads: Vec<Vec<u8>>) -> Vec<Packet> {
        let last = payloads.len() - 1;
        let numbered = payloads.into_iter().enumerate();
        numbered
            .map(|(at, payload)| {
                let header = Header {
                    version: 2,
                    marker: at == last,
                    payload_type: self.payload_type,
                    sequence_number: self.seq,
                    timestamp,
                    ssrc: self.ssrc,
                    ..Header::default()
                };
                self.seq = self.seq.wrapping_add(1);
                Packet {
                    header,
                    payload: Bytes::from(payload),
                }
            })
            .collect()
    }
}

fn filled(head: &[u8]) -> Vec<u8> {
    let mut payload = head.to_vec();
    payload.resize(PAYLOAD, 0xab);
    payload
}

/// Whether a payload begins an IDR, as `frame` writes it.
pub fn is_idr_start(payload: &[u8]) -> bool {
    payload.starts_with(&[0x7c, 0x85])
}
