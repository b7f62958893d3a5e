//! The ordered log of each consult: appended, read in pages, never changed.
//!
//! Invariant: sequence numbers of a consult run from 1 without gaps. A second writer would collide on the key and be
//! refused, so one consult has one writer.

use super::json::{signed, text, unsigned, value};
use rusqlite::{Connection, Result};
use wire::log::LogEntry;
use wire::{ConsultId, RelayTime, Seq};

/// Appends entries, all or none.
///
/// # Errors
/// SQLite's; a constraint when an entry with that number exists.
pub fn append(db: &Connection, consult: ConsultId, entries: &[LogEntry]) -> Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO events (consult, seq, at, author, event) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let consult = consult.to_string();
    for entry in entries {
        insert.execute((
            &consult,
            signed(entry.seq.0),
            signed(entry.at.0),
            text(&entry.author)?,
            text(&entry.event)?,
        ))?;
    }
    Ok(())
}

/// The number of the last entry.
///
/// # Errors
/// SQLite's.
pub fn head(db: &Connection, consult: ConsultId) -> Result<Seq> {
    let sql = "SELECT coalesce(max(seq), 0) FROM events WHERE consult = ?1";
    db.prepare_cached(sql)?
        .query_row([consult.to_string()], |row| Ok(Seq(unsigned(row, 0)?)))
}

/// Entries after `after` in order, at most `most` and about `bytes` of JSON, but at least one if there is one.
///
/// # Errors
/// SQLite's.
pub fn entries_after(
    db: &Connection,
    consult: ConsultId,
    after: Seq,
    most: usize,
    bytes: usize,
) -> Result<Vec<LogEntry>> {
    let sql = "SELECT seq, at, author, event, length(author) + length(event) FROM events WHERE consult = ?1 AND seq > ?2 ORDER BY seq";
    let mut select = db.prepare_cached(sql)?;
    let mut rows = select.query((consult.to_string(), signed(after.0)))?;
    let (mut entries, mut size) = (Vec::new(), 0);
    while entries.len() < most {
        let Some(row) = rows.next()? else { break };
        size += usize::try_from(row.get::<_, i64>(4)?).unwrap_or(usize::MAX);
        if size > bytes && !entries.is_empty() {
            break;
        }
        entries.push(LogEntry {
            seq: Seq(unsigned(row, 0)?),
            at: RelayTime(unsigned(row, 1)?),
            author: value(row, 2)?,
            event: value(row, 3)?,
        });
    }
    Ok(entries)
}
