//! What closed consults say of their clips as DICOM, and what the archive made of it.
//!
//! A row says that a file of this kind lies beside the clip. What is written again is looked at again.

use super::clip_files::About;
use super::json::{id, signed, unsigned};
use rusqlite::{Connection, Result};
use wire::original::Digest;
use wire::{ClipId, ConsultId, RelayTime};

/// A file beside a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaidOfClip {
    /// Whose clip.
    pub consult: ConsultId,
    /// Which.
    pub clip: ClipId,
    /// What it says.
    pub what: About,
    /// When it was written.
    pub written_at: RelayTime,
}

const fn word(what: About) -> &'static str {
    match what {
        About::Marks => "marks",
        About::Measurements => "measurements",
    }
}

/// Notes that a file was written, in the place of an earlier one.
///
/// # Errors
/// SQLite's.
pub fn note_said(db: &Connection, said: &SaidOfClip) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO said_of_clips (consult, clip, what, written_at) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?
        .execute((
            said.consult.to_string(),
            said.clip.to_string(),
            word(said.what),
            signed(said.written_at.0),
        ))
        .map(drop)
}

/// Files that the archive has not looked at, or not taken for a reason that may pass; the first to be written first.
///
/// # Errors
/// SQLite's.
pub fn uncollected_said(db: &Connection, most: u32) -> Result<Vec<SaidOfClip>> {
    let sql = "SELECT consult, clip, what = 'marks', written_at FROM said_of_clips \
               WHERE object IS NULL AND refused IS NULL ORDER BY written_at, clip, what LIMIT ?1";
    db.prepare_cached(sql)?
        .query_map([most], |row| {
            Ok(SaidOfClip {
                consult: id(row, 0)?,
                clip: id(row, 1)?,
                what: if row.get(2)? {
                    About::Marks
                } else {
                    About::Measurements
                },
                written_at: RelayTime(unsigned(row, 3)?),
            })
        })?
        .collect()
}

/// Notes what came of one, unless it was written again meanwhile.
///
/// # Errors
/// SQLite's.
pub fn note_said_collected(
    db: &Connection,
    said: &SaidOfClip,
    came: std::result::Result<Digest, &str>,
) -> Result<()> {
    let sql = "UPDATE said_of_clips SET object = ?5, refused = ?6 \
               WHERE consult = ?1 AND clip = ?2 AND what = ?3 AND written_at = ?4";
    let object = came.ok().map(|digest| digest.to_string());
    db.prepare_cached(sql)?
        .execute((
            said.consult.to_string(),
            said.clip.to_string(),
            word(said.what),
            signed(said.written_at.0),
            object,
            came.err(),
        ))
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_again_is_looked_at_again() {
        let mut db = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&mut db).unwrap();
        let said = |written_at| SaidOfClip {
            consult: ConsultId::from_uuid(uuid::Uuid::from_u128(1)),
            clip: ClipId::from_uuid(uuid::Uuid::from_u128(2)),
            what: About::Marks,
            written_at: RelayTime(written_at),
        };
        let waiting = |db: &Connection| uncollected_said(db, 9).unwrap();
        note_said(&db, &said(1)).unwrap();
        assert_eq!(waiting(&db), [said(1)]);
        // Written again while the first was being looked at.
        note_said(&db, &said(2)).unwrap();
        let digest = Digest::from_bytes([1; 32]);
        note_said_collected(&db, &said(1), Ok(digest)).unwrap();
        assert_eq!(waiting(&db), [said(2)]);
        note_said_collected(&db, &said(2), Err("no DICOM")).unwrap();
        assert_eq!(waiting(&db), []);
    }
}
