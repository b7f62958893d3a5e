//! Files of cases that no row speaks of any more: what is left of a withdrawn case, of one whose time is long over, of a clip that
//! was made anew, and of whatever was being made when the relay was killed.
//!
//! Owns what of `cases/` may stay. Called at the start, with every sweep, and behind whatever makes or withdraws. Invariants: a row is
//! written before its files are removed, so a crash between leaves files for the next look and never a case without them; whoever
//! makes files holds the room for making until their row stands, and so does whoever looks here.

use super::shelf::{CaseShelf, place};
use crate::store::{self, Store, StoreError};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;
use std::{fs, io};
use thiserror::Error;
use wire::{CaseId, ClipId, RelayTime};

/// So long the files of a case stay when its time is over: a clock that was set wrong for some days removes nothing.
const OVER_KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Ending of a folder that goes: nothing finds its files under their names any more while they are removed.
const GOING: &str = "gone";
/// Endings of files that are whole.
const WHOLE: [&str; 2] = ["dcm", "json"];

/// What is left of cases could not be removed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LeftoverFault {
    /// The rows could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disk's.
    #[error("removing files of cases: {0}")]
    File(#[from] io::Error),
    /// Code of ours failed.
    #[error("removing files of cases failed inside")]
    Inside,
}

/// Takes back the cases whose time is long over, which nobody can open or prolong, and removes what is left in all of `cases/`. What
/// fails is tried again with the next sweep.
pub async fn sweep(store: &Store, shelf: &CaseShelf, now: RelayTime) {
    let kept = u64::try_from(OVER_KEPT.as_micros()).unwrap_or(u64::MAX);
    let over_before = RelayTime(now.0.saturating_sub(kept));
    let ended = store.write("end old cases", move |db| {
        store::end_old_cases(db, over_before, now)
    });
    match ended.await {
        Ok(0) => {}
        Ok(ended) => tracing::info!(ended, "cases whose time was over for long were taken back"),
        Err(error) => tracing::warn!(%error, "cases whose time is over were not taken back"),
    }
    match tidy_all(store, shelf).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "files of cases that nothing names were removed"),
        Err(error) => tracing::warn!(%error, "files of cases that nothing names are still there"),
    }
}

async fn tidy_all(store: &Store, shelf: &CaseShelf) -> Result<usize, LeftoverFault> {
    let known = store.read("list files of cases", |db| store::case_files(db, None));
    let (known, shelf) = (known.await?, shelf.clone());
    blocking(move || remove_unknown(&shelf, &known)).await
}

/// Removes what is left of one case. Gives how many files and folders that was.
///
/// # Errors
/// `LeftoverFault`.
pub async fn tidy(store: &Store, shelf: &CaseShelf, case: CaseId) -> Result<usize, LeftoverFault> {
    let known = store.read("list files of a case", move |db| {
        store::case_files(db, Some(case))
    });
    let (known, shelf) = (known.await?, shelf.clone());
    blocking(move || remove_in(&shelf, case, known.get(&case))).await
}

impl CaseShelf {
    /// Takes all files of a case away. Blocks. Files that are written at this moment find no folder any more.
    ///
    /// # Errors
    /// The disk's.
    pub fn forget(&self, case: CaseId) -> io::Result<()> {
        self.close(case);
        let folder = self.files().folder().join(place(case).to_string());
        let going = folder.with_extension(GOING);
        // Of an earlier attempt that the disk refused.
        remove(&going)?;
        match fs::rename(&folder, &going) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            renamed => renamed?,
        }
        remove(&going)
    }
}

async fn blocking(
    work: impl FnOnce() -> io::Result<usize> + Send + 'static,
) -> Result<usize, LeftoverFault> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|_| LeftoverFault::Inside)??)
}

fn remove_unknown(
    shelf: &CaseShelf,
    known: &HashMap<CaseId, HashSet<ClipId>>,
) -> io::Result<usize> {
    let folders = match fs::read_dir(shelf.files().folder()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        folders => folders?,
    };
    let mut removed = 0;
    for folder in folders {
        let path = folder?.path();
        match name_of(&path).and_then(|name| name.parse().ok()) {
            Some(case) => removed += remove_in(shelf, case, known.get(&case))?,
            None => {
                remove(&path)?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// All but whole files of these clips.
fn remove_in(
    shelf: &CaseShelf,
    case: CaseId,
    known: Option<&HashSet<ClipId>>,
) -> io::Result<usize> {
    let folder = shelf.files().folder().join(place(case).to_string());
    let Some(known) = known else {
        let was_there = folder.exists();
        shelf.forget(case)?;
        return Ok(usize::from(was_there));
    };
    let files = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        files => files?,
    };
    let mut removed = 0;
    for file in files {
        let path = file?.path();
        let is_whole = path
            .extension()
            .is_some_and(|ending| WHOLE.iter().any(|whole| ending == *whole));
        let clip = name_of(&path).and_then(|name| name.split('.').next()?.parse().ok());
        if !is_whole || clip.is_none_or(|clip: ClipId| !known.contains(&clip)) {
            remove(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{ClipFiles, DataFolder};

    fn shelf(folder: &Path) -> CaseShelf {
        let data = DataFolder::at(folder).unwrap();
        CaseShelf::beside(&ClipFiles::beside(&data))
    }

    fn lies(shelf: &CaseShelf, case: CaseId, name: &str) -> std::path::PathBuf {
        let folder = shelf.files().folder().join(case.to_string());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), b"picture").unwrap();
        folder.join(name)
    }

    #[test]
    fn only_whole_files_of_clips_that_a_row_names_stay() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = shelf(folder.path());
        let [case, withdrawn] = [(); 2].map(|()| CaseId::random());
        let [clip, replaced] = [(); 2].map(|()| ClipId::random());
        let stay = [
            lies(&shelf, case, &format!("{clip}.dcm")),
            lies(&shelf, case, &format!("{clip}.marks.dcm")),
            lies(&shelf, case, &format!("{clip}.log.json")),
        ];
        let go = [
            lies(&shelf, case, &format!("{replaced}.dcm")),
            lies(&shelf, case, &format!("{replaced}.measurements.dcm")),
            lies(&shelf, case, &format!("{replaced}.log.json")),
            lies(&shelf, case, &format!("{clip}.log.new")),
            lies(&shelf, case, &format!("{clip}.new")),
            lies(&shelf, withdrawn, &format!("{clip}.dcm")),
        ];
        let half_gone = shelf.files().folder().join("whatever.gone");
        fs::create_dir_all(half_gone.join("deep")).unwrap();
        let known = HashMap::from([(case, HashSet::from([clip]))]);
        assert_eq!(remove_unknown(&shelf, &known).unwrap(), 7);
        assert!(stay.iter().all(|path| path.exists()));
        assert!(!go.iter().any(|path| path.exists()) && !half_gone.exists());
        assert_eq!(remove_unknown(&shelf, &known).unwrap(), 0);
    }

    #[test]
    fn what_an_earlier_attempt_left_is_no_obstacle_and_nothing_there_is_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        let (shelf, case) = (shelf(folder.path()), CaseId::random());
        shelf.forget(case).unwrap();
        let left = shelf.files().folder().join(format!("{case}.gone"));
        fs::create_dir_all(left.join("deep")).unwrap();
        let own = lies(&shelf, case, "x.dcm");
        shelf.forget(case).unwrap();
        assert!(!own.exists() && !left.exists());
    }
}
