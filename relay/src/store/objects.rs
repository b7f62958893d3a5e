//! DICOM objects of the archive. Which bytes they are, their files say.
//!
//! An object is what its data set is: the same bytes again are the same object, whoever sends them. Other bytes under the same SOP
//! Instance UID are kept too and flagged; nothing is ever written over.

use super::json::{id, signed, unsigned};
use rusqlite::{Connection, OptionalExtension, Result, Row};
use wire::RelayTime;
use wire::original::Digest;

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRow {
    /// SHA-256 of its data set.
    pub digest: Digest,
    /// SOP Instance UID.
    pub instance: String,
    /// Study Instance UID.
    pub study: String,
    /// Series Instance UID.
    pub series: String,
    /// SOP Class UID.
    pub class: String,
    /// Transfer syntax.
    pub syntax: String,
    /// Length of its data set.
    pub bytes: u64,
    /// AE title of who sent it first.
    pub sender: String,
    /// When.
    pub arrived_at: RelayTime,
}

/// What an object that arrived is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptAs {
    /// One that was not here.
    New,
    /// One that is here already.
    Again,
    /// One whose SOP Instance UID other bytes have.
    Conflict,
}

/// Notes an object.
///
/// # Errors
/// SQLite's.
pub fn keep_object(db: &Connection, row: &ObjectRow) -> Result<KeptAs> {
    let sql = "SELECT 1 FROM objects WHERE instance = ?1";
    let conflict = db.prepare_cached(sql)?.exists([&row.instance])?;
    note(db, row, conflict)
}

/// Notes an object whose SOP Instance UID something has that is no object: it is flagged, although no object is there before it.
///
/// # Errors
/// SQLite's.
pub fn keep_flagged(db: &Connection, row: &ObjectRow) -> Result<KeptAs> {
    note(db, row, true)
}

fn note(db: &Connection, row: &ObjectRow, conflict: bool) -> Result<KeptAs> {
    let digest = row.digest.to_string();
    let known: Option<bool> = db
        .prepare_cached("SELECT conflict FROM objects WHERE digest = ?1")?
        .query_row([&digest], |row| row.get(0))
        .optional()?;
    match known {
        Some(true) => return Ok(KeptAs::Conflict),
        Some(false) => return Ok(KeptAs::Again),
        None => {}
    }
    let sql = "INSERT INTO objects (digest, instance, study, series, class, syntax, bytes, sender, arrived_at, conflict) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    db.prepare_cached(sql)?.execute((
        digest,
        &row.instance,
        &row.study,
        &row.series,
        &row.class,
        &row.syntax,
        signed(row.bytes),
        &row.sender,
        signed(row.arrived_at.0),
        conflict,
    ))?;
    Ok(if conflict {
        KeptAs::Conflict
    } else {
        KeptAs::New
    })
}

/// Whether an object is noted.
///
/// # Errors
/// SQLite's.
pub fn has_object(db: &Connection, digest: Digest) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM objects WHERE digest = ?1")?
        .exists([digest.to_string()])
}

/// The objects of an instance, the first to arrive first, and whether each is flagged.
///
/// # Errors
/// SQLite's.
pub fn objects_of(db: &Connection, instance: &str) -> Result<Vec<(ObjectRow, bool)>> {
    let sql = "SELECT digest, instance, study, series, class, syntax, bytes, sender, arrived_at, conflict \
               FROM objects WHERE instance = ?1 ORDER BY conflict, arrived_at, digest";
    db.prepare_cached(sql)?
        .query_map([instance], |row| Ok((object(row)?, row.get(9)?)))?
        .collect()
}

pub(super) fn object(row: &Row<'_>) -> Result<ObjectRow> {
    Ok(ObjectRow {
        digest: id(row, 0)?,
        instance: row.get(1)?,
        study: row.get(2)?,
        series: row.get(3)?,
        class: row.get(4)?,
        syntax: row.get(5)?,
        bytes: unsigned(row, 6)?,
        sender: row.get(7)?,
        arrived_at: RelayTime(unsigned(row, 8)?),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::object as row;
    use super::*;

    #[test]
    fn one_beside_what_is_no_object_is_flagged_although_it_is_the_first() {
        let mut db = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&mut db).unwrap();
        for _ in 0..2 {
            assert_eq!(keep_flagged(&db, &row(1, "7.1")).unwrap(), KeptAs::Conflict);
        }
        assert_eq!(objects_of(&db, "7.1").unwrap(), [(row(1, "7.1"), true)]);
        // One that came by another way and is given out stays as it is.
        assert_eq!(keep_object(&db, &row(2, "7.2")).unwrap(), KeptAs::New);
        assert_eq!(keep_flagged(&db, &row(2, "7.2")).unwrap(), KeptAs::Again);
    }

    #[test]
    fn the_same_bytes_are_one_object_and_other_bytes_of_its_instance_are_flagged() {
        let mut db = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&mut db).unwrap();
        let keep = |digest, instance| keep_object(&db, &row(digest, instance)).unwrap();
        assert_eq!(keep(1, "7.1"), KeptAs::New);
        assert_eq!(keep(1, "7.1"), KeptAs::Again);
        assert_eq!(keep(2, "7.1"), KeptAs::Conflict);
        assert_eq!(
            keep(2, "7.1"),
            KeptAs::Conflict,
            "sent again it is still one"
        );
        assert_eq!(keep(1, "7.1"), KeptAs::Again, "and the first is none");
        assert_eq!(keep(3, "7.2"), KeptAs::New);
        let of = objects_of(&db, "7.1").unwrap();
        assert_eq!(of, [(row(1, "7.1"), false), (row(2, "7.1"), true)]);
        assert!(has_object(&db, row(3, "").digest).unwrap());
        assert!(!has_object(&db, row(4, "").digest).unwrap());
    }
}
