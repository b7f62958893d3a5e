//! A seat: one source at a listener, through which one other person is heard at a time.
//!
//! Owns the numbering that goes on when somebody else sits down, because a browser takes a jump for loss. RTP time moves by
//! as much as time passed in between (RFC 7587: 48,000 ticks a second). Invariant: what one person says keeps its own spacing, so that the
//! listener's jitter buffer sees the network and nothing of ours.

use crate::sfu::edge::RtpIn;
use crate::sfu::net::route::PeerId;
use std::time::{Duration, Instant};

/// RTP ticks of Opus in a millisecond (RFC 7587 §4.1).
const TICKS_PER_MS: u128 = 48;

/// One source at one listener.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Its source.
    pub(crate) ssrc: u32,
    /// Who sits there.
    taken: Option<Taken>,
    /// The newest packet that left: when, its number and time.
    last: Option<(Instant, u16, u32)>,
}

/// Whoever sits there.
#[derive(Debug, Clone, Copy)]
struct Taken {
    by: PeerId,
    /// Their first packet here, by their numbering: what is older comes too late for this seat.
    first: u16,
    seq_offset: u16,
    time_offset: u32,
}

impl Seat {
    /// An empty one.
    pub(crate) const fn new(ssrc: u32) -> Self {
        Self {
            ssrc,
            taken: None,
            last: None,
        }
    }

    /// Who sits there.
    pub(crate) fn taken_by(&self) -> Option<PeerId> {
        self.taken.map(|taken| taken.by)
    }

    /// Nobody sits there any more.
    pub(crate) fn leave(&mut self) {
        self.taken = None;
    }

    /// Number and time that a packet gets here; somebody new sits down with it. None when it is from before that.
    pub(crate) fn number(&mut self, now: Instant, by: PeerId, rtp: &RtpIn) -> Option<(u16, u32)> {
        let taken = match self.taken {
            Some(taken) if taken.by == by => taken,
            _ => self.sit_down(now, by, rtp),
        };
        if is_before(rtp.seq, taken.first) {
            return None;
        }
        let seq = rtp.seq.wrapping_add(taken.seq_offset);
        let time = rtp.timestamp.wrapping_add(taken.time_offset);
        if self.last.is_none_or(|(_, last, _)| is_before(last, seq)) {
            self.last = Some((now, seq, time));
        }
        Some((seq, time))
    }

    fn sit_down(&mut self, now: Instant, by: PeerId, rtp: &RtpIn) -> Taken {
        let (seq, time) = match self.last {
            Some((at, seq, time)) => (
                seq.wrapping_add(1),
                time.wrapping_add(ticks(now.saturating_duration_since(at)).max(1)),
            ),
            None => (rtp.seq, rtp.timestamp),
        };
        let taken = Taken {
            by,
            first: rtp.seq,
            seq_offset: seq.wrapping_sub(rtp.seq),
            time_offset: time.wrapping_sub(rtp.timestamp),
        };
        self.taken = Some(taken);
        taken
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "RTP time is modulo 2^32 (RFC 3550 §5.1)"
)]
fn ticks(span: Duration) -> u32 {
    (span.as_millis() * TICKS_PER_MS) as u32
}

/// Whether `a` comes before `b` in numbers that wrap.
const fn is_before(a: u16, b: u16) -> bool {
    a != b && b.wrapping_sub(a) < 0x8000
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn packet(seq: u16, timestamp: u32) -> RtpIn {
        RtpIn {
            ssrc: 1,
            payload_type: 111,
            seq,
            timestamp,
            marker: false,
            extensions: Vec::new(),
            payload: Bytes::from_static(b"voice"),
        }
    }

    #[test]
    fn one_persons_packets_keep_their_spacing_also_over_the_wrap() {
        let (mut seat, now) = (Seat::new(7), Instant::now());
        let sent = [
            (65_534, 4_294_966_000),
            (65_535, 4_294_966_960),
            (1, 1_584),
            (0, 624),
        ];
        let out: Vec<_> = sent
            .iter()
            .filter_map(|(seq, time)| seat.number(now, PeerId(1), &packet(*seq, *time)))
            .collect();
        assert_eq!(out, sent);
    }

    #[test]
    fn the_numbering_goes_on_when_somebody_else_sits_down_and_time_by_what_passed() {
        let (mut seat, now) = (Seat::new(7), Instant::now());
        seat.number(now, PeerId(1), &packet(10, 1_000));
        seat.leave();
        let later = now + Duration::from_secs(2);
        assert_eq!(
            seat.number(later, PeerId(2), &packet(900, 77)),
            Some((11, 97_000))
        );
        assert_eq!(
            seat.number(later, PeerId(2), &packet(901, 77 + 960)),
            Some((12, 97_960))
        );
        assert_eq!(seat.taken_by(), Some(PeerId(2)));
    }

    #[test]
    fn what_was_said_before_sitting_down_is_not_heard() {
        let (mut seat, now) = (Seat::new(7), Instant::now());
        seat.number(now, PeerId(1), &packet(10, 1_000));
        assert_eq!(seat.number(now, PeerId(1), &packet(9, 40)), None);
    }
}
