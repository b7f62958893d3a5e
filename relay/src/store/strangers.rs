//! Instances that name another patient than their study does.
//!
//! Owns who is flagged. A study takes its words from the first instance that names its patient; one that names another is flagged, one that
//! names nobody, by Patient ID or by Patient's Name, is not. Two Patient IDs decide alone; where one is missing the names must agree. What
//! was indexed before that was looked at is looked through once (`unlooked`). Invariant: but for that once, a flag never goes again.

use super::index::EntryRow;
use super::objects::{ObjectRow, object};
use rusqlite::{Connection, OptionalExtension, Result};
use serde_json::Value;

/// Patient's Name (0010,0010), as lines of a study begin with it.
const NAME: &str = "00100010";

/// Whom a study or an instance names.
#[derive(Debug)]
struct Named {
    /// Patient ID; empty when it has none.
    patient: String,
    /// Patient's Name, each of its groups; empty when it has none.
    name: String,
}

impl Named {
    fn new(patient: &str, of_study: &str) -> Self {
        let line = of_study.lines().find_map(|line| line.strip_prefix(NAME));
        let said = line.and_then(|line| serde_json::from_str(line).ok());
        Self {
            patient: patient.to_owned(),
            name: said.as_ref().map(name_of).unwrap_or_default(),
        }
    }

    fn is_nobody(&self) -> bool {
        self.patient.is_empty() && self.name.is_empty()
    }

    fn is_another_than(&self, other: &Self) -> bool {
        if self.is_nobody() || other.is_nobody() {
            return false;
        }
        match self.patient.is_empty() || other.patient.is_empty() {
            true => self.name.is_empty() || self.name != other.name,
            false => self.patient != other.patient,
        }
    }
}

/// The groups of the first name, without the delimiters and spaces that may follow them (PS3.5 6.2).
fn name_of(attribute: &Value) -> String {
    let groups = ["Alphabetic", "Ideographic", "Phonetic"].map(|group| {
        let said = attribute.pointer(&format!("/Value/0/{group}"));
        let said = said.and_then(Value::as_str).unwrap_or_default();
        said.trim().trim_end_matches(['^', ' '])
    });
    groups.join("=").trim_matches('=').to_owned()
}

/// Whom the study of an instance names, and whether nothing could be read of it yet.
fn study_of(db: &Connection, row: &EntryRow) -> Result<Option<(Named, bool)>> {
    let sql = "SELECT patient, attributes, modalities = '' FROM index_studies WHERE study = ?1";
    db.prepare_cached(sql)?
        .query_row([&row.study], |found| {
            let (patient, of_study): (String, String) = (found.get(0)?, found.get(1)?);
            Ok((Named::new(&patient, &of_study), found.get(2)?))
        })
        .optional()
}

/// Gives a study the words of an instance that was read: while it names nobody those of the first that names somebody, and while nothing
/// could be read of it those of any; one of the same name adds its Patient ID.
pub(super) fn let_name(db: &Connection, row: &EntryRow) -> Result<()> {
    let this = Named::new(&row.patient, &row.of_study);
    let Some((study, unread)) = study_of(db, row)? else {
        return Ok(());
    };
    let speaks = match study.is_nobody() {
        true => unread || !this.is_nobody(),
        false => {
            study.patient.is_empty() && !this.patient.is_empty() && !this.is_another_than(&study)
        }
    };
    if !speaks {
        return Ok(());
    }
    let sql = "UPDATE index_studies SET attributes = ?2, patient = ?3, date = ?4 WHERE study = ?1";
    db.prepare_cached(sql)?
        .execute((&row.study, &row.of_study, &row.patient, &row.date))
        .map(drop)
}

/// Flags an instance that names another patient than its study: somebody has to look.
pub(super) fn flag_stranger(db: &Connection, row: &EntryRow) -> Result<()> {
    if is_stranger(db, row)? {
        let sql = "INSERT OR IGNORE INTO index_strangers (digest) VALUES (?1)";
        db.prepare_cached(sql)?.execute([row.digest.to_string()])?;
    }
    Ok(())
}

fn is_stranger(db: &Connection, row: &EntryRow) -> Result<bool> {
    let this = Named::new(&row.patient, &row.of_study);
    Ok(study_of(db, row)?.is_some_and(|(study, _)| this.is_another_than(&study)))
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

/// Compares one of them with its study. A flag that it got for naming nobody goes.
///
/// # Errors
/// SQLite's.
pub fn look_at(db: &Connection, row: &EntryRow) -> Result<()> {
    let_name(db, row)?;
    match is_stranger(db, row)? {
        true => flag_stranger(db, row)?,
        false => {
            db.prepare_cached("DELETE FROM index_strangers WHERE digest = ?1")?
                .execute([row.digest.to_string()])?;
        }
    }
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

    /// Words of a study with this name, as the archive's index has them.
    fn words(name: &str) -> String {
        match name {
            "" => "00100010{\"vr\":\"PN\"}\n".to_owned(),
            name => {
                format!("00100010{{\"vr\":\"PN\",\"Value\":[{{\"Alphabetic\":\"{name}\"}}]}}\n")
            }
        }
    }

    #[test]
    fn where_a_patient_id_is_missing_the_name_says_who_is_a_stranger() {
        let (yamada, sato) = ("YAMADA^TARO", "SATO^HANAKO");
        type Said<'a> = &'a [(&'a str, &'a str)];
        let cases: [(Said<'_>, u64, (&str, &str)); 7] = [
            (&[("", yamada), ("P2", sato)], 1, ("", yamada)),
            (&[("P1", yamada), ("", sato)], 1, ("P1", yamada)),
            (&[("", yamada), ("", sato)], 1, ("", yamada)),
            (
                &[("", yamada), ("P1", "YAMADA^TARO^^ "), ("P2", sato)],
                1,
                ("P1", "YAMADA^TARO^^ "),
            ),
            (&[("P1", ""), ("", sato)], 1, ("P1", "")),
            (
                &[("", ""), ("", yamada), ("", ""), ("P2", sato)],
                1,
                ("", yamada),
            ),
            (&[("P1", yamada), ("P1", "YAMADA^T")], 0, ("P1", yamada)),
        ];
        // Whether their headers have a modality says nothing about whose they are.
        for (named, strangers, (patient, name)) in cases {
            for modality in ["US", ""] {
                let db = database();
                for (number, (patient, name)) in (1..).zip(named) {
                    let one = object(number, &format!("7.{number}"));
                    keep_object(&db, &one).unwrap();
                    let mut entry = entry_of(&one, patient, true);
                    entry.modality = modality.to_owned();
                    entry.of_study = words(name);
                    keep_entry(&db, &entry).unwrap();
                }
                assert_eq!(count_conflicts(&db).unwrap().1, strangers, "{named:?}");
                let sql = "SELECT patient, attributes FROM index_studies";
                let study: (String, String) = db
                    .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
                    .unwrap();
                assert_eq!(study, (patient.to_owned(), words(name)), "{named:?}");
            }
        }
    }

    #[test]
    fn what_was_indexed_before_anybody_compared_is_looked_through_once() {
        let db = database();
        let entries = patients(&db, &["", "P1", "P2"]);
        // As a relay of before left it: the first spoke for the study, and each that named another was flagged, as was who named nobody.
        db.execute_batch(
            "UPDATE index_studies SET patient = ''; INSERT OR IGNORE INTO index_strangers SELECT digest FROM index_instances;
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
