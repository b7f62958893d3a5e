//! kill -9 on a real process that records: again and again in the same folder, at moments that nobody chose.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use recording::{Disk, Lane, Record, Recording, Tick, Writer};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use support::{Chance, bounds, durable, frames, opening, stream, voice_writer, voices, voices_in};

/// Tells the child where to record, and from which frame on.
const FOLDER: &str = "HIBIKI_TEST_RECORD_INTO";
const FROM: &str = "HIBIKI_TEST_RECORD_FROM";
/// Where it records voices.
const VOICES: &str = "voices";
const KILLS: usize = 12;
const FRAMES: usize = 6_000;
/// Between two frames of the child; faster than any source, so that a kill meets every step.
const PACE: Duration = Duration::from_millis(2);

#[test]
#[ignore = "run by the test below, in a process of its own"]
fn a_child_that_records_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let from: usize = std::env::var(FROM).unwrap().parse().unwrap();
    let mut writer = Writer::open(
        folder.as_ref(),
        Arc::new(Disk),
        opening(Lane::Live),
        bounds(),
    )
    .unwrap();
    let mut voice = voice_writer(&Path::new(&folder).join(VOICES), Arc::new(Disk));
    let said = voices(FRAMES, 4);
    let (_never, wait) = mpsc::channel::<()>();
    for (n, frame) in frames(FRAMES, 9, 200).into_iter().enumerate().skip(from) {
        voice
            .append(&Record::Voice(said[n].clone()), Instant::now())
            .unwrap();
        voice.tick(Instant::now());
        if voice.due().is_none() {
            eprintln!("voice until {n}");
        }
        writer
            .append(&Record::Frame(frame), Instant::now())
            .unwrap();
        eprintln!("taken {n}");
        for entry in durable(&writer.tick(Instant::now())) {
            eprintln!("durable {}", entry.index.unwrap().0);
        }
        let _ = wait.recv_timeout(PACE);
    }
}

#[test]
fn whatever_was_said_to_be_durable_is_there_after_every_kill() {
    let folder = tempfile::tempdir().unwrap();
    let (frames, packets) = (frames(FRAMES, 9, 200), voices(FRAMES, 4));
    let mut chance = Chance(0x9);
    let (mut said, mut from) = (Vec::new(), 0);
    // From where on this run records voices, and those that were said to be durable.
    let (mut begun, mut heard) = (0, BTreeSet::new());
    for _ in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--nocapture", "--exact"])
            .arg("a_child_that_records_until_it_is_killed")
            .env(FOLDER, folder.path())
            .env(FROM, from.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut words = BufReader::new(child.stderr.take().unwrap());
        let mut left = 100 + chance.below(300);
        let mut line = String::new();
        // What stands in the pipe after the kill was said before it; a line that the kill cut is no word.
        while words.read_line(&mut line).is_ok() && line.ends_with('\n') {
            let said_now = std::mem::take(&mut line);
            let line = said_now.trim_end();
            if let Some(n) = line.strip_prefix("durable ") {
                said.push(n.parse::<usize>().unwrap());
            } else if let Some(n) = line.strip_prefix("voice until ") {
                heard.extend(begun..=n.parse::<usize>().unwrap());
            } else if let Some(n) = line.strip_prefix("taken ") {
                from = n.parse::<usize>().unwrap() + 1;
            }
            if left == 0 {
                child.kill().unwrap();
            }
            left = left.saturating_sub(usize::from(left > 0));
        }
        child.wait().unwrap();
        let mut recording = Recording::open(folder.path(), stream()).unwrap();
        assert!(recording.table().conflicts().is_empty());
        for n in &said {
            assert!(
                recording.table().at(frames[*n].tick()).is_some(),
                "frame {n}"
            );
        }
        for frame in recording.frames(Tick(0)..=Tick(u64::MAX)) {
            let frame = frame.unwrap();
            assert_eq!(frame, frames[frame.index.unwrap().0 as usize]);
        }
        let mut missing = heard.clone();
        for packet in voices_in(&folder.path().join(VOICES)) {
            let n = usize::from(packet.number);
            assert_eq!(packet, packets[n], "byte for byte");
            missing.remove(&n);
        }
        assert!(missing.is_empty(), "voice packets {missing:?}");
        begun = from;
    }
    assert!(
        said.len() > 500,
        "there was something to lose: {}",
        said.len()
    );
    assert!(heard.len() > 500, "of voices too: {}", heard.len());
}
