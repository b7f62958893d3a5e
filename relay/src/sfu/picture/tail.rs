//! The end of a frame that did not come.
//!
//! Owns the suspicion: packets of a frame follow each other closely, so one that began and did not end (marker bit, RFC 6184 §5.1)
//! has lost its last packet. The next frame would show the gap a whole frame later, which is the longest wait of a picture over
//! loss. It asks once for the number that must follow; a publisher that has not sent it yet has nothing to repeat.

use super::StreamSeq;
use std::time::{Duration, Instant};

/// The least time in which the next packet of a frame may come.
const LEAST_WAIT: Duration = Duration::from_millis(6);
/// That time in multiples of what lay between packets of late.
const SPACINGS: u32 = 2;
/// A link on which packets come so far apart shows the gap as soon by itself.
const MOST_WAIT: Duration = Duration::from_millis(25);
/// A shorter spacing counts for this share; a longer one counts at once.
const SHARE: u32 = 8;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) seq: StreamSeq,
    pub(super) at: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    last: StreamSeq,
    came: Instant,
}

/// The newest frame of a publication.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Its last packet so far, unless it ended.
    open: Option<Open>,
    asked: Option<Asked>,
    spacing: Duration,
}

impl Tail {
    /// The highest number so far came; `ends` when nothing of its frame follows.
    pub(super) fn came(&mut self, now: Instant, seq: StreamSeq, ends: bool) {
        if let Some(open) = self.open
            && seq == open.last + 1
            && self.asked.is_none_or(|asked| asked.seq != seq)
        {
            let lay_between = now.saturating_duration_since(open.came);
            let falling = self.spacing * (SHARE - 1) / SHARE + lay_between / SHARE;
            self.spacing = lay_between.max(falling);
        }
        self.open = (!ends).then_some(Open {
            last: seq,
            came: now,
        });
    }

    /// A number to ask for now.
    pub(super) fn due(&mut self, now: Instant) -> Option<StreamSeq> {
        let seq = self.open?.last + 1;
        (self.next()? <= now).then(|| {
            self.asked = Some(Asked { seq, at: now });
            seq
        })
    }

    /// When `due` has something to say.
    pub(super) fn next(&self) -> Option<Instant> {
        let open = self.open?;
        let wait = LEAST_WAIT.max(self.spacing * SPACINGS);
        let is_asked = self.asked.is_some_and(|asked| asked.seq == open.last + 1);
        (!is_asked && wait <= MOST_WAIT).then(|| open.came + wait)
    }

    /// When this number was asked for.
    pub(super) fn asked_for(&self, seq: StreamSeq) -> Option<Instant> {
        self.asked
            .filter(|asked| asked.seq == seq)
            .map(|asked| asked.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_frame_without_its_end_is_asked_for_once() {
        let start = Instant::now();
        let mut tail = Tail::default();
        tail.came(start, 10, false);
        tail.came(start + MS, 11, false);
        let asked: Vec<u32> = (1..100)
            .filter(|ms| tail.due(start + *ms * MS) == Some(12))
            .collect();
        assert_eq!(asked, [7]);
        assert_eq!(tail.asked_for(12), Some(start + 7 * MS));
        tail.came(start + 50 * MS, 12, true);
        assert_eq!(tail.next(), None);
    }

    #[test]
    fn a_frame_with_its_end_is_whole() {
        let start = Instant::now();
        let mut tail = Tail::default();
        tail.came(start, 10, false);
        tail.came(start + MS, 11, true);
        assert_eq!((tail.next(), tail.due(start + 100 * MS)), (None, None));
    }

    #[test]
    fn where_packets_come_far_apart_it_waits_longer_and_then_leaves_it() {
        for (apart, waits) in [(1, Some(6)), (5, Some(10)), (12, Some(24)), (13, None)] {
            let mut now = Instant::now();
            let mut tail = Tail::default();
            for seq in 0..5 {
                now += apart * MS;
                tail.came(now, seq, false);
            }
            assert_eq!(
                tail.next(),
                waits.map(|waits| now + waits * MS),
                "{apart} ms apart"
            );
        }
    }

    #[test]
    fn an_answer_does_not_make_packets_seem_far_apart() {
        let start = Instant::now();
        let mut tail = Tail::default();
        tail.came(start, 10, false);
        assert_eq!(tail.due(start + 6 * MS), Some(11));
        tail.came(start + 60 * MS, 11, false);
        assert_eq!(tail.due(start + 66 * MS), Some(12));
    }
}
