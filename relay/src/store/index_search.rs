//! Goes through the index in order and lets somebody sift it.
//!
//! Owns the order and the narrowing: what an index of the database can leave out is not even shown. Whether an entry matches is judged by
//! the `Sift`, a study once for all its series, a series once for all its instances. Invariant: narrowing never leaves out what fits.

use rusqlite::{Connection, Result, ToSql, params_from_iter};
use std::fmt::Write as _;
use std::ops::ControlFlow;

/// What is gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Studies, the newest first.
    Studies,
    /// Series.
    Series,
    /// Instances.
    Instances,
}

/// What need not be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrow {
    /// Other studies than these.
    pub studies: Option<Vec<String>>,
    /// Other series than these.
    pub series: Option<Vec<String>>,
    /// Other instances than these.
    pub instances: Option<Vec<String>>,
    /// Studies of others than this Patient ID.
    pub patient: Option<String>,
    /// Studies before the first or after the second of these dates.
    pub dates: Option<(String, String)>,
}

/// A study.
#[derive(Debug, Clone, Copy)]
pub struct IndexStudy<'a> {
    /// Lines.
    pub attributes: &'a str,
    /// Between backslashes.
    pub modalities: &'a str,
    /// Its series.
    pub series: i64,
    /// Its instances.
    pub instances: i64,
}

/// A series.
#[derive(Debug, Clone, Copy)]
pub struct IndexSeries<'a> {
    /// Lines.
    pub attributes: &'a str,
    /// Its instances.
    pub instances: i64,
}

/// Judges and takes.
pub trait Sift {
    /// Whether a study may hold what is wanted, or is it. The next calls are about it.
    fn study(&mut self, study: IndexStudy<'_>) -> bool;
    /// The same for a series of it.
    fn series(&mut self, series: IndexSeries<'_>) -> bool;
    /// The same for an instance of that, by its lines.
    fn instance(&mut self, attributes: &str) -> bool;
    /// Takes what was shown last, and says whether it wants more.
    fn take(&mut self) -> ControlFlow<()>;
}

/// Shows what is there, as deep as that.
///
/// # Errors
/// SQLite's.
pub fn sift(db: &Connection, depth: Depth, narrow: &Narrow, into: &mut impl Sift) -> Result<()> {
    let (from, order) = match depth {
        Depth::Studies => (
            "study, '' AS series, '' AS attributes FROM index_studies",
            "date DESC, study",
        ),
        Depth::Series => (
            "study, series, attributes FROM index_series",
            "study, series",
        ),
        Depth::Instances => (
            "study, series, attributes FROM index_instances",
            "study, series, number, instance",
        ),
    };
    let (conditions, values) = conditions(depth, narrow);
    let mut rows = db.prepare_cached(&format!("SELECT {from}{conditions} ORDER BY {order}"))?;
    let mut rows = rows.query(params_from_iter(
        values.iter().map(|value| value as &dyn ToSql),
    ))?;
    let mut fits = (Held::default(), Held::default());
    while let Some(row) = rows.next()? {
        let (study, series) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
        if fits.0.is_another(study) {
            fits.0.fits = shows_study(db, study, into)?;
            fits.1 = Held::default();
        }
        if !fits.0.fits {
            continue;
        }
        if depth != Depth::Studies && fits.1.is_another(series) {
            fits.1.fits = shows_series(db, (study, series), into)?;
        }
        let is_in = match depth {
            Depth::Studies => true,
            Depth::Series => fits.1.fits,
            Depth::Instances => fits.1.fits && into.instance(row.get_ref(2)?.as_str()?),
        };
        if is_in && into.take().is_break() {
            break;
        }
    }
    Ok(())
}

/// The one that was judged last.
#[derive(Default)]
struct Held {
    uid: Option<String>,
    fits: bool,
}

impl Held {
    fn is_another(&mut self, uid: &str) -> bool {
        if self.uid.as_deref() == Some(uid) {
            return false;
        }
        self.uid = Some(uid.to_owned());
        true
    }
}

fn shows_study(db: &Connection, study: &str, into: &mut impl Sift) -> Result<bool> {
    let sql =
        "SELECT attributes, modalities, series, instances FROM index_studies WHERE study = ?1";
    db.prepare_cached(sql)?.query_row([study], |row| {
        Ok(into.study(IndexStudy {
            attributes: row.get_ref(0)?.as_str()?,
            modalities: row.get_ref(1)?.as_str()?,
            series: row.get(2)?,
            instances: row.get(3)?,
        }))
    })
}

fn shows_series(db: &Connection, of: (&str, &str), into: &mut impl Sift) -> Result<bool> {
    let sql = "SELECT attributes, instances FROM index_series WHERE study = ?1 AND series = ?2";
    db.prepare_cached(sql)?.query_row(of, |row| {
        Ok(into.series(IndexSeries {
            attributes: row.get_ref(0)?.as_str()?,
            instances: row.get(1)?,
        }))
    })
}

fn conditions(depth: Depth, narrow: &Narrow) -> (String, Vec<String>) {
    let mut sql = String::new();
    let mut values = Vec::new();
    let mut add = |condition: &str, some: &[&str]| {
        let word = if values.is_empty() { "WHERE" } else { "AND" };
        let mut condition = condition.to_owned();
        for value in some {
            values.push((*value).to_owned());
            condition = condition.replacen("{}", &format!("?{}", values.len()), 1);
        }
        // Writing into a string never fails.
        let _ = write!(sql, " {word} {condition}");
    };
    let list = |uids: &[String]| serde_json::to_string(uids).unwrap_or_default();
    if let Some(uids) = &narrow.studies {
        add("study IN (SELECT value FROM json_each({}))", &[&list(uids)]);
    }
    if let (Some(uids), true) = (&narrow.series, depth != Depth::Studies) {
        add(
            "series IN (SELECT value FROM json_each({}))",
            &[&list(uids)],
        );
    }
    if let (Some(uids), Depth::Instances) = (&narrow.instances, depth) {
        add(
            "instance IN (SELECT value FROM json_each({}))",
            &[&list(uids)],
        );
    }
    if let Some(patient) = &narrow.patient {
        add(
            "study IN (SELECT study FROM index_studies WHERE patient = {})",
            &[patient],
        );
    }
    if let Some((from, to)) = &narrow.dates {
        add(
            // What is no whole date is judged by who sifts.
            "study IN (SELECT study FROM index_studies WHERE date BETWEEN {} AND {} \
             UNION ALL SELECT study FROM index_studies WHERE length(date) NOT IN (0, 8))",
            &[from, to],
        );
    }
    (sql, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes all that it is shown.
    #[derive(Default)]
    struct All(usize);

    impl Sift for All {
        fn study(&mut self, _study: IndexStudy<'_>) -> bool {
            true
        }

        fn series(&mut self, _series: IndexSeries<'_>) -> bool {
            true
        }

        fn instance(&mut self, _attributes: &str) -> bool {
            true
        }

        fn take(&mut self) -> ControlFlow<()> {
            self.0 += 1;
            ControlFlow::Continue(())
        }
    }

    #[test]
    fn a_date_that_is_none_is_left_to_whoever_judges() {
        let mut db = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&mut db).unwrap();
        for date in ["20260517", "20250517", "2026", "2026051", ""] {
            let sql = "INSERT INTO index_studies VALUES (?1, '', '', ?1, 'US', 1, 1)";
            db.execute(sql, [date]).unwrap();
        }
        let shown = |from: &str, to: &str| {
            let mut all = All::default();
            let narrow = Narrow {
                dates: Some((from.to_owned(), to.to_owned())),
                ..Narrow::default()
            };
            sift(&db, Depth::Studies, &narrow, &mut all).unwrap();
            all.0
        };
        assert_eq!(shown("20260101", "20261231"), 3);
        assert_eq!(shown("19990101", "19991231"), 2);
    }
}
