//! Objects whose headers cannot be read for a while, or never.

use super::*;
use crate::store::DataFolder;
use wire::RelayTime;

/// An archive with objects, and an indexer that is asked by hand.
struct World {
    folder: tempfile::TempDir,
    work: Work,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(&folder.path().join("data")).unwrap();
        let indexer = Indexer::new();
        let work = Work {
            place: Place::below(&data).unwrap(),
            store: Store::open(&folder.path().join("relay.db")).unwrap(),
            guard: Guard::of_this_program(),
            came: indexer.came.subscribe(),
            counts: Arc::clone(&indexer.counts),
        };
        Self { folder, work }
    }

    /// An object of which this is the data set.
    async fn keeps(&self, number: u8, data_set: &[u8]) -> Digest {
        let digest = Digest::from_bytes([number; 32]);
        std::fs::write(self.work.place.object(digest), data_set).unwrap();
        let row = ObjectRow {
            digest,
            instance: format!("1.2.{number}"),
            study: "1.2".to_owned(),
            series: "1.3".to_owned(),
            class: "1.2.840.10008.5.1.4.1.1.3.1".to_owned(),
            syntax: "1.2.840.10008.1.2.1".to_owned(),
            bytes: data_set.len() as u64,
            sender: "VSCAN".to_owned(),
            arrived_at: RelayTime(1),
        };
        let kept = self
            .work
            .store
            .write("keep", move |db| store::keep_object(db, &row));
        kept.await.unwrap();
        digest
    }

    /// Whether its header was read; none without an entry.
    async fn noted(&self, digest: Digest) -> Option<bool> {
        let sql = "SELECT refused IS NULL FROM index_instances WHERE digest = ?1";
        let noted = self.work.store.read("look", move |db| {
            let mut rows = db.prepare(sql)?;
            rows.query_map([digest.to_string()], |row| row.get(0))?
                .next()
                .transpose()
        });
        noted.await.unwrap()
    }

    async fn looks(&self, at: &mut i64, put_off: &mut PutOff<Digest>, now: Instant) -> bool {
        let looked = self.work.some(at, put_off, now).await;
        looked.unwrap_or_else(|_| panic!("there is a reader and a store"))
    }
}

/// Modality alone.
const ULTRASOUND: &[u8] = b"\x08\x00\x60\x00CS\x02\x00US";

#[tokio::test]
async fn an_object_that_the_disk_does_not_give_for_a_while_gets_its_header_and_holds_up_no_other() {
    let world = World::new();
    let away = world.folder.path().join("away");
    let one = world.keeps(1, ULTRASOUND).await;
    let path = world.work.place.object(one);
    std::fs::rename(&path, &away).unwrap();
    let damaged = world.keeps(2, b"\x08\x00\x60\x00CS\xFF\x7FUS").await;
    let other = world.keeps(3, ULTRASOUND).await;
    let (mut at, mut put_off, now) = (0, PutOff::default(), Instant::now());
    assert!(world.looks(&mut at, &mut put_off, now).await);
    assert_eq!(world.noted(one).await, None, "it is not decided");
    assert_eq!(world.noted(damaged).await, Some(false), "it never will be");
    assert_eq!(world.noted(other).await, Some(true));
    assert!(
        !world.looks(&mut at, &mut put_off, now).await,
        "not its time yet"
    );
    std::fs::rename(&away, &path).unwrap();
    let later = put_off.next().unwrap();
    assert!(world.looks(&mut at, &mut put_off, later).await);
    assert_eq!(world.noted(one).await, Some(true));
    assert_eq!(put_off.len(), 0);
}

#[tokio::test]
async fn what_is_not_read_time_after_time_gets_an_entry_and_the_next_start_looks_again() {
    let world = World::new();
    let one = world.keeps(1, ULTRASOUND).await;
    let objects = world.work.place.objects().to_owned();
    let away = world.folder.path().join("away");
    std::fs::rename(&objects, &away).unwrap();
    let (mut at, mut put_off, mut now) = (0, PutOff::default(), Instant::now());
    for _ in 1..MAX_TRIES {
        assert!(world.looks(&mut at, &mut put_off, now).await);
        assert_eq!(world.noted(one).await, None);
        now = put_off.next().unwrap();
    }
    assert!(world.looks(&mut at, &mut put_off, now).await);
    assert_eq!(world.noted(one).await, Some(false));
    std::fs::rename(&away, &objects).unwrap();
    world.work.look_again().await;
    assert_eq!(world.work.counts.refused.load(Ordering::Relaxed), 0);
    assert!(world.looks(&mut 0, &mut put_off, now).await);
    assert_eq!(world.noted(one).await, Some(true));
}

#[tokio::test]
async fn an_object_that_is_cut_short_keeps_its_entry_at_each_start() {
    let early = ClipError::from(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
    let away = ClipError::from(std::io::Error::from(std::io::ErrorKind::NotFound));
    assert!(!PASSING.contains(&step_of(&early)));
    assert!(PASSING.contains(&step_of(&away)));
    let world = World::new();
    let one = world.keeps(1, b"\x08\x00\x60\x00CS\x02\x00U").await;
    let (mut put_off, now) = (PutOff::default(), Instant::now());
    assert!(world.looks(&mut 0, &mut put_off, now).await);
    world.work.look_again().await;
    assert_eq!(world.noted(one).await, Some(false));
}

#[tokio::test]
async fn a_database_of_before_is_looked_through_once_for_other_patients() {
    let world = World::new();
    let named = |patient: &[u8; 2]| [&b"\x10\x00\x20\x00LO\x02\x00"[..], patient].concat();
    for (number, patient) in [(1, b"P1"), (2, b"P1"), (3, b"P2")] {
        world.keeps(number, &named(patient)).await;
    }
    let (mut put_off, now) = (PutOff::default(), Instant::now());
    assert!(world.looks(&mut 0, &mut put_off, now).await);
    let before = "DELETE FROM index_strangers; INSERT INTO index_unlooked SELECT digest FROM index_instances";
    let store = &world.work.store;
    let made = store.write("as before", move |db| db.execute_batch(before));
    made.await.unwrap();
    world.work.look_for_strangers().await.unwrap();
    let found = store
        .read("look", |db| store::conflicts(db, true, 9))
        .await
        .unwrap();
    let digests: Vec<Digest> = found.iter().map(|row| row.digest).collect();
    assert_eq!(digests, [Digest::from_bytes([3; 32])]);
    let left = store
        .read("look", |db| store::unlooked(db, 9))
        .await
        .unwrap();
    assert_eq!(left, []);
}
