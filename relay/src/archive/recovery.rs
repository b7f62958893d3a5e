//! Puts in order what a crash left: files that prove to be whole objects get their names, half ones go, objects that have a name
//! and no row get one.
//!
//! A power cut may take back what was not synced of an answered object: its name and its row. Those without were never answered, or
//! their row was lost with a database that was put back from an older copy; either way they are whole.

use super::collector::SENDER as CLIP_SENDER;
use super::file_head::FileHead;
use super::incoming::belongs;
use super::part10::{Head, Proof, read};
use super::place::{HALF, Place, WHOLE};
use crate::store::{ObjectRow, Store, StoreError, has_object, keep_object};
use dimse::MAX_FILE_HEAD_BYTES;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use wire::RelayTime;
use wire::original::Digest;

/// Rows looked for, or added, in one go.
const AT_ONCE: usize = 256;
/// Read at once to be hashed.
const HASH_BYTES: usize = 256 * 1024;

/// What was put in order.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// Half files removed.
    pub removed: usize,
    /// Whole objects that had lost their names.
    pub named: usize,
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
    let arriving = place.clone();
    let arrived = tokio::task::spawn_blocking(move || sort_out(&arriving));
    let mut recovered = arrived.await.map_err(io::Error::other)??;
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

/// What is in the folder of those that arrive: none is left there.
fn sort_out(place: &Place) -> io::Result<Recovered> {
    let mut recovered = Recovered::default();
    for found in fs::read_dir(place.incoming())? {
        let found = found?;
        let path = found.path();
        if path.extension().is_none_or(|ending| ending != HALF) {
            continue;
        }
        if let Some(digest) = proven(&path)? {
            let object = place.object(digest);
            if !object.exists() {
                fs::rename(&path, object)?;
                recovered.named += 1;
                continue;
            }
        } else if found.metadata()?.len() > 0 {
            // Those without a byte only waited for an object.
            recovered.removed += 1;
        }
        fs::remove_file(&path)?;
    }
    recording::sync_folder(place.objects())?;
    Ok(recovered)
}

/// The digest of a file's object if its bytes are what its head says.
fn proven(path: &Path) -> io::Result<Option<Digest>> {
    let mut file = File::open(path)?;
    let whole = file.metadata()?.len();
    let Some((head, proof)) = head_of(&mut file)?.and_then(|head| {
        let proof = head.proof?;
        Some((head, proof))
    }) else {
        return Ok(None);
    };
    if head.data_set_at.checked_add(proof.bytes) != Some(whole) {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(head.data_set_at))?;
    let mut hash = Sha256::new();
    let mut some = vec![0; HASH_BYTES];
    loop {
        let read = file.read(&mut some)?;
        match some.get(..read) {
            Some([]) | None => break,
            Some(bytes) => hash.update(bytes),
        }
    }
    let found = Proof {
        digest: Digest::from_bytes(hash.finalize().into()),
        ..proof
    };
    Ok((found == proof).then_some(proof.digest))
}

fn head_of(file: &mut File) -> io::Result<Option<Head>> {
    let mut head = Vec::new();
    file.take(MAX_FILE_HEAD_BYTES).read_to_end(&mut head)?;
    Ok(read(&head))
}

fn digest_of(path: &Path) -> Option<Digest> {
    if path.extension()? != WHOLE {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok()
}

/// What an object's file says of itself; none when it is no object of ours.
fn row(digest: Digest, path: &Path, now: RelayTime) -> Option<ObjectRow> {
    let mut file = File::open(path).ok()?;
    let whole = file.metadata().ok()?.len();
    let (facts, data_set_at) = match head_of(&mut file).ok()? {
        Some(head) => (head.facts, head.data_set_at),
        // Only a clip's file has another head than ours: its second name.
        None => {
            let head = FileHead::read(path, CLIP_SENDER).ok()?;
            (head.facts, head.data_set_at)
        }
    };
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
