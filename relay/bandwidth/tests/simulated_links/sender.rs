//! A leg: an encoder that follows the target after two frames, the pacer, the estimator, and the receiver's reports.
//!
//! Reports are made as the WebRTC crate makes them: everything up to the newest packet that arrived, and what has no word
//! by then is lost, whether the packet was or its feedback.

use crate::link::{Link, Packet};
use crate::random::Dice;
use bandwidth::{BitRate, Class, Departure, Estimator, Fate, Limits, Pacer, ProbeId, Report};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

const FRAME_RATE: f64 = 30.0;
const PACKET: usize = 1200;
const VOICE_BYTES: usize = 100;
const VOICE_EVERY: f64 = 0.02;
const VOICE_KBPS: f64 = 40.0;
/// Frames until the encoder follows a new target.
const LAG_FRAMES: usize = 2;

/// How a leg is set up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) start_kbps: u64,
    pub(crate) most_kbps: u64,
    /// The encoder makes at most this.
    pub(crate) encoder_kbps: f64,
    /// When it begins to send.
    pub(crate) from: f64,
    /// A keyframe of three times the size each so many seconds.
    pub(crate) keyframe_every: f64,
    pub(crate) report_every: f64,
    pub(crate) is_paced: bool,
    /// A busy machine wakes the sender only so often.
    pub(crate) wakes_every: f64,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            start_kbps: 1000,
            most_kbps: 8000,
            encoder_kbps: 8000.0,
            from: 0.0,
            keyframe_every: 10.0,
            report_every: 0.05,
            is_paced: true,
            wakes_every: 0.0,
        }
    }
}

struct Sent {
    id: u64,
    bytes: usize,
    at: f64,
    probe: Option<ProbeId>,
}

/// Feedback: when it reaches the sender, and what it says.
pub(crate) struct Feedback {
    pub(crate) at: f64,
    arrivals: Vec<(u64, f64)>,
}

/// A leg.
pub(crate) struct Sender {
    pub(crate) estimator: Estimator,
    setup: Setup,
    pacer: Pacer<usize>,
    origin: Instant,
    dice: Dice,
    encoder: VecDeque<f64>,
    next_frame: f64,
    next_voice: f64,
    next_keyframe: f64,
    next_id: u64,
    sent: VecDeque<Sent>,
    /// At the receiver: not yet reported.
    arrived: Vec<(u64, f64)>,
    next_report: f64,
    next_wake: f64,
    feedback: VecDeque<Feedback>,
    /// Each tenth of a second: sent kbit/s, target kbit/s.
    pub(crate) course: Vec<(f64, f64)>,
    pub(crate) sent_bits: f64,
    pub(crate) padding_bits: f64,
    pub(crate) pacing_ms: Vec<f64>,
}

impl Sender {
    pub(crate) fn new(setup: Setup, seed: u64) -> Self {
        let origin = Instant::now();
        let limits = Limits {
            min: BitRate::from_kbps(100),
            max: BitRate::from_kbps(setup.most_kbps),
        };
        let start = BitRate::from_kbps(setup.start_kbps);
        Self {
            estimator: Estimator::new(limits, start),
            setup,
            pacer: Pacer::new(origin, start),
            origin,
            dice: Dice::new(seed),
            encoder: VecDeque::from(vec![setup.start_kbps as f64; LAG_FRAMES]),
            next_frame: setup.from,
            next_voice: setup.from,
            next_keyframe: setup.from,
            next_id: 0,
            sent: VecDeque::new(),
            arrived: Vec::new(),
            next_report: setup.from,
            next_wake: 0.0,
            feedback: VecDeque::new(),
            course: Vec::new(),
            sent_bits: 0.0,
            padding_bits: 0.0,
            pacing_ms: Vec::new(),
        }
    }

    fn instant(&self, at: f64) -> Instant {
        self.origin + Duration::from_secs_f64(at)
    }

    pub(crate) fn target_kbps(&self) -> f64 {
        self.estimator.target().bps() as f64 / 1000.0
    }

    /// What leaves now.
    pub(crate) fn tick(&mut self, now: f64, flow: usize) -> Vec<Packet> {
        if now < self.next_wake {
            return Vec::new();
        }
        self.next_wake = now + self.setup.wakes_every;
        self.hear(now);
        let at = self.instant(now);
        if self.estimator.poll_timeout().is_some_and(|due| due <= at) {
            self.estimator.on_timeout(at);
        }
        if now < self.setup.from {
            return Vec::new();
        }
        if let Some(probe) = self.estimator.wants_probe(at) {
            self.pacer.start_probe(at, probe);
        }
        self.pacer.set_target(self.estimator.target());
        self.produce(now, at);
        let mut out = Vec::new();
        while let Some(departure) = self.pacer.pop(at) {
            let (bytes, probe) = match departure {
                Departure::Packet { item, probe } => (item, probe),
                Departure::Padding { bytes, probe } => {
                    self.padding_bits += bytes as f64 * 8.0;
                    (bytes, Some(probe))
                }
            };
            let id = self.next_id;
            self.next_id += 1;
            self.sent_bits += bytes as f64 * 8.0;
            self.sent.push_back(Sent {
                id,
                bytes,
                at: now,
                probe,
            });
            out.push(Packet {
                flow,
                id,
                bytes,
                sent: now,
            });
        }
        out
    }

    fn produce(&mut self, now: f64, at: Instant) {
        // Unpaced: everything counts as voice, which leaves at once.
        let class = if self.setup.is_paced {
            Class::Picture
        } else {
            Class::Voice
        };
        if now >= self.next_voice {
            self.next_voice += VOICE_EVERY;
            let _ = self.pacer.push(at, Class::Voice, VOICE_BYTES, VOICE_BYTES);
        }
        if now < self.next_frame {
            return;
        }
        self.next_frame += 1.0 / FRAME_RATE;
        self.encoder
            .push_back(self.target_kbps().min(self.setup.encoder_kbps) - VOICE_KBPS);
        let kbps = self.encoder.pop_front().unwrap_or(100.0).max(60.0);
        let mut bytes = kbps * 1000.0 / 8.0 / FRAME_RATE * self.dice.between(0.8, 1.2);
        if now >= self.next_keyframe {
            self.next_keyframe += self.setup.keyframe_every;
            bytes *= 3.0;
        }
        self.pacing_ms
            .push(self.pacer.waiting().as_secs_f64() * 1000.0);
        let mut left = bytes as usize;
        while left > 0 {
            let size = left.min(PACKET);
            let _ = self.pacer.push(at, class, size, size);
            left -= size;
        }
    }

    /// A packet arrived at the receiver.
    pub(crate) fn arrive(&mut self, id: u64, clock: f64) {
        self.arrived.push((id, clock));
    }

    /// The receiver reports, if it is time and there is something to say.
    pub(crate) fn report(&mut self, now: f64, link: &Link, dice: &mut Dice) {
        if now < self.next_report {
            return;
        }
        self.next_report = now + self.setup.report_every;
        if self.arrived.is_empty() {
            return;
        }
        let arrivals = std::mem::take(&mut self.arrived);
        if !link.is_cut(now) && !dice.chance(link.feedback_loss) {
            self.feedback.push_back(Feedback {
                at: now + link.delay_ms / 1000.0,
                arrivals,
            });
        }
    }

    fn hear(&mut self, now: f64) {
        while self
            .feedback
            .front()
            .is_some_and(|feedback| feedback.at <= now)
        {
            let Some(feedback) = self.feedback.pop_front() else {
                return;
            };
            let reports = self.reports(&feedback);
            let at = self.instant(now);
            self.estimator.on_reports(at, &reports);
        }
    }

    fn reports(&mut self, feedback: &Feedback) -> Vec<Report> {
        let arrivals: BTreeMap<u64, f64> = feedback.arrivals.iter().copied().collect();
        let newest = arrivals.keys().max().copied().unwrap_or(0);
        let mut reports = Vec::new();
        while self.sent.front().is_some_and(|sent| sent.id <= newest) {
            let Some(sent) = self.sent.pop_front() else {
                break;
            };
            let fate = arrivals.get(&sent.id).map_or(Fate::Lost, |clock| {
                Fate::Arrived(Duration::from_secs_f64(*clock))
            });
            reports.push(Report {
                id: sent.id,
                bytes: sent.bytes,
                sent_at: self.instant(sent.at),
                fate,
                probe: sent.probe,
            });
        }
        reports
    }
}
