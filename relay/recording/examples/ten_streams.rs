//! What recording costs: ten streams at 30 frames a second for a minute, each synced in groups as in a consult; then the voices
//! of ten consults, six people in each.
//!
//! Time is simulated, the disk is not. Prints the processor time for a frame and a voice packet and what that is of a core. Run it with
//! `cargo run --release -p recording --example ten_streams -- [bytes of a frame]`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "it ends by panicking"
)]

use recording::{
    Bounds, Codec, Disk, Frame, Lane, Opening, Record, Recording, Tick, Voice, VoiceSource,
    VoiceTime, Writer,
};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::{CaptureTime, FrameIndex, RelayTime, RtpTime, SessionId, StreamId};

const STREAMS: usize = 10;
/// People who speak in one consult, and their packets: 20 ms of 32 kbit/s each.
const SPEAKERS: usize = 6;
const PACKETS_PER_SECOND: u32 = 50;
const VOICE_BYTES: usize = 80;
const FRAMES_PER_SECOND: u32 = 30;
const SECONDS: u32 = 60;
/// 2.5 Mbit/s at 30 frames a second.
const USUAL_FRAME_BYTES: usize = 10_400;

/// Processor time of this thread; Linux only.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = text.split(' ').next().and_then(|it| it.parse().ok());
    Duration::from_nanos(ns.unwrap_or(0))
}

fn main() {
    let length = std::env::args().nth(1).map_or(USUAL_FRAME_BYTES, |it| {
        it.parse().expect("bytes of a frame")
    });
    let unit: Vec<u8> = (0..length).map(|n| n.to_le_bytes()[0] ^ 0x5a).collect();
    let folder = tempfile::tempdir_in(".").unwrap();
    let opening = |stream| Opening {
        stream,
        lane: Lane::Live,
        codec: Codec::H264 {
            profile_level: [0x42, 0xe0, 0x1f],
            width: 800,
            height: 600,
        },
        salt: 7,
    };
    let streams: Vec<StreamId> = (0..STREAMS).map(|_| StreamId::random()).collect();
    let begin = Instant::now();
    let mut writers: Vec<Writer> = streams
        .iter()
        .map(|stream| {
            let folder = folder.path().join(stream.to_string());
            Writer::open(
                &folder,
                Arc::new(Disk),
                opening(*stream),
                Bounds::recorder(),
            )
            .unwrap()
        })
        .collect();
    let (cpu_before, mut in_append) = (cpu(), Duration::ZERO);
    let mut durable = 0;
    for n in 0..SECONDS * FRAMES_PER_SECOND {
        let at = Duration::from_secs(1) * n / FRAMES_PER_SECOND;
        let captured_at =
            CaptureTime(1_795_000_000_000_000 + u64::try_from(at.as_micros()).unwrap());
        for writer in &mut writers {
            durable += writer.tick(begin + at).len();
            let frame = Frame {
                rtp_time: RtpTime::of(captured_at),
                captured_at,
                index: Some(FrameIndex(n)),
                keyframe: n == 0,
                unit: Cow::Borrowed(&unit),
            };
            let before = Instant::now();
            writer.append(&Record::Frame(frame), begin + at).unwrap();
            in_append += before.elapsed();
        }
    }
    for writer in writers {
        durable += writer
            .close(begin + Duration::from_secs(u64::from(SECONDS)))
            .len();
    }
    let spent = cpu() - cpu_before;
    let frames = u32::try_from(STREAMS).unwrap() * SECONDS * FRAMES_PER_SECOND;
    let share = spent.as_secs_f64() / f64::from(SECONDS) * 100.0;
    println!("{frames} frames of {length} bytes in {durable} groups");
    println!(
        "writing: {:.1?} of processor time a frame, {share:.2} % of a core for {STREAMS} streams",
        spent / frames
    );
    println!(
        "of which taking a frame into memory: {:.1?}",
        in_append / frames
    );
    println!(
        "on the clock, with all syncs: {:.1?} a frame",
        begin.elapsed() / frames
    );
    let cpu_before = cpu();
    let mut read = 0;
    for stream in &streams {
        let mut recording =
            Recording::open(&folder.path().join(stream.to_string()), *stream).unwrap();
        read += recording.digest(Tick(0)..=Tick(u64::MAX)).unwrap().frames;
    }
    assert_eq!(read, u64::from(frames));
    println!(
        "recovery and digest: {:.1?} of processor time a frame",
        (cpu() - cpu_before) / frames
    );
    voices(folder.path());
}

/// Six people who speak all the time, in each of as many consults.
fn voices(folder: &Path) {
    let speakers: Vec<SessionId> = (0..SPEAKERS).map(|_| SessionId::random()).collect();
    let packet = [0x5a; VOICE_BYTES];
    let begin = Instant::now();
    let mut writers: Vec<Writer> = (0..STREAMS)
        .map(|_| {
            let opening = Opening {
                stream: StreamId::random(),
                lane: Lane::Live,
                codec: Codec::Opus,
                salt: 7,
            };
            let folder = folder.join(opening.stream.to_string());
            Writer::open(&folder, Arc::new(Disk), opening, Bounds::recorder()).unwrap()
        })
        .collect();
    let cpu_before = cpu();
    for n in 0..SECONDS * PACKETS_PER_SECOND {
        let at = Duration::from_secs(1) * n / PACKETS_PER_SECOND;
        for writer in &mut writers {
            writer.tick(begin + at);
            for speaker in &speakers {
                let voice = Voice {
                    session: *speaker,
                    arrived_at: RelayTime(u64::from(n) * 20_000),
                    rtp_time: VoiceTime(n * 960),
                    source: VoiceSource(1),
                    number: n
                        .to_le_bytes()
                        .first_chunk()
                        .map_or(0, |it| u16::from_le_bytes(*it)),
                    opus: Cow::Borrowed(&packet),
                };
                writer.append(&Record::Voice(voice), begin + at).unwrap();
            }
        }
    }
    for writer in writers {
        writer.close(begin + Duration::from_secs(u64::from(SECONDS)));
    }
    let spent = cpu() - cpu_before;
    let packets = SECONDS * PACKETS_PER_SECOND * u32::try_from(STREAMS * SPEAKERS).unwrap();
    let share = spent.as_secs_f64() / f64::from(SECONDS) * 100.0;
    println!(
        "voices: {:.1?} of processor time a packet, {share:.2} % of a core for {STREAMS} consults of {SPEAKERS} who speak all the time",
        spent / packets
    );
}
