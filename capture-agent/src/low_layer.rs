//! The low layer: every frame a second time, small, for those whose link does not carry the picture.
//!
//! Owns an encoder, its thread, and whether they work: the relay must want the layer and the uplink must have room for it
//! beside the picture. It takes the frames of the encode thread, newest first as everywhere, and never keeps that thread
//! waiting. Invariant: a frame has the same RTP time in both layers; it is the same frame.

use crate::encode::keyframes::KeyframeGate;
use crate::encode::{BitRate, EncodeOptions, EncoderFactory, Fit, Keeper, Ready, Room};
use crate::frame::Frame;
use crate::orders::{CodedFrame, Orders, Outlet};
use crate::pipeline::{MOST_BACKLOG, PAYLOAD_BYTES};
use crate::rate::RateMeter;
use crate::slot::{Slot, Wake};
use crate::status::StatusBoard;
use crate::sync::held;
use bandwidth::Scale;
use rtc::rtp::codec::h264::H264Payloader;
use rtc::rtp::packetizer::Payloader;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Bits of the layer: at half the width and height about what 1.4 Mbit/s are at the whole (reference: 2 usable), and a link
/// of half a megabit carries it beside voice.
pub const LOW_KBPS: u32 = 350;
/// Its size and its frames: a beating heart is judged by motion first.
const ROOM: (Scale, f64) = (Scale::Half, 30.0);

/// What is asked of the layer.
#[derive(Default)]
struct Asked {
    /// Where coded frames go; none while nothing is published.
    outlet: Option<Outlet>,
    /// Somebody needs it, and the uplink has room.
    is_on: bool,
    /// Nobody has anything of it yet: a keyframe comes first, whatever was before.
    begins: bool,
    /// Somebody cannot decode.
    keyframe: bool,
}

/// The end that takes frames and orders. Clones are of the same layer.
#[derive(Clone, Default)]
pub struct LowLayer {
    slot: Arc<Slot<Frame>>,
    asked: Arc<Mutex<Asked>>,
}

impl LowLayer {
    /// Takes a frame, if the layer is on. Copies no pixels and never waits.
    pub fn picture(&self, frame: &Frame) {
        if self.is_on() {
            self.slot.put(frame.clone());
        }
    }

    /// Sends coded frames to `outlet` from now on, once it is on.
    pub(crate) fn attach(&self, outlet: Outlet) {
        let mut asked = held(&self.asked);
        (asked.outlet, asked.begins) = (Some(outlet), true);
    }

    /// The publication is over.
    pub(crate) fn detach(&self) {
        *held(&self.asked) = Asked::default();
        self.slot.forget();
        self.slot.nudge();
    }

    /// On or off.
    pub(crate) fn set_on(&self, is_on: bool) {
        let mut asked = held(&self.asked);
        if asked.is_on != is_on {
            (asked.is_on, asked.begins) = (is_on, true);
            drop(asked);
            self.slot.forget();
            self.slot.nudge();
        }
    }

    /// Somebody who gets the layer cannot decode.
    pub(crate) fn request_keyframe(&self) {
        held(&self.asked).keyframe = true;
    }

    /// Ends the thread.
    pub fn close(&self) {
        self.slot.close();
    }

    /// Whether frames are coded.
    pub(crate) fn is_on(&self) -> bool {
        let asked = held(&self.asked);
        asked.is_on && asked.outlet.is_some()
    }

    /// What is to be done now: where to, whether it begins, and whether a keyframe is wanted; none while it is off.
    fn take(&self) -> Option<(Outlet, bool, bool)> {
        let mut asked = held(&self.asked);
        if !asked.is_on {
            return None;
        }
        let outlet = asked.outlet.clone()?;
        let begins = std::mem::take(&mut asked.begins);
        Some((outlet, begins, std::mem::take(&mut asked.keyframe)))
    }

    /// Nobody takes what is coded.
    fn is_cut_off(&self) {
        held(&self.asked).outlet = None;
    }
}

/// The work of the layer's thread.
pub struct LowWork {
    layer: LowLayer,
    options: EncodeOptions,
    factory: Arc<dyn EncoderFactory>,
    /// Says how much waits to leave.
    orders: Arc<Orders>,
    /// Says what the source tells of its rate.
    board: StatusBoard,
    /// The encoder, while it is on.
    coding: Option<Coding>,
}

/// An encoder at work.
struct Coding {
    keeper: Keeper,
    gate: KeyframeGate,
    fit: Fit,
    meter: RateMeter,
    payloader: H264Payloader,
}

impl LowWork {
    /// The work for this layer, with an encoder as the picture has one.
    #[must_use]
    pub fn new(
        layer: &LowLayer,
        encode: &EncodeOptions,
        factory: &Arc<dyn EncoderFactory>,
        (orders, board): (&Arc<Orders>, &StatusBoard),
    ) -> Self {
        let bit_rate = BitRate::from_kbps(LOW_KBPS).unwrap_or(BitRate::LOWEST);
        Self {
            layer: layer.clone(),
            options: EncodeOptions {
                bit_rate,
                ..encode.clone()
            },
            factory: Arc::clone(factory),
            orders: Arc::clone(orders),
            board: board.clone(),
            coding: None,
        }
    }

    /// Runs until the layer is closed.
    pub fn run(mut self) {
        let slot = Arc::clone(&self.layer.slot);
        loop {
            match slot.wait(None) {
                Wake::Closed => return,
                Wake::Nudged | Wake::Due => {
                    if !self.layer.is_on() {
                        self.coding = None;
                    }
                }
                Wake::Fresh(frame) => self.fresh(&frame, Instant::now()),
            }
        }
    }

    fn fresh(&mut self, frame: &Frame, now: Instant) {
        let Some((outlet, begins, keyframe)) = self.layer.take() else {
            self.coding = None;
            return;
        };
        let coding = self
            .coding
            .get_or_insert_with(|| Coding::new(&self.options, &self.factory));
        if begins {
            coding.gate = KeyframeGate::default();
        }
        if begins || keyframe {
            coding.gate.request();
        }
        if self.orders.backlog() > MOST_BACKLOG || !coding.fit.takes(frame.stamp.captured_at) {
            return;
        }
        let told_rate = f64::from(self.board.told_rate());
        let Some(coded) = coding.code(frame, told_rate, now) else {
            return;
        };
        // Waits while two frames are on their way out, as the picture does; the slot replaces what comes meanwhile.
        if outlet.blocking_send(coded).is_err() {
            self.layer.is_cut_off();
        }
    }
}

impl Coding {
    fn new(options: &EncodeOptions, factory: &Arc<dyn EncoderFactory>) -> Self {
        let (scale, frame_rate) = ROOM;
        let mut fit = Fit::new(options.bit_rate);
        fit.make_room(Some(Room {
            bit_rate: options.bit_rate,
            scale,
            frame_rate: Some(frame_rate),
        }));
        Self {
            keeper: Keeper::new(options.clone(), Arc::clone(factory)),
            gate: KeyframeGate::default(),
            fit,
            meter: RateMeter::default(),
            payloader: H264Payloader::default(),
        }
    }

    fn code(&mut self, frame: &Frame, told_rate: f64, now: Instant) -> Option<CodedFrame> {
        if let Some(rate) = self.meter.note(now) {
            self.keeper.set_frame_rate(rate);
        }
        let picture = &frame.picture;
        let (width, height) = self.fit.size(picture.width(), picture.height());
        let encoder = match self.keeper.ready(width, height, told_rate, now) {
            Ready::Open { encoder, is_new } => {
                if is_new {
                    self.gate.request();
                }
                encoder
            }
            Ready::Resting => return None,
            Ready::Failed { error, .. } => {
                tracing::warn!(%error, "no encoder for the low layer");
                return None;
            }
        };
        let mut units = Vec::with_capacity(1);
        let force = self.gate.is_due(now);
        if let Err(error) = encoder.encode(picture, frame.stamp.rtp_time, force, &mut units) {
            tracing::warn!(%error, "the low layer's encoder failed; it is opened anew");
            self.keeper.failed(now);
            return None;
        }
        // One picture in, one access unit out: the probe saw to that.
        let unit = units.pop()?;
        if unit.keyframe {
            self.gate.made(now);
        }
        match self.payloader.payload(PAYLOAD_BYTES, &unit.data) {
            Ok(payloads) => Some(CodedFrame {
                stamp: frame.stamp,
                unit,
                payloads,
            }),
            Err(error) => {
                tracing::warn!(%error, "a frame of the low layer could not be cut into packets");
                self.gate.request();
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::CaptureClock;
    use crate::encode::{Choice, FfmpegFactory, Preset, annexb};
    use crate::frame::{Stamper, StreamName};
    use crate::picture::{Form, Picture};
    use std::time::Duration;
    use tokio::sync::mpsc;

    /// The layer, its thread and what it sends.
    struct Bench {
        layer: LowLayer,
        thread: Option<std::thread::JoinHandle<()>>,
        sent: mpsc::Receiver<CodedFrame>,
        stamper: Stamper,
        captured: Instant,
    }

    /// Below the layer's frame rate.
    const STEP: Duration = Duration::from_millis(40);

    impl Bench {
        fn new() -> Self {
            let (layer, board) = (LowLayer::default(), StatusBoard::new(BitRate::LOWEST));
            let options = EncodeOptions {
                choice: Choice::Named("libx264".to_owned()),
                preset: Preset::Superfast,
                bit_rate: BitRate::from_kbps(2_000).unwrap(),
                buffer_frames: 3.0,
            };
            let orders = Arc::new(Orders::new(Arc::default()));
            let factory: Arc<dyn EncoderFactory> = Arc::new(FfmpegFactory);
            let work = LowWork::new(&layer, &options, &factory, (&orders, &board));
            let (outlet, sent) = mpsc::channel(4);
            layer.attach(outlet);
            Self {
                layer,
                thread: Some(std::thread::spawn(move || work.run())),
                sent,
                stamper: Stamper::new(CaptureClock::start(), StreamName::default()),
                captured: Instant::now(),
            }
        }

        fn frame(&mut self) -> Frame {
            let picture = Picture::from_rows(320, 240, Form::Gray8, vec![90; 320 * 240]).unwrap();
            self.captured += STEP;
            Frame {
                stamp: self.stamper.stamp(self.captured),
                picture: Arc::new(picture),
                provenance: Arc::default(),
            }
        }

        fn codes(&mut self) -> CodedFrame {
            let frame = self.frame();
            self.layer.picture(&frame);
            let coded = self.sent.blocking_recv().unwrap();
            assert_eq!(coded.stamp, frame.stamp, "it is the same frame");
            assert_eq!(coded.unit.rtp_time, frame.stamp.rtp_time);
            coded
        }
    }

    impl Drop for Bench {
        fn drop(&mut self) {
            self.layer.close();
            let _ = self.thread.take().map(std::thread::JoinHandle::join);
        }
    }

    #[test]
    fn a_frame_is_coded_small_with_its_own_time_beginning_with_a_keyframe() {
        let mut bench = Bench::new();
        bench.layer.set_on(true);
        let first = bench.codes();
        assert!(first.unit.keyframe && annexb::is_entry_point(&first.unit.data));
        assert!(first.unit.data.len() < 8_000);
        bench.layer.set_on(false);
        bench.layer.set_on(true);
        assert!(bench.codes().unit.keyframe, "it begins anew");
    }

    #[test]
    fn nothing_is_coded_while_nobody_needs_it() {
        let mut bench = Bench::new();
        let frame = bench.frame();
        bench.layer.picture(&frame);
        assert!(!bench.layer.is_on());
        bench.layer.set_on(true);
        let coded = bench.codes();
        assert_ne!(coded.stamp, frame.stamp);
        bench.layer.detach();
        bench.layer.picture(&frame);
        assert!(bench.sent.try_recv().is_err());
    }
}
