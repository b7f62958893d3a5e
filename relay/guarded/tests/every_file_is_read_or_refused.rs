//! Reading behind the wall gives what reading without it gives: the same header, the same pixels, the same refusals. Sample
//! files are kept outside the project (`HIBIKI_TEST_DATA`, else `../shared/test-data` beside the workspace).
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

use echo_dicom::{Clip, ClipError, Picture};
use guarded::{Guard, GuardedClip, Program};
use std::fs;
use std::io::Write;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use wire::FrameIndex;

guarded::serve_in_tests!();

fn guard() -> Guard {
    Guard::with(Program::this())
}

/// All files below a folder of the test data; none, said aloud, where there is no test data.
fn files(folder: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("HIBIKI_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/test-data"),
        PathBuf::from,
    );
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    if found.is_empty() {
        let required = std::env::var_os("HIBIKI_REQUIRE_TEST_DATA").is_some_and(|it| it == "1");
        assert!(!required, "no test data, and here no test may be skipped");
        let mut past_the_harness = std::io::stderr();
        writeln!(past_the_harness, "SKIPPED: no test data in {folder}").unwrap();
    }
    found.sort();
    found
}

fn same_frames(path: &Path, free: &Clip, guarded: &GuardedClip) {
    for index in (0..free.header().frames).map(FrameIndex) {
        let name = || format!("{} frame {}", path.display(), index.0);
        assert!(guarded.is_here(index), "{}", name());
        assert_eq!(
            guarded.browser_frame(index),
            free.browser_frame(index),
            "{}",
            name()
        );
        assert!(
            guarded.frame(index).unwrap() == free.frame(index).unwrap(),
            "{}",
            name()
        );
    }
}

#[test]
fn every_sample_file_is_read_to_the_same_header_pixels_and_patient() {
    let guard = guard();
    let files = files("dicom");
    for path in &files {
        let free = Clip::open(path).unwrap();
        let guarded = guard
            .open(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(guarded.header(), free.header(), "{}", path.display());
        same_frames(path, &free, &guarded);
        let whose = |it: Result<_, ClipError>| serde_json::to_string(&it.unwrap()).unwrap();
        assert_eq!(whose(guarded.provenance()), whose(free.provenance()));
    }
    assert!(
        files.is_empty() || files.len() >= 13,
        "only {} files",
        files.len()
    );
}

/// Opening and the first frame, without the wall.
fn read_free(path: &Path) -> Option<Result<Picture, ClipError>> {
    catch_unwind(|| Clip::open(path).and_then(|clip| clip.frame(FrameIndex(0)))).ok()
}

#[test]
fn every_malformed_file_is_refused_in_words_or_read_as_without_the_wall() {
    let guard = guard();
    let mut refused = 0;
    let files = files("dicom-malformed");
    for path in &files {
        let name = path.display();
        let read = guard.open(path).and_then(|clip| clip.frame(FrameIndex(0)));
        match (read, read_free(path)) {
            (Ok(guarded), Some(Ok(free))) => assert!(guarded == free, "{name}"),
            (Err(error), Some(Err(free))) => {
                refused += 1;
                assert_eq!(error.step(), free.step(), "{name}: {error}");
                assert_eq!(error.to_string(), free.to_string(), "{name}");
                assert_eq!(error.what_to_do(), free.what_to_do(), "{name}");
            }
            // It panics without the wall.
            (Err(error), None) => {
                refused += 1;
                assert!(!error.what_to_do().is_empty(), "{name}: {error}");
            }
            (guarded, free) => panic!("{name}: {guarded:?} behind the wall, {free:?} without"),
        }
    }
    assert!(
        files.is_empty() || refused > 10,
        "only {refused} of {} refused",
        files.len()
    );
}

#[test]
fn sequences_nested_beyond_any_stack_are_refused_by_name() {
    let nested = files("dicom-malformed")
        .into_iter()
        .find(|it| it.ends_with("nested_2000.dcm"));
    if let Some(path) = nested {
        let error = guard().open(&path).unwrap_err();
        assert_eq!(error.step(), "scan", "{error}");
        assert!(error.to_string().contains("deep"), "{error}");
    }
}

#[test]
fn what_is_no_file_is_refused_before_a_reader_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let guard = guard();
    assert_eq!(guard.open(folder.path()).unwrap_err().step(), "read-file");
    let gone = guard.open(&folder.path().join("gone")).unwrap_err();
    assert_eq!(gone.step(), "read-file");
    let empty = folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    assert_eq!(guard.open(&empty).unwrap_err().step(), "preamble");
}

#[test]
fn a_clip_that_still_arrives_is_read_as_far_as_it_is_here() {
    let whole = fs::read(sample()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half");
    let size = whole.len() as u64;
    fs::write(&path, whole.get(..200).unwrap()).unwrap();
    let early = guard().open_arriving(&path, size).unwrap_err();
    assert!(
        matches!(&early, ClipError::ReadFile(error) if error.kind() == std::io::ErrorKind::UnexpectedEof),
        "{early}"
    );
    fs::write(&path, whole.get(..whole.len() / 2).unwrap()).unwrap();
    let guarded = guard().open_arriving(&path, size).unwrap();
    let free = Clip::open_arriving(&path, size).unwrap();
    let here = |is_here: &dyn Fn(FrameIndex) -> bool| {
        (0..free.header().frames)
            .filter(|index| is_here(FrameIndex(*index)))
            .count()
    };
    let frames = here(&|index| guarded.is_here(index));
    assert!(
        frames > 0 && frames < free.header().frames as usize,
        "{frames}"
    );
    assert_eq!(frames, here(&|index| free.is_here(index)));
    assert_eq!(
        guarded.frame(FrameIndex(0)).unwrap(),
        free.frame(FrameIndex(0)).unwrap()
    );
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-dicom/plax_small.dcm")
}
