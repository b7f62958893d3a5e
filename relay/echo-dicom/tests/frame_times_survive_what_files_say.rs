//! Frame Time, Frame Time Vector and rates, true, false and missing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use std::time::Duration;

use common::builder::{EXPLICIT, File, Shape};
use common::sample;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use echo_dicom::{Clip, FrameTimes, TimeSource};
use wire::FrameIndex;

const ASSUMED: Duration = Duration::from_nanos(33_333_333);

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The times of a clip of `frames` frames with these text attributes.
fn times(frames: u32, attributes: &[(Tag, &str)]) -> FrameTimes {
    let shape = Shape {
        frames,
        ..Shape::new("MONOCHROME2", 1, 1)
    };
    let file = File::new(EXPLICIT).picture(shape);
    let vr = |tag: Tag| {
        if tag == tags::FRAME_TIME || tag == tags::FRAME_TIME_VECTOR {
            VR::DS
        } else {
            VR::IS
        }
    };
    let file = attributes
        .iter()
        .fold(file, |file, (tag, value)| file.text(*tag, vr(*tag), value));
    let file = file.pixels(&vec![0; frames as usize]);
    Clip::from_bytes(file.build())
        .unwrap()
        .header()
        .frame_times
        .clone()
}

fn starts(times: &FrameTimes, frames: u32) -> Vec<Duration> {
    (0..frames)
        .map(|index| times.at(FrameIndex(index)))
        .collect()
}

#[test]
fn a_frame_time_counts_for_every_frame() {
    let times = times(3, &[(tags::FRAME_TIME, "40")]);
    assert_eq!(times.source(), TimeSource::FrameTime);
    assert_eq!(starts(&times, 3), [ms(0), ms(40), ms(80)]);
    assert_eq!(
        (times.interval_after(FrameIndex(2)), times.total()),
        (ms(40), ms(120))
    );
    assert!(!times.is_assumed() && !times.is_repaired());
}

#[test]
fn a_vector_gives_each_frame_its_own_time() {
    let times = times(4, &[(tags::FRAME_TIME_VECTOR, "0\\10\\20\\30")]);
    assert_eq!(times.source(), TimeSource::FrameTimeVector);
    assert_eq!(starts(&times, 4), [ms(0), ms(10), ms(30), ms(60)]);
    // The time after the last frame is not stored: the usual one.
    assert_eq!(
        (times.interval_after(FrameIndex(3)), times.total()),
        (ms(20), ms(80))
    );
    assert!(!times.is_repaired());
}

#[test]
fn a_vector_that_does_not_begin_with_zero_starts_at_zero_all_the_same() {
    let Some(clip) = sample("08") else { return };
    let times = &clip.header().frame_times;
    assert_eq!(times.at(FrameIndex(0)), Duration::ZERO);
    assert_eq!(times.at(FrameIndex(1)), ms(50));
    assert_eq!(
        times.interval_after(FrameIndex(7)),
        Duration::from_micros(33_333)
    );
    assert!(times.is_repaired() && !times.is_assumed());
}

#[test]
fn unusable_entries_of_a_vector_take_the_usual_interval() {
    for bad in ["0", "-5", "NaN", "1e300", "1e999", "x", ""] {
        let times = times(
            4,
            &[(tags::FRAME_TIME_VECTOR, &format!("0\\20\\{bad}\\20"))],
        );
        assert_eq!(starts(&times, 4), [ms(0), ms(20), ms(40), ms(60)], "{bad}");
        assert!(times.is_repaired(), "{bad}");
    }
}

#[test]
fn a_vector_shorter_than_the_clip_goes_on_as_usual() {
    let times = times(5, &[(tags::FRAME_TIME_VECTOR, "0\\20\\20")]);
    assert_eq!(starts(&times, 5), [ms(0), ms(20), ms(40), ms(60), ms(80)]);
    assert!(times.is_repaired());
    assert_eq!(
        self::times(2, &[(tags::FRAME_TIME_VECTOR, "0\\20\\20\\20")]).total(),
        ms(40)
    );
}

#[test]
fn a_vector_without_any_usable_entry_gives_way_to_the_next_source() {
    let attributes = [
        (tags::FRAME_TIME_VECTOR, "0\\0\\-1"),
        (tags::CINE_RATE, "50"),
    ];
    let times = times(3, &attributes);
    assert_eq!(
        (times.source(), times.total()),
        (TimeSource::CineRate, ms(60))
    );
}

#[test]
fn a_frame_time_without_sense_gives_way_to_the_rates() {
    for bad in ["0", "-1", "1e300", "NaN", "1,5", "", "0.00001", "99999999"] {
        let rates = [
            (tags::FRAME_TIME, bad),
            (tags::CINE_RATE, "25"),
            (tags::RECOMMENDED_DISPLAY_FRAME_RATE, "10"),
        ];
        let times = times(2, &rates);
        assert_eq!(
            (times.source(), times.total()),
            (TimeSource::CineRate, ms(80)),
            "{bad}"
        );
    }
    for bad in ["0", "1000000000", "-25"] {
        let rates = [
            (tags::CINE_RATE, bad),
            (tags::RECOMMENDED_DISPLAY_FRAME_RATE, "10"),
        ];
        let times = times(2, &rates);
        assert_eq!(
            times.source(),
            TimeSource::RecommendedDisplayFrameRate,
            "{bad}"
        );
        assert_eq!(times.total(), ms(200), "{bad}");
    }
}

#[test]
fn a_clip_without_any_time_says_that_it_is_assumed() {
    let times = times(2, &[]);
    assert!(times.is_assumed());
    assert_eq!(times.interval_after(FrameIndex(0)), ASSUMED);
    // Sample 10 has two frames and no time at all.
    let Some(clip) = sample("10") else { return };
    assert!(clip.header().frame_times.is_assumed());
    assert_eq!(clip.header().frame_times.total(), ASSUMED * 2);
}

#[test]
fn the_pointer_decides_between_frame_time_and_vector() {
    let build = |pointer: &[u16]| {
        let shape = Shape {
            frames: 2,
            ..Shape::new("MONOCHROME2", 1, 1)
        };
        let file = File::new(EXPLICIT)
            .picture(shape)
            .words(tags::FRAME_INCREMENT_POINTER, VR::AT, pointer)
            .text(tags::FRAME_TIME, VR::DS, "40")
            .text(tags::FRAME_TIME_VECTOR, VR::DS, "0\\90")
            .pixels(&[0, 0]);
        Clip::from_bytes(file.build())
            .unwrap()
            .header()
            .frame_times
            .source()
    };
    assert_eq!(build(&[0x0018, 0x1063]), TimeSource::FrameTime);
    assert_eq!(build(&[0x0018, 0x1065]), TimeSource::FrameTimeVector);
}

#[test]
fn times_beyond_the_last_frame_are_the_end_of_the_clip() {
    for times in [
        times(3, &[(tags::FRAME_TIME, "40")]),
        times(3, &[(tags::FRAME_TIME_VECTOR, "0\\40\\40")]),
    ] {
        assert_eq!(times.at(FrameIndex(u32::MAX)), ms(120));
        assert_eq!(times.interval_after(FrameIndex(u32::MAX)), ms(40));
    }
}

#[test]
fn the_samples_have_the_times_their_files_state() {
    for (number, source, total) in [
        (
            "01",
            TimeSource::FrameTime,
            Duration::from_micros(3_999_960),
        ),
        ("02", TimeSource::FrameTime, Duration::from_micros(999_990)),
        ("06", TimeSource::FrameTime, ms(760)),
        (
            "09",
            TimeSource::FrameTimeVector,
            Duration::from_micros(343_332),
        ),
    ] {
        let Some(clip) = sample(number) else { return };
        let times = &clip.header().frame_times;
        assert_eq!(
            (times.source(), times.total()),
            (source, total),
            "sample {number}"
        );
    }
}
