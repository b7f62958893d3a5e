//! What a retrieval is about (C-MOVE, C-GET): the objects behind its keys, and their data sets.
//!
//! Owns the way from keys to objects. Objects go as they are stored. Called by the door, who wrote down nothing yet: it gets the
//! studies with the objects.

use crate::archive::query::{DataSet, Level, Query, Tag};
use crate::archive::{Catalogue, MAX_INSTANCES, Objects};
use crate::store::StoreError;
use dicom_dictionary_std::tags;
use dimse::{Held, Reading};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Seek, SeekFrom};
use tokio::io::AsyncReadExt;
use wire::original::Digest;

/// Read from a file at once.
const READ_BYTES: usize = 256 * 1024;

/// What is wanted.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) held: Vec<Held>,
    /// Of which studies.
    pub(super) studies: BTreeSet<String>,
    /// There is more than one retrieval gives.
    pub(super) too_many: bool,
}

/// The objects behind keys.
pub(super) async fn wanted(catalogue: &Catalogue, query: Query) -> Result<Wanted, StoreError> {
    let level = query.level;
    let answers = catalogue.find(query).await?;
    let mut wanted = Wanted {
        too_many: answers.more,
        ..Wanted::default()
    };
    // Of each study and series that are asked at once, the instances; none means all.
    let mut places: BTreeMap<(String, Option<String>), BTreeSet<String>> = BTreeMap::new();
    for one in &answers.found {
        let study = first(one, tags::STUDY_INSTANCE_UID);
        let series = (level > Level::Study).then(|| first(one, tags::SERIES_INSTANCE_UID));
        let instances = places.entry((study, series)).or_default();
        if level == Level::Instance {
            instances.insert(first(one, tags::SOP_INSTANCE_UID));
        }
    }
    for ((study, series), instances) in places {
        let located = catalogue.instances(&study, series.as_deref(), None).await?;
        for one in located {
            if level < Level::Instance || instances.contains(&one.instance) {
                wanted.held.push(Held {
                    class: one.class,
                    instance: one.instance,
                    syntax: one.syntax,
                    bytes: one.bytes,
                    key: one.digest.to_string(),
                });
            }
        }
        wanted.studies.insert(study);
        wanted.too_many |= wanted.held.len() > MAX_INSTANCES;
        if wanted.too_many {
            break;
        }
    }
    Ok(wanted)
}

fn first(found: &DataSet, tag: Tag) -> String {
    found.texts(tag).into_iter().next().unwrap_or_default()
}

/// The data set of one of them: the last bytes of its file.
pub(super) async fn open(objects: &Objects, held: &Held) -> io::Result<Reading> {
    let digest: Digest = held.key.parse().map_err(io::Error::other)?;
    let (path, bytes) = (objects.path(digest), held.bytes);
    let opening = tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::open(path)?;
        let whole = file.metadata()?.len();
        let from = whole
            .checked_sub(bytes)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        file.seek(SeekFrom::Start(from))?;
        Ok::<_, io::Error>(file)
    });
    let file = tokio::fs::File::from_std(opening.await.map_err(io::Error::other)??);
    let reading = tokio::io::BufReader::with_capacity(READ_BYTES, file);
    Ok(Box::new(reading.take(bytes)))
}
