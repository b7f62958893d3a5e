//! Answers questions about the archive from its index.
//!
//! Owns how a question goes through the index: what narrows it, what judges it, what an answer holds. Invariant: an answer is judged by
//! `query` alone, value by value. Called by QIDO-RS and C-FIND; who may ask is decided before.

use super::place::Place;
use super::query::{
    Attribute, DataSet, Level, MAX_ANSWERS, Match, Query, Tag, VR, attribute, texts_in,
};
use crate::store::{
    self, Depth, IndexSeries, IndexStudy, LocatedRow, Narrow, Sift, Store, StoreError,
};
use dicom_dictionary_std::tags;
use flate2::read::DeflateDecoder;
use serde_json::{Map, Value, json};
use std::io::Read;
use std::ops::ControlFlow;
use std::path::PathBuf;
use wire::original::Digest;

/// Most instances that one retrieval gives.
pub const MAX_INSTANCES: usize = 50_000;
/// Longest header that is unpacked; what is packed was shorter.
const MAX_HEADER_BYTES: u64 = guarded::MAX_HEADER_BYTES as u64;

/// The index as those see it who ask. Clones share it.
#[derive(Clone)]
pub struct Catalogue {
    store: Store,
    place: Place,
}

/// An instance that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// SHA-256 of its data set.
    pub digest: Digest,
    /// Its file: a whole DICOM file (PS3.10) whose data set are the last `bytes` of it.
    pub path: PathBuf,
    /// Study Instance UID.
    pub study: String,
    /// Series Instance UID.
    pub series: String,
    /// SOP Instance UID.
    pub instance: String,
    /// SOP Class UID.
    pub class: String,
    /// Transfer syntax.
    pub syntax: String,
    /// Length of its data set.
    pub bytes: u64,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// In order.
    pub found: Vec<DataSet>,
    /// There are more behind these.
    pub more: bool,
}

impl Catalogue {
    pub(super) fn over(store: Store, place: Place) -> Self {
        Self { store, place }
    }

    /// Where an object lies.
    #[must_use]
    pub fn path(&self, digest: Digest) -> PathBuf {
        self.place.object(digest)
    }

    /// What fits a question.
    ///
    /// # Errors
    /// `StoreError`.
    pub async fn find(&self, query: Query) -> Result<Answers, StoreError> {
        let (depth, narrow) = (depth(query.level), narrow(&query));
        let mut sifter = Sifter::new(query);
        self.store
            .search("search the archive", move |db| {
                store::sift(db, depth, &narrow, &mut sifter)?;
                Ok(sifter.answers)
            })
            .await
    }

    /// Where the instances of a study are, of one of its series, or one of them; at most `MAX_INSTANCES`.
    ///
    /// # Errors
    /// `StoreError`.
    pub async fn instances(
        &self,
        study: &str,
        series: Option<&str>,
        instance: Option<&str>,
    ) -> Result<Vec<Located>, StoreError> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let (study, series, instance) = (study.to_owned(), owned(series), owned(instance));
        let rows = self.store.search("find instances", move |db| {
            store::located(
                db,
                &study,
                series.as_deref(),
                instance.as_deref(),
                MAX_INSTANCES,
            )
        });
        let located = |row: LocatedRow| Located {
            path: self.place.object(row.digest),
            digest: row.digest,
            study: row.study,
            series: row.series,
            instance: row.instance,
            class: row.class,
            syntax: row.syntax,
            bytes: row.bytes,
        };
        Ok(rows.await?.into_iter().map(located).collect())
    }

    /// The header of an object in the DICOM JSON model. Bulk data stands there as a `BulkDataURI` that is where the value
    /// lies in the data set: its first byte and its length, with a slash between; `pixels`, alone or with such a place, for encapsulated pixels. `None` for an object whose header could not be read.
    ///
    /// # Errors
    /// `StoreError`.
    pub async fn header(&self, digest: Digest) -> Result<Option<Map<String, Value>>, StoreError> {
        let packed = self
            .store
            .search("read a header", move |db| store::header_of(db, digest));
        Ok(packed.await?.and_then(|packed| unpacked(&packed)))
    }
}

/// A header as it was packed.
pub(super) fn unpacked(packed: &[u8]) -> Option<Map<String, Value>> {
    let mut json = Vec::new();
    let unpacking = DeflateDecoder::new(packed).take(MAX_HEADER_BYTES);
    { unpacking }.read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

const fn depth(level: Level) -> Depth {
    match level {
        Level::Study => Depth::Studies,
        Level::Series => Depth::Series,
        Level::Instance => Depth::Instances,
    }
}

/// What the database may leave out.
fn narrow(query: &Query) -> Narrow {
    let list = |tag| query.uids(tag).map(<[String]>::to_vec);
    let key = |tag| {
        query
            .keys
            .iter()
            .find(|(key, _)| *key == tag)
            .map(|(_, key)| key)
    };
    Narrow {
        studies: list(tags::STUDY_INSTANCE_UID),
        series: list(tags::SERIES_INSTANCE_UID),
        instances: list(tags::SOP_INSTANCE_UID),
        patient: key(tags::PATIENT_ID).and_then(Match::literal),
        dates: match key(tags::STUDY_DATE) {
            Some(Match::Range(from, to)) => Some((from.clone(), to.clone())),
            _ => None,
        },
    }
}

/// Judges what it is shown and keeps what fits.
struct Sifter {
    query: Query,
    /// Keys that say something, with what they are about.
    keys: Vec<(&'static Attribute, Match)>,
    /// What was shown last and not left out, of each level.
    study: DataSet,
    series: DataSet,
    instance: DataSet,
    left_out: usize,
    answers: Answers,
}

impl Sifter {
    fn new(query: Query) -> Self {
        let keys = query
            .keys
            .iter()
            .filter(|(_, key)| *key != Match::Universal)
            .filter_map(|(tag, key)| Some((attribute(*tag)?, key.clone())))
            .filter(|(about, _)| about.level <= query.level && about.vr != VR::SQ)
            .collect();
        Self {
            query,
            keys,
            study: DataSet::default(),
            series: DataSet::default(),
            instance: DataSet::default(),
            left_out: 0,
            answers: Answers::default(),
        }
    }

    /// Whether the keys of a level fit: what the archive counts, and what stands in lines.
    fn fits(&self, level: Level, counted: &DataSet, lines: &str) -> bool {
        self.keys
            .iter()
            .filter(|(about, _)| about.level == level)
            .all(|(about, key)| {
                let values = if about.counted {
                    counted.texts(about.tag)
                } else {
                    texts_in(lines, about.tag).unwrap_or_default()
                };
                key.fits(&values)
            })
    }

    /// What an answer gets of one level.
    fn part(&self, mut counted: DataSet, lines: &str) -> DataSet {
        counted.retain(|tag| self.query.returns(tag));
        counted.add_lines(lines, |tag| self.query.returns(tag));
        counted
    }
}

fn count(set: &mut DataSet, tag: Tag, number: i64) {
    set.set(tag, VR::IS, &[json!(number)]);
}

impl Sift for Sifter {
    fn study(&mut self, study: IndexStudy<'_>) -> bool {
        let mut counted = DataSet::default();
        let modalities = study.modalities.split('\\').filter(|one| !one.is_empty());
        let modalities: Vec<Value> = modalities.map(Value::from).collect();
        counted.set(tags::MODALITIES_IN_STUDY, VR::CS, &modalities);
        count(
            &mut counted,
            tags::NUMBER_OF_STUDY_RELATED_SERIES,
            study.series,
        );
        count(
            &mut counted,
            tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
            study.instances,
        );
        let fits = self.fits(Level::Study, &counted, study.attributes);
        if fits {
            self.study = self.part(counted, study.attributes);
        }
        fits
    }

    fn series(&mut self, series: IndexSeries<'_>) -> bool {
        let mut counted = DataSet::default();
        count(
            &mut counted,
            tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
            series.instances,
        );
        let fits = self.fits(Level::Series, &counted, series.attributes);
        if fits {
            self.series = self.part(counted, series.attributes);
        }
        fits
    }

    fn instance(&mut self, attributes: &str) -> bool {
        let fits = self.fits(Level::Instance, &DataSet::default(), attributes);
        // Those before the first and behind the last are not looked at any further.
        if fits && self.left_out >= self.query.offset {
            self.instance = self.part(DataSet::default(), attributes);
        }
        fits
    }

    fn take(&mut self) -> ControlFlow<()> {
        if self.left_out < self.query.offset {
            self.left_out += 1;
            return ControlFlow::Continue(());
        }
        if self.answers.found.len() >= self.query.limit.min(MAX_ANSWERS) {
            self.answers.more = true;
            return ControlFlow::Break(());
        }
        let mut answer = self.study.clone();
        if self.query.level >= Level::Series {
            answer.add(&self.series);
        }
        if self.query.level == Level::Instance {
            answer.add(&self.instance);
        }
        self.answers.found.push(answer);
        ControlFlow::Continue(())
    }
}
