//! The recording of each stream as pages see it: a part of the fold over the log.
//!
//! Owns what each entry about a recording changes. Like the rest of the fold it has no rules: what is missing is found and told
//! by the recorder. Invariant: holes are in the order in which they were told, at most `MAX_RECORDING_GAPS` of them.

use wire::StreamId;
use wire::log::LogEvent;
use wire::socket::{MAX_RECORDING_GAPS, RecordingGap, RecordingState};

/// Takes an entry about a recording in; others change nothing.
pub(super) fn recorded(recordings: &mut Vec<RecordingState>, event: &LogEvent) {
    let (LogEvent::StreamRecorded { stream, .. }
    | LogEvent::StreamGap { stream, .. }
    | LogEvent::StreamFilling { stream, .. }
    | LogEvent::StreamFilled { stream, .. }
    | LogEvent::StreamWeak { stream, .. }
    | LogEvent::StreamWhole { stream, .. }) = event
    else {
        return;
    };
    if !recordings.iter().any(|held| held.stream == *stream) {
        recordings.push(nothing_of(*stream));
    }
    let held = recordings.iter_mut().find(|held| held.stream == *stream);
    if let Some(held) = held {
        change(held, event);
    }
}

fn change(held: &mut RecordingState, event: &LogEvent) {
    match event {
        LogEvent::StreamRecorded { on, .. } => held.on = *on,
        LogEvent::StreamGap { before, after, .. } => {
            held.whole_until = None;
            if held.gaps.len() < MAX_RECORDING_GAPS {
                held.gaps.push(RecordingGap {
                    before: *before,
                    after: *after,
                    percent: None,
                });
            }
        }
        LogEvent::StreamFilling {
            before, percent, ..
        } => {
            for gap in held.gaps.iter_mut().filter(|gap| gap.before == *before) {
                gap.percent = Some(*percent);
            }
        }
        LogEvent::StreamFilled {
            before, frames, ms, ..
        } => {
            held.gaps.retain(|gap| gap.before != *before);
            // Without a frame it was no hole: the device was off.
            if *frames > 0 {
                held.filled = held.filled.saturating_add(1);
                held.filled_ms = held.filled_ms.saturating_add(u64::from(*ms));
            }
        }
        LogEvent::StreamWeak { from, .. } => {
            (held.weak_from, held.whole_until) = (Some(*from), None);
        }
        LogEvent::StreamWhole { until, .. } => {
            held.gaps.clear();
            (held.weak_from, held.whole_until) = (None, Some(*until));
        }
        _ => {}
    }
}

const fn nothing_of(stream: StreamId) -> RecordingState {
    RecordingState {
        stream,
        on: false,
        gaps: Vec::new(),
        filled: 0,
        filled_ms: 0,
        weak_from: None,
        whole_until: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::RtpTime;

    fn after(events: &[LogEvent]) -> RecordingState {
        let mut recordings = Vec::new();
        events
            .iter()
            .for_each(|event| recorded(&mut recordings, event));
        assert_eq!(recordings.len(), 1);
        recordings.remove(0)
    }

    #[test]
    fn a_hole_is_told_filled_and_gone_and_at_the_end_everything_is_there() {
        let stream = StreamId::random();
        let gap = |before: u32| LogEvent::StreamGap {
            stream,
            before: RtpTime(before),
            after: RtpTime(before.wrapping_add(180_000)),
        };
        let filling = LogEvent::StreamFilling {
            stream,
            before: RtpTime(u32::MAX),
            after: RtpTime(179_999),
            percent: 30,
        };
        let filled = LogEvent::StreamFilled {
            stream,
            before: RtpTime(u32::MAX),
            after: RtpTime(179_999),
            frames: 60,
            ms: 2_000,
        };
        let on = LogEvent::StreamRecorded { stream, on: true };
        let mut told = vec![on, gap(u32::MAX), gap(900_000), filling];
        let state = after(&told);
        assert!(state.on);
        let percents: Vec<_> = state.gaps.iter().map(|gap| gap.percent).collect();
        assert_eq!(percents, [Some(30), None]);
        told.push(filled);
        let state = after(&told);
        assert_eq!(
            (state.gaps.len(), state.filled, state.filled_ms),
            (1, 1, 2_000)
        );
        told.push(LogEvent::StreamWeak {
            stream,
            from: RtpTime(9),
        });
        assert_eq!(after(&told).weak_from, Some(RtpTime(9)));
        told.push(LogEvent::StreamWhole {
            stream,
            until: RtpTime(2_000_000),
        });
        let state = after(&told);
        assert_eq!((state.gaps.len(), state.weak_from), (0, None));
        assert_eq!(state.whole_until, Some(RtpTime(2_000_000)));
        told.push(gap(3_000_000));
        assert_eq!(after(&told).whole_until, None);
    }

    #[test]
    fn a_publisher_whose_link_breaks_all_the_time_does_not_fill_the_state() {
        let stream = StreamId::random();
        let gaps: Vec<LogEvent> = (0..200)
            .map(|at| LogEvent::StreamGap {
                stream,
                before: RtpTime(at * 90_000),
                after: RtpTime((at + 1) * 90_000),
            })
            .collect();
        assert_eq!(after(&gaps).gaps.len(), MAX_RECORDING_GAPS);
    }
}
