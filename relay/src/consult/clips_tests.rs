//! The rules of clips, each as a sentence.

use super::clips::{ClipInput, MAX_CLIPS};
use super::effect::{Effect, Input, PictureInput};
use super::samples::{
    Meeting, SECOND, STREAM, anchor, cardiologist, physician, picture, restored, trainee, trainer,
};
use wire::agent::RelayToAgent;
use wire::clip::{
    ClipCoding, ClipGap, ClipHead, ClipOrigin, ClipSpan, ClipStage, ClipState, SaveWhat,
};
use wire::log::StreamEnd;
use wire::original::Digest;
use wire::people::Author;
use wire::problem::ProblemCode::{ClipRefused, NoDevice, NotAllowed, StorageFailed, TooFast};
use wire::socket::{FromRelay, ToRelay};
use wire::{CaptureTime, ClipId, RtpTime, StreamId};

const LAST: SaveWhat = SaveWhat::Last { seconds: 6 };

pub(super) fn head(clip: ClipId) -> ClipHead {
    ClipHead {
        clip,
        instance: "2.25.1".into(),
        bytes: 10,
        digest: Digest::from_bytes([1; 32]),
        frames: 1,
        width: 8,
        height: 8,
        coding: ClipCoding::Jpeg,
        origin: ClipOrigin::Captured,
        taken_at: CaptureTime(5),
        span_us: 0,
        view: None,
        marker: None,
        captured: Some(ClipSpan {
            stream: STREAM,
            first: RtpTime(1),
            last: RtpTime(1),
        }),
    }
}

impl Meeting {
    fn saves(&mut self, socket: u64, what: SaveWhat) -> ClipId {
        let clip = ClipId::random();
        self.saves_as(socket, clip, what, None);
        clip
    }

    fn saves_as(&mut self, socket: u64, clip: ClipId, what: SaveWhat, view: Option<&str>) {
        let view = view.map(str::to_owned);
        self.says(socket, ToRelay::SaveClip { clip, what, view });
    }

    fn clip(&mut self, input: ClipInput) {
        self.apply(Input::Picture(STREAM, PictureInput::Clip(input)));
    }

    fn offers(&mut self, clip: ClipId) {
        self.clip(ClipInput::Offered(Box::new(head(clip))));
    }

    fn misses(&mut self, clip: ClipId, reason: ClipGap, by_agent: bool) {
        self.clip(ClipInput::Missing {
            clip,
            reason,
            by_agent,
        });
    }

    fn clips(&self) -> Vec<ClipState> {
        restored(&self.disk).shown.state.clips
    }

    fn stage(&self, clip: ClipId) -> ClipStage {
        let clips = self.clips();
        clips.iter().find(|held| held.clip == clip).unwrap().stage
    }

    fn asked(&self) -> Vec<ClipId> {
        let asks = self.done.iter().filter_map(|effect| match effect {
            Effect::Ask(STREAM, RelayToAgent::SaveClip { clip, .. }) => Some(*clip),
            _ => None,
        });
        asks.collect()
    }

    fn let_go(&self) -> usize {
        let gone = |effect: &&Effect| matches!(effect, Effect::LetGo(_));
        self.done.iter().filter(gone).count()
    }
}

fn missing(reason: ClipGap) -> ClipStage {
    ClipStage::Missing { reason }
}

#[test]
fn a_press_is_logged_the_agent_is_asked_and_the_clip_is_followed_to_the_end() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let clip = meeting.saves(0, LAST);
    assert_eq!(meeting.asked(), [clip]);
    let state = &meeting.clips()[0];
    assert_eq!(
        (&state.author, state.stage, &state.head),
        (&cardiologist().author(), ClipStage::Asked, &None)
    );
    meeting.offers(clip);
    assert_eq!(meeting.stage(clip), ClipStage::Arriving);
    meeting.clip(ClipInput::Progress { clip, have: 5 });
    assert!(
        meeting
            .told
            .iter()
            .any(|(_, told)| *told == FromRelay::ClipProgress { clip, have: 5 })
    );
    assert_eq!(meeting.let_go(), 0);
    meeting.clip(ClipInput::Kept(clip));
    assert_eq!(
        (meeting.stage(clip), meeting.let_go()),
        (ClipStage::Kept, 1)
    );
    assert_eq!(meeting.clips()[0].head, Some(head(clip)));
    assert_eq!(meeting.clips()[0].author, cardiologist().author());
    assert_eq!(meeting.refused(), []);
}

#[test]
fn those_who_advise_save_and_the_others_are_refused() {
    let people = [physician(), cardiologist(), trainer(), trainee()];
    let mut meeting = Meeting::of(&people);
    for socket in 0..4 {
        meeting.saves(socket, LAST);
    }
    assert_eq!(
        (meeting.clips().len(), meeting.refused()),
        (3, vec![NotAllowed])
    );
}

#[test]
fn what_makes_no_sense_is_refused_and_names_the_clip() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    for seconds in [0, 61, u16::MAX] {
        meeting.saves(0, SaveWhat::Last { seconds });
    }
    let clip = ClipId::random();
    meeting.saves_as(0, clip, LAST, Some("A4C\u{202E}"));
    assert_eq!(meeting.refused(), vec![ClipRefused; 4]);
    let named = |(_, told): &(_, FromRelay)| matches!(told, FromRelay::Refused { clip: Some(of), .. } if *of == clip);
    assert!(meeting.told.iter().any(named));
    assert_eq!(meeting.clips(), []);
}

#[test]
fn without_an_agent_of_ours_there_is_no_device() {
    let mut meeting = Meeting::new();
    meeting.apply(Input::Joined(super::SocketKey(0), cardiologist()));
    meeting.saves(0, LAST);
    let mut foreign = picture();
    foreign.stamped = false;
    meeting.apply(Input::Picture(STREAM, PictureInput::Started(foreign)));
    meeting.saves(0, LAST);
    meeting.apply(Input::Picture(STREAM, PictureInput::Started(picture())));
    let (stream, rtp_time) = (StreamId::random(), RtpTime(1));
    let anchor = wire::mark::Anchor::Live { stream, rtp_time };
    meeting.saves(0, SaveWhat::Frame { anchor });
    assert_eq!(meeting.refused(), vec![NoDevice; 3]);
    meeting.saves(0, LAST);
    assert_eq!(meeting.clips().len(), 1);
}

#[test]
fn a_press_said_twice_saves_once_and_a_used_id_is_refused() {
    let mut meeting = Meeting::of(&[cardiologist(), trainer()]);
    let clip = meeting.saves(0, LAST);
    meeting.saves_as(0, clip, LAST, None);
    assert_eq!((meeting.asked().len(), meeting.clips().len()), (1, 1));
    assert_eq!(meeting.refused(), []);
    // A page that was away counts the seconds that have passed: the same press.
    meeting.saves_as(0, clip, SaveWhat::Last { seconds: 7 }, None);
    assert_eq!((meeting.asked().len(), meeting.refused().len()), (1, 0));
    let (stream, rtp_time) = (STREAM, RtpTime(1));
    let anchor = wire::mark::Anchor::Live { stream, rtp_time };
    meeting.saves_as(0, clip, SaveWhat::Frame { anchor }, None);
    meeting.saves_as(1, clip, LAST, None);
    assert_eq!(meeting.refused(), [ClipRefused, ClipRefused]);
}

#[test]
fn a_silent_agent_is_away_and_what_it_offers_later_still_counts() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let clip = meeting.saves(0, LAST);
    let due = meeting.core.due().unwrap();
    assert!(due.0 > meeting.now.0);
    meeting.passes(25 * SECOND);
    assert_eq!(
        meeting.stage(clip),
        ClipStage::Asked,
        "coding takes its time"
    );
    meeting.passes(SECOND);
    assert_eq!(meeting.stage(clip), missing(ClipGap::AgentAway));
    meeting.offers(clip);
    assert_eq!(meeting.stage(clip), ClipStage::Arriving);
    meeting.clip(ClipInput::Kept(clip));
    meeting.misses(clip, ClipGap::RelayStorage, false);
    assert_eq!(
        meeting.stage(clip),
        ClipStage::Kept,
        "what is kept stays kept"
    );
}

#[test]
fn an_agent_says_why_it_saved_nothing_but_only_of_what_it_was_asked_for() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let clip = meeting.saves(0, LAST);
    meeting.misses(ClipId::random(), ClipGap::Gone, true);
    meeting.misses(clip, ClipGap::DeviceStorage, true);
    meeting.misses(clip, ClipGap::Gone, true);
    assert_eq!(meeting.clips().len(), 1);
    assert_eq!(meeting.stage(clip), missing(ClipGap::DeviceStorage));
}

#[test]
fn a_still_is_asked_for_again_when_the_device_comes_back_and_seconds_are_not() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let still = meeting.saves(0, SaveWhat::Frame { anchor: anchor() });
    meeting.saves(0, LAST);
    let stopped = PictureInput::Stopped(StreamEnd::Lost);
    meeting.apply(Input::Picture(STREAM, stopped));
    meeting.done.clear();
    meeting.apply(Input::Picture(STREAM, PictureInput::Started(picture())));
    assert_eq!(meeting.asked(), [still]);
}

#[test]
fn a_clip_that_nobody_asked_for_here_is_the_devices() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let clip = ClipId::random();
    meeting.offers(clip);
    meeting.offers(clip);
    assert!(matches!(
        meeting.clips()[..],
        [ClipState {
            author: Author::Device { .. },
            ..
        }]
    ));
}

#[test]
fn another_object_under_the_same_uid_is_seen_once_and_changes_nothing() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let (clip, other) = (ClipId::random(), ClipId::random());
    meeting.offers(clip);
    meeting.clip(ClipInput::Kept(clip));
    for of in [clip, clip, other, other] {
        meeting.misses(of, ClipGap::Conflict, false);
    }
    assert_eq!(meeting.stage(clip), ClipStage::Kept);
    assert_eq!(meeting.stage(other), missing(ClipGap::Conflict));
    let said = |entry: &&wire::log::LogEntry| {
        matches!(entry.event, wire::log::LogEvent::ClipMissing { .. })
    };
    assert_eq!(meeting.disk.iter().filter(said).count(), 2);
}

#[test]
fn the_device_may_let_go_only_of_what_the_log_has() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let clip = ClipId::random();
    meeting.offers(clip);
    meeting.disk_works = false;
    meeting.clip(ClipInput::Kept(clip));
    assert_eq!(meeting.let_go(), 0);
    meeting.disk_works = true;
    let log = restored(&meeting.disk);
    let _ = meeting.core.recovered(log, meeting.now);
    // It hears nothing and offers it again when it comes back.
    meeting.offers(clip);
    meeting.clip(ClipInput::Kept(clip));
    assert_eq!(
        (meeting.stage(clip), meeting.let_go()),
        (ClipStage::Kept, 1)
    );
    meeting.clip(ClipInput::Kept(clip));
    assert_eq!(meeting.let_go(), 2, "said again, answered again");
}

#[test]
fn a_press_before_a_restart_is_answered_after_it() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let clip = meeting.saves(0, LAST);
    let mut again = Meeting::over(meeting.disk, Some(picture()));
    assert_eq!(again.stage(clip), ClipStage::Asked);
    again.passes(30 * SECOND);
    assert_eq!(again.stage(clip), missing(ClipGap::AgentAway));
}

#[test]
fn a_consult_has_so_many_clips_and_so_many_open_presses() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    for _ in 0..17 {
        meeting.saves(0, LAST);
    }
    assert_eq!(meeting.refused(), [TooFast]);
    meeting.passes(60 * SECOND);
    for _ in meeting.clips().len()..MAX_CLIPS {
        meeting.offers(ClipId::random());
    }
    meeting.offers(ClipId::random());
    meeting.misses(ClipId::random(), ClipGap::Conflict, false);
    assert_eq!(meeting.clips().len(), MAX_CLIPS);
    meeting.saves(0, LAST);
    assert_eq!(meeting.refused(), [TooFast, StorageFailed]);
}

#[test]
fn a_clip_that_the_log_has_no_place_for_is_kept_and_its_device_hears_it() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    for _ in 0..MAX_CLIPS {
        meeting.misses(ClipId::random(), ClipGap::RelayStorage, false);
    }
    let clip = ClipId::random();
    meeting.offers(clip);
    meeting.clip(ClipInput::Kept(clip));
    assert_eq!((meeting.clips().len(), meeting.let_go()), (MAX_CLIPS, 1));
}
