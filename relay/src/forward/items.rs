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
    /// The disk, or a folder of it that is away for now: nothing of what is kept is ever removed here.
    #[error("read its file: {0}")]
    Disk(#[source] io::Error),
    /// No head that we read.
    #[error("its file has no head that says what it is: {0}")]
    NoHead(&'static str),
    /// A fault of ours.
    #[error("reading its file failed inside")]
    Inside,
}

impl ItemFault {
    /// Whether it may be sent another time.
    pub(super) const fn may_pass(&self) -> bool {
        match self {
            Self::Disk(_) | Self::Inside => true,
            Self::NoHead(_) => false,
        }
    }
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
        let head = FileHead::read(&path, CLIP_SENDER).map_err(|fault| match fault {
            HeadFault::Disk(error) => ItemFault::Disk(error),
            HeadFault::Not(why) => ItemFault::NoHead(why),
        })?;
        let mut file = File::open(path).map_err(ItemFault::Disk)?;
        let whole = file.metadata().map_err(ItemFault::Disk)?.len();
        let cut = ItemFault::NoHead("it was cut while it was read");
        let bytes = whole.checked_sub(head.data_set_at).ok_or(cut)?;
        file.seek(SeekFrom::Start(head.data_set_at))
            .map_err(ItemFault::Disk)?;
        Ok(Item {
            head: head.given_out(),
            facts: head.facts,
            file,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::DataFolder;
    use std::fs;
    use wire::original::Digest;
    use wire::{ClipId, ConsultId};

    #[test]
    fn a_file_whose_folder_is_away_for_a_while_is_sent_later_and_a_letter_never() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(&folder.path().join("data")).unwrap();
        let items = Items {
            objects: Objects::beside(&data),
            clips: ClipFiles::beside(&data),
        };
        let (consult, clip) = (ConsultId::random(), ClipId::random());
        let digest = Digest::from_bytes([1; 32]);
        let phantom = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../sample-dicom/plax_small.dcm"
        );
        let both = [
            ForwardItem::Clip(consult, clip),
            ForwardItem::Object(digest),
        ];
        let places = [items.clips.whole(consult, clip), items.objects.path(digest)];
        for (item, place) in both.into_iter().zip(places) {
            let away = items.open(item).unwrap_err();
            assert!(away.may_pass(), "{away}");
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::copy(phantom, &place).unwrap();
            assert!(items.open(item).unwrap().bytes > 0);
            fs::write(&place, b"a letter").unwrap();
            let letter = items.open(item).unwrap_err();
            assert!(!letter.may_pass(), "{letter}");
        }
    }
}
