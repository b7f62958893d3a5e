//! Which blobs belong to which consult: whoever may see the consult may see them. What a blob is, the log says.

use super::json::signed;
use rusqlite::{Connection, Result};
use wire::original::Digest;
use wire::{ConsultId, RelayTime, RtpTime, StreamId};

/// Notes that a picture of a frame is kept, its original or one from the video. A blob that is noted already stays as it is.
///
/// # Errors
/// SQLite's.
pub fn add_blob(
    db: &Connection,
    consult: ConsultId,
    (stream, rtp_time): (StreamId, RtpTime),
    blob: Digest,
    at: RelayTime,
) -> Result<()> {
    let sql = "INSERT INTO originals (consult, blob, stream, rtp_time, kept_at) VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT (consult, blob) DO NOTHING";
    db.prepare_cached(sql)?
        .execute((
            consult.to_string(),
            blob.to_string(),
            stream.to_string(),
            rtp_time.0,
            signed(at.0),
        ))
        .map(drop)
}

/// Whether a blob belongs to a consult.
///
/// # Errors
/// SQLite's.
pub fn has_blob(db: &Connection, consult: ConsultId, blob: Digest) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM originals WHERE consult = ?1 AND blob = ?2)";
    db.prepare_cached(sql)?
        .query_row((consult.to_string(), blob.to_string()), |row| row.get(0))
}
