//! Where objects lie: `archive/incoming` while they arrive, `archive/objects` under their digest.

use super::files::{Disk, Files};
use crate::store::{DataFolder, make_private};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wire::original::Digest;

/// Ending of a file that arrives.
pub(super) const HALF: &str = "half";
/// Ending of an object.
pub(super) const WHOLE: &str = "dcm";

/// The folders. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Place {
    incoming: Arc<Path>,
    objects: Arc<Path>,
    files: Arc<dyn Files>,
}

impl Place {
    /// Below the data folder; makes what is not there.
    pub(super) fn below(data: &DataFolder) -> io::Result<Self> {
        let folder = data.path().join("archive");
        let (incoming, objects) = (folder.join("incoming"), folder.join("objects"));
        make_private(&incoming)?;
        make_private(&objects)?;
        // The names of the folders themselves.
        for folder in [folder.as_path(), data.path()] {
            std::fs::File::open(folder)?.sync_all()?;
        }
        Ok(Self {
            incoming: incoming.into(),
            objects: objects.into(),
            files: Arc::new(Disk),
        })
    }

    /// The same on another disk.
    #[cfg(test)]
    pub(super) fn on(self, files: Arc<dyn Files>) -> Self {
        Self { files, ..self }
    }

    pub(super) fn files(&self) -> &Arc<dyn Files> {
        &self.files
    }

    pub(super) fn incoming(&self) -> &Path {
        &self.incoming
    }

    pub(super) fn objects(&self) -> &Path {
        &self.objects
    }

    /// For one more that arrives.
    pub(super) fn fresh(&self) -> PathBuf {
        let name = uuid::Uuid::new_v4().simple();
        self.incoming.join(format!("{name}.{HALF}"))
    }

    /// Where an object lies.
    pub(super) fn object(&self, digest: Digest) -> PathBuf {
        self.objects.join(format!("{digest}.{WHOLE}"))
    }
}
