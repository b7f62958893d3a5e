//! Which clips of consults the archive has looked at, and what came of it.

use super::json::id;
use rusqlite::{Connection, OptionalExtension, Result};
use wire::original::Digest;
use wire::{ClipId, ConsultId};

/// Clips that are kept and were not looked at, the first to be kept first.
///
/// # Errors
/// SQLite's.
pub fn uncollected(db: &Connection, most: u32) -> Result<Vec<(ConsultId, ClipId)>> {
    let sql = "SELECT consult, clip FROM clips c WHERE kept_at IS NOT NULL AND NOT EXISTS \
               (SELECT 1 FROM collected_clips k WHERE k.consult = c.consult AND k.clip = c.clip) ORDER BY kept_at, clip LIMIT ?1";
    db.prepare_cached(sql)?
        .query_map([most], |row| Ok((id(row, 0)?, id(row, 1)?)))?
        .collect()
}

/// Whether one is in the archive; none when nobody looked at it yet.
///
/// # Errors
/// SQLite's.
pub fn is_collected(db: &Connection, (consult, clip): (ConsultId, ClipId)) -> Result<Option<bool>> {
    let sql = "SELECT object IS NOT NULL FROM collected_clips WHERE consult = ?1 AND clip = ?2";
    db.prepare_cached(sql)?
        .query_row((consult.to_string(), clip.to_string()), |row| row.get(0))
        .optional()
}

/// Notes what came of one.
///
/// # Errors
/// SQLite's.
pub fn note_collected(
    db: &Connection,
    (consult, clip): (ConsultId, ClipId),
    came: &std::result::Result<Digest, String>,
) -> Result<()> {
    let sql = "INSERT INTO collected_clips (consult, clip, object, refused) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let object = came.as_ref().ok().map(Digest::to_string);
    db.prepare_cached(sql)?
        .execute((
            consult.to_string(),
            clip.to_string(),
            object,
            came.as_ref().err(),
        ))
        .map(drop)
}
