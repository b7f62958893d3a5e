//! A file arrives while the disk is full.

use super::*;
use crate::clip::{Coding, CurrentVisit, DeviceFacts, PatientFacts, SaverParts, Visit};
use crate::encode::BitRate;
use crate::frame::StreamName;
use crate::hand_scale::ScaleInForce;
use crate::mask::Mask;
use crate::mask_in_force::MaskInForce;
use crate::ring::{Ring, RingBounds};
use crate::slot::Slot;
use crate::spool::{AfterKept, Spool, SpoolBounds};
use crate::status::StatusBoard;
use crate::sync::Stop;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use wire::CaptureTime;

/// Left free in this test.
const RESERVE: u64 = 1 << 30;

/// A disk of which copies take all but the reserve.
struct FullOfCopies {
    kept: PathBuf,
    bytes: u64,
}

impl Files for FullOfCopies {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SpoolFile>> {
        Disk.create(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn room(&self, _: &Path) -> io::Result<u64> {
        let copies = fs::read_dir(&self.kept)?;
        let taken = copies.map(|copy| Ok(copy?.metadata()?.len()));
        Ok(self.bytes - taken.sum::<io::Result<u64>>()?)
    }
}

fn saver(spool: Arc<Spool>) -> Saver {
    let visit = Visit::new(
        None,
        None,
        CaptureTime(1_795_000_000_000_000),
        PatientFacts::default(),
        DeviceFacts::default(),
        540,
    );
    let ring = Arc::new(Mutex::new(Ring::new(RingBounds::DEFAULT)));
    let (saver, _) = Saver::new(SaverParts {
        now: Arc::new(|| CaptureTime(1_795_000_000_000_000)),
        ring: Arc::clone(&ring),
        stream: StreamName::default(),
        spool,
        visit: CurrentVisit::new(visit.unwrap(), None),
        mask: MaskInForce::new(Mask::new(Vec::new()), ring, Arc::new(Slot::default())),
        scale: ScaleInForce::new(None),
        coding: Coding::Jpeg,
        object_threads: NonZeroUsize::MIN,
        board: StatusBoard::new(BitRate::from_kbps(2000).unwrap()),
        stop: Stop::default(),
    });
    saver
}

#[tokio::test]
async fn a_file_arrives_on_a_disk_full_of_copies_that_the_hospital_has() {
    let folder = tempfile::tempdir().unwrap();
    let clip = |name: &str| {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-dicom");
        fs::read(samples.join(name)).unwrap()
    };
    let (first, second) = (clip("plax_small.dcm"), clip("a4c_small_uncompressed.dcm"));
    let bounds = SpoolBounds {
        bytes: 1 << 30,
        after_kept: AfterKept::Keep,
    };
    let kept = folder.path().join("kept");
    let disk = FullOfCopies {
        kept: kept.clone(),
        bytes: RESERVE + first.len() as u64 - 1,
    };
    let (spool, _) = Spool::open(folder.path(), bounds, Arc::new(disk)).unwrap();
    let arrivals = Arrivals::leaving(saver(Arc::clone(&spool)), RESERVE).unwrap();
    let arrives = async |bytes: Vec<u8>| {
        let arrival = arrivals.begin(bytes).await?;
        let written = SystemTime::now();
        arrival.finish(Sender::Person { written }).await
    };
    let here = arrives(first).await.unwrap();
    spool.let_go(here.clip).unwrap();
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 1);
    assert!(arrives(second).await.unwrap().new);
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 0, "it made the room");
    assert_eq!(spool.unsent().len(), 1);
}
