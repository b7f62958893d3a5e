//! The disk under the archive, as little of it as the order of steps needs; tests put a disk there that dies.

use crate::store::owned;
use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Files and their names.
pub(super) trait Files: Debug + Send + Sync {
    /// Makes a file that is not there.
    fn create(&self, path: &Path) -> io::Result<Box<dyn HalfFile>>;
    /// Gives a file another name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Takes a name away.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// A file that is being written.
pub(super) trait HalfFile: Debug + Send + Sync + Write {
    /// Writes over its beginning.
    fn write_start(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes its bytes durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// The disk that there is.
#[derive(Debug)]
pub(super) struct Disk;

impl Files for Disk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn HalfFile>> {
        Ok(Box::new(owned().create_new(true).open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        recording::sync_folder(folder)
    }
}

impl HalfFile for File {
    fn write_start(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, 0)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
