//! The files of what is sent on.
//!
//! Owns finding the data set behind a file's head; its bytes are not looked at. Everything here blocks.

use crate::archive::{Objects, read_head};
use crate::store::{ClipFiles, ForwardItem};
use dimse::Facts;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use thiserror::Error;

/// More than a file's head is.
const MAX_HEAD_BYTES: u64 = 8 * 1024;

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
    #[error("its file has no head that says what it is")]
    NoHead,
}

/// A file whose data set comes next.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) facts: Facts,
    pub(super) file: File,
    pub(super) bytes: u64,
    /// Bytes of the file before it.
    pub(super) head_bytes: u64,
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
        let mut file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ItemFault::Gone,
            _ => ItemFault::Disk(error),
        })?;
        let mut head = Vec::new();
        let read = (&mut file).take(MAX_HEAD_BYTES).read_to_end(&mut head);
        read.map_err(ItemFault::Disk)?;
        let (facts, data_set_at) = read_head(&head).ok_or(ItemFault::NoHead)?;
        let whole = file.metadata().map_err(ItemFault::Disk)?.len();
        let bytes = whole.checked_sub(data_set_at).ok_or(ItemFault::NoHead)?;
        file.seek(SeekFrom::Start(data_set_at))
            .map_err(ItemFault::Disk)?;
        Ok(Item {
            facts,
            file,
            bytes,
            head_bytes: data_set_at,
        })
    }
}
