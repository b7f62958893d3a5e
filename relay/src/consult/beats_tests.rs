//! The rules of a beat, each as a sentence.

use super::beats::BeatInput;
use super::effect::{Audience, Effect, Input, PictureInput, SocketKey};
use super::samples::{
    Meeting, SECOND, STREAM, anchor, cardiologist, physician, picture, restored, trainee,
};
use wire::agent::RelayToAgent;
use wire::log::{LogEntry, LogEvent, StreamEnd};
use wire::mark::Anchor;
use wire::original::{BeatFrame, Digest, MAX_BEAT_FRAMES, Original, OriginalGap, PixelForm};
use wire::problem::ProblemCode::{NotAllowed, NotFrozen, StorageFailed};
use wire::socket::{BeatNews, BeatState, FromRelay, ToRelay};
use wire::{FreezeId, RtpTime};

/// The frozen frame.
fn end() -> RtpTime {
    let Anchor::Live { rtp_time, .. } = anchor();
    rtp_time
}

/// A frame so many frames before the frozen one.
fn frame(before: u32) -> BeatFrame {
    let digest = Digest::from_bytes([7; 32]);
    BeatFrame {
        rtp_time: RtpTime(end().0.wrapping_sub(before * 3_000)),
        original: Original {
            width: 800,
            height: 600,
            form: PixelForm::Gray8,
            pixels: digest,
            blob: digest,
            bytes: 150_000,
        },
    }
}

fn show(meeting: &mut Meeting, socket: u64, freeze: FreezeId, shown: bool) {
    meeting.says(socket, ToRelay::Beat { freeze, shown });
}

fn came(meeting: &mut Meeting, before: &[u32], of: u32, last: bool) {
    let kept = BeatInput::Kept {
        asked: end(),
        frames: before.iter().map(|before| frame(*before)).collect(),
        of,
        last,
    };
    meeting.apply(Input::Picture(STREAM, PictureInput::Beat(kept)));
}

fn fails(meeting: &mut Meeting, reason: OriginalGap) {
    let asked = end();
    let missing = BeatInput::Missing { asked, reason };
    meeting.apply(Input::Picture(STREAM, PictureInput::Beat(missing)));
}

/// What somebody who comes now is told of it.
fn beat(meeting: &Meeting) -> BeatState {
    let state = restored(&meeting.disk).shown.state;
    state.freeze.unwrap().beat.unwrap()
}

fn asks(meeting: &Meeting, wanted: fn(&RelayToAgent) -> bool) -> usize {
    let asks = |effect: &&Effect| matches!(effect, Effect::Ask(STREAM, word) if wanted(word));
    meeting.done.iter().filter(asks).count()
}

fn asked(meeting: &Meeting) -> usize {
    asks(meeting, |word| {
        matches!(word, RelayToAgent::SendBeat { .. })
    })
}

fn stopped(meeting: &Meeting) -> usize {
    asks(meeting, |word| {
        matches!(word, RelayToAgent::StopBeat { .. })
    })
}

/// Frames before the frozen one of everything that was told as available, and to whom.
fn told(meeting: &Meeting) -> Vec<(Audience, Vec<u32>)> {
    let frames = |(to, message): &(Audience, FromRelay)| match message {
        FromRelay::BeatFrames { frames, .. } => {
            let before = |frame: &BeatFrame| u32::try_from(end().since(frame.rtp_time)).unwrap();
            Some((*to, frames.iter().map(|f| before(f) / 3_000).collect()))
        }
        _ => None,
    };
    meeting.told.iter().filter_map(frames).collect()
}

fn kept(before: &[u32], of: u32) -> BeatNews {
    BeatNews::Kept {
        frames: before.iter().map(|before| frame(*before)).collect(),
        of,
    }
}

#[test]
fn frames_are_told_as_they_come_and_the_log_has_the_whole_beat_at_its_end() {
    let mut meeting = Meeting::of(&[cardiologist(), physician()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 1, freeze, true);
    assert_eq!(asked(&meeting), 1);
    assert_eq!(beat(&meeting).news, BeatNews::Awaited);
    came(&mut meeting, &[2], 3, false);
    came(&mut meeting, &[1, 0], 3, true);
    let all = Audience::All;
    assert_eq!(told(&meeting), [(all, vec![2]), (all, vec![1, 0])]);
    assert_eq!(beat(&meeting).news, kept(&[2, 1, 0], 3));
    assert_eq!(meeting.core.due().map(|due| due > meeting.now), Some(true));
}

#[test]
fn a_doubted_frame_of_it_is_on_record_by_its_own_time_and_no_other_frame_is() {
    let mut meeting = Meeting::of(&[cardiologist(), physician()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 0, freeze, true);
    came(&mut meeting, &[2], 3, false);
    let doubts = |meeting: &mut Meeting, before| {
        let rtp_time = Some(frame(before).rtp_time);
        meeting.says(1, ToRelay::DoubtOriginal { freeze, rtp_time });
    };
    doubts(&mut meeting, 2);
    doubts(&mut meeting, 1);
    assert_eq!(meeting.refused(), vec![NotFrozen], "it did not come yet");
    came(&mut meeting, &[1, 0], 3, true);
    doubts(&mut meeting, 1);
    let doubted = meeting.disk.iter().filter_map(|entry| match entry.event {
        LogEvent::OriginalDoubted { rtp_time, .. } => Some(rtp_time),
        _ => None,
    });
    let expected = [2, 1].map(|before| frame(before).rtp_time);
    assert_eq!(doubted.collect::<Vec<_>>(), expected);
}

#[test]
fn a_frame_is_doubted_while_the_disk_still_takes_the_end_of_the_beat() {
    let mut meeting = Meeting::of(&[cardiologist(), physician()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 0, freeze, true);
    meeting.disk_holds = Some(Vec::new());
    came(&mut meeting, &[2, 1, 0], 3, true);
    let rtp_time = Some(frame(1).rtp_time);
    meeting.says(1, ToRelay::DoubtOriginal { freeze, rtp_time });
    meeting.disk_goes_on();
    assert_eq!(meeting.refused(), [], "pages were told of this frame");
    let on_record = |entry: &LogEntry| matches!(entry.event, LogEvent::OriginalDoubted { .. });
    assert!(meeting.disk.iter().any(on_record));
}

#[test]
fn who_comes_in_the_middle_of_it_is_told_what_came_before() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 0, freeze, true);
    came(&mut meeting, &[2, 1], 3, false);
    meeting.told.clear();
    meeting.apply(Input::Joined(SocketKey(9), physician()));
    let late = Audience::One(SocketKey(9));
    assert_eq!(told(&meeting), [(late, vec![2, 1])]);
}

#[test]
fn who_may_not_freeze_shows_no_beat_and_a_freeze_that_is_over_has_none() {
    let mut meeting = Meeting::of(&[cardiologist(), trainee()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 1, freeze, true);
    show(&mut meeting, 0, FreezeId::random(), true);
    assert_eq!(meeting.refused(), vec![NotAllowed, NotFrozen]);
    assert_eq!(asked(&meeting), 0);
}

#[test]
fn two_who_ask_at_once_get_one_beat() {
    let mut meeting = Meeting::of(&[cardiologist(), physician()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 0, freeze, true);
    show(&mut meeting, 1, freeze, true);
    came(&mut meeting, &[0], 1, true);
    show(&mut meeting, 1, freeze, true);
    let asks = |event: &&LogEvent| matches!(event, LogEvent::BeatAsked { .. });
    let logged = meeting.disk.iter().map(|entry| &entry.event).filter(asks);
    assert_eq!((asked(&meeting), logged.count()), (1, 1));
    assert!(meeting.refused().is_empty());
}

#[test]
fn a_beat_that_was_ended_is_shown_again_without_asking_the_agent() {
    let mut meeting = Meeting::of(&[cardiologist(), physician()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 0, freeze, true);
    came(&mut meeting, &[1, 0], 2, true);
    show(&mut meeting, 1, freeze, false);
    assert!(!beat(&meeting).shown);
    show(&mut meeting, 1, freeze, true);
    assert!(beat(&meeting).shown);
    assert_eq!(beat(&meeting).news, kept(&[1, 0], 2));
    assert_eq!(asked(&meeting), 1);
}

#[test]
fn an_agent_that_dies_in_the_middle_leaves_what_came_and_is_asked_for_the_rest_once_it_is_back() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 0, freeze, true);
    came(&mut meeting, &[2, 1], 3, false);
    meeting.apply(Input::Picture(
        STREAM,
        PictureInput::Stopped(StreamEnd::Lost),
    ));
    assert_eq!(beat(&meeting).news, kept(&[2, 1], 3));
    meeting.apply(Input::Picture(STREAM, PictureInput::Started(picture())));
    // Incomplete, and shown as such; whoever wants the rest ends it and asks again.
    show(&mut meeting, 0, freeze, false);
    show(&mut meeting, 0, freeze, true);
    assert_eq!(
        (asked(&meeting), beat(&meeting).news),
        (2, BeatNews::Awaited)
    );
}

#[test]
fn an_agent_that_is_away_has_it_no_more_or_falls_silent_is_said_so() {
    let missing = |reason| BeatNews::Missing { reason };
    let mut away = Meeting::of(&[cardiologist()]);
    let freeze = away.freezes(0);
    away.apply(Input::Picture(
        STREAM,
        PictureInput::Stopped(StreamEnd::Lost),
    ));
    show(&mut away, 0, freeze, true);
    assert_eq!(beat(&away).news, missing(OriginalGap::AgentAway));
    away.apply(Input::Picture(STREAM, PictureInput::Started(picture())));
    assert_eq!(asked(&away), 1, "it is asked as soon as it is back");
    fails(&mut away, OriginalGap::Gone);
    assert_eq!(beat(&away).news, missing(OriginalGap::Gone));
    show(&mut away, 0, freeze, true);
    assert_eq!(asked(&away), 2, "another try");
    away.passes(9 * SECOND);
    assert_eq!(beat(&away).news, missing(OriginalGap::AgentAway));
    show(&mut away, 0, freeze, true);
    came(&mut away, &[2], 3, false);
    away.passes(31 * SECOND);
    assert_eq!(beat(&away).news, kept(&[2], 3));
    assert_eq!(stopped(&away), 3);
}

#[test]
fn a_release_or_a_step_in_the_middle_stops_it_and_what_came_is_on_record() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 0, freeze, true);
    came(&mut meeting, &[1], 2, false);
    meeting.says(0, ToRelay::Release { freeze });
    assert_eq!(stopped(&meeting), 1);
    let order: Vec<&LogEvent> = meeting.disk.iter().map(|entry| &entry.event).collect();
    let cut = LogEvent::BeatKept {
        freeze,
        frames: vec![frame(1)],
        of: 2,
    };
    assert_eq!(
        order[order.len() - 2..],
        [&cut, &LogEvent::Released { freeze }]
    );
    // A frame that was on its way then is nobody's.
    meeting.told.clear();
    came(&mut meeting, &[0], 2, true);
    assert!(told(&meeting).is_empty());
}

#[test]
fn a_disk_that_takes_nothing_is_told_to_all_and_to_who_asked_and_the_picture_goes_on() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 0, freeze, true);
    fails(&mut meeting, OriginalGap::NotKept);
    let reason = OriginalGap::NotKept;
    assert_eq!(beat(&meeting).news, BeatNews::Missing { reason });
    assert_eq!(meeting.refused(), vec![StorageFailed]);
    assert_eq!(stopped(&meeting), 1);
    assert!(meeting.core.summary().picture);
}

#[test]
fn a_relay_that_comes_up_in_the_middle_of_a_beat_asks_for_it_again() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 0, freeze, true);
    let again = Meeting::over(meeting.disk.clone(), Some(picture()));
    assert_eq!(asked(&again), 1);
    let alone = Meeting::over(meeting.disk.clone(), None);
    let reason = OriginalGap::AgentAway;
    assert_eq!(beat(&alone).news, BeatNews::Missing { reason });
}

#[test]
fn more_frames_than_a_beat_may_have_are_left_out() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let freeze = meeting.freezes(0);
    show(&mut meeting, 0, freeze, true);
    let many: Vec<u32> = (0..300).rev().collect();
    came(&mut meeting, &many, 300, true);
    let BeatNews::Kept { frames, .. } = beat(&meeting).news else {
        panic!("it was kept");
    };
    assert_eq!(frames.len(), MAX_BEAT_FRAMES);
}
