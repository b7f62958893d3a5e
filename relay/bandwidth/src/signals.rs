//! What the control of the rate is told at each report, and what it answers. Data only.

use crate::loss::Verdict;
use crate::trend::Usage;
use crate::units::BitRate;
use std::time::{Duration, Instant};

/// What the estimator knows at one report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signals {
    pub(crate) usage: Usage,
    /// The standing queue, its least in the last second, and its change over 300 ms.
    pub(crate) standing_ms: f64,
    pub(crate) least_of_late_ms: f64,
    pub(crate) change_ms: f64,
    /// What went through in half a second, and of late.
    pub(crate) acked: Option<BitRate>,
    pub(crate) acked_of_late: Option<BitRate>,
    pub(crate) loss: Verdict,
    pub(crate) round_trip: Duration,
    /// When the newest packet reported was sent.
    pub(crate) newest_sent: Instant,
}

/// What the rate is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Phase {
    /// It grows as far as there is evidence.
    Growing,
    /// The queue drains.
    Draining,
    /// It waits for the effect of the last change.
    Holding,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing worth telling.
    Same,
    /// The link was found full.
    Congested,
    /// The queue is gone.
    Drained,
    /// The rate was lowered for loss alone.
    CutForLoss,
}
