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

/// In order of making.
///
/// # Errors
/// The store's.
pub async fn marks_in_force(
    store: &Store,
    consult: ConsultId,
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
            return Ok(shown.state.marks);
        }
        for entry in &page {
            shown.fold(entry);
        }
    }
}
