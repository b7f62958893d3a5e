//! A thread that owns one database connection and runs jobs on it.
//!
//! The writer takes everything that is queued into one transaction (group commit), so that a burst of marks costs one
//! sync and a single mark never waits for company. Each job runs in a savepoint: its failure leaves the others alone.
//! Answers leave only after the commit. A transaction of nothing but jobs that can be done again from elsewhere is committed without a
//! sync: seen at once, on disk with the next that syncs. Called by `store`; jobs come from the table files.

use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::mpsc;

/// Jobs of one transaction. One sync takes 4 to 40 ms; a job some 20 µs.
const MAX_BATCH: usize = 256;

/// What a job leaves to be said once its transaction is decided: `None` when it is durable, else the reason.
pub(super) type Answer = Box<dyn FnOnce(Option<&str>) + Send>;
/// What a job does. It gives its answer back instead of sending it.
pub(super) type Work = Box<dyn FnOnce(&Connection) -> Answer + Send>;

/// When a change has to be on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durable {
    /// Before its answer.
    First,
    /// Whenever the next is: who asked can do it again after a power cut.
    Later,
}

/// A job.
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) durable: Durable,
}

/// Runs jobs that change something, until all senders are gone; then moves the log into the database file.
pub(super) fn write_jobs(db: &Connection, mut jobs: mpsc::Receiver<Job>) {
    let mut batch = Vec::new();
    while jobs.blocking_recv_many(&mut batch, MAX_BATCH) > 0 {
        // WAL: NORMAL leaves out the sync at the commit and nothing else; the next FULL commit syncs the whole log.
        let sync = batch.iter().any(|job: &Job| job.durable == Durable::First);
        let sync = if sync { "FULL" } else { "NORMAL" };
        if let Err(error) = db.pragma_update(None, "synchronous", sync) {
            tracing::error!(%error, "how the database syncs could not be set");
        }
        let mut waiting = batch.drain(..).map(|job| job.work).peekable();
        while waiting.peek().is_some() {
            transaction(db, &mut waiting);
        }
    }
    if let Err(error) = db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the database was closed without a checkpoint; it will be made at the next start");
    }
}

/// Runs jobs that only read.
pub(super) fn read_jobs(db: &Connection, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.blocking_recv() {
        if let Some(answer) = run(db, job.work) {
            answer(None);
        }
    }
}

/// One transaction over `jobs`. It ends early when SQLite has rolled it back by itself (disk full, input/output error):
/// what ran until then has failed, what is left gets a transaction of its own.
fn transaction(db: &Connection, jobs: &mut dyn Iterator<Item = Work>) {
    let begun = db.execute_batch("BEGIN IMMEDIATE");
    let mut answers = Vec::new();
    for job in jobs {
        answers.extend(run(db, job));
        if begun.is_ok() && db.is_autocommit() {
            break;
        }
    }
    let decided = begun.and_then(|()| {
        if db.is_autocommit() {
            Err(rolled_back())
        } else {
            db.execute_batch("COMMIT")
        }
    });
    let failure = decided.err().map(|error| {
        tracing::error!(%error, jobs = answers.len(), "a transaction was not stored");
        error.to_string()
    });
    if failure.is_some() && !db.is_autocommit() {
        // A failed commit leaves the transaction open; without this the next one could not begin.
        let _ = db.execute_batch("ROLLBACK");
    }
    for answer in answers {
        answer(failure.as_deref());
    }
}

fn rolled_back() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT_ROLLBACK),
        None,
    )
}

/// A mistake in one job must not take the thread and with it everybody's log.
fn run(db: &Connection, job: Work) -> Option<Answer> {
    catch_unwind(AssertUnwindSafe(|| job(db)))
        .map_err(|_| tracing::error!("a database job panicked; nothing of it is kept"))
        .ok()
}
