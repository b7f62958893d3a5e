//! Files that hold a secret: nobody but the relay's own account may read them.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use thiserror::Error;

/// A file with a secret cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PrivateFileError {
    /// It is not there, or the disk.
    #[error("{file} cannot be read: {source}")]
    Read {
        /// Which.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// Others may read it.
    #[error("{file} can be read by others (mode {mode:o}). Run: chmod 600 {file}")]
    Open {
        /// Which.
        file: String,
        /// Its permissions.
        mode: u32,
    },
}

/// The first `most` bytes of a file that is ours alone.
///
/// # Errors
/// `PrivateFileError` naming the file.
pub fn read_private(path: &Path, most: u64) -> Result<Vec<u8>, PrivateFileError> {
    let named = || path.display().to_string();
    let told = |source| PrivateFileError::Read {
        file: named(),
        source,
    };
    let file = std::fs::File::open(path).map_err(told)?;
    let mode = file.metadata().map_err(told)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PrivateFileError::Open {
            file: named(),
            mode,
        });
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(told)?;
    Ok(bytes)
}
