//! The disk under the archive, as little of it as the order of steps needs; tests put a disk there that dies.

use crate::store::owned;
use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
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
    /// Lets the disk begin with bytes that are written, beside what goes on. It promises nothing, and no fault of it counts.
    fn write_back(&mut self, _written: Range<u64>) {}
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

    /// The sync at the end then waits for the last bytes and not for all of them; a disk that takes nothing is that sync's to tell.
    #[cfg(target_os = "linux")]
    fn write_back(&mut self, written: Range<u64>) {
        use std::os::fd::AsRawFd as _;
        let [from, bytes] = [written.start, written.end - written.start]
            .map(|at| libc::off64_t::try_from(at).unwrap_or(0));
        // SAFETY: the descriptor is open as long as `self` is; the call reads and writes no memory of ours.
        unsafe {
            libc::sync_file_range(self.as_raw_fd(), from, bytes, libc::SYNC_FILE_RANGE_WRITE);
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
