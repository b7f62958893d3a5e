//! The folder into which a handheld exports: looked through again and again, with all that lies below it.
//!
//! Owns which files are tried and when: one that still changes is waited for, one that failed in passing is tried again, one
//! that is no clip is left out and counted, and another file in its place is another file. What one is taken in as is
//! `import`'s. Nothing there is changed or removed; a folder that is away, because the card was pulled out, is looked for again.

use super::import::{ImportFault, Judge, import};
use crate::backoff::{Backoff, random};
use crate::spool::Spool;
use crate::status::ExportsWaiting;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Files looked at in a folder and below it; a day of scanning has some hundred.
const MAX_FILES: usize = 20_000;
/// Folders in folders: DICOM media have three (PS3.10 section 8.6).
const MAX_DEPTH: usize = 8;
/// A file that changed this recently is still being exported.
const REST: Duration = Duration::from_secs(3);
/// After the first failure that may pass by itself: a card that was pulled out, a share that is away, a full disk.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// Between two tries of a file that goes on failing.
const LONGEST_RETRY: Duration = Duration::from_secs(120);

/// A file that its reader could not read in time so often is taken for one that is made for it.
const MAX_LATE: u32 = 5;

/// A file as it was when it was looked at.
type Seen = (PathBuf, u64, Option<SystemTime>);

/// A folder that is looked into again and again. All it knows is bounded by `MAX_FILES`.
#[derive(Debug)]
pub struct ImportFolder {
    folder: PathBuf,
    /// Files that were taken or told; true for those that were left out.
    settled: BTreeMap<Seen, bool>,
    /// Files that are tried again.
    again: BTreeMap<Seen, Retry>,
    /// Files whose own time says nothing, and since when they do not change.
    still: BTreeMap<Seen, Instant>,
}

/// A file that could not be taken in.
#[derive(Debug)]
struct Retry {
    backoff: Backoff,
    /// When it is tried again.
    at: Instant,
    /// What stood in the way the last time.
    why: String,
    /// How often its reader was late.
    late: u32,
}

impl ImportFolder {
    /// A folder of exported files.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            settled: BTreeMap::new(),
            again: BTreeMap::new(),
            still: BTreeMap::new(),
        }
    }

    /// Takes in what is new and at rest, and what failed and may go now.
    pub fn sweep(&mut self, spool: &Spool, judge: Judge<'_>, now: Instant) {
        let mut there = BTreeSet::new();
        walk(&self.folder, 0, &mut there);
        if there.len() >= MAX_FILES {
            tracing::warn!(
                MAX_FILES,
                "the import folder holds more files than are looked at; clear it"
            );
        }
        // What is no longer there, or another file by now, waits no more and is another one when it is back.
        self.again.retain(|file, _| there.contains(file));
        self.still.retain(|file, _| there.contains(file));
        self.settled.retain(|file, _| there.contains(file));
        for seen in there {
            let waits = self.again.get(&seen).is_some_and(|retry| now < retry.at);
            if self.settled.contains_key(&seen) || waits || !self.rests(&seen, now) {
                continue;
            }
            self.try_one(seen, spool, judge, now);
        }
    }

    fn try_one(&mut self, seen: Seen, spool: &Spool, judge: Judge<'_>, now: Instant) {
        let left_out = match import(spool, &seen.0, judge) {
            Ok((clip, new)) => {
                if new {
                    tracing::info!(%clip, "an exported clip was taken in");
                }
                false
            }
            // The disk may have room then, the card be back, or the file be whole.
            Err(fault) if fault.may_pass() && !self.is_given_up(&seen, &fault) => {
                let again_in_s = self.try_again(seen, &fault, now).as_secs();
                tracing::error!(%fault, again_in_s, "an exported clip could not be taken in; it stays where it is");
                return;
            }
            Err(fault) => {
                tracing::warn!(%fault, "a file among the exports is left out");
                true
            }
        };
        self.again.remove(&seen);
        self.still.remove(&seen);
        self.settled.insert(seen, left_out);
    }

    fn is_given_up(&self, file: &Seen, fault: &ImportFault) -> bool {
        let late = self.again.get(file).map_or(0, |retry| retry.late);
        fault.was_late() && late + 1 >= MAX_LATE
    }

    /// Whether nobody writes to it any more. A time that is yet to come, of a clock that is wrong, says nothing: then it
    /// must not have changed between two looks.
    fn rests(&mut self, seen: &Seen, now: Instant) -> bool {
        let age = seen.2.and_then(|modified| modified.elapsed().ok());
        if age.is_some_and(|age| age >= REST) {
            return true;
        }
        let since = *self.still.entry(seen.clone()).or_insert(now);
        now.saturating_duration_since(since) >= REST
    }

    /// Files that could not be taken in and are tried again by themselves.
    #[must_use]
    pub fn waiting(&self) -> Option<ExportsWaiting> {
        let first = self.again.values().next()?;
        Some(ExportsWaiting {
            count: count(self.again.len()),
            why: first.why.clone(),
        })
    }

    /// Files that are no clips, and stay where they are.
    #[must_use]
    pub fn left_out(&self) -> u32 {
        count(self.settled.values().filter(|left_out| **left_out).count())
    }

    fn try_again(&mut self, file: Seen, fault: &ImportFault, now: Instant) -> Duration {
        let retry = self.again.entry(file).or_insert_with(|| Retry {
            backoff: Backoff::new(FIRST_RETRY, LONGEST_RETRY),
            at: now,
            why: String::new(),
            late: 0,
        });
        retry.late += u32::from(fault.was_late());
        let wait = retry.backoff.after_failure(random());
        retry.at = now + wait;
        retry.why = fault.to_string();
        wait
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Plain files in a folder and below. Links are not followed: they may lead anywhere, also back. What begins with a dot is the
/// system's own, such as the shadows that macOS writes beside each file on a card.
fn walk(folder: &Path, depth: usize, found: &mut BTreeSet<Seen>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            tracing::debug!(%error, "an import folder cannot be read");
            return;
        }
    };
    for entry in entries.flatten() {
        if found.len() >= MAX_FILES {
            return;
        }
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if hidden {
            continue;
        }
        if metadata.is_dir() && depth < MAX_DEPTH {
            walk(&entry.path(), depth + 1, found);
        } else if metadata.is_file() {
            found.insert((entry.path(), metadata.len(), metadata.modified().ok()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::exports::Exported;
    use super::*;
    use crate::spool::{AfterKept, Belongs, Disk, KEPT_FOR, SpoolBounds};
    use std::fs::File;
    use std::sync::Arc;

    fn spool(folder: &Path, bytes: u64) -> Arc<Spool> {
        let bounds = SpoolBounds {
            bytes,
            after_kept: AfterKept::Delete,
        };
        Spool::open(folder, bounds, Arc::new(Disk)).unwrap().0
    }

    fn waits(_: &Exported) -> Belongs {
        Belongs::Unsaid
    }

    /// A whole export that nobody writes to any more.
    fn copy_at_rest(file: &Path) {
        let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-dicom/plax_small.dcm");
        fs::copy(clip, file).unwrap();
        rest(file);
    }

    /// As if nobody had written to it for a while.
    fn rest(file: &Path) {
        let rested = SystemTime::now() - REST * 2;
        File::options()
            .append(true)
            .open(file)
            .unwrap()
            .set_modified(rested)
            .unwrap();
    }

    #[test]
    fn an_export_that_found_no_room_is_taken_in_once_there_is_some() {
        let folder = tempfile::tempdir().unwrap();
        let [exported, full, roomy] = ["exported", "full", "roomy"].map(|name| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        });
        copy_at_rest(&exported.join("1.dcm"));
        let (full, roomy) = (spool(&full, 1), spool(&roomy, 1 << 30));
        let (mut sweeping, begin) = (ImportFolder::new(exported), Instant::now());
        assert_eq!(sweeping.waiting(), None);
        sweeping.sweep(&full, &waits, begin);
        assert_eq!((sweeping.again.len(), sweeping.settled.len()), (1, 0));
        let waiting = sweeping.waiting().unwrap();
        assert_eq!(waiting.count, 1);
        assert!(!waiting.why.is_empty());
        // Not at each look: that would read a large file and fill the log every few seconds.
        sweeping.sweep(&roomy, &waits, begin + FIRST_RETRY / 4);
        assert_eq!(sweeping.settled.len(), 0);
        assert_eq!(sweeping.waiting(), Some(waiting), "it still waits");
        sweeping.sweep(&roomy, &waits, begin + FIRST_RETRY);
        assert_eq!((sweeping.again.len(), sweeping.settled.len()), (0, 1));
        assert_eq!(sweeping.waiting(), None);
    }

    #[test]
    fn a_file_that_no_reader_reads_in_time_is_given_up_after_some_tries() {
        let file: Seen = (PathBuf::from("1.dcm"), 1, None);
        let mut sweeping = ImportFolder::new(PathBuf::new());
        let late = crate::clip::import::tests::refused("reader-late");
        let nobody = crate::clip::import::tests::refused("no-reader");
        for _ in 1..MAX_LATE {
            assert!(!sweeping.is_given_up(&file, &late));
            sweeping.try_again(file.clone(), &nobody, Instant::now());
            sweeping.try_again(file.clone(), &late, Instant::now());
        }
        assert!(sweeping.is_given_up(&file, &late));
        assert!(!sweeping.is_given_up(&file, &nobody));
    }

    #[test]
    fn an_export_that_was_taken_away_waits_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let [exported, full] = ["exported", "full"].map(|name| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        });
        let file = exported.join("1.dcm");
        copy_at_rest(&file);
        let (full, mut sweeping) = (spool(&full, 1), ImportFolder::new(exported));
        sweeping.sweep(&full, &waits, Instant::now());
        assert!(sweeping.waiting().is_some());
        fs::remove_file(&file).unwrap();
        sweeping.sweep(&full, &waits, Instant::now());
        assert_eq!(sweeping.waiting(), None);
    }

    fn world() -> (tempfile::TempDir, PathBuf, Arc<Spool>) {
        let folder = tempfile::tempdir().unwrap();
        let [exported, kept] = ["exported", "kept"].map(|name| folder.path().join(name));
        fs::create_dir(&exported).unwrap();
        let spool = spool(&kept, 1 << 30);
        (folder, exported, spool)
    }

    fn taken(spool: &Spool) -> usize {
        spool.unsent().len()
    }

    #[test]
    fn exports_in_folders_with_japanese_names_are_taken_in_and_what_is_no_clip_is_left_out() {
        let (_folder, exported, spool) = world();
        let deep = exported.join("往診 2026年11月/山田さん宅");
        fs::create_dir_all(&deep).unwrap();
        copy_at_rest(&deep.join("心エコー①.dcm"));
        copy_at_rest(&deep.join("._心エコー①.dcm"));
        for name in ["報告書.pdf", "DICOMDIR", "空"] {
            let file = exported.join(name);
            fs::write(&file, if name == "空" { "" } else { "no clip" }).unwrap();
            rest(&file);
        }
        let mut sweeping = ImportFolder::new(exported.clone());
        sweeping.sweep(&spool, &waits, Instant::now());
        assert_eq!((taken(&spool), sweeping.left_out()), (1, 3));
        assert_eq!(sweeping.waiting(), None);
        fs::remove_file(exported.join("報告書.pdf")).unwrap();
        sweeping.sweep(&spool, &waits, Instant::now());
        assert_eq!(sweeping.left_out(), 2, "it is gone");
    }

    #[test]
    fn a_file_that_grows_is_waited_for_and_another_one_in_its_place_is_another_one() {
        let (_folder, exported, spool) = world();
        let file = exported.join("1.dcm");
        copy_at_rest(&file);
        let whole = fs::read(&file).unwrap();
        // The handheld's clock is ahead: only looking tells that it still grows.
        let ahead = || {
            let modified = SystemTime::now() + Duration::from_secs(3_600);
            let file = File::options().append(true).open(&file).unwrap();
            file.set_modified(modified).unwrap();
        };
        let (mut sweeping, begin) = (ImportFolder::new(exported), Instant::now());
        for part in 1..4 {
            fs::write(&file, &whole[..whole.len() * part / 4]).unwrap();
            ahead();
            sweeping.sweep(&spool, &waits, begin + REST * (2 * part as u32));
            assert_eq!((taken(&spool), sweeping.left_out()), (0, 0));
        }
        fs::write(&file, &whole).unwrap();
        ahead();
        sweeping.sweep(&spool, &waits, begin + REST * 8);
        assert_eq!(taken(&spool), 0, "seen for the first time");
        sweeping.sweep(&spool, &waits, begin + REST * 9);
        assert_eq!(taken(&spool), 1);
        let mut other = whole;
        other[0] ^= 1;
        fs::write(&file, &other).unwrap();
        rest(&file);
        sweeping.sweep(&spool, &waits, begin + REST * 10);
        assert_eq!(taken(&spool), 2, "both are here");
    }

    #[test]
    fn a_card_that_was_pulled_out_and_comes_back_is_taken_in_once_and_thousands_of_files_are_looked_at()
     {
        let (folder, exported, spool) = world();
        copy_at_rest(&exported.join("1.dcm"));
        for number in 0..3_000 {
            let file = exported.join(format!("{number}.txt"));
            fs::write(&file, "notes").unwrap();
            rest(&file);
        }
        let mut sweeping = ImportFolder::new(exported.clone());
        sweeping.sweep(&spool, &waits, Instant::now());
        assert_eq!((taken(&spool), sweeping.left_out()), (1, 3_000));
        let away = folder.path().join("away");
        fs::rename(&exported, &away).unwrap();
        sweeping.sweep(&spool, &waits, Instant::now());
        assert_eq!(sweeping.left_out(), 0);
        fs::rename(&away, &exported).unwrap();
        sweeping.sweep(&spool, &waits, Instant::now());
        assert_eq!((taken(&spool), sweeping.left_out()), (1, 3_000));
    }

    #[test]
    fn what_the_hospital_has_is_not_taken_in_again_after_a_restart() {
        for after_kept in [AfterKept::Keep, AfterKept::Delete] {
            let folder = tempfile::tempdir().unwrap();
            let [exported, kept] = ["exported", "kept"].map(|name| folder.path().join(name));
            fs::create_dir(&exported).unwrap();
            copy_at_rest(&exported.join("1.dcm"));
            let open = || {
                let bounds = SpoolBounds {
                    bytes: 1 << 30,
                    after_kept,
                };
                Spool::open(&kept, bounds, Arc::new(Disk)).unwrap().0
            };
            let spool = open();
            ImportFolder::new(exported.clone()).sweep(&spool, &waits, Instant::now());
            let [unsent] = spool.unsent().try_into().unwrap();
            spool.let_go(unsent.clip).unwrap();
            let copy = kept.join(format!("kept/{}.dcm", unsent.clip));
            if let Ok(copy) = File::options().append(true).open(copy) {
                let long_ago = SystemTime::now() - KEPT_FOR;
                copy.set_modified(long_ago).unwrap();
            }
            drop(spool);
            let spool = open();
            assert_eq!(spool.counts().borrow().safe_here, 0, "the copy went");
            let mut sweeping = ImportFolder::new(exported.clone());
            sweeping.sweep(&spool, &waits, Instant::now());
            assert_eq!((taken(&spool), sweeping.settled.len()), (0, 1));
        }
    }
}
