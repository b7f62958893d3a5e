//! Whatever a file says of its regions and wherever points lie: measuring never panics, and what it gives is a finite
//! number in a type that is its unit. One seed, so that every run tries the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

use echo_dicom::UltrasoundRegion;
use echo_dicom::measure::{
    self, Calibration, Centimetres, Length, PictureSize, PixelPoint, Refusal, Unit, Ventricle,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use wire::region::{ReferencePixel, Region, RegionBounds, RegionFormat, RegionUnit};

fn config() -> Config {
    Config {
        rng_seed: RngSeed::Fixed(20_261_125),
        failure_persistence: None,
        ..Config::with_cases(4_000)
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_region_measures_the_same_after_it_has_travelled(region in any_region()) {
        let read = UltrasoundRegion::from(&region);
        let text = serde_json::to_string(&Region::from(&read)).unwrap();
        let back: Region = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(UltrasoundRegion::from(&back), read);
    }

    #[test]
    fn garbage_is_refused_or_gives_finite_numbers_with_their_units(
        regions in any_regions(),
        points in any_points(),
        size in prop_oneof![(0u32..900, 0u32..700), Just((800, 700))],
        cycles: u32,
        numbers in (any_number(), any_number()),
    ) {
        let picture = PictureSize { width: size.0, height: size.1 };
        let read: Vec<UltrasoundRegion> = regions.iter().map(Into::into).collect();
        let points: Vec<PixelPoint> = points.into_iter().map(|(x, y)| PixelPoint { x, y }).collect();
        let mut scales = vec![Calibration::from_regions(&read, picture)];
        scales.extend(marked(&points, numbers.0, &regions, picture));
        for on in &scales {
            every_measurement(on, &points, cycles);
        }
        every_quotient(numbers.0, numbers.1, cycles);
    }
}

/// Numbers as they come, and those that break arithmetic.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -10.0..700.0,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![
            0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324,
        ]),
    ]
}

fn any_points() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let inside = || 60.0..400.0;
    prop_oneof![
        proptest::collection::vec((any_number(), any_number()), 0..12),
        proptest::collection::vec((inside(), inside()), 0..12),
    ]
}

fn any_regions() -> impl Strategy<Value = Vec<Region>> {
    prop_oneof![
        proptest::collection::vec(any_region(), 0..5),
        proptest::collection::vec(tame_region(), 1..3),
    ]
}

/// Half of them are damaged beyond use, half could stand in a file.
fn any_region() -> impl Strategy<Value = Region> {
    prop_oneof![wild_region(), tame_region()]
}

/// A region of a sort that can be measured, with a scale that is seldom plausible in both directions.
fn tame_region() -> impl Strategy<Value = Region> {
    let kind = prop::sample::select(vec![
        (
            RegionFormat::TwoD,
            RegionUnit::Centimetre,
            RegionUnit::Centimetre,
        ),
        (
            RegionFormat::MMode,
            RegionUnit::Second,
            RegionUnit::Centimetre,
        ),
        (
            RegionFormat::Spectral,
            RegionUnit::Second,
            RegionUnit::CentimetrePerSecond,
        ),
    ]);
    let delta =
        || prop_oneof![-0.09..0.09, any_number()].prop_filter("finite", |d: &f64| d.is_finite());
    (wild_region(), kind, 0u32..60, 400u32..700, delta(), delta()).prop_map(
        |(region, kind, min, max, dx, dy)| Region {
            spatial_format: kind.0,
            data_type: Some(1),
            units_x: kind.1,
            units_y: kind.2,
            bounds: Some(RegionBounds {
                min_x: min,
                min_y: min,
                max_x: max,
                max_y: max,
            }),
            delta_x: Some(dx),
            delta_y: Some(dy),
            ..region
        },
    )
}

fn wild_region() -> impl Strategy<Value = Region> {
    let format = prop::sample::select(vec![
        RegionFormat::TwoD,
        RegionFormat::MMode,
        RegionFormat::Spectral,
        RegionFormat::Waveform,
        RegionFormat::None,
        RegionFormat::Other,
    ]);
    let unit = || {
        prop::sample::select(vec![
            RegionUnit::Centimetre,
            RegionUnit::Second,
            RegionUnit::CentimetrePerSecond,
            RegionUnit::Hertz,
            RegionUnit::None,
            RegionUnit::Other,
        ])
    };
    let edge = || prop_oneof![5 => 0u32..700, 1 => any::<u32>()];
    let bounds = prop::option::weighted(0.9, (edge(), edge(), edge(), edge()));
    // Only what JSON can carry: a region that came over the wire has no NaN.
    let number = || {
        prop::option::weighted(
            0.8,
            any_number().prop_filter("finite", |number| number.is_finite()),
        )
    };
    let reference = prop::option::weighted(0.8, (any::<i32>(), -700i32..700));
    (
        (format, prop::option::weighted(0.9, 1u16..17), any::<u32>()),
        (unit(), unit(), bounds, reference),
        (number(), number(), number(), number()),
    )
        .prop_map(|(kind, place, values)| Region {
            spatial_format: kind.0,
            data_type: kind.1,
            flags: kind.2,
            units_x: place.0,
            units_y: place.1,
            bounds: place.2.map(|(min_x, min_y, max_x, max_y)| RegionBounds {
                min_x,
                min_y,
                max_x,
                max_y,
            }),
            reference_pixel: place.3.map(|(x, y)| ReferencePixel { x, y }),
            delta_x: values.0,
            delta_y: values.1,
            reference_value_x: values.2,
            reference_value_y: values.3,
            doppler_correction_angle: values.2,
            transducer_frequency: None,
            pulse_repetition_frequency: None,
        })
}

fn marked(
    points: &[PixelPoint],
    between: f64,
    regions: &[Region],
    picture: PictureSize,
) -> Option<Calibration> {
    let [from, to, ..] = points else { return None };
    let within = UltrasoundRegion::from(regions.first()?).bounds?;
    let between = Centimetres::new(between).ok()?;
    Calibration::from_depth_scale([*from, *to], between, within, picture).ok()
}

/// A number that came out is one; its unit is its type.
fn finite<U: Unit>(values: impl IntoIterator<Item = U>) {
    for value in values {
        assert!(value.get().is_finite());
        assert!(!U::SYMBOL.is_empty());
    }
}

fn every_measurement(on: &Calibration, points: &[PixelPoint], cycles: u32) {
    let at = |index: usize| {
        let none = PixelPoint {
            x: f64::NAN,
            y: 0.0,
        };
        points.get(index).copied().unwrap_or(none)
    };
    match measure::distance(on, at(0), at(1)) {
        Ok(Length::Calibrated(length)) => finite([length.value.value, length.value.step]),
        Ok(Length::Uncalibrated { pixels, .. }) => finite([pixels]),
        Err(refusal) => assert_eq!(refusal, Refusal::NotFinite),
    }
    let angle = measure::angle(on, [at(0), at(1)], [at(2), at(3)]);
    finite(angle.ok().map(|angle| angle.value.value));
    finite(measure::position(on, at(0)).ok().map(|at| at.value.x));
    if let Ok(outline) = measure::outline(on, points) {
        finite([outline.value.area.value]);
        finite([outline.value.perimeter.value]);
    }
    if let Ok(span) = measure::m_mode_span(on, at(0), at(1)) {
        finite([span.value.time.value]);
        finite([span.value.distance.value]);
    }
    finite(measure::velocity(on, at(0)).ok().map(|v| v.value.value));
    finite(measure::slope(on, at(0), at(1)).ok().map(|s| s.value.value));
    if let Ok(jet) = measure::envelope(on, points) {
        finite([jet.value.vti.value]);
        finite([jet.value.peak.value, jet.value.mean.value]);
        finite([jet.value.peak_gradient.value, jet.value.mean_gradient.value]);
    }
    let rate = measure::heart_rate(on, at(0), at(1), cycles);
    finite(rate.ok().map(|rate| rate.value.value));
    let drawn = Ventricle {
        outline: points,
        annulus: [at(0), at(1)],
        apex: at(2),
    };
    if let Ok(discs) = measure::discs(on, &drawn) {
        finite(discs.value.diameters);
        finite(measure::single_plane(&discs.value).ok().map(|v| v.value));
    }
}

fn every_quotient(a: f64, b: f64, cycles: u32) {
    if let (Ok(a), Ok(b)) = (Centimetres::new(a), Centimetres::new(b)) {
        finite(measure::collapse(a, b).ok());
    }
    if let (Ok(a), Ok(b)) = (measure::Seconds::new(a), measure::Seconds::new(b)) {
        finite(measure::heart_rate_between(a, b, cycles).ok());
    }
    let shown = measure::shown(a, b);
    assert!(shown.value.is_finite() || !a.is_finite() || a.abs() > 1e300);
    assert!(shown.decimals <= 3);
}
