//! Ultrasound regions of the sample files, their traps included, and built ones that are broken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use common::builder::{EXPLICIT, File, IMPLICIT, Shape};
use common::sample;
use dicom_core::VR;
use dicom_dictionary_std::tags;
use echo_dicom::{
    Clip, PhysicalUnit, ReferencePixel, RegionBounds, RegionReach, SpatialFormat, UltrasoundRegion,
};

fn bounds(region: &UltrasoundRegion) -> (u32, u32, u32, u32) {
    let RegionBounds {
        min_x,
        min_y,
        max_x,
        max_y,
    } = region.bounds.unwrap();
    (min_x, min_y, max_x, max_y)
}

fn reach(clip: &Clip, index: usize) -> RegionReach {
    let layout = clip.header().layout;
    clip.header().regions[index].reach(layout.columns, layout.rows)
}

#[test]
fn a_plain_region_has_its_scale() {
    let Some(clip) = sample("01") else { return };
    let [region] = clip.header().regions.as_slice() else {
        panic!("one region")
    };
    assert_eq!(region.spatial_format, SpatialFormat::TwoD);
    assert_eq!(region.data_type, Some(1));
    assert_eq!(bounds(region), (84, 31, 595, 414));
    assert_eq!(
        (region.units_x, region.units_y),
        (PhysicalUnit::Centimetre, PhysicalUnit::Centimetre)
    );
    assert_eq!(region.delta_x, Some(0.051_049_705_594_778_06));
    assert_eq!(region.delta_y, region.delta_x);
    assert_eq!(
        (region.reference_pixel, region.reference_value_x),
        (None, None)
    );
    assert!(region.has_priority());
    assert_eq!(reach(&clip, 0), RegionReach::Inside);
}

#[test]
fn a_region_of_the_unshrunk_picture_is_flagged() {
    let Some(clip) = sample("02") else { return };
    assert_eq!(reach(&clip, 0), RegionReach::FarBeyond);
}

#[test]
fn a_region_that_is_no_picture_comes_first_and_overlaps_the_true_one() {
    for number in ["08", "09"] {
        let Some(clip) = sample(number) else { return };
        let [banner, picture] = clip.header().regions.as_slice() else {
            panic!("two regions")
        };
        assert_eq!(
            (banner.spatial_format, banner.data_type),
            (SpatialFormat::None, None)
        );
        assert_eq!(banner.units_x, PhysicalUnit::None);
        assert_eq!(picture.spatial_format, SpatialFormat::TwoD);
        assert_eq!(picture.delta_x, Some(-0.229_375_008_186_325_5));
        assert_eq!(
            picture.reference_pixel,
            Some(ReferencePixel { x: 183, y: -82 })
        );
        assert_eq!(picture.reference_value_y, Some(-3.574_931_859_062_010_7));
        assert!(!picture.has_priority());
    }
}

#[test]
fn waveform_regions_keep_their_negative_reference_and_an_edge_at_the_size_is_inside() {
    let Some(clip) = sample("11") else { return };
    let [picture, ecg, line] = clip.header().regions.as_slice() else {
        panic!("three regions")
    };
    assert_eq!(bounds(picture), (120, 60, 800, 518));
    assert_eq!(reach(&clip, 0), RegionReach::Inside);
    assert_eq!(
        (ecg.spatial_format, ecg.data_type),
        (SpatialFormat::Waveform, Some(10))
    );
    assert_eq!(
        (ecg.units_x, ecg.units_y),
        (PhysicalUnit::Second, PhysicalUnit::None)
    );
    assert_eq!(
        (ecg.delta_y, ecg.reference_pixel),
        (Some(0.0), Some(ReferencePixel { x: -176, y: -522 }))
    );
    assert_eq!(bounds(line), (743, 522, 743, 576));
    assert_eq!(reach(&clip, 2), RegionReach::Inside);
}

#[test]
fn big_endian_regions_are_read_alike() {
    let Some(clip) = sample("13") else { return };
    let [left, right, bar] = clip.header().regions.as_slice() else {
        panic!("three regions")
    };
    assert_eq!(
        (bounds(left), bounds(right)),
        ((32, 24, 335, 415), (336, 24, 639, 415))
    );
    assert_eq!(left.delta_x, Some(0.038_265_306_502_580_64));
    assert_eq!(
        (bar.spatial_format, bar.delta_x),
        (SpatialFormat::None, Some(0.0))
    );
}

#[test]
fn other_header_facts_are_read_and_nothing_of_the_patient() {
    let Some(clip) = sample("14") else { return };
    assert_eq!(clip.header().burned_in_annotation, Some(false));
    assert_eq!(
        clip.header().image_type,
        ["ORIGINAL", "PRIMARY", "CARDIOLOGY"]
    );
    assert_eq!(clip.header().regions.len(), 1);
    for (number, name) in [("15", "DOE"), ("11", "TEST"), ("14", "^")] {
        let Some(clip) = sample(number) else { return };
        let shown = format!("{clip:?}");
        assert!(!shown.contains(name), "sample {number} shows {name}");
    }
}

/// A clip of 100 x 100 pixels with one region.
fn with_region(syntax: &'static str, fill: impl Fn(File) -> File) -> Clip {
    let file = File::new(syntax).picture(Shape::new("MONOCHROME2", 100, 100));
    let file = fill(
        file.sequence(tags::SEQUENCE_OF_ULTRASOUND_REGIONS)
            .open_item(),
    );
    let file = file.close_item().close_sequence();
    let file = if syntax == IMPLICIT {
        file.pixel_words(&[0; 5_000])
    } else {
        file.pixels(&[0; 10_000])
    };
    Clip::from_bytes(file.build()).unwrap()
}

fn corners(file: File, corners: [u32; 4]) -> File {
    let [min_x, min_y, max_x, max_y] = corners;
    [
        (tags::REGION_LOCATION_MIN_X0, min_x),
        (tags::REGION_LOCATION_MIN_Y0, min_y),
        (tags::REGION_LOCATION_MAX_X1, max_x),
        (tags::REGION_LOCATION_MAX_Y1, max_y),
    ]
    .into_iter()
    .fold(file, |file, (tag, value)| {
        file.bytes(tag, VR::UL, &value.to_le_bytes())
    })
}

#[test]
fn reach_tells_apart_what_is_inside_a_little_over_and_far_beyond() {
    for (place, expected) in [
        ([0, 0, 99, 99], RegionReach::Inside),
        ([0, 0, 100, 100], RegionReach::Inside),
        ([0, 0, 101, 99], RegionReach::Overhanging),
        ([0, 0, 99, 102], RegionReach::Overhanging),
        ([0, 0, 99, 103], RegionReach::FarBeyond),
        ([0, 0, u32::MAX, 99], RegionReach::FarBeyond),
        ([50, 0, 49, 99], RegionReach::Nowhere),
    ] {
        for syntax in [EXPLICIT, IMPLICIT] {
            let clip = with_region(syntax, |file| corners(file, place));
            assert_eq!(reach(&clip, 0), expected, "{place:?}");
        }
    }
}

#[test]
fn what_a_region_leaves_out_or_writes_wrongly_is_absent() {
    let clip = with_region(EXPLICIT, |file| {
        file.bytes(tags::REGION_LOCATION_MIN_X0, VR::UL, &[1, 2])
            .bytes(tags::PHYSICAL_DELTA_X, VR::FD, &f64::NAN.to_le_bytes())
            .bytes(tags::PHYSICAL_DELTA_Y, VR::FD, &[0, 0, 0, 1])
            .words(tags::REGION_SPATIAL_FORMAT, VR::US, &[999])
    });
    let region = &clip.header().regions[0];
    assert_eq!(
        (region.bounds, region.delta_x, region.delta_y),
        (None, None, None)
    );
    assert_eq!(region.spatial_format, SpatialFormat::Other(999));
    assert_eq!(reach(&clip, 0), RegionReach::Nowhere);
}
