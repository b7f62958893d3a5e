//! What the page needs of whoever saves clips.
//!
//! Owns the seam: saving itself is `clip`'s. A page without it says so.

use crate::clip::{Progress, Saver, Wish};
use tokio::sync::watch;
use wire::clip::SaveWhat;
use wire::{ClipId, device};

/// Saves clips.
pub trait Saving: Send + Sync {
    /// Takes the frames now; the last value stays.
    fn save(&self, clip: ClipId, what: SaveWhat, view: Option<String>)
    -> watch::Receiver<Progress>;
}

impl Saving for Saver {
    fn save(
        &self,
        clip: ClipId,
        what: SaveWhat,
        view: Option<String>,
    ) -> watch::Receiver<Progress> {
        Self::save(self, Wish { clip, what, view })
    }
}

/// As the page is told.
pub(super) const fn stage(progress: Progress) -> device::SaveStage {
    match progress {
        Progress::Waiting => device::SaveStage::Waiting,
        Progress::Safe { .. } => device::SaveStage::Safe,
        Progress::Finished => device::SaveStage::Finished,
        Progress::Missing(reason) => device::SaveStage::Missing { reason },
    }
}
