//! Ultrasound regions: which part of the picture shows what, and its scale (PS3.3 section C.8.5.5).
//!
//! Owns reading Sequence of Ultrasound Regions and the check whether a region can belong to the picture.
//! It does not measure. A region keeps its place in the file order even when it is damaged, so that what
//! refers to "region 1" means the same to everyone; what a file leaves out is absent here, never 0.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use serde::{Deserialize, Serialize};

use crate::error::ClipError;
use crate::values::Values;

/// Region Spatial Format (0018,6012).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SpatialFormat {
    /// No format, or none stated: banners and grey bars.
    None,
    /// Tissue or flow in two dimensions.
    TwoD,
    /// M-mode: depth over time.
    MMode,
    /// Spectral: velocity or frequency over time.
    Spectral,
    /// A waveform such as the ECG.
    Waveform,
    /// Graphics.
    Graphics,
    /// A code the standard does not know.
    Other(u16),
}

impl SpatialFormat {
    /// The code of the standard.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::None => 0,
            Self::TwoD => 1,
            Self::MMode => 2,
            Self::Spectral => 3,
            Self::Waveform => 4,
            Self::Graphics => 5,
            Self::Other(code) => code,
        }
    }
}

/// Physical Units X and Y Direction (0018,6024), (0018,6026).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PhysicalUnit {
    /// None, or not stated.
    None,
    /// Percent.
    Percent,
    /// Decibel.
    Decibel,
    /// Centimetre.
    Centimetre,
    /// Second.
    Second,
    /// Hertz.
    Hertz,
    /// Decibel per second.
    DecibelPerSecond,
    /// Centimetre per second.
    CentimetrePerSecond,
    /// Square centimetre.
    SquareCentimetre,
    /// Square centimetre per second.
    SquareCentimetrePerSecond,
    /// Cubic centimetre.
    CubicCentimetre,
    /// Cubic centimetre per second.
    CubicCentimetrePerSecond,
    /// Degree.
    Degree,
    /// A code the standard does not know.
    Other(u16),
}

impl PhysicalUnit {
    /// The code of the standard.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Percent => 1,
            Self::Decibel => 2,
            Self::Centimetre => 3,
            Self::Second => 4,
            Self::Hertz => 5,
            Self::DecibelPerSecond => 6,
            Self::CentimetrePerSecond => 7,
            Self::SquareCentimetre => 8,
            Self::SquareCentimetrePerSecond => 9,
            Self::CubicCentimetre => 10,
            Self::CubicCentimetrePerSecond => 11,
            Self::Degree => 12,
            Self::Other(code) => code,
        }
    }
}

/// Region Data Type (0018,6014): what the pixels show, as the code of the standard (1 tissue, 2 colour flow,
/// 3 PW spectral Doppler, 4 CW spectral Doppler, ...). `None` when it is absent or "none".
pub type RegionDataType = Option<u16>;

/// Where a region lies, in pixels, both corners included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionBounds {
    /// Left edge.
    pub min_x: u32,
    /// Top edge.
    pub min_y: u32,
    /// Right edge.
    pub max_x: u32,
    /// Bottom edge.
    pub max_y: u32,
}

/// A pixel relative to the region's upper left corner; it may lie outside region and picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferencePixel {
    /// Columns right of `min_x`.
    pub x: i32,
    /// Rows below `min_y`.
    pub y: i32,
}

/// One ultrasound region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UltrasoundRegion {
    /// What kind of picture it is.
    pub spatial_format: SpatialFormat,
    /// What its pixels show.
    pub data_type: RegionDataType,
    /// Region Flags (0018,6016) as stored; bit 0 set means low priority.
    pub flags: u32,
    /// Where it lies; absent when the file does not say.
    pub bounds: Option<RegionBounds>,
    /// Unit along a row.
    pub units_x: PhysicalUnit,
    /// Unit along a column.
    pub units_y: PhysicalUnit,
    /// Physical size of a pixel along a row; its sign is the direction.
    pub delta_x: Option<f64>,
    /// Physical size of a pixel along a column; its sign is the direction.
    pub delta_y: Option<f64>,
    /// The pixel that has the reference value.
    pub reference_pixel: Option<ReferencePixel>,
    /// Physical value at the reference pixel along a row.
    pub reference_value_x: Option<f64>,
    /// Physical value at the reference pixel along a column.
    pub reference_value_y: Option<f64>,
    /// Doppler Correction Angle in degrees.
    pub doppler_correction_angle: Option<f64>,
    /// Transducer Frequency in kHz.
    pub transducer_frequency: Option<f64>,
    /// Pulse Repetition Frequency in Hz.
    pub pulse_repetition_frequency: Option<f64>,
}

/// Whether a region can belong to the picture that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegionReach {
    /// Inside; a right or bottom edge equal to the size counts as inside, as many devices write it so.
    Inside,
    /// A little beyond the picture.
    Overhanging,
    /// Far beyond: the picture was resized and the region was not, so its scale is wrong.
    FarBeyond,
    /// No place, or right of left and below of above are swapped.
    Nowhere,
}

/// How far a region may reach beyond the picture before its scale is in doubt: rounding and frames drawn
/// around a region explain this much, a resized picture does not.
const OVERHANG_PER_CENT: u64 = 2;

impl UltrasoundRegion {
    /// A region without a scale; set the fields that are known.
    #[must_use]
    pub fn new(
        spatial_format: SpatialFormat,
        data_type: RegionDataType,
        bounds: RegionBounds,
    ) -> Self {
        Self {
            spatial_format,
            data_type,
            flags: 0,
            bounds: Some(bounds),
            units_x: PhysicalUnit::None,
            units_y: PhysicalUnit::None,
            delta_x: None,
            delta_y: None,
            reference_pixel: None,
            reference_value_x: None,
            reference_value_y: None,
            doppler_correction_angle: None,
            transducer_frequency: None,
            pulse_repetition_frequency: None,
        }
    }

    pub(crate) fn read(values: &Values<'_>) -> Result<Self, ClipError> {
        Ok(Self {
            spatial_format: spatial_format(code(values, tags::REGION_SPATIAL_FORMAT)?),
            data_type: Some(code(values, tags::REGION_DATA_TYPE)?).filter(|code| *code != 0),
            flags: unsigned(values, tags::REGION_FLAGS)?.unwrap_or(0),
            bounds: bounds(values)?,
            units_x: unit(code(values, tags::PHYSICAL_UNITS_X_DIRECTION)?),
            units_y: unit(code(values, tags::PHYSICAL_UNITS_Y_DIRECTION)?),
            delta_x: values.number(tags::PHYSICAL_DELTA_X)?,
            delta_y: values.number(tags::PHYSICAL_DELTA_Y)?,
            reference_pixel: reference_pixel(values)?,
            reference_value_x: values.number(tags::REFERENCE_PIXEL_PHYSICAL_VALUE_X)?,
            reference_value_y: values.number(tags::REFERENCE_PIXEL_PHYSICAL_VALUE_Y)?,
            doppler_correction_angle: values.number(tags::DOPPLER_CORRECTION_ANGLE)?,
            transducer_frequency: values.number(tags::TRANSDUCER_FREQUENCY)?,
            pulse_repetition_frequency: values.number(tags::PULSE_REPETITION_FREQUENCY)?,
        })
    }

    /// Compares the region with the picture's size.
    #[must_use]
    pub fn reach(&self, columns: u32, rows: u32) -> RegionReach {
        let Some(bounds) = self.bounds else {
            return RegionReach::Nowhere;
        };
        if bounds.min_x > bounds.max_x || bounds.min_y > bounds.max_y {
            return RegionReach::Nowhere;
        }
        let beyond = |max: u32, size: u32, tolerated: u64| {
            u64::from(max) > u64::from(size) + u64::from(size) * tolerated / 100
        };
        if beyond(bounds.max_x, columns, OVERHANG_PER_CENT)
            || beyond(bounds.max_y, rows, OVERHANG_PER_CENT)
        {
            RegionReach::FarBeyond
        } else if beyond(bounds.max_x, columns, 0) || beyond(bounds.max_y, rows, 0) {
            RegionReach::Overhanging
        } else {
            RegionReach::Inside
        }
    }

    /// Region Flags bit 0 (PS3.3 section C.8.5.5.1.3): this region wins where regions overlap.
    #[must_use]
    pub fn has_priority(&self) -> bool {
        self.flags & 1 == 0
    }
}

fn unsigned(values: &Values<'_>, tag: Tag) -> Result<Option<u32>, ClipError> {
    Ok(values
        .whole(tag)?
        .and_then(|number| u32::try_from(number).ok()))
}

fn signed(values: &Values<'_>, tag: Tag) -> Result<Option<i32>, ClipError> {
    Ok(values
        .whole(tag)?
        .and_then(|number| i32::try_from(number).ok()))
}

fn code(values: &Values<'_>, tag: Tag) -> Result<u16, ClipError> {
    Ok(values
        .whole(tag)?
        .and_then(|number| u16::try_from(number).ok())
        .unwrap_or(0))
}

fn bounds(values: &Values<'_>) -> Result<Option<RegionBounds>, ClipError> {
    let corners = (
        unsigned(values, tags::REGION_LOCATION_MIN_X0)?,
        unsigned(values, tags::REGION_LOCATION_MIN_Y0)?,
        unsigned(values, tags::REGION_LOCATION_MAX_X1)?,
        unsigned(values, tags::REGION_LOCATION_MAX_Y1)?,
    );
    Ok(match corners {
        (Some(min_x), Some(min_y), Some(max_x), Some(max_y)) => Some(RegionBounds {
            min_x,
            min_y,
            max_x,
            max_y,
        }),
        _ => None,
    })
}

fn reference_pixel(values: &Values<'_>) -> Result<Option<ReferencePixel>, ClipError> {
    let x = signed(values, tags::REFERENCE_PIXEL_X0)?;
    let y = signed(values, tags::REFERENCE_PIXEL_Y0)?;
    Ok(x.zip(y).map(|(x, y)| ReferencePixel { x, y }))
}

fn spatial_format(code: u16) -> SpatialFormat {
    match code {
        0 => SpatialFormat::None,
        1 => SpatialFormat::TwoD,
        2 => SpatialFormat::MMode,
        3 => SpatialFormat::Spectral,
        4 => SpatialFormat::Waveform,
        5 => SpatialFormat::Graphics,
        other => SpatialFormat::Other(other),
    }
}

fn unit(code: u16) -> PhysicalUnit {
    match code {
        0 => PhysicalUnit::None,
        1 => PhysicalUnit::Percent,
        2 => PhysicalUnit::Decibel,
        3 => PhysicalUnit::Centimetre,
        4 => PhysicalUnit::Second,
        5 => PhysicalUnit::Hertz,
        6 => PhysicalUnit::DecibelPerSecond,
        7 => PhysicalUnit::CentimetrePerSecond,
        8 => PhysicalUnit::SquareCentimetre,
        9 => PhysicalUnit::SquareCentimetrePerSecond,
        10 => PhysicalUnit::CubicCentimetre,
        11 => PhysicalUnit::CubicCentimetrePerSecond,
        12 => PhysicalUnit::Degree,
        other => PhysicalUnit::Other(other),
    }
}
