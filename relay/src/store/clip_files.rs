//! Clips as files: `clips/<consult>/<clip>.dcm` below the data folder, `.half` while they arrive.
//!
//! Owns the folder and what lies in it under which name; a half file is `half_clip`'s while it is written. Names are ids of ours,
//! never anything that a file says. What is offered and kept is a row's business (`clips`). Everything here blocks: it is
//! called where blocking is allowed. Invariant: a file under its final name is complete and durable.

mod beside;

use super::clip_disk::{ClipDisk, Disk};
use super::folder::{DataFolder, FolderError, make_private, owned};
use super::half_clip::{Half, digest_of};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use wire::original::Digest;
use wire::{ClipId, ConsultId};

/// Name of the folder.
const FOLDER: &str = "clips";
/// Name of the folder of cases.
const CASES: &str = "cases";
/// Name of the folder of files that pages bring.
const PAGES: &str = "page-files";
/// Ending of a clip that is kept.
const WHOLE: &str = "dcm";
/// Ending of one that arrives.
const HALF: &str = "half";

/// A clip's file could not be written or read.
#[derive(Debug, Error)]
#[error("{step}: {source}")]
pub struct ClipFault {
    /// What was being done.
    step: &'static str,
    /// Reason.
    source: io::Error,
}

impl ClipFault {
    /// A step that failed.
    pub(crate) const fn new(step: &'static str, source: io::Error) -> Self {
        Self { step, source }
    }
}

pub(super) fn failed(step: &'static str) -> impl FnOnce(io::Error) -> ClipFault {
    move |source| ClipFault { step, source }
}

/// Ending of the log of a case's clip.
const LOG: &str = "log.json";

/// What an object says about a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum About {
    /// What was drawn on it, as a presentation state.
    Marks,
    /// What was measured on it, as a report.
    Measurements,
}

impl About {
    const fn ending(self) -> &'static str {
        match self {
            Self::Marks => "marks.dcm",
            Self::Measurements => "measurements.dcm",
        }
    }
}

/// All clips' files. Clones share the folder.
#[derive(Debug, Clone)]
pub struct ClipFiles {
    folder: Arc<Path>,
    disk: Arc<dyn ClipDisk>,
}

impl ClipFiles {
    fn at(folder: PathBuf) -> Self {
        Self {
            folder: folder.into(),
            disk: Arc::new(Disk),
        }
    }

    /// The same files on another disk.
    #[cfg(test)]
    pub(super) fn on(self, disk: Arc<dyn ClipDisk>) -> Self {
        Self { disk, ..self }
    }

    /// Uses the folder below the data folder, making it if it is not there, and clears half files that no row knows.
    ///
    /// # Errors
    /// `FolderError` when it cannot be made or read.
    pub fn open(
        data: &DataFolder,
        arriving: &HashSet<(ConsultId, ClipId)>,
    ) -> Result<Self, FolderError> {
        let folder = data.path().join(FOLDER);
        let told = |source| FolderError::Use {
            folder: folder.display().to_string(),
            source,
        };
        make_private(&folder).map_err(told)?;
        let files = Self::at(folder.clone());
        let known: HashSet<PathBuf> = arriving
            .iter()
            .map(|(consult, clip)| files.path(*consult, *clip, HALF))
            .collect();
        for consult in fs::read_dir(&folder).map_err(told)? {
            let consult = consult.map_err(told)?.path();
            if !consult.is_dir() {
                continue;
            }
            for found in fs::read_dir(&consult).map_err(told)? {
                let path = found.map_err(told)?.path();
                let is_half = path.extension().is_some_and(|ending| ending == HALF);
                if is_half && !known.contains(&path) {
                    fs::remove_file(&path).map_err(told)?;
                }
            }
        }
        Ok(files)
    }

    /// Uses the folder beside a relay that runs: nothing in it is cleared.
    #[must_use]
    pub fn beside(data: &DataFolder) -> Self {
        Self::at(data.path().join(FOLDER))
    }

    /// Those of cases, in a folder of their own beside this one.
    #[must_use]
    pub fn of_cases(&self) -> Self {
        let data = self.folder.parent().unwrap_or(&self.folder);
        Self {
            folder: data.join(CASES).into(),
            disk: Arc::clone(&self.disk),
        }
    }

    /// Those that pages bring, in a folder of their own beside this one: a row is made when one is whole, so nothing but time says
    /// which of them nobody wants.
    #[must_use]
    pub fn of_pages(&self) -> Self {
        let data = self.folder.parent().unwrap_or(&self.folder);
        Self {
            folder: data.join(PAGES).into(),
            disk: Arc::clone(&self.disk),
        }
    }

    /// Removes half files that grew no more for so long; gives how many are left.
    ///
    /// # Errors
    /// The disk's.
    pub fn forget_idle(&self, idle: Duration) -> Result<usize, ClipFault> {
        make_private(&self.folder).map_err(failed("make the folder of clips"))?;
        let mut left = 0;
        for consult in fs::read_dir(&self.folder).map_err(failed("look for half clips"))? {
            let consult = consult.map_err(failed("look for half clips"))?.path();
            for half in fs::read_dir(&consult).into_iter().flatten().flatten() {
                let written = half.metadata().and_then(|about| about.modified());
                let rests = written.ok().and_then(|written| written.elapsed().ok());
                if rests.is_some_and(|rests| rests > idle) {
                    fs::remove_file(half.path()).map_err(failed("remove a half clip"))?;
                } else {
                    left += 1;
                }
            }
        }
        Ok(left)
    }

    /// Writes a whole clip, durable before it has its name.
    ///
    /// # Errors
    /// The disk's, or what `write` says; then nothing is there.
    pub fn replace_whole<E: From<ClipFault>>(
        &self,
        consult: ConsultId,
        clip: ClipId,
        write: impl FnOnce(&mut File) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = self.whole(consult, clip);
        let folder = path.parent().unwrap_or(&self.folder);
        make_private(folder).map_err(failed("make the folder of clips"))?;
        let new = path.with_extension("new");
        let mut file = owned()
            .create(true)
            .truncate(true)
            .open(&new)
            .map_err(failed("write a clip"))?;
        if let Err(error) = write(&mut file) {
            // What is left of it is found under no name.
            let _ = fs::remove_file(&new);
            return Err(error);
        }
        file.sync_all()
            .and_then(|()| fs::rename(&new, &path))
            .and_then(|()| recording::sync_folder(folder))
            .map_err(failed("make a clip durable"))?;
        Ok(())
    }

    /// The folder that holds one folder for each id.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, consult: ConsultId, clip: ClipId, ending: &str) -> PathBuf {
        self.folder
            .join(consult.to_string())
            .join(format!("{clip}.{ending}"))
    }

    /// Where a clip lies that is kept.
    #[must_use]
    pub fn whole(&self, consult: ConsultId, clip: ClipId) -> PathBuf {
        self.path(consult, clip, WHOLE)
    }

    /// Where a clip lies that arrives.
    #[must_use]
    pub fn half(&self, consult: ConsultId, clip: ClipId) -> PathBuf {
        self.path(consult, clip, HALF)
    }

    /// Length and SHA-256 of a clip that is kept, as it comes back from the disk.
    ///
    /// # Errors
    /// The disk's.
    pub fn measured(&self, consult: ConsultId, clip: ClipId) -> Result<(u64, Digest), ClipFault> {
        digest_of(&self.whole(consult, clip))
    }

    /// Where an object about a clip lies: its marks, its measurements.
    #[must_use]
    pub fn about(&self, consult: ConsultId, clip: ClipId, what: About) -> PathBuf {
        self.path(consult, clip, what.ending())
    }

    /// Keeps an object about a clip, in the place of an earlier one.
    ///
    /// # Errors
    /// The disk's; the earlier one is still there then.
    pub fn keep_about(
        &self,
        (consult, clip): (ConsultId, ClipId),
        what: About,
        bytes: &[u8],
    ) -> Result<(), ClipFault> {
        self.keep_beside(&self.about(consult, clip, what), bytes)
    }

    /// Where the log of a case's clip lies. It is no DICOM object, so no archive is given it.
    #[must_use]
    pub fn log(&self, place: ConsultId, clip: ClipId) -> PathBuf {
        self.path(place, clip, LOG)
    }

    /// Keeps the log of a case's clip.
    ///
    /// # Errors
    /// The disk's.
    pub fn keep_log(
        &self,
        (place, clip): (ConsultId, ClipId),
        bytes: &[u8],
    ) -> Result<(), ClipFault> {
        self.keep_beside(&self.log(place, clip), bytes)
    }

    fn keep_beside(&self, path: &Path, bytes: &[u8]) -> Result<(), ClipFault> {
        let half = path.with_extension("new");
        owned()
            .create(true)
            .truncate(true)
            .open(&half)
            .and_then(|mut file| {
                file.write_all(bytes)?;
                file.sync_all()
            })
            .map_err(failed("write an object about a clip"))?;
        fs::rename(&half, path)
            .and_then(|()| recording::sync_folder(path.parent().unwrap_or(&self.folder)))
            .map_err(failed("make an object about a clip durable"))
    }

    /// Opens what is here of a clip that arrives, or begins it.
    ///
    /// # Errors
    /// The disk's.
    pub fn resume(&self, consult: ConsultId, clip: ClipId, whole: u64) -> Result<Half, ClipFault> {
        let path = self.half(consult, clip);
        make_private(path.parent().unwrap_or(&self.folder))
            .map_err(failed("make a consult's folder"))?;
        Half::resume(
            Arc::clone(&self.disk),
            (path, self.whole(consult, clip)),
            whole,
        )
    }

    /// How much of a clip that arrives is durable; whoever writes it at present may not have synced it yet.
    ///
    /// # Errors
    /// The disk's; then nothing of it is here any more.
    pub fn durable(&self, consult: ConsultId, clip: ClipId) -> Result<u64, ClipFault> {
        let file = match File::open(self.half(consult, clip)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            file => file.map_err(failed("open a clip that arrives"))?,
        };
        let here = file.metadata().map(|about| about.len());
        let here = here.map_err(failed("measure a clip that arrives"))?;
        if let Err(error) = self.disk.sync(&file) {
            // The next sync may succeed without what this one lost: nobody goes on from it.
            self.discard(consult, clip)?;
            return Err(failed("make what is here of a clip durable")(error));
        }
        Ok(here)
    }

    /// Forgets a clip that arrives.
    ///
    /// # Errors
    /// The disk's.
    pub fn discard(&self, consult: ConsultId, clip: ClipId) -> Result<(), ClipFault> {
        match fs::remove_file(self.half(consult, clip)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove a clip that arrived")(error))
            }
            _ => Ok(()),
        }
    }

    /// Bytes that this program may still write to the disk.
    ///
    /// # Errors
    /// The disk's.
    pub fn room(&self) -> Result<u64, ClipFault> {
        recording::room(&self.folder).map_err(failed("see how much room the disk has"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};
    use std::time::SystemTime;

    #[test]
    fn a_clip_goes_on_where_it_ended_and_gets_its_name_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(folder.path()).unwrap();
        let files = ClipFiles::open(&data, &HashSet::new()).unwrap();
        let (consult, clip) = (ConsultId::random(), ClipId::random());
        let mut half = files.resume(consult, clip, 8).unwrap();
        half.write(b"abcd").unwrap();
        assert_eq!((half.unsynced(), half.sync().unwrap()), (4, 4));
        drop(half);
        // As after a crash: the row knows it, another half file is nobody's.
        let stray = files.half(consult, ClipId::random());
        fs::write(&stray, b"x").unwrap();
        let files = ClipFiles::open(&data, &HashSet::from([(consult, clip)])).unwrap();
        assert!(!stray.exists());
        let mut half = files.resume(consult, clip, 8).unwrap();
        assert!(half.at() == 4 && half.is_resumed());
        half.write(b"efgh").unwrap();
        let digest = Digest::from_bytes(Sha256::digest(b"abcdefgh").into());
        assert_eq!(half.digest().unwrap(), digest);
        half.finish().unwrap();
        assert_eq!(fs::read(files.whole(consult, clip)).unwrap(), b"abcdefgh");
        assert!(!files.half(consult, clip).exists());
    }

    #[test]
    fn half_files_of_pages_go_when_they_rest_for_long_and_no_sooner() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(folder.path()).unwrap();
        let files = ClipFiles::beside(&data).of_pages();
        let [idle, fresh] = [(); 2].map(|()| (ConsultId::random(), ClipId::random()));
        for (consult, clip) in [idle, fresh] {
            files
                .resume(consult, clip, 8)
                .unwrap()
                .write(b"ab")
                .unwrap();
        }
        let day = Duration::from_secs(86_400);
        let old = File::options()
            .append(true)
            .open(files.half(idle.0, idle.1));
        old.unwrap()
            .set_modified(SystemTime::now() - day * 2)
            .unwrap();
        assert_eq!(files.forget_idle(day * 3).unwrap(), 2);
        assert_eq!(files.forget_idle(day).unwrap(), 1);
        assert!(files.half(fresh.0, fresh.1).exists());
    }

    #[test]
    fn more_than_was_offered_is_begun_again_and_what_is_discarded_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(folder.path()).unwrap();
        let files = ClipFiles::open(&data, &HashSet::new()).unwrap();
        let (consult, clip) = (ConsultId::random(), ClipId::random());
        files
            .resume(consult, clip, 8)
            .unwrap()
            .write(b"abcd")
            .unwrap();
        assert_eq!(files.durable(consult, clip).unwrap(), 4);
        assert_eq!(files.resume(consult, clip, 3).unwrap().at(), 0);
        files.discard(consult, clip).unwrap();
        assert_eq!(files.durable(consult, clip).unwrap(), 0);
        files.discard(consult, clip).unwrap();
        assert!(!files.half(consult, clip).exists());
        assert!(files.room().unwrap() > 0);
    }
}
