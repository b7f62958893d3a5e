//! Whether the files of a case's clip are what somebody looked at.
//!
//! Owns the comparison with the digest of the tick, for whatever is shown and whatever leaves. What leaves is compared each time and
//! read from the files that were compared; for what is shown the comparison stands while length, time of change and inode of the
//! files do, so that a frame does not cost a reading of the whole clip.

use super::shelf::{CaseFile, CaseShelf};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use sha2::{Digest as _, Sha256};
use std::collections::VecDeque;
use std::io::{self, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, PoisonError};
use thiserror::Error;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::Mutex;
use wire::CaseId;
use wire::case::CaseMade;
use wire::clip::ClipHead;
use wire::original::Digest;

/// Read of a file, and given on, at once.
pub(super) const PIECE_BYTES: usize = 64 * 1024;
/// Clips whose comparison is remembered: the cases that are open at the same time.
const MAX_COMPARED: usize = 64;

/// A clip of a case is not what somebody looked at.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChangedFault {
    /// A file could not be read.
    #[error("comparing a file of a case: {0}")]
    File(#[from] io::Error),
    /// It has another digest.
    #[error("a clip of the case is not what was looked at")]
    Changed,
}

/// Inode, length and moment of the last change of a file.
type Stamp = (u64, u64, i64, i64);

/// What was compared: the digest of the tick, and the files that had it.
type Compared = (Digest, Vec<Stamp>);

/// Clips that are compared at the same time; another case's frames do not wait for a long one, unless many are read.
const MAX_AT_ONCE: usize = 8;

/// Comparisons that stand. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Comparisons(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// The one that was asked for last first.
    standing: std::sync::Mutex<VecDeque<Compared>>,
    /// By a clip's digest: held while it is read, so that its frames do not all read it.
    reading: [Mutex<()>; MAX_AT_ONCE],
}

impl Comparisons {
    fn reading(&self, of: Digest) -> &Mutex<()> {
        let [first, ..] = of.bytes();
        let [some, ..] = &self.0.reading;
        self.0
            .reading
            .get(usize::from(first) % MAX_AT_ONCE)
            .unwrap_or(some)
    }

    fn stands(&self, compared: &Compared) -> bool {
        let mut standing = self
            .0
            .standing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(at) = standing.iter().position(|one| one == compared) else {
            return false;
        };
        if let Some(one) = standing.remove(at) {
            standing.push_front(one);
        }
        true
    }

    fn note(&self, compared: Compared) {
        let mut standing = self
            .0
            .standing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        standing.truncate(MAX_COMPARED - 1);
        standing.push_front(compared);
    }
}

impl CaseShelf {
    /// Compares the files of a clip with what was looked at, unless that was done and they are the same files.
    ///
    /// # Errors
    /// `ChangedFault`; then nothing of it may be shown.
    pub async fn compare(
        &self,
        case: CaseId,
        made: &CaseMade,
        head: &ClipHead,
    ) -> Result<(), ChangedFault> {
        let mut stamps = Vec::new();
        for what in parts(made) {
            let about = tokio::fs::metadata(self.path(case, head, what)).await?;
            stamps.push((about.ino(), about.len(), about.ctime(), about.ctime_nsec()));
        }
        let compared = (made.digest, stamps);
        let comparisons = self.comparisons();
        let _reading = comparisons.reading(made.digest).lock().await;
        if !comparisons.stands(&compared) {
            opened(self, case, made, head).await?;
            comparisons.note(compared);
        }
        Ok(())
    }

    /// Opens one file of a clip after all of them were compared with what was looked at. Gives its length and its bytes.
    ///
    /// # Errors
    /// `ChangedFault`.
    pub async fn take(
        &self,
        case: CaseId,
        (made, head): (&CaseMade, &ClipHead),
        what: CaseFile,
    ) -> Result<(u64, impl Stream<Item = io::Result<Bytes>> + use<>), ChangedFault> {
        let files = opened(self, case, made, head).await?;
        let [clip, marks, measurements, log] = files;
        let file = match what {
            CaseFile::Clip => clip,
            CaseFile::Marks => marks,
            CaseFile::Measurements => measurements,
            CaseFile::Log => log,
        };
        let (_, file) = file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let length = file.metadata().await?.len();
        let pieces = stream::try_unfold(file, |mut file| async move {
            let mut piece = vec![0; PIECE_BYTES];
            let bytes = read(&mut file, &mut piece).await?;
            Ok(bytes.map(Bytes::copy_from_slice).map(|bytes| (bytes, file)))
        });
        Ok((length, pieces))
    }
}

/// The files that a clip has, in the order of its digest.
fn parts(made: &CaseMade) -> impl Iterator<Item = CaseFile> {
    [
        (CaseFile::Clip, true),
        (CaseFile::Marks, made.marks),
        (CaseFile::Measurements, made.measurements),
        (CaseFile::Log, made.log),
    ]
    .into_iter()
    .filter_map(|(what, is_there)| is_there.then_some(what))
}

/// Opens clip, marks, measurements and log, each with its name in an archive, and compares them with what was looked at. They stay open,
/// so what was compared is what leaves.
pub(super) async fn opened(
    shelf: &CaseShelf,
    case: CaseId,
    made: &CaseMade,
    head: &ClipHead,
) -> Result<[Option<(String, File)>; 4], ChangedFault> {
    let mut whole = Sha256::new();
    let [mut clip, mut marks, mut measurements, mut log] = [const { None }; 4];
    for what in parts(made) {
        let mut opened = File::open(shelf.path(case, head, what)).await?;
        let mut own = Sha256::new();
        let mut piece = vec![0; PIECE_BYTES];
        while let Some(bytes) = read(&mut opened, &mut piece).await? {
            own.update(bytes);
            whole.update(bytes);
        }
        opened.seek(SeekFrom::Start(0)).await?;
        let own = Digest::from_bytes(own.finalize().into());
        let file = Some((format!("{own}.{}", what.ending()), opened));
        match what {
            CaseFile::Clip => clip = file,
            CaseFile::Marks => marks = file,
            CaseFile::Measurements => measurements = file,
            CaseFile::Log => log = file,
        }
    }
    if Digest::from_bytes(whole.finalize().into()) != made.digest {
        return Err(ChangedFault::Changed);
    }
    Ok([clip, marks, measurements, log])
}

/// The next bytes of a file; none at its end.
pub(super) async fn read<'a>(file: &mut File, piece: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
    let read = file.read(piece).await?;
    Ok(piece.get(..read).filter(|bytes| !bytes.is_empty()))
}
