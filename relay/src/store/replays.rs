//! Which consults a person may replay, what they can be found by, and who replayed them.
//!
//! Owns the rule (decision 0032) and the search. The rule is part of every query, so that nothing can be found that may not be
//! read. What is searched is the log itself; there is no second list that could disagree.

use super::json::{id, signed, text, unsigned, value};
use rusqlite::{Connection, OptionalExtension, Result, Row, named_params};
use wire::people::Role;
use wire::replay::ReplayPerson;
use wire::{ConsultId, PersonId, RelayTime};

/// Views, findings and people of one consult that a list shows.
const MAX_OF_EACH: u32 = 20;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct ReplayReader {
    /// Who.
    pub person: PersonId,
    /// As what they are here.
    pub role: Role,
}

/// A consult that may be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayRow {
    /// Which.
    pub consult: ConsultId,
    /// Name without identity.
    pub alias: String,
    /// When it was opened.
    pub opened_at: RelayTime,
    /// When it was closed.
    pub closed_at: Option<RelayTime>,
}

/// What is searched for: all of it must be true; what is empty is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplaySearch {
    /// In a view label.
    pub view: String,
    /// In words that were written on a picture.
    pub finding: String,
    /// In the name of somebody who was there.
    pub person: String,
    /// Opened at this moment or later.
    pub from: Option<RelayTime>,
    /// Opened before this moment.
    pub before: Option<RelayTime>,
    /// Only those that are over.
    pub over: bool,
}

/// What was found of a consult.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayFound {
    /// Which.
    pub row: ReplayRow,
    /// Who was there.
    pub people: Vec<ReplayPerson>,
    /// View labels.
    pub views: Vec<String>,
    /// Words on pictures that nobody took back.
    pub findings: Vec<String>,
}

/// Its people, whether it is over or not; and trainers of the installation, once it is over.
const MAY: &str = "(EXISTS (SELECT 1 FROM memberships WHERE memberships.consult = consults.id AND memberships.person = :person)
                    OR (:trainer AND closed_at IS NOT NULL))";
/// Entries begin with their type.
const SAVED: &str = "event LIKE '{\"type\":\"clipSaved\",%'";
const JOINED: &str = "event LIKE '{\"type\":\"joined\",%'";
/// Labels that were neither taken back nor replaced.
const LABELLED: &str = "event LIKE '{\"type\":\"marked\",%' AND json_extract(event, '$.mark.shape.type') = 'label'
    AND NOT EXISTS (SELECT 1 FROM events AS later WHERE later.consult = events.consult AND later.seq > events.seq
        AND ((later.event LIKE '{\"type\":\"withdrawn\",%' AND json_extract(later.event, '$.mark') = json_extract(events.event, '$.mark.id'))
          OR (later.event LIKE '{\"type\":\"marked\",%' AND json_extract(later.event, '$.mark.replaces') = json_extract(events.event, '$.mark.id'))))";

fn read(row: &Row<'_>) -> Result<ReplayRow> {
    Ok(ReplayRow {
        consult: id(row, 0)?,
        alias: row.get(1)?,
        opened_at: RelayTime(unsigned(row, 2)?),
        closed_at: match row.get::<_, Option<i64>>(3)? {
            Some(_) => Some(RelayTime(unsigned(row, 3)?)),
            None => None,
        },
    })
}

/// A consult, if this person may replay it.
///
/// # Errors
/// SQLite's.
pub fn replay_of(
    db: &Connection,
    reader: ReplayReader,
    consult: ConsultId,
) -> Result<Option<ReplayRow>> {
    let sql = format!(
        "SELECT id, alias, opened_at, closed_at FROM consults WHERE id = :consult AND {MAY}"
    );
    let known = named_params! {
        ":consult": consult.to_string(),
        ":person": reader.person.to_string(),
        ":trainer": reader.role == Role::Trainer,
    };
    db.prepare_cached(&sql)?.query_row(known, read).optional()
}

/// Consults that this person may replay and that are what is searched for, the newest first, at most `most`.
///
/// # Errors
/// SQLite's.
pub fn replays(
    db: &Connection,
    reader: ReplayReader,
    search: &ReplaySearch,
    most: usize,
) -> Result<Vec<ReplayFound>> {
    let sql = format!(
        "SELECT id, alias, opened_at, closed_at FROM consults WHERE {MAY}
         AND EXISTS (SELECT 1 FROM events WHERE consult = id)
         AND opened_at >= :from AND opened_at < :before
         AND (NOT :over OR closed_at IS NOT NULL)
         AND (:view = '' OR EXISTS (SELECT 1 FROM events WHERE consult = id AND {SAVED} AND instr(lower(json_extract(event, '$.head.view')), lower(:view))))
         AND (:finding = '' OR EXISTS (SELECT 1 FROM events WHERE consult = id AND {LABELLED} AND instr(lower(json_extract(event, '$.mark.shape.text')), lower(:finding))))
         AND (:name = '' OR EXISTS (SELECT 1 FROM events WHERE consult = id AND {JOINED} AND instr(lower(json_extract(event, '$.name')), lower(:name))))
         ORDER BY opened_at DESC, id LIMIT :most"
    );
    let known = named_params! {
        ":person": reader.person.to_string(),
        ":trainer": reader.role == Role::Trainer,
        ":from": signed(search.from.map_or(0, |at| at.0)),
        ":before": search.before.map_or(i64::MAX, |at| signed(at.0)),
        ":over": search.over,
        ":view": search.view,
        ":finding": search.finding,
        ":name": search.person,
        ":most": i64::try_from(most).unwrap_or(i64::MAX),
    };
    let rows: Vec<ReplayRow> = db
        .prepare_cached(&sql)?
        .query_map(known, read)?
        .collect::<Result<_>>()?;
    rows.into_iter()
        .map(|row| {
            let consult = row.consult;
            Ok(ReplayFound {
                people: people_of(db, consult)?,
                views: words(db, consult, "$.head.view", SAVED)?,
                findings: words(db, consult, "$.mark.shape.text", LABELLED)?,
                row,
            })
        })
        .collect()
}

fn people_of(db: &Connection, consult: ConsultId) -> Result<Vec<ReplayPerson>> {
    let sql = format!(
        "SELECT json_extract(event, '$.person'), json_extract(event, '$.name'), json_quote(json_extract(event, '$.role'))
         FROM events WHERE consult = ?1 AND {JOINED} GROUP BY 1 ORDER BY min(seq) LIMIT {MAX_OF_EACH}"
    );
    db.prepare_cached(&sql)?
        .query_map([consult.to_string()], |row| {
            Ok(ReplayPerson {
                person: id(row, 0)?,
                name: row.get(1)?,
                role: value(row, 2)?,
            })
        })?
        .collect()
}

fn words(db: &Connection, consult: ConsultId, what: &str, which: &str) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT json_extract(event, '{what}') AS word FROM events WHERE consult = ?1 AND {which} AND word IS NOT NULL
         GROUP BY word ORDER BY min(seq) LIMIT {MAX_OF_EACH}"
    );
    db.prepare_cached(&sql)?
        .query_map([consult.to_string()], |row| row.get(0))?
        .collect()
}

/// Notes that somebody replays a consult: every read of patient data leaves an entry.
///
/// # Errors
/// SQLite's.
pub fn note_replay(
    db: &Connection,
    reader: ReplayReader,
    consult: ConsultId,
    now: RelayTime,
) -> Result<()> {
    let sql = "INSERT INTO replays (consult, person, role, at) VALUES (?1, ?2, ?3, ?4)";
    let values = (
        consult.to_string(),
        reader.person.to_string(),
        text(&reader.role)?,
        signed(now.0),
    );
    db.prepare_cached(sql)?.execute(values).map(drop)
}
