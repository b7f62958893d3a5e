//! What the estimator is given at first, and what it says about itself. Data only.

use crate::signals::Phase;
use crate::trend::Usage;
use crate::units::BitRate;
use std::time::Duration;

/// Between what the target stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Not below.
    pub min: BitRate,
    /// Not above, and probes look no further. Some times what the encoder can use: then the pacer sees that the link is
    /// wide and lets frames leave at once.
    pub max: BitRate,
}

/// What the estimator says about itself. Never load-bearing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stats {
    /// The target.
    pub target: BitRate,
    /// What the rate is doing.
    pub phase: Phase,
    /// What the line through the delay says.
    pub usage: Usage,
    /// The bound that loss set, while it holds.
    pub loss_based: Option<BitRate>,
    /// What every packet waited of late.
    pub queueing_delay: Duration,
    /// Share of packets lost of late.
    pub loss_share: f64,
    /// From sending to hearing of it, smoothed.
    pub round_trip: Option<Duration>,
    /// What went through in the last half second.
    pub acknowledged: Option<BitRate>,
    /// What the link carried when it was last full.
    pub capacity: Option<BitRate>,
    /// Nothing was heard for too long.
    pub silent: bool,
    /// Probes asked for so far.
    pub probes: u64,
}
