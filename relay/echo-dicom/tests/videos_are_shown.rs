//! Frames of H.264 video as pictures: the colours that FFmpeg shows, in any order of asking; what cannot be decoded is refused by name and
//! costs no more than it may.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::time::{Duration, Instant};

use common::coded::{Coded, alike, object, shown_by_ffmpeg};
use echo_dicom::{Clip, ClipError, Picture, PixelForm};
use wire::FrameIndex;

/// Two decoders of the same numbers differ by rounding of colours only.
const LEAST_DB: f64 = 45.0;
const LIVE: &[&str] = &[
    "-profile:v",
    "baseline",
    "-x264-params",
    "keyint=40:scenecut=0:slices=1",
];
const HIGH: &[&str] = &["-profile:v", "high", "-g", "10", "-crf", "16"];

fn frame(clip: &Clip, index: u32) -> Picture {
    clip.frame(FrameIndex(index)).unwrap()
}

#[track_caller]
fn shows_what_ffmpeg_shows(coded: &Coded) {
    let clip = coded.clip();
    let (columns, rows) = (u32::from(coded.columns), u32::from(coded.rows));
    let wanted = shown_by_ffmpeg(&coded.mp4(), (columns * rows) as usize);
    assert_eq!(wanted.len(), coded.frames.len());
    for (index, wanted) in (0..).zip(&wanted) {
        let shown = frame(&clip, index);
        assert_eq!((shown.width, shown.height), (columns, rows));
        assert_eq!(shown.form, PixelForm::Rgb8);
        let db = alike(&shown.rows, wanted);
        assert!(db.iter().all(|it| *it >= LEAST_DB), "frame {index}: {db:?}");
    }
}

#[test]
fn a_clip_of_high_profile_shows_the_colours_that_ffmpeg_shows() {
    shows_what_ffmpeg_shows(&Coded::new((640, 480), 30, HIGH));
    // Rows and columns that are cut off, several slices, CABAC and scaling lists.
    let more = [HIGH, &["-x264-params", "slices=4:cqm=jvt:ref=4"]].concat();
    shows_what_ffmpeg_shows(&Coded::new((322, 182), 25, &more));
}

#[test]
fn a_recording_of_a_consult_shows_the_colours_that_ffmpeg_shows() {
    shows_what_ffmpeg_shows(&Coded::new((640, 480), 60, LIVE).recorded());
    shows_what_ffmpeg_shows(&Coded::new((320, 240), 10, LIVE));
}

#[test]
fn a_stream_that_says_its_colours_is_believed() {
    for (matrix, range) in [("bt709", "tv"), ("smpte170m", "pc"), ("bt709", "pc")] {
        let scale = format!("scale=out_color_matrix={matrix}:out_range={range}");
        let said = ["-vf", &scale, "-colorspace", matrix, "-color_range", range];
        let coded = Coded::new((320, 240), 5, &[HIGH, &said].concat());
        shows_what_ffmpeg_shows(&coded);
    }
}

#[test]
fn frames_come_in_any_order_as_they_come_one_after_the_other() {
    let coded = Coded::new((160, 120), 45, LIVE).recorded();
    let clip = coded.clip();
    let in_order: Vec<Picture> = (0..45).map(|index| frame(&clip, index)).collect();
    for index in [44, 0, 39, 40, 40, 12, 13, 20, 3, 44, 41] {
        assert_eq!(frame(&clip, index), in_order[index as usize], "{index}");
    }
    let beyond = clip.frame(FrameIndex(45)).unwrap_err();
    assert_eq!(beyond.step(), "no-such-frame");
}

/// What a change of a video does to a frame of it.
#[track_caller]
fn refused(coded: &Coded, index: u32, part: &str) {
    let error = coded.clip().frame(FrameIndex(index)).unwrap_err();
    assert_eq!(error.step(), "decode", "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

#[test]
fn streams_that_lie_are_refused_by_name() {
    let good = Coded::new((160, 120), 24, HIGH);
    let other = Coded::new((320, 240), 24, HIGH);
    let changed = |change: &dyn Fn(&mut Coded)| {
        let mut coded = good.clone();
        change(&mut coded);
        coded
    };
    refused(
        &changed(&|it| it.sequence = other.sequence.clone()),
        0,
        "coded with 320 x 240 pixels, the header says 160 x 120",
    );
    // Sets of another size in the middle, alone and with the pictures that they belong to.
    let sets = vec![other.sequence.clone(), other.picture.clone()];
    let middle = changed(&|it| it.frames[12].splice(0..0, sets.clone()).for_each(drop));
    refused(&middle, 12, "change in the middle");
    assert!(middle.clip().frame(FrameIndex(11)).is_ok());
    assert!(
        middle.clip().frame(FrameIndex(20)).is_ok(),
        "the next key frame"
    );
    let again = vec![good.sequence.clone(), good.picture.clone()];
    let repeated = changed(&|it| it.frames[10].splice(0..0, again.clone()).for_each(drop));
    assert_eq!(frame(&repeated.clip(), 12), frame(&good.clip(), 12));
    // The set that pictures name is missing.
    let missing = changed(&|it| it.picture = vec![0x68, 0x5A, 0x9E, 0x2C, 0x8B]);
    assert!(missing.clip().frame(FrameIndex(0)).is_err());
    // What stands in a key frame's place is none, or only says so.
    let slice = good.frames[1][0].clone();
    let named = [&[0x65], &slice[1..]].concat();
    assert!(
        changed(&|it| it.frames[0][0] = named.clone())
            .clip()
            .frame(FrameIndex(0))
            .is_err()
    );
    // A picture is missing in the middle: nothing is made up.
    let hole = changed(&|it| {
        it.frames.remove(4);
    });
    assert!(hole.clip().frame(FrameIndex(3)).is_ok());
    refused(&hole, 4, "missing");
    refused(
        &changed(&|it| it.frames[3].push(good.frames[4][0].clone())),
        3,
        "one picture",
    );
    let big = changed(&|it| it.frames[2][0].resize(9 << 20, 0x55));
    refused(&big, 2, "above");
}

#[test]
fn a_header_of_another_size_is_refused_whatever_the_tables_say() {
    let coded = Coded::new((160, 120), 4, HIGH);
    let mut mp4 = coded.mp4();
    let size = [0, 160, 0, 120, 0, 72];
    let at = mp4.windows(6).position(|it| it == size).unwrap();
    mp4[at..at + 4].copy_from_slice(&[0, 176, 0, 144]);
    let clip = Clip::from_bytes(object(&mp4, 176, 144, 4)).unwrap();
    let error = clip.frame(FrameIndex(0)).unwrap_err();
    assert!(error.to_string().contains("160 x 120"), "{error}");
}

/// Every unit of a frame cut, and bytes of it changed: a picture of the right size or an error by name.
#[test]
fn damaged_pictures_are_shown_or_refused_and_never_worse() {
    let began = Instant::now();
    let good = Coded::new((64, 48), 8, &["-profile:v", "high", "-g", "4"]);
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let (mut shown, mut refused) = (0, 0);
    for round in 0..2_000 {
        let mut coded = good.clone();
        let at = next(coded.frames.len());
        let unit = &mut coded.frames[at][0];
        match round % 4 {
            0 => unit.truncate(1 + next(unit.len())),
            1 => unit.extend((0..next(40)).map(|_| 0xA5)),
            _ => {
                for _ in 0..=next(6) {
                    let place = 1 + next(unit.len() - 1);
                    unit[place] = next(256) as u8;
                }
            }
        }
        if round % 10 == 0 {
            let place = 4 + next(coded.sequence.len() - 4);
            coded.sequence[place] = next(256) as u8;
        }
        let clip = coded.clip();
        for index in 0..8 {
            match clip.frame(FrameIndex(index)) {
                Ok(picture) => {
                    assert_eq!(picture.rows.len(), 64 * 48 * 3);
                    shown += 1;
                }
                Err(error) => {
                    assert!(matches!(error, ClipError::Decode { .. }), "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(shown > 1_000 && refused > 1_000, "{shown} and {refused}");
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

/// A long recording with one key frame: each next frame costs one, and a leap has a bound that is told before it is tried.
#[test]
fn a_leap_beyond_what_one_picture_is_given_is_refused_before_it_is_tried() {
    let long = [
        "-profile:v",
        "baseline",
        "-x264-params",
        "keyint=infinite:scenecut=0",
    ];
    let short = Coded::new((64, 48), 240, &long).recorded();
    let clip = short.clip();
    assert!(
        clip.frame_step(FrameIndex(239)).unwrap().is_some(),
        "one step"
    );
    // The same pictures behind padding that makes each of them as much work as a large one.
    let mut heavy = short.clone();
    for units in &mut heavy.frames {
        units.push([&[12_u8], &[0xFF; 400_000][..], &[0x80]].concat());
    }
    let clip = heavy.clip();
    let began = Instant::now();
    let error = clip.frame(FrameIndex(239)).unwrap_err();
    assert!(error.to_string().contains("239 others"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(1));
    let mut steps = 0;
    while clip.frame_step(FrameIndex(150)).unwrap().is_none() {
        steps += 1;
    }
    assert!((5..15).contains(&steps), "{steps}");
    assert!(clip.frame(FrameIndex(239)).is_ok(), "from where it stands");
}
