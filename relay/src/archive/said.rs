//! Brings what was drawn and measured on clips into the archive when their consult is closed, so that hospital systems find it beside the
//! clips and it is sent on with them.
//!
//! Owns when: soon after the file is written, and once more after a start. One that the disk or the database does not take is tried
//! again and keeps no other from its turn; one that is no object is noted with the reason. The files are small, so they come in
//! as a sender's objects do.

use super::foreign::{ForeignHead, foreign_head};
use super::shelf::{Archive, Taken};
use crate::store::{self, ClipFiles, SaidOfClip, Store, StoreError};
use dimse::{Shelf as _, Status};
use std::path::PathBuf;
use std::time::Duration;
use wire::original::Digest;

/// How soon a file is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// Files looked up at once.
const AT_ONCE: u32 = 16;
/// A presentation state holds some thousand points, a report some hundred values.
const MAX_SAID_BYTES: u64 = 32 << 20;
/// Who sent it, for the object's row; the schema sends what has this name on with the clips.
const SENDER: &str = "HIBIKI-MARKS";

/// What it works with.
pub(super) struct SaidCollector {
    pub(super) clips: ClipFiles,
    pub(super) store: Store,
    pub(super) archive: Archive,
}

/// What came of a file.
enum Came {
    Taken(Digest),
    /// It will never be an object.
    Never(&'static str),
    /// Not now.
    Later,
}

impl SaidCollector {
    /// Works until the store closes.
    pub(super) fn start(self) {
        tokio::spawn(async move {
            loop {
                match self.all().await {
                    Err(StoreError::Closed { .. }) => return,
                    Err(error) => {
                        tracing::error!(%error, "marks were not taken into the archive; it is tried again");
                    }
                    Ok(0) => {}
                    Ok(later) => {
                        tracing::warn!(
                            later,
                            "marks were not taken into the archive; it is tried again"
                        );
                    }
                }
                tokio::time::sleep(LOOK).await;
            }
        });
    }

    /// Takes all that can be taken; gives how many could not be.
    async fn all(&self) -> Result<u32, StoreError> {
        let mut later = 0;
        loop {
            let found = self
                .store
                .search("find marks for the archive", move |db| {
                    store::uncollected_said(db, later, AT_ONCE)
                })
                .await?;
            if found.is_empty() {
                return Ok(later);
            }
            for said in found {
                let came = match self.one(&said).await {
                    Came::Taken(digest) => Ok(digest),
                    Came::Never(why) => {
                        tracing::warn!(consult = %said.consult, clip = %said.clip, why, "marks stay out of the archive");
                        Err(why)
                    }
                    Came::Later => {
                        later += 1;
                        continue;
                    }
                };
                self.store
                    .write("note marks of the archive", move |db| {
                        store::note_said_collected(db, &said, came)
                    })
                    .await?;
            }
        }
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

async fn read(path: PathBuf) -> std::io::Result<Vec<u8>> {
    let about = tokio::fs::metadata(&path).await?;
    if about.len() > MAX_SAID_BYTES {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    tokio::fs::read(&path).await
}
