//! The point spread of the probe: what a single scatterer looks like.
//!
//! Owns: the blur along the beam (the pulse), across it (the beam, wider away from the focus and,
//! in centimetres, with depth) and the side lobes. Called by `speckle` between collecting echoes and
//! compressing them. Invariant: kernels have unit energy, so that blurring random echoes keeps
//! their mean power.

use crate::scan::PolarGrid;

/// Standard deviation of the pulse along the beam.
const PULSE_SIGMA_CM: f64 = 0.034;
/// Standard deviation of the beam across, in degrees, at the focus; it grows away from it.
const BEAM_SIGMA_DEG: f64 = 0.62;
/// Extra width per centimetre away from the focus, as a part of the focal width.
const DEFOCUS_PER_CM: f64 = 0.085;
/// Half width of the kernel across, in beams.
const BEAM_TAPS: usize = 7;
const PULSE_TAPS: usize = 4;
/// Side lobes: level against the main lobe and the decay from beam to beam.
const SIDE_LOBE: f32 = 0.020;
const SIDE_LOBE_DECAY: f32 = 0.90;
/// Real and imaginary part of the echo for each polar sample.
pub(crate) struct Echoes {
    pub(crate) re: Vec<f32>,
    pub(crate) im: Vec<f32>,
}

/// Kernels for one grid.
pub(crate) struct PointSpread {
    samples: usize,
    beams: usize,
    pulse: Vec<f32>,
    /// Weight of each tap across for each sample: `[tap * samples + sample]`.
    beam: Vec<f32>,
}

impl PointSpread {
    pub(crate) fn new(grid: &PolarGrid, focus_cm: f64) -> Self {
        PointSpread {
            samples: grid.samples,
            beams: grid.beams,
            pulse: pulse_kernel(grid),
            beam: beam_kernel(grid, focus_cm),
        }
    }

    pub(crate) fn along(&self, echoes: &mut Echoes) {
        let mut line = vec![0.0_f32; self.samples + 2 * PULSE_TAPS];
        for plane in [&mut echoes.re, &mut echoes.im] {
            for beam in plane.chunks_exact_mut(self.samples) {
                for (to, from) in line.iter_mut().skip(PULSE_TAPS).zip(beam.iter()) {
                    *to = *from;
                }
                for (out, window) in beam.iter_mut().zip(line.windows(2 * PULSE_TAPS + 1)) {
                    *out = window.iter().zip(&self.pulse).map(|(x, k)| x * k).sum();
                }
            }
        }
    }

    pub(crate) fn across(&self, echoes: &Echoes) -> Echoes {
        Echoes {
            re: self.across_plane(&echoes.re),
            im: self.across_plane(&echoes.im),
        }
    }

    fn across_plane(&self, plane: &[f32]) -> Vec<f32> {
        let samples = self.samples;
        let mut out = side_lobes(plane, samples);
        for (tap, weights) in self.beam.chunks_exact(samples).enumerate() {
            for (beam, line) in out.chunks_exact_mut(samples).enumerate() {
                let source = beam + tap;
                if source < BEAM_TAPS || source - BEAM_TAPS >= self.beams {
                    continue;
                }
                let start = (source - BEAM_TAPS) * samples;
                let from = plane.get(start..start + samples).unwrap_or_default();
                for ((o, x), w) in line.iter_mut().zip(from).zip(weights) {
                    *o += x * w;
                }
            }
        }
        out
    }
}

fn normalised(kernel: Vec<f64>) -> Vec<f32> {
    let energy: f64 = kernel.iter().map(|k| k * k).sum();
    kernel.iter().map(|k| (k / energy.sqrt()) as f32).collect()
}

fn gauss(x: f64, sigma: f64) -> f64 {
    libm::exp(-0.5 * x * x / (sigma * sigma))
}

fn pulse_kernel(grid: &PolarGrid) -> Vec<f32> {
    let sigma = (PULSE_SIGMA_CM * f64::from(grid.samples_per_cm())).max(0.7);
    let taps = PULSE_TAPS as i32;
    normalised((-taps..=taps).map(|i| gauss(f64::from(i), sigma)).collect())
}

fn beam_kernel(grid: &PolarGrid, focus_cm: f64) -> Vec<f32> {
    let taps = BEAM_TAPS as i32;
    let kernels: Vec<Vec<f32>> = (0..grid.samples)
        .map(|i| {
            let off_focus = (grid.place(i).0 - focus_cm).abs();
            let degrees = BEAM_SIGMA_DEG * (1.0 + DEFOCUS_PER_CM * off_focus);
            let sigma = (degrees.to_radians() * f64::from(grid.beams_per_rad())).max(0.7);
            normalised((-taps..=taps).map(|k| gauss(f64::from(k), sigma)).collect())
        })
        .collect();
    (0..2 * BEAM_TAPS + 1)
        .flat_map(|tap| {
            kernels
                .iter()
                .map(move |k| k.get(tap).copied().unwrap_or(0.0))
        })
        .collect()
}

/// Leakage into neighbouring beams: an exponential tail to both sides.
fn side_lobes(plane: &[f32], samples: usize) -> Vec<f32> {
    let mut out = vec![0.0_f32; plane.len()];
    let mut tail = vec![0.0_f32; samples];
    let mut run = |from: &[f32], to: &mut [f32]| {
        for ((t, x), o) in tail.iter_mut().zip(from).zip(to) {
            *o += SIDE_LOBE * *t;
            *t = *t * SIDE_LOBE_DECAY + x;
        }
    };
    for (from, to) in plane
        .chunks_exact(samples)
        .zip(out.chunks_exact_mut(samples))
    {
        run(from, to);
    }
    run(&vec![0.0; samples], &mut vec![0.0; samples]);
    for (from, to) in plane
        .chunks_exact(samples)
        .zip(out.chunks_exact_mut(samples))
        .rev()
    {
        run(from, to);
    }
    out
}
