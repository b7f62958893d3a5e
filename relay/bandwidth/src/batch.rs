//! From reports to one batch that the rest of the estimator reads.
//!
//! Owns the common time line and four questions about a batch: which reports are new, whether the receiver's clock
//! jumped, whether packets at its front are lost or only their feedback is, and how long the round trip was.
//! Judges nothing else.

use crate::report::{Arrival, Fate, LARGEST_PACKET, ProbeId, Report};
use crate::units::Micros;
use std::time::{Duration, Instant};

/// The receiver's clock against ours may slip by this much between two reports; more is a clock that was set, a
/// wrapped counter, or another receiver. A link does not hold packets for so long and then deliver them.
const CLOCK_JUMP: Micros = Micros::from_millis(1000);
/// A lost feedback packet leaves at least so many packets without a word.
const SILENT_RUN_PACKETS: usize = 3;
/// ... and they were sent over at least this share of the usual distance between two reports.
const SILENT_RUN_SHARE: f64 = 0.6;
/// ... after a pause this many times the usual one.
const LATE_FEEDBACK: f64 = 1.5;
/// Weight of a new distance between reports in the usual one: a longer one counts little, as a report may be missing.
const SHORTER_WEIGHT: f64 = 0.2;
const LONGER_WEIGHT: f64 = 0.02;
/// Longer pauses than this say nothing about the usual distance.
const LONGEST_INTERVAL: Duration = Duration::from_millis(500);

/// One feedback, read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Batch {
    /// What arrived with a time, in the order of sending.
    pub(crate) arrivals: Vec<Arrival>,
    /// Packets known to have arrived, timed or not.
    pub(crate) received: u64,
    /// Packets known to be lost.
    pub(crate) lost: u64,
    /// Those of them that belonged to a probe, with their bytes.
    pub(crate) lost_of_probes: Vec<(ProbeId, u64)>,
    /// Packets whose feedback was lost: nobody knows.
    pub(crate) unknown: u64,
    /// The receiver's clock jumped before this batch.
    pub(crate) clock_jumped: bool,
    /// From sending the newest packet that arrived to hearing of it.
    pub(crate) round_trip: Option<Duration>,
    /// When the oldest and the newest packet of the batch were sent.
    pub(crate) oldest_sent: Option<Instant>,
    pub(crate) newest_sent: Option<Instant>,
}

/// Reads reports.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// Origin of our line of time: when the first packet was sent.
    epoch: Option<Instant>,
    /// The greatest id read.
    newest_id: Option<u64>,
    /// Our and the receiver's time at the last batch.
    last: Option<(Micros, Micros)>,
    /// When the last batch came.
    heard: Option<Instant>,
    /// Usual distance between two batches in seconds.
    interval: Option<f64>,
}

impl Reader {
    /// Usual distance between two reports.
    pub(crate) fn interval(&self) -> Option<Duration> {
        self.interval.map(Duration::from_secs_f64)
    }

    /// Reads what came at `now`.
    pub(crate) fn read(&mut self, now: Instant, reports: &[Report]) -> Batch {
        let fresh: Vec<&Report> = reports
            .iter()
            .filter(|report| self.is_new(report))
            .collect();
        let unknown = self.silent_run(now, &fresh);
        let mut batch = Batch {
            unknown: unknown as u64,
            oldest_sent: fresh.first().map(|report| report.sent_at),
            newest_sent: fresh.last().map(|report| report.sent_at),
            ..Batch::default()
        };
        for report in fresh.iter().skip(unknown) {
            self.sort(report, &mut batch);
        }
        batch.round_trip = fresh
            .iter()
            .rev()
            .find(|report| report.fate != Fate::Lost)
            .map(|report| now.saturating_duration_since(report.sent_at));
        batch.clock_jumped = self.jumped(now, &batch);
        if !fresh.is_empty() {
            self.note_interval(now);
        }
        batch
    }

    fn is_new(&mut self, report: &Report) -> bool {
        let new = self.newest_id.is_none_or(|newest| report.id > newest);
        if new {
            self.newest_id = Some(report.id);
        }
        new
    }

    fn sort(&mut self, report: &Report, batch: &mut Batch) {
        let epoch = *self.epoch.get_or_insert(report.sent_at);
        let bytes = report.bytes.min(LARGEST_PACKET) as u64;
        match report.fate {
            Fate::Lost => {
                batch.lost += 1;
                batch
                    .lost_of_probes
                    .extend(report.probe.map(|probe| (probe, bytes)));
            }
            Fate::Untimed => batch.received += 1,
            Fate::Arrived(at) => {
                batch.received += 1;
                batch.arrivals.push(Arrival {
                    sent: Micros::between(epoch, report.sent_at),
                    arrived: Micros::from_duration(at),
                    bytes,
                    probe: report.probe,
                });
            }
        }
    }

    /// How many packets at the front were left without a word because a whole feedback packet is missing: the packets
    /// of the lost one look exactly like lost packets.
    fn silent_run(&self, now: Instant, fresh: &[&Report]) -> usize {
        let (Some(heard), Some(interval)) = (self.heard, self.interval) else {
            return 0;
        };
        let run = fresh
            .iter()
            .take_while(|report| report.fate == Fate::Lost)
            .count();
        let (Some(first), Some(last)) = (fresh.first(), fresh.get(run.saturating_sub(1))) else {
            return 0;
        };
        let pause = now.saturating_duration_since(heard).as_secs_f64();
        let span = last
            .sent_at
            .saturating_duration_since(first.sent_at)
            .as_secs_f64();
        let feedback_is_missing = run >= SILENT_RUN_PACKETS
            && pause > interval * LATE_FEEDBACK
            && span > interval * SILENT_RUN_SHARE;
        if feedback_is_missing { run } else { 0 }
    }

    fn jumped(&mut self, now: Instant, batch: &Batch) -> bool {
        let (Some(epoch), Some(newest)) = (
            self.epoch,
            batch.arrivals.iter().map(|arrival| arrival.arrived).max(),
        ) else {
            return false;
        };
        let here = Micros::between(epoch, now);
        let before = self.last.replace((here, newest));
        before.is_some_and(|(was_here, was_there)| {
            let slip = (newest - was_there) - (here - was_here);
            slip.get().saturating_abs() > CLOCK_JUMP.get()
        })
    }

    fn note_interval(&mut self, now: Instant) {
        if let Some(heard) = self.heard.replace(now) {
            let pause = now
                .saturating_duration_since(heard)
                .min(LONGEST_INTERVAL)
                .as_secs_f64();
            let usual = self.interval.get_or_insert(pause);
            let weight = if pause < *usual {
                SHORTER_WEIGHT
            } else {
                LONGER_WEIGHT
            };
            *usual += weight * (pause - *usual);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn report(start: Instant, id: u64, fate: Fate) -> Report {
        Report {
            id,
            bytes: 1200,
            sent_at: start + ms(id * 10),
            fate,
            probe: None,
        }
    }

    /// Feedback every 50 ms about five packets each; gives the reader after `rounds` of them.
    fn after(start: Instant, rounds: u64) -> Reader {
        let mut reader = Reader::default();
        for round in 0..rounds {
            let reports: Vec<Report> = (round * 5..round * 5 + 5)
                .map(|id| report(start, id, Fate::Arrived(ms(7000 + id * 10))))
                .collect();
            reader.read(start + ms(round * 50 + 70), &reports);
        }
        reader
    }

    #[test]
    fn packets_of_a_lost_feedback_are_unknown_and_not_lost() {
        let start = Instant::now();
        let mut reader = after(start, 10);
        let reports: Vec<Report> = (50..60)
            .map(|id| {
                let arrived = Fate::Arrived(ms(7000 + id * 10));
                report(start, id, if id < 55 { Fate::Lost } else { arrived })
            })
            .collect();
        let batch = reader.read(start + ms(620), &reports);
        assert_eq!((batch.unknown, batch.lost, batch.received), (5, 0, 5));
    }

    #[test]
    fn a_burst_of_loss_in_a_feedback_that_came_in_time_is_loss() {
        let start = Instant::now();
        let mut reader = after(start, 10);
        let reports: Vec<Report> = (50..55)
            .map(|id| report(start, id, if id < 54 { Fate::Lost } else { Fate::Untimed }))
            .collect();
        let batch = reader.read(start + ms(570), &reports);
        assert_eq!((batch.unknown, batch.lost, batch.received), (0, 4, 1));
    }

    #[test]
    fn a_duplicate_counts_once() {
        let start = Instant::now();
        let mut reader = after(start, 1);
        let batch = reader.read(start + ms(80), &[report(start, 4, Fate::Lost)]);
        assert_eq!((batch.lost, batch.received), (0, 0));
    }

    #[test]
    fn a_clock_that_was_set_is_noticed_and_a_pause_of_the_link_is_not() {
        let start = Instant::now();
        let mut reader = after(start, 10);
        let paused = report(start, 50, Fate::Arrived(ms(8300)));
        assert!(!reader.read(start + ms(1320), &[paused]).clock_jumped);
        let set = report(start, 51, Fate::Arrived(ms(3_608_350)));
        assert!(reader.read(start + ms(1370), &[set]).clock_jumped);
        let back = report(start, 52, Fate::Arrived(ms(8400)));
        assert!(reader.read(start + ms(1420), &[back]).clock_jumped);
    }
}
