//! An object's file while it arrives.
//!
//! Owns the half file: head, then the data set as it comes, hashed on the way; last the proof in the head, and one sync for all of it.
//! Everything here but `begin` blocks. Invariant: a half file that is dropped is removed; what a crash leaves of one that is not
//! proven, the next start removes.

use super::files::HalfFile;
use super::part10::{Proof, head};
use super::place::Place;
use super::slots::{Half, Ready};
use dimse::Facts;
use echo_dicom::{ClipError, Identity};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use thiserror::Error;
use wire::original::Digest;

/// Read at once of a file that is here already.
const READ_BYTES: usize = 256 << 10;
/// As soon as so many are written the disk begins with them.
const WRITE_BACK_BYTES: u64 = 1 << 20;

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
    /// It is no DICOM file.
    #[error("it is no file of an object: {0}")]
    NoFile(&'static str),
    /// It is another object than the command said.
    #[error("the data set is another object than the command says")]
    Another,
    /// It belongs nowhere.
    #[error("the data set names no study or no series")]
    Homeless,
}

impl IncomingFault {
    /// Whether the same bytes end the same whenever they come; else it is the disk's, and may pass.
    pub(super) const fn is_of_the_object(&self) -> bool {
        match self {
            Self::Structure(_) | Self::NoFile(_) | Self::Another | Self::Homeless => true,
            Self::NoRoom | Self::Disk { .. } => false,
        }
    }
}

pub(super) fn disk(step: &'static str) -> impl FnOnce(io::Error) -> IncomingFault {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => IncomingFault::NoRoom,
        _ => IncomingFault::Disk { step, source },
    }
}

/// An object that arrives.
#[derive(Debug)]
pub(super) struct Incoming {
    file: Box<dyn HalfFile>,
    half: Half,
    facts: Facts,
    hash: Sha256,
    /// The head's length once it is written.
    head_bytes: Option<u64>,
    /// Bytes of the data set.
    bytes: u64,
    /// Bytes of the file that the disk has begun with.
    written_back: u64,
    reserve: u64,
}

/// An object that is here and durable; its name and its row can be made again from it.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) half: Half,
    pub(super) digest: Digest,
    pub(super) bytes: u64,
    pub(super) facts: Facts,
    pub(super) study: String,
    pub(super) series: String,
    /// What has its UID already is no object: it is flagged, whatever else the archive has.
    pub(super) flagged: bool,
}

impl Incoming {
    /// Begins one.
    pub(super) fn begin(Ready { file, half }: Ready, facts: Facts, reserve: u64) -> Self {
        Self {
            file,
            half,
            facts,
            hash: Sha256::new(),
            head_bytes: None,
            bytes: 0,
            written_back: 0,
            reserve,
        }
    }

    /// The next bytes of its data set.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), IncomingFault> {
        if self.head_bytes.is_none() {
            self.write_head(None)?;
        }
        self.write(bytes)?;
        self.bytes += bytes.len() as u64;
        let written = self.head_bytes.unwrap_or(0) + self.bytes;
        if written - self.written_back >= WRITE_BACK_BYTES {
            self.file.write_back(self.written_back..written);
            self.written_back = written;
        }
        // Hashed while the disk works.
        self.hash.update(bytes);
        Ok(())
    }

    /// These bytes, and that was all: looks at what it is, and makes it durable.
    pub(super) fn arrived(mut self, last: &[u8]) -> Result<Arrived, IncomingFault> {
        self.hash.update(last);
        self.bytes += last.len() as u64;
        let proof = Proof {
            digest: Digest::from_bytes(self.hash.clone().finalize().into()),
            bytes: self.bytes,
        };
        let data_set_at = self.write_head(Some(proof))?;
        self.write(last)?;
        // Walked before it is synced: what is refused costs no sync.
        let (study, series) = belongs(self.half.path(), &self.facts, data_set_at)?;
        self.file.sync().map_err(disk("make an object durable"))?;
        Ok(Arrived {
            half: self.half,
            digest: proof.digest,
            bytes: self.bytes,
            facts: self.facts,
            study,
            series,
            flagged: false,
        })
    }

    /// At the beginning, the first time or again.
    fn write_head(&mut self, proof: Option<Proof>) -> Result<u64, IncomingFault> {
        let head = head(&self.facts, proof);
        let written = if self.head_bytes.is_some() {
            self.file.write_start(&head)
        } else {
            self.file.write_all(&head)
        };
        written.map_err(disk("write an object's head"))?;
        Ok(*self.head_bytes.insert(head.len() as u64))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), IncomingFault> {
        check_room(self.half.path(), self.reserve)?;
        self.file.write_all(bytes).map_err(disk("write an object"))
    }
}

impl Arrived {
    /// A whole file of ours whose data set begins there, without a second copy of its bytes: the archive gets another name for it. That
    /// name is not durable and the file proves nothing: who asks for it sees to that.
    pub(super) fn by_link(
        place: &Place,
        file: &Path,
        facts: Facts,
        data_set_at: u64,
    ) -> Result<Self, IncomingFault> {
        let (study, series) = belongs(file, &facts, data_set_at)?;
        let mut hash = Sha256::new();
        let mut reading = File::open(file).map_err(disk("open a clip"))?;
        reading
            .seek(io::SeekFrom::Start(data_set_at))
            .map_err(disk("read a clip"))?;
        let (mut bytes, mut piece) = (0, vec![0; READ_BYTES]);
        loop {
            let length = reading.read(&mut piece).map_err(disk("read a clip"))?;
            let Some(some) = piece.get(..length).filter(|some| !some.is_empty()) else {
                break;
            };
            hash.update(some);
            bytes += some.len() as u64;
        }
        let half = Half::link(place, file).map_err(disk("give a clip a second name"))?;
        Ok(Self {
            half,
            digest: Digest::from_bytes(hash.finalize().into()),
            bytes,
            facts,
            study,
            series,
            flagged: false,
        })
    }
}

fn check_room(path: &Path, reserve: u64) -> Result<(), IncomingFault> {
    let room = recording::room(path).map_err(disk("see how much room the disk has"))?;
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
