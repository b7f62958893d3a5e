//! Good files with some bytes changed or cut off: every one reads or is refused, none panics, hangs or gives a
//! picture of another size. One seed, so that every run tries the same files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use std::time::{Duration, Instant};

use common::builder::{BIG_ENDIAN, EXPLICIT, File, IMPLICIT, JPEG, JPEG_LS, RLE, Shape};
use common::coded::Coded;
use common::{peak_memory_mib, sample_path, video};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use echo_dicom::Clip;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use wire::FrameIndex;

const BUILT_CASES: u32 = 40_000;
const SAMPLE_CASES: u32 = 600;
/// All cases of one test; a quiet machine needs a tenth.
const TIME: Duration = Duration::from_secs(20);

/// What is done to a file: bytes at relative places, and perhaps a cut.
#[derive(Debug, Clone)]
struct Damage {
    file: prop::sample::Index,
    bytes: Vec<(prop::sample::Index, u8)>,
    cut: Option<prop::sample::Index>,
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![any::<u8>(), Just(0xFF), Just(0), Just(0x80)];
    (
        any::<prop::sample::Index>(),
        prop::collection::vec((any::<prop::sample::Index>(), byte), 1..10),
        prop::option::weighted(0.15, any::<prop::sample::Index>()),
    )
        .prop_map(|(file, bytes, cut)| Damage { file, bytes, cut })
}

/// Applies the damage behind the magic, within the first `reach` bytes.
fn apply(damage: &Damage, good: &[u8], reach: usize) -> Vec<u8> {
    let mut bytes = good.to_vec();
    let reach = reach.min(bytes.len() - 132);
    for (at, value) in &damage.bytes {
        bytes[132 + at.index(reach)] = *value;
    }
    if let Some(cut) = damage.cut {
        bytes.truncate(cut.index(good.len()));
    }
    bytes
}

/// Reads up to two frames; a picture that comes out has the size the header says.
fn read(bytes: Vec<u8>) {
    let Ok(clip) = Clip::from_bytes(bytes) else {
        return;
    };
    let layout = clip.header().layout;
    for index in 0..clip.header().frames.min(2) {
        let _ = clip.video_frame(FrameIndex(index));
        if let Ok(picture) = clip.frame(FrameIndex(index)) {
            assert_eq!(
                (picture.width, picture.height),
                (layout.columns, layout.rows)
            );
            assert_eq!(
                picture.rows.len(),
                layout.pixels() * picture.form.bytes_per_pixel()
            );
        }
    }
}

fn try_all(cases: u32, files: &[Vec<u8>], reach: usize) {
    let began = Instant::now();
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&damage(), |damage| {
        let file: &Vec<u8> = damage.file.get(files);
        read(apply(&damage, file, reach));
        Ok(())
    });
    result.unwrap();
    assert!(began.elapsed() < TIME, "it took {:?}", began.elapsed());
    assert!(peak_memory_mib() < 256, "it took {} MiB", peak_memory_mib());
}

/// One small file of each kind.
fn built_files() -> Vec<Vec<u8>> {
    let rgb = Shape::new("RGB", 16, 16);
    let grey = Shape {
        allocated: 16,
        stored: 12,
        frames: 2,
        ..Shape::new("MONOCHROME2", 16, 16)
    };
    let samples: Vec<u8> = (0..768).map(|i| (i % 251) as u8).collect();
    let mut jpeg = Vec::new();
    jpeg_encoder::Encoder::new(&mut jpeg, 90)
        .encode(&samples, 16, 16, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    let info = charls::FrameInfo {
        width: 16,
        height: 16,
        bits_per_sample: 8,
        component_count: 3,
    };
    let jpeg_ls = charls::CharLS::default().encode(info, 0, &samples).unwrap();
    let mut rle = [3_u32, 64, 330, 596].map(u32::to_le_bytes).concat();
    rle.resize(64, 0);
    for plane in samples.chunks(256) {
        for run in plane.chunks(32) {
            rle.push(31);
            rle.extend_from_slice(run);
        }
        rle.extend_from_slice(&[128, 128]);
    }
    let region = |file: File| {
        file.text(tags::FRAME_TIME_VECTOR, VR::DS, "0\\33\\40")
            .sequence(tags::SEQUENCE_OF_ULTRASOUND_REGIONS)
            .open_item()
            .bytes(tags::REGION_LOCATION_MIN_X0, VR::UL, &[1, 0, 0, 0])
            .bytes(tags::PHYSICAL_DELTA_X, VR::FD, &0.05_f64.to_le_bytes())
            .close_item()
            .close_sequence()
    };
    vec![
        region(File::new(EXPLICIT))
            .picture(rgb)
            .pixels(&samples)
            .build(),
        region(File::new(IMPLICIT))
            .picture(grey)
            .pixel_words(&[9; 512])
            .build(),
        region(File::new(BIG_ENDIAN))
            .picture(grey)
            .pixel_words(&[9; 512])
            .build(),
        region(File::new(JPEG))
            .picture(rgb)
            .fragments(&[0], &[&jpeg])
            .build(),
        region(File::new(JPEG_LS))
            .picture(rgb)
            .fragments(&[], &[&jpeg_ls])
            .build(),
        region(File::new(RLE))
            .picture(rgb)
            .fragments(&[], &[&rle])
            .build(),
        video::object(&[0, 33_000, 70_000], &video::mp4(&[0, 33_000, 70_000], 2)),
        Coded::new((64, 48), 3, &["-profile:v", "high", "-g", "2"]).object(),
    ]
}

#[test]
fn small_files_of_every_kind_survive_any_damage() {
    let files = built_files();
    for (number, file) in files.iter().enumerate() {
        let clip =
            Clip::from_bytes(file.clone()).unwrap_or_else(|error| panic!("file {number}: {error}"));
        // The frames of the first video are no pictures.
        if number != 6 {
            clip.frame(FrameIndex(0))
                .unwrap_or_else(|error| panic!("file {number}: {error}"));
        }
    }
    try_all(BUILT_CASES, &files, usize::MAX);
}

#[test]
fn sample_files_survive_damage_to_their_headers() {
    let mut files = Vec::new();
    for number in ["02", "06", "10", "11", "15"] {
        let Some(path) = sample_path(number) else {
            return;
        };
        files.push(std::fs::read(path).unwrap());
    }
    try_all(SAMPLE_CASES, &files, 6_000);
}
