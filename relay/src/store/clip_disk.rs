//! The disk under clips that arrive, as little of it as the order of steps needs; tests put a disk there that fails or dies.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// What a clip that arrives asks of a disk.
pub(super) trait ClipDisk: Debug + Send + Sync {
    /// Takes some of the bytes.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    /// Makes the bytes of a file durable.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Gives a file its name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        recording::sync_folder(folder)
    }
}

/// The disk that there is.
#[derive(Debug)]
pub(super) struct Disk;

impl ClipDisk for Disk {}

/// A file on such a disk.
pub(super) struct On<'a>(pub(super) &'a dyn ClipDisk, pub(super) &'a mut File);

impl Write for On<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(self.1, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
