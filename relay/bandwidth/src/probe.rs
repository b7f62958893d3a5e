//! When to probe, and how fast.
//!
//! A probe is a short cluster of packets above the present rate: 20 ms of it show in one round trip what slow growth would
//! find in half a minute, and cost the picture at most as much delay. At the start 3 times the first rate, then twice the
//! result for as long as all went through. Later from time to time; after congestion and after a pause soon. What
//! follows from the packets of a cluster is measured in `cluster`; whoever sends adds padding, never delays the picture.

use crate::report::ProbeId;
use crate::units::BitRate;
use std::time::{Duration, Instant};

/// Length of a cluster: eighty steps of the receiver's clock, and hardly more than half a frame of delay.
const LENGTH: Duration = Duration::from_millis(20);
/// Fewer bytes in smaller packets measure nothing: five packets of 200 bytes.
const LEAST_BYTES: usize = 1000;
/// Packets in a cluster, if they are not to become larger than the network takes.
const PACKETS: usize = 8;
/// Smallest and largest padding packet.
const LEAST_PACKET: usize = 200;
const MOST_PACKET: usize = 1100;
/// First probe, as a multiple of the first rate; every other one of the present rate.
const FIRST_TIMES: f64 = 3.0;
const TIMES: f64 = 2.0;
/// From this share of the limit on there is nothing to find.
const WORTHWHILE: f64 = 0.95;
/// Pause between probes at first, and at most when they find nothing.
const PAUSE: Duration = Duration::from_millis(1500);
const LONGEST_PAUSE: Duration = Duration::from_secs(6);
/// Growth of the pause when nothing was found.
const PAUSE_GROWTH: f64 = 1.6;
/// After congestion the link is left alone for so long.
const AFTER_CONGESTION: Duration = Duration::from_millis(1000);
/// A result is waited for this long beyond a round trip.
const PATIENCE: Duration = Duration::from_millis(700);

/// A cluster that the estimator wants: send everything at `rate` from now on, mark it with `id`, fill up with padding,
/// until `bytes` are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// To be set on every packet that leaves during the cluster, picture or padding.
    pub id: ProbeId,
    /// How fast.
    pub rate: BitRate,
    /// How much in all.
    pub bytes: usize,
    /// How large padding packets should be, so that there are enough of them.
    pub packet_bytes: usize,
}

impl Probe {
    fn new(id: ProbeId, rate: BitRate) -> Self {
        let bytes = rate.bytes_in(LENGTH).max(LEAST_BYTES);
        Self {
            id,
            rate,
            bytes,
            packet_bytes: (bytes / PACKETS).clamp(LEAST_PACKET, MOST_PACKET),
        }
    }
}

/// Plans probes.
#[derive(Debug)]
pub(crate) struct Prober {
    next_id: u32,
    /// A cluster on its way, and until when its result is waited for.
    outstanding: Option<(Probe, Instant)>,
    /// When the next one is due; none before anything happened: at once.
    due: Option<Instant>,
    /// Rate of the next one, if it is not a multiple of the present rate.
    wanted: Option<BitRate>,
    pause: Duration,
    /// Clusters asked for.
    asked: u64,
}

impl Prober {
    pub(crate) fn new(start: BitRate) -> Self {
        Self {
            next_id: 1,
            outstanding: None,
            due: None,
            wanted: Some(start.scaled(FIRST_TIMES)),
            pause: PAUSE,
            asked: 0,
        }
    }

    /// A cluster if one is due; `calm` says that the link has room for one now.
    pub(crate) fn wants(
        &mut self,
        now: Instant,
        rate: BitRate,
        most: BitRate,
        round_trip: Duration,
        calm: bool,
    ) -> Option<Probe> {
        if let Some((_, until)) = self.outstanding {
            if now < until {
                return None;
            }
            self.found_nothing(now);
        }
        let is_due = self.due.is_none_or(|due| now >= due);
        if !calm || !is_due || rate >= most.scaled(WORTHWHILE) {
            return None;
        }
        let wanted = self
            .wanted
            .take()
            .unwrap_or(rate.scaled(TIMES))
            .max(rate)
            .min(most);
        let probe = Probe::new(ProbeId(self.next_id), wanted);
        self.next_id = self.next_id.wrapping_add(1);
        self.asked += 1;
        self.outstanding = Some((probe, now + LENGTH * 2 + round_trip + PATIENCE));
        Some(probe)
    }

    /// The cluster whose packets are waited for.
    pub(crate) fn outstanding(&self) -> Option<Probe> {
        self.outstanding.map(|(probe, _)| probe)
    }

    /// All of a cluster went through: the next one at once.
    pub(crate) fn went_through(&mut self, now: Instant) {
        self.outstanding = None;
        self.pause = PAUSE;
        self.due = Some(now);
    }

    /// The link was full, or too little arrived.
    pub(crate) fn found_nothing(&mut self, now: Instant) {
        self.outstanding = None;
        self.due = Some(now + self.pause);
        self.pause = self.pause.mul_f64(PAUSE_GROWTH).min(LONGEST_PAUSE);
    }

    /// The link was full and has more than we thought: look again soon.
    pub(crate) fn found_more(&mut self, now: Instant) {
        self.outstanding = None;
        self.pause = PAUSE;
        self.due = Some(now + self.pause);
    }

    /// The link is congested: what is on its way measures nothing.
    pub(crate) fn congested(&mut self, now: Instant) {
        self.outstanding = None;
        self.wanted = None;
        self.pause = self.pause.max(PAUSE);
        self.due = Some(now + AFTER_CONGESTION);
    }

    /// Feedback is back after a pause: try what went through before.
    pub(crate) fn came_back(&mut self, now: Instant, before: BitRate) {
        self.outstanding = None;
        self.wanted = Some(before);
        self.pause = PAUSE;
        self.due = Some(now);
    }

    /// When to ask again.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.outstanding.map(|(_, until)| until).or(self.due)
    }

    pub(crate) fn asked(&self) -> u64 {
        self.asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: BitRate = BitRate::from_kbps(8000);
    const RTT: Duration = Duration::from_millis(50);

    fn ask(prober: &mut Prober, now: Instant, kbps: u64) -> Option<Probe> {
        prober.wants(now, BitRate::from_kbps(kbps), MOST, RTT, true)
    }

    #[test]
    fn the_first_is_three_times_the_start_and_each_next_twice_the_result() {
        let now = Instant::now();
        let mut prober = Prober::new(BitRate::from_kbps(1000));
        assert_eq!(ask(&mut prober, now, 1000).unwrap().rate.kbps(), 3000);
        assert_eq!(ask(&mut prober, now, 1000), None, "one at a time");
        prober.went_through(now);
        assert_eq!(ask(&mut prober, now, 3000).unwrap().rate.kbps(), 6000);
        prober.went_through(now);
        assert_eq!(ask(&mut prober, now, 6000).unwrap().rate, MOST);
        prober.went_through(now);
        assert_eq!(ask(&mut prober, now, 8000), None, "nothing left to find");
    }

    #[test]
    fn probes_that_find_nothing_become_rare_but_never_stop() {
        let mut now = Instant::now();
        let mut prober = Prober::new(BitRate::from_kbps(1000));
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let asked = now;
            while ask(&mut prober, now, 1000).is_none() {
                now += Duration::from_millis(100);
            }
            pauses.push(now - asked);
            prober.found_nothing(now);
        }
        assert!(
            pauses
                .iter()
                .all(|pause| *pause <= LONGEST_PAUSE + Duration::from_millis(100))
        );
        assert!(pauses[5] > pauses[1]);
    }

    #[test]
    fn a_result_that_never_comes_is_given_up() {
        let now = Instant::now();
        let mut prober = Prober::new(BitRate::from_kbps(1000));
        assert!(ask(&mut prober, now, 1000).is_some());
        let later = now + Duration::from_secs(4);
        assert_eq!(
            ask(&mut prober, later, 1000),
            None,
            "that one found nothing"
        );
        assert!(ask(&mut prober, later + PAUSE, 1000).is_some());
    }

    #[test]
    fn a_cluster_is_short_and_has_enough_packets_at_any_rate() {
        for kbps in [150, 300, 1000, 8000, 40_000] {
            let probe = Probe::new(ProbeId(1), BitRate::from_kbps(kbps));
            assert!(probe.bytes / probe.packet_bytes >= 5, "{probe:?}");
            assert!(probe.rate.time_for(probe.bytes) < Duration::from_millis(60));
        }
    }
}
