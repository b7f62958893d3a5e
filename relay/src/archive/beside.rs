//! A file whose UID a clip has already goes into the archive beside that clip.
//!
//! Owns the order: the clip first, so that it is the other one that gets the flag and is not given out. Where the clip is no object (a
//! letter, a damaged export), the other one is kept with the flag all the same: nobody would hear else that there are two. Called for what agents and
//! pages bring; by the network an object comes through the shelf at once.

use super::file_head::{FileHead, HeadFault};
use super::shelf::Archive;
use dimse::{Shelf as _, Status};
use std::io::SeekFrom;
use std::path::Path;
use thiserror::Error;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use wire::{ClipId, ConsultId};

/// Read at once.
const READ_BYTES: u64 = 256 * 1024;

/// A file is not in the archive.
#[derive(Debug, Error)]
pub enum BesideFault {
    /// Its object is none for an archive.
    #[error("{0}")]
    Never(String),
    /// It may be taken another time.
    #[error("{0}")]
    Later(String),
}

impl Archive {
    /// Keeps the object of a file beside what has its UID, a clip or an object that is here; durable when this answers.
    ///
    /// # Errors
    /// `BesideFault`.
    pub async fn keep_beside(
        &self,
        clip: Option<(ConsultId, ClipId)>,
        path: &Path,
        sender: &'static str,
    ) -> Result<(), BesideFault> {
        let flagged = match clip {
            Some(clip) => !self.collect(clip).await.map_err(BesideFault::Later)?,
            None => false,
        };
        let of = path.to_owned();
        let read = tokio::task::spawn_blocking(move || FileHead::read(&of, sender)).await;
        let read = read.map_err(|_| BesideFault::Later("reading it failed inside".to_owned()))?;
        let head = read.map_err(|fault| match fault {
            HeadFault::Not(_) => BesideFault::Never(fault.to_string()),
            HeadFault::Disk(_) => BesideFault::Later(fault.to_string()),
        })?;
        let facts = head.facts;
        if !dimse::takes_class(&facts.class) || !dimse::takes_syntax(&facts.syntax) {
            let why = "the archive does not take its class or transfer syntax";
            return Err(BesideFault::Never(why.to_owned()));
        }
        let disk = |error: std::io::Error| BesideFault::Later(error.to_string());
        let mut file = File::open(path).await.map_err(disk)?;
        let begin = SeekFrom::Start(head.data_set_at);
        file.seek(begin).await.map_err(disk)?;
        let mut slot = self.begin(facts).await.map_err(fault_of)?;
        loop {
            let mut data = Vec::new();
            let more = &mut (&mut file).take(READ_BYTES);
            more.read_to_end(&mut data).await.map_err(disk)?;
            if data.is_empty() {
                break;
            }
            self.write(&mut slot, &data).await.map_err(fault_of)?;
        }
        let taken = self.take(slot, None, flagged).await;
        taken.map(drop).map_err(fault_of)
    }
}

/// What a status means for whoever brings a file (PS3.4 Table B.2-1).
fn fault_of(status: Status) -> BesideFault {
    let why = status.comment().to_owned();
    match status.code() {
        0xA900..=0xA9FF | 0xC000..=0xCFFF => BesideFault::Never(why),
        _ => BesideFault::Later(why),
    }
}
