//! What the capture clock is on the relay's: told to the log, so that a replay lays picture, voice and marks on one time.
//!
//! Sans-IO. Owns when it is worth an entry: for each publication, and again when the two clocks moved against each other by
//! more than a viewer could see. Pages hear stamps all the time; the log keeps as few as tell the same.

use super::core::Consult;
use std::collections::HashMap;
use wire::agent::FrameStamp;
use wire::log::LogEvent;
use wire::people::Author;
use wire::{RelayTime, StreamId};

/// Half a frame at 30 per second: less is not seen.
const TOLERATED_US: u64 = 16_000;
/// A clock that somebody sets all the time must not fill the log.
const AGAIN_AFTER_US: u64 = 10_000_000;

/// What the log was told last of one stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timed {
    /// How far the relay's clock is ahead of the capture clock.
    ahead_us: i64,
    error_us: u32,
    at: RelayTime,
}

/// What the log was told of each stream.
pub(super) type Timings = HashMap<StreamId, Timed>;

impl Consult {
    /// A stamp came, and what it is on the relay's clock.
    pub(super) fn time_picture(
        &mut self,
        stream: StreamId,
        (stamp, captured_relay, error_us): (&FrameStamp, RelayTime, u32),
        now: RelayTime,
    ) {
        let ahead_us = captured_relay.0.cast_signed() - stamp.captured_at.0.cast_signed();
        if let Some(told) = self.timings.get(&stream) {
            let moved = told.ahead_us.abs_diff(ahead_us);
            // What lies within both errors may be the same.
            let is_news = moved > TOLERATED_US + u64::from(told.error_us.min(error_us));
            let is_soon = now.0.saturating_sub(told.at.0) < AGAIN_AFTER_US && told.at <= now;
            if !is_news || is_soon {
                return;
            }
        }
        let event = LogEvent::StreamTimed {
            stream,
            rtp_time: stamp.rtp_time,
            captured_relay,
            error_us,
        };
        // One that the log cannot take is told with the next stamp.
        if self.append(Author::Relay, event, now).is_ok() {
            let at = now;
            let told = Timed {
                ahead_us,
                error_us,
                at,
            };
            self.timings.insert(stream, told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::effect::{Input, PictureInput};
    use super::super::samples::{Meeting, STREAM, picture};
    use wire::agent::FrameStamp;
    use wire::log::LogEvent;
    use wire::{CaptureTime, FrameIndex, RelayTime, RtpTime};

    const SECOND: u64 = 1_000_000;

    fn stamp(meeting: &mut Meeting, at_us: u64, ahead_us: u64) {
        let captured_at = CaptureTime(at_us);
        let stamp = FrameStamp {
            stream: STREAM,
            index: FrameIndex(0),
            captured_at,
            rtp_time: RtpTime::of(captured_at),
        };
        let captured_relay = Some((RelayTime(at_us + ahead_us), 1_000));
        let stamped = PictureInput::Stamp {
            stamp,
            captured_relay,
        };
        meeting.apply(Input::Picture(STREAM, stamped));
    }

    fn timed(meeting: &Meeting) -> usize {
        let is_one = |event: &LogEvent| matches!(event, LogEvent::StreamTimed { .. });
        meeting
            .disk
            .iter()
            .filter(|entry| is_one(&entry.event))
            .count()
    }

    #[test]
    fn the_log_hears_of_the_capture_clock_once_for_each_publication_and_when_it_moved() {
        let mut meeting = Meeting::new();
        meeting.apply(Input::Picture(STREAM, PictureInput::Started(picture())));
        for n in 1..30 {
            meeting.passes(SECOND);
            stamp(&mut meeting, n * SECOND, 7_000 + n * 200);
        }
        assert_eq!(timed(&meeting), 1, "it drifts by less than anybody sees");
        meeting.passes(10 * SECOND);
        stamp(&mut meeting, 31 * SECOND, 90_000);
        assert_eq!(timed(&meeting), 2, "somebody set a clock");
        stamp(&mut meeting, 32 * SECOND, 7_000);
        assert_eq!(timed(&meeting), 2, "and again at once");
        meeting.apply(Input::Picture(STREAM, PictureInput::Started(picture())));
        stamp(&mut meeting, 33 * SECOND, 90_000);
        assert_eq!(timed(&meeting), 3, "another publication");
    }
}
