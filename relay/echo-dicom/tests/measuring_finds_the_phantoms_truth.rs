//! What is measured on the committed phantom clips, at the places that their truth names, is what they were made from.
//!
//! The truth names the centre of a pixel by its index; that moves every point alike and no difference of two.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

use std::path::{Path, PathBuf};

use echo_dicom::Clip;
use echo_dicom::measure::{
    Calibration, Length, PictureSize, PixelPoint, Ventricle, discs, distance, ejection_fraction,
    single_plane, velocity,
};
use serde_json::Value;

fn phantoms() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-dicom")
}

/// Each clip's calibration as read from its file, and its truth.
fn clips() -> Vec<(Calibration, Value)> {
    let text = std::fs::read_to_string(phantoms().join("truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&text).unwrap();
    let clips = truth["clips"].as_array().unwrap();
    assert!(!clips.is_empty());
    clips.iter().cloned().map(with_calibration).collect()
}

fn with_calibration(truth: Value) -> (Calibration, Value) {
    let clip = Clip::open(&phantoms().join(truth["file"].as_str().unwrap())).unwrap();
    let layout = clip.header().layout;
    let size = PictureSize {
        width: layout.columns,
        height: layout.rows,
    };
    let calibration = Calibration::from_regions(&clip.header().regions, size);
    (calibration, truth)
}

/// The frames of a clip that show a left ventricle.
fn ventricles(truth: &Value) -> impl Iterator<Item = &Value> {
    let frames = truth["frames"].as_array().unwrap();
    frames
        .iter()
        .map(|frame| &frame["ventricle"])
        .filter(|ventricle| !ventricle.is_null())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn point(value: &Value) -> PixelPoint {
    PixelPoint {
        x: number(&value[0]),
        y: number(&value[1]),
    }
}

fn points(value: &Value) -> Vec<PixelPoint> {
    value.as_array().unwrap().iter().map(point).collect()
}

fn near(found: f64, truth: f64, tolerance: f64, what: &str) {
    assert!(
        (found - truth).abs() <= tolerance,
        "{what}: {found} instead of {truth}"
    );
}

#[test]
fn a_caliper_finds_the_widest_diameter() {
    for (calibration, truth) in clips() {
        for ventricle in ventricles(&truth) {
            let ends = points(&ventricle["diameterEnds"]);
            let Length::Calibrated(length) = distance(&calibration, ends[0], ends[1]).unwrap()
            else {
                panic!("{} has no scale", truth["file"]);
            };
            let diameter = number(&ventricle["diameterCm"]);
            near(length.value.value.get(), diameter, 0.001, "diameter");
        }
    }
}

#[test]
fn the_method_of_discs_finds_the_volume_of_every_frame() {
    for (calibration, truth) in clips() {
        // The method is one of apical views.
        if truth["view"] == "PLAX" {
            continue;
        }
        let mut volumes = Vec::new();
        for ventricle in ventricles(&truth) {
            let annulus = points(&ventricle["mitralAnnulus"]);
            let drawn = Ventricle {
                outline: &points(&ventricle["contour"]),
                annulus: [annulus[0], annulus[1]],
                apex: point(&ventricle["apex"]),
            };
            let cut = discs(&calibration, &drawn).unwrap().value;
            let length = number(&ventricle["lengthCm"]);
            near(cut.length.value.get(), length, 0.05, "length");
            assert!(!cut.crosses_itself);
            let volume = single_plane(&cut).unwrap().value;
            let made = number(&ventricle["volumeMl"]);
            near(volume.get(), made, made * 0.02, "volume");
            volumes.push(volume);
        }
        let known = &truth["ventricle"];
        if known.is_null() {
            continue;
        }
        let at = |name: &str| volumes[known[name].as_u64().unwrap() as usize];
        let fraction = ejection_fraction(at("endDiastolicFrame"), at("endSystolicFrame")).unwrap();
        let made = number(&known["ejectionFraction"]);
        near(fraction.get(), made, 1.5, "ejection fraction");
    }
}

#[test]
fn the_doppler_strip_finds_the_peaks_of_inflow() {
    let mut found = 0;
    for (calibration, truth) in clips() {
        let inflow = &truth["inflow"];
        if inflow.is_null() {
            continue;
        }
        for frame in truth["frames"].as_array().unwrap() {
            for (peaks, made) in [("ePeaks", "ePeakCmS"), ("aPeaks", "aPeakCmS")] {
                for peak in points(&frame["strips"][peaks]) {
                    let measured = velocity(&calibration, peak).unwrap().value;
                    let one_pixel = measured.step.get();
                    near(
                        measured.value.get(),
                        number(&inflow[made]),
                        one_pixel,
                        peaks,
                    );
                    found += 1;
                }
            }
        }
    }
    assert!(found > 0, "no phantom shows inflow");
}
