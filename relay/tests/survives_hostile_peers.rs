//! Peers with a ticket and every key that send what no honest one sends, each beside a viewer who must see the picture go on.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod media;

use media::client::{Client, Kind};
use media::frames::{Frames, is_idr_start};
use media::hostile::Hostile;
use media::malformed::{Seed, malformed_chunks, malformed_rtcp, malformed_rtp, piece};
use media::world::{Publisher, Viewer, World};
use relay::sfu::{SfuEvent, StopReason};
use rtc::rtcp::Packet as RtcpPacket;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{NackPair, TransportLayerNack};
use rtc::rtp::Packet;
use rtc::shared::marshal::Marshal;
use std::time::{Duration, Instant};

/// The publisher's source.
const SSRC: u32 = 0x1111;

async fn picture(world: &World) -> (Publisher, Viewer) {
    let mut publisher = world.publish(Kind::publisher(SSRC)).await;
    publisher.begin(world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    publisher.key(3_000);
    viewer.sees(3_000).await;
    (publisher, viewer)
}

/// Sequence numbers that a viewer got of the picture, without gaps and repetitions from the first to the last.
fn assert_nothing_missing(client: &Client) {
    client.seen(|seen| {
        let mut seqs: Vec<u16> = seen
            .packets
            .iter()
            .map(|p| p.header.sequence_number)
            .collect();
        seqs.sort_unstable();
        seqs.dedup();
        let (first, last) = (seqs[0], seqs[seqs.len() - 1]);
        assert_eq!(seqs.len(), usize::from(last - first) + 1);
    });
}

async fn assert_no_fault(world: &World) {
    let stats = world.sfu.stats().await.unwrap();
    assert_eq!((stats.faults, stats.lost_inside), (0, 0), "{stats:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_that_stops_in_mid_frame_comes_back_with_a_keyframe() {
    let world = World::start();
    let (mut publisher, viewer) = picture(&world).await;
    let mut packets = publisher.frames.long_frame(6_000, 8);
    packets.truncate(3);
    publisher.client.send(packets);
    viewer
        .client
        .until("the beginning of the frame", |seen| {
            let begun = seen.packets.iter().filter(|p| p.header.timestamp == 6_000);
            (begun.count() == 3).then_some(())
        })
        .await;
    publisher.client.mute(true);
    world
        .event("silence", |event| match event {
            SfuEvent::StreamStopped {
                reason: StopReason::Silent,
                ..
            } => Some(()),
            _ => None,
        })
        .await;
    let asked = publisher.client.seen(|seen| seen.keyframe_requests);
    publisher.client.mute(false);
    for frame in 1..6 {
        publisher.delta(90_000 + frame * 3_000);
    }
    publisher
        .client
        .until("a request for a keyframe", |seen| {
            (seen.keyframe_requests > asked).then_some(())
        })
        .await;
    publisher.key(120_000);
    publisher.delta(123_000);
    viewer.sees(123_000).await;
    viewer.client.seen(|seen| {
        let after = seen.packets.iter().position(|p| p.header.timestamp > 6_000);
        let after = &seen.packets[after.unwrap()..];
        assert!(
            after
                .iter()
                .all(|packet| packet.header.timestamp >= 120_000)
        );
        assert!(is_idr_start(&after[2].payload), "after its parameter sets");
        assert!(!seen.closed);
    });
    assert_nothing_missing(&viewer.client);
    assert_no_fault(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_and_times_that_jump_cost_a_keyframe_each_time_and_nobody_their_picture() {
    let world = World::start();
    let (mut publisher, viewer) = picture(&world).await;
    let mut timestamp = 3_000u32;
    // Forward by less than half the circle, 220 times: the numbers come round a hundred times.
    for round in 0..220u32 {
        publisher.frames.seq = publisher.frames.seq.wrapping_add(30_000);
        let jump = [3_000, 0x7fff_0000, 90_000 * 3_600, 0xffff_0000][round as usize % 4];
        timestamp = timestamp.wrapping_add(jump);
        publisher.key(timestamp);
        let last = publisher.frames.seq.wrapping_sub(1);
        let sees = viewer.client.within(Duration::from_secs(5), |seen| {
            let newest = seen.packets.last()?;
            (newest.header.timestamp == timestamp && newest.header.marker).then_some(())
        });
        assert!(sees.await.is_some(), "round {round}, number {last}");
    }
    viewer.client.seen(|seen| assert!(!seen.closed));
    assert_nothing_missing(&viewer.client);
    let stats = world.sfu.stats().await.unwrap();
    assert!(stats.keyframes_asked < 60, "{stats:?}");
    assert_no_fault(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_from_the_other_half_of_the_circle_are_repetitions_and_the_picture_goes_on_behind_them()
 {
    for jump in [32_768u16, 40_000, 65_000] {
        let world = World::start();
        let (mut publisher, viewer) = picture(&world).await;
        let (before, mut timestamp) = (publisher.frames.seq, 3_000);
        // SRTP takes an index that goes back for a repetition (RFC 3711 §3.3.2): nobody hears of these.
        publisher.frames.seq = before.wrapping_add(jump);
        for _ in 0..5 {
            timestamp += 3_000;
            publisher.key(timestamp);
        }
        publisher.frames.seq = before;
        timestamp += 3_000;
        publisher.key(timestamp);
        viewer.sees(timestamp).await;
        timestamp += 3_000;
        publisher.delta(timestamp);
        viewer.sees(timestamp).await;
        // One back: the first packet is a repetition, the others go on.
        publisher.frames.seq = publisher.frames.seq.wrapping_add(65_535);
        for _ in 0..3 {
            timestamp += 3_000;
            publisher.key(timestamp);
            viewer.sees(timestamp).await;
        }
        viewer.client.seen(|seen| assert!(!seen.closed));
        assert_no_fault(&world).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_floods_with_reports_gets_its_share_and_takes_nobody_elses() {
    let world = World::start();
    let (mut publisher, viewer) = picture(&world).await;
    let others: Vec<Viewer> = vec![
        world.watch(Kind::viewer()).await,
        world.watch(Kind::viewer()).await,
    ];
    let hostile = world.watch(Kind::viewer()).await;
    publisher.key(6_000);
    hostile.sees(6_000).await;
    let (ssrc, newest) = hostile.client.seen(|seen| {
        let header = &seen.packets[seen.packets.len() - 1].header;
        (header.ssrc, header.sequence_number)
    });
    let before = world.sfu.stats().await.unwrap();
    let start = Instant::now();
    for frame in 3..63u32 {
        for _ in 0..60 {
            hostile.client.send_reports(flood(ssrc, newest));
        }
        publisher.delta(frame * 3_000);
        viewer.sees(frame * 3_000).await;
    }
    let stats = world
        .stats("the flood arrived", |stats| {
            stats.datagrams_in > before.datagrams_in + 3_000
        })
        .await;
    let seconds = start.elapsed().as_secs() + 1;
    // One keyframe for all who ask, each 300 ms at most; one second's worth of repetitions at once, then by the second.
    assert!(stats.keyframes_asked - before.keyframes_asked <= seconds * 4 + 1);
    assert!(stats.retransmitted - before.retransmitted <= 500 * (seconds + 1));
    // A look at each of four viewers for each packet and each tenth of a second, none for a report.
    let bursts = stats.packets_in - before.packets_in + 10 * seconds + 10;
    assert!(
        stats.turns - before.turns <= 4 * bursts,
        "{} turns, {bursts} bursts",
        stats.turns - before.turns
    );
    for good in others.iter().chain([&viewer]) {
        good.sees(62 * 3_000).await;
        assert_nothing_missing(&good.client);
        good.client.seen(|seen| {
            let deltas = seen.packets.iter().filter(|p| p.header.timestamp > 6_000);
            assert_eq!(deltas.count(), 60, "each once");
        });
    }
    assert_no_fault(&world).await;
}

/// What one viewer may say at once: everything is missing, and it sees nothing.
fn flood(ssrc: u32, newest: u16) -> Vec<Box<dyn RtcpPacket>> {
    let nacks = (0..60).map(|n| NackPair {
        packet_id: newest.wrapping_sub(n * 17),
        lost_packets: 0xffff,
    });
    vec![
        Box::new(ReceiverReport::default()),
        Box::new(TransportLayerNack {
            sender_ssrc: 1,
            media_ssrc: ssrc,
            nacks: nacks.collect(),
        }),
        Box::new(PictureLossIndication {
            sender_ssrc: 1,
            media_ssrc: ssrc,
        }),
    ]
}

fn key(frames: &mut Frames, timestamp: u32) -> Vec<Vec<u8>> {
    let bytes = |packet: Packet| packet.marshal().unwrap().to_vec();
    frames
        .frame(timestamp, true)
        .into_iter()
        .map(bytes)
        .collect()
}

fn frames() -> Frames {
    Frames {
        ssrc: SSRC,
        payload_type: 98,
        seq: 100,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authentic_rtp_that_lies_about_itself_is_dropped_and_the_picture_goes_on() {
    let world = World::start();
    let mut hostile = Hostile::connected(&world, Kind::publisher(SSRC)).await;
    let mut frames = frames();
    for packet in key(&mut frames, 0) {
        hostile.rtp(&packet).await;
    }
    world
        .event("the stream started", |event| match event {
            SfuEvent::StreamStarted { .. } => Some(()),
            _ => None,
        })
        .await;
    let viewer = world.watch(Kind::viewer()).await;
    let mut seed = Seed(0x1234_5678_9abc_def1);
    for round in 1..30u32 {
        for mut packet in malformed_rtp(SSRC, frames.seq) {
            hostile.rtp(&packet).await;
            packet[2..4].copy_from_slice(&frames.seq.wrapping_add(1).to_be_bytes());
            let at = 12 + seed.below(packet.len().max(13) - 12);
            if let Some(byte) = packet.get_mut(at) {
                *byte = seed.below(256) as u8;
            }
            hostile.rtp(&packet).await;
            frames.seq = frames.seq.wrapping_add(2);
        }
        for packet in key(&mut frames, round * 90_000) {
            hostile.rtp(&packet).await;
        }
        hostile.proves_itself().await;
        viewer.sees(round * 90_000).await;
    }
    viewer.client.seen(|seen| assert!(!seen.closed));
    assert_no_fault(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authentic_reports_that_lie_about_themselves_are_dropped_on_both_sides() {
    let world = World::start();
    let mut publisher = Hostile::connected(&world, Kind::publisher(SSRC)).await;
    let mut frames = frames();
    for packet in key(&mut frames, 0) {
        publisher.rtp(&packet).await;
    }
    world
        .event("the stream started", |event| match event {
            SfuEvent::StreamStarted { .. } => Some(()),
            _ => None,
        })
        .await;
    let viewer = world.watch(Kind::viewer()).await;
    let mut watcher = Hostile::connected(&world, Kind::viewer()).await;
    let mut seed = Seed(0xfeed_beef_1234_5671);
    for round in 1..30u32 {
        for report in malformed_rtcp(&mut seed) {
            publisher.rtcp(&report).await;
            watcher.rtcp(&report).await;
        }
        for packet in key(&mut frames, round * 90_000) {
            publisher.rtp(&packet).await;
        }
        publisher.proves_itself().await;
        watcher.proves_itself().await;
        viewer.sees(round * 90_000).await;
    }
    viewer.client.seen(|seen| assert!(!seen.closed));
    assert_no_fault(&world).await;
    let stats = world.sfu.stats().await.unwrap();
    assert_eq!((stats.publishers, stats.viewers), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sctp_that_lies_about_itself_ends_at_most_the_channels_of_who_sent_it() {
    let world = World::start();
    let kind = Kind {
        control: true,
        ..Kind::publisher(SSRC)
    };
    let mut hostile = Hostile::connected(&world, kind).await;
    let mut frames = frames();
    for packet in key(&mut frames, 0) {
        hostile.rtp(&packet).await;
    }
    world
        .event("the stream started", |event| match event {
            SfuEvent::StreamStarted { .. } => Some(()),
            _ => None,
        })
        .await;
    let viewer = world.watch(Kind::viewer()).await;
    let mut seed = Seed(0x0bad_cafe_1234_5671);
    for round in 1..12u32 {
        for length in [1, 2, 11, 12, 13, 16, 40, 1_000] {
            let junk = seed.bytes(length);
            hostile.data(&junk).await;
        }
        for chunks in malformed_chunks(&mut seed) {
            let tag = [0, 0, 1, 0xffff_ffff, 0x1234_5678][seed.below(5)];
            hostile.sctp(tag, &chunks).await;
        }
        for packet in key(&mut frames, round * 90_000) {
            hostile.rtp(&packet).await;
        }
        hostile.proves_itself().await;
        viewer.sees(round * 90_000).await;
    }
    viewer.client.seen(|seen| assert!(!seen.closed));
    assert_no_fault(&world).await;
}

fn memory() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes_that_never_end_cost_a_fixed_amount_and_no_stack() {
    let world = World::start();
    let (mut publisher, viewer) = picture(&world).await;
    // Each piece follows the one before: whoever puts them together goes as deep as there are pieces.
    let pieces = Hostile::proven(&world, Kind::viewer()).await;
    let hellos = Hostile::proven(&world, Kind::viewer()).await;
    let early = Hostile::proven(&world, Kind::publisher(0x2222)).await;
    let mut later = Hostile::connected(&world, Kind::viewer()).await;
    let before = memory();
    let mut seed = Seed(0x0dd_ba11_1234_5671);
    for round in 0..50u32 {
        for n in 0..200 {
            pieces.raw(&piece((round * 200 + n) as u16, 1)).await;
            let mut hello = piece(0, 68);
            hello[2 + 13..4 + 13].copy_from_slice(&[0, 68]);
            hello[25..].copy_from_slice(&seed.bytes(68));
            hellos.raw(&hello).await;
            for (peer, epoch) in [(&early, 1), (&later, 2)] {
                let mut record = vec![23, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, n as u8, 4, 0];
                record.resize(13 + 1_024, 9);
                peer.raw(&record).await;
            }
        }
        let timestamp = 6_000 + round * 3_000;
        publisher.key(timestamp);
        viewer.sees(timestamp).await;
    }
    let stats = world
        .stats("all was counted", |stats| stats.dropped_handshake > 20_000)
        .await;
    assert!(stats.dropped_handshake > 20_000);
    let grown = memory().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes for 20 MB that never end");
    // Who was connected still is.
    later.rtcp(&[0x80, 201, 0, 1, 0, 0, 0, 1]).await;
    later.proves_itself().await;
    assert_no_fault(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stun_that_lies_about_itself_is_not_answered_even_where_good_checks_are() {
    let world = World::start();
    let (mut publisher, viewer) = picture(&world).await;
    let hostile = Hostile::proven(&world, Kind::viewer()).await;
    let good = hostile.check();
    let mut bad: Vec<Vec<u8>> = Vec::new();
    let mut with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = good.clone();
        change(&mut changed);
        bad.push(changed);
    };
    with(&|check| check[3] = check[3].wrapping_add(4));
    with(&|check| check[3] = check[3].wrapping_sub(4));
    with(&|check| check[3] ^= 1);
    with(&|check| check[2..4].copy_from_slice(&[0xff, 0xff]));
    with(&|check| check[22..24].copy_from_slice(&[0xff, 0xff]));
    with(&|check| check[4] = 0);
    with(&|check| check[1] = 0x03);
    with(&|check| {
        let last = check.len() - 1;
        check[last] ^= 1;
    });
    with(&|check| {
        let tag = check.len() - 20;
        check[tag] ^= 1;
    });
    for at in 0..good.len() {
        with(&|check| check[at] ^= 0x10);
        with(&|check| check.truncate(at));
    }
    // Answers to good checks that were sent twice.
    while hostile.hears(Duration::from_millis(50)).await.is_some() {}
    let dropped = world.sfu.stats().await.unwrap();
    let mut sent = 0;
    for round in 0..10u32 {
        for datagram in &bad {
            hostile.raw(datagram).await;
            sent += 1;
        }
        let timestamp = 6_000 + round * 3_000;
        publisher.key(timestamp);
        viewer.sees(timestamp).await;
    }
    // What is no STUN any more by its first bytes is no DTLS and no media either.
    let refused = |stats: &relay::sfu::SfuStats| {
        stats.dropped_stun + stats.dropped_unknown - dropped.dropped_stun - dropped.dropped_unknown
    };
    world
        .stats("all were refused", |stats| refused(stats) >= sent * 9 / 10)
        .await;
    let answer = hostile.hears(Duration::from_millis(50)).await;
    assert!(answer.is_none(), "an answer to what was no check");
    hostile.proves_itself().await;
    assert_no_fault(&world).await;
}
