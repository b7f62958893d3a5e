//! Frames of H.264 video come from a confined reader as they come without one, also when the way to one takes several answers; a
//! hostile stream costs its own file.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

#[path = "../../echo-dicom/tests/common/coded.rs"]
mod coded;

use coded::Coded;
use echo_dicom::limits::VIDEO_STEP_WORK;
use guarded::{Guard, GuardedClip, Program};
use std::io::Write;
use tempfile::NamedTempFile;
use wire::FrameIndex;

guarded::serve_in_tests!();

/// High profile with tools that the decoder has, several slices, and sides that are no multiple of sixteen.
const HIGH: &[&str] = &["-profile:v", "high", "-g", "10", "-x264-params", "slices=3"];
const ONE_KEY: &[&str] = &["-profile:v", "baseline", "-g", "9999", "-sc_threshold", "0"];

fn guarded(object: &[u8]) -> (NamedTempFile, GuardedClip) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(object).unwrap();
    let clip = Guard::with(Program::this()).open(file.path()).unwrap();
    (file, clip)
}

#[test]
fn a_confined_reader_decodes_what_an_unconfined_one_decodes() {
    for coded in [
        Coded::new((322, 182), 25, HIGH),
        Coded::new((640, 480), 20, ONE_KEY).recorded(),
    ] {
        let free = coded.clip();
        let (_file, clip) = guarded(&coded.object());
        let frames = u32::try_from(coded.frames.len()).unwrap();
        for index in (0..frames).chain([3, 19, 0]).map(FrameIndex) {
            assert!(
                clip.frame(index).unwrap() == free.frame(index).unwrap(),
                "{index:?}"
            );
        }
        assert_eq!(clip.browser_frame(FrameIndex(0)), None);
        assert!(!clip.video_frame(FrameIndex(0)).unwrap().is_empty());
    }
}

/// Four steps are four seconds at most, where one answer has five: here each picture carries much that is skipped, so that steps are
/// short.
#[test]
fn the_way_to_a_frame_may_take_several_answers() {
    let mut coded = Coded::new((64, 48), 60, ONE_KEY).recorded();
    let step_bytes = usize::try_from(VIDEO_STEP_WORK).unwrap() * 4;
    for units in &mut coded.frames {
        units.push([&[12][..], &vec![0xFF; step_bytes / 15], &[0x80]].concat());
    }
    let free = coded.clip();
    assert!(free.frame_step(FrameIndex(59)).unwrap().is_none());
    let (_file, clip) = guarded(&coded.object());
    assert!(clip.frame(FrameIndex(59)).unwrap() == free.frame(FrameIndex(59)).unwrap());
}

/// What the reader with the most ever had in memory, in MiB.
fn most_of_a_reader() -> u64 {
    let of = std::process::id().to_string();
    let statuses = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let status = std::fs::read_to_string(entry.ok()?.path().join("status")).ok()?;
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1).map(str::to_owned)
        };
        // Started by that name; what codes the videos of other tests is a child too.
        let is_reader = field("PPid:")? == of && field("Name:")? == "exe";
        is_reader.then(|| field("VmHWM:")?.parse::<u64>().ok())?
    });
    statuses.max().unwrap() / 1024
}

#[test]
fn a_large_video_costs_its_reader_one_decoder_and_one_picture_in_whatever_order_it_is_asked() {
    let more = ["-profile:v", "high", "-g", "5", "-refs", "4"];
    let (_file, clip) = guarded(&Coded::new((1920, 1080), 10, &more).object());
    for index in (0..10).chain([3, 9, 1, 1, 8, 0]).map(FrameIndex) {
        assert_eq!(clip.frame(index).unwrap().rows.len(), 1920 * 1080 * 3);
    }
    let most = most_of_a_reader();
    assert!(most < 64, "a reader had {most} MiB");
}

#[test]
fn a_hostile_stream_is_refused_in_words_and_the_next_frame_is_read() {
    let good = Coded::new((160, 120), 20, HIGH);
    let mut lies = good.clone();
    let other = Coded::new((320, 240), 10, HIGH);
    for (units, large) in lies.frames.iter_mut().zip(&other.frames) {
        units.clone_from(large);
    }
    let (_file, clip) = guarded(&lies.object());
    for index in 0..10 {
        let error = clip.frame(FrameIndex(index)).unwrap_err();
        assert_eq!(error.step(), "decode", "{error}");
        assert!(!guarded::is_no_reader(&error), "{error}");
    }
    assert!(clip.frame(FrameIndex(12)).unwrap() == good.clip().frame(FrameIndex(12)).unwrap());
}
