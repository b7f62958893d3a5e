//! Ultrasound regions as they travel: which part of a picture shows what, and its scale (PS3.3 section C.8.5.5).
//!
//! Owns the shape only. Who reads a region out of a file and who measures with it is elsewhere. What a file leaves
//! out is left out here too, never 0, and nothing is corrected on the way: a receiver applies the rules of measuring
//! to what was stored. Regions of one frame travel as a list in the file's order, so that an index names a region.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Most regions of one frame. Devices draw two to six; a list that is longer is not used at all, because leaving some
/// out could change which one wins.
pub const MAX_REGIONS: usize = 32;

/// Region Spatial Format (0018,6012).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "region.ts")]
#[serde(rename_all = "camelCase")]
pub enum RegionFormat {
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
    Other,
}

/// Physical Units X and Y Direction (0018,6024), (0018,6026).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "region.ts")]
#[serde(rename_all = "camelCase")]
pub enum RegionUnit {
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
    Other,
}

/// Where a region lies, in pixels, both corners included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "region.ts")]
#[serde(rename_all = "camelCase")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "region.ts")]
pub struct ReferencePixel {
    /// Columns right of `minX`.
    pub x: i32,
    /// Rows below `minY`.
    pub y: i32,
}

/// One ultrasound region as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "region.ts")]
#[serde(rename_all = "camelCase")]
pub struct Region {
    /// What kind of picture it is.
    pub spatial_format: RegionFormat,
    /// Region Data Type (0018,6014) as the standard's code, such as 1 tissue or 3 PW spectral Doppler; absent when
    /// the file says none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub data_type: Option<u16>,
    /// Region Flags (0018,6016); bit 0 set means low priority.
    pub flags: u32,
    /// Where it lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub bounds: Option<RegionBounds>,
    /// Unit along a row.
    pub units_x: RegionUnit,
    /// Unit along a column.
    pub units_y: RegionUnit,
    /// Physical size of a pixel along a row; its sign is the direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub delta_x: Option<f64>,
    /// Physical size of a pixel along a column; its sign is the direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub delta_y: Option<f64>,
    /// The pixel that has the reference value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reference_pixel: Option<ReferencePixel>,
    /// Physical value at the reference pixel along a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reference_value_x: Option<f64>,
    /// Physical value at the reference pixel along a column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reference_value_y: Option<f64>,
    /// Doppler Correction Angle in degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub doppler_correction_angle: Option<f64>,
    /// Transducer Frequency in kHz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub transducer_frequency: Option<f64>,
    /// Pulse Repetition Frequency in Hz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pulse_repetition_frequency: Option<f64>,
}
