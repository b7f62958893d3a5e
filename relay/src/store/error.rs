//! Why the store did not do something, by step.
//!
//! Texts name the step and SQLite's own reason, never a value from a row.

use thiserror::Error;

/// The store failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database file could not be opened or prepared.
    #[error("the database could not be opened: {0}")]
    Open(#[source] rusqlite::Error),
    /// A newer relay has written it.
    #[error(
        "the database was written by a newer relay (schema {found}, this program knows {known}). Use that version; nothing was changed"
    )]
    Newer {
        /// Version in the file.
        found: u32,
        /// Version of this program.
        known: u32,
    },
    /// The tables could not be brought up to date.
    #[error("the database could not be brought up to schema {to}: {source}")]
    Migrate {
        /// Version aimed at.
        to: u32,
        /// Reason.
        source: rusqlite::Error,
    },
    /// Its thread could not be started.
    #[error("the database thread could not be started: {0}")]
    StartThread(#[source] std::io::Error),
    /// A statement failed; nothing of this job was kept.
    #[error("{step}: {source}")]
    Run {
        /// What was being done.
        step: &'static str,
        /// Reason.
        source: rusqlite::Error,
    },
    /// The statement went well but could not be made durable; nothing of this job was kept.
    #[error("{step}: not durable: {reason}")]
    Commit {
        /// What was being done.
        step: &'static str,
        /// SQLite's reason.
        reason: String,
    },
    /// More waits for the disk than may.
    #[error("{step}: the disk does not keep up")]
    Behind {
        /// What was being done.
        step: &'static str,
    },
    /// The job made a mistake of ours; nothing of it was kept.
    #[error("{step}: fault in a database job")]
    Fault {
        /// What was being done.
        step: &'static str,
    },
    /// The store was closed.
    #[error("{step}: the store is closed")]
    Closed {
        /// What was being done.
        step: &'static str,
    },
}
