//! How the picture arrives at people's pages: what the others are shown, and what the log keeps of it.

use super::samples::{Meeting, SECOND, cardiologist, physician};
use super::{Audience, Input, SocketKey};
use wire::link::{Adequacy, LinkCause, LinkHints, LinkLevel, LinkSeen, PersonLink};
use wire::log::LogEvent;
use wire::problem::ProblemCode;
use wire::socket::{FromRelay, ToRelay};

fn seen(level: LinkLevel) -> LinkSeen {
    let adequate = Adequacy::Adequate;
    LinkSeen {
        level,
        cause: LinkCause::Nothing,
        fps: Some(30),
        age_ms: Some(45),
        kbps: Some(2_000),
        loss_percent: Some(0.0),
        width: 800,
        height: 600,
        pauses: 0,
        paused_ms: 0,
        hints: LinkHints {
            ef: adequate,
            ivc: adequate,
            effusion: adequate,
            colour: adequate,
        },
    }
}

fn says(meeting: &mut Meeting, socket: u64, seen: LinkSeen) {
    meeting.says(socket, ToRelay::LinkSeen { seen });
}

/// What everybody was shown, message by message.
fn shown(meeting: &Meeting) -> Vec<Vec<PersonLink>> {
    let links = |(to, message): &(Audience, FromRelay)| match message {
        FromRelay::Links { links } if *to == Audience::All => Some(links.clone()),
        _ => None,
    };
    meeting.told.iter().filter_map(links).collect()
}

/// Samples of the log, and when.
fn logged(meeting: &Meeting) -> Vec<(LinkLevel, u64)> {
    let sample = |entry: &wire::log::LogEntry| match entry.event {
        LogEvent::LinkSample { seen } => Some((seen.level, entry.at.0 / SECOND - 1_000)),
        _ => None,
    };
    meeting.disk.iter().filter_map(sample).collect()
}

#[test]
fn everybody_is_shown_the_newest_word_of_each_page_in_one_message() {
    let mut meeting = Meeting::of(&[physician(), cardiologist()]);
    says(&mut meeting, 0, seen(LinkLevel::Good));
    assert_eq!(shown(&meeting).len(), 1, "the first one goes out at once");
    says(&mut meeting, 1, seen(LinkLevel::Good));
    says(&mut meeting, 1, seen(LinkLevel::Choppy));
    assert_eq!(shown(&meeting).len(), 1, "the others wait");
    meeting.passes(SECOND);
    let [_, second] = &shown(&meeting)[..] else {
        panic!("{:?}", shown(&meeting));
    };
    let choppy = PersonLink {
        session: cardiologist().session,
        seen: seen(LinkLevel::Choppy),
    };
    assert_eq!(second, &[choppy], "the newest word, and nothing old");
    meeting.passes(SECOND);
    assert_eq!(shown(&meeting).len(), 2, "no news, no message");
}

#[test]
fn who_joins_is_shown_the_links_of_those_who_are_here_and_of_nobody_else() {
    let mut meeting = Meeting::of(&[physician()]);
    says(&mut meeting, 0, seen(LinkLevel::Late));
    meeting.told.clear();
    meeting.apply(Input::Joined(SocketKey(1), cardiologist()));
    let told = |meeting: &Meeting, socket| {
        meeting.told.iter().any(|(to, message)| {
            matches!(message, FromRelay::Links { links } if links.len() == 1)
                && *to == Audience::One(SocketKey(socket))
        })
    };
    assert!(told(&meeting, 1));
    meeting.apply(Input::Gone(SocketKey(0)));
    meeting.apply(Input::Gone(SocketKey(1)));
    meeting.apply(Input::Joined(SocketKey(2), cardiologist()));
    assert!(!told(&meeting, 2), "nobody was here");
}

#[test]
fn the_log_has_each_change_five_seconds_apart_and_one_sample_in_thirty_while_nothing_changes() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    // Two seconds apart, as a page says it: good, then weak from the third second on, then good again from the 21st.
    for second in (0..70).step_by(2) {
        let weak = (3..21).contains(&second);
        let level = if weak {
            LinkLevel::Choppy
        } else {
            LinkLevel::Good
        };
        says(&mut meeting, 0, seen(level));
        meeting.passes(2 * SECOND);
    }
    let expected = [
        (LinkLevel::Good, 0),
        (LinkLevel::Choppy, 6),
        (LinkLevel::Good, 22),
        (LinkLevel::Good, 52),
    ];
    assert_eq!(logged(&meeting), expected);
}

#[test]
fn a_hint_that_changes_is_a_change_although_the_word_stays() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    says(&mut meeting, 0, seen(LinkLevel::Good));
    meeting.passes(6 * SECOND);
    let mut weaker = seen(LinkLevel::Good);
    weaker.hints.colour = Adequacy::Limited;
    says(&mut meeting, 0, weaker);
    assert_eq!(logged(&meeting).len(), 2);
}

#[test]
fn who_has_no_picture_or_looks_elsewhere_writes_the_change_and_then_nothing() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let levels = [
        (LinkLevel::None, 100),
        (LinkLevel::Good, 6),
        (LinkLevel::Stopped, 100),
        (LinkLevel::Hidden, 100),
    ];
    for (level, seconds) in levels {
        for _ in (0..seconds).step_by(2) {
            says(&mut meeting, 0, seen(level));
            meeting.passes(2 * SECOND);
        }
    }
    let levels: Vec<LinkLevel> = logged(&meeting).iter().map(|(level, _)| *level).collect();
    assert_eq!(
        levels,
        [LinkLevel::Good, LinkLevel::Stopped, LinkLevel::Hidden]
    );
}

#[test]
fn a_page_that_is_loaded_anew_again_and_again_fills_no_log() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    for socket in 1..40 {
        says(&mut meeting, socket - 1, seen(LinkLevel::Good));
        meeting.apply(Input::Gone(SocketKey(socket - 1)));
        meeting.apply(Input::Joined(SocketKey(socket), cardiologist()));
        meeting.passes(SECOND / 10);
    }
    assert_eq!(logged(&meeting).len(), 1);
}

#[test]
fn what_cannot_be_true_is_refused_shown_to_nobody_and_not_kept() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let wrong = LinkSeen {
        loss_percent: Some(101.0),
        ..seen(LinkLevel::Good)
    };
    says(&mut meeting, 0, wrong);
    assert_eq!(meeting.refused(), [ProblemCode::MessageRefused]);
    assert!(shown(&meeting).is_empty() && logged(&meeting).is_empty());
}

#[test]
fn a_clock_that_is_set_back_holds_no_sample_up() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    says(&mut meeting, 0, seen(LinkLevel::Good));
    meeting.now = wire::RelayTime(meeting.now.0 - 900 * SECOND);
    says(&mut meeting, 0, seen(LinkLevel::Choppy));
    assert_eq!(shown(&meeting).len(), 2);
    assert_eq!(meeting.disk.len(), 4, "joined, the picture and two samples");
}
