//! The journal: every frame, coded, on this device's disk, whatever becomes of the link.
//!
//! ```text
//! encode thread's lane ──Intake (bounded)──► keeper's thread ──► segments on disk
//!                                          │ what is durable
//!                                          ▼
//!                                       Journal ◄── back-fill: what have I that the relay lacks, and its bytes
//! ```
//!
//! `Intake` never waits: a journal that is behind loses frames, the picture does not. `keeper` owns the thread and the disk,
//! `index` what is on it. One folder holds the frames of all consults under one bound, each under its consult's name, so that
//! what was captured for one patient is never handed to the consult of another. Nothing here knows the network.

mod index;
mod intake;
mod keeper;

pub use index::{Holds, Journal};
pub use intake::{Coded, Intake};
pub use keeper::Keeping;

use crate::encode::BitRate;
use crate::status::StatusBoard;
use std::path::PathBuf;
use std::sync::Arc;
use wire::{ConsultId, StreamId};

/// Room on the disk that the journal leaves: the spool's clips are the record of truth and need it more.
pub const SPARE_ROOM_BYTES: u64 = 1 << 30;

/// Where and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalSettings {
    /// Its folder, made if missing, readable by this user only.
    pub folder: PathBuf,
    /// Most bytes; beyond it the oldest segments go.
    pub bytes: u64,
    /// Room on the disk that is left to others.
    pub spare_room_bytes: u64,
    /// Rate at which it is coded where the link has less; none follows what people allow for the picture.
    pub bit_rate: Option<BitRate>,
}

/// Opens a journal: what takes frames, what gives them out again, and the thread's work. Nothing touches the disk before
/// that work runs.
#[must_use]
pub fn open(
    settings: &JournalSettings,
    consult: ConsultId,
    board: StatusBoard,
) -> (Intake, Journal, Keeping) {
    // Segments carry a stream; in a journal it is the consult that they were captured for.
    let owner = StreamId::from_uuid(consult.uuid());
    let (intake, frames) = Intake::new();
    let journal = Journal::default();
    let keeping = Keeping {
        settings: settings.clone(),
        owner,
        frames,
        missed: intake.missed(),
        journal: journal.clone(),
        board,
        files: Arc::new(recording::Disk),
    };
    (intake, journal, keeping)
}
