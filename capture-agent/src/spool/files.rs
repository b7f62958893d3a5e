//! What the spool asks of a file system, so that tests can let it fail at any step.
//!
//! Owns creating, syncing, renaming and removing; reading goes straight to the system, because it changes nothing.
//! Files are readable by this user only. A file whose sync failed is given up, never synced again: the system may
//! have dropped what it could not write and would call the second attempt a success.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::Path;

/// A file being written.
pub trait SpoolFile: Write + Seek + Send {
    /// Returns when the bytes are durable.
    ///
    /// # Errors
    /// The system's; the file is of no use afterwards.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file system.
pub trait Files: Send + Sync {
    /// Makes a file; one of that name that is there already is emptied.
    ///
    /// # Errors
    /// The system's.
    fn create(&self, path: &Path) -> io::Result<Box<dyn SpoolFile>>;

    /// Gives a file another name, replacing what had it.
    ///
    /// # Errors
    /// The system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Returns when the names in a folder are durable.
    ///
    /// # Errors
    /// The system's.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// The system's.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Bytes that this user may still write.
    ///
    /// # Errors
    /// The system's.
    fn room(&self, folder: &Path) -> io::Result<u64>;
}

/// The real one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl SpoolFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl Files for Disk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SpoolFile>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Box::new(options.open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        recording::sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn room(&self, folder: &Path) -> io::Result<u64> {
        recording::room(folder)
    }
}
