//! One socket: on one address, on all addresses, on IPv6, on both families at once.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod media;

use media::client::Kind;
use media::world::World;
use relay::sfu::{Sfu, SfuConfig, SfuError};

/// A picture passes between a publisher and a viewer on these addresses.
async fn passes(bound: &str, announced: &[&str], publisher: &'static str, viewer: &'static str) {
    let world = World::with(SfuConfig {
        public_addresses: announced.iter().map(|ip| ip.parse().unwrap()).collect(),
        ..SfuConfig::on(bound.parse().unwrap())
    });
    let on = |bind, kind| Kind { bind, ..kind };
    let mut publisher = world.publish(on(publisher, Kind::publisher(0x1111))).await;
    publisher.begin(&world, 0).await;
    let viewer = world.watch(on(viewer, Kind::viewer())).await;
    publisher.key(3_000);
    viewer.sees(3_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_one_address() {
    passes("127.0.0.1:0", &[], "127.0.0.1:0", "127.0.0.1:0").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_all_addresses_of_one_family() {
    passes("0.0.0.0:0", &["127.0.0.7"], "127.0.0.1:0", "127.0.0.3:0").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_ipv6() {
    passes("[::1]:0", &[], "[::1]:0", "[::1]:0").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_ipv6_by_tcp_beside_udp() {
    let world = World::with(SfuConfig {
        tcp: Some("[::1]:0".parse().unwrap()),
        ..SfuConfig::on("[::1]:0".parse().unwrap())
    });
    let on = |kind| Kind {
        bind: "[::1]:0",
        ..kind
    };
    let over_tcp = |kind| Kind {
        over_tcp: true,
        ..on(kind)
    };
    let mut publisher = world.publish(over_tcp(Kind::publisher(0x1111))).await;
    publisher.begin(&world, 0).await;
    let (far, near) = (
        world.watch(over_tcp(Kind::viewer())).await,
        world.watch(on(Kind::viewer())).await,
    );
    publisher.key(3_000);
    far.sees(3_000).await;
    near.sees(3_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_both_families_at_once() {
    passes("[::]:0", &["127.0.0.1", "::1"], "127.0.0.1:0", "[::1]:0").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_addresses_without_a_public_one_is_refused() {
    let (events, _) = tokio::sync::mpsc::channel(1);
    let refused = Sfu::start(&SfuConfig::on("0.0.0.0:0".parse().unwrap()), events);
    assert!(matches!(refused, Err(SfuError::NoPublicAddress)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_told() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let (events, _) = tokio::sync::mpsc::channel(1);
    let refused = Sfu::start(&SfuConfig::on(taken.local_addr().unwrap()), events);
    assert!(matches!(refused, Err(SfuError::OpenSocket(_))));
}
