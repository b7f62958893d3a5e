//! What the relay was last started with and its tools must hold to as well.
//!
//! Owns one row. Tools run beside the relay or after it, mostly without its flags, and nobody should have to say twice that this
//! installation does not measure.

use rusqlite::{Connection, OptionalExtension, Result};

/// The relay starts: whether it measures.
///
/// # Errors
/// SQLite's.
pub fn started_measuring(db: &Connection, measuring: bool) -> Result<()> {
    let sql = "INSERT INTO installation (one, measuring) VALUES (1, ?1)
               ON CONFLICT (one) DO UPDATE SET measuring = excluded.measuring";
    db.prepare_cached(sql)?.execute([measuring]).map(drop)
}

/// Whether the relay measured when it was last started; nothing when it never was.
///
/// # Errors
/// SQLite's.
pub fn last_measuring(db: &Connection) -> Result<Option<bool>> {
    let sql = "SELECT measuring FROM installation WHERE one = 1";
    db.prepare_cached(sql)?
        .query_row([], |row| row.get(0))
        .optional()
}
