//! Who speaks: what everybody is told, and what the log keeps.

use super::people::GRACE_US;
use super::samples::{Meeting, cardiologist, physician, restored, trainee};
use super::{Audience, Input, SocketKey, VoiceInput};
use uuid::Uuid;
use wire::log::LogEvent;
use wire::socket::{FromRelay, ToRelay};
use wire::voice::{Voice, VoiceState};
use wire::{RelayTime, SessionId};

const LINE: Uuid = Uuid::from_u128(1);
const NEXT: Uuid = Uuid::from_u128(2);

fn up(line: Uuid) -> VoiceInput {
    VoiceInput::Up { line, speaks: true }
}

fn heard(state: VoiceState) -> VoiceInput {
    VoiceInput::Heard { line: LINE, state }
}

/// What everybody was told last.
fn told(meeting: &Meeting) -> Vec<Voice> {
    let voices = meeting
        .told
        .iter()
        .rev()
        .find_map(|(to, message)| match message {
            FromRelay::Voices { voices } if *to == Audience::All => Some(voices.clone()),
            _ => None,
        });
    voices.unwrap_or_default()
}

fn logged(meeting: &Meeting) -> Vec<&'static str> {
    let name = |entry: &wire::log::LogEntry| match entry.event {
        LogEvent::VoiceOn { .. } => Some("on"),
        LogEvent::VoiceOff { .. } => Some("off"),
        _ => None,
    };
    meeting.disk.iter().filter_map(name).collect()
}

fn one() -> (Meeting, SessionId) {
    let mut meeting = Meeting::of(&[physician()]);
    let session = physician().session;
    meeting.apply(Input::Voice(session, up(LINE)));
    (meeting, session)
}

#[test]
fn everybody_hears_of_a_voice_that_comes_speaks_is_muted_and_goes() {
    let (mut meeting, session) = one();
    let shows = |meeting: &Meeting, state| assert_eq!(told(meeting), [Voice { session, state }]);
    shows(&meeting, VoiceState::Quiet);
    meeting.apply(Input::Voice(session, heard(VoiceState::Speaking)));
    shows(&meeting, VoiceState::Speaking);
    meeting.says(0, ToRelay::MuteVoice { muted: true });
    shows(&meeting, VoiceState::Muted);
    meeting.apply(Input::Voice(session, heard(VoiceState::Unheard)));
    meeting.says(0, ToRelay::MuteVoice { muted: false });
    shows(&meeting, VoiceState::Unheard);
    meeting.apply(Input::Voice(session, VoiceInput::Down { line: LINE }));
    assert_eq!(told(&meeting), []);
    assert_eq!(logged(&meeting), ["on", "off"]);
}

#[test]
fn a_reload_is_one_voice_and_the_old_connection_takes_nothing_along() {
    let (mut meeting, session) = one();
    meeting.apply(Input::Voice(session, up(NEXT)));
    meeting.apply(Input::Voice(session, VoiceInput::Down { line: LINE }));
    assert_eq!(told(&meeting).len(), 1);
    assert_eq!(logged(&meeting), ["on"]);
    meeting.apply(Input::Voice(session, VoiceInput::Down { line: NEXT }));
    assert_eq!(logged(&meeting), ["on", "off"]);
}

#[test]
fn somebody_who_muted_stays_muted_over_a_new_connection_and_before_the_first() {
    let mut meeting = Meeting::of(&[physician()]);
    let session = physician().session;
    let shows = |meeting: &Meeting, state| assert_eq!(told(meeting), [Voice { session, state }]);
    meeting.says(0, ToRelay::MuteVoice { muted: true });
    meeting.apply(Input::Voice(session, up(LINE)));
    shows(&meeting, VoiceState::Muted);
    meeting.apply(Input::Voice(session, up(NEXT)));
    shows(&meeting, VoiceState::Muted);
    meeting.apply(Input::Voice(session, VoiceInput::Down { line: NEXT }));
    meeting.apply(Input::Voice(session, up(LINE)));
    shows(&meeting, VoiceState::Muted);
    meeting.says(0, ToRelay::MuteVoice { muted: false });
    shows(&meeting, VoiceState::Quiet);
}

#[test]
fn a_muting_is_forgotten_with_its_person() {
    let mut meeting = Meeting::of(&[physician()]);
    let session = physician().session;
    meeting.apply(Input::Voice(session, up(LINE)));
    meeting.says(0, ToRelay::MuteVoice { muted: true });
    meeting.apply(Input::Gone(SocketKey(0)));
    meeting.passes(GRACE_US);
    assert_eq!(meeting.core.muted.len(), 1, "the voice is still there");
    meeting.apply(Input::Voice(session, VoiceInput::Down { line: LINE }));
    assert!(meeting.core.muted.is_empty());
}

#[test]
fn who_only_listens_is_no_voice_and_a_muting_without_one_is_nothing() {
    let mut meeting = Meeting::of(&[trainee()]);
    let session = trainee().session;
    let listens = VoiceInput::Up {
        line: LINE,
        speaks: false,
    };
    meeting.apply(Input::Voice(session, listens));
    meeting.says(0, ToRelay::MuteVoice { muted: true });
    assert_eq!((told(&meeting), logged(&meeting)), (vec![], vec![]));
}

#[test]
fn a_late_joiner_hears_who_speaks() {
    let (mut meeting, _) = one();
    meeting.told.clear();
    meeting.apply(Input::Joined(SocketKey(1), cardiologist()));
    let news = meeting.told.iter().any(|(to, message)| {
        matches!(message, FromRelay::Voices { voices } if voices.len() == 1)
            && *to == Audience::One(SocketKey(1))
    });
    assert!(news);
}

#[test]
fn a_relay_that_was_killed_ends_the_voices_of_before_in_the_log() {
    let (meeting, _) = one();
    let about = meeting.core.about.clone();
    let (_, effects) = super::Consult::new(about, restored(&meeting.disk), None, RelayTime(9), 0);
    let ended = effects.iter().any(|effect| {
        matches!(effect, super::Effect::Append(entries)
            if entries.iter().any(|entry| matches!(entry.event, LogEvent::VoiceOff { .. })))
    });
    assert!(ended);
}
