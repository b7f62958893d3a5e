//! While a clip comes over the connection of the picture, the picture goes on.

use crate::clip_device::{Device, Sample, digest, phantom};
use crate::media::client::{Client, Kind};
use crate::media::frames::Frames;
use crate::support::{Relay, consult};
use std::cell::Cell;
use std::time::{Duration, Instant};
use wire::clip::ClipCoding;
use wire::people::Role;

/// What DESIGN calls a usual clip.
const CLIP_BYTES: usize = 6_000_000;
/// No frame may wait longer, on whatever machine: a page calls a picture stalled after this.
const AT_MOST: Duration = Duration::from_millis(500);

async fn watch(relay: &Relay) -> Client {
    let ticket = relay.ticket(Role::Cardiologist, consult()).await;
    let mut viewer = Client::new(Kind::viewer()).await;
    let request = relay
        .client
        .post(relay.api(&format!("consults/{}/whep", consult())))
        .bearer_auth(ticket)
        .header("content-type", "application/sdp")
        .body(viewer.offer.clone());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 201);
    viewer.accept(answer.text().await.unwrap());
    viewer.connected().await;
    viewer
}

/// Sends one frame and gives how long it took to the viewer.
async fn delay(device: &Device, viewer: &Client, frames: &mut Frames, at: u32) -> Duration {
    let began = Instant::now();
    device
        .client
        .send(frames.frame(at, at.is_multiple_of(90_000)));
    viewer
        .until("the frame", |seen| {
            let came = seen
                .packets
                .iter()
                .any(|packet| packet.header.timestamp == at);
            came.then(|| seen.packets.clear())
        })
        .await;
    began.elapsed()
}

fn p99(delays: &mut [Duration]) -> Duration {
    delays.sort_unstable();
    delays[delays.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_frame_waits_for_a_clip() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let mut frames = Frames {
        ssrc: 9,
        payload_type: 98,
        seq: 1,
    };
    for n in 0..10u32 {
        device.client.send(frames.frame(n * 3_000, n == 0));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let viewer = watch(&relay).await;
    let mut at = 90_000;
    let mut idle = Vec::new();
    while idle.len() < 100 {
        idle.push(delay(&device, &viewer, &mut frames, at).await);
        at += 3_000;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut sample = Sample::imported(phantom("plax_small.dcm"));
    sample.bytes = (0..CLIP_BYTES).map(|n| n.to_le_bytes()[0]).collect();
    sample.head.bytes = CLIP_BYTES as u64;
    sample.head.digest = digest(&sample.bytes);
    sample.head.coding = ClipCoding::Video;
    let done = Cell::new(false);
    let began = Instant::now();
    let sending = async {
        device.brings(&sample).await;
        done.set(true);
        began.elapsed()
    };
    let measuring = async {
        let mut busy = Vec::new();
        while !done.get() {
            busy.push(delay(&device, &viewer, &mut frames, at).await);
            at += 3_000;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        busy
    };
    let (took, mut busy) = tokio::join!(sending, measuring);
    let (idle, most) = (p99(&mut idle), p99(&mut busy));
    eprintln!("6 MB in {took:?}; a frame takes {idle:?} idle, {most:?} beside the clip (p99)");
    assert!(busy.len() > 3, "the clip was too short to mean something");
    assert!(*busy.last().unwrap() <= AT_MOST, "{busy:?}");
}
