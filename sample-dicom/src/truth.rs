//! What is known about a generated set: the contents of `truth.json`.
//!
//! Owns: the serialised types. `clip` fills them, tests elsewhere read them to measure through the
//! browser and compare. Conventions: pixels count from 0 at the top left, a coordinate names the
//! **centre** of its pixel (so the fraction of the picture is (x + 0.5) / width); times are seconds
//! from the first frame; sizes say their unit. Invariant: positions are the model's, not found in
//! the picture, and hold within one pixel.

use crate::scan::PixelRect;
use serde::{Deserialize, Serialize};

/// A place in the picture, `[x, y]` in pixels.
pub type Point = [f64; 2];

/// All clips of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Truth {
    /// Version of this format.
    pub version: u32,
    /// The seed that makes the same set again.
    pub seed: u64,
    /// One entry a file.
    pub clips: Vec<ClipTruth>,
}

/// One clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClipTruth {
    /// File name beside `truth.json`.
    pub file: String,
    /// View label: PLAX, A4C, SC-IVC or COMBINED.
    pub view: String,
    /// SOP Instance UID in the file.
    pub sop_instance_uid: String,
    /// Picture size.
    pub columns: u32,
    /// Picture size.
    pub rows: u32,
    /// Does the last frame run into the first?
    pub loops: bool,
    /// Time until the first frame is due again after the first, for looping playback.
    pub duration_s: f64,
    /// Beats per minute. A looping clip holds a whole number of beats, so this may differ a little
    /// from the rate that was asked for.
    pub heart_rate_bpm: f64,
    /// Rectangle with the fictional name, id, date and institution: the capture agent masks it.
    pub banner: PixelRect,
    /// Times of the R peaks in the clip.
    pub r_peaks_s: Vec<f64>,
    /// Size of the left ventricle over the beat; absent in SC-IVC.
    pub ventricle: Option<EjectionTruth>,
    /// Size of the vena cava over the clip; only in SC-IVC.
    pub vena_cava: Option<CollapseTruth>,
    /// Inflow of one beat; only with a Doppler strip.
    pub inflow: Option<InflowTruth>,
    /// The same regions the file carries, in its order.
    pub regions: Vec<RegionTruth>,
    /// One entry a frame.
    pub frames: Vec<FrameTruth>,
}

/// Volumes of the left ventricle by the model (prolate spheroid cut at the mitral plane).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EjectionTruth {
    /// At the R peak.
    pub end_diastolic_ml: f64,
    /// At aortic valve closure.
    pub end_systolic_ml: f64,
    /// Per cent.
    pub ejection_fraction: f64,
    /// Frame nearest to end-diastole.
    pub end_diastolic_frame: u32,
    /// Frame nearest to end-systole.
    pub end_systolic_frame: u32,
    /// Inner diameter at the R peak.
    pub diameter_ed_cm: f64,
    /// Inner diameter at aortic valve closure.
    pub diameter_es_cm: f64,
}

/// The vena cava 2 cm before the atrium.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollapseTruth {
    /// Over all frames.
    pub largest_cm: f64,
    /// Over all frames, in the sniff.
    pub smallest_cm: f64,
    /// (largest − smallest) / largest, per cent.
    pub collapse: f64,
    /// Frame of the largest diameter.
    pub largest_frame: u32,
    /// Frame of the smallest diameter.
    pub smallest_frame: u32,
}

/// Mitral inflow at the leaflet tips.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InflowTruth {
    /// Peak of early filling.
    pub e_peak_cm_s: f64,
    /// Peak of atrial filling.
    pub a_peak_cm_s: f64,
    /// Time of the early peak after each R peak.
    pub e_after_r_s: f64,
    /// Time of the atrial peak after each R peak.
    pub a_after_r_s: f64,
    /// Velocity-time integral of one beat.
    pub vti_cm: f64,
    /// Points along the edge of one beat's envelope: seconds after the R peak, cm/s.
    pub edge: Vec<Point>,
    /// Stroke volume / VTI: the area that makes Doppler and volumes agree.
    pub effective_area_cm2: f64,
}

/// A region of the picture with its scale (PS3.3 C.8.5.5). On each axis
/// `value = reference_value + (pixel − rect minimum − reference_pixel) × delta`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionTruth {
    /// 1 two-dimensional, 2 M-mode, 3 spectral, 4 waveform.
    pub spatial_format: u16,
    /// 1 tissue, 3 pulsed Doppler, 10 ECG.
    pub data_type: u16,
    /// Bit 0 set: gives way to an overlapping region.
    pub flags: u32,
    /// Bounds.
    pub rect: PixelRect,
    /// 0 none, 3 cm, 4 seconds, 7 cm/s; x then y.
    pub units: [u16; 2],
    /// Value per pixel; x then y.
    pub delta: [f64; 2],
    /// Relative to the rectangle; x then y.
    pub reference_pixel: [i32; 2],
    /// Value there; x then y.
    pub reference_value: [f64; 2],
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameTruth {
    /// From 0.
    pub index: u32,
    /// From the first frame.
    pub time_s: f64,
    /// Since the last R peak, as a part of the beat.
    pub beat_phase: f64,
    /// Left ventricle; absent in SC-IVC.
    pub ventricle: Option<VentricleTruth>,
    /// Vena cava; only in SC-IVC.
    pub ivc: Option<IvcTruth>,
    /// What the strips show; absent where the clip has none.
    pub strips: StripTruth,
}

/// The left ventricle in one frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VentricleTruth {
    /// Cavity.
    pub volume_ml: f64,
    /// Apex to the middle of the mitral plane.
    pub length_cm: f64,
    /// Widest inner diameter.
    pub diameter_cm: f64,
    /// 0 shut, 1 widest.
    pub mitral_opening: f64,
    /// Inner apex.
    pub apex: Point,
    /// Hinges of the two leaflets (septal or anterior first).
    pub mitral_annulus: [Point; 2],
    /// Ends of the widest diameter (septum first).
    pub diameter_ends: [Point; 2],
    /// Endocardium from the septal (or anterior) end of the mitral plane over the apex.
    pub contour: Vec<Point>,
    /// Hinges of the tricuspid valve, free wall first (A4C).
    pub tricuspid_annulus: Option<[Point; 2]>,
    /// Inner walls at the sinuses, front first (PLAX).
    pub aortic_root: Option<[Point; 2]>,
    /// Walls of the left atrium, front first (PLAX).
    pub left_atrium: Option<[Point; 2]>,
}

/// The vena cava in one frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IvcTruth {
    /// Inner diameter 2 cm before the atrium, across the vein.
    pub diameter_cm: f64,
    /// Its ends, front first.
    pub diameter_ends: [Point; 2],
    /// Inner front wall from the feet to the atrium.
    pub front_wall: Vec<Point>,
    /// Inner back wall.
    pub back_wall: Vec<Point>,
    /// Where the vein opens into the atrium.
    pub atrial_junction: [Point; 2],
    /// 0 at rest, 1 at the deepest of the sniff.
    pub sniff: f64,
}

/// Places in the scrolling strips of one frame.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StripTruth {
    /// Tips of the R waves that are on the strip.
    pub r_peaks: Vec<Point>,
    /// Peaks of early filling in the Doppler strip.
    pub e_peaks: Vec<Point>,
    /// Peaks of atrial filling in the Doppler strip.
    pub a_peaks: Vec<Point>,
    /// Tricuspid annulus in the M-mode strip at the R peaks (end-diastole, deepest).
    pub annulus_ed: Vec<Point>,
    /// The same at end-systole (nearest to the probe); the difference in depth is the TAPSE.
    pub annulus_es: Vec<Point>,
}

impl VentricleTruth {
    /// The same with every place moved by `to`.
    pub(crate) fn map(mut self, to: &dyn Fn(Point) -> Point) -> Self {
        self.apex = to(self.apex);
        self.mitral_annulus = self.mitral_annulus.map(to);
        self.diameter_ends = self.diameter_ends.map(to);
        self.contour = self.contour.into_iter().map(to).collect();
        self.tricuspid_annulus = self.tricuspid_annulus.map(|p| p.map(to));
        self.aortic_root = self.aortic_root.map(|p| p.map(to));
        self.left_atrium = self.left_atrium.map(|p| p.map(to));
        self
    }
}

impl IvcTruth {
    /// The same with every place moved by `to`.
    pub(crate) fn map(mut self, to: &dyn Fn(Point) -> Point) -> Self {
        self.diameter_ends = self.diameter_ends.map(to);
        self.front_wall = self.front_wall.into_iter().map(to).collect();
        self.back_wall = self.back_wall.into_iter().map(to).collect();
        self.atrial_junction = self.atrial_junction.map(to);
        self
    }
}
