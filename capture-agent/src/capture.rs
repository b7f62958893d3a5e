//! The capture thread: opens the source, and for each picture stamps it, masks it, keeps it and hands it on.
//!
//! Owns the open source. It does not encode and knows no network. A source that cannot be opened, ends, or panics is
//! opened again with back-off, for ever; status and log say so meanwhile. The order is fixed: stamp, mask, barcode
//! (debug only), ring, slot. Nothing unmasked is kept or leaves this thread.

use crate::backoff::{self, Backoff};
use crate::barcode;
use crate::frame::{Frame, Stamper};
use crate::hand_scale::ScaleInForce;
use crate::mask_in_force::MaskInForce;
use crate::rate::RateMeter;
use crate::ring::Ring;
use crate::slot::Slot;
use crate::source::{Captured, FrameSource, SourceChoice, SourceError};
use crate::stats::Stats;
use crate::status::StatusBoard;
use crate::sync::{Stop, held};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use wire::agent::SourceHealth;

/// First and longest wait before a source is opened again: a re-plugged cable should be back within seconds.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

/// Opens the source, as often as needed.
pub type Opener = Box<dyn FnMut(&Stop) -> Result<Box<dyn FrameSource>, SourceError> + Send>;

/// What the thread works with.
pub struct Capture {
    /// Opens the source.
    pub opener: Opener,
    /// Which source it is, and whether another was chosen.
    pub choice: Arc<SourceChoice>,
    /// Gives stamps.
    pub stamper: Stamper,
    /// Covers the banner.
    pub mask: MaskInForce,
    /// Ends when pictures have another size.
    pub scale: ScaleInForce,
    /// Debug only: the barcode goes over any source.
    pub overlay_barcode: bool,
    /// Keeps originals.
    pub ring: Arc<Mutex<Ring>>,
    /// Hands frames to the encode thread.
    pub slot: Arc<Slot<Frame>>,
    /// Where the state is shown.
    pub board: StatusBoard,
    /// Where frames are counted.
    pub stats: Arc<Stats>,
    /// Told once whether the source opened at the first attempt.
    pub first_open: Option<oneshot::Sender<Result<(), String>>>,
}

impl Capture {
    /// Runs until `stop`.
    pub fn run(mut self, stop: &Stop) {
        let mut backoff = Backoff::new(RETRY.0, RETRY.1);
        while !stop.is_set() {
            // Set when the program ends or when somebody chooses another source.
            let turn = self.choice.turn(stop);
            // A source that panics (a decoder's bug on a strange file) is a source that failed.
            let ended = catch_unwind(AssertUnwindSafe(|| self.run_source(&mut backoff, &turn)));
            let trouble = match ended {
                Ok(SourceError::Stopped) if stop.is_set() => return,
                Ok(SourceError::Stopped) => {
                    self.another_source();
                    backoff = Backoff::new(RETRY.0, RETRY.1);
                    continue;
                }
                Ok(error) => error.to_string(),
                Err(_) => "the source made an internal error; it is opened again".to_owned(),
            };
            self.report_first_open(Err(trouble.clone()));
            let wait = backoff.after_failure(backoff::random());
            tracing::warn!(
                trouble,
                retry_in_ms = wait.as_millis() as u64,
                "source failed; it is opened again"
            );
            self.board.update(|status| {
                status.source.health = SourceHealth::Failed;
                status.source.trouble = Some(trouble);
                status.source.fps = 0.0;
            });
            if turn.wait(wait) {
                self.another_source();
                backoff = Backoff::new(RETRY.0, RETRY.1);
            }
        }
    }

    fn another_source(&self) {
        self.board.update(|status| {
            let source = &mut status.source;
            (source.health, source.trouble, source.fps) = (SourceHealth::Opening, None, 0.0);
            source.words.clear();
        });
    }

    /// Opens the source and plays it until it ends.
    fn run_source(&mut self, backoff: &mut Backoff, stop: &Stop) -> SourceError {
        let mut source = match (self.opener)(stop) {
            Ok(source) => source,
            Err(error) => return error,
        };
        let info = source.describe();
        self.report_first_open(Ok(()));
        self.board.update(|status| {
            status.source.words.clone_from(&info.words);
            status.source.fps = info.frame_rate.map_or(0.0, |rate| rate as f32);
        });
        let barcode = info.barcode || self.overlay_barcode;
        let mut meter = RateMeter::default();
        loop {
            let captured = match source.next(stop) {
                Ok(captured) => captured,
                Err(error) => return error,
            };
            backoff.succeeded();
            let rate = meter.note(captured.at);
            let (width, height) = (captured.picture.width(), captured.picture.height());
            self.show(width, height, rate);
            self.take_in(captured, barcode);
        }
    }

    /// From captured pixels to a frame that may be kept and sent. The mask cannot change between covering and keeping.
    fn take_in(&mut self, captured: Captured, barcode: bool) {
        let stamp = self.stamper.stamp(captured.at);
        let mut picture = captured.picture;
        self.mask.under(|mask| {
            mask.apply(&mut picture);
            if barcode {
                barcode::draw(&mut picture, &stamp);
            }
            let frame = Frame {
                stamp,
                picture: Arc::new(picture),
                provenance: captured.provenance,
            };
            held(&self.ring).push(frame.clone());
            self.stats.captured.fetch_add(1, Ordering::Relaxed);
            self.slot.put(frame);
        });
    }

    fn show(&self, width: u32, height: u32, rate: Option<f64>) {
        let shown = self.board.now_source();
        let same = shown == (SourceHealth::Running, width, height);
        if (shown.1, shown.2) != (width, height) {
            self.scale.pictures_have(width, height);
        }
        if same && rate.is_none() {
            return;
        }
        self.board.update(|status| {
            let source = &mut status.source;
            (source.health, source.trouble, source.width, source.height) =
                (SourceHealth::Running, None, width, height);
            if let Some(rate) = rate {
                source.fps = rate as f32;
            }
            status.frames_skipped = self.slot.replaced();
        });
    }

    fn report_first_open(&mut self, outcome: Result<(), String>) {
        if let Some(first_open) = self.first_open.take() {
            // Nobody waits for it unless asked to fail fast.
            let _ = first_open.send(outcome);
        }
    }
}
