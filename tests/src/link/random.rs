//! The random sequence of the lab: one seed, one run, the same on every machine.
//!
//! SplitMix64 (Steele, Lea, Flood 2014). Each purpose has a sequence of its own, so that a link that loses more does not
//! wander otherwise.

/// What a sequence is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Packets that are lost one by one.
    Alone,
    /// Packets that are lost together.
    Bursts,
    /// How late packets are.
    Jitter,
    /// How the rate wanders.
    Rate,
    /// How long a trouble lasts.
    Trouble,
    /// What the other direction does.
    Downward,
}

/// A sequence.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64, purpose: Purpose) -> Self {
        Self(mix(seed ^ mix((purpose as u64).wrapping_add(GAMMA))))
    }

    /// The next number in `0..1`.
    pub(super) fn unit(&mut self) -> f64 {
        unit(self.word())
    }

    /// Whether something of this probability happens now.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// The next word, also a seed for somebody else.
    pub(super) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }
}

/// A number in `0..1` that belongs to a place in a sequence, whatever was asked before.
pub(super) fn unit_at(seed: u64, place: u64) -> f64 {
    unit(mix(seed ^ mix(place.wrapping_add(GAMMA))))
}

/// The golden ratio of 2^64, the step of SplitMix64.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(word: u64) -> u64 {
    let a = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let b = (a ^ (a >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    b ^ (b >> 31)
}

fn unit(word: u64) -> f64 {
    // 53 bits: exactly representable.
    (word >> 11) as f64 / (1u64 << 53) as f64
}
