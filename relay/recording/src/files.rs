//! What a writer asks of a file system, so that tests can let it fail at any step.
//!
//! Owns creating, syncing and removing; reading goes straight to the system, because it changes nothing. Files are
//! readable by this user only. A file whose sync failed is given up, never synced again: the system may have dropped what
//! it could not write and would call the second attempt a success.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// A segment being written.
pub trait SegmentFile: Write + Send {
    /// Returns when the bytes and the length are durable.
    ///
    /// # Errors
    /// The system's; the file is of no use afterwards.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file system.
pub trait Files: Send + Sync {
    /// Makes a file.
    ///
    /// # Errors
    /// `AlreadyExists`, or the system's.
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;

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

impl SegmentFile for File {
    fn sync(&mut self) -> io::Result<()> {
        // Data and what is needed to read it back, which includes the length.
        self.sync_data()
    }
}

impl Files for Disk {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Box::new(options.open(path)?))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn room(&self, folder: &Path) -> io::Result<u64> {
        room(folder)
    }
}

/// Makes the names in a folder durable.
///
/// # Errors
/// The system's.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    // Only Unix opens folders; elsewhere a name is as durable as the system makes it.
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

/// Bytes that this user may still write to the disk that a folder is on; elsewhere than on Unix no bound is known.
///
/// # Errors
/// The system's.
#[cfg(unix)]
pub fn room(folder: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Bytes that this user may still write to the disk that a folder is on; elsewhere than on Unix no bound is known.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn room(_folder: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}
