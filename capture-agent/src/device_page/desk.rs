//! What the page can ask of the agent, without HTTP: look, freeze, save, cover, choose.
//!
//! Owns the page's own state: the frozen frame, the view label and the saves of this start. A freeze here stands for this
//! device's page only; the consult has its own. Changing the mask lets go of the frozen frame if the mask would cover
//! more of it.

use super::memory::Memory;
use super::preview::{NoPreview, Preview};
use super::saving::{Saving, stage};
use super::visit::{self, Visits};
use super::{tell, waiting};
use crate::clip::Progress;
use crate::clock::CaptureClock;
use crate::frame::Frame;
use crate::hand_scale::{HandScale, ScaleInForce, ScaleRefused};
use crate::marks::Marks;
use crate::marks_board::MarksBoard;
use crate::mask::{MAX_RECTANGLES, Mask, Rectangle, RectangleError};
use crate::mask_in_force::{Checked, MaskInForce};
use crate::ring::{Ring, RingBounds};
use crate::source::{SourceChoice, SourceSpec, SpecError};
use crate::status::StatusBoard;
use crate::sync::held;
use crate::worklist::AtVisit;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use wire::clip::SaveWhat;
use wire::device::{DeviceMarks, DeviceSave, DeviceState};
use wire::mark::{Anchor, Point};
use wire::measure::DepthScale;
use wire::{ClipId, RtpTime, ScaleId};

/// Saves of this start that are shown.
const MAX_SAVES_SHOWN: usize = 8;
/// Longest wait for a frame that is newer than the one shown; the page then asks again.
const PREVIEW_WAIT: Duration = Duration::from_secs(1);
/// Between looks for a newer frame: the capture thread should not have to know who watches.
const PREVIEW_LOOK: Duration = Duration::from_millis(15);
/// Longest wait for other marks than those that are shown; the page then asks again.
const MARKS_WAIT: Duration = Duration::from_secs(1);

/// What the desk works with.
pub struct DeskParts {
    /// The device's clock.
    pub clock: CaptureClock,
    /// Originals.
    pub ring: Arc<Mutex<Ring>>,
    /// Its limits.
    pub bounds: RingBounds,
    /// The mask.
    pub mask: MaskInForce,
    /// The source.
    pub choice: Arc<SourceChoice>,
    /// Marks of the consult.
    pub marks: MarksBoard,
    /// The depth scale in force.
    pub scale: ScaleInForce,
    /// What the agent does.
    pub board: StatusBoard,
    /// What outlives a restart.
    pub memory: Arc<Memory>,
    /// Saves clips, if this agent can.
    pub saving: Option<Arc<dyn Saving>>,
    /// Where the patient of the visit can be chosen, if anywhere.
    pub worklist: Option<AtVisit>,
}

/// The desk.
pub struct Desk {
    parts: DeskParts,
    preview: Arc<Preview>,
    /// The hospital's worklist.
    visits: Option<Visits>,
    /// The frame that the page stands on.
    frozen: Mutex<Option<Frame>>,
    /// View label of the next save.
    view: Mutex<Option<String>>,
    /// Newest first.
    saves: Mutex<VecDeque<Save>>,
}

struct Save {
    clip: ClipId,
    pressed: Instant,
    progress: watch::Receiver<Progress>,
}

/// A picture and which frame it shows.
pub(super) struct Shown {
    pub(super) frame: Frame,
    pub(super) bytes: Bytes,
}

/// Why a mask was not put in force.
#[derive(Debug, thiserror::Error)]
pub(super) enum MaskRefused {
    #[error("more than {MAX_RECTANGLES} rectangles; join some")]
    TooMany,
    #[error("{0}")]
    Rectangle(#[from] RectangleError),
}

impl Desk {
    /// A desk, and the preview's work for a thread of its own.
    pub fn new(parts: DeskParts) -> (Arc<Self>, impl FnOnce() + Send + 'static + use<>) {
        let (preview, work) = Preview::new();
        let worklist = parts.worklist.clone();
        let desk = Self {
            visits: worklist.map(|at| Visits::new(at, parts.clock)),
            parts,
            preview,
            frozen: Mutex::new(None),
            view: Mutex::new(None),
            saves: Mutex::default(),
        };
        (Arc::new(desk), work)
    }

    pub(super) fn state(&self, now: Instant) -> DeviceState {
        let parts = &self.parts;
        let (status, mask) = (parts.board.now(), parts.mask.now());
        let (newest, ring) = {
            let ring = held(&parts.ring);
            (ring.newest().cloned(), tell::ring(&ring, parts.bounds))
        };
        let told = |frame: &Frame| tell::frame(frame, parts.clock);
        let waits = parts
            .saving
            .as_ref()
            .map(|it| it.waiting())
            .unwrap_or_default();
        DeviceState {
            newest: newest.as_ref().map(told),
            frozen: held(&self.frozen).as_ref().map(told),
            source: tell::source(&status, &parts.choice.spec()),
            encoder: status.encoder.clone(),
            kbps: status.bit_rate.kbps(),
            link: tell::link(&status, now),
            ring,
            mask: tell::mask(&mask, &status),
            mask_checked: parts
                .mask
                .checked()
                .is_some_and(|checked| Some(checked.size) == self.size_shown()),
            remembers: parts.memory.keeps(),
            measuring: parts.scale.measuring(),
            scale: parts.scale.now().map(tell::scale),
            view: held(&self.view).clone(),
            clips: parts
                .saving
                .as_ref()
                .and_then(|_| tell::clips(&status, waits.len())),
            waiting: waiting::listed(waits),
            visit: visit::now(parts.saving.as_ref()),
            worklist: self.visits.is_some(),
            clips_trouble: status
                .clips
                .as_ref()
                .and_then(|clips| clips.trouble.clone()),
            exports_trouble: status
                .clips
                .as_ref()
                .and_then(|clips| Some(clips.exports.as_ref()?.why.clone())),
            door_trouble: status
                .clips
                .as_ref()
                .and_then(|clips| clips.door_trouble.clone()),
            journal: tell::journal(&status),
            journal_trouble: status
                .journal
                .as_ref()
                .and_then(|journal| journal.trouble.clone()),
            saves: self.saves_shown(now),
            troubles: tell::troubles(
                &status,
                &mask,
                (parts.scale.was_taken_back(), parts.memory.keeps()),
            ),
            relay_now: parts.marks.relay_now(parts.clock.now()),
        }
    }

    pub(super) fn saving(&self) -> Option<Arc<dyn Saving>> {
        self.parts.saving.clone()
    }

    pub(super) const fn visits(&self) -> Option<&Visits> {
        self.visits.as_ref()
    }

    fn saves_shown(&self, now: Instant) -> Vec<DeviceSave> {
        let told = |save: &Save| DeviceSave {
            clip: save.clip,
            stage: stage(*save.progress.borrow()),
            ago_s: u32::try_from(now.saturating_duration_since(save.pressed).as_secs())
                .unwrap_or(u32::MAX),
        };
        held(&self.saves).iter().map(told).collect()
    }

    /// The next picture after the one that is shown; nothing when none comes within a second.
    pub(super) async fn next_picture(
        &self,
        after: Option<RtpTime>,
    ) -> Result<Option<Shown>, NoPreview> {
        let end = Instant::now() + PREVIEW_WAIT;
        while Instant::now() < end {
            let newest = held(&self.parts.ring).newest().cloned();
            let Some(frame) = newest.filter(|frame| Some(frame.stamp.rtp_time) != after) else {
                tokio::time::sleep(PREVIEW_LOOK).await;
                continue;
            };
            if let Some(bytes) = self.preview.known(frame.stamp.rtp_time) {
                return Ok(Some(Shown { frame, bytes }));
            }
            let wait = self.preview.turn(Instant::now());
            if wait.is_zero() {
                let bytes = self.preview.small(frame.clone()).await?;
                return Ok(Some(Shown { frame, bytes }));
            }
            tokio::time::sleep(wait).await;
        }
        Ok(None)
    }

    /// The marks of the consult, as soon as they are other ones than those that are shown; nothing when none come within a
    /// second.
    pub(super) async fn next_marks(&self, after: Option<u32>) -> Option<DeviceMarks> {
        let mut news = self.parts.marks.watch();
        let others = |marks: &Marks| Some(marks.revision()) != after;
        let came = tokio::time::timeout(MARKS_WAIT, news.wait_for(others)).await;
        came.ok()?.ok().map(|marks| marks.for_page())
    }

    /// Stands on exactly this frame. False when the ring does not hold it.
    pub(super) fn freeze(&self, rtp_time: RtpTime) -> bool {
        let mut frozen = held(&self.frozen);
        let found = held(&self.parts.ring).find(rtp_time).cloned();
        let is_there = found.is_some();
        if is_there {
            *frozen = found;
        }
        is_there
    }

    pub(super) fn release(&self) {
        *held(&self.frozen) = None;
    }

    /// The frozen frame, exactly as captured.
    pub(super) async fn frozen_picture(&self) -> Result<Option<Shown>, NoPreview> {
        let Some(frame) = held(&self.frozen).clone() else {
            return Ok(None);
        };
        let bytes = self.preview.whole(frame.clone()).await?;
        Ok(Some(Shown { frame, bytes }))
    }

    /// Covers these rectangles from the next captured frame on. The person may have looked at the picture under exactly these.
    pub(super) fn cover(
        &self,
        rectangles: Vec<Rectangle>,
        checked: bool,
    ) -> Result<(), MaskRefused> {
        if rectangles.len() > MAX_RECTANGLES {
            return Err(MaskRefused::TooMany);
        }
        let whole: Result<Vec<_>, _> = rectangles.iter().map(|one| one.check()).collect();
        let mask = Mask::new(whole?);
        let mut frozen = held(&self.frozen);
        if self.parts.mask.set(mask.clone()) {
            *frozen = None;
            self.preview.forget();
        }
        drop(frozen);
        let checked = self.size_shown().filter(|_| checked);
        self.parts.mask.check(checked.map(|size| Checked {
            size,
            since: self.parts.clock.now(),
        }));
        self.parts.memory.choose_mask(&mask, checked);
        tracing::info!(
            rectangles = mask.rectangles().len(),
            checked = checked.is_some(),
            "the mask was changed on the device page"
        );
        Ok(())
    }

    /// Pixels of the pictures that come; nothing before the first one.
    fn size_shown(&self) -> Option<(u32, u32)> {
        let source = self.parts.board.now().source;
        (source.width > 0).then_some((source.width, source.height))
    }

    /// Marks the depth scale of the frozen frame. The inner nothing when that frame is not frozen here.
    pub(super) fn calibrate(
        &self,
        rtp_time: RtpTime,
        (from, to): (Point, Point),
        centimetres: f64,
    ) -> Result<Option<()>, ScaleRefused> {
        let frozen = held(&self.frozen).clone();
        let Some(frame) = frozen.filter(|frame| frame.stamp.rtp_time == rtp_time) else {
            return Ok(None);
        };
        if !self.parts.scale.measuring() {
            return Err(ScaleRefused::Off);
        }
        if !frame.provenance.regions.is_empty() {
            return Err(ScaleRefused::Stated);
        }
        let scale = HandScale {
            scale: DepthScale {
                id: ScaleId::random(),
                stream: frame.stamp.stream,
                width: frame.picture.width(),
                height: frame.picture.height(),
                from,
                to,
                centimetres,
                rtp_time: Some(rtp_time),
                since: None,
                patient: Some(frame.provenance.patient),
            },
            frame_at: frame.stamp.captured_at,
            set_at: self.parts.clock.now(),
            by: None,
        };
        scale.check()?;
        self.parts.scale.set(Some(scale));
        tracing::info!("the depth scale was marked on the device page");
        Ok(Some(()))
    }

    /// Takes the depth scale back, whoever marked it. What was saved with it keeps it.
    pub(super) fn withdraw_scale(&self) {
        self.parts.scale.set(None);
    }

    /// Opens another source; nothing is the configured one.
    pub(super) fn choose_source(&self, wanted: Option<String>) -> Result<(), SpecError> {
        let memory = &self.parts.memory;
        let text = wanted.as_deref().unwrap_or(memory.configured_source());
        let spec: SourceSpec = text.parse()?;
        self.release();
        self.withdraw_scale();
        self.parts.mask.check(None);
        self.parts.choice.choose(spec);
        memory.choose_source(wanted);
        tracing::info!("another source was chosen on the device page");
        Ok(())
    }

    /// The configured source as written, for the list of choices.
    pub(super) fn configured_source(&self) -> Option<SourceSpec> {
        self.parts.memory.configured_source().parse().ok()
    }

    pub(super) fn label(&self, view: Option<String>) {
        *held(&self.view) = view;
    }

    /// Saves the last seconds, or the frozen frame when `seconds` is none. Nothing when this agent cannot save; the inner
    /// nothing when there is no frozen frame.
    pub(super) fn save(&self, seconds: Option<u16>) -> Option<Option<ClipId>> {
        let saving = self.parts.saving.as_ref()?;
        let what = match seconds {
            Some(seconds) => SaveWhat::Last { seconds },
            None => match held(&self.frozen).as_ref() {
                Some(frame) => SaveWhat::Frame {
                    anchor: Anchor::Live {
                        stream: frame.stamp.stream,
                        rtp_time: frame.stamp.rtp_time,
                    },
                },
                None => return Some(None),
            },
        };
        let clip = ClipId::random();
        let progress = saving.save(clip, what, held(&self.view).clone());
        let mut saves = held(&self.saves);
        saves.truncate(MAX_SAVES_SHOWN - 1);
        saves.push_front(Save {
            clip,
            pressed: Instant::now(),
            progress,
        });
        Some(Some(clip))
    }
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
