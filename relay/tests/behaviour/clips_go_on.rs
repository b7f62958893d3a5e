//! A clip goes on where it ended: after a reconnect, after the relay was killed, and when what was left is damaged.

use crate::clip_device::{Device, Sample, phantom};
use crate::support::{Relay, consult};
use std::io::{Seek, SeekFrom, Write};
use wire::clip::ClipToAgent;
use wire::people::Role;

fn half(relay: &Relay, sample: &Sample) -> std::path::PathBuf {
    let name = format!("{}.half", sample.head.clip);
    relay
        .data
        .join("clips")
        .join(consult().to_string())
        .join(name)
}

async fn finishes(device: &Device, sample: &Sample, from: u64) {
    let last = device.sends_up_to(sample, from, sample.head.bytes).await;
    assert_eq!(
        last,
        ClipToAgent::Kept {
            clip: sample.head.clip
        }
    );
}

async fn is_served_whole(relay: &Relay, sample: &Sample) {
    let who = relay.enter(Role::Cardiologist).await;
    let answer = relay
        .asks(&who, "GET", &format!("{}/file", sample.path()))
        .send()
        .await
        .unwrap();
    assert!(answer.bytes().await.unwrap() == sample.bytes);
    assert!(!half(relay, sample).exists());
}

#[tokio::test]
async fn after_a_reconnect_only_what_is_missing_is_sent() {
    let relay = Relay::start().await;
    let sample = Sample::captured(phantom("a4c_small_uncompressed.dcm"));
    let device = Device::connect(&relay).await;
    let from = device.is_wanted(&sample).await;
    assert_eq!(from, 0);
    let middle = sample.head.bytes / 2;
    device.sends_up_to(&sample, 0, middle).await;
    // The old connection is cut without a word and not known to be dead when the device comes back.
    device.client.mute(true);
    let back = Device::connect(&relay).await;
    let from = back.is_wanted(&sample).await;
    assert_eq!(from, middle);
    finishes(&back, &sample, from).await;
    is_served_whole(&relay, &sample).await;
}

#[tokio::test]
async fn after_the_relay_was_killed_it_goes_on_from_what_was_durable() {
    let mut relay = Relay::start().await;
    let sample = Sample::captured(phantom("a4c_small_uncompressed.dcm"));
    let device = Device::connect(&relay).await;
    device.is_wanted(&sample).await;
    let middle = sample.head.bytes / 2;
    device.sends_up_to(&sample, 0, middle).await;
    relay.kill();
    device.client.kill();
    relay.start_again().await;
    let back = Device::connect(&relay).await;
    let from = back.is_wanted(&sample).await;
    assert!(from >= middle, "{from} of {middle} durable bytes are there");
    finishes(&back, &sample, from).await;
    is_served_whole(&relay, &sample).await;
}

#[tokio::test]
async fn what_a_crash_damaged_is_fetched_again_from_its_start() {
    let mut relay = Relay::start().await;
    let sample = Sample::captured(phantom("a4c_small_uncompressed.dcm"));
    let device = Device::connect(&relay).await;
    device.is_wanted(&sample).await;
    device.sends_up_to(&sample, 0, sample.head.bytes / 2).await;
    relay.kill();
    device.client.kill();
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .open(half(&relay, &sample))
        .unwrap();
    file.seek(SeekFrom::Start(5_000)).unwrap();
    file.write_all(&[0xAA; 64]).unwrap();
    drop(file);
    relay.start_again().await;
    let back = Device::connect(&relay).await;
    let from = back.is_wanted(&sample).await;
    assert!(from > 0);
    finishes(&back, &sample, from).await;
    is_served_whole(&relay, &sample).await;
}
