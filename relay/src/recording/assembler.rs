//! Packets back to access units, in order (sans-IO).
//!
//! Owns the wait for packets that come late or again, and the rule what a whole frame is: every packet from its first to
//! its last. What is not whole is left out, because a frame with a part missing would stand for good where the journal has
//! the right one; the back-fill brings that. Sequence numbers and timestamps are foreign: whatever they do costs frames only.

use crate::sfu::TappedPacket;
use bytes::Bytes;
use recording::{Unit, UnitBuilder};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use wire::RtpTime;

/// How long a missing packet is waited for: longer than it takes to be asked for and sent again over any usable link.
const LATE: Duration = Duration::from_millis(1_000);
/// Packets behind a missing one: more than a second at 10 Mbit/s.
const MAX_WAITING: usize = 2_048;

/// A frame that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrived {
    /// Its stamp.
    pub(super) rtp_time: RtpTime,
    /// From our agent.
    pub(super) ours: bool,
    /// What it is.
    pub(super) unit: Unit,
}

/// Puts frames of one publication together.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    /// Packets that cannot be used yet.
    waiting: BTreeMap<u64, TappedPacket>,
    /// The packet that comes next; nothing before the first one.
    next: Option<u64>,
    /// Since when it is waited for.
    since: Option<Instant>,
    unit: UnitBuilder,
    /// Stamp of the frame that is put together.
    current: Option<RtpTime>,
    /// Nothing is missing from its beginning on.
    is_whole: bool,
    /// The next packet begins a frame.
    at_border: bool,
}

impl Assembler {
    /// A packet came.
    pub(super) fn put(&mut self, packet: TappedPacket) {
        if self.next.is_none_or(|next| packet.seq >= next) {
            self.waiting.insert(packet.seq, packet);
        }
    }

    /// What is whole by now.
    pub(super) fn take(&mut self, now: Instant) -> Vec<Arrived> {
        let mut arrived = Vec::new();
        while let Some(entry) = self.waiting.first_entry() {
            let (seq, next) = (*entry.key(), self.next);
            if next == Some(seq) {
                let packet = entry.remove();
                self.since = None;
                self.next = Some(seq + 1);
                self.add(&packet, &mut arrived);
                continue;
            }
            let since = *self.since.get_or_insert(now);
            let is_late = now.saturating_duration_since(since) >= LATE;
            if next.is_some() && !is_late && self.waiting.len() <= MAX_WAITING {
                break;
            }
            // The first packet of all, or one that does not come any more.
            self.since = None;
            self.next = Some(seq);
            self.current = None;
            self.at_border = false;
            drop(self.unit.finish());
        }
        arrived
    }

    fn add(&mut self, packet: &TappedPacket, arrived: &mut Vec<Arrived>) {
        let at = Some(packet.rtp_time);
        if self.current != at {
            if self.current.is_some() {
                // The last packet said nothing of it, but another frame begins (RFC 6184 §5.1).
                self.end(packet.ours, arrived);
            }
            // Behind a loss, a frame that begins with its parameter sets is known to be whole too.
            self.is_whole = self.at_border || begins_with_sps(&packet.payload);
            self.current = at;
        }
        self.at_border = false;
        self.unit.add(&packet.payload);
        if packet.marker {
            self.end(packet.ours, arrived);
        }
    }

    fn end(&mut self, ours: bool, arrived: &mut Vec<Arrived>) {
        let (unit, current) = (self.unit.finish(), self.current.take());
        self.at_border = true;
        if let (Some(unit), Some(rtp_time), true) = (unit, current, self.is_whole) {
            arrived.push(Arrived {
                rtp_time,
                ours,
                unit,
            });
        }
    }
}

/// Whether a payload is a sequence parameter set, or an aggregate that begins with one.
fn begins_with_sps(payload: &Bytes) -> bool {
    const SPS: u8 = 7;
    const STAP_A: u8 = 24;
    let kind = |at: usize| payload.get(at).map(|header| header & 0x1f);
    kind(0) == Some(SPS) || (kind(0) == Some(STAP_A) && kind(3) == Some(SPS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &[&[u8]] = &[
        &[0x78, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 2, 0x68, 3],
        &[0x7c, 0x85, 1],
        &[0x7c, 0x45, 2],
    ];
    const DELTA: &[&[u8]] = &[&[0x7c, 0x81, 5], &[0x7c, 0x01, 6], &[0x7c, 0x41, 7]];

    /// Frames of three packets each, the first one a keyframe.
    fn packets(frames: u32) -> Vec<TappedPacket> {
        let frame = |at: u32| {
            let payloads = if at == 0 { KEY } else { DELTA };
            payloads
                .iter()
                .enumerate()
                .map(move |(part, payload)| TappedPacket {
                    seq: u64::from(at) * 3 + part as u64 + 100,
                    rtp_time: RtpTime(at * 3_000),
                    marker: part == 2,
                    ours: true,
                    payload: Bytes::from_static(payload),
                })
        };
        (0..frames).flat_map(frame).collect()
    }

    fn stamps(arrived: &[Arrived]) -> Vec<u32> {
        arrived.iter().map(|one| one.rtp_time.0 / 3_000).collect()
    }

    #[test]
    fn packets_that_come_late_and_out_of_order_make_whole_frames() {
        let (mut all, now) = (packets(4), Instant::now());
        all.swap(4, 8);
        let mut assembler = Assembler::default();
        let mut arrived = Vec::new();
        for packet in all {
            assembler.put(packet);
            arrived.extend(assembler.take(now));
        }
        assert_eq!(stamps(&arrived), [0, 1, 2, 3]);
        assert!(arrived[0].unit.keyframe && !arrived[1].unit.keyframe);
    }

    #[test]
    fn a_packet_that_never_comes_costs_its_frame_and_the_next_one_at_most() {
        for lost in [3, 4, 5] {
            let (mut all, now) = (packets(5), Instant::now());
            all.remove(lost);
            let mut assembler = Assembler::default();
            all.into_iter().for_each(|packet| assembler.put(packet));
            assert_eq!(stamps(&assembler.take(now)), [0], "it may still come");
            let left = stamps(&assembler.take(now + LATE));
            // Of the last packet nobody knows whose it was.
            let expected = if lost == 5 { &[3, 4][..] } else { &[2, 3, 4] };
            assert_eq!(left, expected, "without packet {lost}");
        }
    }

    #[test]
    fn in_the_middle_of_a_stream_the_first_whole_frame_counts() {
        let now = Instant::now();
        let mut assembler = Assembler::default();
        packets(4)
            .into_iter()
            .skip(4)
            .for_each(|packet| assembler.put(packet));
        assert_eq!(stamps(&assembler.take(now)), [2, 3]);
        let mut assembler = Assembler::default();
        packets(2)
            .into_iter()
            .for_each(|packet| assembler.put(packet));
        assert_eq!(
            stamps(&assembler.take(now)),
            [0, 1],
            "it begins with its parameter sets"
        );
    }

    #[test]
    fn a_frame_whose_last_packet_is_not_marked_ends_where_the_next_one_begins() {
        let now = Instant::now();
        let mut assembler = Assembler::default();
        for packet in packets(3) {
            let marker = packet.marker && packet.rtp_time.0 != 3_000;
            assembler.put(TappedPacket { marker, ..packet });
        }
        assert_eq!(stamps(&assembler.take(now)), [0, 1, 2]);
    }

    proptest! {
        /// Whatever is lost, repeated or renumbered: a frame that comes out has the bytes that went in.
        #[test]
        fn what_comes_out_is_what_went_in(
            changes in proptest::collection::vec((0usize..30, 0u8..4, any::<u64>()), 0..12),
        ) {
            let mut all = packets(10);
            let whole: Vec<Unit> = {
                let mut assembler = Assembler::default();
                all.iter().cloned().for_each(|packet| assembler.put(packet));
                assembler.take(Instant::now()).into_iter().map(|one| one.unit).collect()
            };
            for (at, change, number) in changes {
                let at = at % all.len();
                match change {
                    0 if all.len() > 1 => drop(all.remove(at)),
                    1 => all.push(all[at].clone()),
                    2 => all[at].seq = number >> 1,
                    _ => { let other = number as usize % all.len(); all.swap(at, other) }
                }
            }
            let (mut assembler, mut now) = (Assembler::default(), Instant::now());
            for packet in all {
                assembler.put(packet);
                now += LATE / 3;
                for one in assembler.take(now) {
                    prop_assert!(whole.contains(&one.unit));
                }
            }
        }
    }
}
