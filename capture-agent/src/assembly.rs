//! What the parts of an agent have in common, and how each of them is made from it.
//!
//! Owns nothing that runs: `agent` starts the threads. Called by `agent`, once.

use crate::agent::{AgentError, AgentSettings};
use crate::capture::Capture;
use crate::clip::{CurrentVisit, Saver, SaverParts, Visit, Work};
use crate::clock::CaptureClock;
use crate::device_page::{Desk, DeskParts, Memory, Saving};
use crate::encode::{EncodeError, EncoderFactory, Keeper};
use crate::frame::{Frame, Stamper, StreamName};
use crate::hand_scale::ScaleInForce;
use crate::journal::{self, Journal, Keeping};
use crate::low_layer::LowLayer;
use crate::marks_board::MarksBoard;
use crate::mask_in_force::{Checked, MaskInForce};
use crate::orders::Orders;
use crate::patient_key;
use crate::picture::PicturePool;
use crate::pipeline::{Lane, LaneParts, LaneWork, Pipeline};
use crate::publish::publisher;
use crate::ring::Ring;
use crate::slot::Slot;
use crate::source::{self, SourceChoice};
use crate::spool::{Disk, Spool, SpoolError};
use crate::stats::Stats;
use crate::status::{ClipStatus, Link, StatusBoard};
use crate::sync::Stop;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};
use wire::CaptureTime;

/// What the parts have in common.
pub(crate) struct Shared {
    pub(crate) clock: CaptureClock,
    pub(crate) stream: StreamName,
    pub(crate) stop: Stop,
    pub(crate) slot: Arc<Slot<Frame>>,
    pub(crate) stats: Arc<Stats>,
    pub(crate) orders: Arc<Orders>,
    pub(crate) ring: Arc<Mutex<Ring>>,
    pub(crate) mask: MaskInForce,
    pub(crate) low: LowLayer,
    pub(crate) choice: Arc<SourceChoice>,
    pub(crate) marks: MarksBoard,
    pub(crate) scale: ScaleInForce,
    pub(crate) board: StatusBoard,
}

impl Shared {
    pub(crate) fn new(settings: &AgentSettings) -> Self {
        if let Some(saving) = &settings.saving
            && let Err(error) = patient_key::keep_secret(&saving.folder)
        {
            tracing::warn!(%error, "after a restart measurements of before are taken for another patient's");
        }
        let slot = Arc::new(Slot::default());
        let ring = Arc::new(Mutex::new(Ring::new(settings.ring)));
        let mask = MaskInForce::new(settings.mask.clone(), Arc::clone(&ring), Arc::clone(&slot));
        let board = StatusBoard::new(settings.encode.bit_rate);
        let memory = &settings.device_page.memory;
        let checked = memory.as_ref().and_then(|memory| memory.checked());
        let since = CaptureTime::default();
        mask.check(checked.map(|size| Checked { size, since }));
        if settings.relay.is_some() {
            board.update(|status| status.link = Link::Connecting);
        }
        Self {
            clock: CaptureClock::start(),
            stream: StreamName::default(),
            stop: Stop::default(),
            orders: Arc::new(Orders::new(Arc::clone(&slot))),
            slot,
            stats: Arc::default(),
            ring,
            mask,
            low: LowLayer::default(),
            choice: Arc::new(SourceChoice::new(settings.source.clone())),
            marks: MarksBoard::default(),
            scale: scale_as_remembered(memory.as_deref()),
            board,
        }
    }

    pub(crate) fn capture(
        &self,
        settings: &AgentSettings,
        first_open: oneshot::Sender<Result<(), String>>,
    ) -> Capture {
        let (choice, pool) = (Arc::clone(&self.choice), PicturePool::default());
        Capture {
            opener: Box::new(move |stop| source::open(&choice.spec(), &pool, stop)),
            choice: Arc::clone(&self.choice),
            stamper: Stamper::new(self.clock, self.stream.clone()),
            mask: self.mask.clone(),
            scale: self.scale.clone(),
            overlay_barcode: settings.overlay_barcode,
            ring: Arc::clone(&self.ring),
            slot: Arc::clone(&self.slot),
            board: self.board.clone(),
            stats: Arc::clone(&self.stats),
            first_open: Some(first_open),
        }
    }

    pub(crate) fn journal(
        &self,
        settings: &AgentSettings,
        factory: Arc<dyn EncoderFactory>,
    ) -> (Option<Lane>, Option<Journal>, Option<(LaneWork, Keeping)>) {
        // Without a consult there is nobody whom it could ever be sent to, and so no reason to keep it.
        let (Some(wanted), Some(relay)) = (&settings.journal, &settings.relay) else {
            return (None, None, None);
        };
        let (intake, journal, keeping) = journal::open(wanted, relay.consult, self.board.clone());
        let (lane, work) = Lane::new(LaneParts {
            intake,
            bit_rate: wanted.bit_rate,
            encode: settings.encode.clone(),
            factory,
            mask: self.mask.clone(),
            board: self.board.clone(),
            stats: Arc::clone(&self.stats),
        });
        (Some(lane), Some(journal), Some((work, keeping)))
    }

    pub(crate) fn pipeline(
        &self,
        keeper: Keeper,
        journal: Option<Lane>,
        no_encoder: mpsc::Sender<EncodeError>,
    ) -> Pipeline {
        Pipeline {
            keeper,
            journal,
            slot: Arc::clone(&self.slot),
            orders: Arc::clone(&self.orders),
            ring: Arc::clone(&self.ring),
            mask: self.mask.clone(),
            low: self.low.clone(),
            clock: self.clock,
            board: self.board.clone(),
            stats: Arc::clone(&self.stats),
            no_encoder,
        }
    }

    pub(crate) fn desk(
        &self,
        settings: &AgentSettings,
        saver: Option<Saver>,
    ) -> (Arc<Desk>, impl FnOnce() + Send + 'static + use<>) {
        let memory = settings.device_page.memory.clone();
        Desk::new(DeskParts {
            clock: self.clock,
            ring: Arc::clone(&self.ring),
            bounds: settings.ring,
            mask: self.mask.clone(),
            choice: Arc::clone(&self.choice),
            marks: self.marks.clone(),
            scale: self.scale.clone(),
            board: self.board.clone(),
            memory: memory.unwrap_or_default(),
            saving: saver.map(|saver| Arc::new(saver) as Arc<dyn Saving>),
            worklist: settings.worklist.clone(),
        })
    }

    pub(crate) fn saver(
        &self,
        settings: &AgentSettings,
    ) -> Result<Option<(Saver, Work)>, AgentError> {
        let Some(saving) = &settings.saving else {
            return Ok(None);
        };
        let (relay, clock) = (settings.relay.as_ref(), self.clock);
        let visit = Visit::new(
            relay.map(|relay| relay.consult),
            relay.and_then(|relay| relay.entry.device()),
            self.clock.now(),
            saving.patient.clone(),
            saving.device.clone(),
            saving.utc_offset_minutes,
        )?;
        let opened = Spool::open(&saving.folder, saving.bounds, Arc::new(Disk));
        // A broken disk is no reason to show nothing; another agent's folder is a mistake to be mended first.
        if let Err(error @ SpoolError::Folder(_)) = &opened {
            tracing::error!(%error, "clips cannot be saved; the live picture goes on");
            let trouble = Some(format!("clips can NOT be saved: {error}"));
            self.board.update(|status| {
                status.clips = Some(ClipStatus {
                    trouble,
                    ..ClipStatus::default()
                });
            });
            return Ok(None);
        }
        let (spool, found) = opened?;
        if found != crate::spool::Recovered::default() {
            tracing::info!(?found, "clips were on this device already");
        }
        Ok(Some(Saver::new(SaverParts {
            ring: Arc::clone(&self.ring),
            stream: self.stream.clone(),
            spool,
            visit: CurrentVisit::new(visit, saving.facts.clone()),
            now: Arc::new(move || clock.now()),
            mask: self.mask.clone(),
            scale: self.scale.clone(),
            coding: saving.coding,
            object_threads: saving.threads,
            board: self.board.clone(),
            stop: self.stop.clone(),
        })))
    }

    pub(crate) fn parts(&self, saver: Option<Saver>, journal: Option<Journal>) -> publisher::Parts {
        publisher::Parts {
            clock: self.clock,
            stream: self.stream.clone(),
            orders: Arc::clone(&self.orders),
            ring: Arc::clone(&self.ring),
            saver,
            journal,
            low: self.low.clone(),
            marks: self.marks.clone(),
            scale: self.scale.clone(),
            board: self.board.clone(),
            stats: Arc::clone(&self.stats),
            stop: self.stop.clone(),
        }
    }
}

/// Until the relay says otherwise.
fn scale_as_remembered(memory: Option<&Memory>) -> ScaleInForce {
    let scale = ScaleInForce::new(memory.and_then(Memory::scale));
    scale.measuring_is(memory.is_none_or(Memory::measuring));
    scale
}
