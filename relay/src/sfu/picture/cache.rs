//! The last packets of one stream, for retransmission and for those who join.
//!
//! Owns a ring of packets by stream number, bounded in packets and bytes, and where the last keyframe begins. A joiner
//! within `JOIN_FROM_CACHE` of that keyframe starts there; later ones wait for a new keyframe, because replaying a long
//! group of pictures shows fast-forward. Called by the stream for each packet. Invariant: the keyframe's first packet is
//! in the ring whenever `join_point` names it.

use super::{Packet, StreamSeq};
use crate::sfu::limits::{CACHE_BYTES, CACHE_PACKETS, JOIN_FROM_CACHE};
use std::time::Instant;

/// Slots, a power of two.
const SLOTS: usize = CACHE_PACKETS.next_power_of_two();

/// Where a keyframe begins.
#[derive(Debug, Clone, Copy)]
struct Keyframe {
    first: StreamSeq,
    timestamp: u32,
    at: Instant,
}

/// The ring.
#[derive(Debug)]
pub(crate) struct Cache {
    slots: Vec<Option<Packet>>,
    bytes: usize,
    /// Highest number stored.
    newest: Option<StreamSeq>,
    /// Lowest number that may still be stored.
    oldest: StreamSeq,
    /// The frame being received: its timestamp and its first packet.
    frame: Option<(u32, StreamSeq)>,
    keyframe: Option<Keyframe>,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            slots: vec![None; SLOTS],
            bytes: 0,
            newest: None,
            oldest: 0,
            frame: None,
            keyframe: None,
        }
    }
}

impl Cache {
    /// Stores a packet. Returns true when a new keyframe begins with its frame.
    pub(crate) fn add(&mut self, now: Instant, packet: Packet, is_key: bool) -> bool {
        let seq = packet.seq;
        if self.has_let_go(seq) {
            return false;
        }
        self.follow_frame(&packet);
        let begins = is_key
            && self.keyframe.is_none_or(|keyframe| {
                keyframe.timestamp != packet.timestamp && seq > keyframe.first
            });
        if begins {
            let first = match self.frame {
                Some((timestamp, first)) if timestamp == packet.timestamp => first,
                _ => seq,
            };
            self.keyframe = Some(Keyframe {
                first,
                timestamp: packet.timestamp,
                at: now,
            });
        }
        self.store(packet);
        begins
    }

    /// Remembers where the newest frame begins: parameter sets travel ahead of the slice that makes it a keyframe.
    fn follow_frame(&mut self, packet: &Packet) {
        match &mut self.frame {
            Some((timestamp, first)) if *timestamp == packet.timestamp => {
                *first = (*first).min(packet.seq);
            }
            _ if self.newest.is_none_or(|newest| packet.seq > newest) => {
                self.frame = Some((packet.timestamp, packet.seq));
            }
            _ => {}
        }
    }

    fn store(&mut self, packet: Packet) {
        let seq = packet.seq;
        self.newest = Some(self.newest.map_or(seq, |newest| newest.max(seq)));
        let added = packet.payload.len();
        if let Some(slot) = self.slots.get_mut(seq as usize % SLOTS) {
            let replaced = slot.replace(packet);
            self.bytes += added;
            self.bytes -= replaced.map_or(0, |old| old.payload.len());
        }
        self.evict();
    }

    /// Drops the oldest packets until the bytes fit again.
    fn evict(&mut self) {
        let Some(newest) = self.newest else { return };
        self.oldest = self.oldest.max((newest + 1).saturating_sub(SLOTS as u64));
        while self.bytes > CACHE_BYTES && self.oldest < newest {
            let oldest = self.oldest;
            if let Some(slot) = self.slots.get_mut(oldest as usize % SLOTS)
                && slot.as_ref().is_some_and(|packet| packet.seq == oldest)
            {
                self.bytes -= slot.take().map_or(0, |old| old.payload.len());
            }
            self.oldest += 1;
        }
    }

    /// A packet by its number.
    pub(crate) fn get(&self, seq: StreamSeq) -> Option<&Packet> {
        // A slot may hold a packet from before a jump in the numbers: it is history, not the cache.
        let in_window = self.newest? < seq.checked_add(SLOTS as u64)?;
        let packet = self.slots.get(seq as usize % SLOTS)?.as_ref()?;
        (in_window && packet.seq == seq).then_some(packet)
    }

    /// Whether a number is older than all that may be stored: nobody can tell any more whether its packet came before.
    pub(crate) const fn has_let_go(&self, seq: StreamSeq) -> bool {
        seq < self.oldest
    }

    /// Where somebody who joins now may begin.
    pub(crate) fn join_point(&self, now: Instant) -> Option<StreamSeq> {
        let keyframe = self.keyframe?;
        let fresh = now.saturating_duration_since(keyframe.at) <= JOIN_FROM_CACHE;
        (fresh && self.get(keyframe.first).is_some()).then_some(keyframe.first)
    }

    /// The timestamp of the keyframe at which somebody may begin now.
    pub(crate) fn join_timestamp(&self, now: Instant) -> Option<u32> {
        self.join_point(now)?;
        self.keyframe.map(|keyframe| keyframe.timestamp)
    }

    /// The timestamp of the newest frame.
    pub(crate) fn newest_timestamp(&self) -> Option<u32> {
        self.frame.map(|(timestamp, _)| timestamp)
    }

    /// All stored packets from a number on, in order.
    pub(crate) fn from(&self, first: StreamSeq) -> impl Iterator<Item = &Packet> {
        let end = self.newest.map_or(first, |newest| newest + 1);
        (first..end).filter_map(|seq| self.get(seq))
    }

    /// What follows is not built on what came: nobody begins before the next keyframe.
    pub(crate) const fn forget_keyframe(&mut self) {
        (self.frame, self.keyframe) = (None, None);
    }

    /// Another publication begins: nothing stored belongs to it.
    pub(crate) fn clear(&mut self) {
        let oldest = self.newest.map_or(0, |newest| newest + 1);
        *self = Self {
            oldest,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::time::Duration;

    fn packet(seq: u64, timestamp: u32, length: usize) -> Packet {
        Packet {
            seq,
            timestamp,
            marker: false,
            extensions: Vec::new(),
            payload: Bytes::from(vec![0; length]),
        }
    }

    fn seqs(cache: &Cache, first: u64) -> Vec<u64> {
        cache.from(first).map(|packet| packet.seq).collect()
    }

    #[test]
    fn a_joiner_begins_at_the_parameter_sets_of_the_keyframe() {
        let now = Instant::now();
        let mut cache = Cache::default();
        cache.add(now, packet(10, 1, 9), false);
        cache.add(now, packet(11, 2, 9), false);
        assert!(cache.add(now, packet(12, 2, 9), true));
        assert!(
            !cache.add(now, packet(13, 2, 9), true),
            "one keyframe, two slices"
        );
        cache.add(now, packet(14, 3, 9), false);
        assert_eq!(cache.join_point(now), Some(11));
        assert_eq!(seqs(&cache, 11), [11, 12, 13, 14]);
    }

    #[test]
    fn an_old_keyframe_is_not_replayed() {
        let now = Instant::now();
        let mut cache = Cache::default();
        cache.add(now, packet(1, 1, 9), true);
        assert_eq!(cache.join_point(now + JOIN_FROM_CACHE), Some(1));
        let later = now + JOIN_FROM_CACHE + Duration::from_millis(1);
        assert_eq!(cache.join_point(later), None);
    }

    #[test]
    fn a_packet_that_comes_late_fills_its_place() {
        let now = Instant::now();
        let mut cache = Cache::default();
        cache.add(now, packet(5, 1, 9), true);
        cache.add(now, packet(8, 2, 9), false);
        cache.add(now, packet(6, 1, 9), false);
        assert_eq!(seqs(&cache, 5), [5, 6, 8]);
        cache.add(now, packet(4, 1, 9), false);
        assert_eq!(cache.join_point(now), Some(5));
    }

    #[test]
    fn it_never_grows_past_its_bounds() {
        let now = Instant::now();
        let mut cache = Cache::default();
        for seq in 0..10_000 {
            cache.add(now, packet(seq, seq as u32, 1_000), seq == 0);
        }
        assert!(seqs(&cache, 0).len() <= CACHE_PACKETS);
        assert_eq!(cache.join_point(now), None, "its first packet is gone");
        for seq in 10_000..10_100 {
            cache.add(now, packet(seq, 0, CACHE_BYTES / 10), false);
        }
        assert!(cache.bytes <= CACHE_BYTES);
        assert_eq!(
            cache.bytes,
            cache.from(0).map(|p| p.payload.len()).sum::<usize>()
        );
    }

    #[test]
    fn what_it_let_go_for_its_bytes_does_not_come_back() {
        let now = Instant::now();
        let mut cache = Cache::default();
        for seq in 0..20 {
            cache.add(now, packet(seq, 0, CACHE_BYTES / 10), false);
        }
        assert!(cache.has_let_go(3) && !cache.has_let_go(19));
        let before = cache.bytes;
        cache.add(now, packet(3, 0, 9), true);
        assert_eq!((cache.get(3), cache.bytes), (None, before));
    }

    #[test]
    fn a_number_far_in_the_past_or_future_is_harmless() {
        let now = Instant::now();
        let mut cache = Cache::default();
        cache.add(now, packet(1 << 40, 1, 9), false);
        assert!(!cache.add(now, packet(3, 1, 9), true));
        assert_eq!(cache.get(3), None);
        cache.add(now, packet((1 << 40) + 1, 2, 9), true);
        cache.add(now, packet(1 << 50, 3, 9), false);
        assert_eq!(seqs(&cache, (1 << 50) - 1), [1 << 50]);
        assert_eq!(cache.join_point(now), None);
    }

    #[test]
    fn a_keyframe_from_before_the_last_one_is_nowhere_to_begin() {
        let now = Instant::now();
        let mut cache = Cache::default();
        cache.add(now, packet(500, 9, 9), true);
        assert!(!cache.add(now, packet(20, 1, 9), true));
        assert_eq!(cache.join_point(now), Some(500));
    }

    #[test]
    fn a_new_publication_shares_nothing_with_the_last() {
        let now = Instant::now();
        let mut cache = Cache::default();
        cache.add(now, packet(1, 1, 9), true);
        cache.clear();
        assert_eq!(cache.join_point(now), None);
        assert_eq!(cache.get(1), None);
        assert_eq!(cache.bytes, 0);
    }
}
