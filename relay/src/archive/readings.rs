//! Notes who reads what before it is given.
//!
//! Owns for what an entry is due: each way in which somebody reads a study, once a minute (`standing`). Invariant: nothing of a patient leaves before its entry is durable.

use crate::standing::Standing;
use crate::store::{self, ReadRow, Store, StoreError};
use std::sync::Arc;
use wire::RelayTime;

/// How something is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// Asked for, found in a list.
    Search,
    /// Headers.
    Metadata,
    /// Frames and bulk data.
    Pictures,
    /// Whole objects.
    Objects,
}

impl Way {
    const fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Metadata => "metadata",
            Self::Pictures => "pictures",
            Self::Objects => "objects",
        }
    }
}

/// Where reads are noted. Clones share it.
#[derive(Clone)]
pub struct Readings {
    store: Store,
    standing: Arc<Standing<(Arc<str>, Way, String)>>,
}

impl Readings {
    /// Over a store.
    #[must_use]
    pub fn over(store: Store) -> Self {
        Self {
            store,
            standing: Arc::default(),
        }
    }

    /// Notes that somebody reads a study in a way; searches name none. Answers when the entry is durable.
    ///
    /// # Errors
    /// `StoreError`; then nothing may be given.
    pub async fn note(
        &self,
        reader: &Arc<str>,
        way: Way,
        study: &str,
        now: RelayTime,
    ) -> Result<(), StoreError> {
        let key = (Arc::clone(reader), way, study.to_owned());
        if self.standing.stands(&key, now) {
            return Ok(());
        }
        let row = ReadRow {
            at: now,
            reader: reader.to_string(),
            how: way.name().to_owned(),
            study: study.to_owned(),
        };
        self.store
            .write("note who reads", move |db| store::note_read(db, &row))
            .await?;
        self.standing.written(key, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::STANDS_US;

    #[tokio::test]
    async fn each_minute_of_reading_a_study_leaves_one_entry_for_each_way() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("relay.db")).unwrap();
        let (readings, who) = (Readings::over(store.clone()), Arc::from("PACS"));
        for (way, at) in [
            (Way::Pictures, 10),
            (Way::Pictures, 11),
            (Way::Metadata, 12),
            (Way::Pictures, 10 + STANDS_US),
            (Way::Pictures, 5),
        ] {
            readings
                .note(&who, way, "1.2", RelayTime(at))
                .await
                .unwrap();
        }
        let reads = store
            .read("reads", |db| store::reads_of(db, "1.2"))
            .await
            .unwrap();
        let told: Vec<_> = reads.iter().map(|read| (&*read.how, read.at.0)).collect();
        let later = 10 + STANDS_US;
        assert_eq!(
            told,
            [
                ("pictures", 5),
                ("pictures", 10),
                ("metadata", 12),
                ("pictures", later)
            ]
        );
        let changed = store.write("change", |db| db.execute("DELETE FROM archive_reads", []));
        assert!(changed.await.is_err());
    }
}
