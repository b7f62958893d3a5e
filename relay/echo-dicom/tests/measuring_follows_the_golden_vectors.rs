//! Measuring gives what `tests/vectors/measure.json` says, and so do the sample clips that some of it was read from.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;
mod golden;

use common::sample;
use echo_dicom::measure::{Calibration, PictureSize, Refusal};
use golden::answers::{answer, complaint};
use golden::vectors::{Vector, Vectors};
use wire::region::Region;

fn check(
    vectors: &Vectors,
    chosen: &[&Vector],
    calibration: &dyn Fn(&str) -> Result<Calibration, Refusal>,
) {
    let wrong: Vec<String> = chosen
        .iter()
        .filter_map(|vector| {
            let found = complaint(vector, answer(vectors, vector, calibration))?;
            Some(format!(
                "{} ({}): {found}\n  expected {:?}",
                vector.name, vector.operation, vector.expect
            ))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_vector_holds() {
    let vectors = Vectors::read();
    assert!(vectors.vectors.len() > 100, "the vectors were lost");
    let all: Vec<&Vector> = vectors.vectors.iter().collect();
    check(&vectors, &all, &|name| vectors.pictures[name].calibration());
}

#[test]
fn the_clips_hold_the_numbers_of_the_vectors() {
    let vectors = Vectors::read();
    for (name, picture) in &vectors.pictures {
        let Some(file) = &picture.file else { continue };
        let Some(clip) = sample(file) else { return };
        let header = clip.header();
        let regions: Vec<Region> = header.regions.iter().map(Into::into).collect();
        assert_eq!(regions, picture.wire_regions(), "{name}");
        let size = PictureSize {
            width: header.layout.columns,
            height: header.layout.rows,
        };
        assert_eq!(size, picture.size(), "{name}");
        let of_this: Vec<&Vector> = vectors
            .vectors
            .iter()
            .filter(|vector| vector.on.as_ref() == Some(name))
            .collect();
        assert!(!of_this.is_empty(), "nothing is measured on {name}");
        check(&vectors, &of_this, &|_| {
            Ok(Calibration::from_regions(&header.regions, size))
        });
    }
}

#[test]
fn a_vector_that_is_wrong_is_found() {
    let mut vectors = Vectors::read();
    for vector in &mut vectors.vectors {
        vector.tolerance = -1.0;
    }
    for vector in &vectors.vectors {
        let has_number = vector.expect.values.is_some() || vector.expect.uncalibrated.is_some();
        let found = answer(&vectors, vector, &|name| {
            vectors.pictures[name].calibration()
        });
        let complains = complaint(vector, found).is_some();
        assert_eq!(complains, has_number, "{}", vector.name);
    }
}
