//! Apical four-chamber view (A4C): both ventricles above, both atria below.
//!
//! Owns: the outline of the four chambers over the beat in coordinates of the left ventricle
//! (s from its apex towards the base, n across, positive to the lateral wall), the two
//! atrioventricular valves and how the tissue answers. The left ventricle itself comes from
//! `geometry`. Invariant: the apex stands still and the base descends, as in a beating heart.

use super::anatomy::{
    Anatomy, Cursors, Heart, Moment, Pose, Rows, blood, chest_wall, common_gain_db, grain, haze,
    haze_mesh, leaflet_echo, speckle, surface,
};
use super::leaflet::Leaflet;
use crate::geometry::{APEX_WALL_CM, VentricleState};
use crate::math::{bump, lerp, ramp, root};
use crate::mesh::{Echo, Mesh, Place};
use crate::truth::VentricleTruth;

const ROWS: Rows = Rows {
    from: -3.2,
    step: 0.13,
    count: 150,
};
/// Edges across: outer left, right ventricle wall out/in, septum right/left, lateral wall in/out,
/// pericardium, outer right.
const EDGES: usize = 9;
/// Length of the atria below the mitral plane at end-diastole.
const ATRIUM_CM: f64 = 4.7;
/// The right ventricle's free wall shortens more than the left (tricuspid against mitral excursion).
const RIGHT_EXCURSION: f64 = 1.55;
/// The tricuspid valve sits this much nearer to the apex.
const TRICUSPID_OFFSET_CM: f64 = 0.6;
const HALF_ANGLE: f64 = 0.66;
const DEPTH_CM: f64 = 16.0;

/// The four-chamber view.
#[derive(Debug, Clone)]
pub(crate) struct A4c {
    heart: Heart,
    pose: Pose,
}

/// What the outlines depend on at one moment.
struct State {
    lv: VentricleState,
    contraction: f64,
    /// Descent of the base.
    descent: f64,
    kick: f64,
    opening: f64,
}

impl A4c {
    pub(crate) fn new(heart: Heart) -> Self {
        let tilt = -0.07;
        let (sin, cos) = (libm::sin(tilt), libm::cos(tilt));
        A4c {
            heart,
            pose: Pose {
                origin: (1.15, 2.35),
                along: (sin, cos),
                across: (cos, -sin),
            },
        }
    }

    fn state(&self, t: f64) -> State {
        let contraction = self.heart.cycle.contraction(t);
        let lv = self.heart.ventricle.at(contraction);
        State {
            descent: self.heart.ventricle.length_ed_cm() - lv.length_cm,
            lv,
            contraction,
            kick: self.heart.cycle.atrial_kick(t),
            opening: self.heart.cycle.mitral_opening(t),
        }
    }

    fn base(&self) -> f64 {
        self.heart.ventricle.length_ed_cm()
    }

    /// Where a row has moved: still at the apex, full descent at the base, still behind the atria.
    fn row_s(&self, s0: f64, state: &State, factor: f64) -> f64 {
        let part = if s0 <= self.base() {
            (s0 / self.base()).max(0.0)
        } else {
            (1.0 - (s0 - self.base()) / (ATRIUM_CM + 0.6)).max(0.0)
        };
        s0 - state.descent * factor * part
    }

    fn edges(&self, s0: f64, st: &State) -> [(f64, f64); EDGES] {
        let base = self.base();
        let f = s0 / base;
        let g = (s0 - base) / ATRIUM_CM;
        let s = self.row_s(s0, st, 1.0);
        let inner = st.lv.inner_half_cm(f);
        let outer = st.lv.outer_half_cm(s).max(inner);
        let (septum_l, lateral) = if g > 0.0 {
            self.left_atrium(g, st)
        } else {
            (-inner, inner)
        };
        let into = ramp(-0.04, 0.16, g);
        let septum_r = if g < -0.5 {
            -outer
        } else {
            lerp(-outer, septum_l - 0.32, into)
        };
        let lateral_out = lerp(outer, lateral + 0.35, into);
        let free_in = septum_r - self.right_width(s0, st);
        let free_out = free_in - 0.42 * (1.0 + 0.4 * st.contraction) * ramp(0.4, 2.4, s0);
        let rv_s = self.row_s(s0, st, RIGHT_EXCURSION);
        [
            (s0, -11.0),
            (rv_s, free_out),
            (rv_s, free_in),
            (s, septum_r),
            (s, septum_l),
            (s, lateral),
            (s, lateral_out),
            (s, lateral_out + 0.28),
            (s0, 10.0),
        ]
    }

    /// Left and right border of the left atrium at the part `g` of its length; they meet at the roof.
    fn left_atrium(&self, g: f64, st: &State) -> (f64, f64) {
        let neck = st.lv.inner_half_cm(1.0);
        let size = 1.0 + 0.10 * st.contraction - 0.08 * st.kick;
        let body = 2.15 * size * root(1.0 - (g - 0.45) * (g - 0.45) / 0.3025);
        let half = if g < 0.45 {
            lerp(neck, 2.15 * size, ramp(0.0, 0.45, g))
        } else {
            body
        };
        let centre = 0.1 * g;
        (centre - half, centre + half)
    }

    /// Width of the right ventricle, below the tricuspid valve of the right atrium.
    fn right_width(&self, s0: f64, st: &State) -> f64 {
        let base = self.base();
        let apex = 1.5;
        if s0 <= apex {
            return 0.0;
        }
        if s0 <= base {
            let u = (s0 - apex) / (base - apex);
            return 3.1 * root(u * (1.62 - 0.62 * u)) * (1.0 - 0.24 * st.contraction);
        }
        let g = (s0 - base) / (ATRIUM_CM * 0.97);
        let body = 3.9 * (1.0 + 0.08 * st.contraction) * root(1.0 - (g - 0.4) * (g - 0.4) / 0.36);
        let neck = 3.1 * (1.0 - 0.24 * st.contraction);
        if g < 0.4 {
            lerp(neck, 3.9 * (1.0 + 0.08 * st.contraction), ramp(0.0, 0.4, g))
        } else {
            body
        }
    }

    fn leaflets(&self, st: &State) -> [Leaflet; 4] {
        let (base, neck) = (st.lv.length_cm, st.lv.inner_half_cm(1.0));
        let [septal, lateral] = pair((base, -neck), (base, neck), (2.3, 1.55), 0.60, st.opening);
        let t0 = self.base() - TRICUSPID_OFFSET_CM;
        let rows = self.edges(t0, st);
        let (inner, free) = (rows[3], self.edges(self.base() - 0.1, st)[2]);
        let [right_free, right_septal] = pair(free, inner, (2.0, 1.5), 0.56, st.opening);
        [septal, lateral, right_free, right_septal]
    }

    fn muscle(&self, place: &Place, s0: f64, fibre: f64) -> Echo {
        let septum = place.col == 3;
        let texture = 7.0 * grain(self.heart.seed ^ 0x31, s0 * 1.1, fibre * 2.2);
        let square = 20.0 * libm::log10(0.30 + 0.70 * place.incidence);
        let border = if septum {
            1.0 - place.across
        } else {
            place.across
        };
        // The cavity's lining and the middle of the septum answer more strongly.
        let lining = 5.0 * bump(1.0, 0.16, border.max(1.0 - border));
        let middle = if septum {
            4.0 * bump(0.5, 0.3, place.across)
        } else {
            0.0
        };
        let level = if septum { -18.5 } else { -21.0 };
        speckle(level + texture + lining + middle + 0.6 * square)
    }
}

/// Two leaflets between hinges `a` and `b` (in s, n) that meet at the part `meet` of the way.
fn pair(
    a: (f64, f64),
    b: (f64, f64),
    lengths: (f64, f64),
    meet: f64,
    opening: f64,
) -> [Leaflet; 2] {
    let gap = b.1 - a.1;
    let plane = |k: f64| lerp(a.0, b.0, k);
    let contact = (plane(meet) - 0.62, lerp(a.1, b.1, meet));
    let one = |hinge: (f64, f64), side: f64, length: f64| {
        let reach = contact.1 - hinge.1;
        let shut = Leaflet {
            hinge,
            control: (hinge.0 - 0.05, hinge.1 + 0.55 * reach),
            tip: contact,
            thickness_cm: 0.17,
        };
        let open = Leaflet {
            hinge,
            control: (hinge.0 - 0.30 * length, hinge.1 + side * 0.16 * gap),
            tip: (hinge.0 - 0.93 * length, hinge.1 + side * 0.13 * gap),
            thickness_cm: 0.17,
        };
        Leaflet::moving(shut, open, opening)
    };
    [one(a, 1.0, lengths.0), one(b, -1.0, lengths.1)]
}

/// A piece of the valve ring from a hinge outwards.
fn ring(hinge: (f64, f64), out: f64) -> Leaflet {
    Leaflet {
        hinge,
        control: (hinge.0, hinge.1 + 0.5 * out),
        tip: (hinge.0 + 0.05, hinge.1 + out),
        thickness_cm: 0.24,
    }
}

impl Anatomy for A4c {
    fn window(&self) -> (f64, f64, f64) {
        (DEPTH_CM, HALF_ANGLE, 8.0)
    }

    fn meshes(&self, t: f64) -> Vec<Mesh> {
        let state = self.state(t);
        let mut meshes = vec![
            ROWS.mesh(&self.pose, |s0| self.edges(s0, &state)),
            haze_mesh(),
        ];
        let leaflets = self.leaflets(&state);
        meshes.extend(leaflets.iter().map(|l| l.mesh(&self.pose)));
        // The fibrous rings at the free walls: the bright points that TAPSE and MAPSE follow.
        let [_, lateral, free, _] = leaflets;
        let rings = [(lateral.hinge, 0.55), (free.hinge, -0.55)];
        meshes.extend(rings.map(|(hinge, out)| ring(hinge, out).mesh(&self.pose)));
        meshes
    }

    fn echo(&self, place: &Place) -> Echo {
        match place.mesh {
            0 => {}
            1 => return haze(place),
            6 | 7 => return surface(-17.0),
            _ => return leaflet_echo(self.heart.seed, place),
        }
        let s0 = ROWS.s(place.row);
        let seed = self.heart.seed;
        if place.z < 1.55 {
            return chest_wall(seed, place.x, place.z);
        }
        if s0 < -APEX_WALL_CM {
            return speckle(-27.0 + 7.0 * grain(seed ^ 0x41, place.x, place.z * 2.5));
        }
        let behind = s0 - (self.base() + ATRIUM_CM);
        if behind > -0.05 && (1..=6).contains(&place.col) {
            let rim = 15.0 * bump(0.25, 0.4, behind);
            return speckle(
                -23.0 + rim - 2.2 * behind.max(0.0)
                    + 7.0 * grain(seed ^ 0x42, place.x * 0.8, place.z * 1.6),
            );
        }
        let groove = bump(self.base() + 0.1, 0.75, s0);
        match place.col {
            2 | 4 => blood(seed, place),
            1 => speckle(-22.0 + 5.0 * groove + 6.0 * grain(seed ^ 0x43, s0, place.across * 2.0)),
            3 | 5 if s0 < self.base() + 0.35 => match self.muscle(place, s0, place.across) {
                Echo::Speckle(a) => Echo::Speckle(a * (1.0 + 1.6 * groove as f32)),
                other => other,
            },
            3 | 5 => {
                // Thin atrial walls; the oval fossa drops out because the beam grazes it.
                let fossa = if place.col == 3 {
                    9.0 * bump(self.base() + 2.1, 0.9, s0)
                } else {
                    0.0
                };
                speckle(-19.0 - fossa + 5.0 * grain(seed ^ 0x44, s0, place.across))
            }
            6 => speckle(
                -12.0
                    + 8.0 * libm::log10(0.1 + place.incidence)
                    + 5.0 * grain(seed ^ 0x45, s0, 0.0),
            ),
            0 => speckle(-29.0 + 9.0 * grain(seed ^ 0x46, place.x * 0.8, place.z)),
            _ => speckle(-32.0 + 9.0 * grain(seed ^ 0x47, place.x * 0.7, place.z * 1.3)),
        }
    }

    fn gain_db(&self, r: f64, theta: f64) -> f64 {
        // Lung over the lateral beams; the apex lies in the near field's haze.
        let lung = 15.0 * ramp(0.40, 0.64, theta) * (1.0 - 0.5 * ramp(9.0, 13.0, r));
        let rib = 9.0 * ramp(-0.46, -0.64, theta);
        common_gain_db(self.heart.seed, r, theta, HALF_ANGLE)
            - lung
            - rib
            - 0.35 * (r - 6.0).max(0.0)
    }

    fn cursors(&self) -> Option<Cursors> {
        // The M-line crosses the free wall's ring halfway down its path; the gate sits between the
        // tips of the open mitral leaflets.
        let [_, _, free, _] = self.leaflets(&self.state(0.5 * self.heart.cycle.end_systole_s()));
        let (x, z) = self.pose.place(free.hinge);
        let gate = self.pose.place((self.base() - 1.9, 0.05));
        Some(Cursors {
            m_angle: libm::atan2(x, z),
            gate,
        })
    }

    fn moment(&self, t: f64) -> Moment {
        let st = self.state(t);
        let place = |p| self.pose.place(p);
        let (length, neck) = (st.lv.length_cm, st.lv.inner_half_cm(1.0));
        let wide = 0.65 * length;
        let half = st.lv.diameter_cm / 2.0;
        let [_, _, free, right] = self.leaflets(&st);
        Moment {
            ventricle: Some(VentricleTruth {
                volume_ml: st.lv.volume_ml,
                length_cm: length,
                diameter_cm: st.lv.diameter_cm,
                mitral_opening: st.opening,
                apex: place((0.0, 0.0)).into(),
                mitral_annulus: [place((length, -neck)).into(), place((length, neck)).into()],
                diameter_ends: [place((wide, -half)).into(), place((wide, half)).into()],
                contour: st
                    .lv
                    .contour(24)
                    .into_iter()
                    .map(|p| place(p).into())
                    .collect(),
                tricuspid_annulus: Some([place(free.hinge).into(), place(right.hinge).into()]),
                aortic_root: None,
                left_atrium: None,
            }),
            ivc: None,
        }
    }
}
