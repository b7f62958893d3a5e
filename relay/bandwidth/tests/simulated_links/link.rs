//! A bottleneck: one FIFO for everybody, a rate that changes, a delay, a limit to the queue, and radio that loses.
//!
//! Time is in seconds since the beginning of the story; the world ticks. Nothing is reordered (media reference, 7).

use crate::random::Dice;
use std::collections::VecDeque;

/// How the radio loses.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Loss {
    None,
    /// Each packet by itself.
    Random(f64),
    /// Gilbert-Elliott: so much in all, in bursts of so many packets.
    Bursts {
        share: f64,
        length: f64,
    },
}

/// What a link is like.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// From this second on so many kbit/s; 0 holds everything back.
    pub(crate) rate: Vec<(f64, f64)>,
    /// One way, in milliseconds.
    pub(crate) delay_ms: f64,
    /// More delay from this second on: another way.
    pub(crate) detour: Option<(f64, f64)>,
    /// What would wait longer is dropped, in milliseconds of the present rate.
    pub(crate) queue_ms: f64,
    pub(crate) loss: Loss,
    /// Each packet up to so many milliseconds more, in order.
    pub(crate) jitter_ms: f64,
    /// Nothing passes, either way.
    pub(crate) cut: Option<(f64, f64)>,
    pub(crate) feedback_loss: f64,
    /// Parts in a million by which the receiver's clock runs fast, and (when, by how many seconds) it is set.
    pub(crate) drift_ppm: f64,
    pub(crate) clock_set: Vec<(f64, f64)>,
}

impl Link {
    pub(crate) fn of(kbps: f64, delay_ms: f64) -> Self {
        Self {
            rate: vec![(0.0, kbps)],
            delay_ms,
            detour: None,
            queue_ms: 1000.0,
            loss: Loss::None,
            jitter_ms: 0.0,
            cut: None,
            feedback_loss: 0.0,
            drift_ppm: 0.0,
            clock_set: Vec::new(),
        }
    }

    pub(crate) fn kbps_at(&self, at: f64) -> f64 {
        self.rate
            .iter()
            .rev()
            .find(|(from, _)| *from <= at)
            .map_or(0.0, |(_, kbps)| *kbps)
    }

    fn delay_at(&self, at: f64) -> f64 {
        let more = self
            .detour
            .filter(|(from, _)| at >= *from)
            .map_or(0.0, |(_, ms)| ms);
        (self.delay_ms + more) / 1000.0
    }

    pub(crate) fn is_cut(&self, at: f64) -> bool {
        self.cut.is_some_and(|(from, to)| (from..to).contains(&at))
    }

    /// What the receiver's clock says, in steps of 250 µs.
    pub(crate) fn receiver_clock(&self, at: f64) -> f64 {
        let set: f64 = self
            .clock_set
            .iter()
            .filter(|(from, _)| at >= *from)
            .map(|(_, by)| by)
            .sum();
        let clock = 3600.0 + at * (1.0 + self.drift_ppm * 1e-6) + set;
        (clock / 0.000_25).floor() * 0.000_25
    }
}

/// A packet on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet {
    pub(crate) flow: usize,
    pub(crate) id: u64,
    pub(crate) bytes: usize,
    pub(crate) sent: f64,
}

/// A packet that came out of the queue: lost by the radio, or arriving.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passed {
    pub(crate) packet: Packet,
    pub(crate) waited_ms: f64,
    pub(crate) arrives: Option<f64>,
}

/// The queue and the radio behind it.
#[derive(Debug)]
pub(crate) struct Bottleneck {
    pub(crate) link: Link,
    queue: VecDeque<Packet>,
    queued_bits: f64,
    credit_bits: f64,
    last_arrival: f64,
    in_burst: bool,
    dice: Dice,
}

impl Bottleneck {
    pub(crate) fn new(link: Link, seed: u64) -> Self {
        Self {
            link,
            queue: VecDeque::new(),
            queued_bits: 0.0,
            credit_bits: 0.0,
            last_arrival: 0.0,
            in_burst: false,
            dice: Dice::new(seed),
        }
    }

    /// Takes a packet, or drops it when the queue is full. A link that stands still is measured by its last rate.
    pub(crate) fn offer(&mut self, packet: Packet) {
        let bits = packet.bytes as f64 * 8.0;
        let kbps = self.link.kbps_at(packet.sent).max(500.0);
        if self.queued_bits + bits <= kbps * self.link.queue_ms {
            self.queued_bits += bits;
            self.queue.push_back(packet);
        }
    }

    pub(crate) fn tick(&mut self, now: f64, step: f64) -> Vec<Passed> {
        self.credit_bits += self.link.kbps_at(now) * 1000.0 * step;
        let mut passed = Vec::new();
        while let Some(packet) = self.queue.front().copied() {
            let bits = packet.bytes as f64 * 8.0;
            if self.credit_bits < bits {
                return passed;
            }
            self.queue.pop_front();
            self.credit_bits -= bits;
            self.queued_bits -= bits;
            let arrives = (!self.is_lost(now)).then(|| self.arrival(now));
            passed.push(Passed {
                packet,
                waited_ms: (now - packet.sent) * 1000.0,
                arrives,
            });
        }
        // What is not used is gone.
        self.credit_bits = self.credit_bits.min(self.link.kbps_at(now) * 1000.0 * step);
        passed
    }

    fn is_lost(&mut self, now: f64) -> bool {
        let lost = match self.link.loss {
            Loss::None => false,
            Loss::Random(share) => self.dice.chance(share),
            Loss::Bursts { share, length } => {
                let leave = 1.0 / length;
                let enter = share * leave / (1.0 - share);
                self.in_burst = self
                    .dice
                    .chance(if self.in_burst { 1.0 - leave } else { enter });
                self.in_burst
            }
        };
        lost || self.link.is_cut(now)
    }

    fn arrival(&mut self, now: f64) -> f64 {
        let jitter = self.dice.between(0.0, self.link.jitter_ms) / 1000.0;
        self.last_arrival = self
            .last_arrival
            .max(now + self.link.delay_at(now) + jitter);
        self.last_arrival
    }
}
