//! H.264 video in a DICOM object: each frame is found where it lies, with its true time; whatever else an MP4 file says is
//! refused by name, and no file costs more than it has.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use common::builder::{EXPLICIT, File, Shape};
use common::peak_memory_mib;
use common::video::{COLUMNS, PICTURE, ROWS, SEQUENCE, mp4, object, stored};
use common::writing::even;
use echo_dicom::{Clip, ClipError, Photometric, TransferSyntax};
use wire::FrameIndex;

const UNEVEN: [u64; 6] = [0, 33_000, 75_000, 75_060, 141_000, 700_000];
const H264: &str = "1.2.840.10008.1.2.4.102";

/// Opens an object of any maker around some video bytes.
fn opened(syntax: &'static str, frames: u32, fragments: &[&[u8]]) -> Result<Clip, ClipError> {
    let shape = Shape {
        frames,
        ..Shape::new("YBR_PARTIAL_420", COLUMNS, ROWS)
    };
    Clip::from_bytes(
        File::new(syntax)
            .picture(shape)
            .fragments(&[], fragments)
            .build(),
    )
}

#[track_caller]
fn refused(video: &[u8], frames: u32, part: &str) {
    let error = opened(H264, frames, &[video]).expect_err("it is refused");
    assert_eq!(error.step(), "video", "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

/// The file with bytes put in the place of others, which must be there once.
fn changed(mp4: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let found: Vec<usize> = (0..=mp4.len() - from.len())
        .filter(|at| &mp4[*at..*at + from.len()] == from)
        .collect();
    assert_eq!(found.len(), 1, "{from:?}");
    [&mp4[..found[0]], to, &mp4[found[0] + from.len()..]].concat()
}

/// The file with four bytes of a box changed, counted from the type of the box.
fn with_word(mp4: &[u8], kind: &[u8; 4], at: usize, word: u32) -> Vec<u8> {
    let place = mp4.windows(4).position(|it| it == kind).unwrap() + 4 + at;
    let mut bytes = mp4.to_vec();
    bytes[place..place + 4].copy_from_slice(&word.to_be_bytes());
    bytes
}

#[test]
fn what_was_written_is_found_again_frame_by_frame_at_its_true_time() {
    for micros in [UNEVEN.to_vec(), even(25)] {
        let clip = Clip::from_bytes(object(&micros, &mp4(&micros, 10))).unwrap();
        let header = clip.header();
        assert_eq!(header.transfer_syntax, TransferSyntax::H264Level41);
        assert_eq!(header.layout.photometric, Photometric::YbrPartial420);
        assert_eq!(header.frames as usize, micros.len());
        let video = clip.video().unwrap();
        assert_eq!(video.codec(), "avc1.640029");
        let keys: Vec<u32> = (0..micros.len() as u32).step_by(10).collect();
        assert_eq!(video.keys(), keys);
        let description = video.description();
        assert!(description.windows(6).any(|it| it == SEQUENCE));
        assert!(description.windows(4).any(|it| it == PICTURE));
        for (index, us) in (0..).map(FrameIndex).zip(&micros) {
            assert!(clip.is_here(index));
            assert_eq!(clip.video_frame(index).unwrap(), stored(index.0));
            let at = header.frame_times.at(index).as_micros() as u64;
            assert!(at.abs_diff(*us) <= 1, "{index:?} at {at}, not {us}");
        }
        let beyond = FrameIndex(header.frames);
        assert!(!clip.is_here(beyond));
        assert_eq!(
            clip.video_frame(beyond).unwrap_err().step(),
            "no-such-frame"
        );
        let error = clip.frame(FrameIndex(0)).unwrap_err();
        assert!(
            error.to_string().contains("sequence parameter set"),
            "{error}"
        );
        assert_eq!(clip.browser_frame(FrameIndex(0)), None);
    }
}

#[test]
fn however_much_of_a_video_is_here_its_frames_are_right_and_no_others_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let half = folder.path().join("clip.half");
    let bytes = object(&even(25), &mp4(&even(25), 10));
    let mut opened = false;
    for cut in 0..=bytes.len() {
        std::fs::write(&half, &bytes[..cut]).unwrap();
        let part = match Clip::open_arriving(&half, bytes.len() as u64) {
            Ok(part) => part,
            Err(ClipError::ReadFile(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                assert!(!opened, "at {cut}: it could be read before");
                continue;
            }
            Err(other) => panic!("at {cut}: {other}"),
        };
        opened = true;
        let here = (0..25)
            .take_while(|index| part.is_here(FrameIndex(*index)))
            .count() as u32;
        for index in here.saturating_sub(1)..25 {
            let frame = part.video_frame(FrameIndex(index)).ok();
            let wanted = (index < here).then(|| stored(index));
            assert_eq!(frame, wanted, "frame {index} at {cut}");
        }
    }
    assert!(opened);
}

#[test]
fn other_makers_video_goes_the_same_way_and_what_is_none_is_named() {
    let good = mp4(&even(4), 2);
    for (syntax, bytes) in [
        ("1.2.840.10008.1.2.4.103", &good),
        ("1.2.840.10008.1.2.4.104", &good),
        ("1.2.840.10008.1.2.4.106", &good),
        (H264, &tables_last(&good)),
    ] {
        let clip = opened(syntax, 4, &[bytes]).unwrap();
        for index in 0..4 {
            assert_eq!(clip.video_frame(FrameIndex(index)).unwrap(), stored(index));
        }
    }
    for syntax in ["1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.107"] {
        let error = opened(syntax, 4, &[&good]).unwrap_err();
        assert!(error.to_string().contains(syntax), "{error}");
    }
    let pieces = opened(H264, 4, &[&good[..40], &good[40..]]).unwrap_err();
    assert!(pieces.to_string().contains("2 fragments"), "{pieces}");
    refused(
        &[&[0x47, 0x40, 0, 0x10][..], &[0; 184]].concat(),
        4,
        "MPEG-2 transport stream",
    );
    refused(b"\0\0\0\x01\x67\x64\0\x29", 4, "bare code stream");
    refused(b"RIFF\0\0\0\0AVI ", 4, "no MP4 file");
    refused(
        &changed(&good, b"avc1\0\0\0\0\0\0", b"hvc1\0\0\0\0\0\0"),
        4,
        "HEVC",
    );
    refused(
        &changed(&good, b"avc1\0\0\0\0\0\0", b"mp4v\0\0\0\0\0\0"),
        4,
        "MPEG-2",
    );
    refused(
        &changed(&good, b"avc1\0\0\0\0\0\0", b"<b>!\0\0\0\0\0\0"),
        4,
        "coded as ?b??",
    );
    refused(&changed(&good, b"vide", b"soun"), 4, "no video track");
}

/// The same file with its tables behind the pictures, as cameras write it.
fn tables_last(mp4: &[u8]) -> Vec<u8> {
    let at = |kind: &[u8; 4]| mp4.windows(4).position(|it| it == kind).unwrap() - 4;
    let (kind, rest) = mp4.split_at(at(b"moov"));
    let (tables, frames) = rest.split_at(at(b"mdat") - kind.len());
    let tables = with_word(tables, b"stco", 8, kind.len() as u32 + 8);
    [kind, frames, &tables].concat()
}

#[test]
fn tables_that_lie_are_refused() {
    let good = mp4(&even(4), 2);
    refused(&good, 5, "5 frames are declared, the video has 4");
    refused(
        &with_word(&good, b"stsz", 8, u32::MAX),
        4,
        "the video has 4294967295",
    );
    refused(&with_word(&good, b"stsz", 12, 0), 4, "frame 1 does not lie");
    refused(
        &with_word(&good, b"stsz", 16, u32::MAX),
        4,
        "frame 2 does not lie",
    );
    refused(&with_word(&good, b"stco", 4, u32::MAX), 4, "fewer entries");
    refused(
        &with_word(&good, b"stco", 8, u32::MAX),
        4,
        "frame 1 does not lie",
    );
    refused(&with_word(&good, b"stsc", 4, u32::MAX), 4, "fewer entries");
    refused(&with_word(&good, b"stsc", 8, 2), 4, "fewer samples");
    refused(&with_word(&good, b"stsc", 12, u32::MAX), 4, "more samples");
    refused(&with_word(&good, b"stsc", 12, 3), 4, "fewer samples");
    refused(&with_word(&good, b"stss", 8, 2), 4, "key frames");
    refused(&with_word(&good, b"stss", 12, 5), 4, "key frames");
    refused(&with_word(&good, b"stss", 12, 0), 4, "key frames");
    refused(
        &changed(&good, b"url \0\0\0\x01", b"url \0\0\0\0"),
        4,
        "another file",
    );
    let size = [0, 64, 0, 48, 0, 72];
    refused(
        &changed(&good, &size, &[0, 32, 0, 48, 0, 72]),
        4,
        "32 x 48 pixels",
    );
    // Frames in another order than they are shown: two shifts.
    let order = |shifts: [u32; 2]| {
        let words = [0, 2, 1, shifts[0], 3, shifts[1]];
        let table: Vec<u8> = words.iter().flat_map(|it: &u32| it.to_be_bytes()).collect();
        let place = good.windows(4).position(|it| it == b"stts").unwrap() - 4;
        grown(
            &good,
            place,
            &[&32_u32.to_be_bytes()[..], b"ctts", &table].concat(),
        )
    };
    assert!(opened(H264, 4, &[&order([2, 2])]).is_ok());
    refused(&order([2, 4]), 4, "order in which they are shown");
    let twice = |kind: &[u8; 4]| {
        let place = good.windows(4).position(|it| it == kind).unwrap() - 4;
        let length = u32::from_be_bytes(good[place..place + 4].try_into().unwrap()) as usize;
        grown(&good, place, &good[place..place + length])
    };
    for kind in [b"stsz", b"stsd", b"mdia", b"stbl"] {
        refused(&twice(kind), 4, "two boxes");
    }
    refused(&twice(b"trak"), 4, "two video tracks");
    let place = good.windows(4).position(|it| it == b"trak").unwrap() - 4;
    refused(&grown(&good, place, b"\0\0\0\x08mvex"), 4, "fragmented");
}

/// The file with more bytes at a place inside the tables: everything that holds it grows, and the frames move.
fn grown(mp4: &[u8], place: usize, more: &[u8]) -> Vec<u8> {
    let mut bytes = mp4.to_vec();
    let grow = more.len() as u32;
    for kind in [b"moov", b"trak", b"mdia", b"minf", b"stbl"] {
        let at = mp4.windows(4).position(|it| it == kind).unwrap() - 4;
        let length = u32::from_be_bytes(mp4[at..at + 4].try_into().unwrap());
        if (at + 8..at + length as usize).contains(&place) {
            bytes[at..at + 4].copy_from_slice(&(length + grow).to_be_bytes());
        }
    }
    let chunk = mp4.windows(4).position(|it| it == b"stco").unwrap() + 12;
    let begins = u32::from_be_bytes(mp4[chunk..chunk + 4].try_into().unwrap());
    bytes[chunk..chunk + 4].copy_from_slice(&(begins + grow).to_be_bytes());
    bytes.splice(place..place, more.iter().copied());
    bytes
}

/// Bad input U49 and U50: a video cut anywhere, and any byte of its tables another one.
#[test]
fn no_damage_makes_a_reader_panic_or_take_memory() {
    let began = Instant::now();
    let good = mp4(&even(6), 3);
    let tables = good.len() - (0..6).map(|index| stored(index).len()).sum::<usize>();
    let frames = |clip: Clip| {
        for index in 0..6 {
            clip.video_frame(FrameIndex(index)).unwrap();
        }
    };
    // One byte less is the pad byte of a fragment.
    for cut in 0..good.len() - 1 {
        assert!(opened(H264, 6, &[&good[..cut]]).is_err(), "cut to {cut}");
    }
    for at in 0..tables {
        for value in [0, 1, 0x7F, 0x80, 0xFF] {
            let mut bytes = good.clone();
            bytes[at] = value;
            if let Ok(clip) = opened(H264, 6, &[&bytes]) {
                frames(clip);
            }
        }
    }
    // A moov of 4 GiB that is not there, one above the limit that is, and boxes without end.
    let huge = [&[0, 0, 0, 1][..], b"moov", &(4_u64 << 30).to_be_bytes()].concat();
    refused(&huge, 6, "beyond");
    let mut above = vec![0; 5 << 20];
    above[..8].copy_from_slice(&[&(5_u32 << 20).to_be_bytes()[..], b"moov"].concat());
    refused(&above, 6, "above");
    refused(&b"\0\0\0\x08free".repeat(10_000), 6, "moov is missing");
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
    assert!(peak_memory_mib() < 256, "it took {} MiB", peak_memory_mib());
}

#[test]
fn colours_of_video_are_refused_elsewhere() {
    let shape = Shape::new("YBR_PARTIAL_420", 4, 4);
    let file = File::new(EXPLICIT).picture(shape).pixels(&[0; 48]).build();
    let error = Clip::from_bytes(file).unwrap_err();
    assert!(error.to_string().contains("only video has"), "{error}");
}
