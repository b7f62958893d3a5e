//! Arithmetic that gives the same bits on every machine.
//!
//! Owns: the random sequence, smooth steps and the fast kernels of the simulation. It knows nothing
//! of hearts or pictures; every other module calls it. Invariant: only IEEE-exact operations
//! (+ - * / sqrt) and the pure-Rust `libm` are used, never the platform's `sin` or `exp`, because
//! those differ in the last bit between C libraries and the committed clips are compared by bytes.

use std::f64::consts::PI;

/// SplitMix64 (Steele, Lea, Flood 2014): tiny, seedable, the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A sequence of its own for each (`seed`, `purpose`), so that adding a consumer moves no other.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        Rng(mix(seed ^ mix(purpose.wrapping_add(0x9E37_79B9_7F4A_7C15))))
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// Uniform in `0..1`.
    pub(crate) fn unit(&mut self) -> f32 {
        // 24 bits: exactly representable in an f32.
        (self.next_u64() >> 40) as f32 / 16_777_216.0
    }

    /// Standard normal, as the sum of twelve uniforms (Irwin–Hall): no logarithm, tails to ±6.
    pub(crate) fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.unit()).sum::<f32>() - 6.0
    }
}

/// The output function of SplitMix64, also a good hash of one word.
pub(crate) fn mix(word: u64) -> u64 {
    let a = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let b = (a ^ (a >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    b ^ (b >> 31)
}

/// Value noise in 0..1 over the plane: smooth, unit cell 1, material texture of muscle and liver.
pub(crate) fn value_noise(seed: u64, x: f64, y: f64) -> f64 {
    let (x0, y0) = (libm::floor(x), libm::floor(y));
    let corner = |i: f64, j: f64| {
        let word = mix(seed ^ mix(((i as i64) as u64) ^ mix((j as i64) as u64)));
        (word >> 11) as f64 / (1u64 << 53) as f64
    };
    let (u, v) = (smooth(x - x0), smooth(y - y0));
    let top = lerp(corner(x0, y0), corner(x0 + 1.0, y0), u);
    let bottom = lerp(corner(x0, y0 + 1.0), corner(x0 + 1.0, y0 + 1.0), u);
    lerp(top, bottom, v)
}

pub(crate) fn lerp(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

/// Smooth step of `t` clamped to 0..1.
pub(crate) fn smooth(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Smooth step from 0 at `from` to 1 at `to`.
pub(crate) fn ramp(from: f64, to: f64, x: f64) -> f64 {
    smooth((x - from) / (to - from))
}

/// A bell of height 1 and half width `half` around `centre`, exactly 0 outside.
pub(crate) fn bump(centre: f64, half: f64, x: f64) -> f64 {
    smooth(1.0 - (x - centre).abs() / half)
}

/// `sqrt` that treats a negative argument as 0, for ellipses evaluated beyond their end.
pub(crate) fn root(x: f64) -> f64 {
    if x > 0.0 { x.sqrt() } else { 0.0 }
}

pub(crate) fn amplitude(db: f64) -> f32 {
    libm::pow(10.0, db / 20.0) as f32
}

/// Arc tangent for |x| ≤ 0.9, error below 6e-4 rad (a tenth of a beam); sectors are within ±42°.
#[inline]
pub(crate) fn fast_atan(x: f32) -> f32 {
    let x2 = x * x;
    // The [3/4] Padé approximant.
    x * (105.0 + 55.0 * x2) / (105.0 + (90.0 + 9.0 * x2) * x2)
}

/// Binary logarithm of a positive normal number, error below 2e-3 (0.006 dB of power).
#[inline]
pub(crate) fn fast_log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = ((bits >> 23) as i32 - 127) as f32;
    let m = f32::from_bits((bits & 0x007F_FFFF) | 0x3F80_0000);
    // Minimax polynomial of ln(m) on 1..2, turned into binary.
    let ln = -1.741_793_9
        + (2.821_202_6 + (-1.469_956_8 + (0.447_179_55 - 0.056_570_85 * m) * m) * m) * m;
    exponent + std::f32::consts::LOG2_E * ln
}

/// Steps of the phasor table: 4096 per turn keep the phase error below a tenth of a degree.
const PHASOR_STEPS: usize = 4096;

/// Cosine and sine by table, for millions of phasors a frame.
pub(crate) struct Phasors(Vec<[f32; 2]>);

impl Phasors {
    pub(crate) fn new() -> Self {
        let step = 2.0 * PI / PHASOR_STEPS as f64;
        Phasors(
            (0..PHASOR_STEPS)
                .map(|i| {
                    [
                        libm::cos(step * i as f64) as f32,
                        libm::sin(step * i as f64) as f32,
                    ]
                })
                .collect(),
        )
    }

    /// The phasor of a non-negative angle in turns.
    #[inline]
    pub(crate) fn at(&self, turns: f32) -> [f32; 2] {
        let index = (turns * PHASOR_STEPS as f32) as usize & (PHASOR_STEPS - 1);
        self.0.get(index).copied().unwrap_or([1.0, 0.0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_random_sequence_never_changes() {
        let mut rng = Rng::new(1, 2);
        let first: Vec<u64> = (0..2).map(|_| rng.next_u64()).collect();
        assert_eq!(first, [Rng::new(1, 2).next_u64(), first[1]]);
        assert_ne!(Rng::new(1, 3).next_u64(), first[0]);
    }

    #[test]
    fn fast_kernels_are_close_enough() {
        for i in 1..180 {
            let x = i as f32 / 200.0;
            assert!((fast_atan(x) - libm::atanf(x)).abs() < 6e-4, "atan {x}");
            let y = x * 1e4;
            assert!((fast_log2(y) - libm::log2f(y)).abs() < 2e-3, "log2 {y}");
        }
    }
}
