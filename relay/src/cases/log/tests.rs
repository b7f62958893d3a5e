//! What a case tells of a consult, and what it does not.

use super::samples::{
    BEGIN_US, FIRST, FRAME, FRAMES, asked, consult, device, doctor, freeze, frozen, id, mark,
    point, released, row, rtp, saved, seen, stepped, stream, stroke, timed, told, uids, withdrawn,
};
use super::*;
use wire::case_log::CaseMarkKind;
use wire::link::LinkLevel;
use wire::log::LogEvent;
use wire::mark::{Anchor, Shape};
use wire::measure::{MeasureKind, ScaleRef};
use wire::people::{Author, Role};
use wire::{ClipId, StreamId};

fn log(words: Vec<(i64, Author, LogEvent)>) -> Option<CaseLog> {
    log_of(&consult(words), &row(), FRAMES, uids())
}

fn lines(log: &CaseLog) -> Vec<(i32, CaseAuthor, Option<u32>, CaseLogEvent)> {
    let lines = log.lines.iter();
    lines
        .map(|line| {
            (
                line.ms,
                line.by,
                line.frame.map(|frame| frame.0),
                line.event,
            )
        })
        .collect()
}

#[test]
fn a_log_says_when_as_what_and_on_which_frame_and_nothing_that_somebody_typed() {
    let label = Shape::Label {
        at: point(),
        text: "山田太郎さん EF 35".into(),
    };
    let caliper = Shape::Measure {
        what: MeasureKind::Caliper {},
        points: vec![point(), point()],
        by: ScaleRef::Pixels {},
    };
    let log = log(vec![
        (-9_000, Author::Relay, timed(225)),
        (5_000, doctor(1), asked()),
        (5_400, device(), saved()),
        (6_000, doctor(1), frozen(1, 4)),
        (6_500, doctor(1), stepped(1, 5)),
        (7_000, doctor(1), mark(1, 5, label)),
        (8_000, doctor(1), mark(2, 5, caliper)),
        (9_000, doctor(1), withdrawn(1)),
        (9_500, Author::Relay, released(1)),
    ]);
    let log = log.unwrap();
    let by = told(Role::Cardiologist, 1);
    let (label, caliper) = (CaseMarkKind::Label, CaseMarkKind::Caliper);
    let again = false;
    assert_eq!(
        lines(&log),
        [
            (5_000, by, None, CaseLogEvent::ClipAsked {}),
            (
                5_400,
                CaseAuthor::Device {},
                None,
                CaseLogEvent::ClipSaved {}
            ),
            (6_000, by, Some(4), CaseLogEvent::Frozen {}),
            (6_500, by, Some(5), CaseLogEvent::Stepped {}),
            (
                7_000,
                by,
                Some(5),
                CaseLogEvent::Marked { kind: label, again }
            ),
            (
                8_000,
                by,
                Some(5),
                CaseLogEvent::Marked {
                    kind: caliper,
                    again
                }
            ),
            (9_000, by, Some(5), CaseLogEvent::Withdrawn { kind: label }),
            (9_500, CaseAuthor::Relay {}, None, CaseLogEvent::Released {}),
        ]
    );
    assert_eq!((log.from, log.left_out), (CaseLogStart::FirstFrame, 0));
    assert_eq!(
        (log.clip.as_str(), log.marks.as_deref()),
        ("2.25.1", Some("2.25.2"))
    );
    let text = serde_json::to_string(&log).unwrap();
    for telling in [
        "山田",
        "EF",
        "Sakakibara",
        "榊",
        "BEDSIDE",
        "Yamada",
        "feed0000",
        "4711",
        "1795800",
        "2026",
    ] {
        assert!(!text.contains(telling), "{telling} in {text}");
    }
}

#[test]
fn two_of_a_role_are_told_apart_by_the_order_in_which_the_consult_met_them() {
    let log = log(vec![
        // Somebody else drew on another clip before.
        (-5_000, doctor(7), stroke(1, 500)),
        (0, Author::Relay, timed(0)),
        (5_000, doctor(8), stroke(2, 3)),
        (6_000, doctor(7), stroke(3, 3)),
    ]);
    let by: Vec<_> = log.unwrap().lines.iter().map(|line| line.by).collect();
    assert_eq!(
        by,
        [told(Role::Cardiologist, 2), told(Role::Cardiologist, 1)]
    );
}

#[test]
fn what_lies_on_other_frames_streams_and_clips_is_in_no_line() {
    let mut other = row().head;
    other.clip = ClipId::from_uuid(id(3));
    let elsewhere = Anchor::Live {
        stream: StreamId::from_uuid(id(9)),
        rtp_time: rtp(2),
    };
    let between = LogEvent::Frozen {
        freeze: freeze(3),
        anchor: Anchor::Live {
            stream: stream(),
            rtp_time: RtpTime(rtp(2).0.wrapping_add(1)),
        },
    };
    let log = log(vec![
        (0, Author::Relay, timed(0)),
        (
            1_000,
            device(),
            LogEvent::ClipSaved {
                head: Box::new(other),
            },
        ),
        (
            2_000,
            doctor(1),
            LogEvent::Frozen {
                freeze: freeze(2),
                anchor: elsewhere,
            },
        ),
        (2_500, doctor(1), released(2)),
        (3_000, doctor(1), between),
        (3_500, doctor(1), stroke(1, FRAMES)),
        (4_000, doctor(1), withdrawn(1)),
        (5_000, doctor(1), frozen(4, 0)),
        (6_000, doctor(1), stepped(4, FRAMES)),
        (7_000, doctor(1), released(4)),
    ]);
    let by = told(Role::Cardiologist, 1);
    assert_eq!(
        lines(&log.unwrap()),
        [(5_000, by, Some(0), CaseLogEvent::Frozen {})]
    );
}

#[test]
fn frames_that_did_not_come_over_are_on_no_line() {
    let consult = consult(vec![
        (1_000, doctor(1), stroke(1, 3)),
        (2_000, doctor(1), stroke(2, 8)),
    ]);
    let log = log_of(&consult, &row(), 5, uids()).unwrap();
    assert_eq!(log.lines.len(), 1);
}

#[test]
fn where_no_stamp_says_when_a_frame_was_captured_moments_count_from_the_first_line() {
    let log = log(vec![
        (5_000, doctor(1), frozen(1, 4)),
        (6_500, doctor(1), seen(LinkLevel::Good, Some(80))),
        (7_250, doctor(1), released(1)),
    ]);
    let log = log.unwrap();
    assert_eq!(log.from, CaseLogStart::FirstLine);
    let moments: Vec<_> = log.lines.iter().map(|line| line.ms).collect();
    assert_eq!(moments, [0, 2_250], "no reading is of the clip's time then");
}

#[test]
fn the_newest_stamp_before_the_clip_counts_and_across_the_wrap_of_rtp_time() {
    let late = LogEvent::StreamTimed {
        stream: stream(),
        rtp_time: rtp(FRAMES),
        captured_relay: RelayTime(BEGIN_US + 77_000_000),
        error_us: 0,
    };
    let old = LogEvent::StreamTimed {
        stream: stream(),
        rtp_time: RtpTime(FIRST.wrapping_sub(1_000 * FRAME)),
        captured_relay: RelayTime(BEGIN_US + 99_000_000),
        error_us: 0,
    };
    let log = log(vec![
        (0, Author::Relay, old),
        (0, Author::Relay, timed(5)),
        (0, Author::Relay, late),
        (4_000, device(), saved()),
    ]);
    assert_eq!(log.unwrap().lines[0].ms, 4_000);
}

#[test]
fn how_the_picture_arrived_is_told_of_the_time_of_the_clip_only() {
    let log = log(vec![
        (-9_000, Author::Relay, timed(225)),
        (-8_000, doctor(1), seen(LinkLevel::Stopped, None)),
        (-2_000, doctor(1), seen(LinkLevel::Late, Some(700))),
        (-1_000, doctor(2), seen(LinkLevel::Good, Some(u32::MAX))),
        (200, doctor(1), seen(LinkLevel::Choppy, Some(90))),
        (500, doctor(1), seen(LinkLevel::Good, Some(40))),
        (4_000, device(), saved()),
    ]);
    let (one, two) = (told(Role::Cardiologist, 1), told(Role::Cardiologist, 2));
    let seen = |level, age_ms| CaseLogEvent::Seen { level, age_ms };
    assert_eq!(
        lines(&log.unwrap()),
        [
            (-2_000, one, None, seen(LinkLevel::Late, Some(700))),
            // An age that no clock could mean.
            (-1_000, two, None, seen(LinkLevel::Good, None)),
            (200, one, None, seen(LinkLevel::Choppy, Some(90))),
            (
                4_000,
                CaseAuthor::Device {},
                None,
                CaseLogEvent::ClipSaved {}
            ),
        ]
    );
}

#[test]
fn what_lies_far_away_is_counted_and_not_told_so_that_no_distance_is_a_date() {
    let far = i64::from(MAX_CASE_LOG_MS);
    let since_1970 = -i64::try_from(BEGIN_US / 1_000).unwrap();
    let log = log(vec![
        (0, Author::Relay, timed(0)),
        (since_1970, doctor(1), stroke(1, 1)),
        (-far - 1, doctor(1), stroke(2, 1)),
        (-far, doctor(1), stroke(3, 1)),
        (far, doctor(1), stroke(4, 1)),
        (far + 1, doctor(1), stroke(5, 1)),
    ]);
    let log = log.unwrap();
    let moments: Vec<_> = log.lines.iter().map(|line| line.ms).collect();
    assert_eq!(moments, [-MAX_CASE_LOG_MS, MAX_CASE_LOG_MS]);
    assert_eq!(log.left_out, 3);
}

#[test]
fn a_log_has_so_many_lines_and_readings_give_way_to_what_people_did() {
    let mut words = vec![(0, Author::Relay, timed(0))];
    for n in 0..10 {
        words.push((n, doctor(1), seen(LinkLevel::Good, None)));
    }
    let most = MAX_CASE_LOG_LINES;
    for n in 0..most - 4 {
        words.push((1_000 + n as i64, doctor(1), stroke(n as u128, 1)));
    }
    let all = log(words.clone()).unwrap();
    assert_eq!((all.lines.len(), all.left_out), (most, 6));
    for n in 0..10 {
        words.push((9_000, doctor(1), stroke(1_000 + n, 1)));
    }
    let all = log(words).unwrap();
    assert_eq!((all.lines.len(), all.left_out), (most, 16));
    let is_mark = |line: &CaseLogLine| matches!(line.event, CaseLogEvent::Marked { .. });
    assert!(all.lines.iter().all(is_mark));
}

#[test]
fn a_clip_that_nothing_was_said_of_has_no_log() {
    let readings = vec![
        (0, Author::Relay, timed(0)),
        (100, doctor(1), seen(LinkLevel::Good, None)),
        (200, doctor(1), stroke(1, 500)),
    ];
    assert_eq!(log(readings), None);
    let mut imported = row();
    imported.head.captured = None;
    imported.times.clear();
    let words = || {
        consult(vec![
            (4_000, device(), saved()),
            (5_000, doctor(1), stroke(1, 3)),
        ])
    };
    let log = log_of(&words(), &imported, FRAMES, uids()).unwrap();
    assert_eq!(
        lines(&log),
        [(0, CaseAuthor::Device {}, None, CaseLogEvent::ClipSaved {})],
        "nobody can have drawn on a file"
    );
}
