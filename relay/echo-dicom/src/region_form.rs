//! Regions on their way to and from other programs.
//!
//! Owns the two conversions between a region as read and its wire form. Nothing is corrected or left out on the
//! way, except that a code which the standard does not know loses its number: nobody can act on it. The invariant:
//! measuring with a region that has travelled gives the same as measuring with the one that was read.

use wire::region::{Region, RegionFormat, RegionUnit};

use crate::regions::{PhysicalUnit, ReferencePixel, RegionBounds, SpatialFormat, UltrasoundRegion};

/// Stands for a code that was unknown before it travelled; no edition of the standard uses it.
const UNKNOWN_CODE: u16 = u16::MAX;

impl From<&UltrasoundRegion> for Region {
    fn from(region: &UltrasoundRegion) -> Self {
        Self {
            spatial_format: format_out(region.spatial_format),
            data_type: region.data_type,
            flags: region.flags,
            bounds: region.bounds.map(|bounds| wire::region::RegionBounds {
                min_x: bounds.min_x,
                min_y: bounds.min_y,
                max_x: bounds.max_x,
                max_y: bounds.max_y,
            }),
            units_x: unit_out(region.units_x),
            units_y: unit_out(region.units_y),
            delta_x: region.delta_x,
            delta_y: region.delta_y,
            reference_pixel: region
                .reference_pixel
                .map(|ReferencePixel { x, y }| wire::region::ReferencePixel { x, y }),
            reference_value_x: region.reference_value_x,
            reference_value_y: region.reference_value_y,
            doppler_correction_angle: region.doppler_correction_angle,
            transducer_frequency: region.transducer_frequency,
            pulse_repetition_frequency: region.pulse_repetition_frequency,
        }
    }
}

impl From<&Region> for UltrasoundRegion {
    fn from(region: &Region) -> Self {
        Self {
            spatial_format: format_in(region.spatial_format),
            data_type: region.data_type,
            flags: region.flags,
            bounds: region.bounds.map(|bounds| RegionBounds {
                min_x: bounds.min_x,
                min_y: bounds.min_y,
                max_x: bounds.max_x,
                max_y: bounds.max_y,
            }),
            units_x: unit_in(region.units_x),
            units_y: unit_in(region.units_y),
            delta_x: region.delta_x,
            delta_y: region.delta_y,
            reference_pixel: region
                .reference_pixel
                .map(|wire::region::ReferencePixel { x, y }| ReferencePixel { x, y }),
            reference_value_x: region.reference_value_x,
            reference_value_y: region.reference_value_y,
            doppler_correction_angle: region.doppler_correction_angle,
            transducer_frequency: region.transducer_frequency,
            pulse_repetition_frequency: region.pulse_repetition_frequency,
        }
    }
}

fn format_out(format: SpatialFormat) -> RegionFormat {
    match format {
        SpatialFormat::None => RegionFormat::None,
        SpatialFormat::TwoD => RegionFormat::TwoD,
        SpatialFormat::MMode => RegionFormat::MMode,
        SpatialFormat::Spectral => RegionFormat::Spectral,
        SpatialFormat::Waveform => RegionFormat::Waveform,
        SpatialFormat::Graphics => RegionFormat::Graphics,
        SpatialFormat::Other(_) => RegionFormat::Other,
    }
}

fn format_in(format: RegionFormat) -> SpatialFormat {
    match format {
        RegionFormat::None => SpatialFormat::None,
        RegionFormat::TwoD => SpatialFormat::TwoD,
        RegionFormat::MMode => SpatialFormat::MMode,
        RegionFormat::Spectral => SpatialFormat::Spectral,
        RegionFormat::Waveform => SpatialFormat::Waveform,
        RegionFormat::Graphics => SpatialFormat::Graphics,
        RegionFormat::Other => SpatialFormat::Other(UNKNOWN_CODE),
    }
}

fn unit_out(unit: PhysicalUnit) -> RegionUnit {
    match unit {
        PhysicalUnit::None => RegionUnit::None,
        PhysicalUnit::Percent => RegionUnit::Percent,
        PhysicalUnit::Decibel => RegionUnit::Decibel,
        PhysicalUnit::Centimetre => RegionUnit::Centimetre,
        PhysicalUnit::Second => RegionUnit::Second,
        PhysicalUnit::Hertz => RegionUnit::Hertz,
        PhysicalUnit::DecibelPerSecond => RegionUnit::DecibelPerSecond,
        PhysicalUnit::CentimetrePerSecond => RegionUnit::CentimetrePerSecond,
        PhysicalUnit::SquareCentimetre => RegionUnit::SquareCentimetre,
        PhysicalUnit::SquareCentimetrePerSecond => RegionUnit::SquareCentimetrePerSecond,
        PhysicalUnit::CubicCentimetre => RegionUnit::CubicCentimetre,
        PhysicalUnit::CubicCentimetrePerSecond => RegionUnit::CubicCentimetrePerSecond,
        PhysicalUnit::Degree => RegionUnit::Degree,
        PhysicalUnit::Other(_) => RegionUnit::Other,
    }
}

fn unit_in(unit: RegionUnit) -> PhysicalUnit {
    match unit {
        RegionUnit::None => PhysicalUnit::None,
        RegionUnit::Percent => PhysicalUnit::Percent,
        RegionUnit::Decibel => PhysicalUnit::Decibel,
        RegionUnit::Centimetre => PhysicalUnit::Centimetre,
        RegionUnit::Second => PhysicalUnit::Second,
        RegionUnit::Hertz => PhysicalUnit::Hertz,
        RegionUnit::DecibelPerSecond => PhysicalUnit::DecibelPerSecond,
        RegionUnit::CentimetrePerSecond => PhysicalUnit::CentimetrePerSecond,
        RegionUnit::SquareCentimetre => PhysicalUnit::SquareCentimetre,
        RegionUnit::SquareCentimetrePerSecond => PhysicalUnit::SquareCentimetrePerSecond,
        RegionUnit::CubicCentimetre => PhysicalUnit::CubicCentimetre,
        RegionUnit::CubicCentimetrePerSecond => PhysicalUnit::CubicCentimetrePerSecond,
        RegionUnit::Degree => PhysicalUnit::Degree,
        RegionUnit::Other => PhysicalUnit::Other(UNKNOWN_CODE),
    }
}
