//! What the page needs of whoever saves clips.
//!
//! Owns the seam: saving itself is `clip`'s. A page without it says so.

use crate::clip::{Progress, Saver, Wish};
use crate::spool::{SpoolError, Unsent};
use tokio::sync::watch;
use wire::clip::SaveWhat;
use wire::{ClipId, device};

/// Saves clips.
pub trait Saving: Send + Sync {
    /// Takes the frames now; the last value stays.
    fn save(&self, clip: ClipId, what: SaveWhat, view: Option<String>)
    -> watch::Receiver<Progress>;

    /// Finished clips that do not go to this agent's consult by themselves; none without a consult.
    fn waiting(&self) -> Vec<Unsent>;

    /// One of them belongs to this agent's consult. False when it is not there any more.
    ///
    /// # Errors
    /// The step that failed.
    fn send(&self, clip: ClipId) -> Result<bool, SpoolError>;
}

impl Saving for Saver {
    fn save(
        &self,
        clip: ClipId,
        what: SaveWhat,
        view: Option<String>,
    ) -> watch::Receiver<Progress> {
        let wish = Wish {
            clip,
            what,
            view,
            asked_in: None,
        };
        Self::save(self, wish)
    }

    fn waiting(&self) -> Vec<Unsent> {
        let Some((consult, whom)) = self.visit().consult() else {
            return Vec::new();
        };
        let mut unsent = self.spool().unsent();
        unsent.retain(|it| !it.known.belongs.goes_to(consult, whom));
        unsent
    }

    fn send(&self, clip: ClipId) -> Result<bool, SpoolError> {
        match self.visit().consult() {
            Some((consult, _)) => self.spool().assign(clip, consult),
            None => Ok(false),
        }
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
