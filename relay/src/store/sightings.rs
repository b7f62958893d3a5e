//! Where the steady time of the relay's clock was seen last. Tickets and sessions end by that time.

use super::json::{signed, unsigned};
use crate::clock::{Reading, Sighting};
use rusqlite::{Connection, OptionalExtension, Result};
use wire::RelayTime;

/// The last one that was noted.
///
/// # Errors
/// SQLite's.
pub fn last_sighting(db: &Connection) -> Result<Option<Sighting>> {
    let sql = "SELECT boot, up, wall, steady FROM clock";
    db.prepare_cached(sql)?
        .query_row([], |row| {
            Ok(Sighting {
                boot: row.get(0)?,
                reading: Reading {
                    up_us: unsigned(row, 1)?,
                    wall_us: unsigned(row, 2)?,
                },
                steady: RelayTime(unsigned(row, 3)?),
            })
        })
        .optional()
}

/// Notes one, in place of the one before.
///
/// # Errors
/// SQLite's.
pub fn note_sighting(db: &Connection, seen: &Sighting) -> Result<()> {
    let sql =
        "INSERT OR REPLACE INTO clock (one, boot, up, wall, steady) VALUES (1, ?1, ?2, ?3, ?4)";
    let values = (
        &seen.boot,
        signed(seen.reading.up_us),
        signed(seen.reading.wall_us),
        signed(seen.steady.0),
    );
    db.prepare_cached(sql)?.execute(values).map(drop)
}
