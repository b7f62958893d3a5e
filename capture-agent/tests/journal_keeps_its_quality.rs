//! Whatever a weak link leaves of the live picture, the journal has every frame, whole and as good as ever.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use bandwidth::Scale;
use capture_agent::clock::CaptureClock;
use capture_agent::encode::{
    AccessUnit, BitRate, Choice, EncodeOptions, FfmpegFactory, Keeper, Preset, Room,
};
use capture_agent::frame::{Frame, Stamper, StreamName};
use capture_agent::journal::{JournalSettings, open};
use capture_agent::low_layer::LowLayer;
use capture_agent::mask::Mask;
use capture_agent::mask_in_force::MaskInForce;
use capture_agent::orders::{CodedFrame, Orders};
use capture_agent::picture::{Form, Picture};
use capture_agent::pipeline::{Lane, LaneParts, Pipeline};
use capture_agent::ring::{Ring, RingBounds};
use capture_agent::slot::Slot;
use capture_agent::stats::Stats;
use capture_agent::status::StatusBoard;
use capture_agent::sync::Stop;
use recording::{Recording, Tick};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use support::decode::Decoder;
use tokio::sync::mpsc;
use wire::{ConsultId, FrameIndex, StreamId};

const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;
/// Of the source here: quicker than life, so that a test is.
const STEP: Duration = Duration::from_millis(12);
/// Longer than a link must be good before journal and picture share an encoder again.
const A_WHILE: Duration = Duration::from_millis(3_600);

/// An agent from the slot to the journal, and the other end of its link.
struct Bench {
    slot: Arc<Slot<Frame>>,
    orders: Arc<Orders>,
    stats: Arc<Stats>,
    stamper: Stamper,
    pushed: Vec<Frame>,
    sent: Arc<Mutex<Vec<CodedFrame>>>,
    threads: Vec<JoinHandle<()>>,
    folder: PathBuf,
    consult: ConsultId,
}

impl Bench {
    fn new(folder: &Path, bit_rate: Option<u32>) -> Self {
        let rate = BitRate::from_kbps(2000).unwrap();
        let encode = EncodeOptions {
            choice: Choice::Named("libx264".into()),
            preset: Preset::Superfast,
            bit_rate: rate,
            buffer_frames: 3.0,
        };
        let (slot, consult) = (Arc::new(Slot::default()), ConsultId::random());
        let ring = Arc::new(Mutex::new(Ring::new(RingBounds::DEFAULT)));
        let mask = MaskInForce::new(Mask::default(), Arc::clone(&ring), Arc::clone(&slot));
        let (orders, stats) = (
            Arc::new(Orders::new(Arc::clone(&slot))),
            Arc::<Stats>::default(),
        );
        let (board, clock) = (StatusBoard::new(rate), CaptureClock::start());
        let settings = JournalSettings {
            folder: folder.join("journal"),
            bytes: 1 << 30,
            spare_room_bytes: 0,
            bit_rate: bit_rate.and_then(BitRate::from_kbps),
        };
        let (intake, _, keeping) = open(&settings, consult, board.clone());
        let (lane, work) = Lane::new(LaneParts {
            intake,
            bit_rate: settings.bit_rate,
            encode: encode.clone(),
            factory: Arc::new(FfmpegFactory),
            mask: mask.clone(),
            board: board.clone(),
            stats: Arc::clone(&stats),
        });
        let pipeline = Pipeline {
            keeper: Keeper::new(encode, Arc::new(FfmpegFactory)),
            slot: Arc::clone(&slot),
            orders: Arc::clone(&orders),
            ring,
            mask,
            low: LowLayer::default(),
            journal: Some(lane),
            clock,
            board,
            stats: Arc::clone(&stats),
            no_encoder: mpsc::channel(1).0,
        };
        Self {
            slot,
            orders,
            stats,
            stamper: Stamper::new(clock, StreamName::default()),
            pushed: Vec::new(),
            sent: Arc::default(),
            threads: vec![
                std::thread::spawn(move || pipeline.run()),
                std::thread::spawn(move || work.run()),
                std::thread::spawn(move || keeping.run()),
            ],
            folder: settings.folder,
            consult,
        }
    }

    /// Somebody receives.
    fn connect(&self) {
        let (outlet, mut frames) = mpsc::channel(2);
        self.orders.attach(outlet);
        let sent = Arc::clone(&self.sent);
        std::thread::spawn(move || {
            while let Some(frame) = frames.blocking_recv() {
                sent.lock().unwrap().push(frame);
            }
        });
    }

    fn link(&self, kbps: u32, scale: Scale, frame_rate: Option<f64>) {
        self.orders.make_room(Some(Room {
            bit_rate: BitRate::from_kbps(kbps).unwrap(),
            scale,
            frame_rate,
        }));
    }

    /// Captures for so long.
    fn captures(&mut self, time: Duration) {
        let (begin, pace) = (Instant::now(), Stop::default());
        let mut next = begin;
        while begin.elapsed() < time {
            let at = self.pushed.len() as u32;
            let frame = Frame {
                stamp: self.stamper.stamp(Instant::now()),
                picture: Arc::new(speckle(at)),
                provenance: Arc::default(),
            };
            self.pushed.push(frame.clone());
            self.slot.put(frame);
            next += STEP;
            pace.wait_until(next);
        }
    }

    fn ends(self) -> (Vec<Kept>, Vec<Frame>, Vec<CodedFrame>, u32) {
        self.slot.close();
        let replaced = self.slot.replaced();
        for thread in self.threads {
            thread.join().unwrap();
        }
        let owner = StreamId::from_uuid(self.consult.uuid());
        let mut recording = Recording::open(&self.folder, owner).unwrap();
        let mut decoder = Decoder::new();
        let frames: Vec<_> = recording
            .frames(Tick(0)..=Tick(u64::MAX))
            .map(Result::unwrap)
            .collect();
        let kept = frames.iter().map(|frame| {
            let unit = AccessUnit {
                rtp_time: frame.rtp_time,
                keyframe: frame.keyframe,
                data: frame.unit.to_vec().into(),
            };
            Kept {
                index: frame.index.unwrap(),
                keyframe: frame.keyframe,
                picture: decoder.decode(&unit).map(|decoded| decoded.gray),
            }
        });
        let sent = self.sent.lock().unwrap().clone();
        (kept.collect(), self.pushed, sent, replaced)
    }
}

/// A frame of the journal, decoded in its order.
struct Kept {
    index: FrameIndex,
    keyframe: bool,
    picture: Option<Picture>,
}

/// Grain that moves and changes, as ultrasound does.
fn speckle(at: u32) -> Picture {
    let level = |n: u32| {
        let (x, y) = (n % WIDTH, n / WIDTH);
        let grain = ((x + at) / 3)
            .wrapping_mul(2_654_435_761)
            .wrapping_add((y / 3).wrapping_mul(40_503));
        let noise = n.wrapping_add(at * 7_919).wrapping_mul(747_796_405) >> 28;
        (40 + (grain >> 25) + noise) as u8
    };
    let rows = (0..WIDTH * HEIGHT).map(level).collect();
    Picture::from_rows(WIDTH, HEIGHT, Form::Gray8, rows).unwrap()
}

/// Mean square error of a decoded picture, as decibels below full scale.
fn decibels(kept: &Picture, captured: &Picture) -> f64 {
    let pairs = kept.rows().iter().zip(captured.rows());
    let sum: f64 = pairs
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum();
    10.0 * (65_025.0 * captured.rows().len() as f64 / sum.max(1.0)).log10()
}

#[test]
fn on_a_weak_link_the_journal_keeps_every_frame_whole_and_as_good_as_ever() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(folder.path(), None);
    bench.connect();
    bench.captures(Duration::from_millis(800));
    let weak_from = bench.pushed.len();
    bench.link(300, Scale::Half, Some(20.0));
    bench.captures(Duration::from_millis(1_200));
    let weak_until = bench.pushed.len();
    bench.link(5_000, Scale::Full, None);
    bench.captures(A_WHILE);
    let own = bench.stats.encode_journal.counts().percentiles();
    let (kept, captured, sent, replaced) = bench.ends();

    let replaced = replaced as usize;
    assert!(
        replaced * 20 < captured.len(),
        "the machine is too busy to say anything"
    );
    assert_eq!(
        kept.len() + replaced,
        captured.len(),
        "all but what a newer one replaced"
    );
    let quality = |from: usize, until: usize| {
        let within = kept
            .iter()
            .filter(|it| (from..until).contains(&(it.index.0 as usize)));
        let all: Vec<f64> = within
            .map(|it| {
                let picture = it.picture.as_ref().expect("each frame can be decoded");
                assert_eq!((picture.width(), picture.height()), (WIDTH, HEIGHT));
                decibels(picture, &captured[it.index.0 as usize].picture)
            })
            .collect();
        all.iter().sum::<f64>() / all.len() as f64
    };
    let (before, weak) = (quality(10, weak_from), quality(weak_from + 10, weak_until));
    assert!(
        weak > before - 1.0,
        "{weak:.1} dB on the weak link, {before:.1} dB before"
    );
    let sent_weak = sent
        .iter()
        .filter(|it| (weak_from..weak_until).contains(&(it.stamp.index.0 as usize)));
    let ours = kept
        .iter()
        .filter(|it| (weak_from..weak_until).contains(&(it.index.0 as usize)))
        .count();
    assert!(
        sent_weak.count() * 2 < ours,
        "the link had no place for most frames"
    );
    let keyframes: Vec<u32> = kept
        .iter()
        .filter(|it| it.keyframe)
        .map(|it| it.index.0)
        .collect();
    assert!(
        keyframes[1].abs_diff(weak_from as u32) <= 3,
        "{keyframes:?}"
    );
    assert!(
        *keyframes.last().unwrap() as usize > weak_until,
        "the picture's encoder serves both again"
    );
    let entries: Vec<u32> = sent
        .iter()
        .filter(|it| it.unit.keyframe)
        .map(|it| it.stamp.index.0)
        .collect();
    assert!(
        keyframes[2..].iter().all(|key| entries.contains(key)),
        "one at the beginning, one where the encoder changes, and where the live picture begins anew: {keyframes:?}, {entries:?}"
    );
    let last = sent.last().unwrap().stamp.index;
    assert!(
        own.count > 0 && (own.count as usize) < kept.len(),
        "{own:?}"
    );
    assert_eq!(Some(last), kept.last().map(|it| it.index));
}

#[test]
fn a_journal_with_a_rate_of_its_own_is_coded_apart_and_one_without_a_link_is_not_coded_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut apart = Bench::new(&folder.path().join("apart"), Some(6_000));
    apart.connect();
    apart.captures(Duration::from_millis(600));
    let own = apart.stats.encode_journal.counts().percentiles().count;
    let (kept, ..) = apart.ends();
    // Those before its encoder had begun are the live picture's; on a busy machine they are some more.
    let kept = kept.len();
    assert!(own as usize * 10 >= kept * 8 && own > 0, "{own} of {kept}");

    let mut alone = Bench::new(&folder.path().join("alone"), None);
    alone.captures(Duration::from_millis(600));
    let own = alone.stats.encode_journal.counts().percentiles().count;
    let (kept, ..) = alone.ends();
    assert_eq!(own, 0, "one encoder is enough");
    assert!(kept.iter().all(|it| it.picture.is_some()) && kept.len() > 10);
}
