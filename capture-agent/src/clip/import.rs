//! Taking in clips that the handheld exported: byte for byte, never altered, offered like saved ones.
//!
//! Owns which files are taken and what is said of them. A clip's id follows from its bytes, so the same file is taken
//! once, whatever its name. Its header must be readable, in a confined process; what is not is told and left where it lies.
//! Files are read and never changed or removed. No message names what a file says about a patient.

use super::exports::Exported;
use crate::spool::{Belongs, Spool, SpoolError};
use echo_dicom::{ClipError, exported_clip, exported_head};
use guarded::Guard;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use wire::clip::{ClipFault, MAX_CLIP_BYTES};
use wire::original::Digest;
use wire::{CaptureTime, ClipId};

/// Bytes read at a time.
const STEP_BYTES: usize = 256 * 1024;
/// Before the mark `DICM` (PS3.10 section 7.1).
const PREAMBLE_BYTES: usize = 128;
const MAGIC: &[u8] = b"DICM";
/// Step of a reader that met the disk's fault.
const READ_FILE: &str = "read-file";
/// Step of a file whose reader took too long.
const READER_LATE: &str = "reader-late";

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
    /// Something else that lies beside.
    #[error("it is no DICOM file")]
    NotDicom,
    /// Another object than the one that was announced.
    #[error("it is another object than its sender announced")]
    Another,
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
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Read(_) | Self::Changing | Self::Spool(_) => true,
            // Also one that ends early: it may still be written to.
            Self::Clip(ClipError::ReadFile(_)) => true,
            _ => self.is_unread(),
        }
    }

    /// Whether nobody could look into the file, so that nothing is known of it, whole as it is.
    pub(crate) fn is_unread(&self) -> bool {
        match self {
            Self::Clip(ClipError::ReadFile(error)) => error.kind() != io::ErrorKind::UnexpectedEof,
            Self::Clip(error) => error.step() == READ_FILE || self.had_no_reader(),
            _ => false,
        }
    }

    /// Whether that was for want of a reader, or of time for one.
    pub(crate) fn had_no_reader(&self) -> bool {
        self.was_late() || matches!(self, Self::Clip(error) if guarded::is_no_reader(error))
    }

    /// Whether the reader took too long: the machine is busy, or the file is made for it.
    pub(super) fn was_late(&self) -> bool {
        matches!(self, Self::Clip(error) if error.step() == READER_LATE)
    }
}

/// Says where a file may go by itself.
pub type Judge<'a> = &'a (dyn Fn(&Exported) -> Belongs + Sync);

/// Takes one file in, to go where `judge` says. Gives its clip, and whether it is new.
///
/// # Errors
/// `ImportFault`; nothing of it stays in the spool.
pub fn import(spool: &Spool, path: &Path, judge: Judge<'_>) -> Result<(ClipId, bool), ImportFault> {
    import_as(spool, path, judge, None)
}

/// The same for an object whose SOP Instance UID was announced.
pub(crate) fn import_as(
    spool: &Spool,
    path: &Path,
    judge: Judge<'_>,
    announced: Option<&str>,
) -> Result<(ClipId, bool), ImportFault> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(ImportFault::NoFile);
    }
    if !(1..=MAX_CLIP_BYTES).contains(&metadata.len()) {
        return Err(ImportFault::Size(metadata.len()));
    }
    if !is_dicom(path)? {
        return Err(ImportFault::NotDicom);
    }
    let mut hash = Sha256::new();
    pass(path, |bytes| {
        hash.update(bytes);
        Ok(())
    })?;
    let digest = Digest::from_bytes(hash.finalize().into());
    let clip = exported_clip(digest);
    // The same bytes may come by two ways at once.
    let _turn = spool.import_turn();
    if spool.holds(clip).is_some() {
        return Ok((clip, false));
    }
    let (header, says) = {
        let read = Guard::of_this_program().open(path)?;
        (read.header().clone(), read.provenance().ok())
    };
    if announced.is_some_and(|uid| uid != header.sop_instance_uid) {
        return Err(ImportFault::Another);
    }
    let mut object = spool.begin_object(clip, metadata.len())?;
    pass(path, |bytes| object.out.write_all(bytes)).map_err(SpoolError::of_writing)?;
    let sealed = spool.seal(object)?;
    if sealed.digest != digest {
        return Err(ImportFault::Changing);
    }
    if header.sop_instance_uid.is_empty() {
        return Err(ImportFault::Nameless);
    }
    let head = exported_head(&header, (sealed.bytes, digest), written(&metadata));
    head.check(&[])?;
    let belongs = judge(&Exported {
        says,
        written: head.taken_at,
    });
    spool.present(sealed, head, Vec::new(), belongs)?;
    Ok((clip, true))
}

fn written(metadata: &fs::Metadata) -> CaptureTime {
    let written = metadata.modified().unwrap_or_else(|_| SystemTime::now());
    let since = written.duration_since(UNIX_EPOCH).unwrap_or_default();
    CaptureTime(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// Whether a file says so of itself; a card holds much else, and what is large need not be read for that.
fn is_dicom(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    let most = (PREAMBLE_BYTES + MAGIC.len()) as u64;
    File::open(path)?.take(most).read_to_end(&mut start)?;
    Ok(begins_as_dicom(&start))
}

/// The same of its first bytes.
pub(super) fn begins_as_dicom(start: &[u8]) -> bool {
    start
        .get(PREAMBLE_BYTES..)
        .is_some_and(|rest| rest.starts_with(MAGIC))
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::spool::{AfterKept, Disk, SpoolBounds};
    use std::sync::Arc;

    /// What a file's reader, or the lack of one, comes to.
    pub(crate) fn refused(step: &'static str) -> ImportFault {
        ImportFault::Clip(ClipError::Refused {
            step,
            words: "as a reader says it".to_owned(),
            help: "try again",
        })
    }

    #[test]
    fn the_same_bytes_by_several_ways_at_once_are_taken_in_once() {
        let folder = tempfile::tempdir().unwrap();
        let bounds = SpoolBounds {
            bytes: 1 << 30,
            after_kept: AfterKept::Delete,
        };
        let (spool, _) = Spool::open(folder.path(), bounds, Arc::new(Disk)).unwrap();
        let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-dicom/plax_small.dcm");
        let taken: Vec<(ClipId, bool)> = std::thread::scope(|scope| {
            let take = || import(&spool, &clip, &|_| Belongs::Unsaid).unwrap();
            let taking: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            taking.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(taken.iter().filter(|(_, new)| *new).count(), 1, "{taken:?}");
        assert!(taken.iter().all(|(id, _)| *id == taken[0].0));
        assert_eq!(spool.unsent().len(), 1);
    }

    #[test]
    fn what_fails_in_passing_is_tried_again_and_what_is_no_clip_is_not() {
        let passing = || io::Error::other("the card was pulled out");
        for fault in [
            ImportFault::Read(passing()),
            ImportFault::Clip(ClipError::ReadFile(passing())),
            ImportFault::Clip(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            refused("no-reader"),
            refused("reader-late"),
            ImportFault::Changing,
        ] {
            assert!(fault.may_pass(), "{fault}");
        }
        for fault in [
            ImportFault::NoFile,
            ImportFault::NotDicom,
            ImportFault::Size(0),
            ImportFault::Nameless,
            refused("scan"),
        ] {
            assert!(!fault.may_pass(), "{fault}");
        }
    }
}
