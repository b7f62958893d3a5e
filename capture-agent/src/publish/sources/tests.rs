//! What leaves a connection that is asked for packets again.

use super::*;
use bytes::Bytes;
use rtc::interceptor::{AttributedPacket, RTCPFeedback, RTPHeaderExtension, TwccSenderBuilder};
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc::rtp;
use rtc::shared::TransportContext;
use std::collections::HashMap;

const TRANSPORT_CC: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const NUMBERED: u8 = 5;
const RTX: u8 = 103;

/// A connection's chain as far as repairs go, with a server that takes RTX or does not.
fn chain(sources: Sources, rtx: Option<u8>) -> impl Interceptor {
    let mut chain = sources
        .repaired_in(Registry::new())
        .with(
            Slot::TwccSender,
            Known::each(TwccSenderBuilder::new().build(), sources),
        )
        .build();
    chain.bind_local_stream(&StreamInfo {
        ssrc: sources.picture.ssrc,
        ssrc_rtx: Some(sources.picture.repair),
        payload_type: 102,
        payload_type_rtx: rtx,
        rtp_header_extensions: vec![RTPHeaderExtension {
            uri: TRANSPORT_CC.to_owned(),
            id: u16::from(NUMBERED),
        }],
        rtcp_feedback: vec![RTCPFeedback {
            typ: "nack".to_owned(),
            parameter: String::new(),
        }],
        ..StreamInfo::default()
    });
    chain
}

fn tagged(packet: Packet) -> TaggedPacket {
    TaggedPacket {
        now: Instant::now(),
        transport: TransportContext::default(),
        message: AttributedPacket::new(packet),
    }
}

/// Sends ten packets on each source and asks for some of them twice; gives what left.
fn asked_twice(sources: Sources, rtx: Option<u8>) -> Vec<rtp::Packet> {
    let mut chain = chain(sources, rtx);
    let mut left = Vec::new();
    let carriers = [Some(sources.picture), sources.low_layer];
    for source in carriers.into_iter().flatten() {
        for sequence_number in 500..510 {
            let packet = rtp::Packet {
                header: rtp::Header {
                    version: 2,
                    payload_type: 102,
                    ssrc: source.ssrc,
                    sequence_number,
                    timestamp: 9_000,
                    ..rtp::Header::default()
                },
                payload: Bytes::from(vec![sequence_number as u8; 20]),
            };
            chain.handle_write(tagged(Packet::Rtp(packet))).unwrap();
        }
        for _ in 0..2 {
            let nack = TransportLayerNack {
                sender_ssrc: 1,
                media_ssrc: source.ssrc,
                nacks: nack_pairs_from_sequence_numbers(&[503, 507]),
            };
            chain
                .handle_read(tagged(Packet::Rtcp(vec![Box::new(nack)])))
                .unwrap();
            while chain.poll_read().is_some() {}
        }
        while let Some(packet) = chain.poll_write() {
            if let Packet::Rtp(rtp) = packet.message.packet {
                left.push(rtp);
            }
        }
    }
    left
}

/// Source and sequence number are the nonce: what left twice under one of them.
fn under_one_nonce(left: &[rtp::Packet]) -> usize {
    let mut nonces: HashMap<(u32, u16), usize> = HashMap::new();
    for packet in left {
        let header = &packet.header;
        *nonces
            .entry((header.ssrc, header.sequence_number))
            .or_default() += 1;
    }
    nonces.values().filter(|times| **times > 1).count()
}

#[test]
fn what_is_asked_for_again_comes_on_a_source_and_numbers_of_its_own() {
    let sources = Sources::of(0x1234_5600, true);
    let left = asked_twice(sources, Some(RTX));
    assert_eq!(under_one_nonce(&left), 0);
    for source in [sources.picture, sources.low_layer.unwrap()] {
        let repairs: Vec<&rtp::Packet> = left
            .iter()
            .filter(|packet| packet.header.ssrc == source.repair)
            .collect();
        let told: Vec<_> = repairs
            .iter()
            .map(|packet| {
                let original = u16::from_be_bytes([packet.payload[0], packet.payload[1]]);
                (packet.header.sequence_number, original)
            })
            .collect();
        assert_eq!(told, [(0, 503), (1, 507), (2, 503), (3, 507)]);
        for packet in repairs {
            assert_eq!(packet.header.payload_type, RTX);
            assert_eq!(packet.header.timestamp, 9_000);
            assert_eq!(packet.payload[2..], [packet.payload[1]; 20]);
        }
    }
}

#[test]
fn repairs_have_transport_wide_numbers_so_that_the_estimator_sees_them() {
    let left = asked_twice(Sources::of(7, true), Some(RTX));
    let mut numbers: Vec<u16> = left
        .iter()
        .map(|packet| {
            let number = packet.header.get_extension(NUMBERED).unwrap();
            u16::from_be_bytes([number[0], number[1]])
        })
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..28).collect::<Vec<u16>>());
}

#[test]
fn a_server_that_takes_no_rtx_gets_no_packet_twice() {
    let left = asked_twice(Sources::of(7, true), None);
    assert_eq!(under_one_nonce(&left), 0);
    assert_eq!(left.len(), 20, "the originals, and nothing again");
}

#[test]
fn no_two_sources_are_the_same_and_none_is_zero() {
    for number in [0, 1, 3, 4, 7, u32::MAX] {
        let Sources { picture, low_layer } = Sources::of(number, true);
        let low = low_layer.unwrap();
        let mut all = vec![picture.ssrc, picture.repair, low.ssrc, low.repair];
        all.sort_unstable();
        all.dedup();
        assert!(all.len() == 4 && !all.contains(&0), "{number}: {all:?}");
    }
}
