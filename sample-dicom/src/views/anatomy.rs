//! What every view has in common.
//!
//! Owns: the `Anatomy` trait, the pose that lays a body into the picture, echo levels and the parts
//! all views share (chest wall, reverberation, uneven gain). Called by `clip`, which images whatever
//! a view hands out, and by `truth`, which asks for its landmarks. Invariant: all functions are
//! periodic in the clip, so that its last frame runs into its first.

use crate::cycle::HeartCycle;
use crate::geometry::Ventricle;
use crate::math::{amplitude, bump, ramp, root, value_noise};
use crate::mesh::{Echo, Mesh, Place};
use crate::truth::{IvcTruth, VentricleTruth};

/// A body that can be imaged.
pub(crate) trait Anatomy: Sync {
    /// Depth of the picture, half angle of the sector in radians, focus depth.
    fn window(&self) -> (f64, f64, f64);
    /// Where the tissue is; see `Mesh` for the rule on order and size.
    fn meshes(&self, t: f64) -> Vec<Mesh>;
    /// What is at a place of the reference time t = 0.
    fn echo(&self, place: &Place) -> Echo;
    /// Brightness over the sector: gain over depth, drop-out, shadows.
    fn gain_db(&self, r: f64, theta: f64) -> f64;
    /// True sizes and the places of landmarks, in centimetres of the image plane.
    fn moment(&self, t: f64) -> Moment;
    /// M-line and Doppler gate, for a view that offers them.
    fn cursors(&self) -> Option<Cursors> {
        None
    }
}

/// Where the strips of a combined clip look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursors {
    /// Direction of the M-line from the probe, radians.
    pub(crate) m_angle: f64,
    /// Centre of the Doppler gate.
    pub(crate) gate: (f64, f64),
}

/// The truth of one moment, in centimetres of the image plane (x right, z down from the probe).
#[derive(Debug, Clone, Default)]
pub(crate) struct Moment {
    pub(crate) ventricle: Option<VentricleTruth>,
    pub(crate) ivc: Option<IvcTruth>,
}

/// The heart that views share.
#[derive(Debug, Clone)]
pub(crate) struct Heart {
    pub(crate) cycle: HeartCycle,
    pub(crate) ventricle: Ventricle,
    pub(crate) seed: u64,
}

/// Lays body coordinates (s along, n across) into the image plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pose {
    pub(crate) origin: (f64, f64),
    pub(crate) along: (f64, f64),
    pub(crate) across: (f64, f64),
}

impl Pose {
    pub(crate) fn place(&self, (s, n): (f64, f64)) -> (f64, f64) {
        (
            self.origin.0 + s * self.along.0 + n * self.across.0,
            self.origin.1 + s * self.along.1 + n * self.across.1,
        )
    }

    pub(crate) fn node(&self, at: (f64, f64)) -> [f32; 2] {
        let (x, z) = self.place(at);
        [x as f32, z as f32]
    }
}

/// Rows of a body mesh: evenly spaced along s at the reference time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) from: f64,
    pub(crate) step: f64,
    pub(crate) count: usize,
}

impl Rows {
    pub(crate) fn s(&self, row: f64) -> f64 {
        self.from + self.step * row
    }

    /// A mesh whose edges at each row come from `edges(s0) -> [(s, n)]`.
    pub(crate) fn mesh<const N: usize>(
        &self,
        pose: &Pose,
        edges: impl Fn(f64) -> [(f64, f64); N],
    ) -> Mesh {
        let nodes = (0..self.count).flat_map(|row| edges(self.s(row as f64)).map(|e| pose.node(e)));
        Mesh {
            cols: N,
            nodes: nodes.collect(),
        }
    }
}

/// Uneven structure of muscle and organs: −1..1, stretched along the fibres.
pub(crate) fn grain(seed: u64, along: f64, across: f64) -> f64 {
    value_noise(seed, along, across) + 0.6 * value_noise(seed ^ 0x77, 2.3 * along, 2.3 * across)
        - 0.8
}

pub(crate) fn speckle(db: f64) -> Echo {
    Echo::Speckle(amplitude(db))
}

pub(crate) fn surface(db: f64) -> Echo {
    Echo::Surface(amplitude(db))
}

/// Skin, fat and intercostal muscle in front of the heart: bright layers that lie still.
pub(crate) fn chest_wall(seed: u64, x: f64, z: f64) -> Echo {
    let wavy = z + 0.10 * value_noise(seed ^ 0xC0, x * 0.6, z);
    let layers =
        bump(0.55, 0.14, wavy) * 7.0 + bump(0.98, 0.11, wavy) * 9.0 + bump(1.35, 0.10, wavy) * 6.0;
    let texture = 6.0 * grain(seed ^ 0xC1, x * 0.8, z * 5.0);
    speckle(-23.0 + layers + texture)
}

/// Blood, and what side lobes and slices beside the plane put into it: faint, never quite black.
pub(crate) fn blood(seed: u64, place: &Place) -> Echo {
    speckle(-43.0 + 5.0 * grain(seed ^ 0xB1, place.x * 0.5, place.z * 0.5))
}

/// A valve leaflet: a line that shines where the beam hits it square and breaks up where it grazes.
pub(crate) fn leaflet_echo(seed: u64, place: &Place) -> Echo {
    let square = 20.0 * libm::log10(0.10 + 0.90 * place.incidence);
    let uneven = 7.0
        * grain(
            seed ^ 0xB2,
            place.row * 0.45 + 31.0 * place.mesh as f64,
            0.0,
        );
    surface(-17.5 + square + uneven)
}

/// Reverberation of the chest wall: a still haze over the near field that fades with depth.
pub(crate) fn haze_mesh() -> Mesh {
    let nodes = (0..24).flat_map(|row| {
        let z = 0.1 + 0.3 * row as f32;
        [[-7.0, z], [7.0, z]]
    });
    Mesh {
        cols: 2,
        nodes: nodes.collect(),
    }
}

pub(crate) fn haze(place: &Place) -> Echo {
    let r = root(place.x * place.x + place.z * place.z);
    speckle(-31.0 - 4.3 * r)
}

/// Gain that every view shares: the bright first millimetres, weaker outer beams, and beams that
/// passed more or less fat.
pub(crate) fn common_gain_db(seed: u64, r: f64, theta: f64, half_angle: f64) -> f64 {
    let outer = theta.abs() / half_angle;
    let face = 10.0 * (1.0 - ramp(0.1, 0.45, r));
    let streaks = 5.0 * (value_noise(seed ^ 0x6A, theta * 14.0, r * 0.12) - 0.5);
    let patches = 4.0 * (value_noise(seed ^ 0x6B, theta * 5.0, r * 0.45) - 0.5);
    face + streaks + patches - 5.0 * outer * outer - 9.0 * ramp(0.86, 1.0, outer)
}
