//! Certificates and keys as an operator keeps them: files in PEM (RFC 7468).
//!
//! Invariant: a key that others can read is refused.

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

/// A file is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PemFault {
    /// It is not there, or not ours, or no PEM of this kind.
    #[error("{file} cannot be read: {source}")]
    Read {
        /// Which.
        file: String,
        /// Why.
        source: pem::Error,
    },
    /// It is PEM of something else.
    #[error("{0} holds no certificate")]
    Empty(String),
    /// Others may read the key.
    #[error("{file} can be read by others (mode {mode:o}). Run: chmod 600 {file}")]
    Open {
        /// Which.
        file: String,
        /// Its permissions.
        mode: u32,
    },
}

/// The certificates in a file, in its order.
///
/// # Errors
/// `PemFault`, also for a file without any.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, PemFault> {
    let told = |source| PemFault::Read {
        file: file.display().to_string(),
        source,
    };
    let all = CertificateDer::pem_file_iter(file).map_err(told)?;
    let all = all.collect::<Result<Vec<_>, _>>().map_err(told)?;
    if all.is_empty() {
        return Err(PemFault::Empty(file.display().to_string()));
    }
    Ok(all)
}

/// The private key in a file that nobody else reads.
///
/// # Errors
/// `PemFault`.
pub fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, PemFault> {
    let key = PrivateKeyDer::from_pem_file(file).map_err(|source| PemFault::Read {
        file: file.display().to_string(),
        source,
    })?;
    match mode(file) {
        mode if mode & 0o077 != 0 => Err(PemFault::Open {
            file: file.display().to_string(),
            mode,
        }),
        _ => Ok(key),
    }
}

#[cfg(unix)]
fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata()
        .map_or(0, |about| about.permissions().mode() & 0o777)
}

/// Elsewhere the folder's rights are the system's business.
#[cfg(not(unix))]
fn mode(_: &Path) -> u32 {
    0
}
