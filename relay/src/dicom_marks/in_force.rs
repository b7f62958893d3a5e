//! The marks of a consult that are in force, from its log.
//!
//! Owns reading the log in pages and folding it as pages and the live consult do. The consult may be live or closed.

use crate::consult::state::Shown;
use crate::store::{self, Store, StoreError};
use wire::log::LogEntry;
use wire::socket::MarkState;
use wire::{ConsultId, Seq};

/// Entries of the log in one read, and about so many bytes: other readers get their turn between them.
const PAGE_ENTRIES: usize = 500;
const PAGE_BYTES: usize = 512 * 1024;

/// In order of making. Where nobody measures, marks lose what their values are read with: nothing that is made of them holds one.
///
/// # Errors
/// The store's.
pub async fn marks_in_force(
    store: &Store,
    consult: ConsultId,
    measuring: bool,
) -> Result<Vec<MarkState>, StoreError> {
    let mut shown = Shown::default();
    each_entry(store, consult, |entry| shown.fold(entry)).await?;
    let mut marks = shown.state.marks;
    if !measuring {
        take_scales(&mut marks);
    }
    Ok(marks)
}

/// Goes through the log of a consult.
///
/// # Errors
/// The store's.
pub async fn each_entry(
    store: &Store,
    consult: ConsultId,
    mut take: impl FnMut(&LogEntry),
) -> Result<(), StoreError> {
    let mut after = Seq::default();
    loop {
        let page = store
            .read("read a log", move |db| {
                store::entries_after(db, consult, after, PAGE_ENTRIES, PAGE_BYTES)
            })
            .await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.seq;
        page.iter().for_each(&mut take);
    }
}

/// Without what they are read with, marks have no values.
pub(super) fn take_scales(marks: &mut [MarkState]) {
    for held in marks {
        held.gauge = None;
    }
}
