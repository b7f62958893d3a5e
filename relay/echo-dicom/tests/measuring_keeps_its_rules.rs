//! What holds of every measurement, whatever the picture and wherever the points: one seed, so that every run tries
//! the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

use echo_dicom::UltrasoundRegion;
use echo_dicom::measure::{self, Calibration, Length, PictureSize, PixelPoint};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use wire::region::{ReferencePixel, Region, RegionBounds, RegionFormat, RegionUnit};

const PICTURE: PictureSize = PictureSize {
    width: 640,
    height: 480,
};
/// The middle of the picture, with room for a shift on every side.
const WITHIN: RegionBounds = RegionBounds {
    min_x: 20,
    min_y: 20,
    max_x: 619,
    max_y: 459,
};

fn config() -> Config {
    Config {
        rng_seed: RngSeed::Fixed(20_261_125),
        failure_persistence: None,
        ..Config::with_cases(2_000)
    }
}

fn region(format: RegionFormat, units: [RegionUnit; 2], deltas: [f64; 2]) -> Region {
    Region {
        spatial_format: format,
        data_type: Some(1),
        flags: 0,
        bounds: Some(WITHIN),
        units_x: units[0],
        units_y: units[1],
        delta_x: Some(deltas[0]),
        delta_y: Some(deltas[1]),
        reference_pixel: Some(ReferencePixel { x: 0, y: 220 }),
        reference_value_x: Some(0.0),
        reference_value_y: Some(0.0),
        doppler_correction_angle: None,
        transducer_frequency: None,
        pulse_repetition_frequency: None,
    }
}

fn calibration(regions: &[Region]) -> Calibration {
    let regions: Vec<UltrasoundRegion> = regions.iter().map(Into::into).collect();
    Calibration::from_regions(&regions, PICTURE)
}

fn plane(deltas: [f64; 2]) -> Calibration {
    let units = [RegionUnit::Centimetre, RegionUnit::Centimetre];
    calibration(&[region(RegionFormat::TwoD, units, deltas)])
}

fn spectral(deltas: [f64; 2]) -> Calibration {
    let units = [RegionUnit::Second, RegionUnit::CentimetrePerSecond];
    calibration(&[region(RegionFormat::Spectral, units, deltas)])
}

fn centimetres(length: Length) -> f64 {
    match length {
        Length::Calibrated(measured) => measured.value.value.get(),
        Length::Uncalibrated { reason, .. } => panic!("{reason}"),
    }
}

/// A point that stays inside the region when it is moved by up to 50 pixels.
fn point() -> impl Strategy<Value = PixelPoint> {
    (80.0..560.0, 80.0..400.0).prop_map(|(x, y)| PixelPoint { x, y })
}

/// Sizes of a pixel with either sign, small enough for any scale to stay plausible when doubled.
fn delta() -> impl Strategy<Value = f64> {
    prop_oneof![0.005..0.04, -0.04..-0.005]
}

fn trace() -> impl Strategy<Value = Vec<PixelPoint>> {
    proptest::collection::vec(point(), 3..40)
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

fn moved(points: &[PixelPoint], by: (f64, f64)) -> Vec<PixelPoint> {
    let step = |at: &PixelPoint| PixelPoint {
        x: at.x + by.0,
        y: at.y + by.1,
    };
    points.iter().map(step).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn twice_the_pixel_is_twice_the_length_and_four_times_the_area(
        dx in delta(), dy in delta(), trace in trace(),
    ) {
        let (once, twice) = (plane([dx, dy]), plane([dx * 2.0, dy * 2.0]));
        let length = |on: &Calibration| centimetres(measure::distance(on, trace[0], trace[1]).unwrap());
        prop_assert!(near(length(&twice), 2.0 * length(&once)));
        let area = |on: &Calibration| measure::outline(on, &trace).unwrap().value;
        prop_assert!(near(area(&twice).area.value.get(), 4.0 * area(&once).area.value.get()));
        prop_assert!(near(area(&twice).perimeter.value.get(), 2.0 * area(&once).perimeter.value.get()));
        prop_assert_eq!(area(&twice).crosses_itself, area(&once).crosses_itself);
    }

    #[test]
    fn swapped_points_are_as_far_apart(dx in delta(), dy in delta(), a in point(), b in point()) {
        let on = plane([dx, dy]);
        prop_assert_eq!(measure::distance(&on, a, b), measure::distance(&on, b, a));
        let strip = spectral([dx, dy]);
        prop_assert_eq!(measure::interval(&strip, a, b), measure::interval(&strip, b, a));
    }

    #[test]
    fn a_trace_that_is_moved_within_the_region_measures_the_same(
        dx in delta(), dy in delta(), trace in trace(), by in (-50.0..50.0, -50.0..50.0),
    ) {
        let on = plane([dx, dy]);
        let there = moved(&trace, by);
        let (here, there) = (measure::outline(&on, &trace).unwrap(), measure::outline(&on, &there).unwrap());
        prop_assert!(near(here.value.area.value.get(), there.value.area.value.get()));
        prop_assert!(near(here.value.perimeter.value.get(), there.value.perimeter.value.get()));
    }

    #[test]
    fn a_jet_is_the_same_whichever_way_it_is_drawn(
        dx in delta(), dy in delta(), mut trace in trace(), by in -50.0..50.0,
    ) {
        trace.sort_by(|a, b| a.x.total_cmp(&b.x));
        let on = spectral([dx, dy]);
        let forwards = measure::envelope(&on, &trace).unwrap().value;
        trace.reverse();
        let backwards = measure::envelope(&on, &moved(&trace, (by, 0.0))).unwrap().value;
        prop_assert!(near(forwards.vti.value.get(), backwards.vti.value.get()));
        prop_assert!(near(forwards.mean_gradient.value.get(), backwards.mean_gradient.value.get()));
        prop_assert_eq!(forwards.peak.value, backwards.peak.value);
        // Jensen: the mean of squares is never less than the square of the mean.
        let of_mean = measure::pressure_gradient(forwards.mean.value).unwrap().get();
        prop_assert!(forwards.mean_gradient.value.get() >= of_mean - 1e-9);
    }
}

#[test]
fn the_apex_is_the_farthest_point_in_the_body_and_not_on_the_screen() {
    // A pixel is three times as wide as it is high: the point to the side is nearer on the screen and farther in the body.
    let plane = region(
        RegionFormat::TwoD,
        [RegionUnit::Centimetre; 2],
        [0.06, 0.02],
    );
    let on = Calibration::from_regions(&[UltrasoundRegion::from(&plane)], PICTURE);
    let at = |x, y| PixelPoint { x, y };
    let outline = [
        at(290.0, 200.0),
        at(400.0, 210.0),
        at(300.0, 400.0),
        at(310.0, 200.0),
    ];
    assert_eq!(measure::apex(&on, &outline).unwrap(), at(400.0, 210.0));
    assert!(measure::apex(&on, &outline[..2]).is_err());
}
