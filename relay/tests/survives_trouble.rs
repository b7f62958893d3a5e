//! Lost packets, publishers that come, go and come back, sessions that end: viewers keep their connection and picture.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod media;

use media::client::{Kind, Seen};
use media::frames::is_idr_start;
use media::world::{World, session};
use relay::sfu::{GoneReason, SfuConfig, SfuError, SfuEvent, StopReason};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How many packets of a frame a viewer has; one may come twice when it asks while the answer is on its way.
fn packets_of(frame: u32, seen: &Seen) -> usize {
    let of = seen.packets.iter();
    let of = of.filter(|packet| packet.header.timestamp == frame * 3_000);
    let numbers: BTreeSet<u16> = of.map(|packet| packet.header.sequence_number).collect();
    numbers.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_that_a_viewer_misses_are_sent_again_by_the_relay() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let lossy = Kind {
        loses_every: 10,
        ..Kind::viewer()
    };
    let viewer = world.watch(lossy).await;
    for frame in 1..=50u32 {
        publisher.key(frame * 3_000);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Each frame has five packets, and each of them arrives in the end.
    viewer
        .client
        .until("all packets", |seen| {
            // The first frames may have come before the viewer began; the last cannot be reported missing.
            (20..50)
                .all(|frame| packets_of(frame, seen) == 5)
                .then_some(())
        })
        .await;
    assert!(viewer.client.seen(|seen| seen.lost) > 5);
    let stats = world.sfu.stats().await.unwrap();
    assert!(stats.retransmitted > 5);
    assert_eq!(stats.lost_inside, 0);
    assert!(publisher.client.seen(|seen| seen.keyframe_requests) < 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_lost_before_the_relay_are_asked_for_again() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    publisher.key(3_000);
    viewer.sees(3_000).await;
    let mut packets = publisher.frames.long_frame(6_000, 8);
    // The fourth packet is lost on the way; the publisher's own answer to the report brings it.
    let lost = packets.remove(3);
    publisher.client.send(packets);
    publisher.delta(9_000);
    let stats = world
        .stats("a report of loss", |stats| stats.asked_again >= 1)
        .await;
    assert!(stats.asked_again < 10);
    publisher.client.send(vec![lost]);
    viewer
        .client
        .until("the whole frame", |seen| {
            let of = seen.packets.iter().filter(|p| p.header.timestamp == 6_000);
            (of.count() == 8).then_some(())
        })
        .await;
}

/// RFC 4588: what was lost on the publisher's way comes back on a source of its own and is what it was when it goes on.
/// Source and sequence number are the nonce of the encryption (RFC 7714 §8.1); none of them is used twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_with_a_source_for_repairs_repeats_on_that_one_alone() {
    const PICTURE: u32 = 0x1111;
    const REPAIRS: u32 = 0x2222;
    let world = World::start();
    let mut publisher = world
        .publish(Kind {
            repairs_on: Some(REPAIRS),
            drops_every: 7,
            ..Kind::publisher(PICTURE)
        })
        .await;
    let answer = &publisher.answer;
    assert!(
        answer.contains("a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98"),
        "{answer}"
    );
    publisher.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    // A probe of padding on that source (RFC 4588 §4 wants two bytes at least) is no picture.
    let mut probe = publisher.frames.frame(1_000, false).remove(0);
    publisher.frames.seq -= 1;
    (probe.header.ssrc, probe.header.payload_type) = (REPAIRS, 99);
    probe.payload = bytes::Bytes::from_static(&[0]);
    for frame in 1..=50u32 {
        publisher.client.send(vec![probe.clone()]);
        publisher.key(frame * 3_000);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    viewer
        .client
        .until("all packets", |seen| {
            (20..45)
                .all(|frame| packets_of(frame, seen) == 5)
                .then_some(())
        })
        .await;
    viewer.client.seen(|seen| {
        assert!(seen.packets.iter().all(|packet| packet.payload.len() > 1));
    });
    publisher.client.seen(|seen| {
        let on = |source: u32| {
            seen.sent_rtp
                .iter()
                .filter(move |(ssrc, _)| *ssrc == source)
        };
        let mut pictures: Vec<u16> = on(PICTURE).map(|(_, number)| *number).collect();
        let sent = pictures.len();
        pictures.sort_unstable();
        pictures.dedup();
        assert_eq!(
            pictures.len(),
            sent,
            "nothing goes twice by the picture's source"
        );
        assert!(on(REPAIRS).count() > 50 + 20);
    });
    let stats = world.sfu.stats().await.unwrap();
    assert!(
        stats.asked_again > 20 && stats.lost_inside == 0,
        "{stats:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_picture_goes_on_when_its_publisher_comes_back() {
    let world = World::start();
    let mut first = world.publish(Kind::publisher(0x1111)).await;
    first.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    first.key(3_000);
    for frame in 2..20 {
        first.delta(frame * 3_000);
    }
    viewer.sees(19 * 3_000).await;
    let session = first.session;
    first.client.kill();

    // Another source, payload type and numbering; its first frames are no keyframe.
    let mut second = world
        .publish(Kind {
            payload_type: 110,
            ..Kind::publisher(0x2222)
        })
        .await;
    second.frames.seq = 12_345;
    second.delta(2_000_000);
    second
        .client
        .until("a keyframe request", |seen| {
            (seen.keyframe_requests > 0).then_some(())
        })
        .await;
    second.delta(2_003_000);
    second.key(2_006_000);
    for frame in 3..20 {
        second.delta(2_000_000 + frame * 3_000);
    }
    let offset = world
        .event("the new publication", |event| match event {
            SfuEvent::StreamStarted {
                session: of,
                rtp_offset,
                ..
            } if *of == second.session => Some(*rtp_offset),
            _ => None,
        })
        .await;
    let last = (2_000_000u32 + 19 * 3_000).wrapping_add(offset);
    viewer.sees(last).await;
    viewer.client.seen(|seen| {
        let firsts = seen
            .packets
            .iter()
            .position(|p| p.header.timestamp == 2_006_000u32.wrapping_add(offset))
            .unwrap();
        let of = |at: usize| &seen.packets[at].header;
        assert_eq!(
            of(firsts - 1).timestamp,
            19 * 3_000,
            "nothing before the new keyframe"
        );
        assert_eq!(
            of(firsts).sequence_number,
            of(firsts - 1).sequence_number.wrapping_add(1),
            "no gap"
        );
        assert_eq!(of(firsts).ssrc, of(firsts - 1).ssrc);
        assert!(is_idr_start(&seen.packets[firsts + 2].payload));
        assert!(!seen.closed);
    });
    let replaced = world.happenings().into_iter().any(|event| {
        matches!(event, SfuEvent::StreamStopped { session: of, reason, .. }
            if of == session && matches!(reason, StopReason::Replaced | StopReason::Silent))
    });
    assert!(replaced);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_agents_timeline_is_never_shifted() {
    let world = World::start();
    let ours = |ssrc| Kind {
        control: true,
        ..Kind::publisher(ssrc)
    };
    let mut first = world.publish(ours(0x1111)).await;
    first.begin(&world, 900_000).await;
    let mut second = world.publish(ours(0x2222)).await;
    second.begin(&world, 100).await;
    let started: Vec<(bool, u32)> = world
        .happenings()
        .into_iter()
        .filter_map(|event| match event {
            SfuEvent::StreamStarted {
                ours, rtp_offset, ..
            } => Some((ours, rtp_offset)),
            _ => None,
        })
        .collect();
    assert_eq!(started, [(true, 0), (true, 0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_are_told_to_join_again_when_the_codec_changes() {
    let world = World::start();
    let mut first = world.publish(Kind::publisher(0x1111)).await;
    first.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    let vp8 = Kind {
        codec: "VP8",
        ..Kind::publisher(0x2222)
    };
    let mut second = world.publish(vp8).await;
    let packets = second.frames.vp8_frame(0, true);
    second.client.send(packets);
    let session = viewer.session;
    world
        .event("the viewer is gone", |event| match event {
            SfuEvent::WatcherGone {
                session: of,
                reason: GoneReason::CodecChanged,
                ..
            } if *of == session => Some(()),
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_that_dies_is_noticed_within_two_seconds_and_heard_again() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    let session = publisher.session;
    let died = Instant::now();
    publisher.client.mute(true);
    world
        .event("silence", |event| match event {
            SfuEvent::StreamStopped {
                session: of,
                reason: StopReason::Silent,
                ..
            } if *of == session => Some(()),
            _ => None,
        })
        .await;
    assert!(
        died.elapsed() < Duration::from_secs(2),
        "{:?}",
        died.elapsed()
    );
    assert!(!viewer.client.seen(|seen| seen.closed));
    let refused = world.try_watch(Kind::viewer()).await;
    assert!(matches!(refused, Err(SfuError::NoStream)));

    world.forget_events();
    publisher.client.mute(false);
    publisher.key(90_000);
    viewer.sees(90_000).await;
    world
        .event("the stream runs again", |event| match event {
            SfuEvent::StreamStarted { session: of, .. } if *of == session => Some(()),
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_that_says_goodbye_is_gone_at_once() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let closed = Instant::now();
    publisher.client.close();
    let reason = world
        .event("goodbye", |event| match event {
            SfuEvent::PublisherGone { reason, .. } => Some(*reason),
            _ => None,
        })
        .await;
    assert_eq!(reason, GoneReason::ClosedByPeer);
    assert!(closed.elapsed() < Duration::from_secs(1));
    let stopped = world.happenings().into_iter().any(|event| {
        matches!(
            event,
            SfuEvent::StreamStopped {
                reason: StopReason::Closed,
                ..
            }
        )
    });
    assert!(stopped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ending_sessions_frees_everything_and_tells_the_peers() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    let other = world.watch(Kind::viewer()).await;
    world.sfu.close(viewer.session).await.unwrap();
    // The client hears close_notify; its own library shows that as the end of the handshake's channel only, so what
    // counts here is that the relay keeps nothing.
    let stats = world.sfu.stats().await.unwrap();
    assert_eq!((stats.publishers, stats.viewers, stats.streams), (1, 1, 1));
    assert!(matches!(
        world.sfu.close(viewer.session).await,
        Err(SfuError::NoSession)
    ));
    world.sfu.close(publisher.session).await.unwrap();
    let stats = world.sfu.stats().await.unwrap();
    assert_eq!((stats.publishers, stats.viewers, stats.streams), (0, 1, 1));
    world.sfu.close(other.session).await.unwrap();
    let stats = world.sfu.stats().await.unwrap();
    assert_eq!((stats.publishers, stats.viewers, stats.streams), (0, 0, 0));
    assert!(matches!(
        world
            .sfu
            .trickle_or_restart(other.session, "a=candidate:1\r\n".to_owned())
            .await,
        Err(SfuError::NoSession)
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_control_channel_carries_text_both_ways() {
    let world = World::start();
    let ours = Kind {
        control: true,
        ..Kind::publisher(0x1111)
    };
    let publisher = world.publish(ours).await;
    let session = publisher.session;
    world
        .event("control", |event| match event {
            SfuEvent::ControlOpen { session: of, .. } if *of == session => Some(()),
            _ => None,
        })
        .await;
    publisher
        .client
        .until("open", |seen| seen.control_open.then_some(()))
        .await;
    publisher.client.send_text("{\"type\":\"hello\"}");
    let text = world
        .event("text", |event| match event {
            SfuEvent::ControlMessage { text, .. } => Some(text.clone()),
            _ => None,
        })
        .await;
    assert_eq!(text, "{\"type\":\"hello\"}");
    world
        .sfu
        .send_to_publisher(
            session,
            relay::sfu::Channel::Control,
            "{\"type\":\"welcome\"}".to_owned(),
        )
        .unwrap();
    publisher
        .client
        .until("welcome", |seen| {
            (seen.texts == ["{\"type\":\"welcome\"}"]).then_some(())
        })
        .await;
    let long = "x".repeat(64 * 1024 + 1);
    assert!(
        world
            .sfu
            .send_to_publisher(session, relay::sfu::Channel::Control, long)
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_handshake_message_is_sent_again_soon() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    // Behind the first, the relay's hello verification, comes its flight with certificate and key.
    for lost in [1, 2] {
        let lossy = Kind {
            loses_handshake: lost,
            ..Kind::viewer()
        };
        let viewer = world.watch(lossy).await;
        let timestamp = lost as u32 * 3_000;
        publisher.key(timestamp);
        viewer.sees(timestamp).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_number_of_peers_is_limited() {
    let world = World::with(SfuConfig {
        max_peers: 1,
        ..SfuConfig::on(([127, 0, 0, 1], 0).into())
    });
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let refused = world.try_watch(Kind::viewer()).await;
    assert!(matches!(refused, Err(SfuError::TooManyPeers)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rtp_from_a_viewer_goes_nowhere_and_is_counted() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    let other = world.watch(Kind::viewer()).await;
    let mut frames = media::frames::Frames {
        ssrc: 0x1111,
        payload_type: 98,
        seq: 1,
    };
    viewer.client.send(frames.frame(666, true));
    world
        .stats("counted", |stats| stats.dropped_viewer_rtp >= 5)
        .await;
    publisher.key(3_000);
    other.sees(3_000).await;
    other.client.seen(|seen| {
        assert!(
            seen.packets
                .iter()
                .all(|packet| packet.header.timestamp != 666)
        );
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_that_were_not_declared_reach_no_decryption() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    for ssrc in 1..200 {
        let mut frames = media::frames::Frames {
            ssrc,
            payload_type: 98,
            seq: 1,
        };
        publisher.client.send(frames.frame(1, false));
    }
    let stats = world
        .stats("counted", |stats| stats.dropped_undeclared >= 190)
        .await;
    assert_eq!(stats.faults, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_ends_every_session_and_the_events() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    world.sfu.shutdown().await;
    world
        .event("gone", |event| match event {
            SfuEvent::PublisherGone {
                reason: GoneReason::Shutdown,
                ..
            } => Some(()),
            _ => None,
        })
        .await;
    assert!(matches!(world.sfu.stats().await, Err(SfuError::Stopped)));
    assert!(matches!(
        world.sfu.close(session()).await,
        Err(SfuError::Stopped)
    ));
}
