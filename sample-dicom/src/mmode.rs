//! M-mode: one beam over time.
//!
//! Owns: imaging a narrow fan around the M-line at every strip column and keeping its middle beam.
//! It uses the same tissue and the same imaging as the picture above it, so both agree. Invariant:
//! content is `columns × rows` bytes, row 0 at depth 0.

use crate::mesh::Scatterer;
use crate::mesh::inside;
use crate::scan::PolarGrid;
use crate::speckle::{Compression, Imager};
use crate::strip::Strip;
use crate::threads::parallel;
use crate::views::Anatomy;

/// Beams of the fan: the middle one is complete when the point spread fits to both sides.
const BEAMS: usize = 17;
/// Tissue farther than this from the M-line never comes into the fan.
const REACH_CM: f32 = 3.0;

/// Where the M-line runs and how the machine is set.
pub(crate) struct MLine<'a> {
    pub(crate) anatomy: &'a dyn Anatomy,
    pub(crate) scatterers: &'a [Scatterer],
    /// The grid of the picture, for beam spacing and depth.
    pub(crate) grid: &'a PolarGrid,
    /// Angle of the line, radians.
    pub(crate) angle: f64,
    pub(crate) compression: Compression,
    pub(crate) seed: u64,
}

/// Content of the strip: for each column, `rows` grey values over the depth.
pub(crate) fn content(line: &MLine<'_>, strip: &Strip) -> Vec<Vec<u8>> {
    let spacing = 1.0 / f64::from(line.grid.beams_per_rad());
    let fan = PolarGrid {
        samples: line.grid.samples,
        beams: BEAMS,
        centre: line.angle,
        half_angle: spacing * (BEAMS - 1) as f64 / 2.0,
        depth_cm: line.grid.depth_cm,
    };
    let (_, _, focus) = line.anatomy.window();
    let gain = |r: f64, theta: f64| line.anatomy.gain_db(r, theta);
    let imager = Imager::new(fan.clone(), focus, line.compression, line.seed, &gain);
    let near = near_line(line);
    let rows = strip.rect.height() as usize;
    parallel(strip.columns, |column| {
        let meshes = line.anatomy.meshes(strip.time(column));
        let polar = imager.picture(&near, &meshes, 0x4D00 + column as u64);
        let middle = BEAMS / 2 * fan.samples;
        let beam = polar.get(middle..middle + fan.samples).unwrap_or_default();
        resample(beam, rows)
    })
}

/// Scatterers that can come near the line.
fn near_line(line: &MLine<'_>) -> Vec<Scatterer> {
    let meshes = line.anatomy.meshes(0.0);
    let (sin, cos) = (libm::sin(line.angle) as f32, libm::cos(line.angle) as f32);
    let close = |s: &&Scatterer| {
        let corners = meshes
            .get(s.mesh as usize)
            .and_then(|m| m.corners(s.node as usize));
        corners.is_some_and(|c| {
            let [x, z] = inside(&c, s.down, s.across);
            (x * cos - z * sin).abs() < REACH_CM
        })
    };
    line.scatterers.iter().filter(close).copied().collect()
}

/// Linear resampling of a beam to the rows of the strip.
fn resample(beam: &[u8], rows: usize) -> Vec<u8> {
    let scale = (beam.len().max(2) - 1) as f64 / (rows.max(2) - 1) as f64;
    (0..rows)
        .map(|row| {
            let at = row as f64 * scale;
            let (i, k) = (at as usize, at - libm::floor(at));
            let near = beam.get(i).copied().unwrap_or(0);
            let far = beam.get(i + 1).copied().unwrap_or(near);
            (f64::from(near) + (f64::from(far) - f64::from(near)) * k) as u8
        })
        .collect()
}
