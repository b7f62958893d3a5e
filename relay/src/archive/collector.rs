//! Brings the clips that consults keep into the archive, so that hospital systems find them beside what handhelds sent.
//!
//! Owns when: soon after a clip is kept, one after the other, and once more after a start for those that a crash left out. A clip's bytes are
//! not copied; the archive has a second name for its file. Where the file's preamble is not empty, or the disk gives no second name, the
//! data set is copied behind a head of ours. A clip that the archive does not take stays with its consult and is noted with the
//! reason. Invariant: what is noted as taken is durable in the archive.

use super::committer::{CommitFault, Committer};
use super::foreign::{ForeignHead, first_bytes, foreign_head, has_empty_preamble};
use super::incoming::{Arrived, Incoming, IncomingFault};
use super::place::Place;
use super::slots::Slots;
use crate::store::{self, ClipFiles, Store, StoreError};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::time::Duration;
use wire::original::Digest;
use wire::{ClipId, ConsultId};

/// How soon a clip that was kept is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// Clips looked up at once.
const AT_ONCE: u32 = 16;
/// Copied at once.
const PIECE_BYTES: usize = 256 << 10;
/// Who sent it, for the object's row.
const SENDER: &str = "HIBIKI-CLIP";

/// What it works with.
pub(super) struct Collector {
    pub(super) clips: ClipFiles,
    pub(super) store: Store,
    pub(super) place: Place,
    pub(super) slots: Slots,
    pub(super) committer: Committer,
    pub(super) reserve: u64,
}

/// A clip has to be looked at again.
enum Later {
    Store(StoreError),
    NoRoom,
    Disk(io::Error),
    Commit(CommitFault),
}

impl Collector {
    /// Works until the store closes.
    pub(super) fn start(self) {
        tokio::spawn(async move {
            loop {
                match self.some().await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(Later::Store(StoreError::Closed { .. })) => return,
                    Err(Later::Store(error)) => {
                        tracing::error!(%error, "clips were not taken into the archive; it is tried again");
                    }
                    Err(Later::Commit(fault)) => {
                        tracing::error!(%fault, "a clip was not taken into the archive; it is tried again");
                    }
                    Err(Later::Disk(error)) => {
                        tracing::error!(%error, "a clip was not taken into the archive; it is tried again");
                    }
                    Err(Later::NoRoom) => {}
                }
                tokio::time::sleep(LOOK).await;
            }
        });
    }

    /// Takes some; false when there are none.
    async fn some(&self) -> Result<bool, Later> {
        let found = self
            .store
            .search("find clips for the archive", |db| {
                store::uncollected(db, AT_ONCE)
            })
            .await
            .map_err(Later::Store)?;
        if found.is_empty() {
            return Ok(false);
        }
        for of in found {
            let came = self.one(of).await?;
            if let Err(reason) = &came {
                tracing::warn!(consult = %of.0, clip = %of.1, reason, "a clip stays out of the archive");
            }
            self.store
                .write("note a clip of the archive", move |db| {
                    store::note_collected(db, of, &came)
                })
                .await
                .map_err(Later::Store)?;
        }
        Ok(true)
    }

    async fn one(
        &self,
        (consult, clip): (ConsultId, ClipId),
    ) -> Result<Result<Digest, String>, Later> {
        let path = self.clips.whole(consult, clip);
        let (place, slots, reserve) = (self.place.clone(), self.slots.clone(), self.reserve);
        let arriving =
            tokio::task::spawn_blocking(move || arrived((&place, &slots), &path, reserve));
        let arrived = match arriving.await {
            Ok(Ok(arrived)) => arrived,
            Ok(Err(IncomingFault::NoRoom)) => return Err(Later::NoRoom),
            Ok(Err(fault)) => return Ok(Err(fault.to_string())),
            Err(_) => return Ok(Err("reading it failed inside".to_owned())),
        };
        let digest = arrived.digest;
        let kept = self.committer.keep(arrived).await;
        kept.map_err(Later::Commit)?;
        // A second name proves nothing by itself: it is durable before anybody takes it for that.
        let place = self.place.clone();
        let synced =
            tokio::task::spawn_blocking(move || place.files().sync_folder(place.objects()));
        match synced.await {
            Ok(Ok(())) => Ok(Ok(digest)),
            Ok(Err(error)) => Err(Later::Disk(error)),
            Err(_) => Err(Later::NoRoom),
        }
    }
}

fn arrived(
    (place, slots): (&Place, &Slots),
    path: &Path,
    reserve: u64,
) -> Result<Arrived, IncomingFault> {
    let disk = |source| IncomingFault::Disk {
        step: "read a clip",
        source,
    };
    let first = File::open(path).and_then(first_bytes).map_err(disk)?;
    let ForeignHead::Is(facts, data_set_at) = foreign_head(&first, SENDER) else {
        return Err(IncomingFault::Another);
    };
    if !dimse::takes_class(&facts.class) || !dimse::takes_syntax(&facts.syntax) {
        return Err(IncomingFault::Another);
    }
    let at = data_set_at as u64;
    if has_empty_preamble(&first) {
        match Arrived::by_link(place, path, facts.clone(), at) {
            // Folders on two disks, or a disk without second names.
            Err(IncomingFault::Disk { .. }) => {}
            done => return done,
        }
    }
    let ready = slots.make().map_err(disk)?;
    let mut incoming = Incoming::begin(ready, facts, reserve);
    copy(path, at, &mut incoming).map_err(disk)??;
    incoming.arrived(&[])
}

/// The outer result is reading's.
fn copy(path: &Path, at: u64, into: &mut Incoming) -> io::Result<Result<(), IncomingFault>> {
    let mut file = File::open(path)?;
    file.seek(io::SeekFrom::Start(at))?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = file.read(&mut piece)?;
        let some = piece.get(..length).unwrap_or_default();
        if some.is_empty() {
            return Ok(Ok(()));
        }
        if let Err(fault) = into.append(some) {
            return Ok(Err(fault));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::DataFolder;

    fn sample(preamble: u8) -> Vec<u8> {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../sample-dicom/plax_small.dcm"
        );
        let mut bytes = std::fs::read(path).unwrap();
        bytes[..128].fill(preamble);
        bytes
    }

    #[test]
    fn a_clip_is_not_copied_unless_something_rides_in_its_preamble() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(&folder.path().join("data")).unwrap();
        let place = Place::below(&data).unwrap();
        let slots = Slots::new(place.clone());
        let arrived = |path: &Path| arrived((&place, &slots), path, 0);
        let path = folder.path().join("clip.dcm");
        std::fs::write(&path, sample(0)).unwrap();
        let linked = arrived(&path).unwrap();
        let inode = |path: &Path| std::fs::metadata(path).unwrap().ino();
        assert_eq!(inode(linked.half.path()), inode(&path));
        let other = folder.path().join("other.dcm");
        std::fs::write(&other, sample(0x4D)).unwrap();
        let copied = arrived(&other).unwrap();
        assert_eq!((copied.digest, copied.bytes), (linked.digest, linked.bytes));
        assert_eq!(std::fs::read(copied.half.path()).unwrap()[..128], [0; 128]);
        drop((linked, copied));
        assert!(path.exists(), "the clip stays with its consult");
        std::fs::write(&path, b"no DICOM").unwrap();
        assert!(matches!(arrived(&path), Err(IncomingFault::Another)));
    }
}
