//! Clips of a consult whose files cannot be read for a while, or never.

use super::super::indexer::Indexer;
use super::super::recovery::recover;
use super::*;
use crate::clock::Clock;
use crate::store::{ClipBounds, DataFolder};
use std::collections::HashSet;
use wire::clip::{ClipCoding, ClipHead, ClipOrigin};
use wire::{CaptureTime, RelayTime};

fn sample(preamble: u8) -> Vec<u8> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../sample-dicom/plax_small.dcm"
    );
    let mut bytes = std::fs::read(path).unwrap();
    bytes[..128].fill(preamble);
    bytes
}

#[test]
fn a_clip_is_not_copied_unless_something_rides_in_its_preamble() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let data = DataFolder::at(&folder.path().join("data")).unwrap();
    let place = Place::below(&data).unwrap();
    let slots = Slots::new(place.clone());
    let arrived = |path: &Path| arrived((&place, &slots), path, 0);
    let path = folder.path().join("clip.dcm");
    std::fs::write(&path, sample(0)).unwrap();
    let linked = arrived(&path).unwrap();
    let inode = |path: &Path| std::fs::metadata(path).unwrap().ino();
    assert_eq!(inode(linked.half.path()), inode(&path));
    let other = folder.path().join("other.dcm");
    std::fs::write(&other, sample(0x4D)).unwrap();
    let copied = arrived(&other).unwrap();
    assert_eq!((copied.digest, copied.bytes), (linked.digest, linked.bytes));
    assert_eq!(std::fs::read(copied.half.path()).unwrap()[..128], [0; 128]);
    drop((linked, copied));
    assert!(path.exists(), "the clip stays with its consult");
    std::fs::write(&path, b"no DICOM").unwrap();
    assert!(matches!(arrived(&path), Err(IncomingFault::NoFile(_))));
}

/// A consult with clips whose files are there, and a collector that is asked by hand.
struct World {
    folder: tempfile::TempDir,
    collector: Collector,
    consult: ConsultId,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(&folder.path().join("data")).unwrap();
        let store = Store::open(&folder.path().join("relay.db")).unwrap();
        let place = Place::below(&data).unwrap();
        let consult = ConsultId::random();
        let opened = store.write("open", move |db| {
            store::open_consult(db, consult, "訪問 1", RelayTime(1))
        });
        opened.await.unwrap();
        let clock = Arc::new(Clock::after(None));
        let committer = Committer::start(place.clone(), store.clone(), (clock, Indexer::idle()));
        let collector = Collector {
            clips: ClipFiles::open(&data, &HashSet::new()).unwrap(),
            store,
            slots: Slots::new(place.clone()),
            place,
            committer,
            reserve: 0,
            counts: Arc::default(),
        };
        Self {
            folder,
            collector,
            consult,
        }
    }

    /// A clip that is kept; its object has this UID.
    async fn keeps(&self, instance: &'static str, bytes: &[u8]) -> Which {
        let of = (self.consult, ClipId::random());
        let path = self.collector.clips.whole(of.0, of.1);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        let head = ClipHead {
            clip: of.1,
            instance: instance.into(),
            bytes: bytes.len() as u64,
            digest: Digest::from_bytes([7; 32]),
            frames: 1,
            width: 8,
            height: 8,
            coding: ClipCoding::Other,
            origin: ClipOrigin::Imported,
            taken_at: CaptureTime(1),
            span_us: 0,
            view: None,
            marker: None,
            captured: None,
        };
        let bounds = ClipBounds {
            clips: 9,
            bytes: u64::MAX >> 1,
        };
        let kept = self.collector.store.write("keep", move |db| {
            store::offer_clip(db, of.0, (&head, &[]), bounds, RelayTime(1))?;
            store::keep_clip(db, of.0, of.1, RelayTime(2))
        });
        kept.await.unwrap();
        of
    }

    /// What is noted: taken or not.
    async fn noted(&self, (_, clip): Which) -> Option<bool> {
        let sql = "SELECT object IS NOT NULL FROM collected_clips WHERE clip = ?1";
        let noted = self.collector.store.read("look", move |db| {
            let mut rows = db.prepare(sql)?;
            rows.query_map([clip.to_string()], |row| row.get(0))?
                .next()
                .transpose()
        });
        noted.await.unwrap()
    }

    async fn looks(&self, put_off: &mut PutOff<Which>, now: Instant) -> bool {
        let looked = self.collector.some(put_off, now).await;
        looked.unwrap_or_else(|_| panic!("no row could be written"))
    }

    fn waiting(&self) -> u64 {
        self.collector.counts.waiting.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_clip_whose_file_cannot_be_read_waits_and_holds_up_no_other() {
    let world = World::new().await;
    let unread = world.keeps("1.1", &sample(0)).await;
    let path = world.collector.clips.whole(unread.0, unread.1);
    let away = world.folder.path().join("away");
    std::fs::rename(&path, &away).unwrap();
    let letter = world.keeps("1.2", b"a letter").await;
    let other = world.keeps("1.3", &sample(0)).await;
    let (mut put_off, now) = (PutOff::default(), Instant::now());
    assert!(world.looks(&mut put_off, now).await);
    assert_eq!(world.noted(unread).await, None, "it is not decided");
    assert_eq!(world.noted(letter).await, Some(false), "it never will be");
    assert_eq!(world.noted(other).await, Some(true));
    assert_eq!(world.waiting(), 1);
    std::fs::rename(&away, &path).unwrap();
    assert!(!world.looks(&mut put_off, now).await, "not its time yet");
    let later = now + Duration::from_secs(60);
    assert!(world.looks(&mut put_off, later).await);
    assert_eq!(world.noted(unread).await, Some(true));
    assert_eq!(world.waiting(), 0);
}

#[tokio::test]
async fn a_disk_that_takes_nothing_for_a_while_keeps_no_clip_out() {
    let world = World::new().await;
    let clips = [
        world.keeps("1.1", &sample(0x4D)).await,
        world.keeps("1.2", &sample(0)).await,
    ];
    let incoming = world.collector.place.incoming().to_owned();
    let away = world.folder.path().join("away");
    std::fs::rename(&incoming, &away).unwrap();
    let (mut put_off, mut now) = (PutOff::default(), Instant::now());
    for _ in 0..3 {
        assert!(!world.looks(&mut put_off, now).await);
        now += Duration::from_secs(600);
    }
    assert_eq!(world.waiting(), 2);
    std::fs::rename(&away, &incoming).unwrap();
    assert!(world.looks(&mut put_off, now).await);
    for clip in clips {
        assert_eq!(world.noted(clip).await, Some(true));
    }
}

/// The same with a private element in its head, longer than any head of ours.
fn with_a_long_head(plain: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.dcm");
    std::fs::write(&path, plain).unwrap();
    let head = FileHead::read(&path, SENDER).unwrap();
    let (group, data_set) = plain[144..].split_at(usize::try_from(head.data_set_at).unwrap() - 144);
    let private = vec![7; 200_000];
    let length = u32::try_from(private.len()).unwrap().to_le_bytes();
    let group = [group, b"\x02\x00\x02\x01OB\x00\x00", &length, &private].concat();
    let length = u32::try_from(group.len()).unwrap().to_le_bytes();
    let begin = &plain[..132];
    [
        begin,
        b"\x02\x00\x00\x00UL\x04\x00",
        &length,
        &group,
        data_set,
    ]
    .concat()
}

#[tokio::test]
async fn a_clips_object_whose_row_is_lost_is_noted_again_however_long_its_head_is() {
    let world = World::new().await;
    let of = world.keeps("1.1", &with_a_long_head(&sample(0))).await;
    let mut put_off = PutOff::default();
    assert!(world.looks(&mut put_off, Instant::now()).await);
    assert_eq!(world.noted(of).await, Some(true));
    // The database was put back from a copy of before.
    let Collector { place, store, .. } = &world.collector;
    let lost = store.write("lose it", |db| db.execute("DELETE FROM objects", []));
    assert_eq!(lost.await.unwrap(), 1);
    let recovered = recover(place, store, RelayTime(9)).await.unwrap();
    assert_eq!((recovered.noted, recovered.strange), (1, 0));
    let sql = "SELECT sender FROM objects";
    let sender = store.read("look", move |db| {
        db.query_row(sql, [], |row| row.get::<_, String>(0))
    });
    assert_eq!(sender.await.unwrap(), SENDER);
}
