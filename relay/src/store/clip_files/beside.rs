//! Files of clips that came with the UID of another one, in a folder of their own: no name there is a clip of a consult.

use super::{ClipFault, ClipFiles, failed, make_private};
use std::fs;
use std::io;
use std::sync::Arc;
use wire::{ClipId, ConsultId};

/// Name of the folder.
const BESIDE: &str = "clips-beside";

impl ClipFiles {
    /// Those that came with the UID of another one, in a folder beside this one.
    #[must_use]
    pub fn beside_others(&self) -> Self {
        let data = self.folder.parent().unwrap_or(&self.folder);
        Self {
            folder: data.join(BESIDE).into(),
            disk: Arc::clone(&self.disk),
        }
    }

    /// Makes a whole one from there a clip of its consult; durable when this answers.
    ///
    /// # Errors
    /// The disk's.
    pub fn bring_over(&self, consult: ConsultId, clip: ClipId) -> Result<(), ClipFault> {
        let from = self.beside_others().whole(consult, clip);
        let to = self.whole(consult, clip);
        let folder = to.parent().unwrap_or(&self.folder);
        make_private(folder).map_err(failed("make a consult's folder"))?;
        fs::rename(from, &to).map_err(failed("name a clip"))?;
        for folder in to.ancestors().skip(1).take(2) {
            recording::sync_folder(folder).map_err(failed("make a clip's name durable"))?;
        }
        Ok(())
    }

    /// Removes what lies under an id, whole or half.
    ///
    /// # Errors
    /// The disk's.
    pub fn forget(&self, consult: ConsultId, clip: ClipId) -> Result<(), ClipFault> {
        self.discard(consult, clip)?;
        match fs::remove_file(self.whole(consult, clip)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove a clip's file")(error))
            }
            _ => Ok(()),
        }
    }
}
