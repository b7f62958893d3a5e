//! Whatever arrives at the media port: no answer to strangers, no harm to those who watch.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod media;

use media::client::Kind;
use media::world::World;
use std::net::UdpSocket;
use std::time::Duration;

/// A binding request without integrity for this name, as RFC 8489 writes it.
fn stun(name: &str) -> Vec<u8> {
    let mut out = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    out.extend([7; 12]);
    out.extend([0, 6]);
    out.extend((name.len() as u16).to_be_bytes());
    out.extend(name.as_bytes());
    out.resize(out.len().next_multiple_of(4), 0);
    let length = (out.len() - 20) as u16;
    out[2..4].copy_from_slice(&length.to_be_bytes());
    out
}

/// A stranger's socket, and whether anything ever came back to it.
struct Stranger(UdpSocket);

impl Stranger {
    fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        Self(socket)
    }

    fn heard(&self) -> bool {
        self.0.recv(&mut [0; 2_048]).is_ok()
    }
}

/// Numbers from one seed.
struct Seed(u64);

impl Seed {
    fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }

    /// A datagram like one of these, damaged.
    fn damaged(&mut self, like: &[Vec<u8>]) -> Vec<u8> {
        let mut out = like[self.below(like.len())].clone();
        for _ in 0..=self.below(5) {
            if out.is_empty() {
                out.push(0);
            }
            let at = self.below(out.len());
            match self.below(6) {
                0 => out[at] = self.below(256) as u8,
                1 => out[at] ^= 1 << self.below(8),
                2 => out.truncate(at),
                3 => out.extend((0..self.below(40)).map(|n| n as u8)),
                4 => out.insert(at, 0xff),
                _ => {
                    let at = self.below(out.len().min(24));
                    out[at] = [0, 1, 0x7f, 0x80, 0xff, 0xbe, 0xde][self.below(7)];
                }
            }
        }
        out.truncate(1_400);
        out
    }
}

fn shapes(name: &str) -> Vec<Vec<u8>> {
    let mut rtp = vec![
        0x90, 98, 0, 1, 0, 0, 0, 1, 0, 0, 0x11, 0x11, 0xbe, 0xde, 0, 1, 0x50, 1, 2, 3,
    ];
    rtp.resize(600, 0xab);
    let mut rtcp = vec![0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
    rtcp.resize(40, 1);
    let mut hello = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 80, 1, 0, 0, 68];
    hello.resize(93, 3);
    let alert = vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 255];
    let data = vec![
        23, 0xfe, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 8, 1, 2, 3, 4, 5, 6, 7,
        8,
    ];
    vec![stun(&format!("{name}:x")), rtp, rtcp, hello, alert, data]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_get_no_answer_and_disturb_nobody() {
    let world = World::start();
    let to = world.sfu.local_addr();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    let name = viewer.answer_line("a=ice-ufrag:").unwrap().to_owned();
    let stranger = Stranger::new();
    let mut sent = 0;
    let mut send = |datagram: &[u8]| {
        // Datagrams that the kernel itself refuses do not count.
        sent += u64::from(stranger.0.send_to(datagram, to).is_ok());
    };
    for length in [0, 1, 2, 3, 12, 19, 20, 2_048, 2_049, 65_507] {
        for first in [0, 1, 22, 64, 128, 255] {
            let mut datagram = vec![0; length];
            if let Some(byte) = datagram.first_mut() {
                *byte = first;
            }
            send(&datagram);
        }
    }
    for exact in shapes(&name).iter().chain(&shapes("nobody")) {
        send(exact);
    }
    let mut seed = Seed(0x1234_5678_9abc_def1);
    let like = shapes(&name);
    for round in 0..60 {
        for _ in 0..200 {
            send(&seed.damaged(&like));
        }
        // The picture goes on in between.
        let timestamp = 3_000 * (round + 1);
        publisher.key(timestamp);
        viewer.sees(timestamp).await;
    }
    assert!(!stranger.heard());
    let stats = world.sfu.stats().await.unwrap();
    assert_eq!((stats.faults, stats.lost_inside), (0, 0));
    assert!(stats.dropped_unknown + stats.dropped_stun + stats.dropped_oversize > sent / 2);
    assert!(stats.dropped_oversize >= 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn junk_from_a_peers_own_address_harms_only_that_peer() {
    let world = World::start();
    let to = world.sfu.local_addr();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    let hostile = world.watch(Kind::viewer()).await;
    let name = hostile.answer_line("a=ice-ufrag:").unwrap().to_owned();
    let mut like = shapes(&name);
    // Real records of this connection, to be damaged.
    like.extend(hostile.client.recorded());
    let mut seed = Seed(0xfeed_beef_1234_5671);
    for round in 0..40 {
        for _ in 0..200 {
            hostile.client.send_raw(seed.damaged(&like), to);
        }
        let timestamp = 3_000 * (round + 1);
        publisher.key(timestamp);
        viewer.sees(timestamp).await;
    }
    let stats = world
        .stats("the junk arrived", |stats| stats.datagrams_in > 4_000)
        .await;
    assert_eq!(stats.faults, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guess_at_the_password_is_not_answered() {
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let viewer = world.watch(Kind::viewer()).await;
    let name = viewer.answer_line("a=ice-ufrag:").unwrap().to_owned();
    let stranger = Stranger::new();
    let dropped = world.sfu.stats().await.unwrap().dropped_stun;
    for _ in 0..1_000 {
        stranger
            .0
            .send_to(&stun(&format!("{name}:x")), world.sfu.local_addr())
            .unwrap();
    }
    world
        .stats("dropped", |stats| stats.dropped_stun >= dropped + 900)
        .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!stranger.heard());
}
