//! Consults: their alias, when they were opened, and whether somebody has to look after them at the next start.

use super::json::{id, signed, unsigned};
use rusqlite::{Connection, OptionalExtension, Result, Row};
use wire::{ConsultId, PersonId, RelayTime};

/// Most consults of one list: a page shows no more, and a list is no way to read the database out.
const MAX_LISTED: u32 = 200;

/// A consult.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultRow {
    /// Which.
    pub consult: ConsultId,
    /// Name without identity.
    pub alias: String,
    /// When it was opened.
    pub opened_at: RelayTime,
    /// Whether it is over.
    pub closed: bool,
}

const COLUMNS: &str = "consults.id, alias, opened_at, closed_at IS NOT NULL";

fn read(row: &Row<'_>) -> Result<ConsultRow> {
    Ok(ConsultRow {
        consult: id(row, 0)?,
        alias: row.get(1)?,
        opened_at: RelayTime(unsigned(row, 2)?),
        closed: row.get(3)?,
    })
}

/// Opens a consult; one that exists is left as it is.
///
/// # Errors
/// SQLite's.
pub fn open_consult(
    db: &Connection,
    consult: ConsultId,
    alias: &str,
    now: RelayTime,
) -> Result<()> {
    let sql = "INSERT INTO consults (id, alias, opened_at) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING";
    db.prepare_cached(sql)?
        .execute((consult.to_string(), alias, signed(now.0)))
        .map(drop)
}

/// Closes a consult; its log stays. Gives whether it was open.
///
/// # Errors
/// SQLite's.
pub fn close_consult(db: &Connection, consult: ConsultId, now: RelayTime) -> Result<bool> {
    let sql = "UPDATE consults SET closed_at = ?2 WHERE id = ?1 AND closed_at IS NULL";
    db.prepare_cached(sql)?
        .execute((consult.to_string(), signed(now.0)))
        .map(|rows| rows > 0)
}

/// Whether a consult is over.
///
/// # Errors
/// SQLite's.
pub fn is_closed(db: &Connection, consult: ConsultId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM consults WHERE id = ?1 AND closed_at IS NOT NULL")?
        .exists([consult.to_string()])
}

/// One consult.
///
/// # Errors
/// SQLite's.
pub fn consult(db: &Connection, consult: ConsultId) -> Result<Option<ConsultRow>> {
    let sql = format!("SELECT {COLUMNS} FROM consults WHERE id = ?1");
    db.prepare_cached(&sql)?
        .query_row([consult.to_string()], read)
        .optional()
}

/// Open consults, the longest waiting first.
///
/// # Errors
/// SQLite's.
pub fn consults(db: &Connection) -> Result<Vec<ConsultRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM consults WHERE closed_at IS NULL ORDER BY opened_at, id LIMIT {MAX_LISTED}"
    );
    db.prepare_cached(&sql)?.query_map([], read)?.collect()
}

/// Open consults that a person belongs to, the longest waiting first.
///
/// # Errors
/// SQLite's.
pub fn consults_of(db: &Connection, person: PersonId) -> Result<Vec<ConsultRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM consults JOIN memberships ON memberships.consult = consults.id
         WHERE person = ?1 AND closed_at IS NULL ORDER BY opened_at, consults.id LIMIT {MAX_LISTED}"
    );
    db.prepare_cached(&sql)?
        .query_map([person.to_string()], read)?
        .collect()
}

/// Consults that somebody or a picture was in when the relay was last seen.
///
/// # Errors
/// SQLite's.
pub fn running_consults(db: &Connection) -> Result<Vec<ConsultId>> {
    db.prepare_cached("SELECT id FROM consults WHERE running = 1")?
        .query_map([], |row| id(row, 0))?
        .collect()
}

/// Notes whether somebody has to look after a consult at the next start.
///
/// # Errors
/// SQLite's.
pub fn set_running(db: &Connection, consult: ConsultId, running: bool) -> Result<()> {
    let sql = "UPDATE consults SET running = ?2 WHERE id = ?1 AND running <> ?2";
    db.prepare_cached(sql)?
        .execute((consult.to_string(), running))
        .map(drop)
}
