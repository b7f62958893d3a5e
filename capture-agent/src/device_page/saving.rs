//! What the page needs of whoever saves clips.
//!
//! Owns the seam: saving itself is `clip`'s. A page without it says so.

use crate::clip::{PatientFacts, Progress, Saver, VisitUnread, Wish};
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

    /// Whom the next clip shows; nothing while nobody is named.
    fn patient(&self) -> Option<PatientFacts>;

    /// Somebody has just written who it is: frames of the patient before are let go.
    ///
    /// # Errors
    /// `VisitUnread`: nothing can be saved with these facts.
    fn look_at_visit(&self) -> Result<(), VisitUnread>;
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

    fn patient(&self) -> Option<PatientFacts> {
        self.visit().patient()
    }

    fn look_at_visit(&self) -> Result<(), VisitUnread> {
        Self::look_at_visit(self)
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
