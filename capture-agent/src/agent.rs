//! The whole agent: builds the parts, starts the threads and the publisher, and ends them again.
//!
//! This is the library's front door; the binary adds a command line and a terminal. An `Agent` runs until `stop`, a
//! refusal that only a person can solve, or a fault that leaves nothing to do. Ending it always says goodbye to the
//! relay and joins the threads.

use crate::assembly::Shared;
use crate::clip::{
    Arrivals, Coding, DeviceFacts, PatientFacts, Saver, VisitFacts, VisitFault, Work,
};
use crate::device_page::{Address, Checking, DevicePage, Memory, Port};
use crate::dicom_door::{self, DicomDoor};
use crate::encode::{BitRate, EncodeError, EncodeOptions, EncoderFactory, FfmpegFactory, Keeper};
use crate::frame::Frame;
use crate::hand_scale::ScaleInForce;
use crate::journal::{Journal, JournalSettings};
use crate::low_layer::{LowLayer, LowWork};
use crate::mask::Mask;
use crate::orders::Orders;
use crate::publish::{Publisher, Refusal, RelaySettings};
use crate::ring::{Ring, RingBounds};
use crate::slot::Slot;
use crate::source::SourceSpec;
use crate::spool::{SpoolBounds, SpoolError};
use crate::stats::Stats;
use crate::status::StatusBoard;
use crate::sync::{Stop, held};
use crate::upkeep::{remember_scale, watch_over_clips};
use crate::worklist::AtVisit;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use wire::RtpTime;

/// Everything an agent is made from.
#[derive(Debug, Clone)]
pub struct AgentSettings {
    /// Where pictures come from.
    pub source: SourceSpec,
    /// What is covered.
    pub mask: Mask,
    /// Debug only: barcode over any source.
    pub overlay_barcode: bool,
    /// Bounds of the ring of originals.
    pub ring: RingBounds,
    /// How to encode.
    pub encode: EncodeOptions,
    /// How to save clips; none saves nothing.
    pub saving: Option<SavingSettings>,
    /// How to keep what is coded; none keeps nothing.
    pub journal: Option<JournalSettings>,
    /// Where handhelds may send DICOM; none takes nothing.
    pub dicom_door: Option<DicomDoor>,
    /// The hospital's worklist, for the page; none when no file or nothing is there to set a visit.
    pub worklist: Option<AtVisit>,
    /// Where to publish; none only captures.
    pub relay: Option<RelaySettings>,
    /// Ends when the source cannot be opened at the first attempt.
    pub fail_fast: bool,
    /// The page on this device.
    pub device_page: DevicePageSettings,
}

/// The page on this device.
#[derive(Debug, Clone)]
pub struct DevicePageSettings {
    /// Where.
    pub port: Port,
    /// What was chosen there before; it lies over source and mask.
    pub memory: Option<Arc<Memory>>,
}

impl DevicePageSettings {
    /// No page.
    pub const OFF: Self = Self {
        port: Port::Off,
        memory: None,
    };
}

/// How clips are saved.
#[derive(Debug, Clone)]
pub struct SavingSettings {
    /// The spool's folder.
    pub folder: PathBuf,
    /// Its bounds.
    pub bounds: SpoolBounds,
    /// Folder into which a handheld exports clips.
    pub import: Option<PathBuf>,
    /// How objects store their pixels.
    pub coding: Coding,
    /// Threads that code an object.
    pub threads: NonZeroUsize,
    /// Whom clips show, as at the start.
    pub patient: PatientFacts,
    /// What takes them.
    pub device: DeviceFacts,
    /// Where both are read again for each clip.
    pub facts: Option<Arc<dyn VisitFacts>>,
    /// Local time against UTC, in minutes.
    pub utc_offset_minutes: i16,
}

/// Why an agent ended by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The source cannot be opened and the user wants to know at once.
    #[error("{0}")]
    Source(String),
    /// The relay said no.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// Nothing here encodes.
    #[error("{0}; install FFmpeg with libx264 or name another encoder")]
    Encoder(#[from] EncodeError),
    /// Clips cannot be kept safe.
    #[error("{0}")]
    Spool(#[from] SpoolError),
    /// The facts about patient or device cannot be written.
    #[error("{0}")]
    Visit(#[from] VisitFault),
    /// A thread could not be started, or panicked.
    #[error("internal fault: {0}")]
    Internal(&'static str),
}

/// A running agent.
pub struct Agent {
    /// What it does now.
    pub board: StatusBoard,
    /// What was measured.
    pub stats: Arc<Stats>,
    /// Ends it.
    pub stop: Stop,
    orders: Arc<Orders>,
    low: LowLayer,
    ring: Arc<Mutex<Ring>>,
    slot: Arc<Slot<Frame>>,
    publisher: Option<Publisher>,
    device_page: Option<DevicePage>,
    saver: Option<Saver>,
    journal: Option<Journal>,
    /// The depth scale in force, and where it is kept.
    scale: (ScaleInForce, Option<Arc<Memory>>),
    /// Exported clips are taken in from there.
    import: Option<PathBuf>,
    /// Handhelds send there.
    door: Option<(DicomDoor, Arrivals)>,
    first_open: Option<oneshot::Receiver<Result<(), String>>>,
    no_encoder: mpsc::Receiver<EncodeError>,
    threads: Vec<JoinHandle<()>>,
    /// Set by a thread that panicked.
    fault: Arc<AtomicBool>,
}

impl Agent {
    /// Starts capturing and encoding; publishing begins with `run`.
    ///
    /// # Errors
    /// `AgentError::Internal` when the system gives no thread.
    pub fn start(settings: AgentSettings) -> Result<Self, AgentError> {
        Self::start_with(settings, Arc::new(FfmpegFactory))
    }

    /// The same with other encoders.
    ///
    /// # Errors
    /// As `start`.
    pub fn start_with(
        mut settings: AgentSettings,
        factory: Arc<dyn EncoderFactory>,
    ) -> Result<Self, AgentError> {
        if let Some(memory) = &settings.device_page.memory {
            settings.mask = memory.mask();
            settings.source = memory.source().unwrap_or(settings.source);
        }
        let shared = Shared::new(&settings);
        let (first_open, opened) = oneshot::channel();
        let (encoder_fault, no_encoder) = mpsc::channel(1);
        let needs = (&shared.orders, &shared.board);
        let low = LowWork::new(&shared.low, &settings.encode, &factory, needs);
        let keeper = Keeper::new(settings.encode.clone(), Arc::clone(&factory));
        let (saver, work) = shared.saver(&settings)?.unzip();
        let (lane, journal, keeping) = shared.journal(&settings, factory);
        let pipeline = shared.pipeline(keeper, lane, encoder_fault);
        let publisher = settings
            .relay
            .clone()
            .map(|relay| Publisher::new(relay, shared.parts(saver.clone(), journal.clone())));
        let fail_fast = settings.fail_fast;
        let (desk, preview) = shared.desk(&settings, saver.clone());
        let checking = Checking::new(
            settings.clone(),
            Arc::clone(&shared.choice),
            shared.board.clone(),
        );
        let arrivals = saver.clone().and_then(arrivals);
        let device_page =
            DevicePage::open(settings.device_page.port, desk, checking, arrivals.clone())
                .unwrap_or_else(|error| {
                    tracing::error!(%error, "there is no device page; capture goes on");
                    None
                });
        let door = settings.dicom_door.clone().zip(arrivals);
        let import = settings.saving.as_ref().and_then(|it| it.import.clone());
        let capture = shared.capture(&settings, first_open);
        let Shared {
            board,
            stats,
            stop,
            orders,
            ring,
            slot,
            scale,
            low: low_layer,
            ..
        } = shared;
        let scale = (scale, settings.device_page.memory.clone());
        let (capture_stop, fault) = (stop.clone(), Arc::new(AtomicBool::new(false)));
        let mut threads = vec![
            spawn("encode", &stop, &fault, move || pipeline.run())?,
            spawn("low", &stop, &fault, move || low.run())?,
            spawn("capture", &stop, &fault, move || capture.run(&capture_stop))?,
        ];
        if device_page.is_some() {
            // Ends by itself with the page, so nobody waits for it; should it panic, there is no preview and all else goes on.
            std::thread::Builder::new()
                .name("preview".to_owned())
                .spawn(preview)
                .map_err(|_| AgentError::Internal("no thread"))?;
        }
        if let Some((lane, keeping)) = keeping {
            threads.push(spawn("lane", &stop, &fault, move || lane.run())?);
            threads.push(spawn("journal", &stop, &fault, move || keeping.run())?);
        }
        if let Some(Work { takes, objects }) = work {
            threads.push(spawn("take", &stop, &fault, takes)?);
            threads.push(spawn("object", &stop, &fault, objects)?);
        }
        let first_open = fail_fast.then_some(opened);
        Ok(Self {
            board,
            stats,
            stop,
            orders,
            ring,
            slot,
            low: low_layer,
            publisher,
            device_page,
            saver,
            journal,
            scale,
            import,
            door,
            first_open,
            no_encoder,
            threads,
            fault,
        })
    }

    /// The original of the frame captured at exactly `rtp_time`, while the ring holds it.
    #[must_use]
    pub fn original(&self, rtp_time: RtpTime) -> Option<Frame> {
        held(&self.ring).find(rtp_time).cloned()
    }

    /// Looks originals up while the agent runs.
    pub fn originals(&self) -> impl Fn(RtpTime) -> Option<Frame> + Send + Sync + use<> {
        let ring = Arc::clone(&self.ring);
        move |rtp_time| held(&ring).find(rtp_time).cloned()
    }

    /// Where a person opens the device page, with its key; none when it is off or could not be opened.
    #[must_use]
    pub fn device_page(&self) -> Option<Address> {
        self.device_page.as_ref().map(DevicePage::address)
    }

    /// Another bit rate from the next frame on, without a keyframe.
    pub fn set_bit_rate(&self, bit_rate: BitRate) {
        self.orders.set_bit_rate(bit_rate);
    }

    /// Publishes until `stop` is set or there is nothing more to do.
    ///
    /// # Errors
    /// `AgentError` says why it ended by itself.
    pub fn run(&mut self) -> Running<'_> {
        Box::pin(async {
            let page = self.device_page.take();
            let serving = page.map(|page| tokio::spawn(page.serve(self.stop.clone())));
            let door = self.door.take().map(|(door, arrivals)| {
                let (board, stop) = (self.board.clone(), self.stop.clone());
                tokio::spawn(dicom_door::serve(door, arrivals, board, stop))
            });
            let outcome = self.publish().await;
            for serving in [serving, door].into_iter().flatten() {
                serving.abort();
            }
            outcome
        })
    }

    async fn publish(&mut self) -> Result<(), AgentError> {
        if let Some(opened) = self.first_open.take() {
            let outcome = tokio::select! {
                outcome = opened => outcome.unwrap_or(Ok(())),
                () = self.stop.stopped() => Ok(()),
            };
            outcome.map_err(AgentError::Source)?;
        }
        let publisher = self.publisher.take();
        let publishing = async {
            match publisher {
                Some(publisher) => publisher.run().await,
                None => {
                    self.stop.stopped().await;
                    Ok(())
                }
            }
        };
        tokio::select! {
            published = publishing => published?,
            Some(error) = self.no_encoder.recv() => return Err(error.into()),
            () = watch_over_clips(self.saver.clone(), self.board.clone(), self.import.clone()) => {}
            () = remember_scale(&self.scale.0, self.scale.1.as_deref()) => {}
        }
        if self.fault.load(Ordering::Relaxed) {
            return Err(AgentError::Internal(
                "a thread ended; its log line says why",
            ));
        }
        Ok(())
    }

    /// Saves clips, when there is a spool.
    #[must_use]
    pub fn saver(&self) -> Option<Saver> {
        self.saver.clone()
    }

    /// What was coded, when there is a journal.
    #[must_use]
    pub fn journal(&self) -> Option<Journal> {
        self.journal.clone()
    }

    /// Ends the threads. Called by `drop` too.
    fn end(&mut self) {
        self.stop.set();
        self.slot.close();
        self.low.close();
        for thread in self.threads.drain(..) {
            // A panic was logged when it happened.
            let _ = thread.join();
        }
    }
}

/// Where files arrive; without it the page and the door say so.
fn arrivals(saver: Saver) -> Option<Arrivals> {
    Arrivals::open(saver)
        .inspect_err(|error| {
            tracing::error!(%error, "no file is taken from the device page or a handheld: their folder in the spool cannot be used");
        })
        .ok()
}

/// A running agent. It has a type that is known to the library, because the body of an `async fn` is compiled where it is
/// awaited: each program and each test would compile the whole agent, WebRTC included, once more.
pub type Running<'a> = Pin<Box<dyn Future<Output = Result<(), AgentError>> + Send + 'a>>;

impl Drop for Agent {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts a thread; should it panic, the whole agent stops instead of limping on.
fn spawn(
    name: &'static str,
    stop: &Stop,
    fault: &Arc<AtomicBool>,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, AgentError> {
    let (stop, fault) = (stop.clone(), Arc::clone(fault));
    let guarded = move || {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        if outcome.is_err() {
            tracing::error!(thread = name, "internal fault; the agent stops");
            fault.store(true, Ordering::Relaxed);
            stop.set();
        }
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(guarded)
        .map_err(|_| AgentError::Internal("no thread"))
}
