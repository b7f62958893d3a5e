//! Sequence of Ultrasound Regions (PS3.3 section C.8.5.5).
//!
//! Owns the item of one region and the check that it can belong to the picture. A region far beyond the picture
//! means that somebody scaled the pixels and not the calibration: it is refused, because its scale is wrong. A small
//! overhang is cut at the edge, which leaves the scale as it is.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::data_set::{Object, double, long, number, signed};
use super::error::WriteError;
use crate::limits::MAX_REGIONS;
use crate::regions::{PhysicalUnit, RegionBounds, RegionReach, UltrasoundRegion};

/// The items of all regions of a picture of this size.
pub(super) fn items(
    regions: &[UltrasoundRegion],
    columns: u32,
    rows: u32,
) -> Result<Vec<Object>, WriteError> {
    if regions.len() > MAX_REGIONS {
        let (index, fault) = (MAX_REGIONS, "is one more than any picture shows");
        return Err(WriteError::Region { index, fault });
    }
    let item = |(index, region): (usize, &UltrasoundRegion)| {
        item(region, columns, rows).map_err(|fault| WriteError::Region { index, fault })
    };
    regions.iter().enumerate().map(item).collect()
}

/// Whether a region can be written with a picture of this size.
pub(crate) fn fits(region: &UltrasoundRegion, columns: u32, rows: u32) -> bool {
    item(region, columns, rows).is_ok()
}

fn item(region: &UltrasoundRegion, columns: u32, rows: u32) -> Result<Object, &'static str> {
    let mut item = Object::new_empty();
    number(
        &mut item,
        tags::REGION_SPATIAL_FORMAT,
        region.spatial_format.code(),
    );
    number(
        &mut item,
        tags::REGION_DATA_TYPE,
        region.data_type.unwrap_or(0),
    );
    long(&mut item, tags::REGION_FLAGS, region.flags);
    place(&mut item, bounds(region, columns, rows)?);
    scale(&mut item, region)?;
    doppler(&mut item, region)?;
    Ok(item)
}

/// The region's corners, inside the picture.
fn bounds(
    region: &UltrasoundRegion,
    columns: u32,
    rows: u32,
) -> Result<RegionBounds, &'static str> {
    match (region.reach(columns, rows), region.bounds) {
        (RegionReach::Inside | RegionReach::Overhanging, Some(bounds))
            if bounds.min_x < columns && bounds.min_y < rows =>
        {
            Ok(RegionBounds {
                max_x: bounds.max_x.min(columns - 1),
                max_y: bounds.max_y.min(rows - 1),
                ..bounds
            })
        }
        (RegionReach::Nowhere, _) | (_, None) => Err("has no place, or its corners are swapped"),
        _ => Err("lies outside the picture, so its scale is in doubt"),
    }
}

fn place(item: &mut Object, bounds: RegionBounds) {
    long(item, tags::REGION_LOCATION_MIN_X0, bounds.min_x);
    long(item, tags::REGION_LOCATION_MIN_Y0, bounds.min_y);
    long(item, tags::REGION_LOCATION_MAX_X1, bounds.max_x);
    long(item, tags::REGION_LOCATION_MAX_Y1, bounds.max_y);
}

/// Units and deltas are of type 1. Where a direction has no unit its delta means nothing and may be unknown.
fn scale(item: &mut Object, region: &UltrasoundRegion) -> Result<(), &'static str> {
    for (unit_tag, unit, delta_tag, delta) in [
        (
            tags::PHYSICAL_UNITS_X_DIRECTION,
            region.units_x,
            tags::PHYSICAL_DELTA_X,
            region.delta_x,
        ),
        (
            tags::PHYSICAL_UNITS_Y_DIRECTION,
            region.units_y,
            tags::PHYSICAL_DELTA_Y,
            region.delta_y,
        ),
    ] {
        number(item, unit_tag, unit.code());
        match delta {
            Some(delta) => finite(item, delta_tag, Some(delta))?,
            None if unit == PhysicalUnit::None => double(item, delta_tag, 0.0),
            None => return Err("has a unit and no scale"),
        }
    }
    if let Some(pixel) = region.reference_pixel {
        signed(item, tags::REFERENCE_PIXEL_X0, pixel.x);
        signed(item, tags::REFERENCE_PIXEL_Y0, pixel.y);
    }
    finite(
        item,
        tags::REFERENCE_PIXEL_PHYSICAL_VALUE_X,
        region.reference_value_x,
    )?;
    finite(
        item,
        tags::REFERENCE_PIXEL_PHYSICAL_VALUE_Y,
        region.reference_value_y,
    )
}

fn doppler(item: &mut Object, region: &UltrasoundRegion) -> Result<(), &'static str> {
    finite(
        item,
        tags::DOPPLER_CORRECTION_ANGLE,
        region.doppler_correction_angle,
    )?;
    for (tag, value) in [
        (tags::TRANSDUCER_FREQUENCY, region.transducer_frequency),
        (
            tags::PULSE_REPETITION_FREQUENCY,
            region.pulse_repetition_frequency,
        ),
    ] {
        match value {
            Some(value) if (0.0..=f64::from(u32::MAX)).contains(&value) => {
                long(item, tag, value.round() as u32);
            }
            Some(_) => return Err("has an impossible frequency"),
            None => {}
        }
    }
    Ok(())
}

fn finite(item: &mut Object, tag: Tag, value: Option<f64>) -> Result<(), &'static str> {
    match value {
        Some(value) if !value.is_finite() => return Err("has a figure that is no number"),
        Some(value) => double(item, tag, value),
        None => {}
    }
    Ok(())
}
