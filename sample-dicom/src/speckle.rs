//! From scatterers to a log-compressed polar picture.
//!
//! Owns: collecting echoes, noise, gain over depth, log compression and the grey map; `psf` blurs. Input are meshes at a
//! time, output are bytes per beam and sample; `scan` makes the sector of it. Invariant: the same
//! inputs give the same bytes; a frame does not depend on frames made before it.

use crate::math::{Phasors, Rng, fast_atan, fast_log2, lerp};
use crate::mesh::{Mesh, Scatterer, inside};
use crate::psf::{Echoes, PointSpread};
use crate::scan::PolarGrid;

/// Wavelength of 2.6 MHz in tissue; the echo's phase turns twice over it.
const WAVELENGTH_CM: f32 = 0.059;
/// Receiver noise at the surface and its rise with depth (time gain compensation lifts it).
const NOISE_DB: f64 = -58.0;
const NOISE_RISE_DB_PER_CM: f64 = 1.05;

/// Which picture levels become black and white.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compression {
    pub(crate) black_db: f32,
    pub(crate) white_db: f32,
}

/// Everything about the machine that does not change from frame to frame.
pub(crate) struct Imager {
    grid: PolarGrid,
    phasors: Phasors,
    spread: PointSpread,
    /// Amplitude gain and noise for each polar sample.
    gain: Vec<f32>,
    noise_level: Vec<f32>,
    noise: Vec<[f32; 2]>,
    grey: Vec<u8>,
    compression: Compression,
    seed: u64,
}

impl Imager {
    /// `gain_db(r, theta)` is the view's brightness: shadows, drop-out, gain over depth.
    pub(crate) fn new(
        grid: PolarGrid,
        focus_cm: f64,
        compression: Compression,
        seed: u64,
        gain_db: &dyn Fn(f64, f64) -> f64,
    ) -> Self {
        let mut rng = Rng::new(seed, 0x4E01);
        let noise = (0..grid.len())
            .map(|_| [rng.normal(), rng.normal()])
            .collect();
        let each = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f32> {
            (0..grid.len())
                .map(|i| {
                    let (r, theta) = grid.place(i);
                    libm::pow(10.0, f(r, theta) / 20.0) as f32
                })
                .collect()
        };
        Imager {
            phasors: Phasors::new(),
            spread: PointSpread::new(&grid, focus_cm),
            gain: each(gain_db),
            noise_level: each(&|r, _| NOISE_DB + NOISE_RISE_DB_PER_CM * r),
            noise,
            grey: grey_map(),
            compression,
            seed,
            grid,
        }
    }

    /// The polar picture of tissue at a time; `frame` chooses the noise.
    pub(crate) fn picture(&self, scatterers: &[Scatterer], meshes: &[Mesh], frame: u64) -> Vec<u8> {
        let mut echoes = self.collect(scatterers, meshes);
        self.spread.along(&mut echoes);
        let echoes = self.spread.across(&echoes);
        let sharp = self.compress(&echoes, frame);
        soften(&sharp, self.grid.samples)
    }

    /// Drops every scatterer at its place, with the phase of its distance.
    #[expect(
        clippy::indexing_slicing,
        reason = "kernel: the index is checked against the grid once"
    )]
    fn collect(&self, scatterers: &[Scatterer], meshes: &[Mesh]) -> Echoes {
        let (samples, beams) = (self.grid.samples, self.grid.beams);
        let mut re = vec![0.0_f32; self.grid.len()];
        let mut im = vec![0.0_f32; self.grid.len()];
        let (per_cm, per_rad) = (self.grid.samples_per_cm(), self.grid.beams_per_rad());
        let first_beam = (self.grid.centre - self.grid.half_angle) as f32;
        for s in scatterers {
            let Some(mesh) = meshes.get(s.mesh as usize) else {
                continue;
            };
            let Some(corners) = mesh.corners(s.node as usize) else {
                continue;
            };
            let [x, z] = inside(&corners, s.down, s.across);
            if z <= 0.05 || x.abs() > z {
                continue;
            }
            let r = (x * x + z * z).sqrt();
            let (u, v) = (r * per_cm, (fast_atan(x / z) - first_beam) * per_rad);
            if u < 0.0 || v < 0.0 {
                continue;
            }
            let (i, j) = (u as usize, v as usize);
            if i + 1 >= samples || j + 1 >= beams {
                continue;
            }
            let [c, q] = match s.phase {
                Some(phase) => self.phasors.at(phase + 2.0 * r / WAVELENGTH_CM),
                None => [1.0, 0.0],
            };
            let (a, b) = (u - i as f32, v - j as f32);
            let (near, far) = (s.amplitude * (1.0 - a), s.amplitude * a);
            let at = j * samples + i;
            for (place, w) in [
                (at, near * (1.0 - b)),
                (at + 1, far * (1.0 - b)),
                (at + samples, near * b),
                (at + samples + 1, far * b),
            ] {
                re[place] += w * c;
                im[place] += w * q;
            }
        }
        Echoes { re, im }
    }

    fn compress(&self, echoes: &Echoes, frame: u64) -> Vec<u8> {
        // Fresh noise for each frame: the same field, entered at another place.
        let shift =
            Rng::new(self.seed, frame ^ 0x5EED).next_u64() as usize % self.noise.len().max(1);
        let noise = self.noise.iter().cycle().skip(shift);
        let Compression { black_db, white_db } = self.compression;
        let scale = 255.0 / (white_db - black_db);
        // 10·log10(p) = 3.0103·log2(p)
        let (per_octave, offset) = (3.010_3 * scale, -black_db * scale);
        let signal = echoes
            .re
            .iter()
            .zip(&echoes.im)
            .zip(self.gain.iter().zip(&self.noise_level));
        signal
            .zip(noise)
            .map(|(((re, im), (gain, level)), n)| {
                let x = re * gain + n[0] * level;
                let y = im * gain + n[1] * level;
                let value = offset + per_octave * fast_log2(x * x + y * y + 1e-9);
                self.grey
                    .get(value.clamp(0.0, 255.0) as usize)
                    .copied()
                    .unwrap_or(0)
            })
            .collect()
    }
}

/// The speckle reduction of the machine: each level is averaged with its neighbours along and
/// across the beam, weights 1-2-1.
fn soften(polar: &[u8], samples: usize) -> Vec<u8> {
    let smooth3 =
        |a: u8, b: u8, c: u8| ((u16::from(a) + 2 * u16::from(b) + u16::from(c) + 2) >> 2) as u8;
    let mut across = polar.to_vec();
    let neighbours = polar
        .iter()
        .zip(polar.iter().skip(samples))
        .zip(polar.iter().skip(2 * samples));
    for (out, ((a, b), c)) in across.iter_mut().skip(samples).zip(neighbours) {
        *out = smooth3(*a, *b, *c);
    }
    let mut both = across.clone();
    for (out, window) in both.iter_mut().skip(1).zip(across.windows(3)) {
        if let [a, b, c] = window {
            *out = smooth3(*a, *b, *c);
        }
    }
    both
}

/// A gentle S: darker lows, so that blood is black, and soft highlights.
fn grey_map() -> Vec<u8> {
    (0..256)
        .map(|i| {
            let x = f64::from(i) / 255.0;
            let s = lerp(x, x * x * (3.0 - 2.0 * x), 0.75);
            (libm::pow(s, 1.12) * 247.0) as u8
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::{Echo, seed_scatterers};

    fn slab(shift: f32) -> Mesh {
        Mesh {
            cols: 2,
            nodes: vec![
                [-9.0, 1.0 + shift],
                [9.0, 1.0 + shift],
                [-9.0, 12.0 + shift],
                [9.0, 12.0 + shift],
            ],
        }
    }

    #[test]
    fn speckle_of_even_tissue_has_rayleigh_contrast() {
        let grid = PolarGrid {
            samples: 300,
            beams: 120,
            centre: 0.0,
            half_angle: 0.6,
            depth_cm: 14.0,
        };
        let imager = Imager::new(
            grid.clone(),
            7.0,
            Compression {
                black_db: -50.0,
                white_db: 10.0,
            },
            1,
            &|_, _| 0.0,
        );
        let meshes = [slab(0.0)];
        let points = seed_scatterers(&meshes, &grid, &mut Rng::new(1, 1), &|_| Echo::Speckle(1.0));
        let mut echoes = imager.collect(&points, &meshes);
        imager.spread.along(&mut echoes);
        let echoes = imager.spread.across(&echoes);
        let envelope: Vec<f64> = (40..80)
            .flat_map(|b| (100..200).map(move |s| b * 300 + s))
            .map(|i| f64::from(echoes.re[i] * echoes.re[i] + echoes.im[i] * echoes.im[i]).sqrt())
            .collect();
        let n = envelope.len() as f64;
        let mean = envelope.iter().sum::<f64>() / n;
        let deviation = (envelope
            .iter()
            .map(|e| (e - mean) * (e - mean))
            .sum::<f64>()
            / n)
            .sqrt();
        // Mean over standard deviation of a Rayleigh envelope is 1.91.
        let ratio = mean / deviation;
        assert!((1.7..2.15).contains(&ratio), "{ratio}");
    }

    #[test]
    fn speckle_moves_with_the_tissue() {
        let grid = PolarGrid {
            samples: 300,
            beams: 120,
            centre: 0.0,
            half_angle: 0.6,
            depth_cm: 14.0,
        };
        let imager = Imager::new(
            grid.clone(),
            7.0,
            Compression {
                black_db: -50.0,
                white_db: 10.0,
            },
            1,
            &|_, _| 0.0,
        );
        let points = seed_scatterers(&[slab(0.0)], &grid, &mut Rng::new(1, 1), &|_| {
            Echo::Speckle(1.0)
        });
        let first = imager.picture(&points, &[slab(0.0)], 0);
        // Half a centimetre deeper: 10.7 samples; the middle beam looks along the motion.
        let second = imager.picture(&points, &[slab(0.5)], 1);
        let line = |p: &[u8], shift: usize| -> Vec<f64> {
            (100..180)
                .map(|s| f64::from(p[60 * 300 + s + shift]))
                .collect()
        };
        let moved = correlation(&line(&first, 0), &line(&second, 11));
        let still = correlation(&line(&first, 0), &line(&second, 0));
        assert!(
            moved > 0.6 && moved > still + 0.4,
            "moved {moved} still {still}"
        );
    }

    fn correlation(a: &[f64], b: &[f64]) -> f64 {
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let (ma, mb) = (mean(a), mean(b));
        let dot = |f: &dyn Fn(usize) -> f64| (0..a.len()).map(f).sum::<f64>();
        dot(&|i| (a[i] - ma) * (b[i] - mb))
            / (dot(&|i| (a[i] - ma) * (a[i] - ma)) * dot(&|i| (b[i] - mb) * (b[i] - mb))).sqrt()
    }
}
