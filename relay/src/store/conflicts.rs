//! What of the archive somebody has to look at: objects that are kept beside another of their UID, and instances that name another patient
//! than their study does.
//!
//! Owns reading and counting them, and which of them somebody has settled. Who is flagged is decided when an object is noted and when it
//! is indexed; nothing is ever unflagged, because both objects stay. No row here names a patient.

use super::json::{id, signed, unsigned};
use rusqlite::{Connection, Result, Row};
use wire::RelayTime;
use wire::original::Digest;

/// Why somebody has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictKind {
    /// Another object has its SOP Instance UID.
    SameInstance,
    /// Its study is another patient's (Patient ID, or the name where one has none).
    OtherPatient,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictRow {
    /// When it came.
    pub arrived_at: RelayTime,
    /// Why.
    pub kind: ConflictKind,
    /// Who sent it.
    pub sender: String,
    /// The object.
    pub digest: Digest,
    /// The one that it does not agree with: that of its UID, or the first of its study that can be read.
    pub other: Option<Digest>,
    /// Whether somebody looked at it.
    pub settled: bool,
}

const FOUND: &str = "\
    SELECT o.arrived_at, 0, o.sender, o.digest, \
    (SELECT f.digest FROM objects f WHERE f.instance = o.instance AND f.conflict = 0 LIMIT 1), \
    o.digest IN (SELECT digest FROM conflicts_settled) AS settled FROM objects o WHERE o.conflict = 1 \
    UNION ALL \
    SELECT o.arrived_at, 1, o.sender, o.digest, \
    (SELECT i.digest FROM index_instances i WHERE i.study = o.study AND i.refused IS NULL AND i.digest NOT IN (SELECT digest FROM index_strangers) ORDER BY i.rowid LIMIT 1), \
    o.digest IN (SELECT digest FROM conflicts_settled) FROM index_strangers s JOIN objects o ON o.digest = s.digest";

/// Those that nobody settled, or all of them, the newest first; at most so many.
///
/// # Errors
/// SQLite's.
pub fn conflicts(db: &Connection, all: bool, most: u32) -> Result<Vec<ConflictRow>> {
    let sql =
        format!("SELECT * FROM ({FOUND}) WHERE ?1 OR NOT settled ORDER BY 1 DESC, 4 LIMIT ?2");
    db.prepare_cached(&sql)?
        .query_map((all, most), row_of)?
        .collect()
}

/// Notes that somebody looked at a flagged object. False when none is flagged under this digest.
///
/// # Errors
/// SQLite's.
pub fn settle_conflict(db: &Connection, object: Digest, at: RelayTime) -> Result<bool> {
    let object = object.to_string();
    let sql = "SELECT 1 FROM objects WHERE digest = ?1 AND (conflict = 1 OR digest IN (SELECT digest FROM index_strangers))";
    if !db.prepare_cached(sql)?.exists([&object])? {
        return Ok(false);
    }
    let sql =
        "INSERT INTO conflicts_settled (digest, settled_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    db.prepare_cached(sql)?.execute((&object, signed(at.0)))?;
    Ok(true)
}

/// How many that nobody settled have the UID of another, and how many name another patient than their study.
///
/// # Errors
/// SQLite's.
pub fn count_conflicts(db: &Connection) -> Result<(u64, u64)> {
    let sql = "SELECT (SELECT count(*) FROM objects WHERE conflict = 1 AND digest NOT IN (SELECT digest FROM conflicts_settled)), \
               (SELECT count(*) FROM index_strangers WHERE digest NOT IN (SELECT digest FROM conflicts_settled))";
    db.prepare_cached(sql)?
        .query_row([], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)))
}

fn row_of(row: &Row<'_>) -> Result<ConflictRow> {
    let other: Option<String> = row.get(4)?;
    Ok(ConflictRow {
        arrived_at: RelayTime(unsigned(row, 0)?),
        kind: match row.get(1)? {
            false => ConflictKind::SameInstance,
            true => ConflictKind::OtherPatient,
        },
        sender: row.get(2)?,
        digest: id(row, 3)?,
        other: other.map(|_| id(row, 4)).transpose()?,
        settled: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{entry_of, object};
    use super::super::{keep_entry, keep_object, schema};
    use super::*;

    #[test]
    fn what_has_a_uid_twice_or_another_patient_than_its_study_is_listed_and_counted() {
        let mut db = Connection::open_in_memory().unwrap();
        schema::migrate(&mut db).unwrap();
        assert_eq!(count_conflicts(&db).unwrap(), (0, 0));
        // The first cannot be read and says nothing about a patient.
        let patients = ["", "P1", "P1", "P2"];
        for (number, patient) in (1..).zip(patients) {
            let one = object(number, &format!("7.{number}"));
            keep_object(&db, &one).unwrap();
            let entry = entry_of(&one, patient, number > 1);
            keep_entry(&db, &entry).unwrap();
            keep_entry(&db, &entry).unwrap();
        }
        keep_object(&db, &object(5, "7.2")).unwrap();
        assert_eq!(count_conflicts(&db).unwrap(), (1, 1));
        let row = |number, kind, other: u8| ConflictRow {
            arrived_at: RelayTime(u64::from(number)),
            kind,
            sender: "VSCAN".to_owned(),
            digest: Digest::from_bytes([number; 32]),
            other: Some(Digest::from_bytes([other; 32])),
            settled: false,
        };
        let all = [
            row(5, ConflictKind::SameInstance, 2),
            row(4, ConflictKind::OtherPatient, 2),
        ];
        assert_eq!(conflicts(&db, false, 9).unwrap(), all);
        assert_eq!(conflicts(&db, false, 1).unwrap(), all[..1]);
        // What somebody looked at is counted and listed no more, unless all are asked for.
        let at = RelayTime(9);
        assert!(!settle_conflict(&db, Digest::from_bytes([2; 32]), at).unwrap());
        for _ in 0..2 {
            assert!(settle_conflict(&db, Digest::from_bytes([5; 32]), at).unwrap());
        }
        assert_eq!(count_conflicts(&db).unwrap(), (0, 1));
        assert_eq!(conflicts(&db, false, 9).unwrap(), all[1..]);
        let [first, second] = all;
        let settled = ConflictRow {
            settled: true,
            ..first
        };
        assert_eq!(conflicts(&db, true, 9).unwrap(), [settled, second]);
    }
}
