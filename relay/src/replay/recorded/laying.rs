//! Where the packets of a voice lie on the relay's time, from when each arrived and how far its sender says it is from the first.
//!
//! Sans-IO. A sender's sound card and the relay are two clocks: they drift by up to 100 ppm, 360 ms in an hour, and a page that
//! takes another microphone may stop counting while nothing sounds. So the quickest packet of a while says where the while lies, not
//! that of the whole track. What the network held up does not count, as long as something near it came in time.

use std::collections::VecDeque;

/// Packets on either side of one, of which the quickest counts: half a minute as browsers send them. In that time two clocks part by 3 ms.
const NEAR: usize = 1_500;
/// Packets on either side of a place at which the sender's count and the relay's clock part for good: ten seconds. No queue of a network
/// holds up all of them.
const LASTING: usize = 500;
/// With fewer packets behind it nobody can tell.
const TELLING: usize = 50;
/// They part by more than this, however it came. Less is a queue, or a clock that drifts.
const PARTED_US: i64 = 1_000_000;
/// They part by more than this, and all of it from one packet to the next: a sender that stopped counting.
const STOPPED_US: i64 = 200_000;
/// A voice is moved by so much: one packet, so that what is spoken stays whole for minutes.
const MOVED_US: i64 = 20_000;

/// The moment of each packet. `arrived_us` and `after_us` (since the first, by its sender) have one length, in the order in which they were said.
pub(super) fn laid(arrived_us: &[i64], after_us: &[i64]) -> Vec<i64> {
    let late: Vec<i64> = arrived_us
        .iter()
        .zip(after_us)
        .map(|(arrived, after)| arrived - after)
        .collect();
    let mut begins = Vec::with_capacity(late.len());
    for part in parts(&late) {
        let quickest = quickest(part, NEAR, NEAR);
        let mut begin = quickest.first().copied().unwrap_or_default();
        for quickest in quickest {
            let off = quickest - begin;
            if off.abs() > MOVED_US {
                // No further: nothing that was said later lies earlier.
                begin += off.clamp(-MOVED_US, MOVED_US);
            }
            begins.push(begin);
        }
    }
    let moments = after_us.iter().zip(begins);
    moments.map(|(after, begin)| after + begin).collect()
}

/// A track where its sender stopped counting, or somebody set the relay's clock, is laid part by part.
fn parts(late: &[i64]) -> Vec<&[i64]> {
    let after = quickest(late, 0, LASTING);
    let (mut out, mut from) = (Vec::new(), 0);
    // Of this part, those just before.
    let mut before = Able::default();
    let mut last = late.first().copied().unwrap_or_default();
    let mut at = 0;
    while let (Some(now), Some(behind)) = (late.get(at).copied(), after.get(at)) {
        before.forget_before(at.saturating_sub(LASTING));
        let by = before.least().map_or(0, |before| behind - before);
        let is_told = at - from >= TELLING && late.len() - at >= TELLING;
        let is_at_once = (now - last) / 3 * 4 >= by;
        let step = if by > STOPPED_US && (is_at_once || (by > PARTED_US && is_told)) {
            Some(at)
        } else if by < -PARTED_US && is_told {
            steepest_fall(late, at)
        } else {
            None
        };
        if let Some(step) = step {
            out.push(late.get(from..step).unwrap_or_default());
            (from, at) = (step, step);
            before = Able::default();
        }
        last = late.get(at).copied().unwrap_or(now);
        before.take(at, last);
        at += 1;
    }
    out.push(late.get(from..).unwrap_or_default());
    out
}

/// Where a clock was set back: seen from before, a step down is there as long as it is ahead.
fn steepest_fall(late: &[i64], from: usize) -> Option<usize> {
    let until = late.len().min(from + LASTING);
    let falls = (from.max(1)..until).filter_map(|at| Some((late.get(at)? - late.get(at - 1)?, at)));
    falls.min().map(|(_, at)| at)
}

/// Those of a window that can still be its least, the least first.
#[derive(Debug, Default)]
struct Able(VecDeque<(usize, i64)>);

impl Able {
    fn take(&mut self, index: usize, value: i64) {
        while self.0.back().is_some_and(|(_, last)| *last >= value) {
            self.0.pop_back();
        }
        self.0.push_back((index, value));
    }

    fn forget_before(&mut self, index: usize) {
        while self.0.front().is_some_and(|(held, _)| *held < index) {
            self.0.pop_front();
        }
    }

    fn least(&self) -> Option<i64> {
        self.0.front().map(|(_, least)| *least)
    }
}

/// The least of each one and so many before and behind it.
fn quickest(late: &[i64], before: usize, behind: usize) -> Vec<i64> {
    let mut able = Able::default();
    let mut coming = late.iter().copied().enumerate().peekable();
    (0..late.len())
        .map(|at| {
            while let Some((index, value)) = coming.next_if(|(index, _)| *index <= at + behind) {
                able.take(index, value);
            }
            able.forget_before(at.saturating_sub(before));
            able.least().unwrap_or_default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET_US: i64 = 20_000;
    /// More than an ear hears against a picture.
    const HEARD_US: i64 = 60_000;

    /// What a sender counts at the moments of its packets, and when they arrive: said, and held up by this.
    fn of(said: impl Iterator<Item = (i64, i64, i64)>) -> (Vec<i64>, Vec<i64>, Vec<i64>) {
        let (mut truth, mut arrived, mut counted) = (Vec::new(), Vec::new(), Vec::new());
        for (at, count, held_up) in said {
            truth.push(at);
            arrived.push(at + held_up);
            counted.push(count);
        }
        (truth, arrived, counted)
    }

    fn farthest(truth: &[i64], laid: &[i64]) -> i64 {
        truth
            .iter()
            .zip(laid)
            .map(|(said, at)| (said - at).abs())
            .max()
            .unwrap()
    }

    #[test]
    fn an_hour_of_a_clock_that_drifts_stays_with_the_picture_and_moves_by_a_packet_at_a_time() {
        for parts_per_million in [-100, 100] {
            let (truth, arrived, counted) = of((0..180_000).map(|n| {
                let count = n * PACKET_US;
                (
                    count + count * parts_per_million / 1_000_000,
                    count,
                    n * 7_919 % 8_000,
                )
            }));
            let laid = laid(&arrived, &counted);
            assert!(
                farthest(&truth, &laid) < HEARD_US / 2,
                "{}",
                farthest(&truth, &laid)
            );
            let moved = laid
                .windows(2)
                .filter(|pair| pair[1] - pair[0] != PACKET_US)
                .count();
            assert!(moved < 20, "{moved} times in an hour");
            assert!(laid.is_sorted());
        }
    }

    #[test]
    fn what_is_said_after_a_sender_stopped_counting_lies_where_it_was_said() {
        // How long it stood, each time after so many packets, of how many.
        for (pause, each, packets) in [
            (300_000, 1_234, 4_000),
            (900_000, 1_234, 4_000),
            (500_000, 450, 4_000),
            (10_000_000, 1_234, 4_000),
            (600_000_000, 2_000, 4_000),
            (10_000_000, 3_970, 4_000),
            (10_000_000, 30, 60),
        ] {
            let (truth, arrived, counted) = of((0..packets).map(|n| {
                let stood = n / each * pause;
                (n * PACKET_US + stood, n * PACKET_US, n % 5 * 1_000)
            }));
            let laid = laid(&arrived, &counted);
            let farthest = farthest(&truth, &laid);
            assert!(farthest < HEARD_US, "{pause} each {each}: {farthest}");
        }
    }

    #[test]
    fn a_clock_of_the_relay_that_was_set_back_moves_what_comes_after_it_alone() {
        let (truth, arrived, counted) = of((0..4_000).map(|n| {
            let set = if n >= 2_345 { -30_000_000 } else { 0 };
            (n * PACKET_US + set, n * PACKET_US, n % 5 * 1_000)
        }));
        assert!(farthest(&truth, &laid(&arrived, &counted)) < HEARD_US);
    }

    #[test]
    fn what_a_network_held_up_is_no_pause() {
        // Nothing for four seconds, then all of it at once; and eight seconds behind a queue of 700 ms.
        let (truth, arrived, counted) = of((0..4_000_i64).map(|n| {
            let at = n * PACKET_US;
            let held_up = match n {
                1_000..1_200 => (1_200 - n) * PACKET_US,
                2_000..2_400 => 700_000,
                3_980.. => (4_000 - n) * PACKET_US,
                _ => n % 5 * 1_000,
            };
            (at, at, held_up)
        }));
        assert!(farthest(&truth, &laid(&arrived, &counted)) < HEARD_US);
    }

    #[test]
    fn few_packets_are_laid_by_their_quickest_and_none_by_nothing() {
        assert_eq!(laid(&[], &[]), Vec::<i64>::new());
        assert_eq!(laid(&[900, 20_100], &[0, 20_000]), [100, 20_100]);
    }
}
