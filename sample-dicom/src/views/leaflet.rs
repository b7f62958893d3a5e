//! Thin moving structures: valve leaflets, cusps, membranes.
//!
//! Owns: turning a curve (hinge, control point, tip) into a strip mesh of a thickness. Views decide
//! where the curve is at a time. Invariant: every strip has `NODES` rows and two columns, so that a
//! scatterer seeded into it stays on the leaflet.

use super::anatomy::Pose;
use crate::math::root;
use crate::mesh::Mesh;

/// Places along a strip.
const NODES: usize = 13;

/// A quadratic curve in body coordinates with a thickness that thins towards the tip.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaflet {
    pub(crate) hinge: (f64, f64),
    pub(crate) control: (f64, f64),
    pub(crate) tip: (f64, f64),
    pub(crate) thickness_cm: f64,
}

/// The place between two at `k`.
pub(crate) fn between(a: (f64, f64), b: (f64, f64), k: f64) -> (f64, f64) {
    (a.0 + (b.0 - a.0) * k, a.1 + (b.1 - a.1) * k)
}

impl Leaflet {
    /// A leaflet on its way from shut (0) to wide open (1).
    pub(crate) fn moving(shut: Leaflet, open: Leaflet, k: f64) -> Leaflet {
        Leaflet {
            hinge: between(shut.hinge, open.hinge, k),
            control: between(shut.control, open.control, k),
            tip: between(shut.tip, open.tip, k),
            thickness_cm: shut.thickness_cm,
        }
    }

    fn at(&self, u: f64) -> (f64, f64) {
        between(
            between(self.hinge, self.control, u),
            between(self.control, self.tip, u),
            u,
        )
    }

    pub(crate) fn mesh(&self, pose: &Pose) -> Mesh {
        let nodes = (0..NODES).flat_map(|i| {
            let u = i as f64 / (NODES - 1) as f64;
            let (p, a, b) = (
                self.at(u),
                self.at((u - 0.02).max(0.0)),
                self.at((u + 0.02).min(1.0)),
            );
            let (ds, dn) = (b.0 - a.0, b.1 - a.1);
            let size = root(ds * ds + dn * dn).max(1e-9);
            let half = 0.5 * self.thickness_cm * (1.0 - 0.35 * u);
            let (os, on) = (-dn / size * half, ds / size * half);
            [
                pose.node((p.0 - os, p.1 - on)),
                pose.node((p.0 + os, p.1 + on)),
            ]
        });
        Mesh {
            cols: 2,
            nodes: nodes.collect(),
        }
    }
}
