//! One JSON snapshot of a full and of an empty region, so that a change of their form is seen in review.
//!
//! `INSTA_UPDATE=always cargo test -p wire` accepts a wanted change.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use wire::region::{ReferencePixel, Region, RegionBounds, RegionFormat, RegionUnit};

#[test]
fn what_a_region_says_and_what_it_leaves_out() {
    let bare = Region {
        spatial_format: RegionFormat::None,
        data_type: None,
        flags: 1,
        bounds: None,
        units_x: RegionUnit::None,
        units_y: RegionUnit::Other,
        delta_x: None,
        delta_y: None,
        reference_pixel: None,
        reference_value_x: None,
        reference_value_y: None,
        doppler_correction_angle: None,
        transducer_frequency: None,
        pulse_repetition_frequency: None,
    };
    let spectral = Region {
        spatial_format: RegionFormat::Spectral,
        data_type: Some(3),
        flags: 0,
        bounds: Some(RegionBounds {
            min_x: 100,
            min_y: 200,
            max_x: 499,
            max_y: 439,
        }),
        units_x: RegionUnit::Second,
        units_y: RegionUnit::CentimetrePerSecond,
        delta_x: Some(0.004),
        delta_y: Some(-1.5),
        reference_pixel: Some(ReferencePixel { x: 0, y: 120 }),
        reference_value_x: Some(0.0),
        reference_value_y: Some(0.0),
        doppler_correction_angle: Some(30.0),
        transducer_frequency: Some(2500.0),
        pulse_repetition_frequency: Some(4000.0),
    };
    for (name, region) in [("bare", bare), ("spectral", spectral)] {
        insta::assert_json_snapshot!(name, region);
        let json = serde_json::to_string(&region).unwrap();
        assert_eq!(serde_json::from_str::<Region>(&json).unwrap(), region);
    }
}
