//! Cases, their clips and who read them.
//!
//! Owns the rows and what a case's state is: it follows from looks, dates and the time, so none of them can disagree with
//! it; what was typed is compared with its looks at each read.
//! Which consult a case was made of and its key are read by whoever makes it and told to nobody. Looks are `case_looks`'. Invariant: reads
//! are never changed.

use super::case_looks::{TYPED, looks, typed_digest};
use super::json::{id, signed, text, unsigned, value};
use rusqlite::{Connection, OptionalExtension, Result, Row, named_params};
use std::collections::{HashMap, HashSet};
use wire::case::{CaseClip, CaseCover, CaseFacts, CaseFault, CaseMade, CaseState, CaseSummary};
use wire::clip::ClipHead;
use wire::original::Digest;
use wire::{CaseId, ClipId, ConsultId, PersonId, RelayTime};

/// A case as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// Which.
    pub case: CaseId,
    /// Of which consult. Told to nobody.
    pub consult: ConsultId,
    /// What stands in its files in place of a name.
    pub alias: String,
    /// Makes its UIDs; forgotten when it is published.
    pub key: Option<[u8; 32]>,
    /// What is said of it.
    pub facts: CaseFacts,
    /// Whether somebody looked at what was typed for it, as it is.
    pub typed_looked: bool,
    /// How far it is.
    pub state: CaseState,
}

/// A clip of a case as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseClipRow {
    /// Its place, from 1.
    pub number: u32,
    /// The clip that it was made of. Told to nobody.
    pub source: ClipId,
    /// View label.
    pub view: Option<String>,
    /// What a person drew.
    pub cover: CaseCover,
    /// What was made of it, and its file as the player reads it.
    pub made: Option<(CaseMade, ClipHead)>,
    /// Why nothing was.
    pub fault: Option<CaseFault>,
}

/// What is searched for: all of it must be true; what is empty is.
#[derive(Debug, Clone, Default)]
pub struct CaseSearch {
    /// A view label.
    pub view: String,
    /// In a finding.
    pub finding: String,
    /// How hard.
    pub difficulty: Option<u8>,
    /// A collection.
    pub collection: String,
    /// In title or findings.
    pub words: String,
}

/// Looks that count: of the result as it is.
const LOOKED: &str =
    "EXISTS (SELECT 1 FROM case_looks WHERE case_looks.case_id = case_clips.case_id
    AND case_looks.number = case_clips.number AND case_looks.digest = case_clips.digest)";

fn columns() -> String {
    format!(
        "cases.id, consult, alias, key, title, findings, difficulty, collections, consent, licence, expires_at, published_at,
         withdrawn_at, EXISTS (SELECT 1 FROM case_clips WHERE case_id = cases.id)
           AND NOT EXISTS (SELECT 1 FROM case_clips WHERE case_id = cases.id AND NOT {LOOKED}),
         (SELECT json_group_array(digest) FROM case_looks WHERE case_id = cases.id AND number = {TYPED})"
    )
}

fn read(row: &Row<'_>, now: RelayTime) -> Result<CaseRow> {
    let facts = CaseFacts {
        title: row.get(4)?,
        findings: value(row, 5)?,
        difficulty: row.get(6)?,
        collections: value(row, 7)?,
        consent: value(row, 8)?,
        licence: row.get(9)?,
        expires_at: RelayTime(unsigned(row, 10)?),
    };
    let (published, withdrawn) = (
        row.get::<_, Option<i64>>(11)?.is_some(),
        row.get::<_, Option<i64>>(12)?.is_some(),
    );
    let looks: Vec<Digest> = value(row, 14)?;
    let typed_looked = looks.contains(&typed_digest(&facts)?);
    let looked = typed_looked && row.get(13)?;
    let state = match (withdrawn, facts.expires_at <= now, published, looked) {
        (true, ..) => CaseState::Withdrawn,
        (_, true, ..) => CaseState::Expired,
        // What changed behind its publication is not what somebody looked at.
        (_, _, true, true) => CaseState::Published,
        (_, _, _, true) => CaseState::Reviewed,
        _ => CaseState::Draft,
    };
    Ok(CaseRow {
        case: id(row, 0)?,
        consult: id(row, 1)?,
        alias: row.get(2)?,
        key: row.get(3)?,
        facts,
        typed_looked,
        state,
    })
}

/// Notes a case with its clips.
///
/// # Errors
/// SQLite's.
pub fn add_case(
    db: &Connection,
    case: &CaseRow,
    clips: &[CaseClipRow],
    by: PersonId,
    at: RelayTime,
) -> Result<()> {
    let facts = &case.facts;
    db.execute(
        "INSERT INTO cases (id, consult, alias, key, title, findings, difficulty, collections, consent, licence, expires_at,
                            made_by, made_at)
         VALUES (:id, :consult, :alias, :key, :title, :findings, :difficulty, :collections, :consent, :licence, :expires,
                 :by, :at)",
        named_params! {
            ":id": case.case.to_string(), ":consult": case.consult.to_string(), ":alias": case.alias, ":key": case.key,
            ":title": facts.title, ":findings": text(&facts.findings)?, ":difficulty": facts.difficulty,
            ":collections": text(&facts.collections)?, ":consent": text(&facts.consent)?, ":licence": facts.licence,
            ":expires": signed(facts.expires_at.0), ":by": by.to_string(), ":at": signed(at.0),
        },
    )?;
    for clip in clips {
        let sql = "INSERT INTO case_clips (case_id, number, source, view) VALUES (?1, ?2, ?3, ?4)";
        let values = (
            case.case.to_string(),
            clip.number,
            clip.source.to_string(),
            &clip.view,
        );
        db.prepare_cached(sql)?.execute(values)?;
        set_case_clip(db, case.case, clip)?;
    }
    Ok(())
}

/// Notes what was made of a clip, in place of what was.
///
/// # Errors
/// SQLite's.
pub fn set_case_clip(db: &Connection, case: CaseId, clip: &CaseClipRow) -> Result<()> {
    let (made, digest) = match &clip.made {
        Some(made) => (Some(text(made)?), Some(made.0.digest.to_string())),
        None => (None, None),
    };
    let fault = clip.fault.as_ref().map(text).transpose()?;
    let sql = "UPDATE case_clips SET cover = ?3, made = ?4, digest = ?5, fault = ?6 WHERE case_id = ?1 AND number = ?2";
    let values = (
        case.to_string(),
        clip.number,
        text(&clip.cover)?,
        made,
        digest,
        fault,
    );
    db.prepare_cached(sql)?.execute(values).map(drop)
}

/// A case.
///
/// # Errors
/// SQLite's.
pub fn case(db: &Connection, case: CaseId, now: RelayTime) -> Result<Option<CaseRow>> {
    let sql = format!("SELECT {} FROM cases WHERE id = ?1", columns());
    db.prepare_cached(&sql)?
        .query_row([case.to_string()], |row| read(row, now))
        .optional()
}

/// Its clips, in order.
///
/// # Errors
/// SQLite's.
pub fn case_clips(db: &Connection, case: CaseId) -> Result<Vec<CaseClipRow>> {
    let sql = "SELECT number, source, view, cover, made, fault FROM case_clips WHERE case_id = ?1 ORDER BY number";
    db.prepare_cached(sql)?
        .query_map([case.to_string()], |row| {
            let some = |column| {
                row.get::<_, Option<String>>(column)
                    .map(|held| held.is_some())
            };
            Ok(CaseClipRow {
                number: row.get(0)?,
                source: id(row, 1)?,
                view: row.get(2)?,
                cover: value(row, 3)?,
                made: some(4)?.then(|| value(row, 4)).transpose()?,
                fault: some(5)?.then(|| value(row, 5)).transpose()?,
            })
        })?
        .collect()
}

/// Its clips as they are told, with the looks that count.
///
/// # Errors
/// SQLite's.
pub fn case_clips_told(db: &Connection, case: CaseId) -> Result<Vec<CaseClip>> {
    let mut told = Vec::new();
    for clip in case_clips(db, case)? {
        let made = clip.made.map(|(made, _)| made);
        let looks = match &made {
            Some(made) => looks(db, case, clip.number, made.digest)?,
            None => Vec::new(),
        };
        told.push(CaseClip {
            number: clip.number,
            view: clip.view,
            cover: clip.cover,
            made,
            fault: clip.fault,
            looks,
        });
    }
    Ok(told)
}

/// Cases that are neither expired nor withdrawn, the newest first.
///
/// # Errors
/// SQLite's.
pub fn cases(
    db: &Connection,
    search: &CaseSearch,
    now: RelayTime,
    most: usize,
) -> Result<Vec<CaseSummary>> {
    let sql = format!(
        "SELECT {}, (SELECT count(*) FROM case_clips WHERE case_id = cases.id),
                (SELECT json_group_array(DISTINCT view) FROM case_clips WHERE case_id = cases.id AND view IS NOT NULL)
         FROM cases
         WHERE withdrawn_at IS NULL AND expires_at > :now
           AND (:difficulty IS NULL OR difficulty = :difficulty)
           AND (:view = '' OR EXISTS (SELECT 1 FROM case_clips WHERE case_id = cases.id AND view = :view))
           AND (:collection = '' OR EXISTS (SELECT 1 FROM json_each(collections) WHERE value = :collection))
           AND (:finding = '' OR EXISTS (SELECT 1 FROM json_each(findings) WHERE instr(lower(value), lower(:finding)) > 0))
           AND (:words = '' OR instr(lower(title), lower(:words)) > 0
                OR EXISTS (SELECT 1 FROM json_each(findings) WHERE instr(lower(value), lower(:words)) > 0))
         ORDER BY made_at DESC, id LIMIT :most",
        columns()
    );
    let values = named_params! {
        ":now": signed(now.0), ":difficulty": search.difficulty, ":view": search.view, ":collection": search.collection,
        ":finding": search.finding, ":words": search.words, ":most": i64::try_from(most).unwrap_or(i64::MAX),
    };
    db.prepare_cached(&sql)?
        .query_map(values, |row| {
            let clips = row.get(15)?;
            Ok(summary(read(row, now)?, clips, value(row, 16)?))
        })?
        .collect()
}

/// The collections of cases that are neither expired nor withdrawn, by name.
///
/// # Errors
/// SQLite's.
pub fn case_collections(db: &Connection, now: RelayTime, most: usize) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT value FROM cases, json_each(collections)
               WHERE withdrawn_at IS NULL AND expires_at > ?1 ORDER BY value LIMIT ?2";
    let values = (signed(now.0), i64::try_from(most).unwrap_or(i64::MAX));
    db.prepare_cached(sql)?
        .query_map(values, |row| row.get(0))?
        .collect()
}

impl CaseRow {
    /// Whether it is neither expired nor withdrawn.
    #[must_use]
    pub fn may_be_shown(&self) -> bool {
        !matches!(self.state, CaseState::Expired | CaseState::Withdrawn)
    }
}

/// A case as it is told.
#[must_use]
pub fn summary(row: CaseRow, clips: u32, views: Vec<String>) -> CaseSummary {
    CaseSummary {
        case: row.case,
        alias: row.alias,
        state: row.state,
        facts: row.facts,
        views,
        clips,
    }
}

/// Puts a reviewed case into the library and forgets its key. Gives whether it was reviewed and in time.
///
/// # Errors
/// SQLite's.
pub fn publish_case(db: &Connection, which: CaseId, by: PersonId, now: RelayTime) -> Result<bool> {
    if case(db, which, now)?.is_none_or(|row| row.state != CaseState::Reviewed) {
        return Ok(false);
    }
    let sql = "UPDATE cases SET published_at = ?2, published_by = ?3, key = NULL WHERE id = ?1";
    let values = (which.to_string(), signed(now.0), by.to_string());
    db.prepare_cached(sql)?.execute(values).map(|rows| rows > 0)
}

/// Takes a case back for good.
///
/// # Errors
/// SQLite's.
pub fn withdraw_case(db: &Connection, which: CaseId, by: PersonId, now: RelayTime) -> Result<()> {
    let sql = "UPDATE cases SET withdrawn_at = ?2, withdrawn_by = ?3, key = NULL WHERE id = ?1 AND withdrawn_at IS NULL";
    let values = (which.to_string(), signed(now.0), by.to_string());
    db.prepare_cached(sql)?.execute(values).map(drop)
}

/// Takes cases back whose time was over at that moment. Gives how many.
///
/// # Errors
/// SQLite's.
pub fn end_old_cases(db: &Connection, over_before: RelayTime, now: RelayTime) -> Result<usize> {
    let sql = "UPDATE cases SET withdrawn_at = ?2, key = NULL WHERE withdrawn_at IS NULL AND expires_at < ?1";
    db.prepare_cached(sql)?
        .execute((signed(over_before.0), signed(now.0)))
}

/// The clips whose files belong to cases that are not withdrawn, as their files name them; those of one case when one is named.
///
/// # Errors
/// SQLite's.
pub fn case_files(
    db: &Connection,
    which: Option<CaseId>,
) -> Result<HashMap<CaseId, HashSet<ClipId>>> {
    let sql = "SELECT case_id, made FROM case_clips JOIN cases ON cases.id = case_id
               WHERE withdrawn_at IS NULL AND made IS NOT NULL AND (?1 IS NULL OR case_id = ?1)";
    let mut files = HashMap::<_, HashSet<_>>::new();
    let mut rows = db.prepare_cached(sql)?;
    let mut rows = rows.query([which.map(|case| case.to_string())])?;
    while let Some(row) = rows.next()? {
        let (_, head): (CaseMade, ClipHead) = value(row, 1)?;
        files.entry(id(row, 0)?).or_default().insert(head.clip);
    }
    Ok(files)
}

/// Notes who read a case, or took a file of it along.
///
/// # Errors
/// SQLite's.
pub fn note_case_read(
    db: &Connection,
    case: CaseId,
    person: PersonId,
    export: bool,
    at: RelayTime,
) -> Result<()> {
    let sql = "INSERT INTO case_reads (case_id, person, export, at) VALUES (?1, ?2, ?3, ?4)";
    let values = (case.to_string(), person.to_string(), export, signed(at.0));
    db.prepare_cached(sql)?.execute(values).map(drop)
}
