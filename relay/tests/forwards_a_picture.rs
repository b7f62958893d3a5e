//! A picture from one publisher reaches its viewers: unchanged in time, with each viewer's own numbers.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod media;

use media::frames::is_idr_start;
use media::kind::{Kind, ORIENTATION, PLAYOUT_DELAY};
use media::world::World;
use relay::sfu::{CodecKind, SfuError, SfuEvent};

const T: u32 = 0xffff_ff00;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timestamps_are_unchanged_and_numbers_are_the_viewers_own() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, T - 3_000).await;
    let viewer = world
        .watch(Kind {
            payload_type: 120,
            ..Kind::viewer()
        })
        .await;
    publisher.key(T);
    viewer.sees(T).await;
    // Across the wrap of both the timestamp and the publisher's sequence numbers (they begin at 65,000).
    for frame in 1..=700u32 {
        publisher.delta(T.wrapping_add(frame * 3_000));
        if frame % 50 == 0 {
            viewer.sees(T.wrapping_add(frame * 3_000)).await;
        }
    }
    let ssrc: u32 = viewer
        .answer_line("a=ssrc:")
        .and_then(|line| line.split(' ').next())
        .unwrap()
        .parse()
        .unwrap();
    viewer.client.seen(|seen| {
        // It may have begun with the keyframe before.
        seen.packets
            .retain(|packet| packet.header.timestamp != T - 3_000);
        let first = seen.packets[0].header.sequence_number;
        assert_eq!(seen.packets.len(), 5 + 700);
        for (at, packet) in seen.packets.iter().enumerate() {
            let header = &packet.header;
            assert_eq!((header.ssrc, header.payload_type), (ssrc, 120));
            assert_eq!(header.sequence_number, first.wrapping_add(at as u16));
            let frame = at.saturating_sub(4) as u32;
            assert_eq!(header.timestamp, T.wrapping_add(frame * 3_000));
            assert_eq!(header.marker, at >= 4);
        }
    });
    let stats = world.sfu.stats().await.unwrap();
    assert_eq!(
        (stats.lost_inside, stats.retransmitted, stats.faults),
        (0, 0, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_packet_asks_the_browser_to_hold_nothing_back() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    publisher.key(1_000);
    viewer.sees(1_000).await;
    let id: u8 = viewer
        .answer
        .lines()
        .find_map(|line| line.strip_suffix(PLAYOUT_DELAY)?.strip_prefix("a=extmap:"))
        .expect("playout-delay is in the answer")
        .trim()
        .parse()
        .unwrap();
    viewer.client.seen(|seen| {
        for packet in &seen.packets {
            let value = packet
                .header
                .get_extension(id)
                .expect("playout-delay is in the packet");
            assert_eq!(value[..], [0, 0, 0]);
        }
    });
    assert!(viewer.answer.contains(ORIENTATION));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_viewers_see_the_same_frames() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let viewers = [
        world.watch(Kind::viewer()).await,
        world.watch(Kind::viewer()).await,
        world.watch(Kind::viewer()).await,
    ];
    publisher.key(3_000);
    for viewer in &viewers {
        viewer.sees(3_000).await;
    }
    for frame in 2..100 {
        publisher.delta(frame * 3_000);
    }
    for viewer in &viewers {
        viewer.sees(99 * 3_000).await;
        viewer.client.seen(|seen| {
            let frames = |packets: &[rtc::rtp::Packet]| -> Vec<u32> {
                let mut times: Vec<u32> = packets.iter().map(|p| p.header.timestamp).collect();
                times.dedup();
                times
            };
            let times = frames(&seen.packets);
            assert!(times.ends_with(&(1..100).map(|n| n * 3_000).collect::<Vec<_>>()));
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_announced_with_its_codec_and_its_flow_is_reported() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 77).await;
    let started = world.happenings();
    assert!(matches!(
        started[0],
        SfuEvent::StreamStarted { codec: CodecKind::H264, ours: false, rtp_offset: 0, stream, .. }
            if stream == world.stream
    ));
    let (frames, keyframes, last) = world
        .event("a report", |event| match event {
            SfuEvent::PictureFlow {
                frames,
                keyframes,
                last_rtp_time,
                ..
            } => Some((*frames, *keyframes, *last_rtp_time)),
            _ => None,
        })
        .await;
    assert_eq!((frames, keyframes, last.unwrap().0), (1, 1, 77));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_can_watch_before_somebody_publishes() {
    let world = World::start();
    let refused = world.try_watch(Kind::viewer()).await;
    assert!(matches!(refused, Err(SfuError::NoStream)));
    let _publisher = world.publish(Kind::publisher(0x1111)).await;
    let refused = world.try_watch(Kind::viewer()).await;
    assert!(
        matches!(refused, Err(SfuError::NoStream)),
        "connected, but no picture has come"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_joiner_starts_at_a_keyframe() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    // Long after the keyframe: the cache is too old, a keyframe is asked for and begins the picture.
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    publisher.delta(3_000);
    let asked = publisher.client.seen(|seen| seen.keyframe_requests);
    let viewer = world.watch(Kind::viewer()).await;
    publisher
        .client
        .until("a keyframe request", |seen| {
            (seen.keyframe_requests > asked).then_some(())
        })
        .await;
    publisher.delta(6_000);
    publisher.key(9_000);
    publisher.delta(12_000);
    viewer.sees(12_000).await;
    viewer.client.seen(|seen| {
        assert_eq!(
            seen.packets[0].header.timestamp, 9_000,
            "nothing before the keyframe"
        );
        assert!(is_idr_start(&seen.packets[2].payload));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_joiner_soon_after_a_keyframe_gets_it_and_what_followed_at_once() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let first = world.watch(Kind::viewer()).await;
    publisher.key(3_000);
    publisher.delta(6_000);
    publisher.delta(9_000);
    first.sees(9_000).await;
    let second = world.watch(Kind::viewer()).await;
    // The publisher sends nothing more.
    second.sees(9_000).await;
    second.client.seen(|seen| {
        let times: Vec<u32> = seen.packets.iter().map(|p| p.header.timestamp).collect();
        assert_eq!(times, [3_000, 3_000, 3_000, 3_000, 3_000, 6_000, 9_000]);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vp8_publisher_is_welcome_and_needs_a_viewer_that_has_it() {
    let world = World::start();
    let vp8 = |kind: Kind| Kind {
        codec: "VP8",
        ..kind
    };
    let mut publisher = world.publish(vp8(Kind::publisher(0x2222))).await;
    let packets = publisher.frames.vp8_frame(500, true);
    publisher.client.send(packets);
    world
        .event("VP8", |event| match event {
            SfuEvent::StreamStarted {
                codec: CodecKind::Vp8,
                ..
            } => Some(()),
            _ => None,
        })
        .await;
    let refused = world.try_watch(Kind::viewer()).await;
    assert!(matches!(refused, Err(SfuError::Offer(_))));
    let viewer = world.watch(vp8(Kind::viewer())).await;
    let packets = publisher.frames.vp8_frame(3_500, true);
    publisher.client.send(packets);
    viewer.sees(3_500).await;
}
