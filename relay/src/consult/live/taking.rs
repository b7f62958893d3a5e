//! A clip that arrives, between the connection and its half file.
//!
//! Owns when bytes are written and when they are made durable, and the judgement at the end. Everything that blocks is
//! called where that is allowed. Called by `intake`. Invariant: a clip gets its name only when it has the length and digest
//! that were offered and is the object that was described.

use crate::replay;
use crate::store::{ClipFault, ClipFiles, Half};
use bytes::Bytes;
use std::io;
use std::time::Duration;
use tokio::time::Instant;
use wire::RtpTime;
use wire::clip::{ClipGap, ClipHead};

/// Made durable together: one sync takes 4 to 40 ms, and a device holds what is not durable.
const SYNC_BYTES: u64 = 1024 * 1024;
/// On a weak link a megabyte takes long; what came is made durable after this.
const SYNC_AFTER: Duration = Duration::from_millis(200);

/// A clip that arrives.
#[derive(Debug)]
pub(super) struct Taking {
    head: Box<ClipHead>,
    times: Vec<RtpTime>,
    half: Half,
    /// Came and not written yet.
    pending: Vec<Bytes>,
    /// Since when there is something that is not durable.
    since: Option<Instant>,
    hurried: bool,
    beside: bool,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Finished {
    /// It is kept.
    Whole,
    /// What lay here from before is damaged: it is fetched from its start.
    FromStart(Box<Taking>),
    /// It is not kept, and why.
    Not(ClipGap, String),
    /// It took too long to be read.
    Late(String),
}

impl Taking {
    pub(super) const fn new(head: Box<ClipHead>, times: Vec<RtpTime>, half: Half) -> Self {
        Self {
            head,
            times,
            half,
            pending: Vec::new(),
            since: None,
            hurried: false,
            beside: false,
        }
    }

    /// The same, for one that came with the UID of another.
    pub(super) fn beside(self) -> Self {
        Self {
            beside: true,
            ..self
        }
    }

    /// Whether it came with the UID of another.
    pub(super) const fn is_beside(&self) -> bool {
        self.beside
    }

    /// What was said of it.
    pub(super) fn head(&self) -> &ClipHead {
        &self.head
    }

    /// A piece came, which goes to the end.
    pub(super) fn came(&mut self, bytes: Bytes) {
        self.pending.push(bytes);
        self.since.get_or_insert_with(Instant::now);
    }

    /// No more comes over this connection: what is here is made durable now.
    pub(super) const fn hurry(&mut self) {
        self.hurried = true;
    }

    /// When something has to be made durable at the latest.
    pub(super) fn sync_due(&self) -> Option<Instant> {
        self.since.map(|since| since + SYNC_AFTER)
    }

    /// Bytes that are here.
    pub(super) const fn at(&self) -> u64 {
        self.half.at()
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.half.at() == self.head.bytes
    }

    pub(super) fn has_work(&self) -> bool {
        let due = self.sync_due().is_some_and(|due| due <= Instant::now());
        !self.pending.is_empty() || self.is_whole() || due || self.hurried
    }

    /// Writes what came and makes durable what is due; gives how much is durable when that changed. Blocks.
    pub(super) fn work(
        mut self,
        files: &ClipFiles,
        reserve: u64,
    ) -> (Self, Result<Option<u64>, ClipFault>) {
        let done = self.write(files, reserve);
        (self, done)
    }

    fn write(&mut self, files: &ClipFiles, reserve: u64) -> Result<Option<u64>, ClipFault> {
        for bytes in std::mem::take(&mut self.pending) {
            self.half.write(&bytes)?;
        }
        let late = self.sync_due().is_some_and(|due| due <= Instant::now());
        let due = late || self.hurried || self.is_whole() || self.half.unsynced() >= SYNC_BYTES;
        if !due || self.half.unsynced() == 0 {
            return Ok(None);
        }
        // Somebody else fills the disk: the log goes first.
        if files.room()? < reserve {
            return Err(ClipFault::new(
                "leave the reserve of the disk free",
                io::ErrorKind::StorageFull.into(),
            ));
        }
        let durable = self.half.sync()?;
        self.since = None;
        Ok(Some(durable))
    }

    /// Judges what is whole, and gives it its name if it is right. Blocks.
    pub(super) fn finish(mut self) -> Finished {
        match self.half.digest() {
            Ok(digest) if digest == self.head.digest => {}
            Ok(_) if self.half.is_resumed() => {
                return match self.half.begin_again() {
                    Ok(()) => Finished::FromStart(Box::new(self)),
                    Err(error) => Finished::Not(ClipGap::RelayStorage, error.to_string()),
                };
            }
            Ok(_) => {
                return Finished::Not(
                    ClipGap::Altered,
                    "its digest is not the one that was offered".to_owned(),
                );
            }
            Err(error) => return Finished::Not(ClipGap::RelayStorage, error.to_string()),
        }
        match replay::check(self.half.path(), &self.head, &self.times) {
            Ok(()) => {}
            Err(error) if error.is_late() => return Finished::Late(error.to_string()),
            Err(error) => return Finished::Not(error.gap(), error.to_string()),
        }
        match self.half.finish() {
            Ok(()) => Finished::Whole,
            Err(error) => Finished::Not(ClipGap::RelayStorage, error.to_string()),
        }
    }
}
