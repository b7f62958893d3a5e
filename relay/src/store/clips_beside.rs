//! Clips that came with the SOP Instance UID of another one: on their way into the archive, which keeps them beside it and flags them.
//!
//! Owns their rows until somebody says which they are. Nobody knows it before their bytes are here: the same data set behind another
//! head is the same object, and what another clip's head said without ever sending a byte holds no place. Invariant: what is
//! noted as kept here is durable in the archive.

use super::clips::{Among, ClipBounds, ClipRow, OfferRow, note};
use super::json::{id, signed, value};
use rusqlite::{Connection, OptionalExtension, Result};
use wire::clip::ClipHead;
use wire::{ClipId, ConsultId, RelayTime, RtpTime};

/// Notes an offer, unless it is not welcome.
pub(super) fn offer(
    db: &Connection,
    consult: ConsultId,
    (head, times): (&ClipHead, &[RtpTime]),
    bounds: ClipBounds,
    at: RelayTime,
) -> Result<OfferRow> {
    let (there, own) = (consult.to_string(), head.clip.to_string());
    let digest = head.digest.to_string();
    let sql = "SELECT instance = ?3 AND digest = ?4, kept_at IS NOT NULL FROM clips_beside WHERE consult = ?1 AND clip = ?2";
    let known: Option<(bool, bool)> = db
        .prepare_cached(sql)?
        .query_row((&there, &own, &head.instance, &digest), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    if let Some((same, kept)) = known {
        let sql = "UPDATE clips_beside SET offered_at = ?3 WHERE consult = ?1 AND clip = ?2";
        db.prepare_cached(sql)?
            .execute((&there, &own, signed(at.0)))?;
        return Ok(match (same, kept) {
            (true, true) => OfferRow::KeptBeside,
            (true, false) => OfferRow::ArrivingBeside,
            (false, _) => OfferRow::Conflict,
        });
    }
    let sql =
        "SELECT 1 FROM clips_beside WHERE digest = ?1 AND instance = ?2 AND kept_at IS NOT NULL";
    if db.prepare_cached(sql)?.exists((&digest, &head.instance))? {
        return Ok(OfferRow::KeptBeside);
    }
    let offered = (consult, (head, times), at);
    if note(db, Among::Beside, offered, bounds)? {
        Ok(OfferRow::ArrivingBeside)
    } else {
        Ok(OfferRow::Full)
    }
}

/// One of a consult.
///
/// # Errors
/// SQLite's.
pub fn clip_beside(db: &Connection, consult: ConsultId, clip: ClipId) -> Result<Option<ClipRow>> {
    let sql = "SELECT head, times, kept_at IS NOT NULL FROM clips_beside WHERE consult = ?1 AND clip = ?2";
    db.prepare_cached(sql)?
        .query_row((consult.to_string(), clip.to_string()), |row| {
            Ok(ClipRow {
                head: value(row, 0)?,
                times: value(row, 1)?,
                kept: row.get(2)?,
            })
        })
        .optional()
}

/// The clip that has a UID already; that of the consult before others.
///
/// # Errors
/// SQLite's.
pub fn kept_with_instance(
    db: &Connection,
    consult: ConsultId,
    instance: &str,
) -> Result<Option<(ConsultId, ClipId)>> {
    let sql = "SELECT consult, clip FROM clips WHERE instance = ?2 AND kept_at IS NOT NULL ORDER BY consult = ?1 DESC, kept_at LIMIT 1";
    db.prepare_cached(sql)?
        .query_row((consult.to_string(), instance), |row| {
            Ok((id(row, 0)?, id(row, 1)?))
        })
        .optional()
}

/// Makes one that arrives a clip of its consult, in the place of others of its UID that never came. False when the place is taken.
///
/// # Errors
/// SQLite's.
pub fn become_clip(db: &Connection, consult: ConsultId, clip: ClipId) -> Result<bool> {
    let own = (consult.to_string(), clip.to_string());
    let rivals = "FROM clips WHERE consult = ?1 AND (clip = ?2 OR instance = \
                  (SELECT instance FROM clips_beside WHERE consult = ?1 AND clip = ?2))";
    let sql = format!("SELECT 1 {rivals} AND kept_at IS NOT NULL");
    if db.prepare_cached(&sql)?.exists((&own.0, &own.1))? {
        return Ok(false);
    }
    let sql = format!("DELETE {rivals} AND kept_at IS NULL");
    db.prepare_cached(&sql)?.execute((&own.0, &own.1))?;
    let sql = "INSERT INTO clips (consult, clip, instance, digest, bytes, head, times, offered_at) \
               SELECT consult, clip, instance, digest, bytes, head, times, offered_at FROM clips_beside \
               WHERE consult = ?1 AND clip = ?2 AND kept_at IS NULL";
    let moved = db.prepare_cached(sql)?.execute((&own.0, &own.1))?;
    drop_beside(db, consult, clip)?;
    Ok(moved == 1)
}

/// Notes that the archive has one.
///
/// # Errors
/// SQLite's.
pub fn keep_beside(db: &Connection, consult: ConsultId, clip: ClipId, at: RelayTime) -> Result<()> {
    let sql =
        "UPDATE clips_beside SET kept_at = ?3 WHERE consult = ?1 AND clip = ?2 AND kept_at IS NULL";
    db.prepare_cached(sql)?
        .execute((consult.to_string(), clip.to_string(), signed(at.0)))
        .map(drop)
}

/// Forgets one that the archive does not have.
///
/// # Errors
/// SQLite's.
pub fn drop_beside(db: &Connection, consult: ConsultId, clip: ClipId) -> Result<()> {
    let sql = "DELETE FROM clips_beside WHERE consult = ?1 AND clip = ?2 AND kept_at IS NULL";
    db.prepare_cached(sql)?
        .execute((consult.to_string(), clip.to_string()))
        .map(drop)
}

/// Forgets those that arrive and were not offered since `before`.
///
/// # Errors
/// SQLite's.
pub fn forget_beside(db: &Connection, before: RelayTime) -> Result<()> {
    let sql = "DELETE FROM clips_beside WHERE kept_at IS NULL AND offered_at < ?1";
    db.prepare_cached(sql)?
        .execute([signed(before.0)])
        .map(drop)
}
