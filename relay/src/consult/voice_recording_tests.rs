//! Whose voice is recorded and when: nobody's before a consent that everybody was told of, nobody's after its end.

use super::people::GRACE_US;
use super::samples::{Meeting, cardiologist, physician, restored, trainee};
use super::{Effect, Input, Newcomer, SocketKey, VoiceFilesInput, VoiceInput, VoicesToRecord};
use recording::Place;
use uuid::Uuid;
use wire::log::LogEvent;
use wire::mark::Point;
use wire::problem::ProblemCode;
use wire::socket::{FromRelay, ToRelay};
use wire::voice::{ConsentBy, ConsentEnd, KeptVoice, VoiceRecording};
use wire::{ConsentId, Fraction};

const CONSENT: ConsentId = ConsentId::from_uuid(Uuid::from_u128(0xA));
const NEXT: ConsentId = ConsentId::from_uuid(Uuid::from_u128(0xB));

const fn agree(consent: ConsentId) -> ToRelay {
    ToRelay::ConsentToVoice {
        consent,
        by: ConsentBy::Patient,
    }
}

const fn withdraw(discard: bool) -> ToRelay {
    ToRelay::WithdrawVoiceConsent {
        consent: CONSENT,
        discard,
    }
}

fn speaks(meeting: &mut Meeting, who: &Newcomer) {
    let (line, speaks) = (who.session.uuid(), true);
    meeting.apply(Input::Voice(who.session, VoiceInput::Up { line, speaks }));
}

/// Physician and cardiologist on sockets 0 and 1, both speaking.
fn both() -> Meeting {
    let people = [physician(), cardiologist()];
    let mut meeting = Meeting::of(&people);
    people.iter().for_each(|who| speaks(&mut meeting, who));
    meeting
}

/// What the recorder was told last.
fn recorded(meeting: &Meeting) -> Option<VoicesToRecord> {
    let told = meeting.done.iter().rev().find_map(|effect| match effect {
        Effect::RecordVoices(whom) => Some(whom.clone()),
        _ => None,
    });
    told.flatten()
}

fn of(people: &[Newcomer]) -> Option<VoicesToRecord> {
    Some(VoicesToRecord {
        consent: CONSENT,
        sessions: people.iter().map(|who| who.session).collect(),
    })
}

fn state(meeting: &Meeting) -> VoiceRecording {
    restored(&meeting.disk).shown.state.voice_recording
}

fn discards(meeting: &Meeting) -> usize {
    let asked = |effect: &&Effect| matches!(effect, Effect::DiscardVoices);
    meeting.done.iter().filter(asked).count()
}

fn why_ended(meeting: &Meeting) -> Option<ConsentEnd> {
    meeting
        .disk
        .iter()
        .rev()
        .find_map(|entry| match entry.event {
            LogEvent::VoiceConsentEnded { why, .. } => Some(why),
            _ => None,
        })
}

/// Where the cardiologist's pointer was kept, in hundredths of the width.
fn pointed(meeting: &mut Meeting, hundredths: u32) -> Vec<u32> {
    let x = Fraction::new(f64::from(hundredths) / 100.0).unwrap();
    let at = Some(Point { x, y: x });
    let word = ToRelay::Point { at, rtp_time: None };
    meeting.says(1, word);
    meeting.passes(200_000);
    let moves = meeting.done.iter().filter_map(|effect| match effect {
        Effect::RecordPointers(moves) => Some(moves),
        _ => None,
    });
    let hundredth = |place: Place| u32::from(place.x) * 100 / u32::from(u16::MAX);
    let seen = moves.flatten().map(|it| hundredth(it.place.unwrap()));
    let seen = seen.collect();
    meeting.done.clear();
    seen
}

#[test]
fn pointers_are_kept_as_long_as_voices_may_be_whoever_speaks() {
    let mut meeting = Meeting::of(&[physician(), cardiologist()]);
    assert_eq!(pointed(&mut meeting, 20), [0_u32; 0]);
    meeting.says(0, agree(CONSENT));
    assert_eq!(
        pointed(&mut meeting, 40),
        [20, 40],
        "and where it rested before"
    );
    meeting.says(0, withdraw(false));
    assert_eq!(pointed(&mut meeting, 60), [0_u32; 0]);
}

#[test]
fn nobody_is_recorded_before_a_consent_and_nobody_after_it_was_withdrawn() {
    let mut meeting = both();
    assert_eq!(recorded(&meeting), None);
    meeting.says(0, agree(CONSENT));
    assert_eq!(recorded(&meeting), of(&[physician(), cardiologist()]));
    let consent = state(&meeting).consent.unwrap();
    assert_eq!(
        (consent.consent, consent.by, consent.author),
        (CONSENT, ConsentBy::Patient, physician().author())
    );
    meeting.says(0, withdraw(false));
    assert_eq!(recorded(&meeting), None);
    assert_eq!(why_ended(&meeting), Some(ConsentEnd::Withdrawn));
    assert_eq!(state(&meeting).consent, None);
    assert_eq!(state(&meeting).kept, KeptVoice::Kept, "what was said stays");
    assert_eq!(discards(&meeting), 0);
}

#[test]
fn everybody_is_told_before_anybody_is_recorded() {
    let mut meeting = both();
    meeting.disk_works = false;
    meeting.says(0, agree(CONSENT));
    assert_eq!(recorded(&meeting), None, "the log does not have it");
    // By hand, to see the order in which things are done.
    let mut meeting = both();
    let asked = meeting
        .core
        .apply(Input::Said(SocketKey(0), agree(CONSENT)), meeting.now);
    assert!(!asked.iter().any(|it| matches!(it, Effect::RecordVoices(_))));
    let done = meeting.core.apply(Input::Stored, meeting.now);
    let told = done
        .iter()
        .position(|it| matches!(it, Effect::Say(_, FromRelay::Entries { .. })));
    let begun = done
        .iter()
        .position(|it| matches!(it, Effect::RecordVoices(Some(_))));
    assert!(told.unwrap() < begun.unwrap());
}

#[test]
fn only_the_physician_at_the_bedside_consents_withdraws_and_discards() {
    let mut meeting = both();
    meeting.says(1, agree(CONSENT));
    assert_eq!(state(&meeting), VoiceRecording::default());
    meeting.says(0, agree(CONSENT));
    meeting.says(1, withdraw(true));
    meeting.says(1, ToRelay::DiscardVoice {});
    assert_eq!(meeting.refused(), [ProblemCode::NotAllowed; 3]);
    assert_eq!(recorded(&meeting), of(&[physician(), cardiologist()]));
}

#[test]
fn an_installation_that_forbids_it_takes_no_consent_and_ends_one_of_before() {
    let mut meeting = both();
    meeting.says(0, agree(CONSENT));
    let mut about = meeting.core.about.clone();
    about.settings.voice_recording = false;
    let (mut core, effects) =
        super::Consult::new(about, restored(&meeting.disk), None, meeting.now, 0);
    assert!(effects.contains(&Effect::RecordVoices(None)));
    let ended = |effect: &Effect| {
        matches!(effect, Effect::Append(entries) if entries.iter().any(|entry| {
            matches!(entry.event, LogEvent::VoiceConsentEnded { why: ConsentEnd::Forbidden, .. })
        }))
    };
    assert!(effects.iter().any(ended));
    let _ = core.apply(Input::Stored, meeting.now);
    let _ = core.apply(Input::Joined(SocketKey(7), physician()), meeting.now);
    let said = core.apply(Input::Said(SocketKey(7), agree(NEXT)), meeting.now);
    assert!(said.iter().any(|effect| matches!(
        effect,
        Effect::Say(
            _,
            FromRelay::Refused {
                code: ProblemCode::NotAllowed,
                ..
            }
        )
    )));
}

#[test]
fn whoever_is_muted_or_has_no_page_that_shows_it_is_not_recorded() {
    let mut meeting = both();
    meeting.says(0, agree(CONSENT));
    meeting.says(1, ToRelay::MuteVoice { muted: true });
    assert_eq!(recorded(&meeting), of(&[physician()]));
    meeting.says(1, ToRelay::MuteVoice { muted: false });
    assert_eq!(recorded(&meeting), of(&[physician(), cardiologist()]));
    // A third one speaks before their page is here.
    speaks(&mut meeting, &trainee());
    assert_eq!(recorded(&meeting), of(&[physician(), cardiologist()]));
    meeting.apply(Input::Joined(SocketKey(2), trainee()));
    let all = [physician(), cardiologist(), trainee()];
    assert_eq!(recorded(&meeting), of(&all));
    meeting.apply(Input::Gone(SocketKey(1)));
    assert_eq!(recorded(&meeting), of(&[physician(), trainee()]));
}

#[test]
fn without_anybody_at_the_bedside_nobody_is_recorded_and_after_a_while_the_consent_is_over() {
    let mut meeting = both();
    meeting.says(0, agree(CONSENT));
    meeting.apply(Input::Gone(SocketKey(0)));
    assert_eq!(recorded(&meeting), None, "nobody could withdraw");
    meeting.apply(Input::Joined(SocketKey(5), physician()));
    assert_eq!(
        recorded(&meeting),
        of(&[physician(), cardiologist()]),
        "a reload"
    );
    meeting.apply(Input::Gone(SocketKey(5)));
    meeting.passes(GRACE_US);
    assert_eq!(why_ended(&meeting), Some(ConsentEnd::BedsideLeft));
    meeting.apply(Input::Joined(SocketKey(6), physician()));
    assert_eq!(recorded(&meeting), None, "it takes a new consent");
}

#[test]
fn a_withdrawal_counts_at_once_also_while_the_log_cannot_be_written() {
    let mut meeting = both();
    meeting.says(0, agree(CONSENT));
    meeting.disk_works = false;
    meeting.says(0, withdraw(true));
    assert_eq!(recorded(&meeting), None);
    assert!(meeting.refused().contains(&ProblemCode::StorageFailed));
    assert!(state(&meeting).consent.is_some(), "the log lacks it");
    // Said again while it is broken.
    meeting.says(0, withdraw(true));
    assert_eq!(recorded(&meeting), None);
    meeting.disk_works = true;
    let effects = meeting.core.recovered(restored(&meeting.disk), meeting.now);
    meeting.perform(effects);
    assert_eq!(why_ended(&meeting), Some(ConsentEnd::Withdrawn));
    assert_eq!(state(&meeting).kept, KeptVoice::Discarding);
    assert_eq!((recorded(&meeting), discards(&meeting)), (None, 1));
}

#[test]
fn what_was_said_once_and_withdrawn_opens_nothing_when_it_comes_again() {
    let mut meeting = both();
    meeting.says(0, agree(CONSENT));
    meeting.says(0, agree(CONSENT));
    meeting.says(0, withdraw(false));
    meeting.says(0, withdraw(false));
    assert_eq!(meeting.refused(), [], "said twice is said once");
    meeting.says(0, agree(CONSENT));
    assert_eq!(recorded(&meeting), None);
    assert_eq!(meeting.refused(), [ProblemCode::NotAllowed]);
    meeting.says(0, agree(NEXT));
    assert_eq!(recorded(&meeting).unwrap().consent, NEXT);
}

#[test]
fn what_is_discarded_is_asked_for_until_it_is_gone_and_nothing_new_is_put_beside_it() {
    let mut meeting = both();
    meeting.says(0, agree(CONSENT));
    meeting.says(0, withdraw(true));
    assert_eq!((recorded(&meeting), discards(&meeting)), (None, 1));
    meeting.says(0, agree(NEXT));
    assert_eq!(meeting.refused(), [ProblemCode::StorageFailed]);
    // The relay is killed before it is done.
    let mut again = Meeting::over(meeting.disk.clone(), None);
    assert_eq!(discards(&again), 1);
    assert!(!again.core.is_idle());
    again.apply(Input::VoiceFiles(VoiceFilesInput::Discarded));
    again.apply(Input::VoiceFiles(VoiceFilesInput::Discarded));
    assert_eq!(state(&again).kept, KeptVoice::Discarded);
    assert_eq!(discards(&again), 1);
}

#[test]
fn what_was_kept_may_be_discarded_later_and_not_while_it_is_recorded() {
    let mut meeting = both();
    meeting.says(0, ToRelay::DiscardVoice {});
    assert_eq!(discards(&meeting), 0, "there is nothing");
    meeting.says(0, agree(CONSENT));
    meeting.says(0, ToRelay::DiscardVoice {});
    assert_eq!(meeting.refused(), [ProblemCode::NotAllowed]);
    meeting.says(0, withdraw(false));
    meeting.says(0, ToRelay::DiscardVoice {});
    assert_eq!(discards(&meeting), 1);
}

#[test]
fn the_log_says_once_that_it_is_written_and_when_the_disk_takes_nothing() {
    let mut meeting = both();
    let written = |on| Input::VoiceFiles(VoiceFilesInput::Written { on });
    meeting.apply(written(true));
    assert_eq!(
        state(&meeting).written,
        None,
        "without a consent it is no news"
    );
    meeting.says(0, agree(CONSENT));
    for on in [true, true, false, false, true] {
        meeting.apply(written(on));
        assert_eq!(state(&meeting).written, Some(on));
    }
    let said = meeting
        .disk
        .iter()
        .filter(|entry| matches!(entry.event, LogEvent::VoiceRecorded { .. }))
        .count();
    assert_eq!(said, 3);
    meeting.says(0, withdraw(false));
    assert_eq!(state(&meeting).written, None);
}

#[test]
fn a_relay_that_was_killed_goes_on_under_the_same_consent_when_all_are_back() {
    let mut meeting = both();
    meeting.says(0, agree(CONSENT));
    let mut again = Meeting::over(meeting.disk.clone(), None);
    assert_eq!(recorded(&again), None);
    for (socket, who) in (0..).zip([cardiologist(), physician()]) {
        again.apply(Input::Joined(SocketKey(socket), who.clone()));
        speaks(&mut again, &who);
    }
    assert_eq!(recorded(&again), of(&[physician(), cardiologist()]));
}
