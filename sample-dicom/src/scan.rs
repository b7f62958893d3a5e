//! The polar grid of the probe and its picture on the screen.
//!
//! Owns: beams × samples geometry, the place of the sector in the image, and scan conversion
//! through a table made once. Callers: `speckle` (grid), `clip` (conversion), `truth` and overlays
//! (centimetres to pixels). Invariant: a pixel coordinate is the centre of that pixel, the same
//! convention as DICOM's region arithmetic (PS3.3 C.8.5.5.1).

use crate::math::root;

/// Beams within `half_angle` of the direction `centre` (radians), samples from 0 to `depth_cm`.
#[derive(Debug, Clone)]
pub(crate) struct PolarGrid {
    pub(crate) samples: usize,
    pub(crate) beams: usize,
    pub(crate) centre: f64,
    pub(crate) half_angle: f64,
    pub(crate) depth_cm: f64,
}

impl PolarGrid {
    pub(crate) fn len(&self) -> usize {
        self.samples * self.beams
    }

    pub(crate) fn samples_per_cm(&self) -> f32 {
        ((self.samples - 1) as f64 / self.depth_cm) as f32
    }

    pub(crate) fn beams_per_rad(&self) -> f32 {
        ((self.beams - 1) as f64 / (2.0 * self.half_angle)) as f32
    }

    /// Distance and angle of a sample by its index.
    pub(crate) fn place(&self, index: usize) -> (f64, f64) {
        let sample = index % self.samples;
        let beam = index / self.samples;
        (
            sample as f64 / f64::from(self.samples_per_cm()),
            beam as f64 / f64::from(self.beams_per_rad()) - self.half_angle + self.centre,
        )
    }

    /// How many polar samples a square centimetre holds at a place; `None` outside the sector
    /// (with a margin for tissue that moves in).
    pub(crate) fn samples_per_cm2(&self, at: [f32; 2]) -> Option<f32> {
        const MARGIN_CM: f64 = 1.6;
        let (x, z) = (f64::from(at[0]), f64::from(at[1]));
        let r = root(x * x + z * z);
        let edge = libm::sin(self.half_angle) * r + MARGIN_CM;
        if z < 0.1 || r > self.depth_cm + MARGIN_CM || x.abs() > edge {
            return None;
        }
        // Beams crowd near the probe; the cap keeps the first millimetres affordable.
        let r = r.max(0.4) as f32;
        Some(self.samples_per_cm() * self.beams_per_rad() / r)
    }
}

/// A rectangle of pixels, `x1` and `y1` included, as DICOM regions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PixelRect {
    /// Left column.
    pub x0: u32,
    /// Top row.
    pub y0: u32,
    /// Right column, included.
    pub x1: u32,
    /// Bottom row, included.
    pub y1: u32,
}

impl PixelRect {
    /// Columns covered.
    pub fn width(&self) -> u32 {
        self.x1 + 1 - self.x0
    }

    /// Rows covered.
    pub fn height(&self) -> u32 {
        self.y1 + 1 - self.y0
    }
}

/// Where the sector lies in the image.
#[derive(Debug, Clone)]
pub(crate) struct Sector {
    pub(crate) grid: PolarGrid,
    /// Pixel of the probe's face centre.
    pub(crate) apex_x: i32,
    pub(crate) apex_y: i32,
    pub(crate) cm_per_px: f64,
}

impl Sector {
    /// A sector that fills `area` (in pixels) down to its last row.
    pub(crate) fn fit(area: PixelRect, depth_cm: f64, half_angle: f64) -> Self {
        let height = f64::from(area.height().max(3) - 2);
        let width = f64::from(area.width().max(3) - 2);
        // Limited by height or by the width of the arc, whichever is tighter.
        let px = height.min(width / (2.0 * libm::sin(half_angle)));
        let samples = (px as usize).clamp(160, 512);
        let beams = if px > 300.0 { 160 } else { 128 };
        Sector {
            grid: PolarGrid {
                samples,
                beams,
                centre: 0.0,
                half_angle,
                depth_cm,
            },
            apex_x: (area.x0 + area.width() / 2) as i32,
            apex_y: area.y0 as i32,
            cm_per_px: depth_cm / libm::floor(px),
        }
    }

    /// Image pixel of a place in centimetres.
    pub(crate) fn pixel(&self, at: (f64, f64)) -> (f64, f64) {
        (
            f64::from(self.apex_x) + at.0 / self.cm_per_px,
            f64::from(self.apex_y) + at.1 / self.cm_per_px,
        )
    }

    /// The region a DICOM reader gets: the box around the sector.
    pub(crate) fn bounds(&self) -> PixelRect {
        let half = self.grid.depth_cm * libm::sin(self.grid.half_angle) / self.cm_per_px;
        let half = libm::ceil(half) as i32;
        let bottom = libm::floor(self.grid.depth_cm / self.cm_per_px) as i32;
        PixelRect {
            x0: (self.apex_x - half).max(0) as u32,
            y0: self.apex_y as u32,
            x1: (self.apex_x + half) as u32,
            y1: (self.apex_y + bottom) as u32,
        }
    }
}

/// The probe's own face hides the first millimetres.
const FACE_CM: f64 = 0.35;

/// One pixel inside the sector: where it is, which four polar samples it mixes, in 1/256.
#[derive(Debug, Clone, Copy)]
struct Tap {
    pixel: u32,
    source: u32,
    along: u16,
    across: u16,
}

/// The scan conversion table of one sector.
pub(crate) struct ScanMap {
    taps: Vec<Tap>,
    samples: usize,
}

impl ScanMap {
    pub(crate) fn new(sector: &Sector, image_width: u32, image_height: u32) -> Self {
        let grid = &sector.grid;
        let bounds = sector.bounds();
        let mut taps = Vec::new();
        for y in bounds.y0..=bounds.y1.min(image_height.saturating_sub(1)) {
            for x in bounds.x0..=bounds.x1.min(image_width.saturating_sub(1)) {
                let px = f64::from(x as i32 - sector.apex_x) * sector.cm_per_px;
                let pz = f64::from(y as i32 - sector.apex_y) * sector.cm_per_px;
                let u = root(px * px + pz * pz) * f64::from(grid.samples_per_cm());
                let v = (libm::atan2(px, pz) + grid.half_angle) * f64::from(grid.beams_per_rad());
                let near = FACE_CM * f64::from(grid.samples_per_cm());
                if u < near
                    || u >= (grid.samples - 1) as f64
                    || v < 0.0
                    || v >= (grid.beams - 1) as f64
                {
                    continue;
                }
                let (i, j) = (u as usize, v as usize);
                taps.push(Tap {
                    pixel: y * image_width + x,
                    source: (j * grid.samples + i) as u32,
                    along: ((u - i as f64) * 256.0) as u16,
                    across: ((v - j as f64) * 256.0) as u16,
                });
            }
        }
        ScanMap {
            taps,
            samples: grid.samples,
        }
    }

    /// Hands the grey value of each sector pixel to `put(pixel index, grey)`.
    #[expect(
        clippy::indexing_slicing,
        reason = "kernel: every source + samples + 1 lies in the grid"
    )]
    pub(crate) fn convert(&self, polar: &[u8], mut put: impl FnMut(usize, u8)) {
        let needed = self.taps.iter().map(|t| t.source).max().unwrap_or(0) as usize;
        if needed + self.samples + 1 >= polar.len() {
            return;
        }
        for tap in &self.taps {
            let at = tap.source as usize;
            let (a, b) = (u32::from(tap.along), u32::from(tap.across));
            let first = u32::from(polar[at]) * (256 - a) + u32::from(polar[at + 1]) * a;
            let next = at + self.samples;
            let second = u32::from(polar[next]) * (256 - a) + u32::from(polar[next + 1]) * a;
            let grey = (first * (256 - b) + second * b + (1 << 15)) >> 16;
            put(tap.pixel as usize, grey as u8);
        }
    }
}
