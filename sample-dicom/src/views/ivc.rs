//! Subcostal view of the inferior vena cava (SC-IVC): liver, hepatic vein, IVC, right atrium.
//!
//! Owns: the diameter of the vein over breathing (one sniff in the clip) and beat, and the outlines
//! in coordinates along it (s towards the atrium, which lies right with the marker to the head;
//! n across, positive away from the probe). Invariant: before and after the sniff everything is at
//! rest, so that the clip runs round.

use super::anatomy::{
    Anatomy, Heart, Moment, Pose, Rows, blood, chest_wall, common_gain_db, grain, haze, haze_mesh,
    leaflet_echo, speckle,
};
use super::leaflet::Leaflet;
use crate::math::{bump, lerp, ramp, root};
use crate::mesh::{Echo, Mesh, Place};
use crate::truth::IvcTruth;

const ROWS: Rows = Rows {
    from: -9.0,
    step: 0.14,
    count: 145,
};
/// Edges from the probe down: outer, front wall out/in, back wall in/out, outer.
const EDGES: usize = 6;
const HALF_ANGLE: f64 = 0.66;
const DEPTH_CM: f64 = 16.0;
/// s of the junction with the atrium.
const JUNCTION: f64 = 0.0;
/// Where the doctor measures: 2 cm before the atrium (ASE 2010: 1 to 2 cm).
const MEASURED_AT: f64 = -2.0;
/// The hepatic vein joins here and runs up to the left.
const HEPATIC: f64 = -2.9;
const WALL_CM: f64 = 0.16;
/// The sniff draws everything towards the feet.
const SNIFF_SHIFT_CM: f64 = 0.55;

/// Size and breathing of the vein.
#[derive(Debug, Clone)]
pub(crate) struct Breathing {
    /// Largest diameter, at rest.
    pub(crate) diameter_cm: f64,
    /// Part of it that the sniff takes away.
    pub(crate) collapse: f64,
    /// Start of the sniff; `None` in a clip too short for one.
    pub(crate) sniff_s: Option<f64>,
    /// Length of the clip: breathing is periodic with it.
    pub(crate) clip_s: f64,
}

impl Breathing {
    /// 0 at rest, 1 at the deepest of the sniff: 0.3 s in, 0.25 s hold, 0.9 s out.
    fn sniff(&self, t: f64) -> f64 {
        let Some(start) = self.sniff_s else {
            return 0.0;
        };
        let u = t - libm::floor(t / self.clip_s) * self.clip_s - start;
        ramp(0.0, 0.30, u) * (1.0 - ramp(0.55, 1.45, u))
    }
}

/// The subcostal view of the vena cava.
#[derive(Debug, Clone)]
pub(crate) struct Ivc {
    heart: Heart,
    breathing: Breathing,
    pose: Pose,
}

struct State {
    sniff: f64,
    pulse: f64,
    contraction: f64,
    kick: f64,
}

impl Ivc {
    pub(crate) fn new(heart: Heart, breathing: Breathing) -> Self {
        let tilt = 0.16;
        let (sin, cos) = (libm::sin(tilt), libm::cos(tilt));
        Ivc {
            heart,
            breathing,
            pose: Pose {
                origin: (1.5, 7.3),
                along: (cos, -sin),
                across: (sin, cos),
            },
        }
    }

    fn state(&self, t: f64) -> State {
        let phase = self.heart.cycle.phase_s(t) / self.heart.cycle.beat_s();
        State {
            sniff: self.breathing.sniff(t),
            pulse: libm::sin(2.0 * std::f64::consts::PI * phase),
            contraction: self.heart.cycle.contraction(t),
            kick: self.heart.cycle.atrial_kick(t),
        }
    }

    /// Inner diameter at the reference place s0.
    fn diameter(&self, s0: f64, st: &State) -> f64 {
        // The collapse is strongest between the hepatic vein and the atrium and less below.
        let place = lerp(0.55, 1.0, ramp(-7.0, -3.2, s0)) * (1.0 - ramp(-0.9, 0.6, s0));
        let rest = self.breathing.diameter_cm * (1.0 - 0.10 * ramp(-3.0, -8.0, s0));
        rest * (1.0 - self.breathing.collapse * st.sniff * place) * (1.0 + 0.02 * st.pulse)
    }

    fn edges(&self, s0: f64, st: &State) -> [(f64, f64); EDGES] {
        let s = s0 - SNIFF_SHIFT_CM * st.sniff * (1.0 - ramp(3.0, 9.0, s0.abs()));
        let half = self.diameter(s0, st) / 2.0;
        let bend = 0.05 * (s0 + 3.0) * (s0 + 3.0) * ramp(-3.0, -9.0, s0);
        // The atrium opens around the junction and closes again at its far wall.
        let size = 1.0 - 0.07 * st.contraction - 0.05 * st.kick;
        let open = root(ramp(JUNCTION - 0.35, JUNCTION + 1.9, s0));
        let far = root(1.0 - ramp(3.4, 5.2, s0));
        let (up, down) = (
            lerp(half, 1.75 * size, open) * far,
            lerp(half, 1.95 * size, open) * far,
        );
        [
            (s0, -12.0),
            (s, bend - up - WALL_CM),
            (s, bend - up),
            (s, bend + down),
            (s, bend + down + WALL_CM),
            (s0, 11.0),
        ]
    }

    /// The diaphragm over the liver's dome: a bright curve in front of the heart.
    fn diaphragm(&self, st: &State) -> Leaflet {
        let shift = SNIFF_SHIFT_CM * st.sniff;
        Leaflet {
            hinge: (0.05 - 0.6 * shift, -1.35),
            control: (1.5 - shift, -2.9),
            tip: (1.15 - shift, -6.2),
            thickness_cm: 0.24,
        }
    }

    /// Inside the hepatic vein (true), in its wall (false), or elsewhere.
    fn hepatic(&self, s0: f64, n: f64) -> Option<bool> {
        // From the front of the cava up and to the left, widening towards it.
        let up = -n - self.breathing.diameter_cm / 2.0;
        if !(-0.3..4.6).contains(&up) {
            return None;
        }
        let centre = HEPATIC - 0.62 * up - 0.05 * up * up;
        let half = lerp(0.46, 0.18, (up / 4.6).clamp(0.0, 1.0));
        let off = (s0 - centre).abs() * 0.85;
        (off < half + 0.10).then_some(off < half)
    }

    fn across_at(&self, place: &Place) -> f64 {
        let (dx, dz) = (place.x - self.pose.origin.0, place.z - self.pose.origin.1);
        dx * self.pose.across.0 + dz * self.pose.across.1
    }

    fn above(&self, place: &Place, s0: f64) -> Echo {
        let seed = self.heart.seed;
        let n = self.across_at(place);
        let texture = 4.0 * grain(seed ^ 0x61, place.x * 1.6, place.z * 1.6);
        // Beyond the diaphragm lies the heart: right ventricle, its wall and pericardium.
        let dome = 0.25 + 1.2 * ramp(-1.2, -3.0, n) - 0.25 * ramp(-3.5, -6.0, n);
        if s0 > dome && n < -1.2 {
            let deep = s0 - dome;
            return if (0.9..3.4).contains(&deep) && n > -4.4 {
                blood(seed, place)
            } else {
                speckle(-21.0 + 1.5 * texture)
            };
        }
        match self.hepatic(s0, n) {
            Some(true) => blood(seed, place),
            Some(false) => speckle(-19.0 + texture),
            None if portal(place.x, place.z) < 1.0 => blood(seed, place),
            None if portal(place.x, place.z) < 1.9 => speckle(-11.0 + texture),
            None => speckle(-22.5 + texture),
        }
    }

    fn below(&self, place: &Place) -> Echo {
        let seed = self.heart.seed;
        let texture = 7.0 * grain(seed ^ 0x62, place.x * 0.9, place.z * 1.5);
        // The caudate and the spine's bright face with its shadow.
        let spine = place.z - (12.6 - 0.10 * place.x + 0.25 * libm::sin(place.x * 2.1));
        if spine > 0.0 {
            return speckle(-9.0 - 13.0 * ramp(0.0, 1.1, spine) + 0.7 * texture);
        }
        speckle(-24.0 + texture)
    }
}

/// Distance to a portal branch, in its own radius: a small round vessel with bright walls.
fn portal(x: f64, z: f64) -> f64 {
    let one = |cx: f64, cz: f64, a: f64, b: f64| {
        root((x - cx) * (x - cx) / (a * a) + (z - cz) * (z - cz) / (b * b))
    };
    one(-2.3, 4.1, 0.42, 0.20).min(one(-0.7, 3.2, 0.24, 0.16))
}

impl Anatomy for Ivc {
    fn window(&self) -> (f64, f64, f64) {
        (DEPTH_CM, HALF_ANGLE, 8.0)
    }

    fn meshes(&self, t: f64) -> Vec<Mesh> {
        let st = self.state(t);
        vec![
            ROWS.mesh(&self.pose, |s0| self.edges(s0, &st)),
            haze_mesh(),
            self.diaphragm(&st).mesh(&self.pose),
        ]
    }

    fn echo(&self, place: &Place) -> Echo {
        match place.mesh {
            0 => {}
            1 => return haze(place),
            _ => return leaflet_echo(self.heart.seed, place),
        }
        let s0 = ROWS.s(place.row);
        if place.z < 1.5 {
            return chest_wall(self.heart.seed, place.x, place.z);
        }
        let wall = || speckle(-15.0 + 12.0 * libm::log10(0.25 + place.incidence));
        let n = self.across_at(place);
        match place.col {
            0 => self.above(place, s0),
            1 if self.hepatic(s0, n) == Some(true) => blood(self.heart.seed, place),
            1 | 3 => wall(),
            2 => blood(self.heart.seed, place),
            _ => self.below(place),
        }
    }

    fn gain_db(&self, r: f64, theta: f64) -> f64 {
        let bowel = 10.0 * ramp(-0.44, -0.64, theta) * ramp(3.0, 6.0, r);
        common_gain_db(self.heart.seed, r, theta, HALF_ANGLE) - bowel - 0.55 * (r - 5.0).max(0.0)
            + 2.0 * bump(8.5, 2.0, r)
    }

    fn moment(&self, t: f64) -> Moment {
        let st = self.state(t);
        let row = self.edges(MEASURED_AT, &st);
        let ends = [
            self.pose.place(row[2]).into(),
            self.pose.place(row[3]).into(),
        ];
        let wall = |edge: usize| {
            (0..9)
                .map(|i| self.edges(-5.5 + 0.6 * f64::from(i), &st))
                .filter_map(|row| row.get(edge).map(|e| self.pose.place(*e).into()))
                .collect()
        };
        let junction = self.edges(JUNCTION, &st);
        Moment {
            ventricle: None,
            ivc: Some(IvcTruth {
                diameter_cm: self.diameter(MEASURED_AT, &st),
                diameter_ends: ends,
                front_wall: wall(2),
                back_wall: wall(3),
                atrial_junction: [
                    self.pose.place(junction[2]).into(),
                    self.pose.place(junction[3]).into(),
                ],
                sniff: st.sniff,
            }),
        }
    }
}
