//! The files of cases, and their frames.
//!
//! Owns where they lie: `cases/<case>/<clip>.dcm` below the data folder, under ids of ours. Frames are read as those of other
//! clips are.

use super::looked::Comparisons;
use crate::replay::{Found, ReplayFault, Shelf, Still};
use crate::store::{About, ClipFiles, ClipRow};
use std::path::PathBuf;
use std::sync::Arc;
use wire::clip::{ClipHead, ClipTable};
use wire::{CaseId, ConsultId, FrameIndex};

/// What of a clip leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseFile {
    /// The clip.
    Clip,
    /// What was drawn on it.
    Marks,
    /// What was measured on it.
    Measurements,
    /// How the consult went around it.
    Log,
}

impl CaseFile {
    /// Ending of its name where it leaves.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Clip | Self::Marks | Self::Measurements => "dcm",
            Self::Log => "json",
        }
    }
}

/// Files of all cases. Clones share them.
#[derive(Clone)]
pub struct CaseShelf {
    files: ClipFiles,
    frames: Shelf,
    comparisons: Comparisons,
}

impl CaseShelf {
    /// Beside the clips of consults.
    #[must_use]
    pub fn beside(clips: &ClipFiles) -> Self {
        let files = clips.of_cases();
        Self {
            frames: Shelf::new(files.clone()),
            comparisons: Comparisons::default(),
            files,
        }
    }

    /// The files themselves; a case has the place that a consult has among theirs.
    pub(super) fn files(&self) -> &ClipFiles {
        &self.files
    }

    pub(super) fn comparisons(&self) -> &Comparisons {
        &self.comparisons
    }

    /// The frame table of a clip.
    ///
    /// # Errors
    /// `ReplayFault`.
    pub async fn table(&self, case: CaseId, head: ClipHead) -> Result<ClipTable, ReplayFault> {
        self.frames.table(found(case, head)).await
    }

    /// A frame of a clip as a browser shows it.
    ///
    /// # Errors
    /// `ReplayFault`.
    pub async fn still(
        &self,
        case: CaseId,
        head: ClipHead,
        index: FrameIndex,
    ) -> Result<Still, ReplayFault> {
        self.frames.still(found(case, head), index).await
    }

    /// Where a file lies.
    #[must_use]
    pub fn path(&self, case: CaseId, head: &ClipHead, what: CaseFile) -> PathBuf {
        let place = place(case);
        match what {
            CaseFile::Clip => self.files.whole(place, head.clip),
            CaseFile::Marks => self.files.about(place, head.clip, About::Marks),
            CaseFile::Measurements => self.files.about(place, head.clip, About::Measurements),
            CaseFile::Log => self.files.log(place, head.clip),
        }
    }

    /// Lets go of what is open of a case, so that the disk has its room again when the files are gone.
    pub(super) fn close(&self, case: CaseId) {
        self.frames.close(place(case));
    }
}

/// A case in the place of a consult.
pub(super) fn place(case: CaseId) -> ConsultId {
    ConsultId::from_uuid(case.uuid())
}

fn found(case: CaseId, head: ClipHead) -> Found {
    let row = ClipRow {
        head,
        times: Vec::new(),
        kept: true,
    };
    Found {
        consult: place(case),
        row: Arc::new(row),
    }
}
