//! Sessions: who somebody is in which consult, by the hash of a cookie.

use super::json::{id, signed, text, unsigned, value};
use rusqlite::{Connection, OptionalExtension, Result, Row};
use wire::people::Role;
use wire::{ConsultId, PersonId, RelayTime, SessionId};

/// How long an ended session is remembered, so that its page hears that it ended.
const REMEMBERED_US: u64 = 24 * 3_600_000_000;

/// A session, ended or not.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Its handle.
    pub session: SessionId,
    /// SHA-256 of its cookie.
    pub secret: [u8; 32],
    /// Who.
    pub person: PersonId,
    /// Name as shown.
    pub name: String,
    /// One or two characters.
    pub initials: String,
    /// Where.
    pub consult: ConsultId,
    /// As what.
    pub role: Role,
    /// Until when.
    pub expires_at: RelayTime,
    /// Whether it was ended.
    pub ended: bool,
    /// Whether its consult is closed.
    pub closed: bool,
}

/// Notes a session; name and initials come from the person.
///
/// # Errors
/// SQLite's.
pub fn add_session(db: &Connection, session: &SessionRow) -> Result<()> {
    let sql = "INSERT INTO sessions (id, secret, person, consult, role, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = (
        session.session.to_string(),
        session.secret,
        session.person.to_string(),
        session.consult.to_string(),
        text(&session.role)?,
        signed(session.expires_at.0),
    );
    db.prepare_cached(sql)?.execute(values).map(drop)
}

/// A session by its handle.
///
/// # Errors
/// SQLite's.
pub fn session(db: &Connection, session: SessionId) -> Result<Option<SessionRow>> {
    let sql = "SELECT sessions.id, secret, person, name, initials, consult, role, expires_at,
                      ended_at IS NOT NULL, closed_at IS NOT NULL
               FROM sessions JOIN people ON people.id = person JOIN consults ON consults.id = consult
               WHERE sessions.id = ?1";
    db.prepare_cached(sql)?
        .query_row([session.to_string()], read)
        .optional()
}

fn read(row: &Row<'_>) -> Result<SessionRow> {
    Ok(SessionRow {
        session: id(row, 0)?,
        secret: row.get(1)?,
        person: id(row, 2)?,
        name: row.get(3)?,
        initials: row.get(4)?,
        consult: id(row, 5)?,
        role: value(row, 6)?,
        expires_at: RelayTime(unsigned(row, 7)?),
        ended: row.get(8)?,
        closed: row.get(9)?,
    })
}

/// Ends a session.
///
/// # Errors
/// SQLite's.
pub fn end_session(db: &Connection, session: SessionId, now: RelayTime) -> Result<()> {
    let sql = "UPDATE sessions SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL";
    db.prepare_cached(sql)?
        .execute((session.to_string(), signed(now.0)))
        .map(drop)
}

/// Forgets sessions that expired long ago.
///
/// # Errors
/// SQLite's.
pub fn sweep_sessions(db: &Connection, now: RelayTime) -> Result<usize> {
    let sql = "DELETE FROM sessions WHERE expires_at < ?1";
    db.prepare_cached(sql)?
        .execute([signed(now.0.saturating_sub(REMEMBERED_US))])
}
