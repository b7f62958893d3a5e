//! Blobs: files named by the SHA-256 of their content, below the data folder.
//!
//! Owns writing them whole or not at all, reading them, and clearing away what a crash left half-written. Who may read one
//! is a row's business (`originals`). Invariant: a file under its final name is complete, durable and what its name says.

use super::folder::{DataFolder, FolderError, make_private};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use wire::original::Digest;

/// Name of the folder.
const FOLDER: &str = "blobs";
/// Ending of a file that is being written.
const HALF: &str = "half";

/// A blob was not kept or not found.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BlobError {
    /// Its content is not what its name says.
    #[error("the content is not what the name says")]
    NotItsName,
    /// The disk.
    #[error("{step}: {source}")]
    Disk {
        /// What was being done.
        step: &'static str,
        /// Reason.
        source: io::Error,
    },
    /// The task that did it was ended.
    #[error("the relay goes down")]
    Ended,
}

/// All blobs. Clones share the folder.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: Arc<Path>,
}

impl Blobs {
    /// Uses the folder below the data folder, making it if it is not there, and clears half-written files.
    ///
    /// # Errors
    /// `FolderError` when it cannot be made or read.
    pub fn open(data: &DataFolder) -> Result<Self, FolderError> {
        let folder = data.path().join(FOLDER);
        let told = |source| FolderError::Use {
            folder: folder.display().to_string(),
            source,
        };
        make_private(&folder).map_err(told)?;
        for found in fs::read_dir(&folder).map_err(told)? {
            let path = found.map_err(told)?.path();
            if path.extension().is_some_and(|ending| ending == HALF) {
                fs::remove_file(&path).map_err(told)?;
            }
        }
        Ok(Self {
            folder: folder.into(),
        })
    }

    /// Keeps a blob; it is durable when this answers. One that is there already is left as it is.
    ///
    /// # Errors
    /// `NotItsName`, or the disk's.
    pub async fn put(&self, name: Digest, bytes: Vec<u8>) -> Result<(), BlobError> {
        let path = self.path(name);
        tokio::task::spawn_blocking(move || write(&path, name, &bytes))
            .await
            .map_err(|_| BlobError::Ended)?
    }

    /// Keeps a group; all of it is durable when this answers. Files are synced side by side, which a journal makes one
    /// write of, and their names once for all of them.
    ///
    /// # Errors
    /// `NotItsName`, or the disk's; then some of them may be there.
    pub async fn put_all(&self, group: Vec<(Digest, Vec<u8>)>) -> Result<(), BlobError> {
        let folder = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || write_all(&folder, &group))
            .await
            .map_err(|_| BlobError::Ended)?
    }

    /// Opens a blob for reading and says how long it is; none when it is not here.
    ///
    /// # Errors
    /// The disk's.
    pub async fn open_blob(
        &self,
        name: Digest,
    ) -> Result<Option<(tokio::fs::File, u64)>, BlobError> {
        let failed = |source| BlobError::Disk {
            step: "open a blob",
            source,
        };
        let file = match tokio::fs::File::open(self.path(name)).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let length = file.metadata().await.map_err(failed)?.len();
        Ok(Some((file, length)))
    }

    /// The whole of a blob; none when it is not here.
    #[cfg(test)]
    async fn get(&self, name: Digest) -> Result<Option<Vec<u8>>, BlobError> {
        let path = self.path(name);
        let read = tokio::task::spawn_blocking(move || fs::read(path))
            .await
            .map_err(|_| BlobError::Ended)?;
        match read {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(BlobError::Disk {
                step: "read a blob",
                source,
            }),
        }
    }

    fn path(&self, name: Digest) -> PathBuf {
        self.folder.join(name.to_string())
    }
}

/// Files that are synced side by side.
const SYNCED_AT_ONCE: usize = 4;

fn write(path: &Path, name: Digest, bytes: &[u8]) -> Result<(), BlobError> {
    write_file(path, name, bytes)?;
    sync_folder(path.parent().unwrap_or(path))
}

fn write_all(folder: &Path, group: &[(Digest, Vec<u8>)]) -> Result<(), BlobError> {
    let share = group.len().div_ceil(SYNCED_AT_ONCE).max(1);
    let write_share = |part: &[(Digest, Vec<u8>)]| {
        part.iter()
            .try_for_each(|(name, bytes)| write_file(&folder.join(name.to_string()), *name, bytes))
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = group
            .chunks(share)
            .map(|part| scope.spawn(move || write_share(part)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| BlobError::Ended)?)
    })?;
    sync_folder(folder)
}

fn sync_folder(folder: &Path) -> Result<(), BlobError> {
    recording::sync_folder(folder).map_err(|source| BlobError::Disk {
        step: "make a blob's name durable",
        source,
    })
}

/// Writes a file under its final name; its content is durable, its name not yet. One that is there stays.
fn write_file(path: &Path, name: Digest, bytes: &[u8]) -> Result<(), BlobError> {
    if Digest::from_bytes(Sha256::digest(bytes).into()) != name {
        return Err(BlobError::NotItsName);
    }
    if path.exists() {
        return Ok(());
    }
    let failed = |step| move |source| BlobError::Disk { step, source };
    // Two writers of one blob write the same bytes, each to a file of its own.
    let half = path.with_extension(format!("{}.{HALF}", uuid::Uuid::new_v4().simple()));
    let done = (|| {
        let mut file = super::folder::owned()
            .create_new(true)
            .open(&half)
            .map_err(failed("make a blob"))?;
        file.write_all(bytes).map_err(failed("write a blob"))?;
        file.sync_all().map_err(failed("make a blob durable"))?;
        fs::rename(&half, path).map_err(failed("name a blob"))
    })();
    if done.is_err() {
        // What is left is cleared at the next start.
        let _ = fs::remove_file(&half);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(bytes: &[u8]) -> Digest {
        Digest::from_bytes(Sha256::digest(bytes).into())
    }

    #[tokio::test]
    async fn a_blob_is_kept_under_its_name_and_only_under_that() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&DataFolder::at(folder.path()).unwrap()).unwrap();
        let name = digest(b"a frame");
        assert!(blobs.get(name).await.unwrap().is_none());
        blobs.put(name, b"a frame".to_vec()).await.unwrap();
        blobs.put(name, b"a frame".to_vec()).await.unwrap();
        assert_eq!(blobs.get(name).await.unwrap().unwrap(), b"a frame");
        let wrong = blobs.put(digest(b"x"), b"a frame".to_vec()).await;
        assert!(matches!(wrong, Err(BlobError::NotItsName)));
        assert!(blobs.get(digest(b"x")).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_group_is_kept_whole_and_one_that_lies_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&DataFolder::at(folder.path()).unwrap()).unwrap();
        let named = |n: u8| (digest(&[n; 9]), vec![n; 9]);
        let group: Vec<_> = (0..11).map(named).collect();
        blobs.put(group[3].0, group[3].1.clone()).await.unwrap();
        blobs.put_all(group.clone()).await.unwrap();
        blobs.put_all(Vec::new()).await.unwrap();
        for (name, bytes) in group {
            assert_eq!(blobs.get(name).await.unwrap().unwrap(), bytes);
            let (_, length) = blobs.open_blob(name).await.unwrap().unwrap();
            assert_eq!(length, 9);
        }
        let lies = vec![named(20), (digest(b"x"), b"y".to_vec())];
        assert!(matches!(
            blobs.put_all(lies).await,
            Err(BlobError::NotItsName)
        ));
        assert!(blobs.open_blob(digest(b"x")).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_a_crash_left_is_cleared_and_what_is_whole_stays() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(folder.path()).unwrap();
        let blobs = Blobs::open(&data).unwrap();
        let name = digest(b"whole");
        blobs.put(name, b"whole".to_vec()).await.unwrap();
        let half = folder.path().join(FOLDER).join(format!("{name}.1.{HALF}"));
        fs::write(&half, b"wh").unwrap();
        let again = Blobs::open(&data).unwrap();
        assert!(!half.exists());
        assert!(again.get(name).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_disk_that_takes_nothing_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&DataFolder::at(folder.path()).unwrap()).unwrap();
        fs::remove_dir_all(folder.path().join(FOLDER)).unwrap();
        let name = digest(b"lost");
        let refused = blobs.put(name, b"lost".to_vec()).await;
        assert!(matches!(refused, Err(BlobError::Disk { .. })));
        assert!(blobs.get(name).await.unwrap().is_none());
    }
}
