//! Tissue as a grid of material points that moves.
//!
//! Owns: the mesh type and the seeding of scatterers into its cells. A view says where each node is
//! at a time; a scatterer keeps its place *inside its cell* for ever, so speckle moves, shears and
//! thins exactly with the tissue. Nothing here knows anatomy. Invariant: a view returns meshes of
//! the same number, size and order for every time.

use crate::math::Rng;
use crate::scan::PolarGrid;

/// Nodes in image-plane centimetres (x to the right of the probe axis, z away from the probe).
#[derive(Debug, Clone)]
pub(crate) struct Mesh {
    pub(crate) cols: usize,
    pub(crate) nodes: Vec<[f32; 2]>,
}

impl Mesh {
    pub(crate) fn rows(&self) -> usize {
        self.nodes.len().checked_div(self.cols).unwrap_or(0)
    }

    /// The four corners of the cell whose first node is `node`.
    #[inline]
    pub(crate) fn corners(&self, node: usize) -> Option<[[f32; 2]; 4]> {
        Some([
            *self.nodes.get(node)?,
            *self.nodes.get(node + 1)?,
            *self.nodes.get(node + self.cols)?,
            *self.nodes.get(node + self.cols + 1)?,
        ])
    }
}

/// Bilinear place inside a cell: `down` along rows, `across` along columns, both 0..1.
#[inline]
pub(crate) fn inside(c: &[[f32; 2]; 4], down: f32, across: f32) -> [f32; 2] {
    let mix = |i: usize| {
        let [a, b, d, e] = [c[0], c[1], c[2], c[3]].map(|p| if i == 0 { p[0] } else { p[1] });
        let top = a + (b - a) * across;
        let bottom = d + (e - d) * across;
        top + (bottom - top) * down
    };
    [mix(0), mix(1)]
}

/// Where a candidate scatterer sits at the reference time, for the view to choose its echo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Index of the mesh in the view's list.
    pub(crate) mesh: usize,
    /// Row with fraction.
    pub(crate) row: f64,
    /// Column of the cell and place across it.
    pub(crate) col: usize,
    pub(crate) across: f64,
    /// Image-plane position at the reference time.
    pub(crate) x: f64,
    pub(crate) z: f64,
    /// |cosine| between the beam and the surface normal: 1 = hit square, 0 = grazing.
    pub(crate) incidence: f64,
}

/// How strongly a material point answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Echo {
    /// Blood or air: no scatterer.
    None,
    /// Rough tissue: random phase, so that it makes speckle. Amplitude 1 is 0 dB.
    Speckle(f32),
    /// A smooth surface: in phase, so that it makes a clean bright line.
    Surface(f32),
}

/// One scatterer, fixed to its cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scatterer {
    pub(crate) mesh: u32,
    pub(crate) node: u32,
    pub(crate) down: f32,
    pub(crate) across: f32,
    pub(crate) amplitude: f32,
    /// Phase in turns; `None` for a surface.
    pub(crate) phase: Option<f32>,
}

/// Scatterers per polar sample: with the point spread below, about 12 in a resolution cell, which
/// is what fully developed (Rayleigh) speckle needs.
const DENSITY: f32 = 0.8;
/// Surfaces are thin: more points keep their line free of gaps.
const SURFACE_DENSITY: f32 = 3.0;
/// A cell is cut so finely that the polar density inside a piece is even.
const PIECE_CM: f32 = 0.3;

/// Fills the meshes at the reference time. `echo` decides what is there.
pub(crate) fn seed_scatterers(
    meshes: &[Mesh],
    grid: &PolarGrid,
    rng: &mut Rng,
    echo: &dyn Fn(&Place) -> Echo,
) -> Vec<Scatterer> {
    let mut scatterers = Vec::new();
    for (index, mesh) in meshes.iter().enumerate() {
        for row in 0..mesh.rows().saturating_sub(1) {
            for col in 0..mesh.cols.saturating_sub(1) {
                let cell = Cell {
                    mesh: index,
                    row,
                    col,
                    node: row * mesh.cols + col,
                };
                if let Some(corners) = mesh.corners(cell.node) {
                    seed_cell(&cell, &corners, grid, rng, echo, &mut scatterers);
                }
            }
        }
    }
    scatterers
}

struct Cell {
    mesh: usize,
    row: usize,
    col: usize,
    node: usize,
}

fn seed_cell(
    cell: &Cell,
    corners: &[[f32; 2]; 4],
    grid: &PolarGrid,
    rng: &mut Rng,
    echo: &dyn Fn(&Place) -> Echo,
    out: &mut Vec<Scatterer>,
) {
    let [a, b, c, _] = *corners;
    let width = length(sub(b, a));
    let pieces = ((width / PIECE_CM).ceil() as usize).clamp(1, 64);
    for piece in 0..pieces {
        let middle = inside(corners, 0.5, (piece as f32 + 0.5) / pieces as f32);
        let Some(samples_per_cm2) = grid.samples_per_cm2(middle) else {
            continue;
        };
        let along = sub(inside(corners, 1.0, 0.5), inside(corners, 0.0, 0.5));
        let across = sub(inside(corners, 0.5, 1.0), inside(corners, 0.5, 0.0));
        let area = (along[0] * across[1] - along[1] * across[0]).abs() / pieces as f32;
        let expected = area * samples_per_cm2 * SURFACE_DENSITY;
        let count = (expected + rng.unit()) as usize;
        let normal = if length(along) > 0.0 {
            along
        } else {
            sub(c, a)
        };
        for _ in 0..count {
            let down = rng.unit();
            let across = (piece as f32 + rng.unit()) / pieces as f32;
            let (keep, phase, vary) = (rng.unit(), rng.unit(), rng.unit());
            let [x, z] = inside(corners, down, across);
            let place = Place {
                mesh: cell.mesh,
                row: cell.row as f64 + f64::from(down),
                col: cell.col,
                across: f64::from(across),
                x: f64::from(x),
                z: f64::from(z),
                incidence: f64::from(incidence(normal, [x, z])),
            };
            let (amplitude, phase) = match echo(&place) {
                Echo::Speckle(level) if keep < DENSITY / SURFACE_DENSITY => (
                    level * (0.4 + 1.2 * vary) / (1.12 * DENSITY.sqrt()),
                    Some(phase),
                ),
                Echo::Surface(level) => (level * (0.7 + 0.6 * vary) / SURFACE_DENSITY, None),
                _ => continue,
            };
            out.push(Scatterer {
                mesh: cell.mesh as u32,
                node: cell.node as u32,
                down,
                across,
                amplitude,
                phase,
            });
        }
    }
}

/// |cosine| between the beam towards `at` and the normal of a surface running along `tangent`.
fn incidence(tangent: [f32; 2], at: [f32; 2]) -> f32 {
    let size = length(tangent) * length(at);
    if size <= 0.0 {
        return 1.0;
    }
    ((tangent[0] * at[1] - tangent[1] * at[0]) / size).abs()
}

fn sub(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

fn length(v: [f32; 2]) -> f32 {
    (v[0] * v[0] + v[1] * v[1]).sqrt()
}
