//! A network gives a client another address under its connection: the relay follows, and only where the client proved to be.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod media;

use media::client::Kind;
use media::world::World;
use std::time::{Duration, Instant};

/// A person would call it a stumble, not an interruption.
const SOON: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_relay_asks_for_a_keyframe_where_the_publisher_is_now() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    publisher.key(3_000);
    viewer.sees(3_000).await;
    publisher.client.changes_address();
    let asked = publisher.client.seen(|seen| seen.keyframe_requests);
    let moved = Instant::now();
    let mut timestamp = 3_000;
    // The picture runs on; what left before the relay knew the address is lost, and so a keyframe is needed.
    while publisher.client.seen(|seen| seen.keyframe_requests) == asked {
        assert!(moved.elapsed() < SOON, "nobody asked at the new address");
        timestamp += 3_000;
        publisher.delta(timestamp);
        viewer.client.ask_keyframe(1);
        tokio::time::sleep(Duration::from_millis(33)).await;
    }
    publisher.key(timestamp + 3_000);
    viewer.sees(timestamp + 3_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_picture_follows_a_viewer_that_reports_from_elsewhere() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    publisher.key(3_000);
    viewer.sees(3_000).await;
    viewer.client.changes_address();
    let moved = Instant::now();
    let mut timestamp = 3_000;
    let seen = |timestamp| {
        viewer.client.seen(|seen| {
            let newest = seen.packets.iter().map(|p| p.header.timestamp).max();
            newest.is_some_and(|newest| newest > timestamp)
        })
    };
    while !seen(3_000) {
        assert!(moved.elapsed() < 2 * SOON, "the picture did not follow");
        timestamp += 3_000;
        publisher.key(timestamp);
        viewer.client.ask_keyframe(1);
        tokio::time::sleep(Duration::from_millis(33)).await;
    }
}
