//! A file that is still being written from its start shows the frames that are there, and only those.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use echo_dicom::{Clip, ClipError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use wire::FrameIndex;

/// Phantoms with and without compression.
const NAMES: [&str; 3] = [
    "plax_small.dcm",
    "combined_small.dcm",
    "a4c_small_uncompressed.dcm",
];

fn phantom(name: &str) -> (PathBuf, Vec<u8>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../sample-dicom")
        .join(name);
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

/// Frames that are here, which must be the first ones and the same as in the whole clip.
fn frames_here(part: &Clip, whole: &Clip) -> u32 {
    let frames = whole.header().frames;
    assert_eq!(part.header(), whole.header());
    let here = (0..frames)
        .take_while(|index| part.is_here(FrameIndex(*index)))
        .count();
    let here = u32::try_from(here).unwrap();
    assert!((here..frames).all(|index| !part.is_here(FrameIndex(index))));
    for index in [here.wrapping_sub(1), here / 2] {
        if index < here {
            let (part, whole) = (
                part.frame(FrameIndex(index)),
                whole.frame(FrameIndex(index)),
            );
            assert!(part.unwrap() == whole.unwrap(), "frame {index}");
        }
    }
    if here < frames {
        assert!(part.frame(FrameIndex(here)).is_err());
    }
    here
}

#[test]
fn however_much_is_here_its_frames_are_right_and_no_others_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let half = folder.path().join("clip.half");
    for name in NAMES {
        let (path, bytes) = phantom(name);
        let whole = Clip::open(&path).unwrap();
        assert!(whole.is_here(FrameIndex(0)) && !whole.is_here(FrameIndex(whole.header().frames)));
        let (mut most, mut opened) = (0, 0);
        // Cuts at no particular place, the last bytes one by one.
        let cuts = (0..bytes.len())
            .step_by(bytes.len() / 61)
            .chain(bytes.len() - 20..=bytes.len());
        for cut in cuts {
            std::fs::write(&half, &bytes[..cut]).unwrap();
            match Clip::open_arriving(&half, bytes.len() as u64) {
                Ok(part) => {
                    let here = frames_here(&part, &whole);
                    assert!(here >= most, "{name} at {cut}");
                    most = here;
                    opened += 1;
                }
                Err(ClipError::ReadFile(error)) => {
                    assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{name} at {cut}");
                    assert_eq!(opened, 0, "{name} at {cut}: it could be read before");
                }
                Err(other) => panic!("{name} at {cut}: {other}"),
            }
        }
        assert_eq!(most, whole.header().frames);
        assert!(opened > 50, "{name}: the header alone is enough");
    }
}

#[test]
fn a_part_that_is_taken_for_the_whole_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let half = folder.path().join("clip.half");
    for name in NAMES {
        let (_, bytes) = phantom(name);
        std::fs::write(&half, &bytes[..bytes.len() / 2]).unwrap();
        assert!(Clip::open(&half).is_err(), "{name}");
    }
}
