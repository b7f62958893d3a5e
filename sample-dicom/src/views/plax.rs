//! Parasternal long-axis view (PLAX): the left ventricle lying, with mitral and aortic valve.
//!
//! Owns: outlines over the beat in coordinates of the left ventricle (s from its apex to the base,
//! which lies to the right; n across, positive away from the probe), the leaflets of both valves,
//! the aortic root, the left atrium and the descending aorta. Invariant: bands keep their order
//! from probe to depth at all times, so tissue never folds.

use super::anatomy::{
    Anatomy, Heart, Moment, Pose, Rows, blood, chest_wall, common_gain_db, grain, haze, haze_mesh,
    leaflet_echo, speckle, surface,
};
use super::leaflet::Leaflet;
use crate::geometry::{APEX_WALL_CM, VentricleState};
use crate::math::{bump, lerp, ramp, root};
use crate::mesh::{Echo, Mesh, Place};
use crate::truth::VentricleTruth;

const ROWS: Rows = Rows {
    from: -3.5,
    step: 0.13,
    count: 150,
};
/// Edges from the probe down: outer, right ventricle wall out/in, septum right/left (goes on as the
/// front wall of the aorta), back wall of the aorta in/out, posterior wall in/out, pericardium, outer.
const EDGES: usize = 11;
const ATRIUM_CM: f64 = 5.2;
const HALF_ANGLE: f64 = 0.66;
const DEPTH_CM: f64 = 16.0;
/// Left ventricular outflow tract and the root's widest part (sinuses).
const OUTFLOW_CM: f64 = 2.05;
const SINUS_CM: f64 = 3.1;
/// The descending aorta seen in cross-section behind the atrium, from the mitral plane.
const DESCENDING: (f64, f64) = (1.5, 5.25);
const DESCENDING_RADIUS_CM: f64 = 1.05;

/// The parasternal long-axis view.
#[derive(Debug, Clone)]
pub(crate) struct Plax {
    heart: Heart,
    pose: Pose,
}

struct State {
    lv: VentricleState,
    contraction: f64,
    descent: f64,
    mitral: f64,
    aortic: f64,
}

impl Plax {
    pub(crate) fn new(heart: Heart) -> Self {
        let tilt = 0.10;
        let (sin, cos) = (libm::sin(tilt), libm::cos(tilt));
        let (along, across) = ((cos, -sin), (sin, cos));
        // The widest part of the ventricle lies left of the middle, under 5 cm of chest and septum.
        let (s, x, z) = (0.65 * heart.ventricle.length_ed_cm(), -1.75, 7.55);
        let origin = (x - s * along.0, z - s * along.1);
        Plax {
            heart,
            pose: Pose {
                origin,
                along,
                across,
            },
        }
    }

    fn state(&self, t: f64) -> State {
        let contraction = self.heart.cycle.contraction(t);
        let lv = self.heart.ventricle.at(contraction);
        State {
            descent: self.base() - lv.length_cm,
            lv,
            contraction,
            mitral: self.heart.cycle.mitral_opening(t),
            aortic: self.heart.cycle.aortic_opening(t),
        }
    }

    fn base(&self) -> f64 {
        self.heart.ventricle.length_ed_cm()
    }

    fn row_s(&self, s0: f64, st: &State) -> f64 {
        let part = if s0 <= self.base() {
            (s0 / self.base()).max(0.0)
        } else {
            (1.0 - (s0 - self.base()) / (ATRIUM_CM + 1.5)).max(0.0)
        };
        s0 - st.descent * part
    }

    fn edges(&self, s0: f64, st: &State) -> [(f64, f64); EDGES] {
        let f = s0 / self.base();
        let g = s0 - self.base();
        let s = self.row_s(s0, st);
        let inner = st.lv.inner_half_cm(f);
        let outer = st.lv.outer_half_cm(s).max(inner);
        let into = ramp(-0.3, 0.7, g);
        let front = if g > 0.0 {
            self.aorta_front(g, st)
        } else {
            -inner
        };
        let back = if g > 0.0 {
            front + aorta_width(g)
        } else {
            lerp(0.0, self.hinge_n(st), ramp(0.0, 1.0, f))
        };
        let back_out = back + 0.24 * ramp(-1.0, 0.0, g);
        let septum_r = lerp(-outer, front - 0.28, into);
        let posterior = if g > 0.0 {
            back_out + self.atrium_height(g, st)
        } else {
            inner
        };
        let posterior_out = lerp(outer, posterior + 0.30, into);
        let right = lerp(1.3, 2.35, ramp(1.0, 8.0, s0))
            * (1.0 - 0.14 * st.contraction)
            * ramp(-2.5, 1.5, s0);
        [
            (s0, -12.0),
            (s, septum_r - right - 0.42),
            (s, septum_r - right),
            (s, septum_r),
            (s, front),
            (s, back),
            (s, back_out),
            (s, posterior.max(back_out)),
            (s, posterior_out.max(back_out)),
            (s, posterior_out.max(back_out) + 0.26),
            (s0, 10.0),
        ]
    }

    /// The back of the outflow tract in the mitral plane: hinge of the anterior leaflet.
    fn hinge_n(&self, st: &State) -> f64 {
        -st.lv.inner_half_cm(1.0) + OUTFLOW_CM
    }

    fn aorta_front(&self, g: f64, st: &State) -> f64 {
        let sinus = SINUS_CM - OUTFLOW_CM;
        -st.lv.inner_half_cm(1.0) - 0.16 * g - 0.5 * sinus * bump(1.35, 1.5, g)
    }

    /// Height of the left atrium behind the aorta; it closes far to the right.
    fn atrium_height(&self, g: f64, st: &State) -> f64 {
        let neck = st.lv.inner_half_cm(1.0) - self.hinge_n(st) - 0.24;
        let full = 3.65 * (1.0 + 0.09 * st.contraction);
        let body = full * root(1.0 - (g - 2.2) * (g - 2.2) / 9.0);
        if g < 2.2 {
            lerp(neck, full, root(ramp(-0.3, 2.2, g)))
        } else {
            body
        }
    }

    fn mitral(&self, st: &State) -> [Leaflet; 2] {
        let base = st.lv.length_cm;
        let anterior = (base, self.hinge_n(st) + 0.12);
        let posterior = (base, st.lv.inner_half_cm(1.0));
        let gap = posterior.1 - anterior.1;
        let contact = (base - 0.85, anterior.1 + 0.74 * gap);
        let leaf = |hinge: (f64, f64), control, tip| Leaflet {
            hinge,
            control,
            tip,
            thickness_cm: 0.16,
        };
        let front = Leaflet::moving(
            leaf(anterior, (base - 0.25, anterior.1 + 0.45 * gap), contact),
            leaf(
                anterior,
                (base - 0.95, anterior.1 + 0.20),
                (base - 2.25, anterior.1 - 0.62),
            ),
            st.mitral,
        );
        let back = Leaflet::moving(
            leaf(posterior, (base - 0.45, posterior.1 - 0.10 * gap), contact),
            leaf(
                posterior,
                (base - 0.55, posterior.1 - 0.05),
                (base - 1.25, posterior.1 + 0.02),
            ),
            st.mitral,
        );
        [front, back]
    }

    fn aortic(&self, st: &State) -> [Leaflet; 2] {
        let base = st.lv.length_cm + 0.25;
        let front = self.aorta_front(0.25, st);
        let back = front + aorta_width(0.25);
        let middle = (front + back) / 2.0 - 0.05;
        let cusp = |hinge_n: f64, side: f64| {
            let hinge = (base, hinge_n);
            let reach = middle - hinge_n;
            let thickness_cm = 0.11;
            Leaflet::moving(
                Leaflet {
                    hinge,
                    control: (base + 0.35, hinge_n + 0.95 * reach),
                    tip: (base + 1.25, middle + 0.02 * side),
                    thickness_cm,
                },
                Leaflet {
                    hinge,
                    control: (base + 0.6, hinge_n + 0.10 * reach),
                    tip: (base + 1.35, hinge_n + 0.16 * reach),
                    thickness_cm,
                },
                st.aortic,
            )
        };
        [cusp(front, -1.0), cusp(back, 1.0)]
    }

    /// A papillary muscle on the posterior wall, hinge at the wall, tip in the cavity.
    fn papillary(&self, st: &State) -> Leaflet {
        let foot = (0.36 * st.lv.length_cm, 0.98 * st.lv.inner_half_cm(0.36));
        let head = (0.56 * st.lv.length_cm, 0.62 * st.lv.inner_half_cm(0.56));
        Leaflet {
            hinge: foot,
            control: (head.0 - 0.9, head.1 + 0.25),
            tip: head,
            thickness_cm: 0.75,
        }
    }

    fn muscle(&self, place: &Place, s0: f64) -> Echo {
        let septum = place.col == 3;
        let texture = 7.0 * grain(self.heart.seed ^ 0x51, s0 * 0.9, place.across * 2.4);
        let lining = 6.0 * bump(1.0, 0.14, place.across.max(1.0 - place.across)) * place.incidence;
        let level = if septum { -19.5 } else { -20.5 };
        speckle(level + texture + lining + 5.0 * (place.incidence - 0.8))
    }

    /// The ring of the descending aorta, and the blood in it.
    fn descending(&self, s0: f64, n: f64) -> Option<Echo> {
        let (ds, dn) = (s0 - self.base() - DESCENDING.0, n - DESCENDING.1);
        let r = root(ds * ds + dn * dn);
        if r > DESCENDING_RADIUS_CM + 0.2 {
            return None;
        }
        let facing = (dn / r.max(0.05)).abs();
        Some(if r < DESCENDING_RADIUS_CM {
            Echo::None
        } else {
            speckle(-17.0 + 8.0 * facing)
        })
    }

    fn outside(&self, place: &Place, s0: f64) -> Echo {
        let seed = self.heart.seed;
        if place.col == 0 {
            return speckle(-25.0 + 8.0 * grain(seed ^ 0x52, place.x * 0.9, place.z * 3.0));
        }
        let n = {
            let (dx, dz) = (place.x - self.pose.origin.0, place.z - self.pose.origin.1);
            dx * self.pose.across.0 + dz * self.pose.across.1
        };
        let mid = place.across * 8.0;
        self.descending(s0, n).unwrap_or_else(|| {
            // Pericardium and lung behind: bright, then fading reverberation.
            let fade = 12.0 * bump(0.0, 0.9, mid) - 2.4 * mid.min(4.0);
            speckle(-20.0 + fade + 8.0 * grain(seed ^ 0x53, place.x * 0.7, place.z * 1.6))
        })
    }
}

/// Tendons from a leaflet's tip to the papillary muscle.
fn chord(from: (f64, f64), to: (f64, f64)) -> Leaflet {
    let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
    Leaflet {
        hinge: from,
        control: middle,
        tip: to,
        thickness_cm: 0.10,
    }
}

/// Inner width of outflow tract, sinuses and ascending aorta at `g` cm beyond the mitral plane.
fn aorta_width(g: f64) -> f64 {
    OUTFLOW_CM + 0.55 * ramp(1.2, 2.8, g) + (SINUS_CM - OUTFLOW_CM - 0.2) * bump(1.35, 1.35, g)
}

impl Anatomy for Plax {
    fn window(&self) -> (f64, f64, f64) {
        (DEPTH_CM, HALF_ANGLE, 8.0)
    }

    fn meshes(&self, t: f64) -> Vec<Mesh> {
        let st = self.state(t);
        let mut meshes = vec![ROWS.mesh(&self.pose, |s0| self.edges(s0, &st)), haze_mesh()];
        let (mitral, aortic) = (self.mitral(&st), self.aortic(&st));
        let papillary = self.papillary(&st);
        let chords = mitral.map(|leaflet| chord(leaflet.tip, papillary.tip));
        let thin = mitral
            .iter()
            .chain(&aortic)
            .chain([&papillary])
            .chain(&chords);
        meshes.extend(thin.map(|l| l.mesh(&self.pose)));
        meshes
    }

    fn echo(&self, place: &Place) -> Echo {
        match place.mesh {
            0 => {}
            1 => return haze(place),
            2..=5 => return leaflet_echo(self.heart.seed, place),
            6 => return speckle(-21.0 + 6.0 * grain(self.heart.seed ^ 0x59, place.row, 0.0)),
            _ => return surface(-31.0),
        }
        let s0 = ROWS.s(place.row);
        let seed = self.heart.seed;
        let g = s0 - self.base();
        if place.z < 1.5 {
            return chest_wall(seed, place.x, place.z);
        }
        let cap = s0 < -APEX_WALL_CM;
        match place.col {
            0 | 9 => self.outside(place, s0),
            1 => speckle(-20.0 + 7.0 * grain(seed ^ 0x54, s0, place.across)),
            _ if cap => speckle(-28.0 + 7.0 * grain(seed ^ 0x55, place.x, place.z)),
            2 => blood(seed, place),
            3 if g < 0.2 => self.muscle(place, s0),
            3 | 5 if g > -0.25 => {
                speckle(-14.0 + 8.0 * (place.incidence - 0.7) + 3.0 * grain(seed ^ 0x56, s0, 0.0))
            }
            7 if g < 0.4 => self.muscle(place, s0),
            7 => speckle(-17.0 + 4.0 * grain(seed ^ 0x57, s0, place.across)),
            8 => speckle(
                -5.0 + 14.0 * libm::log10(0.2 + 0.8 * place.incidence)
                    + 5.0 * grain(seed ^ 0x58, s0 * 0.8, 0.0),
            ),
            _ => blood(seed, place),
        }
    }

    fn gain_db(&self, r: f64, theta: f64) -> f64 {
        // The apex hides behind lung on the left; a rib edge on the right.
        let lung = 16.0 * ramp(-0.40, -0.62, theta) * (1.0 - 0.4 * ramp(9.0, 13.0, r));
        let rib = 6.0 * ramp(0.50, 0.64, theta);
        common_gain_db(self.heart.seed, r, theta, HALF_ANGLE)
            - lung
            - rib
            - 0.3 * (r - 7.0).max(0.0)
    }

    fn moment(&self, t: f64) -> Moment {
        let st = self.state(t);
        let place = |p| self.pose.place(p);
        let (length, neck) = (st.lv.length_cm, st.lv.inner_half_cm(1.0));
        let (wide, half) = (0.65 * length, st.lv.diameter_cm / 2.0);
        let root_row = self.edges(self.base() + 1.35, &st);
        let atrium_row = self.edges(self.base() + 2.2, &st);
        Moment {
            ventricle: Some(VentricleTruth {
                volume_ml: st.lv.volume_ml,
                length_cm: length,
                diameter_cm: st.lv.diameter_cm,
                mitral_opening: st.mitral,
                apex: place((0.0, 0.0)).into(),
                mitral_annulus: [
                    place((length, self.hinge_n(&st) + 0.12)).into(),
                    place((length, neck)).into(),
                ],
                diameter_ends: [place((wide, -half)).into(), place((wide, half)).into()],
                contour: st
                    .lv
                    .contour(24)
                    .into_iter()
                    .map(|p| place(p).into())
                    .collect(),
                tricuspid_annulus: None,
                aortic_root: Some([place(root_row[4]).into(), place(root_row[5]).into()]),
                left_atrium: Some([place(atrium_row[6]).into(), place(atrium_row[7]).into()]),
            }),
            ivc: None,
        }
    }
}
