//! The small clips kept with the source are what the generator makes today.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: a failure is a failed test"
)]

use sample_dicom::{small_set, write_set};
use std::fs;
use std::path::Path;

const SEED: u64 = 1;

#[test]
fn the_committed_clips_are_what_the_generator_makes() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let mut files = vec![folder.path().join("truth.json")];
    write_set(folder.path(), SEED, &small_set(SEED), |file| {
        files.push(file.to_owned())
    })
    .unwrap();
    let mut total = 0;
    for fresh in files {
        let name = fresh.file_name().unwrap();
        let kept = fs::read(committed.join(name)).unwrap_or_default();
        assert!(
            kept == fs::read(&fresh).unwrap(),
            "{} is stale: run `cargo run -p sample-dicom -- --small --out sample-dicom`",
            name.display()
        );
        total += kept.len();
    }
    assert!(
        total <= 6_000_000,
        "the committed set has grown to {total} bytes"
    );
}
