//! What one forwarded packet costs: one publisher, N viewers over loopback, CPU time of the media thread.
//!
//! `cargo run --release -p relay --example fanout -- 50 5` prints one line of JSON for 50 viewers during 5 seconds:
//! 390 packets/s of 1,100 bytes, as in the project's reference table. The viewers throw the picture away undecrypted.
//! Receiving, decrypting and all housekeeping are part of the cost.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring tool ends by panicking"
)]

#[path = "../tests/media/mod.rs"]
mod media;

use media::client::Kind;
use media::world::World;
use std::time::Duration;

/// Packets per frame at 30 frames per second.
const PACKETS: usize = 13;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let number = |at, default| {
        std::env::args()
            .nth(at)
            .map_or(default, |n| n.parse().unwrap())
    };
    let (viewers, seconds): (usize, u64) = (number(1, 10) as usize, number(2, 5) as u64);
    let world = World::start();
    let mut publisher = world.publish(Kind::publisher(0x1111)).await;
    publisher.begin(&world, 0).await;
    let mut all = Vec::new();
    for _ in 0..viewers {
        let lean = Kind {
            lean: true,
            ..Kind::viewer()
        };
        all.push(world.watch(lean).await);
    }
    let mut tick = tokio::time::interval(Duration::from_micros(33_333));
    let mut timestamp = 90_000u32;
    let mut before = None;
    for frame in 0..30 * (seconds + 1) {
        tick.tick().await;
        timestamp = timestamp.wrapping_add(3_000);
        if frame == 0 {
            publisher.key(timestamp);
        } else {
            let packets = publisher.frames.long_frame(timestamp, PACKETS);
            publisher.client.send(packets);
        }
        if frame == 30 {
            before = Some(world.sfu.stats().await.unwrap());
        }
    }
    let (before, after) = (before.unwrap(), world.sfu.stats().await.unwrap());
    let packets = after.packets_out - before.packets_out;
    let cpu = after.cpu - before.cpu;
    println!(
        "{{\"viewers\":{viewers},\"packets\":{packets},\"cpu_per_packet_us\":{:.2},\"datagrams_per_call\":{:.1},\"packets_in\":{},\"lost_inside\":{},\"dropped\":{}}}",
        cpu.as_secs_f64() * 1e6 / packets.max(1) as f64,
        (after.datagrams_out - before.datagrams_out) as f64
            / (after.send_calls - before.send_calls).max(1) as f64,
        after.packets_in - before.packets_in,
        after.lost_inside,
        after.dropped_backlog,
    );
    let received: usize = all
        .iter()
        .map(|v| v.client.seen(|seen| seen.rtp_count))
        .sum();
    assert!(
        received as u64 + 1_000 > packets,
        "viewers got {received} of {packets}"
    );
}
