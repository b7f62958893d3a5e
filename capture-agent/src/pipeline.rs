//! The encode thread: takes the newest frame, codes it, cuts it into RTP payloads and hands them to the publisher.
//!
//! Owns the encoder. While nobody receives, nothing is coded. The encoder is chosen by a probe at the first frame and
//! opened anew when the size changes or it fails. When somebody needs a keyframe and the source is silent (slow, or
//! failed), the last picture is coded again, stamped one step after its capture: the age shown stays true.

use crate::clock::CaptureClock;
use crate::encode::keyframes::KeyframeGate;
use crate::encode::{
    AccessUnit, BitRate, Choice, EncodeError, EncoderFactory, EncoderSettings, Preset,
    VideoEncoder, probe,
};
use crate::frame::{Frame, MIN_STEP_US};
use crate::orders::{CodedFrame, Orders, Outlet};
use crate::rate::RateMeter;
use crate::ring::Ring;
use crate::slot::{Slot, Wake};
use crate::stats::Stats;
use crate::status::StatusBoard;
use crate::sync::held;
use rtc::rtp::codec::h264::H264Payloader;
use rtc::rtp::packetizer::Payloader;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use wire::{CaptureTime, RtpTime};

/// Largest RTP payload: 1,200 bytes for a packet without IP and UDP headers pass every path in practice, less 12 for
/// the RTP header, 8 for the header extension and 16 for the SRTP tag.
pub const PAYLOAD_BYTES: usize = 1_200 - 12 - 8 - 16;
/// A source silent for this long is not about to send the next frame, so the last one is repeated for a joiner.
const SILENT_AFTER: Duration = Duration::from_millis(250);
/// Wait before an encoder that failed is opened again.
const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// Frame rates that differ by less than this share are one to the encoder.
const RATE_TOLERANCE: f64 = 0.1;
/// Assumed until the source was measured.
const USUAL_FRAME_RATE: f64 = 30.0;

/// How to encode.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodeOptions {
    /// Which encoder.
    pub choice: Choice,
    /// Effort of libx264.
    pub preset: Preset,
    /// Target at the start.
    pub bit_rate: BitRate,
    /// Depth of the rate buffer in frames.
    pub buffer_frames: f64,
}

/// What the thread works with.
pub struct Pipeline {
    /// How to encode.
    pub options: EncodeOptions,
    /// Opens encoders.
    pub factory: Arc<dyn EncoderFactory>,
    /// Where frames come from.
    pub slot: Arc<Slot<Frame>>,
    /// What others ask for.
    pub orders: Arc<Orders>,
    /// Knows repeated frames too.
    pub ring: Arc<Mutex<Ring>>,
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
    /// Name that the probe found.
    chosen: Option<String>,
    /// Open encoder and the size it was opened for.
    encoder: Option<(Box<dyn VideoEncoder>, u32, u32)>,
    /// No attempt to open before this.
    reopen_at: Option<Instant>,
    gate: KeyframeGate,
    outlet: Option<Outlet>,
    payloader: H264Payloader,
    meter: RateMeter,
    /// Frame rate that the encoder reckons with.
    frame_rate: f64,
    /// Newest frame and when it came.
    last: Option<(Frame, Instant)>,
}

impl Pipeline {
    /// Runs until the slot is closed.
    pub fn run(self) {
        let mut running = Running {
            parts: self,
            chosen: None,
            encoder: None,
            reopen_at: None,
            gate: KeyframeGate::default(),
            outlet: None,
            payloader: H264Payloader::default(),
            meter: RateMeter::default(),
            frame_rate: USUAL_FRAME_RATE,
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
            // A new receiver starts with a keyframe at once, whatever the one before had.
            self.gate = KeyframeGate::default();
            self.gate.request();
        }
        if orders.keyframe {
            self.gate.request();
        }
        if let Some(bit_rate) = orders.bit_rate {
            self.parts.options.bit_rate = bit_rate;
            self.parts.board.update(|status| status.bit_rate = bit_rate);
            self.apply_rate();
        }
    }

    fn apply_rate(&mut self) {
        if let Some((encoder, ..)) = &mut self.encoder {
            encoder.set_rate(self.parts.options.bit_rate, self.frame_rate);
        }
    }

    fn fresh(&mut self, frame: Frame, now: Instant) {
        if let Some(rate) = self.meter.note(now)
            && (rate / self.frame_rate - 1.0).abs() > RATE_TOLERANCE
        {
            self.frame_rate = rate;
            self.apply_rate();
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
        self.outlet.as_ref()?;
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
        let frame = frame.clone();
        held(&self.parts.ring).push(frame.clone());
        self.code(&frame, now);
    }

    fn code(&mut self, frame: &Frame, now: Instant) {
        if !self.ensure_encoder(frame, now) || self.outlet.is_none() {
            return;
        }
        let Some((encoder, ..)) = &mut self.encoder else {
            return;
        };
        let force = self.gate.is_due(now);
        let mut units = Vec::with_capacity(1);
        let start = Instant::now();
        let coded = encoder.encode(&frame.picture, frame.stamp.rtp_time, force, &mut units);
        self.parts.stats.encode.note(start.elapsed());
        if let Err(error) = coded {
            tracing::warn!(error = %error, "encoder failed; it is opened anew");
            self.drop_encoder(now);
            return;
        }
        for unit in units {
            self.send(frame, unit, now);
        }
    }

    fn send(&mut self, frame: &Frame, unit: AccessUnit, now: Instant) {
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
                return;
            }
        };
        let coded = CodedFrame {
            stamp: frame.stamp,
            unit,
            payloads,
        };
        // Waits while two frames are on their way out: the slot replaces what comes meanwhile, nothing queues up, and
        // no coded frame is ever left out, which would break the ones after it.
        if let Some(outlet) = &self.outlet
            && outlet.blocking_send(coded).is_err()
        {
            self.outlet = None;
        }
    }

    /// Opens an encoder for this frame's size if there is none; false when there is none to be had now.
    fn ensure_encoder(&mut self, frame: &Frame, now: Instant) -> bool {
        let (width, height) = (frame.picture.width(), frame.picture.height());
        if self
            .encoder
            .as_ref()
            .is_some_and(|(_, w, h)| (*w, *h) == (width, height))
        {
            return true;
        }
        if self.reopen_at.is_some_and(|at| now < at) {
            return false;
        }
        match self.open_encoder(width, height) {
            Ok(encoder) => {
                self.encoder = Some((encoder, width, height));
                self.gate.request();
                true
            }
            Err(error) => {
                tracing::warn!(error = %error, width, height, "no encoder for this picture");
                if self.chosen.is_none() {
                    // Full means that it was told before.
                    let _ = self.parts.no_encoder.try_send(error);
                }
                self.drop_encoder(now);
                false
            }
        }
    }

    fn open_encoder(
        &mut self,
        width: u32,
        height: u32,
    ) -> Result<Box<dyn VideoEncoder>, EncodeError> {
        let options = &self.parts.options;
        let (bit_rate, preset, buffer_frames) =
            (options.bit_rate, options.preset, options.buffer_frames);
        let settings = EncoderSettings {
            width,
            height,
            frame_rate: self.frame_rate,
            bit_rate,
            preset,
            buffer_frames,
        };
        let factory = self.parts.factory.as_ref();
        let name = match &self.chosen {
            Some(name) => name.clone(),
            None => {
                let chosen = probe::choose(&options.choice, factory, &settings)?;
                for (name, reason) in &chosen.passed_over {
                    tracing::info!(encoder = name, reason, "encoder not used");
                }
                tracing::info!(
                    encoder = chosen.name,
                    median_us = chosen.median.as_micros() as u64,
                    "encoder chosen"
                );
                self.chosen.insert(chosen.name).clone()
            }
        };
        let encoder = factory.open(&name, &settings)?;
        self.parts.board.update(|status| status.encoder = name);
        Ok(encoder)
    }

    fn drop_encoder(&mut self, now: Instant) {
        self.encoder = None;
        self.reopen_at = Some(now + REOPEN_AFTER);
        self.gate.request();
    }

    fn since_capture(&self, captured_at: CaptureTime) -> Duration {
        Duration::from_micros(self.parts.clock.now().0.saturating_sub(captured_at.0))
    }
}
