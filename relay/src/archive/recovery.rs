//! Puts in order what a crash left: half files go, objects that have a name and no row get one.
//!
//! The latter were never answered, or their row was lost with a database that was put back from an older copy; either way they are whole.

use super::incoming::belongs;
use super::part10::{MAX_HEAD_BYTES, read};
use super::place::{HALF, Place, WHOLE};
use crate::store::{ObjectRow, Store, StoreError, has_object, keep_object};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use wire::RelayTime;
use wire::original::Digest;

/// Rows looked for, or added, in one go.
const AT_ONCE: usize = 256;

/// What was put in order.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// Half files removed.
    pub removed: usize,
    /// Objects noted again.
    pub noted: usize,
    /// Files in the folder that are no objects of ours; left as they are.
    pub strange: usize,
}

pub(super) async fn recover(
    place: &Place,
    store: &Store,
    now: RelayTime,
) -> Result<Recovered, Fault> {
    let mut recovered = Recovered {
        removed: clear(place.incoming())?,
        ..Recovered::default()
    };
    let mut names = fs::read_dir(place.objects())?;
    loop {
        let some: Vec<PathBuf> = names
            .by_ref()
            .take(AT_ONCE)
            .map(|found| found.map(|found| found.path()))
            .collect::<io::Result<_>>()?;
        if some.is_empty() {
            return Ok(recovered);
        }
        let named: Vec<(Digest, PathBuf)> = some
            .into_iter()
            .filter_map(|path| Some((digest_of(&path)?, path)))
            .collect();
        let without = store
            .read("find objects without a row", move |db| {
                let mut without = Vec::new();
                for (digest, path) in named {
                    if !has_object(db, digest)? {
                        without.push((digest, path));
                    }
                }
                Ok(without)
            })
            .await?;
        let read = tokio::task::spawn_blocking(move || {
            without
                .into_iter()
                .map(|(digest, path)| row(digest, &path, now))
                .collect::<Vec<_>>()
        });
        let rows = read.await.map_err(io::Error::other)?;
        recovered.strange += rows.iter().filter(|row| row.is_none()).count();
        let rows: Vec<ObjectRow> = rows.into_iter().flatten().collect();
        recovered.noted += rows.len();
        if !rows.is_empty() {
            store
                .write("note objects again", move |db| {
                    rows.iter()
                        .try_for_each(|row| keep_object(db, row).map(drop))
                })
                .await?;
        }
    }
}

/// The start stops at these.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn clear(incoming: &Path) -> io::Result<usize> {
    let mut removed = 0;
    for found in fs::read_dir(incoming)? {
        let path = found?.path();
        if path.extension().is_some_and(|ending| ending == HALF) {
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn digest_of(path: &Path) -> Option<Digest> {
    if path.extension()? != WHOLE {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok()
}

/// What an object's file says of itself; none when it is no object of ours.
fn row(digest: Digest, path: &Path, now: RelayTime) -> Option<ObjectRow> {
    let mut head = Vec::new();
    let file = File::open(path).ok()?;
    let whole = file.metadata().ok()?.len();
    file.take(MAX_HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .ok()?;
    let (facts, data_set_at) = read(&head)?;
    let (study, series) = belongs(path, &facts, data_set_at).ok()?;
    Some(ObjectRow {
        digest,
        instance: facts.instance,
        study,
        series,
        class: facts.class,
        syntax: facts.syntax,
        bytes: whole.checked_sub(data_set_at)?,
        sender: facts.sender,
        arrived_at: now,
    })
}
