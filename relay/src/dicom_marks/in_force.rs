//! The marks of a consult that are in force, from its log.
//!
//! Owns reading the log in pages and folding it as pages and the live consult do. The consult may be live or closed.

use crate::consult::state::Shown;
use crate::store::{self, Store, StoreError};
use wire::ConsultId;
use wire::socket::MarkState;

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
    loop {
        let after = shown.head;
        let page = store
            .read("read a log for its marks", move |db| {
                store::entries_after(db, consult, after, PAGE_ENTRIES, PAGE_BYTES)
            })
            .await?;
        if page.is_empty() {
            let mut marks = shown.state.marks;
            if !measuring {
                take_scales(&mut marks);
            }
            return Ok(marks);
        }
        for entry in &page {
            shown.fold(entry);
        }
    }
}

/// Without what they are read with, marks have no values.
pub(super) fn take_scales(marks: &mut [MarkState]) {
    for held in marks {
        held.gauge = None;
    }
}
