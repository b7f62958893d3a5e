//! An object's file while it arrives.
//!
//! Owns the half file: head, then the data set as it comes, hashed on the way. Everything here blocks. Invariant: a half file that
//! is dropped is removed; what a crash leaves, the next start removes.

use super::part10::head;
use super::place::Place;
use crate::store::{owned, room_at};
use dimse::Facts;
use echo_dicom::{ClipError, Identity};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;
use wire::original::Digest;

/// An object cannot be taken.
#[derive(Debug, Error)]
pub(super) enum IncomingFault {
    /// Less than the reserve is left on the disk.
    #[error("the disk has no room")]
    NoRoom,
    /// The disk.
    #[error("{step}: {source}")]
    Disk {
        step: &'static str,
        source: io::Error,
    },
    /// Its structure lies.
    #[error("the data set cannot be walked: {0}")]
    Structure(#[source] ClipError),
    /// It is another object than the command said.
    #[error("the data set is another object than the command says")]
    Another,
    /// It belongs nowhere.
    #[error("the data set names no study or no series")]
    Homeless,
}

fn disk(step: &'static str) -> impl FnOnce(io::Error) -> IncomingFault {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => IncomingFault::NoRoom,
        _ => IncomingFault::Disk { step, source },
    }
}

/// An object that arrives.
#[derive(Debug)]
pub(super) struct Incoming {
    file: File,
    half: Half,
    facts: Facts,
    hash: Sha256,
    data_set_at: u64,
    /// Bytes of the data set.
    bytes: u64,
    reserve: u64,
}

/// A file that is removed unless it got its name.
#[derive(Debug)]
pub(super) struct Half(PathBuf);

impl Half {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        // Not found means that it has its name.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// An object that is here, durable but for its name.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) half: Half,
    pub(super) digest: Digest,
    pub(super) bytes: u64,
    pub(super) facts: Facts,
    pub(super) study: String,
    pub(super) series: String,
}

impl Incoming {
    /// Begins one.
    pub(super) fn begin(place: &Place, facts: Facts, reserve: u64) -> Result<Self, IncomingFault> {
        check_room(place.incoming(), reserve)?;
        let path = place.fresh();
        let mut file = owned()
            .create_new(true)
            .open(&path)
            .map_err(disk("make a file for an object"))?;
        let half = Half(path);
        let head = head(&facts);
        file.write_all(&head)
            .map_err(disk("write an object's head"))?;
        Ok(Self {
            file,
            half,
            facts,
            hash: Sha256::new(),
            data_set_at: head.len() as u64,
            bytes: 0,
            reserve,
        })
    }

    /// The next bytes of its data set.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), IncomingFault> {
        check_room(self.half.path(), self.reserve)?;
        self.file
            .write_all(bytes)
            .map_err(disk("write an object"))?;
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// That was all: looks at what it is, and makes it durable.
    pub(super) fn arrived(self) -> Result<Arrived, IncomingFault> {
        // Walked before it is synced: what is refused costs no sync.
        let (study, series) = belongs(self.half.path(), &self.facts, self.data_set_at)?;
        self.file
            .sync_data()
            .map_err(disk("make an object durable"))?;
        Ok(Arrived {
            half: self.half,
            digest: Digest::from_bytes(self.hash.finalize().into()),
            bytes: self.bytes,
            facts: self.facts,
            study,
            series,
        })
    }
}

fn check_room(path: &Path, reserve: u64) -> Result<(), IncomingFault> {
    let room = room_at(path).map_err(disk("see how much room the disk has"))?;
    if room < reserve {
        return Err(IncomingFault::NoRoom);
    }
    Ok(())
}

/// Study and series of a file's object, if it is the one that was announced.
pub(super) fn belongs(
    file: &Path,
    facts: &Facts,
    data_set_at: u64,
) -> Result<(String, String), IncomingFault> {
    let found = Identity::read(file, &facts.syntax, data_set_at).map_err(|fault| match fault {
        ClipError::ReadFile(source) => disk("read an object")(source),
        fault => IncomingFault::Structure(fault),
    })?;
    if found.class.as_ref() != Some(&facts.class)
        || found.instance.as_ref() != Some(&facts.instance)
    {
        return Err(IncomingFault::Another);
    }
    match (found.study, found.series) {
        (Some(study), Some(series)) => Ok((study, series)),
        _ => Err(IncomingFault::Homeless),
    }
}
