//! The rules of originals, each as a sentence.

use super::effect::{Effect, Input, PictureInput, SocketKey};
use super::originals::OriginalInput;
use super::samples::{Meeting, SECOND, STREAM, anchor, cardiologist, picture, trainee};
use super::stepping::MAX_NEXT_STEPS;
use wire::agent::RelayToAgent;
use wire::log::{LogEvent, StreamEnd};
use wire::mark::Anchor;
use wire::original::{Digest, FrameFacts, Original, OriginalGap, PixelForm};
use wire::problem::ProblemCode::{MessageRefused, NoFrame, NotAllowed, NotFrozen};
use wire::socket::{OriginalState, ToRelay};
use wire::{FreezeId, RtpTime};

fn kept() -> Original {
    let digest = Digest::from_bytes([7; 32]);
    Original {
        width: 800,
        height: 600,
        form: PixelForm::Gray8,
        pixels: digest,
        blob: digest,
        bytes: 150_000,
    }
}

fn kept_state() -> OriginalState {
    OriginalState::Kept {
        original: kept(),
        facts: FrameFacts::default(),
    }
}

/// What the log last said of the original of the frozen frame.
fn original(meeting: &Meeting) -> OriginalState {
    let restored = super::samples::restored(&meeting.disk);
    restored.shown.state.freeze.unwrap().original
}

fn asked(meeting: &Meeting) -> usize {
    let asks = |effect: &&Effect| {
        matches!(
            effect,
            Effect::Ask(STREAM, RelayToAgent::SendOriginal { .. })
        )
    };
    meeting.done.iter().filter(asks).count()
}

fn arrives(meeting: &mut Meeting) {
    let Anchor::Live { rtp_time, .. } = anchor();
    let original = kept();
    meeting.apply(Input::Picture(
        STREAM,
        PictureInput::Original(OriginalInput::Kept {
            rtp_time,
            asked: rtp_time,
            original,
            facts: FrameFacts::default(),
        }),
    ));
}

#[test]
fn a_freeze_asks_for_the_original_once_and_the_log_says_that_it_is_kept() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let freeze = meeting.freezes(0);
    assert_eq!(
        (asked(&meeting), original(&meeting)),
        (1, OriginalState::Awaited)
    );
    arrives(&mut meeting);
    let expected = kept_state();
    assert_eq!(original(&meeting), expected);
    // The same frame again: it is told from the log, nobody is asked.
    meeting.says(0, ToRelay::Release { freeze });
    meeting.freezes(0);
    assert_eq!((asked(&meeting), original(&meeting)), (1, expected));
}

#[test]
fn an_agent_that_has_it_no_more_or_does_not_answer_is_said_so() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let freeze = meeting.freezes(0);
    let Anchor::Live { rtp_time, .. } = anchor();
    let gone = OriginalInput::Missing {
        rtp_time,
        reason: OriginalGap::Gone,
    };
    meeting.apply(Input::Picture(STREAM, PictureInput::Original(gone)));
    let missing = |reason| OriginalState::Missing { reason };
    assert_eq!(original(&meeting), missing(OriginalGap::Gone));
    meeting.says(0, ToRelay::Release { freeze });
    meeting.freezes(0);
    meeting.passes(6 * SECOND);
    assert_eq!(original(&meeting), missing(OriginalGap::AgentAway));
    // It comes after all.
    arrives(&mut meeting);
    assert_eq!(original(&meeting), kept_state());
}

#[test]
fn an_agent_that_comes_back_is_asked_again_and_a_foreign_publisher_never() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    meeting.freezes(0);
    meeting.apply(Input::Picture(
        STREAM,
        PictureInput::Stopped(StreamEnd::Lost),
    ));
    meeting.apply(Input::Picture(STREAM, PictureInput::Started(picture())));
    assert_eq!(asked(&meeting), 2);
    let mut foreign = Meeting::new();
    let mut theirs = picture();
    theirs.stamped = false;
    foreign.apply(Input::Picture(STREAM, PictureInput::Started(theirs)));
    foreign.apply(Input::Joined(SocketKey(0), cardiologist()));
    foreign.freezes(0);
    assert_eq!(asked(&foreign), 0);
    let missing = OriginalState::Missing {
        reason: OriginalGap::NoAgent,
    };
    assert_eq!(original(&foreign), missing);
}

#[test]
fn a_doubted_original_is_on_record_and_nobody_takes_a_kept_one_away() {
    let mut meeting = Meeting::of(&[cardiologist(), trainee()]);
    let freeze = meeting.freezes(0);
    arrives(&mut meeting);
    let rtp_time = None;
    meeting.says(1, ToRelay::DoubtOriginal { freeze, rtp_time });
    meeting.says(
        1,
        ToRelay::DoubtOriginal {
            freeze: FreezeId::random(),
            rtp_time,
        },
    );
    assert_eq!(meeting.refused(), vec![NotFrozen]);
    let doubted = |event: &&LogEvent| matches!(event, LogEvent::OriginalDoubted { .. });
    assert_eq!(
        meeting
            .disk
            .iter()
            .map(|entry| &entry.event)
            .filter(doubted)
            .count(),
        1
    );
    assert_eq!(original(&meeting), kept_state());
}

#[test]
fn a_step_moves_everybody_once_the_neighbour_is_kept_and_a_trainee_moves_nobody() {
    let mut meeting = Meeting::of(&[cardiologist(), trainee()]);
    let freeze = meeting.freezes(0);
    arrives(&mut meeting);
    meeting.says(1, ToRelay::Step { freeze, by: 1 });
    meeting.says(0, ToRelay::Step { freeze, by: 0 });
    assert_eq!(meeting.refused(), vec![NotAllowed, MessageRefused]);
    meeting.says(0, ToRelay::Step { freeze, by: -1 });
    let Anchor::Live { stream, rtp_time } = anchor();
    let before = RtpTime(rtp_time.0 - 3_000);
    meeting.apply(Input::Picture(
        STREAM,
        PictureInput::Original(OriginalInput::Kept {
            rtp_time: before,
            asked: rtp_time,
            original: kept(),
            facts: FrameFacts::default(),
        }),
    ));
    let state = super::samples::restored(&meeting.disk).shown.state;
    let moved = state.freeze.unwrap();
    let expected = Anchor::Live {
        stream,
        rtp_time: before,
    };
    assert_eq!(moved.anchor, expected);
    assert_eq!(moved.original, kept_state());
}

/// The agent found the neighbour that was asked for from a frame.
fn neighbour_arrives(meeting: &mut Meeting, asked: RtpTime, rtp_time: RtpTime) {
    let input = OriginalInput::Kept {
        rtp_time,
        asked,
        original: kept(),
        facts: FrameFacts::default(),
    };
    meeting.apply(Input::Picture(STREAM, PictureInput::Original(input)));
}

#[test]
fn steps_that_are_pressed_quickly_are_made_one_after_the_other_and_none_is_lost() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let freeze = meeting.freezes(0);
    arrives(&mut meeting);
    let Anchor::Live { rtp_time, .. } = anchor();
    let before = |frames: u32| RtpTime(rtp_time.0 - frames * 3_000);
    for _ in 0..3 {
        meeting.says(0, ToRelay::Step { freeze, by: -1 });
    }
    assert_eq!(asked(&meeting), 2, "the original, and one step at a time");
    // The disk is slow: the second step waits until everybody stands where the first one led to.
    meeting.disk_holds = Some(Vec::new());
    neighbour_arrives(&mut meeting, before(0), before(1));
    assert_eq!(asked(&meeting), 2);
    meeting.disk_goes_on();
    assert_eq!(asked(&meeting), 3);
    neighbour_arrives(&mut meeting, before(1), before(2));
    let state = super::samples::restored(&meeting.disk).shown.state;
    let Anchor::Live { rtp_time: at, .. } = state.freeze.unwrap().anchor;
    assert_eq!((at, asked(&meeting)), (before(2), 4));
    // There is no third one, and who pressed hears so; a step after a release is forgotten.
    meeting.says(0, ToRelay::Step { freeze, by: -1 });
    let reason = OriginalGap::Gone;
    let gone = OriginalInput::Missing {
        rtp_time: before(2),
        reason,
    };
    meeting.apply(Input::Picture(STREAM, PictureInput::Original(gone)));
    assert_eq!(meeting.refused(), vec![NoFrame, NoFrame]);
    for _ in 0..=MAX_NEXT_STEPS + 1 {
        meeting.says(0, ToRelay::Step { freeze, by: 1 });
    }
    assert_eq!(meeting.refused().len(), 3, "one more than may wait");
    meeting.says(0, ToRelay::Release { freeze });
    neighbour_arrives(&mut meeting, before(2), before(1));
    assert_eq!(asked(&meeting), 5);
}

#[test]
fn a_step_before_the_original_is_there_is_refused_and_does_not_swallow_its_answer() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let freeze = meeting.freezes(0);
    meeting.says(0, ToRelay::Step { freeze, by: 1 });
    assert_eq!((meeting.refused(), asked(&meeting)), (vec![NoFrame], 1));
    let Anchor::Live { rtp_time, .. } = anchor();
    let reason = OriginalGap::Gone;
    let gone = OriginalInput::Missing { rtp_time, reason };
    meeting.apply(Input::Picture(STREAM, PictureInput::Original(gone)));
    assert_eq!(original(&meeting), OriginalState::Missing { reason });
}

#[test]
fn a_step_beyond_what_the_device_has_is_told_to_who_asked_and_changes_nothing() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let freeze = meeting.freezes(0);
    arrives(&mut meeting);
    meeting.says(0, ToRelay::Step { freeze, by: 1 });
    let Anchor::Live { rtp_time, .. } = anchor();
    let gone = OriginalInput::Missing {
        rtp_time,
        reason: OriginalGap::Gone,
    };
    meeting.apply(Input::Picture(STREAM, PictureInput::Original(gone)));
    assert_eq!(meeting.refused(), vec![NoFrame]);
    assert_eq!(original(&meeting), kept_state());
}
