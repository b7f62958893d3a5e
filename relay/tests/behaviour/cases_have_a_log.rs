//! A clip of a case says how the consult went around it: when, as what and on which frame, under the UIDs of the files beside it, and
//! nothing of whose heart it is, who spoke or what somebody typed.

use crate::cases_carry_no_identity::{TELLING, about, asks, facts, is_looked_at, made};
use crate::cases_leave_as_archives::entries;
use crate::clip_device::{Device, Sample, digest, phantom};
use crate::support::{Entered, Relay, code, consult, stream, stroke};
use crate::tools_change_the_rows::tool;
use echo_dicom::{Clip, Provenance};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wire::case::{CaseAbout, CaseState};
use wire::case_log::{CaseAuthor, CaseLog, CaseLogEvent, CaseLogStart, CaseMarkKind};
use wire::mark::{Anchor, Annotation, Shape};
use wire::people::Role;
use wire::{AnnotationId, DeviceId, FrameIndex, FreezeId, PersonId, RtpTime, ScaleId, SessionId};

const FAR: u64 = 4_000_000_000_000_000;
/// Who is in the consult, and what they typed.
const SAID: [&str; 10] = [
    "山田太郎さん",
    "EF 35 です",
    "榊原 花子",
    "榊",
    "佐藤",
    "鈴木",
    "往診バッグ",
    "訪問 1",
    "Sakakibara",
    "typed",
];
/// All that may stand as text in a log, beside UIDs.
const CODES: [&str; 15] = [
    "firstFrame",
    "person",
    "device",
    "relay",
    "cardiologist",
    "clipSaved",
    "frozen",
    "released",
    "marked",
    "withdrawn",
    "seen",
    "stroke",
    "label",
    "caliper",
    "late",
];

fn rows(relay: &Relay) -> rusqlite::Connection {
    rusqlite::Connection::open(relay.data.join("relay.db")).unwrap()
}

/// Writes what people said into the log of a consult that is over, each so many milliseconds after the clip's first frame.
fn says(relay: &Relay, words: &[(i64, &Value, Value)]) {
    let db = rows(relay);
    let began = "SELECT at FROM events WHERE json_extract(event, '$.type') = 'clipSaved'";
    let began: i64 = db.query_row(began, [], |row| row.get(0)).unwrap();
    let sql = "INSERT INTO events (consult, seq, at, author, event)
               SELECT ?1, max(seq) + 1, ?2, ?3, ?4 FROM events WHERE consult = ?1";
    for (ms, author, event) in words {
        let at = began + ms * 1_000;
        let mut event = event.clone();
        if event["type"] == "streamTimed" {
            event["capturedRelay"] = json!(at);
        }
        let values = (
            consult().to_string(),
            at,
            author.to_string(),
            event.to_string(),
        );
        db.execute(sql, values).unwrap();
    }
}

fn doctor(person: PersonId, session: SessionId) -> Value {
    json!({ "type": "person", "session": session, "person": person, "name": "榊原 花子", "initials": "榊",
            "role": "cardiologist" })
}

fn on(time: RtpTime) -> Value {
    json!({ "type": "live", "stream": stream(), "rtpTime": time })
}

fn mark(id: AnnotationId, time: RtpTime, shape: Value) -> Value {
    json!({ "id": id, "anchor": on(time), "shape": shape, "pen": "white", "drawnOn": "freeze" })
}

/// A consult that is over, with a clip and all that may happen around it. Gives what tells who it was, too.
async fn told(relay: &Relay) -> (Entered, Sample, Vec<String>) {
    let device = Device::connect(relay).await;
    let who = relay.enter(Role::Cardiologist).await;
    let trainer = relay.enter(Role::Trainer).await;
    let (mut page, _) = relay.page_of(&who, None).await;
    let mut sample = Sample::captured(phantom("plax_small.dcm"));
    sample.head.view = Some("typed PLAX".to_owned());
    device.brings(&sample).await;
    let time = |frame: usize| sample.times[frame];
    let drawn = Annotation {
        anchor: Anchor::Live {
            stream: stream(),
            rtp_time: time(2),
        },
        ..stroke(3)
    };
    let label = Annotation {
        id: AnnotationId::random(),
        shape: Shape::Label {
            at: serde_json::from_value(json!({ "x": 0.5, "y": 0.5 })).unwrap(),
            text: "山田太郎さん".into(),
        },
        ..drawn.clone()
    };
    for mark in [&drawn, &label] {
        page.marks(mark).await;
        page.sees(mark.id).await;
    }
    drop(page);
    tool(
        relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );

    let (other, session, freeze) = (PersonId::random(), SessionId::random(), FreezeId::random());
    let (late, caliper, scale) = (
        doctor(other, session),
        AnnotationId::random(),
        ScaleId::random(),
    );
    let bedside = DeviceId::random();
    let agent = json!({ "type": "device", "device": bedside, "name": "Sakakibara" });
    let point = |y: f64| json!({ "x": 0.5, "y": y });
    let by = json!({ "scale": { "id": scale, "stream": stream(), "width": sample.head.width, "height": sample.head.height,
        "from": point(0.1), "to": point(0.9), "centimetres": 10.0 }, "author": late, "at": 1 });
    let measured = json!({ "type": "measure", "what": { "type": "caliper" }, "points": [point(0.3), point(0.5)],
        "by": { "type": "depth", "scale": scale } });
    let gauge = json!({ "width": sample.head.width, "height": sample.head.height, "scale": { "type": "depth", "by": by } });
    let (words, gone) = (
        json!({ "type": "label", "at": point(0.2), "text": "EF 35 です" }),
        AnnotationId::random(),
    );
    let hint = "adequate";
    let link = json!({ "level": "late", "cause": "uplink", "fps": 30, "ageMs": 640, "kbps": 900, "lossPercent": null,
        "width": 800, "height": 600, "pauses": 0, "pausedMs": 0,
        "hints": { "ef": hint, "ivc": hint, "effusion": hint, "colour": hint } });
    let relay_itself = json!({ "type": "relay" });
    says(
        relay,
        &[
            (
                0,
                &relay_itself,
                json!({ "type": "streamTimed", "stream": stream(), "rtpTime": time(0), "capturedRelay": 0, "errorUs": 0 }),
            ),
            (100, &late, json!({ "type": "linkSample", "seen": link })),
            (
                4_000,
                &agent,
                json!({ "type": "frozen", "freeze": freeze, "anchor": on(time(4)) }),
            ),
            (
                5_000,
                &late,
                json!({ "type": "marked", "mark": mark(caliper, time(4), measured), "gauge": gauge }),
            ),
            (
                6_000,
                &late,
                json!({ "type": "marked", "mark": mark(gone, time(4), words) }),
            ),
            (7_000, &late, json!({ "type": "withdrawn", "mark": gone })),
            (
                8_000,
                &late,
                json!({ "type": "released", "freeze": freeze }),
            ),
        ],
    );
    let ids = [
        consult().to_string(),
        stream().to_string(),
        sample.head.clip.to_string(),
        sample.head.instance.clone(),
        other.to_string(),
        session.to_string(),
        freeze.to_string(),
        caliper.to_string(),
        gone.to_string(),
        scale.to_string(),
        bedside.to_string(),
        drawn.id.to_string(),
        label.id.to_string(),
        who.grant.session.to_string(),
        "00001002".to_owned(),
    ];
    let telling = SAID.iter().chain(&TELLING).map(|words| (*words).to_owned());
    (trainer, sample, telling.chain(ids).collect())
}

async fn case_of(relay: &Relay, trainer: &Entered, sample: &Sample) -> (CaseAbout, String) {
    let case = made(relay, trainer, sample, facts("teachingAndExport", FAR)).await;
    let path = format!("cases/{}", case.summary.case);
    (case, path)
}

async fn gives(relay: &Relay, who: &Entered, path: &str) -> Vec<u8> {
    let answer = asks(relay, who, "GET", path, None).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().await.unwrap().to_vec()
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes
        .windows(words.len())
        .any(|part| part == words.as_bytes())
}

/// Every text and number in a JSON document.
fn leaves<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|field| leaves(field, found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        other => found.push(other),
    }
}

#[tokio::test]
async fn a_log_lies_beside_clip_marks_and_measurements_under_their_uids_and_tells_nobody() {
    let relay = Relay::start().await;
    let (trainer, sample, telling) = told(&relay).await;
    let (case, path) = case_of(&relay, &trainer, &sample).await;
    let first = case.clips[0].made.as_ref().unwrap();
    assert!(first.marks && first.measurements && first.log);
    is_looked_at(&relay, &trainer, &case).await;

    // What leaves: all of it, by hash, in the archive, and alone.
    let whole = gives(&relay, &trainer, &format!("{path}/export")).await;
    let all: BTreeMap<String, Vec<u8>> = entries(&whole);
    assert_eq!(all.len(), 5, "clip, marks, measurements, log and index");
    let index: Value = serde_json::from_slice(&all["index.json"]).unwrap();
    let name = |what: &str| index["clips"][0][what].as_str().unwrap().to_owned();
    let bytes = &all[&name("log")];
    assert_eq!(name("log"), format!("{}.json", digest(bytes)));
    let alone = gives(&relay, &trainer, &format!("{path}/clips/1/files/log")).await;
    assert!(&alone == bytes, "another log leaves alone");
    let shown = gives(&relay, &trainer, &format!("{path}/clips/1/log")).await;
    let shown: CaseLog = serde_json::from_slice(&shown).unwrap();
    let log: CaseLog = serde_json::from_slice(bytes).unwrap();
    assert_eq!(shown, log);

    // Its UIDs are those in the files.
    let folder = tempfile::tempdir().unwrap();
    let uid = |what: &str| {
        let file = folder.path().join("object.dcm");
        std::fs::write(&file, &all[&name(what)]).unwrap();
        Provenance::read(&file)
            .unwrap()
            .instance_uid
            .as_str()
            .to_owned()
    };
    let clip = Clip::from_bytes(all[&name("clip")].clone()).unwrap();
    assert_eq!(log.clip, clip.header().sop_instance_uid);
    assert_eq!(log.clip, uid("clip"));
    assert_eq!(log.marks.as_deref(), Some(uid("marks").as_str()));
    assert_eq!(
        log.measurements.as_deref(),
        Some(uid("measurements").as_str())
    );

    // What it says.
    let doctor = |number| CaseAuthor::Person {
        role: Role::Cardiologist,
        number,
    };
    assert_eq!((log.from, log.left_out), (CaseLogStart::FirstFrame, 0));
    let around: Vec<_> = log.lines.iter().map(|line| line.event).collect();
    let seen = CaseLogEvent::Seen {
        level: wire::link::LinkLevel::Late,
        age_ms: Some(640),
    };
    let marked = |kind| CaseLogEvent::Marked { kind, again: false };
    let label = CaseMarkKind::Label;
    assert_eq!(
        around,
        [
            CaseLogEvent::ClipSaved {},
            marked(CaseMarkKind::Stroke),
            marked(label),
            seen,
            CaseLogEvent::Frozen {},
            marked(CaseMarkKind::Caliper),
            marked(label),
            CaseLogEvent::Withdrawn { kind: label },
            CaseLogEvent::Released {},
        ]
    );
    assert_eq!((log.lines[1].by, log.lines[5].by), (doctor(1), doctor(2)));
    assert_eq!(log.lines[1].frame, Some(FrameIndex(2)));
    assert_eq!(
        (log.lines[4].by, log.lines[4].frame),
        (CaseAuthor::Device {}, Some(FrameIndex(4)))
    );
    assert_eq!((log.lines[3].ms, log.lines[5].ms), (100, 5_000));

    // And what it does not.
    for (file, bytes) in &all {
        for words in &telling {
            assert!(!holds(bytes, words), "{words} in {file}");
        }
    }
    let value: Value = serde_json::from_slice(bytes).unwrap();
    let mut found = Vec::new();
    leaves(&value, &mut found);
    let uids = [
        Some(&log.clip),
        log.marks.as_ref(),
        log.measurements.as_ref(),
    ];
    for leaf in found {
        let fine = match leaf {
            Value::String(text) => uids.contains(&Some(text)) || CODES.contains(&text.as_str()),
            // No moment of a calendar.
            Value::Number(number) => number.as_i64().is_some_and(|number| number.abs() < 100_000),
            other => other.is_null() || other.is_boolean(),
        };
        assert!(fine, "{leaf} stands in a log");
    }
}

#[tokio::test]
async fn a_log_is_ticked_with_its_clip_and_another_line_takes_the_tick_away() {
    let relay = Relay::start().await;
    let (trainer, sample, _) = told(&relay).await;
    let (case, path) = case_of(&relay, &trainer, &sample).await;
    let first = case.clips[0].made.clone().unwrap();
    let looks = format!("{path}/clips/1/looks");
    let look = json!({ "digest": first.digest });
    asks(&relay, &trainer, "POST", &looks, Some(look)).await;
    let made_anew = async || {
        let cover = format!("{path}/clips/1/cover");
        let nothing = json!({ "keep": [], "blank": [] });
        about(
            asks(&relay, &trainer, "PUT", &cover, Some(nothing)).await,
            200,
        )
        .await
    };
    let same = made_anew().await;
    assert_eq!(
        same.clips[0].looks.len(),
        1,
        "the same log gives the same bytes"
    );
    let freeze =
        json!({ "type": "frozen", "freeze": FreezeId::random(), "anchor": on(sample.times[1]) });
    let late = doctor(PersonId::random(), SessionId::random());
    says(&relay, &[(9_000, &late, freeze)]);
    let other = made_anew().await;
    assert_eq!(other.clips[0].looks.len(), 0);
    assert_ne!(other.clips[0].made.as_ref().unwrap().digest, first.digest);
    let stale = json!({ "digest": first.digest });
    let stale = asks(&relay, &trainer, "POST", &looks, Some(stale)).await;
    assert_eq!(code(stale).await.1, "caseNotReady");
}

#[tokio::test]
async fn a_log_that_somebody_changed_on_the_disk_takes_the_whole_clip_with_it() {
    let relay = Relay::start().await;
    let (trainer, sample, _) = told(&relay).await;
    let (case, path) = case_of(&relay, &trainer, &sample).await;
    is_looked_at(&relay, &trainer, &case).await;
    let files: Vec<_> = std::fs::read_dir(relay.data.join(&path)).unwrap().collect();
    let mut files = files.into_iter().map(|file| file.unwrap().path());
    let log = files.find(|path| path.to_string_lossy().ends_with(".log.json"));
    let log = log.unwrap();
    let held = std::fs::read_to_string(&log).unwrap();
    let given = async |expected: u16| {
        for way in [
            "",
            "/log",
            "/drawn",
            "/frames/0",
            "/files/log",
            "/files/file",
        ] {
            let asked = format!("{path}/clips/1{way}");
            let answer = asks(&relay, &trainer, "GET", &asked, None).await;
            assert_eq!(answer.status(), expected, "{way}");
        }
    };
    given(200).await;
    std::fs::write(&log, held.replace("cardiologist", "trainer")).unwrap();
    given(503).await;
    std::fs::write(&log, &held).unwrap();
    given(200).await;
    std::fs::remove_file(&log).unwrap();
    given(503).await;
}

#[tokio::test]
async fn a_log_is_read_and_leaves_by_the_rules_of_every_file_of_a_case() {
    let relay = Relay::start().await;
    let (trainer, sample, _) = told(&relay).await;
    let (case, path) = case_of(&relay, &trainer, &sample).await;
    let (shown, file) = (
        format!("{path}/clips/1/log"),
        format!("{path}/clips/1/files/log"),
    );
    let asked =
        async |who: &Entered, path: &str| code(asks(&relay, who, "GET", path, None).await).await;
    let opened = || -> u32 {
        let sql = "SELECT count(*) FROM case_reads WHERE export = 0";
        rows(&relay).query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(opened(), 0);
    gives(&relay, &trainer, &shown).await;
    assert_eq!(opened(), 1, "who read it is noted");
    assert_eq!(
        asked(&trainer, &file).await.1,
        "caseNotReady",
        "nobody looked"
    );
    let public = is_looked_at(&relay, &trainer, &case).await;
    assert_eq!(public.summary.state, CaseState::Published);
    let answer = asks(&relay, &trainer, "GET", &file, None).await;
    assert_eq!(answer.headers()["content-type"], "application/json");
    let named = answer.headers()["content-disposition"].to_str().unwrap();
    assert!(named.ends_with("-1-log.json\""), "{named}");
    let noted = "SELECT count(*) FROM case_reads WHERE export = 1";
    let noted: u32 = rows(&relay).query_row(noted, [], |row| row.get(0)).unwrap();
    assert_eq!(noted, 1, "who took it along is noted");
    let doctor = relay.enter_at(Role::Cardiologist, crate::support::other_consult());
    let doctor = doctor.await;
    for path in [&shown, &file] {
        assert_eq!(asked(&doctor, path).await.1, "notAllowed");
    }
    for (change, back, shows, leaves) in [
        (
            "consent = '\"teaching\"'",
            "consent = '\"teachingAndExport\"'",
            200,
            403,
        ),
        ("expires_at = 1", "expires_at = 4000000000000000", 404, 404),
    ] {
        let db = rows(&relay);
        db.execute(&format!("UPDATE cases SET {change}"), [])
            .unwrap();
        let now = (
            asked(&trainer, &shown).await.0,
            asked(&trainer, &file).await.0,
        );
        assert_eq!(now, (shows, leaves), "{change}");
        db.execute(&format!("UPDATE cases SET {back}"), []).unwrap();
        gives(&relay, &trainer, &file).await;
    }
    asks(&relay, &trainer, "DELETE", &path, None).await;
    for path in [&shown, &file] {
        assert_eq!(asked(&trainer, path).await.0, 404, "it was withdrawn");
    }
    assert!(!relay.data.join(&path).exists());
}

#[tokio::test]
async fn a_clip_that_nobody_said_a_word_of_has_a_log_of_its_saving_alone() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let trainer = relay.enter(Role::Trainer).await;
    let sample = Sample::imported(phantom("plax_small.dcm"));
    device.brings(&sample).await;
    tool(
        &relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );
    let (case, path) = case_of(&relay, &trainer, &sample).await;
    let first = case.clips[0].made.as_ref().unwrap();
    assert!(first.log && !first.marks);
    let log = gives(&relay, &trainer, &format!("{path}/clips/1/log")).await;
    let log: CaseLog = serde_json::from_slice(&log).unwrap();
    assert_eq!((log.from, log.marks), (CaseLogStart::FirstLine, None));
    assert_eq!(log.lines.len(), 1);
    assert_eq!(
        (log.lines[0].ms, log.lines[0].event),
        (0, CaseLogEvent::ClipSaved {})
    );
    let nowhere = format!("{path}/clips/2/log");
    assert_eq!(
        asks(&relay, &trainer, "GET", &nowhere, None).await.status(),
        404
    );
}
