//! When each packet may leave.
//!
//! A frame leaves as a burst; on a weak link that burst stands in somebody's queue in front of the voice. Packets leave at
//! a multiple of the target there, and at once where the target is far above what is needed, so that a wide link pays
//! nothing. Voice waits for nothing, padding of a probe goes after the picture, spare data (stills and clips) only where
//! capacity is spare. The order is kept in `waiting`. Owns moments; sends nothing.

use crate::probe::Probe;
use crate::report::ProbeId;
use crate::units::BitRate;
use crate::waiting::{Class, Full, Waiting};
use std::time::{Duration, Instant};

/// Multiple of the target at which packets leave: a frame is out after 0.4 of its time.
const PACE: f64 = 2.5;
/// From this multiple of the need on the link is wide.
const WIDE: f64 = 3.0;
/// Timers wake late by up to this much, so packets may leave early by it.
const EARLY: Duration = Duration::from_millis(1);
/// ... and what did not leave because a busy machine woke us late goes at once, as long as that was not longer.
const CATCH_UP: Duration = Duration::from_millis(30);
/// What is needed is read over this span.
const NEED_SPAN: Duration = Duration::from_millis(500);
/// Of the target so much may be used in all when spare data goes; and at least this share is spare.
const FILLED: f64 = 0.9;
const LEAST_SPARE: f64 = 0.05;
/// A probe that takes this multiple of its time measures nothing any more.
const PROBE_OVERDUE: u32 = 4;

/// What leaves now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure<T> {
    /// A packet that was pushed, to be reported with this probe if one is running.
    Packet {
        /// What was pushed.
        item: T,
        /// The running probe.
        probe: Option<ProbeId>,
    },
    /// Padding of about this size.
    Padding {
        /// Size on the wire.
        bytes: usize,
        /// The probe it belongs to.
        probe: ProbeId,
    },
}

#[derive(Debug)]
struct Running {
    probe: Probe,
    sent: usize,
    until: Instant,
}

/// Paces one leg.
#[derive(Debug)]
pub struct Pacer<T> {
    waiting: Waiting<T>,
    target: BitRate,
    /// When the next packet may leave, and the next spare one.
    free_at: Instant,
    spare_at: Instant,
    running: Option<Running>,
    /// What voice, repair and picture need; none at first.
    need: Option<BitRate>,
    /// Bytes of theirs since this moment.
    counted: (Instant, usize),
}

impl<T> Pacer<T> {
    /// Begins with this target.
    #[must_use]
    pub fn new(now: Instant, target: BitRate) -> Self {
        Self {
            waiting: Waiting::new(),
            target,
            free_at: now,
            spare_at: now,
            running: None,
            need: None,
            counted: (now, 0),
        }
    }

    /// The estimator's target changed.
    pub fn set_target(&mut self, target: BitRate) {
        self.target = target;
    }

    /// The estimator wants a probe: it runs from now on.
    pub fn start_probe(&mut self, now: Instant, probe: Probe) {
        let until = now + probe.rate.time_for(probe.bytes) * PROBE_OVERDUE;
        self.running = Some(Running {
            probe,
            sent: 0,
            until,
        });
        self.free_at = now;
    }

    /// Queues a packet.
    ///
    /// # Errors
    /// `Full` gives the packet back when too much of its class waits.
    pub fn push(
        &mut self,
        now: Instant,
        class: Class,
        bytes: usize,
        item: T,
    ) -> Result<(), Full<T>> {
        if class != Class::Spare {
            self.count(now, bytes);
        }
        // While nothing waits no right to send is saved up.
        if !self.waiting.has_live() && self.running.is_none() {
            self.free_at = self.free_at.max(now);
        }
        if !self.waiting.has_spare() {
            self.spare_at = self.spare_at.max(now);
        }
        self.waiting.push(class, bytes, item)
    }

    /// The next packet that may leave now. Call it until it gives none.
    pub fn pop(&mut self, now: Instant) -> Option<Departure<T>> {
        self.end_overdue_probe(now);
        if let Some((bytes, item)) = self.waiting.voice() {
            return Some(self.leave(now, bytes, item));
        }
        if now + EARLY < self.free_at {
            return None;
        }
        if let Some((bytes, item)) = self.waiting.repair_or_picture() {
            return Some(self.leave(now, bytes, item));
        }
        if let Some(running) = &self.running {
            let (bytes, probe) = (running.probe.packet_bytes, running.probe.id);
            self.charge(now, bytes);
            return Some(Departure::Padding { bytes, probe });
        }
        if now < self.spare_at {
            return None;
        }
        let (bytes, item) = self.waiting.spare()?;
        self.spare_at = due(self.spare_at, now) + self.spare_rate().time_for(bytes);
        Some(self.leave(now, bytes, item))
    }

    /// When to call `pop` again; none while nothing waits.
    #[must_use]
    pub fn next_at(&self, now: Instant) -> Option<Instant> {
        let free = self
            .free_at
            .checked_sub(EARLY)
            .unwrap_or(self.free_at)
            .max(now);
        if self.waiting.has_voice() {
            Some(now)
        } else if self.waiting.has_repair_or_picture() || self.running.is_some() {
            Some(free)
        } else {
            self.waiting.has_spare().then(|| free.max(self.spare_at))
        }
    }

    /// How long the picture that waits will take to leave: an encoder skips a frame rather than add to much of it.
    #[must_use]
    pub fn waiting(&self) -> Duration {
        let bytes = self.waiting.live_bytes();
        if self.is_wide() {
            Duration::ZERO
        } else {
            self.pace().time_for(bytes)
        }
    }

    fn leave(&mut self, now: Instant, bytes: usize, item: T) -> Departure<T> {
        let probe = self.running.as_ref().map(|running| running.probe.id);
        self.charge(now, bytes);
        Departure::Packet { item, probe }
    }

    fn charge(&mut self, now: Instant, bytes: usize) {
        if self.running.is_none() && self.is_wide() {
            self.free_at = now;
            return;
        }
        self.free_at = due(self.free_at, now) + self.pace().time_for(bytes);
        if let Some(running) = &mut self.running {
            running.sent += bytes;
            if running.sent >= running.probe.bytes {
                self.running = None;
            }
        }
    }

    fn pace(&self) -> BitRate {
        self.running
            .as_ref()
            .map_or_else(|| self.target.scaled(PACE), |running| running.probe.rate)
    }

    fn is_wide(&self) -> bool {
        self.need
            .is_some_and(|need| self.target >= need.scaled(WIDE))
    }

    fn spare_rate(&self) -> BitRate {
        let need = self.need.unwrap_or(self.target);
        self.target
            .scaled(FILLED)
            .less(need)
            .max(self.target.scaled(LEAST_SPARE))
    }

    fn end_overdue_probe(&mut self, now: Instant) {
        if self
            .running
            .as_ref()
            .is_some_and(|running| now > running.until)
        {
            self.running = None;
        }
    }

    fn count(&mut self, now: Instant, bytes: usize) {
        self.counted.1 = self.counted.1.saturating_add(bytes);
        let span = now.saturating_duration_since(self.counted.0);
        if span >= NEED_SPAN {
            self.need = BitRate::of(self.counted.1 as u64, span);
            self.counted = (now, 0);
        }
    }
}

/// From when on the next departure is counted: when it was due, if that is not long ago.
fn due(at: Instant, now: Instant) -> Instant {
    at.max(now.checked_sub(CATCH_UP).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    /// What leaves until `end`, each with its millisecond.
    fn drain(
        pacer: &mut Pacer<&'static str>,
        start: Instant,
        end: u64,
    ) -> Vec<(u64, Departure<&'static str>)> {
        (0..end)
            .flat_map(|at| {
                let mut left = Vec::new();
                while let Some(departure) = pacer.pop(start + ms(at)) {
                    left.push((at, departure));
                }
                left
            })
            .collect()
    }

    fn names(left: &[(u64, Departure<&'static str>)]) -> Vec<&'static str> {
        left.iter()
            .map(|(_, departure)| match departure {
                Departure::Packet { item, .. } => *item,
                Departure::Padding { .. } => "padding",
            })
            .collect()
    }

    #[test]
    fn a_frame_on_a_weak_link_leaves_at_two_and_a_half_times_the_target() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start, BitRate::from_kbps(960));
        for _ in 0..5 {
            pacer.push(start, Class::Picture, 1200, "picture").unwrap();
        }
        let left = drain(&mut pacer, start, 100);
        let moments: Vec<u64> = left.iter().map(|(at, _)| *at).collect();
        assert_eq!(moments, [0, 3, 7, 11, 15]);
    }

    #[test]
    fn a_machine_that_wakes_late_does_not_slow_the_picture() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start, BitRate::from_kbps(960));
        for _ in 0..5 {
            pacer.push(start, Class::Picture, 1200, "picture").unwrap();
        }
        let counts = [0, 10, 20].map(|at| {
            let now = start + ms(at);
            std::iter::from_fn(|| pacer.pop(now)).count()
        });
        assert_eq!(counts, [1, 2, 2]);
        let later = start + ms(400);
        for _ in 0..5 {
            pacer.push(later, Class::Picture, 1200, "picture").unwrap();
        }
        let at_once = std::iter::from_fn(|| pacer.pop(later)).count();
        assert_eq!(at_once, 1, "what was not used is not saved up");
    }

    #[test]
    fn on_a_wide_link_a_frame_leaves_at_once() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start, BitRate::from_kbps(40_000));
        pacer.push(start, Class::Picture, 100_000, "early").unwrap();
        drain(&mut pacer, start, 500);
        let later = start + ms(600);
        for _ in 0..30 {
            pacer.push(later, Class::Picture, 1200, "picture").unwrap();
        }
        assert_eq!(drain(&mut pacer, later, 1).len(), 30);
    }

    #[test]
    fn voice_repair_picture_padding_spare() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start, BitRate::from_kbps(1000));
        for (class, name) in [
            (Class::Spare, "spare"),
            (Class::Picture, "picture"),
            (Class::Repair, "repair"),
            (Class::Voice, "voice"),
        ] {
            pacer.push(start, class, 100, name).unwrap();
        }
        let probe = Probe {
            id: ProbeId(7),
            rate: BitRate::from_kbps(2000),
            bytes: 500,
            packet_bytes: 200,
        };
        pacer.start_probe(start, probe);
        let left = drain(&mut pacer, start, 50);
        assert_eq!(
            names(&left),
            ["voice", "repair", "picture", "padding", "spare"]
        );
        assert!(matches!(
            left[2].1,
            Departure::Packet {
                probe: Some(ProbeId(7)),
                ..
            }
        ));
        assert!(matches!(left[4].1, Departure::Packet { probe: None, .. }));
    }

    #[test]
    fn voice_does_not_wait_behind_a_keyframe() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start, BitRate::from_kbps(500));
        for _ in 0..40 {
            pacer.push(start, Class::Picture, 1200, "picture").unwrap();
        }
        drain(&mut pacer, start, 1);
        pacer
            .push(start + ms(1), Class::Voice, 100, "voice")
            .unwrap();
        assert_eq!(names(&drain(&mut pacer, start + ms(1), 1)), ["voice"]);
    }

    #[test]
    fn spare_data_leaves_room_for_the_picture() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start, BitRate::from_kbps(1000));
        let mut spare = 0;
        for at in 0..4000 {
            let now = start + ms(at);
            if at % 33 == 0 {
                pacer.push(now, Class::Picture, 2475, "picture").unwrap();
            }
            while pacer.push(now, Class::Spare, 1000, "spare").is_ok() {}
            while let Some(departure) = pacer.pop(now) {
                let is_spare = matches!(departure, Departure::Packet { item: "spare", .. });
                spare += usize::from(is_spare && at > 1000);
            }
        }
        let kbps = spare * 8 / 3;
        assert!((200..=360).contains(&kbps), "{kbps}");
    }
}
