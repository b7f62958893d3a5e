//! The journal's lane: frames coded for the link pass through, frames that the link had no room for are coded here.
//!
//! Owns the journal's encoder, its thread, which steps back behind the live picture, and the order in which frames get into
//! the journal. Handing over copies no pixels and never waits: what finds no room is counted as missed. Every picture that
//! is coded here is coded at the journal's own rate, in its own size. Invariants: frames leave in the order in which they came, and
//! the first one that is coded here behind one that was not is a keyframe.

use crate::clip::{JOURNAL, step_back};
use crate::encode::{BitRate, EncodeOptions, EncoderFactory, Keeper, Ready};
use crate::frame::Frame;
use crate::journal::{Coded, Intake};
use crate::mask_in_force::MaskInForce;
use crate::pipeline::PAYLOAD_BYTES;
use crate::rate::RateMeter;
use crate::stats::Stats;
use crate::status::StatusBoard;
use rtc::rtp::codec::h264::H264Payloader;
use rtc::rtp::packetizer::Payloader;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

/// Frames of both kinds that may wait: four seconds at 30 per second, as for the journal's disk.
const WAITING_FRAMES: usize = 128;
/// Of them, those that are pictures yet: a second at 30 per second. They are the ring's, which mostly holds them anyway.
const WAITING_PICTURES: usize = 30;
/// Rate buffer of the journal's encoder: a second. Nobody waits for its frames, so a keyframe may take what it needs.
const BUFFER_FRAMES: f64 = 30.0;

/// What goes into the journal.
enum Work {
    /// It was coded for the link.
    Coded(Coded),
    /// It is to be coded.
    Picture(Waiting),
}

/// A picture that waits to be coded.
struct Waiting {
    frame: Frame,
    bit_rate: BitRate,
    /// How often a larger mask had come into force before it was handed over.
    masks: u64,
    /// The live picture begins anew with it, and so does the journal: a recording begins with what arrived, and what is sent again
    /// into it has to stand on nothing from before.
    is_entry: bool,
}

/// The end that takes frames.
pub struct Lane {
    work: SyncSender<Work>,
    intake: Intake,
    pictures: Arc<AtomicUsize>,
    mask: MaskInForce,
    /// The journal's rate; none follows what people allow.
    bit_rate: Option<BitRate>,
}

/// What the lane needs to code by itself.
pub struct LaneParts {
    /// Where coded frames go.
    pub intake: Intake,
    /// The journal's rate; none follows what people allow for the picture.
    pub bit_rate: Option<BitRate>,
    /// As for the live picture.
    pub encode: EncodeOptions,
    /// Where encoders come from.
    pub factory: Arc<dyn EncoderFactory>,
    /// What is captured under a smaller mask is not coded any more.
    pub mask: MaskInForce,
    /// Says what the source tells of its rate.
    pub board: StatusBoard,
    /// Where times are counted.
    pub stats: Arc<Stats>,
}

/// The work of the lane's thread.
pub struct LaneWork {
    parts: LaneParts,
    work: Receiver<Work>,
    pictures: Arc<AtomicUsize>,
    keeper: Keeper,
    payloader: H264Payloader,
    meter: RateMeter,
    /// The next picture begins anew: the frame before was not coded here.
    begins: bool,
}

impl Lane {
    /// A lane and the work of its thread.
    #[must_use]
    pub fn new(parts: LaneParts) -> (Self, LaneWork) {
        let (work, taken) = sync_channel(WAITING_FRAMES);
        let pictures = Arc::default();
        let options = EncodeOptions {
            buffer_frames: BUFFER_FRAMES,
            bit_rate: parts.bit_rate.unwrap_or(parts.encode.bit_rate),
            ..parts.encode.clone()
        };
        let lane = Self {
            work,
            intake: parts.intake.clone(),
            pictures: Arc::clone(&pictures),
            mask: parts.mask.clone(),
            bit_rate: parts.bit_rate,
        };
        let work = LaneWork {
            keeper: Keeper::new(options, Arc::clone(&parts.factory)),
            parts,
            work: taken,
            pictures,
            payloader: H264Payloader::default(),
            meter: RateMeter::default(),
            begins: true,
        };
        (lane, work)
    }

    /// The journal's rate where people allow so much for the picture.
    #[must_use]
    pub fn bit_rate(&self, allowed: BitRate) -> BitRate {
        self.bit_rate.unwrap_or(allowed)
    }

    /// Takes a frame that was coded for the link.
    pub fn coded(&self, coded: Coded) {
        self.hand(Work::Coded(coded));
    }

    /// Takes a frame that is to be coded.
    /// `is_entry` when it is a keyframe of the live picture.
    pub fn picture(&self, frame: Frame, bit_rate: BitRate, is_entry: bool) {
        if self.pictures.fetch_add(1, Ordering::Relaxed) >= WAITING_PICTURES {
            self.pictures.fetch_sub(1, Ordering::Relaxed);
            return self.intake.miss();
        }
        let masks = self.mask.times_grown();
        let waiting = Waiting {
            frame,
            bit_rate,
            masks,
            is_entry,
        };
        if !self.hand(Work::Picture(waiting)) {
            self.pictures.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn hand(&self, work: Work) -> bool {
        let is_taken = self.work.try_send(work).is_ok();
        if !is_taken {
            self.intake.miss();
        }
        is_taken
    }
}

impl LaneWork {
    /// Runs until nobody hands anything over.
    pub fn run(mut self) {
        step_back(JOURNAL);
        while let Ok(work) = self.work.recv() {
            match work {
                Work::Coded(coded) => {
                    // A pause is no slow source.
                    (self.begins, self.meter) = (true, RateMeter::default());
                    self.parts.intake.give(coded);
                }
                Work::Picture(waiting) => {
                    if !self.code(&waiting, Instant::now()) {
                        self.parts.intake.miss();
                    }
                    self.pictures.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// False when it is not in the journal.
    fn code(&mut self, waiting: &Waiting, now: Instant) -> bool {
        let Waiting {
            frame,
            bit_rate,
            masks,
            is_entry,
        } = waiting;
        if *masks != self.parts.mask.times_grown() {
            // Captured under a smaller mask: dropped here as in the ring.
            return false;
        }
        if let Some(rate) = self.meter.note(now) {
            self.keeper.set_frame_rate(rate);
        }
        if *bit_rate != self.keeper.bit_rate() {
            self.keeper.set_bit_rate(*bit_rate);
        }
        let picture = &frame.picture;
        let (width, height) = (picture.width(), picture.height());
        let told_rate = f64::from(self.parts.board.told_rate());
        let encoder = match self.keeper.ready(width, height, told_rate, now) {
            Ready::Open { encoder, .. } => encoder,
            Ready::Resting => return false,
            Ready::Failed { error, .. } => {
                tracing::warn!(%error, "no encoder for the journal");
                return false;
            }
        };
        let (mut units, start) = (Vec::with_capacity(1), Instant::now());
        let begins = self.begins || *is_entry;
        let coded = encoder.encode(picture, frame.stamp.rtp_time, begins, &mut units);
        self.parts.stats.encode_journal.note(start.elapsed());
        if let Err(error) = coded {
            tracing::warn!(%error, "the journal's encoder failed; it is opened anew");
            self.keeper.failed(now);
            return false;
        }
        let payloads = units.first().map(|unit| &unit.data);
        let payloads = payloads.and_then(|data| self.payloader.payload(PAYLOAD_BYTES, data).ok());
        // What follows a frame that is not in the journal must not lean on it.
        self.begins = payloads.is_none();
        let Some(payloads) = payloads else {
            return false;
        };
        self.parts.intake.give(Coded {
            stamp: frame.stamp,
            width,
            height,
            payloads,
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::CaptureClock;
    use crate::encode::{Choice, FfmpegFactory, Preset};
    use crate::frame::{Stamper, StreamName};
    use crate::journal::{JournalSettings, Keeping, open};
    use crate::mask::Mask;
    use crate::picture::{Form, Picture};
    use crate::ring::{Ring, RingBounds};
    use crate::slot::Slot;
    use std::path::Path;
    use std::sync::Mutex;
    use wire::ConsultId;

    const RATE: BitRate = BitRate::LOWEST;

    fn consult() -> ConsultId {
        ConsultId::from_uuid(uuid::Uuid::from_u128(7))
    }

    struct Bench {
        lane: Lane,
        work: LaneWork,
        keeping: Keeping,
        journal: crate::journal::Journal,
        mask: MaskInForce,
        board: StatusBoard,
        stamper: Stamper,
    }

    impl Bench {
        fn new(folder: &Path) -> Self {
            let board = StatusBoard::new(RATE);
            let settings = JournalSettings {
                folder: folder.join("journal"),
                bytes: 1 << 30,
                spare_room_bytes: 0,
                bit_rate: None,
            };
            let (intake, journal, keeping) = open(&settings, consult(), board.clone());
            let ring = Arc::new(Mutex::new(Ring::new(RingBounds::DEFAULT)));
            let mask = MaskInForce::new(Mask::default(), ring, Arc::new(Slot::default()));
            let (lane, work) = Lane::new(LaneParts {
                intake,
                bit_rate: None,
                encode: EncodeOptions {
                    choice: Choice::Named("libx264".to_owned()),
                    preset: Preset::Superfast,
                    bit_rate: RATE,
                    buffer_frames: 3.0,
                },
                factory: Arc::new(FfmpegFactory),
                mask: mask.clone(),
                board: board.clone(),
                stats: Arc::default(),
            });
            Self {
                lane,
                work,
                keeping,
                journal,
                mask,
                board,
                stamper: Stamper::new(CaptureClock::start(), StreamName::default()),
            }
        }

        fn captures(&mut self, frames: usize) {
            for _ in 0..frames {
                self.capture(false);
            }
        }

        fn capture(&mut self, is_entry: bool) {
            let picture = Picture::from_rows(64, 48, Form::Gray8, vec![90; 64 * 48]).unwrap();
            let frame = Frame {
                stamp: self.stamper.stamp(Instant::now()),
                picture: Arc::new(picture),
                provenance: Arc::default(),
            };
            self.lane.picture(frame, RATE, is_entry);
        }

        /// Lets both threads do what waits; gives the frames in the journal and those that were missed.
        fn ends(self) -> (usize, u64) {
            let Self {
                lane,
                work,
                keeping,
                journal,
                board,
                ..
            } = self;
            drop(lane);
            std::thread::spawn(move || work.run()).join().unwrap();
            keeping.run();
            let all = recording::Tick(0)..=recording::Tick(u64::MAX);
            let frames = loop {
                // Another thread looks through the folder.
                if let Some(found) = journal.fingerprint(all.clone()) {
                    break found.frames;
                }
                std::thread::yield_now();
            };
            let missed = board.now().journal.map_or(0, |journal| journal.missed);
            (usize::try_from(frames).unwrap(), missed)
        }
    }

    #[test]
    fn the_journal_begins_anew_where_the_live_picture_does() {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(folder.path());
        bench.captures(2);
        bench.capture(true);
        bench.captures(1);
        assert_eq!(bench.ends(), (4, 0));
        let owner = wire::StreamId::from_uuid(consult().uuid());
        let kept = recording::Recording::open(&folder.path().join("journal"), owner).unwrap();
        let keys: Vec<bool> = kept.table().frames().map(|frame| frame.keyframe).collect();
        assert_eq!(keys, [true, false, true, false]);
    }

    #[test]
    fn a_journal_that_is_behind_misses_frames_and_keeps_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(folder.path());
        bench.captures(WAITING_PICTURES + 3);
        assert_eq!(bench.ends(), (WAITING_PICTURES, 3));
    }

    #[test]
    fn what_waits_is_dropped_when_a_larger_mask_comes() {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(folder.path());
        bench.captures(2);
        bench
            .mask
            .set(Mask::new(vec!["0,0,1,0.5".parse().unwrap()]));
        bench.captures(4);
        assert_eq!(bench.ends(), (4, 2));
    }
}
