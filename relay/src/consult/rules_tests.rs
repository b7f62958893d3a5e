//! The rules of a consult, each as a sentence.

use super::effect::{CatchUp, Effect, Input, PictureInput, RunningPicture, SocketKey};
use super::people::{GRACE_US, MAX_HERE};
use super::samples::{
    Meeting, SECOND, STREAM, anchor, cardiologist, physician, picture, stroke, trainee, trainer,
};
use wire::log::{LogEvent, StreamEnd};
use wire::mark::{Anchor, Shape};
use wire::people::{Author, Page};
use wire::problem::ProblemCode::{
    AlreadyFrozen, ConnectedElsewhere, MarkIdTaken, MarkRefused, MarkUnknown, NotAllowed,
    NotFrozen, NotYourMark, ResumeAhead, StorageFailed, TooMany,
};
use wire::socket::{FromRelay, ToRelay};
use wire::{AnnotationId, FreezeId, RtpTime, Seq, SessionId, StreamId};

fn events(meeting: &Meeting) -> Vec<&LogEvent> {
    meeting.disk.iter().map(|entry| &entry.event).collect()
}

fn marks_in_log(meeting: &Meeting) -> usize {
    events(meeting)
        .iter()
        .filter(|event| matches!(event, LogEvent::Marked { .. }))
        .count()
}

#[test]
fn the_same_mark_twice_is_one_entry_and_another_under_its_id_is_refused() {
    let mut meeting = Meeting::of(&[cardiologist(), trainer()]);
    let mark = stroke(3);
    meeting.marks(0, &mark);
    meeting.marks(0, &mark);
    assert_eq!((marks_in_log(&meeting), meeting.refused()), (1, vec![]));
    assert_eq!(
        meeting.known(),
        vec![mark.id],
        "who says it again waits for an answer"
    );
    let mut other = stroke(4);
    other.id = mark.id;
    meeting.marks(0, &other);
    meeting.marks(1, &mark);
    assert_eq!(
        (marks_in_log(&meeting), meeting.refused()),
        (1, vec![MarkIdTaken, MarkIdTaken])
    );
}

#[test]
fn a_mark_that_was_withdrawn_does_not_come_back_and_its_page_does_not_wait_for_it() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let mark = stroke(3);
    meeting.marks(0, &mark);
    meeting.says(0, ToRelay::Withdraw { mark: mark.id });
    meeting.says(0, ToRelay::Withdraw { mark: mark.id });
    assert_eq!(
        (meeting.refused(), meeting.known()),
        (vec![], vec![mark.id])
    );
    meeting.marks(0, &mark);
    assert_eq!(
        (marks_in_log(&meeting), meeting.refused()),
        (1, vec![MarkUnknown])
    );
}

#[test]
fn nobody_takes_back_or_replaces_what_somebody_else_drew() {
    let mut meeting = Meeting::of(&[cardiologist(), physician()]);
    let mark = stroke(3);
    meeting.marks(0, &mark);
    meeting.says(1, ToRelay::Withdraw { mark: mark.id });
    let mut edit = stroke(2);
    edit.replaces = Some(mark.id);
    meeting.marks(1, &edit);
    meeting.says(
        1,
        ToRelay::Withdraw {
            mark: AnnotationId::random(),
        },
    );
    assert_eq!(
        meeting.refused(),
        vec![NotYourMark, NotYourMark, MarkUnknown]
    );
    meeting.marks(0, &edit);
    assert_eq!(marks_in_log(&meeting), 2);
}

#[test]
fn a_replaced_mark_is_no_longer_in_force() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let (first, mut second) = (stroke(3), stroke(4));
    second.replaces = Some(first.id);
    meeting.marks(0, &first);
    meeting.marks(0, &second);
    meeting.says(
        0,
        ToRelay::Pin {
            mark: first.id,
            pinned: true,
        },
    );
    assert_eq!(meeting.refused(), vec![MarkUnknown]);
    let mut third = stroke(5);
    third.replaces = Some(first.id);
    meeting.marks(0, &third);
    assert_eq!(meeting.refused(), vec![MarkUnknown, MarkUnknown]);
}

#[test]
fn somebody_who_came_back_through_a_fresh_link_still_owns_their_marks() {
    let mut again = cardiologist();
    again.session = SessionId::random();
    let mut meeting = Meeting::of(&[cardiologist(), again]);
    let mark = stroke(3);
    meeting.marks(0, &mark);
    meeting.says(1, ToRelay::Withdraw { mark: mark.id });
    assert_eq!(meeting.refused(), vec![]);
}

#[test]
fn a_trainee_points_only() {
    let mut meeting = Meeting::of(&[trainee(), cardiologist()]);
    let mark = stroke(3);
    meeting.marks(1, &mark);
    meeting.marks(0, &stroke(1));
    meeting.says(0, ToRelay::Withdraw { mark: mark.id });
    meeting.says(
        0,
        ToRelay::Pin {
            mark: mark.id,
            pinned: true,
        },
    );
    let freeze = meeting.freezes(0);
    meeting.says(0, ToRelay::Release { freeze });
    assert_eq!(meeting.refused(), vec![NotAllowed; 5]);
    meeting.told.clear();
    meeting.says(
        0,
        ToRelay::Point {
            at: None,
            rtp_time: Some(RtpTime(1)),
        },
    );
    assert_eq!(meeting.refused(), vec![]);
    assert!(
        meeting
            .told
            .iter()
            .any(|(_, message)| matches!(message, FromRelay::Pointers { .. }))
    );
}

#[test]
fn the_author_is_the_session_whatever_the_mark_says() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    meeting.marks(0, &stroke(3));
    assert_eq!(meeting.disk.last().unwrap().author, cardiologist().author());
}

#[test]
fn a_mark_on_a_stream_that_never_ran_here_or_with_a_wrong_shape_is_refused() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let mut elsewhere = stroke(3);
    elsewhere.anchor = Anchor::Live {
        stream: StreamId::random(),
        rtp_time: RtpTime(0),
    };
    meeting.marks(0, &elsewhere);
    let mut empty = stroke(1);
    empty.shape = Shape::Stroke { points: vec![] };
    meeting.marks(0, &empty);
    assert_eq!(
        (meeting.refused(), marks_in_log(&meeting)),
        (vec![MarkRefused, MarkRefused], 0)
    );
}

#[test]
fn the_first_freeze_wins_and_everybody_stands_on_it() {
    let mut meeting = Meeting::of(&[cardiologist(), trainer()]);
    let first = meeting.freezes(0);
    meeting.freezes(1);
    assert_eq!(meeting.refused(), vec![AlreadyFrozen]);
    meeting.says(
        0,
        ToRelay::Freeze {
            freeze: first,
            anchor: anchor(),
        },
    );
    assert_eq!(
        meeting.refused(),
        vec![AlreadyFrozen],
        "the same freeze again is no other"
    );
    assert_eq!(
        events(&meeting)
            .iter()
            .filter(|event| matches!(event, LogEvent::Frozen { .. }))
            .count(),
        1
    );
}

#[test]
fn whoever_froze_or_the_visiting_physician_releases() {
    let mut meeting = Meeting::of(&[cardiologist(), trainer(), physician()]);
    let freeze = meeting.freezes(0);
    meeting.says(1, ToRelay::Release { freeze });
    assert_eq!(meeting.refused(), vec![NotAllowed]);
    meeting.says(2, ToRelay::Release { freeze });
    meeting.says(0, ToRelay::Release { freeze });
    meeting.says(
        0,
        ToRelay::Release {
            freeze: FreezeId::random(),
        },
    );
    assert_eq!(meeting.refused(), vec![NotAllowed, NotFrozen, NotFrozen]);
    meeting.says(
        0,
        ToRelay::Freeze {
            freeze,
            anchor: anchor(),
        },
    );
    assert_eq!(
        meeting.refused().last(),
        Some(&NotFrozen),
        "a late copy of an old freeze stops nothing"
    );
}

#[test]
fn a_reload_is_no_leave_and_join_but_shows_at_once() {
    let mut meeting = Meeting::of(&[cardiologist(), trainer()]);
    let before = meeting.disk.len();
    meeting.apply(Input::Gone(SocketKey(0)));
    let people = |meeting: &Meeting| match &meeting.told.last().unwrap().1 {
        FromRelay::People { participants } => participants.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(people(&meeting), 1);
    meeting.passes(GRACE_US / 2);
    meeting.apply(Input::Joined(SocketKey(7), cardiologist()));
    meeting.passes(GRACE_US * 2);
    assert_eq!(meeting.disk.len(), before);
    meeting.apply(Input::Gone(SocketKey(7)));
    meeting.passes(GRACE_US + 1);
    assert_eq!(
        meeting.disk.last().unwrap().event,
        LogEvent::Left {
            session: cardiologist().session
        }
    );
    assert_eq!(meeting.disk.last().unwrap().author, cardiologist().author());
}

#[test]
fn a_second_tab_of_the_same_session_takes_over() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    meeting.apply(Input::Joined(SocketKey(9), cardiologist()));
    assert!(meeting.done.contains(&Effect::Close {
        socket: SocketKey(0),
        code: ConnectedElsewhere,
        retry_ms: None
    }));
    meeting.marks(0, &stroke(2));
    assert_eq!(
        marks_in_log(&meeting),
        0,
        "the old socket's words are nobody's"
    );
    meeting.apply(Input::Gone(SocketKey(0)));
    meeting.passes(GRACE_US * 2);
    meeting.marks(9, &stroke(2));
    assert_eq!(marks_in_log(&meeting), 1);
}

#[test]
fn who_comes_once_more_by_another_ticket_is_shown_once_until_the_page_of_before_is_heard() {
    let mut meeting = Meeting::of(&[cardiologist(), trainer()]);
    let mut again = cardiologist();
    again.session = SessionId::random();
    meeting.apply(Input::Joined(SocketKey(7), again.clone()));
    let here = |meeting: &Meeting| -> Vec<SessionId> {
        let mut told = meeting.told.iter().rev();
        let newest = told.find_map(|(_, message)| match message {
            FromRelay::People { participants } => Some(participants),
            _ => None,
        });
        let sessions = newest.unwrap().iter().map(|person| person.session);
        sessions.collect()
    };
    assert_eq!(here(&meeting), [trainer().session, again.session]);
    let asked = Effect::AskWhetherThere(SocketKey(0));
    assert!(meeting.done.contains(&asked));

    // It is another device of theirs: both are here.
    meeting.apply(Input::Heard(SocketKey(0)));
    let everybody = [cardiologist().session, trainer().session, again.session];
    assert_eq!(here(&meeting), everybody);
    let said = meeting.told.len();
    meeting.apply(Input::Heard(SocketKey(0)));
    assert_eq!(meeting.told.len(), said, "nothing new");

    // A page of another kind is no second one of the same.
    let mut bedside = cardiologist();
    (bedside.session, bedside.page) = (SessionId::random(), Page::Bedside);
    meeting.done.clear();
    meeting.apply(Input::Joined(SocketKey(8), bedside));
    assert!(!meeting.done.contains(&asked));
}

#[test]
fn a_consult_has_room_for_a_case_conference_and_no_more() {
    let crowd: Vec<_> = (0..=MAX_HERE)
        .map(|_| {
            let mut who = trainee();
            who.session = SessionId::random();
            who
        })
        .collect();
    let mut meeting = Meeting::new();
    for (number, who) in (0..).zip(&crowd) {
        meeting.apply(Input::Joined(SocketKey(number), who.clone()));
    }
    assert!(matches!(
        meeting.done.last(),
        Some(Effect::Close {
            code: TooMany,
            retry_ms: Some(_),
            ..
        })
    ));
    assert_eq!(meeting.core.summary().people as usize, MAX_HERE);
}

#[test]
fn a_page_resumes_where_it_was_and_one_that_knows_too_much_begins_anew() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    for _ in 0..5 {
        meeting.marks(0, &stroke(2));
    }
    let head = Seq(meeting.disk.len() as u64);
    let mut way = |after: Option<Seq>| {
        let mut who = trainer();
        who.after_seq = after;
        meeting.done.clear();
        meeting.apply(Input::Joined(SocketKey(5), who));
        meeting
            .done
            .iter()
            .find_map(|effect| match effect {
                Effect::Admit { catch_up, .. } => Some(catch_up.clone()),
                _ => None,
            })
            .unwrap()
    };
    assert!(matches!(way(None), CatchUp::Snapshot { .. }));
    // The trainer's own join is an entry too, on its way when they were let in.
    let head = head.next();
    assert_eq!(way(Some(head)), CatchUp::Nothing);
    assert_eq!(
        way(Some(Seq(2))),
        CatchUp::Entries {
            after: Seq(2),
            to: head
        }
    );
    assert!(matches!(way(Some(Seq(1 << 60))), CatchUp::Snapshot { .. }));
    assert_eq!(meeting.refused(), vec![ResumeAhead]);
}

#[test]
fn what_was_not_stored_is_refused_by_name_and_nobody_is_told_of_it() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    meeting.disk_works = false;
    let mark = stroke(3);
    meeting.marks(0, &mark);
    assert!(meeting.told.iter().any(|(_, m)| *m
        == FromRelay::Refused {
            code: StorageFailed,
            mark: Some(mark.id),
            freeze: None,
            clip: None
        }));
    assert!(
        !meeting
            .told
            .iter()
            .any(|(_, m)| matches!(m, FromRelay::Entries { .. }))
    );
    assert_eq!(meeting.done, vec![Effect::ReadAgain]);
    meeting.marks(0, &stroke(1));
    meeting.disk_works = true;
    // Its page sends it again before the log was read again: it is not known, although it was handed out once.
    meeting.marks(0, &mark);
    assert_eq!(
        (meeting.refused(), meeting.known()),
        (vec![StorageFailed; 3], vec![])
    );
    let effects = meeting
        .core
        .recovered(super::samples::restored(&meeting.disk), meeting.now);
    assert!(effects.is_empty());
    meeting.marks(0, &mark);
    assert_eq!(marks_in_log(&meeting), 1);
}

#[test]
fn who_came_and_what_ran_while_the_disk_failed_is_written_when_it_works_again() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    meeting.disk_works = false;
    meeting.apply(Input::Joined(SocketKey(1), trainer()));
    meeting.apply(Input::Picture(
        STREAM,
        PictureInput::Stopped(StreamEnd::Finished),
    ));
    assert_eq!(meeting.core.summary().people, 2);
    meeting.disk_works = true;
    let effects = meeting
        .core
        .recovered(super::samples::restored(&meeting.disk), meeting.now);
    let [Effect::Append(entries)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert!(matches!(
        entries[0].event,
        LogEvent::StreamStopped { stream: STREAM, .. }
    ));
    assert!(
        matches!(entries[1].event, LogEvent::Joined { session, .. } if session == trainer().session)
    );
}

#[test]
fn a_relay_that_comes_up_ends_what_was_cut_off_and_lets_people_come_back() {
    let mut before = Meeting::of(&[cardiologist()]);
    before.marks(0, &stroke(3));
    let mut after = Meeting::over(before.disk.clone(), None);
    let last = after.disk.last().unwrap();
    assert_eq!(
        last.event,
        LogEvent::StreamStopped {
            stream: STREAM,
            reason: StreamEnd::RelayRestarted
        }
    );
    assert_eq!(last.author, Author::Relay);
    let head = after.disk.len();
    after.apply(Input::Joined(SocketKey(0), cardiologist()));
    after.passes(GRACE_US * 2);
    assert_eq!(
        after.disk.len(),
        head,
        "somebody who came back neither left nor joined"
    );
    let mut empty = Meeting::over(before.disk, None);
    empty.passes(GRACE_US + 1);
    assert_eq!(
        empty.disk.last().unwrap().event,
        LogEvent::Left {
            session: cardiologist().session
        }
    );
    assert!(empty.core.is_idle());
}

#[test]
fn a_consult_that_is_restarted_under_a_running_picture_does_not_end_it() {
    let before = Meeting::of(&[cardiologist()]);
    let entries = before.disk.len();
    let after = Meeting::over(before.disk, Some(picture()));
    assert_eq!(after.disk.len(), entries);
    assert!(after.core.summary().picture);
}

#[test]
fn the_same_publisher_that_comes_back_starts_its_stream_anew() {
    let mut meeting = Meeting::of(&[]);
    meeting.apply(Input::Picture(STREAM, PictureInput::Started(picture())));
    let tail: Vec<_> = events(&meeting)
        .into_iter()
        .rev()
        .take(2)
        .cloned()
        .collect();
    assert!(matches!(
        tail[0],
        LogEvent::StreamStarted {
            stream: STREAM,
            stamped: true,
            ..
        }
    ));
    assert_eq!(
        tail[1],
        LogEvent::StreamStopped {
            stream: STREAM,
            reason: StreamEnd::Replaced
        }
    );
}

#[test]
fn a_timeline_that_the_relay_shifts_is_in_the_log() {
    let mut meeting = Meeting::of(&[]);
    let shifted = |rtp_offset| {
        let picture = RunningPicture {
            rtp_offset,
            ..picture()
        };
        Input::Picture(STREAM, PictureInput::Started(picture))
    };
    for (rtp_offset, logged) in [(0, None), (90_000, Some(90_000))] {
        meeting.apply(shifted(rtp_offset));
        let last = events(&meeting).last().cloned().unwrap().clone();
        assert!(
            matches!(last, LogEvent::StreamStarted { rtp_offset, .. } if rtp_offset == logged),
            "{last:?}"
        );
    }
}

#[test]
fn an_ended_session_is_closed_and_leaves_at_once() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    meeting.apply(Input::SessionEnded(cardiologist().session));
    assert!(meeting.done.iter().any(|effect| matches!(
        effect,
        Effect::Close {
            socket: SocketKey(0),
            retry_ms: None,
            ..
        }
    )));
    assert_eq!(
        meeting.disk.last().unwrap().event,
        LogEvent::Left {
            session: cardiologist().session
        }
    );
}

#[test]
fn time_alone_wakes_the_consult_no_more_often_than_it_must() {
    let mut meeting = Meeting::of(&[cardiologist()]);
    let due = meeting.core.due().unwrap();
    assert!(
        due.0 <= meeting.now.0 + SECOND,
        "a running picture is reported"
    );
    meeting.apply(Input::Gone(SocketKey(0)));
    let mut empty = Meeting::new();
    assert_eq!(empty.core.due(), None);
    empty.passes(SECOND);
}
