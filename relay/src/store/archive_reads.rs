//! Who read what of the archive. Entries are only added.

use super::json::signed;
use rusqlite::{Connection, Result};
use wire::RelayTime;

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRow {
    /// When.
    pub at: RelayTime,
    /// Who.
    pub reader: String,
    /// How: search, metadata, pictures or objects.
    pub how: String,
    /// Which study; empty for a search.
    pub study: String,
}

/// Adds an entry.
///
/// # Errors
/// SQLite's.
pub fn note_read(db: &Connection, row: &ReadRow) -> Result<()> {
    let sql = "INSERT INTO archive_reads (at, reader, how, study) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?
        .execute((signed(row.at.0), &row.reader, &row.how, &row.study))
        .map(drop)
}

/// Who read a study, the first first.
///
/// # Errors
/// SQLite's.
pub fn reads_of(db: &Connection, study: &str) -> Result<Vec<ReadRow>> {
    let sql =
        "SELECT at, reader, how, study FROM archive_reads WHERE study = ?1 ORDER BY at, rowid";
    db.prepare_cached(sql)?
        .query_map([study], |row| {
            Ok(ReadRow {
                at: RelayTime(row.get::<_, i64>(0)?.unsigned_abs()),
                reader: row.get(1)?,
                how: row.get(2)?,
                study: row.get(3)?,
            })
        })?
        .collect()
}
