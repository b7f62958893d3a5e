//! Where no UDP passes: pictures come and go over one TCP port, and nobody's connection is another one's trouble.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod media;

use media::client::Kind;
use media::world::World;
use relay::sfu::limits::{MAX_TCP_LINES_PER_ADDRESS, TCP_PROVES_WITHIN, TCP_TAKES_WITHIN};
use relay::sfu::{SfuConfig, SfuEvent, SfuStats};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn world() -> World {
    World::with(SfuConfig {
        tcp: Some(([127, 0, 0, 1], 0).into()),
        ..SfuConfig::on(([127, 0, 0, 1], 0).into())
    })
}

fn over_tcp(kind: Kind) -> Kind {
    Kind {
        over_tcp: true,
        ..kind
    }
}

fn port(world: &World) -> SocketAddr {
    world.sfu.local_tcp_addr().unwrap()
}

/// Waits until the relay ends a connection.
async fn ends(stream: &mut TcpStream, within: Duration) -> Duration {
    let began = Instant::now();
    let ended = tokio::time::timeout(within, stream.read(&mut [0; 16])).await;
    // A reset is an end too.
    assert_eq!(ended.unwrap().unwrap_or(0), 0, "it ends in time");
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_published_and_watched_over_tcp_and_mixed_with_udp() {
    let world = world();
    let mut publisher = world.publish(over_tcp(Kind::publisher(0x1111))).await;
    publisher.begin(&world, 0).await;
    let far = world.watch(over_tcp(Kind::viewer())).await;
    let near = world.watch(Kind::viewer()).await;
    publisher.key(3_000);
    for viewer in [&far, &near] {
        viewer.sees(3_000).await;
    }
    let stats = world.sfu.stats().await.unwrap();
    assert_eq!((stats.tcp_lines, stats.lost_inside), (2, 0));
    // Saying goodbye ends the connection too.
    world.sfu.close(far.session).await.unwrap();
    world
        .stats("one connection left", |stats| stats.tcp_lines == 1)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_whose_connection_breaks_is_noticed_like_any_other() {
    let world = world();
    let mut publisher = world.publish(over_tcp(Kind::publisher(0x1111))).await;
    publisher.begin(&world, 0).await;
    publisher.client.kill();
    let silent = |event: &SfuEvent| matches!(event, SfuEvent::StreamStopped { .. }).then_some(());
    let told = world.event_within(Duration::from_secs(3), silent).await;
    assert!(told.is_some(), "{:?}", world.happenings());
    let stats = world.sfu.stats().await.unwrap();
    assert_eq!(stats.tcp_lines, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_never_reads_delays_nobody_and_is_let_go() {
    let world = world();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let stuck = Kind {
        never_reads: true,
        ..over_tcp(Kind::viewer())
    };
    let stuck = world.watch(stuck).await;
    let viewer = world.watch(over_tcp(Kind::viewer())).await;
    publisher.key(3_000);
    viewer.sees(3_000).await;
    // 6 MB: more than a kernel holds for somebody who takes nothing.
    let began = Instant::now();
    for frame in 2..62u32 {
        let packets = publisher.frames.long_frame(frame * 3_000, 90);
        publisher.client.send(packets);
        viewer.sees(frame * 3_000).await;
    }
    let stats = world.sfu.stats().await.unwrap();
    assert!(
        stats.dropped_backlog > 100 && stats.tcp_lines == 2,
        "{stats:?}"
    );
    let let_go = |stats: &SfuStats| stats.tcp_lines == 1;
    while !let_go(&world.sfu.stats().await.unwrap()) {
        assert!(began.elapsed() < TCP_TAKES_WITHIN + Duration::from_secs(5));
        // It goes on being sent to, and the other one goes on seeing.
        publisher.key(1_000_000);
        viewer.sees(1_000_000).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(stuck);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_sent_away_soon_and_a_wrong_caller_at_once() {
    let world = world();
    let mut web = TcpStream::connect(port(&world)).await.unwrap();
    web.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(ends(&mut web, Duration::from_secs(1)).await < Duration::from_secs(1));
    let mut silent = TcpStream::connect(port(&world)).await.unwrap();
    let mut drips = TcpStream::connect(port(&world)).await.unwrap();
    // The beginning of a frame that never becomes whole.
    drips.write_all(&[0, 200, 0, 1]).await.unwrap();
    let patience = TCP_PROVES_WITHIN + Duration::from_secs(2);
    let (one, other) = tokio::join!(ends(&mut silent, patience), ends(&mut drips, patience));
    assert!(one + Duration::from_secs(1) > TCP_PROVES_WITHIN && other <= patience);
    let stats = world.sfu.stats().await.unwrap();
    assert_eq!((stats.tcp_lines, stats.tcp_refused), (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_holds_so_many_connections_and_no_more() {
    let world = world();
    let mut held = Vec::new();
    for _ in 0..MAX_TCP_LINES_PER_ADDRESS {
        held.push(TcpStream::connect(port(&world)).await.unwrap());
    }
    let mut one_more = TcpStream::connect(port(&world)).await.unwrap();
    ends(&mut one_more, Duration::from_secs(1)).await;
    // UDP is not touched by it.
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    drop(held);
    world
        .stats("all are forgotten", |stats| stats.tcp_lines == 0)
        .await;
    let viewer = world.watch(over_tcp(Kind::viewer())).await;
    publisher.key(3_000);
    viewer.sees(3_000).await;
}
