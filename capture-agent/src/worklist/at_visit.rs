//! The worklist for an agent that runs: whom to ask, and where the patient is written.

use crate::config::{WorklistSettings, today};
use std::path::PathBuf;
use wire::CaptureTime;

/// What the device page needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtVisit {
    /// Whom to ask.
    pub settings: WorklistSettings,
    /// The agent's own file, whose `[patient]` is replaced.
    pub file: PathBuf,
    /// Local time against UTC, for the day that is asked about.
    pub utc_offset_minutes: i16,
}

impl AtVisit {
    /// The day it is here, as `20261127`.
    #[must_use]
    pub fn today(&self, now: CaptureTime) -> Option<String> {
        today(self.utc_offset_minutes, now)
    }
}
