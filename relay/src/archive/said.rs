//! Brings what was drawn and measured on clips into the archive when their consult is closed, so that hospital systems find it beside the
//! clips and it is sent on with them.
//!
//! Owns when: soon after the file is written, and once more after a start. One that the disk or the database does not take is tried
//! again after growing waits and keeps no other from its turn; one that is no object is noted with the reason. The files are small, so they come in
//! as a sender's objects do.

use super::foreign::{ForeignHead, foreign_head};
use super::put_off::PutOff;
use super::shelf::{Archive, Taken};
use crate::store::{self, About, ClipFiles, SaidOfClip, Store, StoreError};
use dimse::{Shelf as _, Status};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;
use wire::original::Digest;
use wire::{ClipId, ConsultId};

/// How soon a file is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// Files looked up at once.
const AT_ONCE: usize = 16;
/// A presentation state holds some thousand points, a report some hundred values.
const MAX_SAID_BYTES: u64 = 32 << 20;
/// Who sent it, for the object's row; the schema sends what has this name on with the clips.
const SENDER: &str = "HIBIKI-MARKS";

/// What is said of which clip.
type Which = (ConsultId, ClipId, About);

/// What it works with.
pub(super) struct SaidCollector {
    pub(super) clips: ClipFiles,
    pub(super) store: Store,
    pub(super) archive: Archive,
}

/// What came of a file.
enum Came {
    /// It is in the archive.
    Taken(Digest),
    /// It will never be an object.
    Never(&'static str),
    /// Not now, for a reason that may pass.
    Later,
}

impl SaidCollector {
    /// Works until the store closes.
    pub(super) fn start(self) {
        tokio::spawn(async move {
            let mut put_off = PutOff::default();
            loop {
                match self.some(&mut put_off, Instant::now()).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(StoreError::Closed { .. }) => return,
                    Err(error) => {
                        tracing::error!(%error, "marks were not taken into the archive; it is tried again");
                    }
                }
                tokio::time::sleep(LOOK).await;
            }
        });
    }

    /// Looks at some; false when there are none that can be decided now.
    async fn some(&self, put_off: &mut PutOff<Which>, now: Instant) -> Result<bool, StoreError> {
        let most = u32::try_from(AT_ONCE + put_off.len()).unwrap_or(u32::MAX);
        let found = self
            .store
            .search("find marks for the archive", move |db| {
                store::uncollected_said(db, most)
            })
            .await?;
        let (mut decided, mut failed) = (false, false);
        let due = found
            .into_iter()
            .filter(|said| !put_off.waits(which(said), now));
        for said in due.take(AT_ONCE).collect::<Vec<_>>() {
            let came = match self.one(&said).await {
                Came::Taken(digest) => Ok(digest),
                Came::Never(why) => {
                    tracing::warn!(consult = %said.consult, clip = %said.clip, why, "marks stay out of the archive");
                    Err(why)
                }
                Came::Later => {
                    put_off.failed(which(&said), now);
                    failed = true;
                    continue;
                }
            };
            self.store
                .write("note marks of the archive", move |db| {
                    store::note_said_collected(db, &said, came)
                })
                .await?;
            put_off.done(which(&said));
            decided = true;
        }
        if failed {
            let waiting = put_off.len();
            tracing::warn!(
                waiting,
                "marks were not taken into the archive; it is tried again"
            );
        }
        Ok(decided)
    }

    async fn one(&self, said: &SaidOfClip) -> Came {
        let path = self.clips.about(said.consult, said.clip, said.what);
        let bytes = match read(path).await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(consult = %said.consult, clip = %said.clip, %error, "a file of marks cannot be read");
                return Came::Later;
            }
        };
        let ForeignHead::Is(facts, at) = foreign_head(&bytes, SENDER) else {
            return Came::Never("it has no head of a DICOM file");
        };
        let data_set = bytes.get(at..).unwrap_or_default();
        match self.taken(facts, data_set).await {
            Ok(taken) => Came::Taken(taken.digest),
            Err(status) if status.may_pass() => Came::Later,
            Err(status) => Came::Never(status.comment()),
        }
    }

    async fn taken(&self, facts: dimse::Facts, data_set: &[u8]) -> Result<Taken, Status> {
        let mut slot = self.archive.begin(facts).await?;
        self.archive.write(&mut slot, data_set).await?;
        self.archive.take_in(slot, None).await
    }
}

const fn which(said: &SaidOfClip) -> Which {
    (said.consult, said.clip, said.what)
}

async fn read(path: PathBuf) -> std::io::Result<Vec<u8>> {
    let about = tokio::fs::metadata(&path).await?;
    if about.len() > MAX_SAID_BYTES {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    tokio::fs::read(&path).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{Archive, ArchiveParts};
    use crate::clock::Clock;
    use crate::store::DataFolder;
    use std::collections::HashSet;
    use std::sync::Arc;
    use wire::RelayTime;

    /// Files beside clips, and a collector that is asked by hand: its rows are none of its archive's.
    struct World {
        _folder: tempfile::TempDir,
        collector: SaidCollector,
    }

    impl World {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let data = DataFolder::at(&folder.path().join("data")).unwrap();
            let clips = ClipFiles::open(&data, &HashSet::new()).unwrap();
            let parts = ArchiveParts {
                store: Store::open(&folder.path().join("archive.db")).unwrap(),
                clock: Arc::new(Clock::after(None)),
                reserve: 0,
                clips: clips.clone(),
            };
            let (archive, _) = Archive::open(&data, parts).await.unwrap();
            let store = Store::open(&folder.path().join("relay.db")).unwrap();
            let collector = SaidCollector {
                clips,
                store,
                archive,
            };
            Self {
                _folder: folder,
                collector,
            }
        }

        /// The nth that was said; its file is not there yet.
        async fn says(&self, nth: u64) -> SaidOfClip {
            let said = SaidOfClip {
                consult: ConsultId::random(),
                clip: ClipId::random(),
                what: About::Marks,
                written_at: RelayTime(nth),
            };
            let note = move |db: &rusqlite::Connection| {
                store::open_consult(db, said.consult, "訪問 1", RelayTime(1))?;
                store::note_said(db, &said)
            };
            self.collector.store.write("say", note).await.unwrap();
            said
        }

        fn writes(&self, said: &SaidOfClip, bytes: &[u8]) {
            let path = self
                .collector
                .clips
                .about(said.consult, said.clip, said.what);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }

        async fn looks(&self, put_off: &mut PutOff<Which>, now: Instant) -> bool {
            self.collector.some(put_off, now).await.unwrap()
        }

        async fn waiting(&self) -> Vec<SaidOfClip> {
            let find = |db: &rusqlite::Connection| store::uncollected_said(db, 99);
            self.collector.store.read("look", find).await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_tried_again_after_growing_waits_and_holds_up_no_other() {
        let world = World::new().await;
        let (unread, letter, other) = (
            world.says(1).await,
            world.says(2).await,
            world.says(3).await,
        );
        // As long as a preamble and more.
        world.writes(&letter, &[b'a'; 256]);
        let sample = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../sample-dicom/plax_small.dcm"
        );
        let sample = std::fs::read(sample).unwrap();
        world.writes(&other, &sample);
        let (mut put_off, mut now) = (PutOff::default(), Instant::now());
        assert!(world.looks(&mut put_off, now).await);
        assert_eq!(world.waiting().await, [unread], "the others are decided");

        // An hour of looks: each is a reading of the file, and a line in the log.
        let (mut tries, end) = (1, now + Duration::from_secs(3_600));
        while now < end {
            now += LOOK;
            let waited = put_off.waits(which(&unread), now);
            assert!(!world.looks(&mut put_off, now).await);
            tries += u32::from(!waited);
        }
        assert!((8..16).contains(&tries), "{tries} times in an hour");

        world.writes(&unread, &sample);
        assert!(
            world
                .looks(&mut put_off, now + Duration::from_secs(600))
                .await
        );
        assert_eq!(world.waiting().await, []);
        assert_eq!(put_off.len(), 0);
    }
}
