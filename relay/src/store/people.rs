//! People and what they are in which consult.

use super::json::{id, signed, text, value};
use rusqlite::{Connection, OptionalExtension, Result, Row};
use wire::people::Role;
use wire::{ConsultId, PersonId, RelayTime};

/// Somebody with an account.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Who.
    pub person: PersonId,
    /// Name as shown.
    pub name: String,
    /// One or two characters.
    pub initials: String,
}

fn read(row: &Row<'_>) -> Result<PersonRow> {
    Ok(PersonRow {
        person: id(row, 0)?,
        name: row.get(1)?,
        initials: row.get(2)?,
    })
}

/// Adds somebody; one who is there is left as they are.
///
/// # Errors
/// SQLite's.
pub fn add_person(db: &Connection, person: &PersonRow, now: RelayTime) -> Result<()> {
    let sql = "INSERT INTO people (id, name, initials, added_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO NOTHING";
    db.prepare_cached(sql)?
        .execute((
            person.person.to_string(),
            &person.name,
            &person.initials,
            signed(now.0),
        ))
        .map(drop)
}

/// Somebody.
///
/// # Errors
/// SQLite's.
pub fn person(db: &Connection, person: PersonId) -> Result<Option<PersonRow>> {
    let sql = "SELECT id, name, initials FROM people WHERE id = ?1";
    db.prepare_cached(sql)?
        .query_row([person.to_string()], read)
        .optional()
}

/// Everybody of a consult with their role, in order of name.
///
/// # Errors
/// SQLite's.
pub fn people(db: &Connection, consult: ConsultId) -> Result<Vec<(PersonRow, Role)>> {
    let sql = "SELECT id, name, initials, role FROM people JOIN memberships ON person = id WHERE consult = ?1 ORDER BY name";
    db.prepare_cached(sql)?
        .query_map([consult.to_string()], |row| {
            Ok((read(row)?, value(row, 3)?))
        })?
        .collect()
}

/// Makes somebody something in a consult, in place of what they were.
///
/// # Errors
/// SQLite's.
pub fn set_role(db: &Connection, person: PersonId, consult: ConsultId, role: Role) -> Result<()> {
    let sql = "INSERT INTO memberships (person, consult, role) VALUES (?1, ?2, ?3)
               ON CONFLICT (person, consult) DO UPDATE SET role = excluded.role";
    db.prepare_cached(sql)?
        .execute((person.to_string(), consult.to_string(), text(&role)?))
        .map(drop)
}

/// What somebody was in a consult that is closed.
///
/// # Errors
/// SQLite's.
pub fn role_then(db: &Connection, person: PersonId, consult: ConsultId) -> Result<Option<Role>> {
    let sql = "SELECT role FROM memberships JOIN consults ON consults.id = consult
               WHERE person = ?1 AND consult = ?2 AND closed_at IS NOT NULL";
    db.prepare_cached(sql)?
        .query_row((person.to_string(), consult.to_string()), |row| {
            value(row, 0)
        })
        .optional()
}

/// What somebody is in an open consult.
///
/// # Errors
/// SQLite's.
pub fn role_in(db: &Connection, person: PersonId, consult: ConsultId) -> Result<Option<Role>> {
    let sql = "SELECT role FROM memberships JOIN consults ON consults.id = consult
               WHERE person = ?1 AND consult = ?2 AND closed_at IS NULL";
    db.prepare_cached(sql)?
        .query_row((person.to_string(), consult.to_string()), |row| {
            value(row, 0)
        })
        .optional()
}
