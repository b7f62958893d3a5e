//! What the estimator makes of packets that the real agent sent over links of the lab.
//!
//! `tests/tests/unwatched/records_links.rs` wrote the traces and says how to write them anew. One line is a packet: microseconds since
//! the one before it, bytes, and microseconds that it waited in the queue or `-` when it was lost. A trace does not answer to the
//! estimator, so only what it says to this trace is judged: that it sees a fall in time, and takes neither the burst of a frame nor
//! what a radio loses for one.

use bandwidth::{BitRate, Estimator, Fate, Limits, Report};
use std::time::{Duration, Instant};

/// As transport-wide feedback comes.
const REPORT_EVERY: Duration = Duration::from_millis(50);
/// The 3 s before a bottleneck of 3 Mbit/s falls to 1, and 9 s after that.
const BOTTLENECK: Trace = Trace {
    text: include_str!("recorded/bottleneck_3_1_6.txt"),
    one_way: Duration::from_millis(20),
    start_kbps: 2_000,
};
const FALLS_AT: Duration = Duration::from_secs(3);
/// 20 s of a telephone in the country: 1 Mbit/s that wanders by a seventh, 1 % lost in bursts of three.
const LTE_RURAL: Trace = Trace {
    text: include_str!("recorded/lte_rural.txt"),
    one_way: Duration::from_millis(60),
    start_kbps: 800,
};

struct Trace {
    text: &'static str,
    /// The path without the queue, the same back and forth.
    one_way: Duration,
    /// What the estimator believes when the trace begins.
    start_kbps: u64,
}

struct Packet {
    at: Duration,
    bytes: usize,
    arrives: Option<Duration>,
}

fn packets(trace: &Trace) -> Vec<Packet> {
    let mut at = Duration::ZERO;
    let of = |line: &str, at: &mut Duration| {
        let mut parts = line.split(' ');
        *at += Duration::from_micros(parts.next().unwrap().parse().unwrap());
        let bytes = parts.next().unwrap().parse().unwrap();
        let waited = parts.next().unwrap().parse().ok();
        Packet {
            at: *at,
            bytes,
            arrives: waited.map(|waited| *at + Duration::from_micros(waited) + trace.one_way),
        }
    };
    trace.text.lines().map(|line| of(line, &mut at)).collect()
}

/// The target in kbit/s after each report, with its time.
fn targets(trace: &Trace) -> Vec<(Duration, u64)> {
    let (origin, all) = (Instant::now(), packets(trace));
    let limits = Limits {
        min: BitRate::from_kbps(100),
        max: BitRate::from_kbps(8_000),
    };
    let mut estimator = Estimator::new(limits, BitRate::from_kbps(trace.start_kbps));
    let mut waiting = (0_u64..).zip(&all).peekable();
    let end = all.last().unwrap().at;
    let (mut now, mut course) = (REPORT_EVERY, Vec::new());
    while now < end {
        while estimator
            .poll_timeout()
            .is_some_and(|due| due <= origin + now)
        {
            estimator.on_timeout(origin + now);
        }
        // The report is about everything up to the newest packet that arrived, half a round trip ago.
        let heard = now.saturating_sub(trace.one_way);
        let newest = (0_u64..)
            .zip(&all)
            .filter(|(_, packet)| packet.arrives.is_some_and(|at| at <= heard))
            .map(|(id, _)| id)
            .last();
        let mut reports = Vec::new();
        while let Some((id, packet)) = waiting.next_if(|(id, _)| Some(*id) <= newest) {
            reports.push(Report {
                id,
                bytes: packet.bytes,
                sent_at: origin + packet.at,
                fate: packet.arrives.map_or(Fate::Lost, Fate::Arrived),
                probe: None,
            });
        }
        estimator.on_reports(origin + now, &reports);
        course.push((now, estimator.target().bps() / 1_000));
        now += REPORT_EVERY;
    }
    println!("{course:?}");
    course
}

fn within(course: &[(Duration, u64)], from: Duration, to: Duration) -> Vec<u64> {
    let inside = course.iter().filter(|(at, _)| (from..to).contains(at));
    inside.map(|(_, kbps)| *kbps).collect()
}

#[test]
fn a_fall_that_was_recorded_is_seen_within_two_seconds_and_not_before() {
    let course = targets(&BOTTLENECK);
    let before = within(&course, Duration::from_secs(1), FALLS_AT);
    assert!(before.iter().all(|kbps| *kbps >= 1_300), "{before:?}");
    let two = Duration::from_secs(2);
    let after = within(&course, FALLS_AT + two, FALLS_AT + 2 * two);
    assert!(after.iter().all(|kbps| *kbps < 1_000), "{after:?}");
    assert!(after.iter().all(|kbps| *kbps > 300), "{after:?}");
}

#[test]
fn what_a_radio_loses_and_how_its_cell_wanders_is_taken_for_no_fall() {
    let packets = packets(&LTE_RURAL);
    let lost = packets.iter().filter(|it| it.arrives.is_none()).count();
    assert!(
        lost * 200 > packets.len(),
        "{lost} lost: that proves nothing"
    );
    let course = targets(&LTE_RURAL);
    let settled = within(&course, Duration::from_secs(2), Duration::MAX);
    assert!(settled.iter().all(|kbps| *kbps > 500), "{settled:?}");
    assert!(settled.iter().all(|kbps| *kbps < 1_500), "{settled:?}");
}
