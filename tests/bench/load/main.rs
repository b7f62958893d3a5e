//! Load on a relay: one native publisher and any number of native viewers, and a voice if wanted, for the bench.
//!
//! ```text
//! stdin   one line of JSON: `Orders`
//! stdout  {"up": viewers} · {"begin": true} · {"end": Outcome}      the bench reads the relay's CPU at begin and end
//! ```
//!
//! A process of its own, so that its CPU time is never taken for the relay's or the bench's. It speaks plain WHIP and
//! WHEP with bearer tickets and knows nothing else of Hibiki. Invariant: what it reports was counted between `begin` and
//! `end` only.

mod connection;
mod keyframes;
mod orders;
mod packets;
mod peer;
mod share;

use anyhow::{Context, Result};
use connection::Role;
use orders::{Orders, Outcome, Voices};
use peer::Peer;
use share::Crossing;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Pictures per second of the publisher.
const FRAMES_PER_SECOND: u64 = 30;
/// One Opus frame of WebRTC.
const VOICE_PACKET: Duration = Duration::from_millis(20);

fn main() -> Result<()> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("read orders")?;
    let orders: Orders = serde_json::from_str(&line).context("understand orders")?;
    // One thread: the relay needs the other core, and a packet is never handed between threads on its way.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(orders))
}

async fn run(orders: Orders) -> Result<()> {
    // A second provider cannot be installed by anyone else in this process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().build()?;
    let crossing = Arc::new(Crossing::default());
    let received = Arc::new(AtomicU64::new(0));
    let lost = Arc::new(AtomicU64::new(0));

    let mut publisher = Peer::join(&http, &orders.whip, Role::Publish)
        .await
        .context("publish")?;
    let (sent, stop) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(tokio::sync::Notify::new()),
    );
    let publishing = {
        let (crossing, sent, stop) = (Arc::clone(&crossing), Arc::clone(&sent), Arc::clone(&stop));
        let frame = Duration::from_nanos(1_000_000_000 / FRAMES_PER_SECOND);
        let per_frame = orders.packets_per_frame;
        tokio::spawn(async move {
            publisher
                .publish(
                    frame,
                    per_frame,
                    orders.payload_bytes,
                    &crossing,
                    &sent,
                    &stop,
                )
                .await
        })
    };
    let mut watching = Vec::new();
    for door in &orders.whep {
        let mut viewer = Peer::join(&http, door, Role::Watch)
            .await
            .context("watch")?;
        let (crossing, received, lost) = (
            Arc::clone(&crossing),
            Arc::clone(&received),
            Arc::clone(&lost),
        );
        watching.push(tokio::spawn(async move {
            viewer.watch(&crossing, &received, &lost).await
        }));
    }
    let voice = Arc::new(Crossing::default());
    let talking = match &orders.voices {
        Some(voices) => talk(&http, voices, &voice).await?,
        None => vec![],
    };
    say(&serde_json::json!({ "up": watching.len() }));

    tokio::time::sleep(Duration::from_millis(orders.warm_ms)).await;
    crossing.begin();
    voice.begin();
    let (sent_before, received_before, lost_before) = (
        sent.load(Ordering::Relaxed),
        received.load(Ordering::Relaxed),
        lost.load(Ordering::Relaxed),
    );
    let began = Instant::now();
    say(&serde_json::json!({ "begin": true }));
    tokio::time::sleep(Duration::from_millis(orders.measure_ms)).await;
    let outcome = Outcome {
        seconds: began.elapsed().as_secs_f64(),
        sent: sent.load(Ordering::Relaxed) - sent_before,
        received: received.load(Ordering::Relaxed) - received_before,
        lost: lost.load(Ordering::Relaxed) - lost_before,
        crossing_us: crossing.take(),
        voice_us: voice.take(),
    };
    say(&serde_json::json!({ "end": outcome }));
    stop.notify_one();
    for task in watching.into_iter().chain(talking) {
        task.abort();
    }
    publishing.await?
}

/// One person speaks and another hears it.
async fn talk(
    http: &reqwest::Client,
    voices: &Voices,
    voice: &Arc<Crossing>,
) -> Result<Vec<JoinHandle<Result<()>>>> {
    let mut ear = Peer::join(http, &voices.hears, Role::Hear)
        .await
        .context("hear")?;
    let mut mouth = Peer::join(http, &voices.speaks, Role::Speak)
        .await
        .context("speak")?;
    let (sent, arrived) = (Arc::clone(voice), Arc::clone(voice));
    Ok(vec![
        tokio::spawn(async move { ear.hear(&arrived).await }),
        tokio::spawn(async move { mouth.speak(VOICE_PACKET, &sent).await }),
    ])
}

fn say(line: &serde_json::Value) {
    println!("{line}");
}
