//! DICOM clips as a source: own frame times, no seam at the end of the loop, every sample file, clear words for bad ones.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "../../relay/echo-dicom/tests/common/coded.rs"]
mod coded;
mod support;

use capture_agent::picture::PicturePool;
use capture_agent::source::{Captured, FrameSource, SourceError, SourceSpec, open};
use capture_agent::sync::Stop;
use echo_dicom::Clip;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::test_data;
use wire::FrameIndex;
use wire::region::Region;

fn play(path: &Path) -> Result<Box<dyn FrameSource>, SourceError> {
    open(
        &SourceSpec::Dicom(path.to_owned()),
        &PicturePool::default(),
        &Stop::default(),
    )
}

fn pictures(source: &mut dyn FrameSource, count: usize) -> Vec<Captured> {
    let stop = Stop::default();
    (0..count).map(|_| source.next(&stop).unwrap()).collect()
}

fn samples() -> Option<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(test_data("dicom")?)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    Some(files)
}

#[test]
fn a_clip_plays_at_its_own_frame_times_and_loops_without_a_seam() {
    let Some(folder) = test_data("dicom") else {
        return;
    };
    let path = folder.join("08_acuson_240x320x8_jpeg_fragmented_nobot.dcm");
    let clip = Clip::open(&path).unwrap();
    let times = &clip.header().frame_times;
    let mut source = play(&path).unwrap();
    // Two rounds and the beginning of a third.
    let frames = clip.header().frames;
    let captured = pictures(source.as_mut(), frames as usize * 2 + 2);
    let start = captured[0].at;
    let mut expected = Duration::ZERO;
    let mut late = Vec::new();
    for (n, captured) in captured.iter().enumerate().skip(1) {
        expected += times.interval_after(FrameIndex((n as u32 - 1) % frames));
        late.push((captured.at - start).as_secs_f64() - expected.as_secs_f64());
    }
    late.sort_by(f64::total_cmp);
    let (typical, spread) = (late[late.len() / 2], late[late.len() - 1] - late[0]);
    assert!(
        typical.abs() < 0.030 && spread < 0.100,
        "off by {typical} s, spread {spread} s"
    );
}

#[test]
fn every_sample_file_plays() {
    let Some(files) = samples() else { return };
    assert!(files.len() >= 13);
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let clip = Clip::open(&path).unwrap();
        let mut source = play(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(source.describe().frame_rate.unwrap() >= 1.0, "{name}");
        let captured = pictures(source.as_mut(), 2);
        let layout = &clip.header().layout;
        for Captured { picture, .. } in captured {
            assert_eq!(
                (picture.width(), picture.height()),
                (layout.columns, layout.rows),
                "{name}"
            );
            assert!(
                picture.rows().iter().any(|byte| *byte != 0),
                "{name} is black"
            );
        }
    }
}

#[test]
fn what_is_captured_is_exactly_what_the_file_holds() {
    let Some(files) = samples() else { return };
    let path = &files[1];
    let clip = Clip::open(path).unwrap();
    let captured = pictures(play(path).unwrap().as_mut(), 3);
    for (n, captured) in captured.iter().enumerate() {
        assert_eq!(
            captured.picture.rows(),
            clip.frame(FrameIndex(n as u32)).unwrap().rows
        );
    }
}

#[test]
fn a_clip_of_video_plays_and_one_that_cannot_be_decoded_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (
        folder.path().join("good.dcm"),
        folder.path().join("bad.dcm"),
    );
    let mut coded = coded::Coded::new((160, 120), 12, &["-profile:v", "high", "-g", "5"]);
    std::fs::write(&good, coded.object()).unwrap();
    let clip = coded.clip();
    for (n, captured) in (0..12).zip(pictures(play(&good).unwrap().as_mut(), 12)) {
        let wanted = clip.frame(FrameIndex(n)).unwrap().rows;
        assert!(captured.picture.rows() == wanted, "frame {n}");
    }
    coded.frames[0][0].truncate(20);
    std::fs::write(&bad, coded.object()).unwrap();
    let Err(error) = play(&bad) else {
        panic!("it plays");
    };
    let words = error.to_string();
    assert!(words.contains("frame 1 is damaged"), "{words}");
}

#[test]
fn a_folder_plays_in_name_order_and_leaves_out_what_is_no_clip() {
    let Some(files) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let find = |start: &str| {
        files
            .iter()
            .find(|path| {
                path.file_name()
                    .unwrap()
                    .to_string_lossy()
                    .starts_with(start)
            })
            .unwrap()
    };
    std::fs::copy(find("19_"), folder.path().join("a.dcm")).unwrap();
    std::fs::copy(find("08_"), folder.path().join("c.dcm")).unwrap();
    std::fs::write(folder.path().join("b.txt"), "notes").unwrap();
    std::fs::write(folder.path().join(".hidden"), "x").unwrap();
    let mut source = play(folder.path()).unwrap();
    let mut heights: Vec<u32> = Vec::new();
    // Of a clip of a quarter of a second a busy machine may show less, because what is late is left out; not each time.
    let round = [[480; 30].as_slice(), &[240; 8], &[480; 2]].concat();
    while !heights.windows(round.len()).any(|some| some == round) {
        assert!(heights.len() < 5 * round.len(), "{heights:?}");
        let more = pictures(source.as_mut(), round.len());
        heights.extend(more.iter().map(|captured| captured.picture.height()));
        assert_eq!(
            &heights[..30],
            [480; 30],
            "the still comes first and stays for three seconds"
        );
    }
}

#[test]
fn every_picture_carries_the_regions_of_its_own_clip_in_its_own_pixels() {
    let Some(files) = samples() else { return };
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let header = Clip::open(path).unwrap().header().clone();
        let captured = pictures(play(path).unwrap().as_mut(), 2);
        let stated: Vec<Region> = header.regions.iter().map(Region::from).collect();
        assert_eq!(captured[0].provenance.regions, stated, "{name}");
        assert!(
            Arc::ptr_eq(&captured[0].provenance, &captured[1].provenance),
            "{name}: frames of one clip share them"
        );
    }
}

#[test]
fn in_a_folder_the_regions_change_with_the_clip() {
    let Some(files) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let find = |start: &str| {
        let starts = |path: &&PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with(start)
        };
        files.iter().find(starts).unwrap()
    };
    // One without regions, then one with.
    std::fs::copy(find("19_"), folder.path().join("a.dcm")).unwrap();
    std::fs::copy(find("08_"), folder.path().join("b.dcm")).unwrap();
    let captured = pictures(play(folder.path()).unwrap().as_mut(), 40);
    for picture in captured {
        let calibrated = !picture.provenance.regions.is_empty();
        assert_eq!(calibrated, picture.picture.height() == 240);
    }
}

/// The phantoms are of one patient; a real file beside them is of another.
#[test]
fn frames_of_another_patient_have_another_key_and_say_nothing_of_anybody() {
    let Some(files) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let phantom = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-dicom/combined_small.dcm");
    std::fs::copy(&phantom, folder.path().join("a.dcm")).unwrap();
    std::fs::copy(&phantom, folder.path().join("b.dcm")).unwrap();
    let keys = |count| -> Vec<_> {
        let captured = pictures(play(folder.path()).unwrap().as_mut(), count);
        captured.iter().map(|it| it.provenance.patient).collect()
    };
    let frames = echo_dicom::Clip::open(&phantom).unwrap().header().frames as usize;
    let same = keys(2 * frames);
    assert!(same.iter().all(|key| *key == same[0]), "{same:?}");
    std::fs::copy(&files[0], folder.path().join("b.dcm")).unwrap();
    let mixed = keys(frames + 1);
    assert_eq!(mixed[..frames], same[..frames]);
    assert_ne!(mixed[frames], same[0]);
}

#[test]
fn what_cannot_be_played_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("not.dcm");
    std::fs::write(&file, b"this is a letter").unwrap();
    let empty = tempfile::tempdir().unwrap();
    for (path, expected) in [
        (file.as_path(), "as DICOM, or choose another file"),
        (Path::new("/does/not/exist.dcm"), "no such file"),
        (empty.path(), "empty"),
        (folder.path(), "none of its files"),
    ] {
        let told = play(path).err().unwrap().to_string();
        assert!(told.contains(expected) && !told.contains('\n'), "{told}");
    }
}

#[test]
fn a_truncated_clip_gives_a_clear_error_or_its_first_frames_and_never_hangs() {
    let Some(files) = samples() else { return };
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.dcm");
    let whole = std::fs::read(&files[1]).unwrap();
    for part in [10, 200, 3000, whole.len() / 2] {
        std::fs::write(&cut, &whole[..part]).unwrap();
        let start = Instant::now();
        match play(&cut) {
            Err(error) => assert!(
                error
                    .to_string()
                    .starts_with("the source cannot be opened: "),
                "{error}"
            ),
            Ok(mut source) => {
                let stop = Stop::default();
                let ended = (0..200).find_map(|_| source.next(&stop).err());
                assert!(ended.is_none_or(|error| error.to_string().contains("frame")));
            }
        }
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn every_frame_carries_the_regions_and_the_instance_of_its_clip() {
    let Some(files) = samples() else { return };
    for path in files {
        let header = Clip::open(&path).unwrap().header().clone();
        let captured = pictures(play(&path).unwrap().as_mut(), 2);
        let provenance = &captured[0].provenance;
        assert!(
            std::sync::Arc::ptr_eq(provenance, &captured[1].provenance),
            "frames share it"
        );
        assert_eq!(provenance.regions.len(), header.regions.len());
        let instance = provenance.instance.as_ref().map(|it| &it.instance_uid);
        let stated = Some(&header.sop_instance_uid).filter(|uid| !uid.is_empty());
        assert_eq!(instance, stated);
    }
}
