//! Small files that are replaced in one go: a crash leaves the old one or the new one.
//!
//! Owns how. What is written is the callers': the choices of the device page, the patient of a visit.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::Path;

/// Beside it, synced, then in its place. Only this user reads the new one, unless it is to have other rights.
pub(crate) fn replace(path: &Path, bytes: &[u8], rights: Option<Permissions>) -> io::Result<()> {
    let beside = path.with_extension("part");
    let written = (|| {
        let mut file = private(&beside)?;
        file.write_all(bytes)?;
        if let Some(rights) = rights {
            file.set_permissions(rights)?;
        }
        file.sync_all()?;
        drop(file);
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written?;
    sync_folder(path)
}

/// The new name survives a power cut too.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file; the system keeps its names in order.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
