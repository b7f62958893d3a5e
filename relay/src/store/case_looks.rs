//! Who looked at what of a case: at its clips, and at what was typed for it.
//!
//! Owns which look counts. What was typed is compared with its looks each time a case is read, so that no way to another text keeps the
//! tick of the one before. Invariants: a look counts for what was looked at and for nothing else; looks are never changed.

use super::cases::{CaseRow, case, case_clips};
use super::json::{signed, text, unsigned};
use rusqlite::{Connection, Result};
use sha2::{Digest as _, Sha256};
use wire::case::{CaseCollections, CaseFacts, CaseLook, CaseState, CaseTyped};
use wire::original::Digest;
use wire::{CaseId, PersonId, RelayTime};

/// Looks with this number are at what was typed for a case; its clips count from 1.
pub(super) const TYPED: u32 = 0;

/// SHA-256 over what was typed for a case.
///
/// # Errors
/// That it cannot be written as JSON.
pub fn typed_digest(facts: &CaseFacts) -> Result<Digest> {
    let CaseFacts {
        title,
        findings,
        licence,
        collections,
        // Chosen or counted.
        difficulty: _,
        consent: _,
        expires_at: _,
    } = facts;
    let typed = text(&(title, findings, licence, collections))?;
    Ok(Digest::from_bytes(Sha256::digest(typed).into()))
}

/// What was typed for it, with the looks that count.
///
/// # Errors
/// SQLite's.
pub fn case_typed_told(db: &Connection, row: &CaseRow) -> Result<CaseTyped> {
    let digest = typed_digest(&row.facts)?;
    let looks = looks(db, row.case, TYPED, digest)?;
    Ok(CaseTyped { digest, looks })
}

pub(super) fn looks(
    db: &Connection,
    case: CaseId,
    number: u32,
    digest: Digest,
) -> Result<Vec<CaseLook>> {
    let sql = "SELECT name, at FROM case_looks JOIN people ON people.id = person
               WHERE case_id = ?1 AND number = ?2 AND digest = ?3 ORDER BY at";
    let values = (case.to_string(), number, digest.to_string());
    db.prepare_cached(sql)?
        .query_map(values, |row| {
            Ok(CaseLook {
                name: row.get(0)?,
                at: RelayTime(unsigned(row, 1)?),
            })
        })?
        .collect()
}

/// Puts a case into these collections and takes it out of all others. Gives whether it may be: names that are new to a published
/// case somebody has to have looked at. Nothing that was looked at before needs another look.
///
/// # Errors
/// SQLite's.
pub fn set_case_collections(
    db: &Connection,
    which: CaseId,
    new: &CaseCollections,
    by: PersonId,
    now: RelayTime,
) -> Result<bool> {
    let Some(row) = case(db, which, now)?.filter(CaseRow::may_be_shown) else {
        return Ok(false);
    };
    let known = &row.facts.collections;
    let looked = new.looked || new.collections.iter().all(|name| known.contains(name));
    if row.state == CaseState::Published && !looked {
        return Ok(false);
    }
    let sql = "UPDATE cases SET collections = ?2 WHERE id = ?1";
    let values = (which.to_string(), text(&new.collections)?);
    db.prepare_cached(sql)?.execute(values)?;
    if row.typed_looked && looked {
        let facts = CaseFacts {
            collections: new.collections.clone(),
            ..row.facts
        };
        add_look(db, (which, TYPED), typed_digest(&facts)?, by, now)?;
    }
    Ok(true)
}

/// Notes that somebody looked at a clip of a case, or at what was typed for it when no clip is named. Gives whether it is what there
/// is.
///
/// # Errors
/// SQLite's.
pub fn look_at_case(
    db: &Connection,
    (which, clip): (CaseId, Option<u32>),
    digest: Digest,
    person: PersonId,
    now: RelayTime,
) -> Result<bool> {
    let Some(row) = case(db, which, now)?.filter(CaseRow::may_be_shown) else {
        return Ok(false);
    };
    let there_is = match clip {
        Some(number) => case_clips(db, which)?
            .into_iter()
            .find(|clip| clip.number == number)
            .and_then(|clip| clip.made)
            .map(|(made, _)| made.digest),
        None => Some(typed_digest(&row.facts)?),
    };
    let counts = there_is == Some(digest);
    if counts {
        add_look(db, (which, clip.unwrap_or(TYPED)), digest, person, now)?;
    }
    Ok(counts)
}

fn add_look(
    db: &Connection,
    (case, number): (CaseId, u32),
    digest: Digest,
    person: PersonId,
    at: RelayTime,
) -> Result<()> {
    let sql =
        "INSERT INTO case_looks (case_id, number, digest, person, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let values = (
        case.to_string(),
        number,
        digest.to_string(),
        person.to_string(),
        signed(at.0),
    );
    db.prepare_cached(sql)?.execute(values).map(drop)
}
