//! Instances that name another patient than their study does.
//!
//! Owns who is flagged. A study takes its words from the first instance that names its patient; one that names another is flagged, one that
//! names nobody is not. What was indexed before that was looked at is looked through once (`unlooked`). Invariant: a flag never
//! goes again.

use super::index::EntryRow;
use super::objects::{ObjectRow, object};
use rusqlite::{Connection, Result};

/// Gives a study without a patient the words of an instance that names one.
pub(super) fn let_name(db: &Connection, row: &EntryRow) -> Result<()> {
    let sql = "UPDATE index_studies SET attributes = ?2, patient = ?3, date = ?4 WHERE study = ?1 AND patient = '' AND ?3 <> ''";
    db.prepare_cached(sql)?
        .execute((&row.study, &row.of_study, &row.patient, &row.date))
        .map(drop)
}

/// Flags an instance that names another patient than its study: somebody has to look.
pub(super) fn flag_stranger(db: &Connection, row: &EntryRow) -> Result<()> {
    let sql = "INSERT OR IGNORE INTO index_strangers (digest) SELECT ?1 FROM index_studies \
               WHERE study = ?2 AND patient <> ?3 AND patient <> '' AND ?3 <> ''";
    db.prepare_cached(sql)?
        .execute((row.digest.to_string(), &row.study, &row.patient))
        .map(drop)
}

/// Objects of before whose patient nobody compared yet, the first to arrive first, with their headers, deflated.
///
/// # Errors
/// SQLite's.
pub fn unlooked(db: &Connection, most: usize) -> Result<Vec<(ObjectRow, Vec<u8>)>> {
    let sql = "SELECT o.digest, o.instance, o.study, o.series, o.class, o.syntax, o.bytes, o.sender, o.arrived_at, h.header \
               FROM index_unlooked u JOIN objects o ON o.digest = u.digest JOIN index_headers h ON h.digest = u.digest \
               ORDER BY o.rowid LIMIT ?1";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    db.prepare_cached(sql)?
        .query_map([most], |row| Ok((object(row)?, row.get(9)?)))?
        .collect()
}

/// Compares one of them with its study.
///
/// # Errors
/// SQLite's.
pub fn look_at(db: &Connection, row: &EntryRow) -> Result<()> {
    let_name(db, row)?;
    flag_stranger(db, row)?;
    db.prepare_cached("DELETE FROM index_unlooked WHERE digest = ?1")?
        .execute([row.digest.to_string()])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{entry_of, object};
    use super::super::{count_conflicts, keep_entry, keep_object, schema};
    use super::*;

    fn database() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        schema::migrate(&mut db).unwrap();
        db
    }

    fn patients(db: &Connection, patients: &[&str]) -> Vec<EntryRow> {
        let entries = (1..).zip(patients).map(|(number, patient)| {
            let one = object(number, &format!("7.{number}"));
            keep_object(db, &one).unwrap();
            let entry = entry_of(&one, patient, true);
            keep_entry(db, &entry).unwrap();
            entry
        });
        entries.collect()
    }

    #[test]
    fn an_instance_that_names_nobody_is_no_stranger_and_the_first_that_names_one_speaks_for_the_study()
     {
        for (named, strangers) in [
            (&["", "P1", "P1", ""][..], 0),
            (&["P1", "", "P2"], 1),
            (&["", "P1", "P2", "P3"], 2),
        ] {
            let db = database();
            patients(&db, named);
            assert_eq!(count_conflicts(&db).unwrap().1, strangers, "{named:?}");
            let patient: String = db
                .query_row("SELECT patient FROM index_studies", [], |row| row.get(0))
                .unwrap();
            assert_eq!(patient, "P1");
        }
    }

    #[test]
    fn what_was_indexed_before_anybody_compared_is_looked_through_once() {
        let db = database();
        let entries = patients(&db, &["", "P1", "P2"]);
        // As a relay of before left it: the first spoke for the study, and each that named another was flagged, or none was.
        db.execute_batch(
            "UPDATE index_studies SET patient = ''; DELETE FROM index_strangers;
             INSERT INTO index_unlooked SELECT digest FROM index_instances;",
        )
        .unwrap();
        let left = unlooked(&db, 2).unwrap();
        assert_eq!(left.len(), 2);
        assert_eq!(left[1].1, b"header");
        for entry in &entries {
            look_at(&db, entry).unwrap();
        }
        assert_eq!(unlooked(&db, 9).unwrap(), []);
        assert_eq!(count_conflicts(&db).unwrap(), (0, 1));
    }
}
