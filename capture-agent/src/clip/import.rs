//! Taking in clips that the handheld exported: byte for byte, never altered, offered like saved ones.
//!
//! Owns which files are taken and what is said of them. A clip's id follows from its bytes, so the same file is taken
//! once, whatever its name. Its header must be readable, in a confined process; what is not is told and left where it lies.
//! Files are read and never changed or removed. No message names what a file says about a patient.

use super::exports::Exported;
use crate::backoff::{Backoff, random};
use crate::spool::{Belongs, Spool, SpoolError};
use crate::status::ExportsWaiting;
use echo_dicom::{ClipError, ClipHeader, TransferSyntax};
use guarded::Guard;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wire::clip::{ClipCoding, ClipFault, ClipHead, ClipOrigin, MAX_CLIP_BYTES};
use wire::original::Digest;
use wire::{CaptureTime, ClipId};

/// Bytes read at a time.
const STEP_BYTES: usize = 256 * 1024;
/// Files looked at in a folder; a day of scanning has some hundred.
const MAX_FILES: usize = 10_000;
/// A file that changed this recently is still being exported.
const REST: Duration = Duration::from_secs(3);
/// After the first failure that may pass by itself: a card that was pulled out, a share that is away, a full disk.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// Between two tries of a file that goes on failing.
const LONGEST_RETRY: Duration = Duration::from_secs(120);

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportFault {
    /// The system.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A folder, a device, a link to nowhere.
    #[error("it is no plain file")]
    NoFile,
    /// Empty or too large.
    #[error("it has {0} bytes; a clip has 1 to {MAX_CLIP_BYTES}")]
    Size(u64),
    /// No clip.
    #[error("it is no ultrasound clip that can be read: {0}; {help}", help = .0.what_to_do())]
    Clip(#[from] ClipError),
    /// Without a UID nothing can find it again.
    #[error("it names no SOP Instance UID")]
    Nameless,
    /// What would be said of it makes no sense.
    #[error(transparent)]
    Head(#[from] ClipFault),
    /// It changed under our hands.
    #[error("it changed while it was read; it is still being exported")]
    Changing,
    /// The spool could not store it.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

impl ImportFault {
    /// Whether it may be another answer the next time, with nobody doing anything about this very file.
    fn may_pass(&self) -> bool {
        match self {
            Self::Read(_) | Self::Changing | Self::Spool(_) => true,
            Self::Clip(ClipError::ReadFile(_)) => true,
            Self::Clip(error) => guarded::is_no_reader(error),
            _ => false,
        }
    }
}

/// Says where a file may go by itself.
pub type Judge<'a> = &'a (dyn Fn(&Exported) -> Belongs + Sync);

/// Takes one file in, to go where `judge` says. Gives its clip, and whether it is new.
///
/// # Errors
/// `ImportFault`; nothing of it stays in the spool.
pub fn import(spool: &Spool, path: &Path, judge: Judge<'_>) -> Result<(ClipId, bool), ImportFault> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(ImportFault::NoFile);
    }
    if !(1..=MAX_CLIP_BYTES).contains(&metadata.len()) {
        return Err(ImportFault::Size(metadata.len()));
    }
    let mut hash = Sha256::new();
    pass(path, |bytes| {
        hash.update(bytes);
        Ok(())
    })?;
    let digest = Digest::from_bytes(hash.finalize().into());
    let clip = id(digest);
    if spool.holds(clip).is_some() {
        return Ok((clip, false));
    }
    let (header, says) = {
        let read = Guard::of_this_program().open(path)?;
        (read.header().clone(), read.provenance().ok())
    };
    let mut object = spool.begin_object(clip, metadata.len())?;
    pass(path, |bytes| object.out.write_all(bytes)).map_err(SpoolError::of_writing)?;
    let sealed = spool.seal(object)?;
    if sealed.digest != digest {
        return Err(ImportFault::Changing);
    }
    let head = said(&header, clip, (sealed.bytes, digest), &metadata)?;
    head.check(&[])?;
    let belongs = judge(&Exported {
        says,
        written: head.taken_at,
    });
    spool.present(sealed, head, Vec::new(), belongs)?;
    Ok((clip, true))
}

/// The first 16 bytes of the digest as a UUID of our own making (RFC 9562 section 5.8).
fn id(digest: Digest) -> ClipId {
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(digest.bytes()) {
        *byte = from;
    }
    ClipId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn pass(path: &Path, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let (mut file, mut buffer) = (File::open(path)?, vec![0; STEP_BYTES]);
    loop {
        let count = file.read(&mut buffer)?;
        match buffer.get(..count) {
            Some(read) if !read.is_empty() => take(read)?,
            _ => return Ok(()),
        }
    }
}

fn said(
    header: &ClipHeader,
    clip: ClipId,
    (bytes, digest): (u64, Digest),
    metadata: &Metadata,
) -> Result<ClipHead, ImportFault> {
    if header.sop_instance_uid.is_empty() {
        return Err(ImportFault::Nameless);
    }
    let coding = match header.transfer_syntax {
        TransferSyntax::JpegBaseline => ClipCoding::Jpeg,
        TransferSyntax::ImplicitLittleEndian
        | TransferSyntax::ExplicitLittleEndian
        | TransferSyntax::Rle => ClipCoding::Lossless,
        syntax if syntax.is_video() => ClipCoding::Video,
        _ => ClipCoding::Other,
    };
    // The header that is read holds no time of day, because such times stand beside the patient's; the file's own is
    // when the handheld wrote it.
    let written = metadata.modified().unwrap_or_else(|_| SystemTime::now());
    let since = written.duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Ok(ClipHead {
        clip,
        instance: header.sop_instance_uid.clone(),
        bytes,
        digest,
        frames: header.frames,
        width: header.layout.columns,
        height: header.layout.rows,
        coding,
        origin: ClipOrigin::Imported,
        taken_at: CaptureTime(micros(since)),
        span_us: micros(header.frame_times.at(wire::FrameIndex(header.frames - 1))),
        view: None,
        marker: None,
        captured: None,
    })
}

/// A file as it was when it was looked at.
type Seen = (PathBuf, u64, Option<SystemTime>);

/// A folder that is looked into again and again.
#[derive(Debug)]
pub struct ImportFolder {
    folder: PathBuf,
    /// Files that were taken or told.
    settled: BTreeSet<Seen>,
    /// Files that are tried again; at most `MAX_FILES`.
    again: BTreeMap<Seen, Retry>,
}

/// A file that could not be taken in.
#[derive(Debug)]
struct Retry {
    backoff: Backoff,
    /// When it is tried again.
    at: Instant,
    /// What stood in the way the last time.
    why: String,
}

impl ImportFolder {
    /// A folder of exported files.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            settled: BTreeSet::new(),
            again: BTreeMap::new(),
        }
    }

    /// Takes in what is new and at rest, and what failed and may go now.
    pub fn sweep(&mut self, spool: &Spool, judge: Judge<'_>, now: Instant) {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) => {
                tracing::debug!(%error, "the import folder cannot be read");
                return;
            }
        };
        let mut waiting = BTreeSet::new();
        for entry in entries.flatten().take(MAX_FILES) {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let modified = metadata.modified().ok();
            let rests = modified
                .and_then(|at| at.elapsed().ok())
                .is_none_or(|age| age >= REST);
            let key = (entry.path(), metadata.len(), modified);
            let held = self.again.get(&key);
            if held.is_some() {
                waiting.insert(key.clone());
            }
            let waits = held.is_some_and(|retry| now < retry.at);
            if !metadata.is_file() || !rests || waits || self.settled.contains(&key) {
                continue;
            }
            match import(spool, &entry.path(), judge) {
                Ok((clip, true)) => tracing::info!(%clip, "an exported clip was taken in"),
                Ok((_, false)) => {}
                // The disk may have room then, the card be back, or the file be whole.
                Err(fault) if fault.may_pass() => {
                    waiting.insert(key.clone());
                    let again_in_s = self.try_again(key, &fault, now).as_secs();
                    tracing::error!(%fault, again_in_s, "an exported clip could not be taken in; it stays where it is");
                    continue;
                }
                Err(fault) => {
                    tracing::warn!(%fault, "an exported file is left out");
                }
            }
            self.again.remove(&key);
            if self.settled.len() >= MAX_FILES {
                // Everything is looked at once more, and found in the spool or left out again.
                self.settled.clear();
            }
            self.settled.insert(key);
        }
        // What is no longer there, or another file by now, waits no more.
        self.again.retain(|file, _| waiting.contains(file));
    }

    /// Files that could not be taken in and are tried again by themselves.
    #[must_use]
    pub fn waiting(&self) -> Option<ExportsWaiting> {
        let first = self.again.values().next()?;
        Some(ExportsWaiting {
            count: u32::try_from(self.again.len()).unwrap_or(u32::MAX),
            why: first.why.clone(),
        })
    }

    fn try_again(&mut self, file: Seen, fault: &ImportFault, now: Instant) -> Duration {
        if self.again.len() >= MAX_FILES {
            self.again.clear();
        }
        let retry = self.again.entry(file).or_insert_with(|| Retry {
            backoff: Backoff::new(FIRST_RETRY, LONGEST_RETRY),
            at: now,
            why: String::new(),
        });
        let wait = retry.backoff.after_failure(random());
        retry.at = now + wait;
        retry.why = fault.to_string();
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::{AfterKept, Disk, SpoolBounds};
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
        let rested = SystemTime::now() - REST * 2;
        File::options()
            .append(true)
            .open(file)
            .unwrap()
            .set_modified(rested)
            .unwrap();
    }

    #[test]
    fn what_fails_in_passing_is_tried_again_and_what_is_no_clip_is_not() {
        let passing = || io::Error::other("the card was pulled out");
        for fault in [
            ImportFault::Read(passing()),
            ImportFault::Clip(ClipError::ReadFile(passing())),
            ImportFault::Changing,
        ] {
            assert!(fault.may_pass(), "{fault}");
        }
        for fault in [
            ImportFault::NoFile,
            ImportFault::Size(0),
            ImportFault::Nameless,
        ] {
            assert!(!fault.may_pass(), "{fault}");
        }
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
}
