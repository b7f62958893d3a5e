//! Runs legs, and a download that competes, over one link, and keeps figures.

use crate::link::{Bottleneck, Link, Packet};
use crate::random::Dice;
use crate::sender::{Sender, Setup};
use std::collections::VecDeque;

const STEP: f64 = 0.000_5;
const TENTHS: f64 = 10.0;

/// A download by TCP: a window that grows by a packet in each round trip and halves at a loss (RFC 5681).
struct Download {
    from: f64,
    to: f64,
    window: f64,
    slow_start_until: f64,
    in_flight: f64,
    next_id: u64,
    newest: Option<u64>,
    halved_at: f64,
    acks: VecDeque<(f64, u64)>,
    last_ack: f64,
}

/// The story so far.
pub(crate) struct World {
    pub(crate) senders: Vec<Sender>,
    bottleneck: Bottleneck,
    download: Option<Download>,
    pub(crate) download_bits: f64,
    dice: Dice,
    in_air: VecDeque<(f64, Packet)>,
    /// When a packet of a leg left the queue, and how long it had waited.
    waited: Vec<(f64, f64)>,
    pub(crate) now: f64,
}

impl World {
    pub(crate) fn new(link: Link, setups: &[Setup], seed: u64) -> Self {
        let senders = (0_u64..)
            .zip(setups)
            .map(|(n, setup)| Sender::new(*setup, seed + n))
            .collect();
        Self {
            senders,
            bottleneck: Bottleneck::new(link, seed ^ 0xff),
            download: None,
            download_bits: 0.0,
            dice: Dice::new(seed ^ 0xffff),
            in_air: VecDeque::new(),
            waited: Vec::new(),
            now: 0.0,
        }
    }

    pub(crate) fn with_download(mut self, from: f64, to: f64) -> Self {
        self.download = Some(Download {
            from,
            to,
            window: 10.0,
            slow_start_until: f64::MAX,
            in_flight: 0.0,
            next_id: 0,
            newest: None,
            halved_at: 0.0,
            acks: VecDeque::new(),
            last_ack: 0.0,
        });
        self
    }

    pub(crate) fn run(mut self, seconds: f64) -> Self {
        let ticks = (seconds / STEP) as u64;
        let each_tenth = (1.0 / TENTHS / STEP) as u64;
        for tick in 1..=ticks {
            self.now = tick as f64 * STEP;
            self.tick();
            if tick.is_multiple_of(each_tenth) {
                for sender in &mut self.senders {
                    let kbps = std::mem::take(&mut sender.sent_bits) * TENTHS / 1000.0;
                    let target = sender.target_kbps();
                    sender.course.push((kbps, target));
                }
            }
        }
        self
    }

    fn tick(&mut self) {
        let now = self.now;
        for flow in 0..self.senders.len() {
            for packet in self.senders[flow].tick(now, flow) {
                self.bottleneck.offer(packet);
            }
        }
        if let Some(download) = &mut self.download {
            for packet in download.tick(now) {
                self.bottleneck.offer(packet);
            }
        }
        for passed in self.bottleneck.tick(now, STEP) {
            if passed.packet.flow < self.senders.len() {
                self.waited.push((now, passed.waited_ms));
            }
            if let Some(arrives) = passed.arrives {
                self.in_air.push_back((arrives, passed.packet));
            }
        }
        while self.in_air.front().is_some_and(|(at, _)| *at <= now) {
            let Some((at, packet)) = self.in_air.pop_front() else {
                break;
            };
            let clock = self.bottleneck.link.receiver_clock(at);
            if let Some(sender) = self.senders.get_mut(packet.flow) {
                sender.arrive(packet.id, clock);
            } else if let Some(download) = &mut self.download {
                self.download_bits += packet.bytes as f64 * 8.0;
                download
                    .acks
                    .push_back((at + self.bottleneck.link.delay_ms / 1000.0, packet.id));
            }
        }
        for sender in &mut self.senders {
            sender.report(now, &self.bottleneck.link, &mut self.dice);
        }
    }

    /// Mean sent rate of a leg in kbit/s between two seconds.
    pub(crate) fn sent_kbps(&self, flow: usize, from: f64, to: f64) -> f64 {
        self.mean(flow, from, to, |(sent, _)| *sent)
    }

    pub(crate) fn mean_target(&self, flow: usize, from: f64, to: f64) -> f64 {
        self.mean(flow, from, to, |(_, target)| *target)
    }

    fn mean(&self, flow: usize, from: f64, to: f64, of: impl Fn(&(f64, f64)) -> f64) -> f64 {
        let part = &self.senders[flow].course[(from * TENTHS) as usize..(to * TENTHS) as usize];
        part.iter().map(of).sum::<f64>() / part.len() as f64
    }

    /// Seconds after `from` until the target is below (or above) `kbps`.
    pub(crate) fn target_below_after(&self, flow: usize, from: f64, kbps: f64) -> f64 {
        self.first(flow, from, |target| target < kbps)
    }

    pub(crate) fn target_above_after(&self, flow: usize, from: f64, kbps: f64) -> f64 {
        self.first(flow, from, |target| target >= kbps)
    }

    fn first(&self, flow: usize, from: f64, is: impl Fn(f64) -> bool) -> f64 {
        let course = &self.senders[flow].course[(from * TENTHS) as usize..];
        let tenths = course.iter().position(|(_, target)| is(*target));
        tenths.map_or(f64::INFINITY, |tenths| (tenths + 1) as f64 / TENTHS)
    }

    /// Percentile of the time in the queue, in milliseconds, over these spans.
    pub(crate) fn waited_ms(&self, percent: f64, spans: &[(f64, f64)]) -> f64 {
        let inside = |at: f64| spans.iter().any(|(from, to)| (*from..*to).contains(&at));
        let mut waited: Vec<f64> = self
            .waited
            .iter()
            .filter(|(at, _)| inside(*at))
            .map(|(_, ms)| *ms)
            .collect();
        waited.sort_by(f64::total_cmp);
        let at = (waited.len() as f64 * percent / 100.0) as usize;
        waited
            .get(at.min(waited.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0.0)
    }

    /// The course in whole seconds, for people.
    pub(crate) fn print(&self, name: &str) {
        for (flow, sender) in self.senders.iter().enumerate() {
            let seconds = sender.course.len() / TENTHS as usize;
            let targets: Vec<String> = (0..seconds)
                .map(|at| format!("{:.0}", self.mean_target(flow, at as f64, at as f64 + 1.0)))
                .collect();
            println!(
                "{name}, leg {flow}, target kbit/s each second: {}",
                targets.join(" ")
            );
            println!(
                "{name}, leg {flow}: padding {:.1} kbit/s, {:?}",
                sender.padding_bits / self.now / 1000.0,
                sender.estimator.stats()
            );
        }
    }
}

impl Download {
    fn tick(&mut self, now: f64) -> Vec<Packet> {
        while self.acks.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, id)) = self.acks.pop_front() {
                self.acked(now, id);
            }
        }
        if !(self.from..self.to).contains(&now) {
            return Vec::new();
        }
        if now - self.last_ack.max(self.from) > 1.0 {
            (self.window, self.in_flight, self.last_ack) = (2.0, 0.0, now);
        }
        let mut out = Vec::new();
        while self.in_flight < self.window {
            out.push(Packet {
                flow: usize::MAX,
                id: self.next_id,
                bytes: 1448,
                sent: now,
            });
            self.next_id += 1;
            self.in_flight += 1.0;
        }
        out
    }

    fn acked(&mut self, now: f64, id: u64) {
        self.last_ack = now;
        let expected = self.newest.map_or(0, |newest| newest + 1);
        self.newest = Some(id);
        let lost = id.saturating_sub(expected) as f64;
        self.in_flight = (self.in_flight - 1.0 - lost).max(0.0);
        if lost > 0.0 && now - self.halved_at > 0.3 {
            self.window = (self.window / 2.0).max(2.0);
            (self.slow_start_until, self.halved_at) = (self.window, now);
        } else if self.window < self.slow_start_until {
            self.window += 1.0;
        } else {
            self.window += 1.0 / self.window;
        }
    }
}
