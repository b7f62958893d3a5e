//! What a library of cases is told and tells.

use crate::each;
use crate::samples::{clip_head, uuid};
use wire::case::{
    CaseAbout, CaseClip, CaseCollections, CaseConsent, CaseCover, CaseDrawn, CaseFacts, CaseFault,
    CaseLine, CaseList, CaseLook, CaseLookRequest, CaseMade, CaseNumber, CaseRectangle,
    CaseSources, CaseState, CaseSummary, CaseTyped, CaseWords, MAX_CASE_END, NewCase,
};
use wire::clip::{ClipCoding, ClipHead};
use wire::mark::Point;
use wire::original::Digest;
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
