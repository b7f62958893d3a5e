//! Where objects lie: `archive/incoming` while they arrive, `archive/objects` under their digest.

use super::files::{Disk, Files};
use crate::store::{DataFolder, make_private};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wire::original::Digest;

/// Name of the archive's folder.
const FOLDER: &str = "archive";
/// Name of the folder of objects in it.
const OBJECTS: &str = "objects";
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

/// The folder of objects that are here, for who reads one. Clones share it.
#[derive(Debug, Clone)]
pub struct Objects {
    folder: Arc<Path>,
}

impl Objects {
    /// Of an archive in the data folder, whether there is one yet or not.
    #[must_use]
    pub fn beside(data: &DataFolder) -> Self {
        Self {
            folder: data.path().join(FOLDER).join(OBJECTS).into(),
        }
    }

    /// Where an object lies.
    #[must_use]
    pub fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(format!("{digest}.{WHOLE}"))
    }
}

impl Place {
    /// Below the data folder; makes what is not there.
    pub(super) fn below(data: &DataFolder) -> io::Result<Self> {
        let folder = data.path().join(FOLDER);
        let (incoming, objects) = (folder.join("incoming"), folder.join(OBJECTS));
        make_private(&incoming)?;
        make_private(&objects)?;
        // The names of the folders themselves.
        for folder in [folder.as_path(), data.path()] {
            recording::sync_folder(folder)?;
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
