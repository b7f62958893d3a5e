//! A publication's packets become a stream: numbers, padding, timelines.

use super::*;
use crate::sfu::engine::tests::clock;
use crate::sfu::picture::StreamSeq;
use bytes::Bytes;
use uuid::Uuid;

const KEY: &[u8] = &[0x65, 0];
const DELTA: &[u8] = &[0x61, 0];
const H264: Codec = Codec::H264 {
    profile_level: [0x42, 0xe0, 0x1f],
    fragmented: true,
};

fn rtp(seq: u16, timestamp: u32, payload: &'static [u8]) -> RtpIn {
    RtpIn {
        ssrc: 7,
        payload_type: 96,
        seq,
        timestamp,
        marker: true,
        extensions: Vec::new(),
        payload: Bytes::from_static(payload),
    }
}

fn begin(stream: &mut Stream, now: Instant, ours: bool, first: RtpIn) {
    let session = MediaSessionId::from_uuid(Uuid::nil());
    let peer = (PeerId(1), session, StreamId::random());
    stream.begin(now, peer, (H264, ours, Some(8)), &first);
    stream.take(now, first, ExtensionIds::default());
}

fn last_number(stream: &Stream) -> StreamSeq {
    *stream.full.burst.last().unwrap()
}

#[test]
fn numbers_follow_the_publisher_across_the_wrap_and_out_of_order() {
    let now = clock();
    let mut stream = Stream::new(now);
    begin(&mut stream, now, true, rtp(65_534, 1, KEY));
    let first = last_number(&stream);
    for (seq, expected) in [(65_535, 1), (1, 3), (0, 2), (2, 4)] {
        stream.take(now, rtp(seq, 1, DELTA), ExtensionIds::default());
        assert_eq!(last_number(&stream), first + expected);
        assert_eq!(stream.full.publishers_seq(first + expected), Some(seq));
    }
}

#[test]
fn a_packet_that_comes_twice_is_taken_once() {
    let now = clock();
    let mut stream = Stream::new(now);
    begin(&mut stream, now, true, rtp(5, 1, KEY));
    stream.take(now, rtp(5, 1, KEY), ExtensionIds::default());
    assert_eq!(stream.full.burst.len(), 1);
}

#[test]
fn our_agents_timestamps_are_never_touched() {
    let now = clock();
    let mut stream = Stream::new(now);
    begin(&mut stream, now, true, rtp(5, 900_000, KEY));
    begin(&mut stream, now, true, rtp(9, 100, KEY));
    assert_eq!(stream.live.unwrap().rtp_offset, 0);
}

#[test]
fn a_foreign_publisher_that_comes_back_goes_on_where_the_clock_stands() {
    let now = clock();
    let mut stream = Stream::new(now);
    begin(&mut stream, now, false, rtp(5, 900_000, KEY));
    assert_eq!(stream.newest(), Some(RtpTime(900_000)));
    let later = now + Duration::from_secs(2);
    begin(&mut stream, later, false, rtp(50_000, 12_345, KEY));
    assert_eq!(stream.newest(), Some(RtpTime(900_000 + 2 * 90_000)));
}

#[test]
fn two_publications_never_share_a_number() {
    let now = clock();
    let mut stream = Stream::new(now);
    begin(&mut stream, now, true, rtp(5, 1, KEY));
    stream.take(now, rtp(30_000, 1, KEY), ExtensionIds::default());
    let old = last_number(&stream);
    begin(&mut stream, now, true, rtp(65_000, 1, KEY));
    assert!(last_number(&stream) > old);
    stream.take(now, rtp(64_000, 1, KEY), ExtensionIds::default());
    assert!(last_number(&stream) > old);
    stream.full.burst.clear();
    stream.take(now, rtp(50_000, 1, KEY), ExtensionIds::default());
    assert!(stream.full.burst.is_empty(), "from before this publication");
}

#[test]
fn a_long_break_asks_for_a_keyframe() {
    let now = clock();
    let mut stream = Stream::new(now);
    begin(&mut stream, now, true, rtp(5, 1, KEY));
    assert!(!stream.full.keyframes.ask(now), "the first packet is one");
    stream.take(now, rtp(5_000, 1, DELTA), ExtensionIds::default());
    assert!(stream.full.keyframes.ask(now));
}

/// Filler data, as our agent pads.
const FILLER: &[u8] = &[12, 0xff, 0x80];
/// What is left of a browser's padding.
const NOTHING: &[u8] = &[];

fn take(stream: &mut Stream, now: Instant, seq: u16, payload: &'static [u8]) {
    stream.take(now, rtp(seq, 1, payload), ExtensionIds::default());
}

#[test]
fn padding_is_not_forwarded_not_missed_and_leaves_no_hole() {
    let now = clock();
    let mut stream = Stream::new(now);
    begin(&mut stream, now, true, rtp(65_533, 1, KEY));
    assert!(!stream.full.keyframes.ask(now), "the first packet is one");
    let first = last_number(&stream);
    for (seq, payload) in [
        (65_534, FILLER),
        (65_535, NOTHING),
        (0, DELTA),
        (1, FILLER),
        (2, DELTA),
    ] {
        take(&mut stream, now, seq, payload);
    }
    assert_eq!(stream.full.burst, [first, first + 1, first + 2]);
    assert_eq!(stream.flow.packets, 3);
    let later = now + Duration::from_secs(1);
    assert_eq!(
        (stream.full.gaps.due(later), stream.full.gaps.take_lost()),
        (vec![], 0)
    );
    assert!(!stream.full.keyframes.ask(later));
}

#[test]
fn what_is_missing_among_padding_is_asked_for_by_the_publishers_number() {
    let (now, soon) = (clock(), clock() + Duration::from_millis(10));
    let mut stream = Stream::new(now);
    begin(&mut stream, now, true, rtp(10, 1, KEY));
    let first = last_number(&stream);
    for (seq, payload) in [(11, FILLER), (12, FILLER), (14, DELTA)] {
        take(&mut stream, now, seq, payload);
    }
    let asked: Vec<u16> = stream
        .full
        .gaps
        .due(soon)
        .into_iter()
        .filter_map(|number| stream.full.publishers_seq(number))
        .collect();
    assert_eq!(asked, [13]);
    take(&mut stream, soon, 13, DELTA);
    assert_eq!(stream.full.burst, [first, first + 2, first + 1]);
}

#[test]
fn padding_that_comes_late_fills_its_hole_empty() {
    let now = clock();
    let mut stream = Stream::new(now);
    begin(&mut stream, now, true, rtp(10, 1, KEY));
    let first = last_number(&stream);
    for (seq, payload) in [(12, DELTA), (11, FILLER), (11, FILLER), (13, DELTA)] {
        take(&mut stream, now, seq, payload);
    }
    assert_eq!(stream.full.burst, [first, first + 2, first + 1, first + 3]);
    let filled = stream.full.cache.get(first + 1).unwrap();
    assert!(filled.payload.is_empty());
}

#[test]
fn a_number_that_is_astray_is_left_out_and_a_publisher_that_counts_anew_is_followed_after_a_break()
{
    let now = clock();
    let mut stream = Stream::new(now);
    begin(&mut stream, now, true, rtp(100, 1, KEY));
    let ids = ExtensionIds::default;
    assert_eq!(
        stream.take(now, rtp(100 + 32_768, 2, KEY), ids()),
        Taken::InOrder
    );
    assert_eq!(stream.take(now, rtp(101, 2, DELTA), ids()), Taken::InOrder);
    assert_eq!(stream.full.burst.len(), 2, "one alone is left out");
    assert_eq!(stream.take(now, rtp(50_000, 3, KEY), ids()), Taken::InOrder);
    assert_eq!(
        stream.take(now, rtp(50_001, 3, DELTA), ids()),
        Taken::AfterBreak(LayerName::Full)
    );
    assert_eq!(stream.take(now, rtp(50_002, 4, KEY), ids()), Taken::InOrder);
    assert_eq!(stream.full.burst.len(), 4);
    assert_eq!(
        stream.full.cache.join_point(now),
        Some(last_number(&stream))
    );
}

#[test]
fn numbers_that_come_round_a_hundred_times_go_on_rising() {
    let now = clock();
    let mut stream = Stream::new(now);
    begin(&mut stream, now, true, rtp(0, 1, KEY));
    let first = last_number(&stream);
    for step in 1..=220u64 {
        let seq = (step * 30_000) as u16;
        let taken = stream.take(now, rtp(seq, step as u32, KEY), ExtensionIds::default());
        assert_eq!(taken, Taken::AfterBreak(LayerName::Full));
        assert_eq!(last_number(&stream), first + step * 30_000);
        assert_eq!(
            stream.full.cache.join_point(now),
            Some(last_number(&stream))
        );
    }
}
