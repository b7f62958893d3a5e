//! Tickets: by hash, used once.
//!
//! Invariant: of two that redeem the same ticket at the same time, one gets it: the check and the mark are one statement
//! inside one write transaction.

use super::json::{id, signed, text, unsigned, value};
use rusqlite::{Connection, OptionalExtension, Result, Row};
use wire::people::Role;
use wire::{ConsultId, DeviceId, PersonId, RelayTime};

/// How long a used or expired ticket is remembered, so that its holder hears which of the two it was.
const REMEMBERED_US: u64 = 24 * 3_600_000_000;

/// Whom a ticket lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// A person in a role.
    Person(PersonId, Role),
    /// A device, to publish.
    Device(DeviceId),
}

/// A ticket without its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketRow {
    /// Where to.
    pub consult: ConsultId,
    /// Whom.
    pub bearer: Bearer,
    /// Until when.
    pub expires_at: RelayTime,
}

/// What came of redeeming a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// It is used up now.
    Now(TicketRow),
    /// No such ticket.
    Unknown,
    /// Too late.
    Expired,
    /// Somebody used it before.
    Used,
}

/// Notes a ticket.
///
/// # Errors
/// SQLite's.
pub fn add_ticket(db: &Connection, hash: &[u8; 32], ticket: &TicketRow) -> Result<()> {
    let (person, device, role) = match ticket.bearer {
        Bearer::Person(person, role) => (Some(person.to_string()), None, Some(text(&role)?)),
        Bearer::Device(device) => (None, Some(device.to_string()), None),
    };
    let sql = "INSERT INTO tickets (hash, consult, person, device, role, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = (
        hash,
        ticket.consult.to_string(),
        person,
        device,
        role,
        signed(ticket.expires_at.0),
    );
    db.prepare_cached(sql)?.execute(values).map(drop)
}

/// Uses a ticket up, if it is good for `consult` (any, when none is named). A ticket for another consult is unknown
/// here and stays unused.
///
/// # Errors
/// SQLite's.
pub fn redeem(
    db: &Connection,
    hash: &[u8; 32],
    consult: Option<ConsultId>,
    now: RelayTime,
) -> Result<Redeemed> {
    let sql = "SELECT consult, person, device, role, expires_at, used_at IS NOT NULL FROM tickets WHERE hash = ?1";
    let Some((ticket, used)) = db
        .prepare_cached(sql)?
        .query_row([hash], |row| Ok((read(row)?, row.get::<_, bool>(5)?)))
        .optional()?
    else {
        return Ok(Redeemed::Unknown);
    };
    if consult.is_some_and(|consult| consult != ticket.consult) {
        return Ok(Redeemed::Unknown);
    }
    if used {
        return Ok(Redeemed::Used);
    }
    if ticket.expires_at <= now {
        return Ok(Redeemed::Expired);
    }
    let sql = "UPDATE tickets SET used_at = ?2 WHERE hash = ?1 AND used_at IS NULL";
    let taken = db.prepare_cached(sql)?.execute((hash, signed(now.0)))?;
    Ok(if taken == 1 {
        Redeemed::Now(ticket)
    } else {
        Redeemed::Used
    })
}

fn read(row: &Row<'_>) -> Result<TicketRow> {
    let bearer = match row.get::<_, Option<String>>(1)? {
        Some(_) => Bearer::Person(id(row, 1)?, value(row, 3)?),
        None => Bearer::Device(id(row, 2)?),
    };
    Ok(TicketRow {
        consult: id(row, 0)?,
        bearer,
        expires_at: RelayTime(unsigned(row, 4)?),
    })
}

/// Name and initials of a bearer; none when a device was revoked after the ticket was made.
///
/// # Errors
/// SQLite's.
pub fn name_of(db: &Connection, bearer: Bearer) -> Result<Option<(String, String)>> {
    match bearer {
        Bearer::Person(person, _) => {
            Ok(super::person(db, person)?.map(|row| (row.name, row.initials)))
        }
        Bearer::Device(device) => {
            Ok(super::device(db, device)?.map(|row| (row.name, String::new())))
        }
    }
}

/// Makes a ticket good again whose use came to nothing, for example because nobody publishes yet.
///
/// # Errors
/// SQLite's.
pub fn give_back(db: &Connection, hash: &[u8; 32]) -> Result<()> {
    db.prepare_cached("UPDATE tickets SET used_at = NULL WHERE hash = ?1")?
        .execute([hash])
        .map(drop)
}

/// Forgets tickets that expired long ago.
///
/// # Errors
/// SQLite's.
pub fn sweep_tickets(db: &Connection, now: RelayTime) -> Result<usize> {
    let sql = "DELETE FROM tickets WHERE expires_at < ?1";
    db.prepare_cached(sql)?
        .execute([signed(now.0.saturating_sub(REMEMBERED_US))])
}
