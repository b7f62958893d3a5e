//! Streams: one id for each publisher in each consult, the same when that publisher comes back.

use super::json::id;
use rusqlite::{Connection, Result};
use wire::{ConsultId, StreamId};

/// The stream of a publisher in a consult; `fresh` becomes its id when it has none yet.
///
/// # Errors
/// SQLite's.
pub fn stream_of(
    db: &Connection,
    consult: ConsultId,
    publisher: &str,
    fresh: StreamId,
) -> Result<StreamId> {
    let sql = "INSERT INTO streams (consult, publisher, stream) VALUES (?1, ?2, ?3) ON CONFLICT (consult, publisher) DO NOTHING";
    db.prepare_cached(sql)?
        .execute((consult.to_string(), publisher, fresh.to_string()))?;
    let sql = "SELECT stream FROM streams WHERE consult = ?1 AND publisher = ?2";
    db.prepare_cached(sql)?
        .query_row((consult.to_string(), publisher), |row| id(row, 0))
}
