//! The data folder: who may read it, and that only one relay serves from it.
//!
//! Owns its permissions, the name of the database file and the lock. Command-line tools open the same database beside a
//! running relay; they take no lock. Invariant: while a `Serving` lives, no other relay serves from this folder.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Name of the database file.
const DATABASE: &str = "relay.db";
/// Owner only.
const FOLDER_MODE: u32 = 0o700;
/// Owner only.
const FILE_MODE: u32 = 0o600;
/// Any right of the group or of others.
const OTHERS: u32 = 0o077;

/// The data folder cannot be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// It could not be made or opened.
    #[error("the data folder {folder} cannot be used: {source}")]
    Use {
        /// Which.
        folder: String,
        /// Reason.
        source: io::Error,
    },
    /// Others may read it.
    #[error(
        "the data folder {folder} can be read by others on this machine (mode {mode:o}). Run: chmod 700 {folder}"
    )]
    Open {
        /// Which.
        folder: String,
        /// Its permissions.
        mode: u32,
    },
    /// Another relay serves from it.
    #[error(
        "another relay serves from {folder}. Stop it first, or give this one a folder of its own"
    )]
    Taken {
        /// Which.
        folder: String,
    },
}

/// The data folder.
#[derive(Debug, Clone)]
pub struct DataFolder {
    path: PathBuf,
}

/// The right to serve from a data folder; ends when dropped, also by a crash.
#[derive(Debug)]
pub struct Serving {
    _lock: File,
}

impl DataFolder {
    /// Uses a folder, making it if it is not there.
    ///
    /// # Errors
    /// `FolderError` when it cannot be made, or others may read it.
    pub fn at(path: &Path) -> Result<Self, FolderError> {
        let told = |source| FolderError::Use {
            folder: path.display().to_string(),
            source,
        };
        if !path.exists() {
            make_private(path).map_err(told)?;
        }
        let path = path.canonicalize().map_err(told)?;
        let mode = path.metadata().map_err(told)?.permissions().mode() & 0o777;
        // A fresh folder is closed to others below; one that already held data was open for who knows how long.
        if mode & OTHERS != 0 && path.join(DATABASE).exists() {
            return Err(FolderError::Open {
                folder: path.display().to_string(),
                mode,
            });
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(FOLDER_MODE)).map_err(told)?;
        Ok(Self { path })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the right to serve from it.
    ///
    /// # Errors
    /// `Taken` when another relay has it.
    pub fn serve(&self) -> Result<Serving, FolderError> {
        let folder = || self.path.display().to_string();
        let told = |source| FolderError::Use {
            folder: folder(),
            source,
        };
        let lock = owned()
            .create(true)
            .truncate(false)
            .open(self.path.join("relay.lock"))
            .map_err(told)?;
        match lock.try_lock() {
            Ok(()) => Ok(Serving { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Taken { folder: folder() }),
            Err(TryLockError::Error(source)) => Err(told(source)),
        }
    }

    /// The database file; it exists afterwards, for its owner only (SQLite gives its side files the same mode).
    ///
    /// # Errors
    /// `FolderError` when it cannot be made.
    pub fn database(&self) -> Result<PathBuf, FolderError> {
        let file = self.path.join(DATABASE);
        owned()
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(|source| FolderError::Use {
                folder: file.display().to_string(),
                source,
            })?;
        Ok(file)
    }

    /// Writes a small file for its owner only, whole or not at all.
    ///
    /// # Errors
    /// `FolderError` when it cannot be written.
    pub fn write_private(&self, name: &str, text: &str) -> Result<PathBuf, FolderError> {
        use std::io::Write;
        let file = self.path.join(name);
        let told = |source| FolderError::Use {
            folder: file.display().to_string(),
            source,
        };
        if let Some(parent) = file.parent() {
            make_private(parent).map_err(told)?;
        }
        let fresh = file.with_extension("new");
        let _ = std::fs::remove_file(&fresh);
        let mut handle = owned().create_new(true).open(&fresh).map_err(told)?;
        handle
            .write_all(text.as_bytes())
            .and_then(|()| handle.sync_all())
            .map_err(told)?;
        std::fs::rename(&fresh, &file).map_err(told)?;
        Ok(file)
    }
}

/// Makes a folder for its owner only, if it is not there.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
}

/// How a file for its owner only is opened.
pub(crate) fn owned() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(FILE_MODE);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_relay_serves_from_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(folder.path()).unwrap();
        let serving = data.serve().unwrap();
        assert!(matches!(data.serve(), Err(FolderError::Taken { .. })));
        drop(serving);
        assert!(data.serve().is_ok());
    }

    #[test]
    fn a_folder_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(&folder.path().join("data")).unwrap();
        data.database().unwrap();
        std::fs::set_permissions(folder.path().join("data"), PermissionsExt::from_mode(0o755))
            .unwrap();
        let refused = DataFolder::at(&folder.path().join("data"))
            .unwrap_err()
            .to_string();
        assert!(refused.contains("chmod 700"), "{refused}");
    }

    #[test]
    fn files_are_for_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(&folder.path().join("data")).unwrap();
        let files = [
            data.database().unwrap(),
            data.write_private("demo/device.key", "k").unwrap(),
        ];
        for file in files {
            assert_eq!(
                file.metadata().unwrap().permissions().mode() & 0o777,
                FILE_MODE
            );
        }
    }
}
