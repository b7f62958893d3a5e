//! The archive's index: an entry for each object that is the first of its instance.
//!
//! Owns adding entries, and the counts of studies and series that follow from them. What an attribute means is the archive's business;
//! here they are lines. Invariant: an entry comes together with its header and its counts, or not at all; entries are never changed, and
//! only those of objects that could not be read are taken back.

use super::json::id;
use super::strangers::{flag_stranger, let_name};
use rusqlite::{Connection, OptionalExtension, Result};
use wire::original::Digest;

/// What the index is told of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// The object.
    pub digest: Digest,
    /// Its UIDs.
    pub study: String,
    /// See `study`.
    pub series: String,
    /// See `study`.
    pub instance: String,
    /// Instance Number; 0 when it has none.
    pub number: i64,
    /// Patient ID.
    pub patient: String,
    /// Study Date, digits.
    pub date: String,
    /// Modality.
    pub modality: String,
    /// Lines of the study.
    pub of_study: String,
    /// Lines of the series.
    pub of_series: String,
    /// Lines of the instance.
    pub of_instance: String,
    /// Its header, deflated; none when it could not be read.
    pub header: Option<Vec<u8>>,
    /// The step at which reading it failed.
    pub refused: Option<String>,
}

/// An object without an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unindexed {
    /// Where it stands in the order of arrival.
    pub at: i64,
    /// The object.
    pub object: super::ObjectRow,
}

/// Where an instance is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedRow {
    /// The object.
    pub digest: Digest,
    /// Its UIDs.
    pub study: String,
    /// See `study`.
    pub series: String,
    /// See `study`.
    pub instance: String,
    /// SOP Class UID.
    pub class: String,
    /// Transfer syntax.
    pub syntax: String,
    /// Length of its data set.
    pub bytes: u64,
}

/// Objects without an entry that came after `at`, the first to arrive first. An object whose instance another one has gets none.
///
/// # Errors
/// SQLite's.
pub fn unindexed(db: &Connection, at: i64, most: usize) -> Result<Vec<Unindexed>> {
    let sql = "SELECT o.digest, o.instance, o.study, o.series, o.class, o.syntax, o.bytes, o.sender, o.arrived_at, o.rowid \
               FROM objects o WHERE o.rowid > ?1 AND NOT o.conflict \
               AND NOT EXISTS (SELECT 1 FROM index_instances i WHERE i.digest = o.digest) ORDER BY o.rowid LIMIT ?2";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    db.prepare_cached(sql)?
        .query_map((at, most), |row| {
            Ok(Unindexed {
                at: row.get(9)?,
                object: super::objects::object(row)?,
            })
        })?
        .collect()
}

/// One object, if it has no entry.
///
/// # Errors
/// SQLite's.
pub fn still_unindexed(db: &Connection, digest: Digest) -> Result<Option<Unindexed>> {
    let sql = "SELECT o.digest, o.instance, o.study, o.series, o.class, o.syntax, o.bytes, o.sender, o.arrived_at, o.rowid \
               FROM objects o WHERE o.digest = ?1 AND NOT EXISTS (SELECT 1 FROM index_instances i WHERE i.digest = o.digest)";
    db.prepare_cached(sql)?
        .query_row([digest.to_string()], |row| {
            Ok(Unindexed {
                at: row.get(9)?,
                object: super::objects::object(row)?,
            })
        })
        .optional()
}

/// Takes back the entries of objects that could not be read at one of these steps, so that they are looked at again; gives their number.
///
/// # Errors
/// SQLite's.
pub fn take_back(db: &Connection, steps: &[&str]) -> Result<usize> {
    let sql = "SELECT digest, study, series FROM index_instances WHERE refused = ?1";
    let mut found: Vec<[String; 3]> = Vec::new();
    for step in steps {
        let mut of_step = db.prepare_cached(sql)?;
        let rows = of_step.query_map([step], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
        found.extend(rows.collect::<Result<Vec<_>>>()?);
    }
    for [digest, study, series] in &found {
        db.prepare_cached("DELETE FROM index_instances WHERE digest = ?1")?
            .execute([digest])?;
        let sql =
            "UPDATE index_series SET instances = instances - 1 WHERE study = ?1 AND series = ?2";
        db.prepare_cached(sql)?.execute([study, series])?;
        let sql = "DELETE FROM index_series WHERE study = ?1 AND series = ?2 AND instances = 0";
        let empty = i64::from(db.prepare_cached(sql)?.execute([study, series])? > 0);
        let sql = "UPDATE index_studies SET instances = instances - 1, series = series - ?2 WHERE study = ?1";
        db.prepare_cached(sql)?.execute((study, empty))?;
        db.prepare_cached("DELETE FROM index_studies WHERE study = ?1 AND instances = 0")?
            .execute([study])?;
    }
    Ok(found.len())
}

/// Adds an entry. One that is there stays as it is.
///
/// # Errors
/// SQLite's.
pub fn keep_entry(db: &Connection, row: &EntryRow) -> Result<()> {
    let digest = row.digest.to_string();
    let sql = "INSERT INTO index_instances (digest, instance, study, series, number, attributes, refused) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    let added = db.prepare_cached(sql)?.execute((
        &digest,
        &row.instance,
        &row.study,
        &row.series,
        row.number,
        &row.of_instance,
        &row.refused,
    ))?;
    if added == 0 {
        return Ok(());
    }
    if let Some(header) = &row.header {
        db.prepare_cached("INSERT INTO index_headers (digest, header) VALUES (?1, ?2)")?
            .execute((&digest, header))?;
    }
    let is_new = add_to_series(db, row)?;
    add_to_study(db, row, is_new)?;
    match row.header {
        Some(_) => flag_stranger(db, row),
        None => Ok(()),
    }
}

/// Whether it is the first of its series.
fn add_to_series(db: &Connection, row: &EntryRow) -> Result<bool> {
    let sql = "INSERT INTO index_series (study, series, attributes, modality, instances) VALUES (?1, ?2, ?3, ?4, 1) \
               ON CONFLICT DO UPDATE SET instances = instances + 1, \
               attributes = iif(modality = '', excluded.attributes, attributes), modality = iif(modality = '', excluded.modality, modality) \
               RETURNING instances = 1";
    db.prepare_cached(sql)?.query_row(
        (&row.study, &row.series, &row.of_series, &row.modality),
        |row| row.get(0),
    )
}

fn add_to_study(db: &Connection, row: &EntryRow, new_series: bool) -> Result<()> {
    let sql = "INSERT INTO index_studies (study, attributes, patient, date, modalities, series, instances) VALUES (?1, ?2, ?3, ?4, '', 1, 1) \
               ON CONFLICT DO UPDATE SET instances = instances + 1, series = series + ?5";
    db.prepare_cached(sql)?.execute((
        &row.study,
        &row.of_study,
        &row.patient,
        &row.date,
        new_series,
    ))?;
    // What the first object said holds, unless nothing could be read of it or it named nobody.
    if row.header.is_some() {
        let_name(db, row)?;
    }
    let sql = "UPDATE index_studies SET modalities = modalities || iif(modalities = '', '', '\\') || ?2 \
               WHERE study = ?1 AND ?2 <> '' AND instr('\\' || modalities || '\\', '\\' || ?2 || '\\') = 0";
    db.prepare_cached(sql)?
        .execute((&row.study, &row.modality))
        .map(drop)
}

/// How many entries could not be read.
///
/// # Errors
/// SQLite's.
pub fn count_refused(db: &Connection) -> Result<u64> {
    let sql = "SELECT count(*) FROM index_instances WHERE refused IS NOT NULL";
    db.query_row(sql, [], |row| row.get::<_, i64>(0))
        .map(i64::unsigned_abs)
}

/// Where the instances of a study are, of one of its series, or one of them; at most so many.
///
/// # Errors
/// SQLite's.
pub fn located(
    db: &Connection,
    study: &str,
    series: Option<&str>,
    instance: Option<&str>,
    most: usize,
) -> Result<Vec<LocatedRow>> {
    let sql = "SELECT i.digest, i.study, i.series, i.instance, o.class, o.syntax, o.bytes \
               FROM index_instances i JOIN objects o ON o.digest = i.digest \
               WHERE i.study = ?1 AND (?2 IS NULL OR i.series = ?2) AND (?3 IS NULL OR i.instance = ?3) \
               ORDER BY i.study, i.series, i.number, i.instance LIMIT ?4";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    db.prepare_cached(sql)?
        .query_map((study, series, instance, most), |row| {
            Ok(LocatedRow {
                digest: id(row, 0)?,
                study: row.get(1)?,
                series: row.get(2)?,
                instance: row.get(3)?,
                class: row.get(4)?,
                syntax: row.get(5)?,
                bytes: row.get::<_, i64>(6)?.unsigned_abs(),
            })
        })?
        .collect()
}

/// A header, deflated; none when it could not be read.
///
/// # Errors
/// SQLite's.
pub fn header_of(db: &Connection, digest: Digest) -> Result<Option<Vec<u8>>> {
    db.prepare_cached("SELECT header FROM index_headers WHERE digest = ?1")?
        .query_row([digest.to_string()], |row| row.get(0))
        .optional()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{entry_of, object};
    use super::super::{ObjectRow, keep_object};
    use super::*;

    fn entry(of: &ObjectRow, modality: &str) -> EntryRow {
        EntryRow {
            modality: modality.to_owned(),
            of_study: format!("study of {modality}"),
            ..entry_of(
                of,
                if modality.is_empty() { "" } else { "P" },
                !modality.is_empty(),
            )
        }
    }

    #[test]
    fn what_has_no_entry_is_found_until_it_has_one_and_conflicts_get_none() {
        let mut db = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&mut db).unwrap();
        let objects = [object(1, "7.1"), object(2, "7.1"), object(3, "7.2")];
        for one in &objects {
            keep_object(&db, one).unwrap();
        }
        let found = |at| {
            let found = unindexed(&db, at, 10).unwrap();
            let digests: Vec<_> = found.iter().map(|one| one.object.digest).collect();
            (digests, found.last().map_or(at, |last| last.at))
        };
        let (digests, at) = found(0);
        assert_eq!(digests, [objects[0].digest, objects[2].digest]);
        assert!(found(at).0.is_empty());
        keep_entry(&db, &entry(&objects[0], "US")).unwrap();
        assert_eq!(found(0).0, [objects[2].digest]);
        assert_eq!(
            header_of(&db, objects[0].digest).unwrap().unwrap(),
            b"header"
        );
        assert_eq!(
            located(&db, "1.2", Some("1.3"), Some("7.1"), 9)
                .unwrap()
                .len(),
            1
        );
        assert_eq!(located(&db, "1.2", Some("1.4"), None, 9).unwrap(), []);
    }

    #[test]
    fn what_could_not_be_read_for_a_while_is_taken_back_with_its_counts() {
        let mut db = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&mut db).unwrap();
        let refused = |number, series: &str, step: Option<&str>| {
            let mut one = object(number, &format!("7.{number}"));
            one.series = series.to_owned();
            keep_object(&db, &one).unwrap();
            let mut entry = entry(&one, if step.is_none() { "US" } else { "" });
            entry.refused = step.map(str::to_owned);
            keep_entry(&db, &entry).unwrap();
            one.digest
        };
        let late = refused(1, "3.1", Some("reader-late"));
        refused(2, "3.2", None);
        refused(3, "3.2", Some("scan"));
        let unread = refused(4, "3.2", Some("read-file"));
        assert_eq!(take_back(&db, &["reader-late", "read-file"]).unwrap(), 2);
        let sql = "SELECT attributes, series, instances FROM index_studies";
        let study: (String, u32, u32) = db
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap();
        assert_eq!(study, ("study of US".to_owned(), 1, 2));
        for digest in [late, unread] {
            assert!(still_unindexed(&db, digest).unwrap().is_some());
        }
        let left = unindexed(&db, 0, 9).unwrap();
        assert_eq!(left.len(), 2);
        assert_eq!(count_refused(&db).unwrap(), 1, "what is damaged stays so");
        refused(1, "3.1", None);
        assert!(still_unindexed(&db, late).unwrap().is_none());
        assert_eq!(take_back(&db, &["reader-late"]).unwrap(), 0);
    }

    #[test]
    fn counts_follow_the_entries_and_the_first_that_could_be_read_speaks_for_the_study() {
        let mut db = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&mut db).unwrap();
        for (number, modality) in [(1, ""), (2, "US"), (3, "SR"), (4, "US")] {
            let mut one = object(number, &format!("7.{number}"));
            one.series = format!("3.{modality}");
            keep_object(&db, &one).unwrap();
            keep_entry(&db, &entry(&one, modality)).unwrap();
            keep_entry(&db, &entry(&one, modality)).unwrap();
        }
        let sql = "SELECT attributes, modalities, series, instances FROM index_studies";
        let study: (String, String, u32, u32) = db
            .query_row(sql, [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .unwrap();
        assert_eq!(study, ("study of US".to_owned(), "US\\SR".to_owned(), 3, 4));
        assert_eq!(count_refused(&db).unwrap(), 1);
    }
}
