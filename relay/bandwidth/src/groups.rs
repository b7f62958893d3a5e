//! Groups of packets that left together, and how much later each group arrives than the one before.
//!
//! A frame leaves as a burst, so what counts is not its last packet, which waits behind its own frame, but the one that
//! waited least: it saw only what stood in the queue before. Sizes of frames then do not show as delay.
//! draft-ietf-rmcat-gcc-02 §5.2 takes the last packet of groups of 5 ms.

use crate::report::Arrival;
use crate::units::Micros;

/// A pause in sending longer than this ends a group.
const GROUP_GAP: Micros = Micros::from_millis(5);
/// A group is not longer than this, less than a frame at 30 frames/s.
const LONGEST_GROUP: Micros = Micros::from_millis(25);

/// One group against the one before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Variation {
    /// When its quickest packet arrived, by the receiver's clock.
    pub(crate) arrived: Micros,
    /// How much more delay it had, in milliseconds.
    pub(crate) more_ms: f64,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent: Micros,
    last_sent: Micros,
    /// The packet that waited least.
    quickest: Arrival,
}

/// Collects packets into groups.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    open: Option<Group>,
    before: Option<Arrival>,
}

impl Groups {
    /// Takes the next packet in the order of sending; gives a variation when it closes a group.
    pub(crate) fn take(&mut self, arrival: Arrival) -> Option<Variation> {
        let Some(group) = &mut self.open else {
            self.open = Some(Group::of(arrival));
            return None;
        };
        let same = arrival.sent - group.last_sent <= GROUP_GAP
            && arrival.sent - group.first_sent <= LONGEST_GROUP;
        if same {
            group.last_sent = group.last_sent.max(arrival.sent);
            if arrival.delay() < group.quickest.delay() {
                group.quickest = arrival;
            }
            return None;
        }
        let closed = group.quickest;
        *group = Group::of(arrival);
        self.against_the_one_before(closed)
    }

    fn against_the_one_before(&mut self, closed: Arrival) -> Option<Variation> {
        let Some(before) = self.before else {
            self.before = Some(closed);
            return None;
        };
        // A group that was overtaken says nothing about time passing at the receiver.
        if closed.arrived <= before.arrived {
            return None;
        }
        self.before = Some(closed);
        Some(Variation {
            arrived: closed.arrived,
            more_ms: (closed.delay() - before.delay()).millis(),
        })
    }
}

impl Group {
    fn of(arrival: Arrival) -> Self {
        Self {
            first_sent: arrival.sent,
            last_sent: arrival.sent,
            quickest: arrival,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::arrival;

    /// Frames 33 ms apart of so many packets each, in a burst, over a link that takes 10 ms for each packet, 20 ms away.
    fn bursts(sizes: &[u32]) -> Vec<f64> {
        let mut groups = Groups::default();
        let mut found = Vec::new();
        for (frame, size) in sizes.iter().enumerate() {
            let sent = frame as f64 * 33.0;
            for packet in 0..*size {
                let late = f64::from(packet + 1) * 10.0;
                found.extend(groups.take(arrival(sent, sent + 20.0 + late)));
            }
        }
        found.iter().map(|variation| variation.more_ms).collect()
    }

    #[test]
    fn frames_of_different_size_are_no_delay() {
        assert_eq!(bursts(&[1, 3, 1, 2, 3, 1, 1]), vec![0.0; 5]);
    }

    #[test]
    fn a_queue_that_grows_is_delay() {
        let mut groups = Groups::default();
        let found: Vec<f64> = (0..6_u32)
            .filter_map(|n| groups.take(arrival(f64::from(n) * 33.0, 20.0 + f64::from(n) * 40.0)))
            .map(|variation| variation.more_ms)
            .collect();
        assert_eq!(found, vec![7.0; 4]);
    }

    #[test]
    fn a_packet_that_was_overtaken_is_not_the_measure() {
        let mut groups = Groups::default();
        let packets = [
            (0.0, 20.0),
            (33.0, 90.0),
            (34.0, 54.0),
            (66.0, 60.0),
            (99.0, 119.0),
            (132.0, 152.0),
        ];
        let found: Vec<f64> = packets
            .iter()
            .filter_map(|&(sent, arrived)| groups.take(arrival(sent, arrived)))
            .map(|variation| variation.more_ms)
            .collect();
        assert_eq!(found, [0.0, -26.0, 26.0]);
    }
}
