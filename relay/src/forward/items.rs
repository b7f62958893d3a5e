//! The files of what is sent on.
//!
//! Owns finding the data set behind a file's head, and what head it leaves with: the file's own, or one of ours when that is none that
//! others read. The data set is not looked at, unless the head leaves something open. Everything here blocks.

use crate::archive::{CLIP_SENDER, FileHead, HeadFault, Objects};
use crate::store::{ClipFiles, ForwardItem};
use dimse::Facts;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use thiserror::Error;

/// An item cannot be sent.
#[derive(Debug, Error)]
pub(super) enum ItemFault {
    /// It is not where it lay.
    #[error("its file is gone")]
    Gone,
    /// The disk.
    #[error("read its file: {0}")]
    Disk(#[source] io::Error),
    /// No head that we read.
    #[error("its file has no head that says what it is: {0}")]
    NoHead(&'static str),
    /// A fault of ours.
    #[error("reading its file failed inside")]
    Inside,
}

/// An object on its way.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) facts: Facts,
    /// Its data set comes next.
    pub(super) file: File,
    /// Bytes of the data set.
    pub(super) bytes: u64,
    /// What stands before it where an object is sent as a file.
    pub(super) head: Vec<u8>,
}

/// Where items lie.
#[derive(Debug, Clone)]
pub(super) struct Items {
    pub(super) objects: Objects,
    pub(super) clips: ClipFiles,
}

impl Items {
    pub(super) fn open(&self, item: ForwardItem) -> Result<Item, ItemFault> {
        let path = match item {
            ForwardItem::Object(digest) => self.objects.path(digest),
            ForwardItem::Clip(consult, clip) => self.clips.whole(consult, clip),
        };
        let disk = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => ItemFault::Gone,
            _ => ItemFault::Disk(error),
        };
        let head = FileHead::read(&path, CLIP_SENDER).map_err(|fault| match fault {
            HeadFault::Disk(error) => disk(error),
            HeadFault::Not(why) => ItemFault::NoHead(why),
        })?;
        let mut file = File::open(path).map_err(disk)?;
        let whole = file.metadata().map_err(disk)?.len();
        let cut = ItemFault::NoHead("it was cut while it was read");
        let bytes = whole.checked_sub(head.data_set_at).ok_or(cut)?;
        file.seek(SeekFrom::Start(head.data_set_at)).map_err(disk)?;
        Ok(Item {
            head: head.given_out(),
            facts: head.facts,
            file,
            bytes,
        })
    }
}
