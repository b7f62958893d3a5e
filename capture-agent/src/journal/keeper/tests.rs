//! The journal's thread on a real folder, and on a disk that is full for a while.

use super::*;
use crate::encode::BitRate;
use crate::journal::{Intake, JournalSettings, open};
use bytes::Bytes;
use recording::{Disk, SegmentFile, Tick};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use wire::agent::FrameStamp;
use wire::{CaptureTime, ConsultId, FrameIndex, RtpTime};

/// A disk that can be full.
#[derive(Default)]
struct Small {
    is_full: AtomicBool,
}

impl Files for Small {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        Disk.create_new(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn room(&self, _: &Path) -> io::Result<u64> {
        Ok(if self.is_full.load(Ordering::Relaxed) {
            0
        } else {
            u64::MAX
        })
    }
}

struct Bench {
    intake: Intake,
    journal: Journal,
    board: StatusBoard,
    thread: JoinHandle<()>,
    next: u64,
}

fn settings(folder: &Path) -> JournalSettings {
    JournalSettings {
        folder: folder.join("journal"),
        bytes: 1 << 30,
        spare_room_bytes: 0,
        bit_rate: None,
    }
}

impl Bench {
    fn new(folder: &Path, consult: ConsultId, files: Arc<dyn Files>) -> Self {
        let board = StatusBoard::new(BitRate::from_kbps(2000).unwrap());
        let (intake, journal, mut keeping) = open(&settings(folder), consult, board.clone());
        keeping.files = files;
        Self {
            intake,
            journal,
            board,
            thread: std::thread::spawn(move || keeping.run()),
            next: 0,
        }
    }

    /// Codes so many frames; the first one of a bench is a keyframe.
    fn codes(&mut self, frames: u64) -> Tick {
        let mut last = Tick(0);
        for at in self.next..self.next + frames {
            let captured_at = CaptureTime(1_795_000_000_000_000 + at * 33_333);
            let (rtp_time, index) = (RtpTime::of(captured_at), FrameIndex(at as u32));
            let sets = &[0x78, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 2, 0x68, 3][..];
            let payloads = match at {
                0 => vec![Bytes::from_static(sets), Bytes::from_static(&[0x65, 1])],
                _ => vec![Bytes::from_static(&[0x61, 2])],
            };
            last = Tick::of(rtp_time, captured_at);
            self.intake.give(Coded {
                stamp: FrameStamp {
                    stream: StreamId::random(),
                    index,
                    captured_at,
                    rtp_time,
                },
                width: 64,
                height: 48,
                payloads,
            });
        }
        self.next += frames;
        last
    }

    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    fn trouble(&self) -> Option<String> {
        self.board.now().journal.and_then(|journal| journal.trouble)
    }

    fn ends(self) -> Journal {
        drop(self.intake);
        self.thread.join().unwrap();
        self.journal
    }
}

#[test]
fn a_full_disk_is_told_and_what_waits_is_written_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(Small::default());
    let files = Arc::clone(&disk) as Arc<dyn Files>;
    let mut bench = Bench::new(folder.path(), ConsultId::random(), files);
    let first = bench.codes(5);
    bench.until("the first are durable", |it| {
        *it.journal.durable().borrow() == Some(first)
    });
    disk.is_full.store(true, Ordering::Relaxed);
    let last = bench.codes(5);
    bench.until("the full disk is told", |it| {
        it.trouble().as_deref() == Some("the disk is full")
    });
    disk.is_full.store(false, Ordering::Relaxed);
    bench.until("what waited is durable", |it| {
        *it.journal.durable().borrow() == Some(last) && it.trouble().is_none()
    });
    let found = bench.ends().fingerprint(Tick(0)..=Tick(u64::MAX)).unwrap();
    assert_eq!(found.frames, 10);
}

#[test]
fn another_run_goes_on_and_another_consult_sees_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (ConsultId::random(), ConsultId::random());
    let whole = Tick(0)..=Tick(u64::MAX);
    for (consult, frames) in [(ours, 7), (theirs, 3)] {
        let mut bench = Bench::new(folder.path(), consult, Arc::new(Disk));
        let last = bench.codes(frames);
        bench.until("all of it is durable", |it| {
            *it.journal.durable().borrow() == Some(last)
        });
        let found = bench.ends().fingerprint(whole.clone());
        assert_eq!(found.map(|it| it.frames), Some(frames));
    }
    let again = Bench::new(folder.path(), ours, Arc::new(Disk));
    again.until("what was left is found", |it| it.journal.is_ready());
    let found = again.journal.fingerprint(whole).unwrap();
    assert_eq!(found.frames, 7);
}
