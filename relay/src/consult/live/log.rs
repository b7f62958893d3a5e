//! What a live consult needs of a store.
//!
//! The database implements it; a test's double fails on command.

use crate::store::{self, Store, StoreError};
use std::future::Future;
use wire::log::LogEntry;
use wire::{ConsultId, RelayTime, Seq};

/// Entries of one page of the log.
const PAGE_ENTRIES: usize = 500;
/// Bytes of one page of the log, about.
const PAGE_BYTES: usize = 512 * 1024;

/// A consult's name and age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Name without identity.
    pub alias: String,
    /// When it was opened.
    pub opened_at: RelayTime,
}

/// The durable log of consults.
pub trait ConsultLog: Clone + Send + Sync + 'static {
    /// A consult that is open; none when there is none.
    fn opened(
        &self,
        consult: ConsultId,
    ) -> impl Future<Output = Result<Option<Opened>, StoreError>> + Send;
    /// Appends entries; they are durable when this answers.
    fn append(
        &self,
        consult: ConsultId,
        entries: Vec<LogEntry>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Some entries after `after`, in order; none when there are no more.
    fn after(
        &self,
        consult: ConsultId,
        after: Seq,
    ) -> impl Future<Output = Result<Vec<LogEntry>, StoreError>> + Send;
    /// Notes whether somebody has to look after a consult at the next start.
    fn set_running(
        &self,
        consult: ConsultId,
        running: bool,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl ConsultLog for Store {
    async fn opened(&self, consult: ConsultId) -> Result<Option<Opened>, StoreError> {
        let row = self
            .read("look up a consult", move |db| store::consult(db, consult))
            .await?;
        Ok(row.filter(|row| !row.closed).map(|row| Opened {
            alias: row.alias,
            opened_at: row.opened_at,
        }))
    }

    async fn append(&self, consult: ConsultId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        self.write("append to a log", move |db| {
            store::append(db, consult, &entries)
        })
        .await
    }

    async fn after(&self, consult: ConsultId, after: Seq) -> Result<Vec<LogEntry>, StoreError> {
        self.read("read a log", move |db| {
            store::entries_after(db, consult, after, PAGE_ENTRIES, PAGE_BYTES)
        })
        .await
    }

    async fn set_running(&self, consult: ConsultId, running: bool) -> Result<(), StoreError> {
        self.write("note that a consult runs", move |db| {
            store::set_running(db, consult, running)
        })
        .await
    }
}
