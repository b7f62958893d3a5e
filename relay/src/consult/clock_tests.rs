//! Somebody sets the relay's clock by a day during a consult: what waits goes on as if nothing had happened.

use super::effect::{Effect, Input, PictureInput, SocketKey};
use super::originals::OriginalInput;
use super::people::GRACE_US;
use super::samples::{Meeting, SECOND, STREAM, anchor, cardiologist, physician, stroke};
use crate::clock::tests::DAY;
use wire::agent::RelayToAgent;
use wire::clip::{ClipGap, SaveWhat};
use wire::log::LogEvent;
use wire::mark::Anchor;
use wire::original::{Digest, FrameFacts, Original, OriginalGap, PixelForm};
use wire::socket::{FromRelay, ToRelay};
use wire::{ClipId, RelayTime};

/// The clock is set by a day, either way, in a meeting of two.
fn set_either_way(tell: impl Fn(&mut Meeting, &dyn Fn(&mut Meeting))) {
    for step in [DAY, -DAY] {
        let mut meeting = Meeting::of(&[cardiologist(), physician()]);
        // Far enough from the epoch that a day back is a time too.
        meeting.now = RelayTime(1_795_000_000 * SECOND);
        tell(&mut meeting, &|meeting| meeting.clock_is_set_by(step));
    }
}

fn happened(meeting: &Meeting, what: impl Fn(&LogEvent) -> bool) -> bool {
    meeting.disk.iter().any(|entry| what(&entry.event))
}

/// It happens at this time after now, and neither before nor much later.
fn happens_after(meeting: &mut Meeting, time_us: u64, what: impl Fn(&LogEvent) -> bool) {
    meeting.passes(time_us - SECOND);
    assert!(!happened(meeting, &what), "too early");
    meeting.passes(2 * SECOND);
    assert!(happened(meeting, &what), "not in time");
}

#[test]
fn a_page_that_reloads_neither_leaves_at_once_nor_stays_for_a_day() {
    set_either_way(|meeting, set| {
        meeting.apply(Input::Gone(SocketKey(0)));
        set(meeting);
        let left = |event: &LogEvent| matches!(event, LogEvent::Left { .. });
        happens_after(meeting, GRACE_US, left);
    });
}

#[test]
fn an_original_that_does_not_come_is_missed_in_seconds() {
    set_either_way(|meeting, set| {
        meeting.freezes(0);
        set(meeting);
        happens_after(meeting, 5 * SECOND, |event| {
            matches!(
                event,
                LogEvent::OriginalMissing {
                    reason: OriginalGap::AgentAway,
                    ..
                }
            )
        });
    });
}

#[test]
fn a_beat_that_does_not_come_is_missed_in_seconds() {
    set_either_way(|meeting, set| {
        let freeze = meeting.freezes(0);
        meeting.says(
            0,
            ToRelay::Beat {
                freeze,
                shown: true,
            },
        );
        set(meeting);
        happens_after(meeting, 8 * SECOND, |event| {
            matches!(event, LogEvent::BeatMissing { .. })
        });
    });
}

#[test]
fn a_clip_that_is_not_offered_is_missed_in_seconds() {
    set_either_way(|meeting, set| {
        let (clip, what) = (ClipId::random(), SaveWhat::Last { seconds: 6 });
        let view = None;
        meeting.says(0, ToRelay::SaveClip { clip, what, view });
        set(meeting);
        happens_after(meeting, 26 * SECOND, |event| {
            matches!(
                event,
                LogEvent::ClipMissing {
                    reason: ClipGap::AgentAway,
                    ..
                }
            )
        });
    });
}

#[test]
fn the_log_and_the_pages_have_the_time_that_the_clock_was_set_to() {
    for step in [DAY, -DAY] {
        let mut meeting = Meeting::of(&[cardiologist()]);
        meeting.now = RelayTime(1_795_000_000 * SECOND);
        meeting.clock_is_set_by(step);
        let set = RelayTime(meeting.now.0.saturating_add_signed(step));
        meeting.marks(0, &stroke(2));
        assert_eq!(meeting.disk.last().unwrap().at, set);
        meeting.says(0, ToRelay::Ping { id: 7 });
        let pong = FromRelay::Pong {
            id: 7,
            relay_time: set,
        };
        assert!(meeting.told.iter().any(|(_, message)| *message == pong));
    }
}

#[test]
fn an_original_is_as_old_as_it_is() {
    set_either_way(|meeting, set| {
        let freeze = meeting.freezes(0);
        let Anchor::Live { rtp_time, .. } = anchor();
        let digest = Digest::from_bytes([7; 32]);
        let original = Original {
            width: 800,
            height: 600,
            form: PixelForm::Gray8,
            pixels: digest,
            blob: digest,
            bytes: 150_000,
        };
        let kept = OriginalInput::Kept {
            rtp_time,
            asked: rtp_time,
            original,
            facts: FrameFacts::default(),
        };
        meeting.apply(Input::Picture(STREAM, PictureInput::Original(kept)));
        meeting.says(0, ToRelay::Release { freeze });
        let asked = |meeting: &Meeting| {
            let asks = |effect: &&Effect| {
                matches!(
                    effect,
                    Effect::Ask(STREAM, RelayToAgent::SendOriginal { .. })
                )
            };
            meeting.done.iter().filter(asks).count()
        };
        assert_eq!(asked(meeting), 1);
        set(meeting);
        meeting.passes(SECOND);
        let again = meeting.freezes(0);
        assert_eq!(asked(meeting), 1, "it is known");
        meeting.says(0, ToRelay::Release { freeze: again });
        // RTP times have come round: this is another frame.
        meeting.passes(7 * 3_600 * SECOND);
        meeting.freezes(0);
        assert_eq!(asked(meeting), 2);
    });
}
