//! A clip that arrives: appended to, made durable, and given its name when it is whole.
//!
//! Owns one half file and what is durable of it. Called by `clip_files`, which knows where it lies. Everything here blocks. Invariants:
//! `sync` answers after bytes and name are durable; from a file whose sync failed once nobody goes on, because the kernel
//! tells a lost page only once and a second sync would succeed over the hole.

use super::clip_disk::{ClipDisk, On};
use super::clip_files::{ClipFault, failed};
use super::folder::owned;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wire::original::Digest;

/// Read at once for the digest.
const DIGEST_READ_BYTES: usize = 256 * 1024;

/// A clip that arrives.
#[derive(Debug)]
pub struct Half {
    disk: Arc<dyn ClipDisk>,
    file: File,
    path: PathBuf,
    whole: PathBuf,
    /// Bytes written.
    at: u64,
    /// Bytes that are durable.
    synced: u64,
    /// Bytes that were here when it was opened.
    found: u64,
    /// The name of the half file is durable.
    named: bool,
}

impl Half {
    /// Opens what is here, or begins it; it gets the second name when it is whole.
    pub(super) fn resume(
        disk: Arc<dyn ClipDisk>,
        (path, whole): (PathBuf, PathBuf),
        bytes: u64,
    ) -> Result<Self, ClipFault> {
        let mut file = owned()
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open a clip that arrives"))?;
        let at = file
            .seek(SeekFrom::End(0))
            .map_err(failed("measure a clip that arrives"))?;
        let mut half = Self {
            disk,
            file,
            path,
            whole,
            at,
            synced: at,
            found: at,
            named: false,
        };
        if at > bytes {
            // Not what was offered: it begins again.
            half.begin_again()?;
        }
        if let Err(error) = half.disk.sync(&half.file) {
            half.is_lost();
            return Err(failed("make what is here of a clip durable")(error));
        }
        Ok(half)
    }

    /// Bytes that are here, durable or not.
    #[must_use]
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// Bytes that are here and not durable yet.
    #[must_use]
    pub const fn unsynced(&self) -> u64 {
        self.at - self.synced
    }

    /// Whether it went on from what lay here before: a crash of the machine may have left what nobody wrote.
    #[must_use]
    pub const fn is_resumed(&self) -> bool {
        self.found > 0
    }

    /// Appends.
    ///
    /// # Errors
    /// The disk's; what was written of it is taken back, or the transfer has to begin again.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ClipFault> {
        let written = On(&*self.disk, &mut self.file).write_all(bytes);
        if let Err(error) = written {
            let _ = self.file.set_len(self.at);
            let _ = self.file.seek(SeekFrom::Start(self.at));
            return Err(failed("write a clip")(error));
        }
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Makes what is here durable, and gives how much that is.
    ///
    /// # Errors
    /// The disk's; then nothing of it is here any more.
    pub fn sync(&mut self) -> Result<u64, ClipFault> {
        if let Err(error) = self.sync_all() {
            self.is_lost();
            return Err(error);
        }
        self.synced = self.at;
        Ok(self.synced)
    }

    fn sync_all(&mut self) -> Result<(), ClipFault> {
        self.disk
            .sync(&self.file)
            .map_err(failed("make a clip durable"))?;
        if !self.named {
            self.sync_names()?;
            self.named = true;
        }
        Ok(())
    }

    /// Its name in the folder of its consult, and that folder's.
    fn sync_names(&self) -> Result<(), ClipFault> {
        for folder in self.path.ancestors().skip(1).take(2) {
            self.disk
                .sync_folder(folder)
                .map_err(failed("make a clip's name durable"))?;
        }
        Ok(())
    }

    /// What a failed sync left is not known: whoever opens it begins again.
    fn is_lost(&mut self) {
        if self.begin_again().is_err() {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Begins again from nothing.
    ///
    /// # Errors
    /// The disk's.
    pub fn begin_again(&mut self) -> Result<(), ClipFault> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .map_err(failed("empty a clip that arrives"))?;
        (self.at, self.synced, self.found) = (0, 0, 0);
        Ok(())
    }

    /// SHA-256 of what is here, as it comes back from the disk.
    ///
    /// # Errors
    /// The disk's.
    pub fn digest(&self) -> Result<Digest, ClipFault> {
        digest_of(&self.path).map(|(_, digest)| digest)
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name; durable when this answers.
    ///
    /// # Errors
    /// The disk's.
    pub fn finish(mut self) -> Result<(), ClipFault> {
        self.sync()?;
        self.disk
            .rename(&self.path, &self.whole)
            .map_err(failed("name a clip"))?;
        self.sync_names()
    }
}

/// Length and SHA-256 of a file.
pub(super) fn digest_of(path: &Path) -> Result<(u64, Digest), ClipFault> {
    const STEP: &str = "read a clip for its digest";
    let mut file = File::open(path).map_err(failed(STEP))?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; DIGEST_READ_BYTES]);
    loop {
        let read = file.read(&mut buffer).map_err(failed(STEP))?;
        if read == 0 {
            return Ok((bytes, Digest::from_bytes(hash.finalize().into())));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}
