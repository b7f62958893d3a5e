//! The encode thread: takes the newest frame, codes it, cuts it into RTP payloads and hands them to the publisher.
//!
//! Owns the encoder's keeper and decides which frame is a keyframe, and which frames a weak link has no place for. Every frame
//! that comes goes into the journal too: as it was coded for the link while that takes nothing of it, else as a picture for the
//! journal's lane, which codes it at the full rate and never keeps this thread waiting. While nobody receives or the link is cut
//! one of both codes for the journal, and without a journal nobody. When somebody needs a keyframe and the source is silent
//! (slow, or failed), the last picture is coded again, stamped one step after its capture: the age shown stays true.

mod lane;
mod sharing;

pub use lane::{Lane, LaneParts, LaneWork};

use crate::clock::CaptureClock;
use crate::encode::keyframes::KeyframeGate;
use crate::encode::{AccessUnit, EncodeError, Fit, Keeper, Ready};
use crate::frame::{Frame, MIN_STEP_US};
use crate::journal::Coded;
use crate::low_layer::LowLayer;
use crate::mask_in_force::MaskInForce;
use crate::orders::{CodedFrame, Orders, Outlet};
use crate::rate::RateMeter;
use crate::ring::Ring;
use crate::slot::{Slot, Wake};
use crate::stats::Stats;
use crate::status::StatusBoard;
use crate::sync::held;
use rtc::rtp::codec::h264::H264Payloader;
use rtc::rtp::packetizer::Payloader;
use sharing::Sharing;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use wire::{CaptureTime, RtpTime};

/// Largest RTP payload: 1,200 bytes for a packet without IP and UDP headers pass every path in practice, less 12 for
/// the RTP header, 12 for two header extensions and 16 for the SRTP tag.
pub const PAYLOAD_BYTES: usize = 1_200 - 12 - 12 - 16;
/// A source silent for this long is not about to send the next frame, so the last one is repeated for a joiner.
const SILENT_AFTER: Duration = Duration::from_millis(250);
/// While more than this waits to leave, frames are left out: coded now they would be older than the next ones. A frame at
/// the pace of a weak link takes 15 ms, a keyframe some times that.
pub(crate) const MOST_BACKLOG: Duration = Duration::from_millis(60);

/// What the thread works with.
pub struct Pipeline {
    /// Has the encoder.
    pub keeper: Keeper,
    /// Where frames come from.
    pub slot: Arc<Slot<Frame>>,
    /// What others ask for.
    pub orders: Arc<Orders>,
    /// Knows repeated frames too.
    pub ring: Arc<Mutex<Ring>>,
    /// Covers what is coded again, which was captured under the mask of its time.
    pub mask: MaskInForce,
    /// Keeps every frame; none when this agent has no journal.
    pub journal: Option<Lane>,
    /// Gets every frame too.
    pub low: LowLayer,
    /// For measuring.
    pub clock: CaptureClock,
    /// Where the state is shown.
    pub board: StatusBoard,
    /// Where times are counted.
    pub stats: Arc<Stats>,
    /// Told when no encoder works at all.
    pub no_encoder: mpsc::Sender<EncodeError>,
}

/// What changes while it runs.
struct Running {
    parts: Pipeline,
    gate: KeyframeGate,
    fit: Fit,
    /// Who codes for the journal.
    sharing: Sharing,
    outlet: Option<Outlet>,
    /// Nothing passes the link.
    is_cut: bool,
    payloader: H264Payloader,
    meter: RateMeter,
    /// Newest frame and when it came.
    last: Option<(Frame, Instant)>,
}

impl Pipeline {
    /// Runs until the slot is closed.
    pub fn run(self) {
        let mut running = Running {
            gate: KeyframeGate::default(),
            fit: Fit::new(self.keeper.bit_rate()),
            parts: self,
            sharing: Sharing::default(),
            outlet: None,
            is_cut: false,
            payloader: H264Payloader::default(),
            meter: RateMeter::default(),
            last: None,
        };
        let slot = Arc::clone(&running.parts.slot);
        loop {
            let due = running.repeat_due(Instant::now());
            match slot.wait(due) {
                Wake::Closed => return,
                Wake::Nudged => running.take_orders(),
                Wake::Due => running.repeat(Instant::now()),
                Wake::Fresh(frame) => {
                    running.take_orders();
                    running.fresh(frame, Instant::now());
                }
            }
        }
    }
}

impl Running {
    fn take_orders(&mut self) {
        let orders = self.parts.orders.take();
        if let Some(outlet) = orders.outlet {
            self.outlet = outlet;
            if self.outlet.is_none() && self.parts.journal.is_some() {
                // What the link could not carry is no reason to keep less.
                self.fit.make_room(None);
            }
            // A new receiver starts with a keyframe at once, whatever the one before had.
            self.gate = KeyframeGate::default();
            self.gate.request();
        }
        if let Some(is_cut) = orders.is_cut
            && is_cut != self.is_cut
        {
            self.is_cut = is_cut;
            self.fit.set_cut(is_cut);
            // What was coded meanwhile is nowhere but in the journal.
            self.gate = KeyframeGate::default();
            self.gate.request();
        }
        if orders.keyframe {
            self.gate.request();
        }
        if let Some(allowed) = orders.bit_rate {
            self.fit.allow(allowed);
            self.parts.board.update(|status| status.allowed = allowed);
        }
        if let Some(room) = orders.room {
            self.fit.make_room(room);
        }
        let bit_rate = self.fit.bit_rate();
        if bit_rate != self.parts.keeper.bit_rate() {
            self.parts.keeper.set_bit_rate(bit_rate);
            self.parts.board.update(|status| status.bit_rate = bit_rate);
        }
    }

    /// Whether the link has no place for a frame of this time.
    fn leaves_out(&mut self, captured_at: CaptureTime) -> bool {
        self.is_sending()
            && (self.parts.orders.backlog() > MOST_BACKLOG || !self.fit.takes(captured_at))
    }

    fn is_sending(&self) -> bool {
        self.outlet.is_some() && !self.is_cut
    }

    fn fresh(&mut self, frame: Frame, now: Instant) {
        self.parts.low.picture(&frame);
        if self.leaves_out(frame.stamp.captured_at) {
            self.keep("the link has no place for a frame", &frame);
            self.last = Some((frame, now));
            return;
        }
        if let Some(rate) = self.meter.note(now) {
            self.parts.keeper.set_frame_rate(rate);
        }
        self.last = Some((frame.clone(), now));
        self.parts
            .stats
            .capture_to_encoder
            .note(self.since_capture(frame.stamp.captured_at));
        self.code(&frame, now);
    }

    /// When the last frame is to be coded again because somebody waits for a keyframe and no frame comes.
    fn repeat_due(&self, now: Instant) -> Option<Instant> {
        let (_, came) = self.last.as_ref()?;
        self.outlet.as_ref().filter(|_| self.is_sending())?;
        Some(self.gate.due(now)?.max(*came + SILENT_AFTER))
    }

    fn repeat(&mut self, now: Instant) {
        let Some((frame, came)) = &mut self.last else {
            return;
        };
        *came = now;
        // One step later than its own stamp: receivers drop a second frame of the same RTP time.
        let captured_at = CaptureTime(frame.stamp.captured_at.0 + MIN_STEP_US);
        frame.stamp.captured_at = captured_at;
        frame.stamp.rtp_time = RtpTime::of(captured_at);
        let mut frame = frame.clone();
        self.parts.mask.cover_again(&mut frame, |frame| {
            held(&self.parts.ring).push(frame.clone());
        });
        self.parts.low.picture(&frame);
        self.code(&frame, now);
    }

    fn code(&mut self, frame: &Frame, now: Instant) {
        if let Some(lane) = &self.parts.journal {
            let wanted = lane.bit_rate(self.fit.allowed());
            self.sharing.judge(self.fit.is_whole(wanted), now);
            if self.is_sending() && self.sharing.wants_keyframe(now) {
                self.gate.request();
            }
        }
        if !self.code_for_link(frame, now) {
            self.keep("the picture's encoder gave nothing", frame);
        }
    }

    /// A frame that the live picture lacks.
    fn keep(&mut self, why: &'static str, frame: &Frame) {
        if let Some(lane) = &self.parts.journal {
            self.sharing.part(why);
            lane.picture(frame.clone(), lane.bit_rate(self.fit.allowed()), false);
        }
    }

    /// Codes a frame and sends it. False when the journal does not have it.
    fn code_for_link(&mut self, frame: &Frame, now: Instant) -> bool {
        let told_rate = f64::from(self.parts.board.told_rate());
        let picture = &frame.picture;
        let is_idle =
            !self.is_sending() && (self.parts.journal.is_none() || self.sharing.is_apart());
        let (width, height) = self.fit.size(picture.width(), picture.height());
        let encoder = match self.parts.keeper.ready(width, height, told_rate, now) {
            Ready::Open { encoder, is_new } => {
                if is_new {
                    let name = encoder.name().to_owned();
                    self.parts.board.update(|status| status.encoder = name);
                    self.gate.request();
                }
                encoder
            }
            Ready::Resting => return false,
            Ready::Failed { error, is_first } => {
                self.no_encoder(error, is_first);
                return false;
            }
        };
        if is_idle {
            return false;
        }
        let force = self.gate.is_due(now);
        let mut units = Vec::with_capacity(1);
        let start = Instant::now();
        let coded = encoder.encode(picture, frame.stamp.rtp_time, force, &mut units);
        self.parts.stats.encode.note(start.elapsed());
        if let Err(error) = coded {
            tracing::warn!(error = %error, "encoder failed; it is opened anew");
            self.parts.keeper.failed(now);
            return false;
        }
        // One picture in, one access unit out: the probe saw to that.
        let mut is_kept = false;
        for unit in units {
            is_kept = self.send(frame, unit, (width, height), now);
        }
        is_kept
    }

    fn no_encoder(&self, error: EncodeError, is_first: bool) {
        tracing::warn!(error = %error, "no encoder for this picture");
        if is_first {
            // Full means that it was told before.
            let _ = self.parts.no_encoder.try_send(error);
        }
    }

    /// False when the journal does not have it.
    fn send(
        &mut self,
        frame: &Frame,
        unit: AccessUnit,
        (width, height): (u32, u32),
        now: Instant,
    ) -> bool {
        let stats = &self.parts.stats;
        stats.encoded.fetch_add(1, Ordering::Relaxed);
        stats
            .encoded_bytes
            .fetch_add(unit.data.len() as u64, Ordering::Relaxed);
        if unit.keyframe {
            stats.keyframes.fetch_add(1, Ordering::Relaxed);
            self.gate.made(now);
        }
        let payloads = match self.payloader.payload(PAYLOAD_BYTES, &unit.data) {
            Ok(payloads) => payloads,
            Err(error) => {
                tracing::warn!(error = %error, "a coded frame could not be cut into packets");
                self.gate.request();
                return false;
            }
        };
        // First, because it never waits; what follows may.
        if let Some(lane) = &self.parts.journal {
            if self.sharing.takes(unit.keyframe, now) {
                lane.coded(Coded {
                    stamp: frame.stamp,
                    width,
                    height,
                    payloads: payloads.clone(),
                });
            } else {
                let bit_rate = lane.bit_rate(self.fit.allowed());
                lane.picture(frame.clone(), bit_rate, unit.keyframe);
            }
        }
        let coded = CodedFrame {
            stamp: frame.stamp,
            unit,
            payloads,
        };
        // Waits while two frames are on their way out: the slot replaces what comes meanwhile, nothing queues up, and
        // no coded frame is ever left out, which would break the ones after it.
        if !self.is_cut
            && let Some(outlet) = &self.outlet
            && outlet.blocking_send(coded).is_err()
        {
            self.outlet = None;
        }
        true
    }

    fn since_capture(&self, captured_at: CaptureTime) -> Duration {
        Duration::from_micros(self.parts.clock.now().0.saturating_sub(captured_at.0))
    }
}
