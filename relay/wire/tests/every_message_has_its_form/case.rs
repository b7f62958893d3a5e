//! What a library of cases is told and tells.

use crate::each;
use crate::samples::{clip_head, uuid};
use wire::case::{
    CaseAbout, CaseClip, CaseCollections, CaseConsent, CaseCover, CaseDrawn, CaseFacts, CaseFault,
    CaseLine, CaseList, CaseLook, CaseLookRequest, CaseMade, CaseNumber, CaseRectangle,
    CaseSources, CaseState, CaseSummary, CaseTyped, CaseWords, MAX_CASE_END, NewCase,
};
use wire::case_log::{CaseAuthor, CaseLog, CaseLogEvent, CaseLogLine, CaseLogStart, CaseMarkKind};
use wire::clip::{ClipCoding, ClipHead};
use wire::link::LinkLevel;
use wire::mark::Point;
use wire::original::Digest;
use wire::people::Role;
use wire::{CaseId, ClipId, ConsultId, Fraction, FrameIndex, RelayTime};

fn facts() -> CaseFacts {
    CaseFacts {
        title: "僧帽弁逆流".into(),
        findings: vec!["MR".into()],
        difficulty: 2,
        collections: vec!["2026年 秋".into()],
        consent: CaseConsent::TeachingAndExport,
        licence: "院内教育".into(),
        expires_at: RelayTime(1_900_000_000_000_000),
    }
}

#[test]
fn what_a_case_is() {
    let summary = CaseSummary {
        case: CaseId::from_uuid(uuid(1)),
        alias: "CASE-00000001".into(),
        state: CaseState::Reviewed,
        facts: facts(),
        views: vec!["A4C".into()],
        clips: 2,
    };
    let digest = Digest::from_bytes([7; 32]);
    let looked_at = CaseClip {
        number: 1,
        view: Some("A4C".into()),
        cover: CaseCover::default(),
        made: Some(CaseMade {
            digest,
            frames: 12,
            width: 640,
            height: 480,
            marks: true,
            measurements: false,
            log: true,
            words: vec![CaseWords {
                name: "PatientName".into(),
                words: "CASE-00000001".into(),
            }],
        }),
        fault: None,
        looks: vec![CaseLook {
            name: "指導 医".into(),
            at: RelayTime(1_795_000_000_000_000),
        }],
    };
    let without = CaseClip {
        number: 2,
        view: None,
        cover: CaseCover {
            keep: Vec::new(),
            blank: vec![CaseRectangle {
                left: 1,
                top: 2,
                right: 30,
                bottom: 40,
            }],
        },
        made: None,
        fault: Some(CaseFault::NothingKept),
        looks: Vec::new(),
    };
    let list = CaseList {
        cases: vec![summary.clone()],
        more: false,
        collections: vec!["2026年 秋".into()],
    };
    let clips = vec![looked_at, without];
    each("case", vec![("list", list)]);
    let typed = CaseTyped {
        digest,
        looks: clips[0].looks.clone(),
    };
    let about = CaseAbout {
        summary,
        typed,
        clips,
    };
    each("case", vec![("about", about)]);
    each("case", vec![("look", CaseLookRequest { digest })]);
    let new = NewCase {
        consult: ConsultId::from_uuid(uuid(2)),
        clips: vec![ClipId::from_uuid(uuid(3))],
        facts: facts(),
    };
    each("case", vec![("new", new)]);
    let collections = CaseCollections {
        collections: vec!["2026年 秋".into(), "僧帽弁".into()],
        looked: true,
    };
    each("case", vec![("collections", collections)]);
    let video = ClipHead {
        coding: ClipCoding::Video,
        ..clip_head()
    };
    let clips = vec![clip_head(), video];
    each("case", vec![("sources", CaseSources { clips })]);
}

#[test]
fn what_is_drawn_on_a_clip_of_a_case() {
    let at = |x, y| Point {
        x: Fraction::new(x).unwrap(),
        y: Fraction::new(y).unwrap(),
    };
    let drawn = CaseDrawn {
        lines: vec![CaseLine {
            frame: FrameIndex(4),
            points: vec![at(0.25, 0.5), at(0.75, 0.5)],
        }],
        numbers: vec![CaseNumber {
            code: "410668003".into(),
            name: "Length".into(),
            value: 4.7,
            unit: "cm".into(),
            frames: vec![FrameIndex(4)],
        }],
    };
    each("case", vec![("drawn", drawn)]);
}

#[test]
fn what_was_made_of_a_clip_before_there_were_logs_has_none() {
    let digest = Digest::from_bytes([7; 32]);
    let before = format!(
        r#"{{"digest":"{digest}","frames":1,"width":2,"height":2,"marks":true,"measurements":false,"words":[]}}"#
    );
    let made: CaseMade = serde_json::from_str(&before).unwrap();
    assert!(made.marks && !made.log);
}

#[test]
fn how_a_consult_went_around_a_clip_of_a_case() {
    let doctor = |number| CaseAuthor::Person {
        role: Role::Cardiologist,
        number,
    };
    let seen = CaseLogEvent::Seen {
        level: LinkLevel::Late,
        age_ms: Some(420),
    };
    let kind = CaseMarkKind::Caliper;
    let said = [
        (-900, doctor(1), None, seen),
        (1_500, doctor(1), None, CaseLogEvent::ClipAsked {}),
        (
            2_100,
            CaseAuthor::Device {},
            None,
            CaseLogEvent::ClipSaved {},
        ),
        (3_000, doctor(1), Some(4), CaseLogEvent::Frozen {}),
        (3_500, doctor(2), Some(5), CaseLogEvent::Stepped {}),
        (4_000, doctor(2), Some(5), CaseLogEvent::Calibrated {}),
        (
            5_000,
            doctor(2),
            Some(5),
            CaseLogEvent::Marked { kind, again: false },
        ),
        (6_000, doctor(2), Some(5), CaseLogEvent::Withdrawn { kind }),
        (7_000, CaseAuthor::Relay {}, None, CaseLogEvent::Released {}),
    ];
    let lines = said.map(|(ms, by, frame, event)| CaseLogLine {
        ms,
        by,
        frame: frame.map(FrameIndex),
        event,
    });
    let events: Vec<CaseLogEvent> = lines.iter().map(|line| line.event).collect();
    every_variant!(
        events,
        CaseLogEvent {
            ClipAsked,
            ClipSaved,
            Frozen,
            Stepped,
            Released,
            Marked,
            Withdrawn,
            Calibrated,
            Seen
        }
    );
    let authors: Vec<CaseAuthor> = lines.iter().map(|line| line.by).collect();
    every_variant!(
        authors,
        CaseAuthor {
            Person,
            Device,
            Relay
        }
    );
    let log = CaseLog {
        clip: "2.25.1".into(),
        marks: Some("2.25.2".into()),
        measurements: None,
        from: CaseLogStart::FirstFrame,
        lines: lines.into(),
        left_out: 3,
    };
    each("case", vec![("log", log)]);
}

#[test]
fn facts_without_a_title_a_licence_a_difficulty_that_there_is_or_an_end_are_not_sound() {
    assert!(facts().are_sound());
    let last = CaseFacts {
        expires_at: MAX_CASE_END,
        ..facts()
    };
    assert!(last.are_sound());
    for spoil in [
        |facts: &mut CaseFacts| facts.title = "  ".into(),
        |facts: &mut CaseFacts| facts.licence = String::new(),
        |facts: &mut CaseFacts| facts.difficulty = 4,
        |facts: &mut CaseFacts| facts.findings = vec!["x".into(); 13],
        |facts: &mut CaseFacts| facts.collections = vec!["a\nb".into()],
        // The year 10000: no page can write it.
        |facts: &mut CaseFacts| facts.expires_at = RelayTime(253_402_300_800_000_000),
    ] {
        let mut spoilt = facts();
        spoil(&mut spoilt);
        assert!(!spoilt.are_sound(), "{spoilt:?}");
    }
}
