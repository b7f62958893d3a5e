//! What was recorded of a consult is read back: by its people, also when it is over, by trainers then, and by nobody else.

use crate::clip_device::{Device, Sample, phantom};
use crate::support::{Entered, Relay, code, consult, stream};
use crate::tools_change_the_rows::tool;
use recording::{
    Bounds, Codec, Disk, Frame, Lane, Opening, Place, PointerMove, Record, Voice, VoiceSource,
    VoiceTime, Writer,
};
use relay::store::{DataFolder, Store};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use wire::clip::{ClipStage, ClipTable};
use wire::people::Role;
use wire::replay::{ReplayAbout, ReplayFrames, ReplayList, ReplayLog, ReplayPointers};
use wire::{CaptureTime, ConsentId, RelayTime, RtpTime, SessionId, StreamId};

const BEGIN_US: u64 = 1_795_000_000_000_000;

fn write(folder: &Path, stream: StreamId, codec: Codec, records: Vec<Record<'_>>) {
    std::fs::create_dir_all(folder).unwrap();
    let now = Instant::now();
    let opening = Opening {
        stream,
        lane: Lane::Live,
        codec,
        salt: 3,
    };
    let mut writer = Writer::open(folder, Arc::new(Disk), opening, Bounds::recorder()).unwrap();
    for record in &records {
        writer.append(record, now).unwrap();
    }
    writer.close(now);
}

/// Frames from this one to before that one, a key frame each second.
fn record_frames(relay: &Relay, numbers: std::ops::Range<u64>) {
    let folder = relay.data.join("recordings").join(consult().to_string());
    let frame = |n: u64| {
        let captured_at = CaptureTime(BEGIN_US + n * 40_000);
        Record::Frame(Frame {
            rtp_time: RtpTime::of(captured_at),
            captured_at,
            index: None,
            keyframe: n.is_multiple_of(25),
            unit: Cow::Owned(vec![1; 60_000]),
        })
    };
    let codec = Codec::H264 {
        profile_level: [0x42, 0xc0, 0x1f],
        width: 800,
        height: 600,
    };
    write(
        &folder.join(stream().to_string()),
        stream(),
        codec,
        numbers.map(frame).collect(),
    );
}

fn record_voice(relay: &Relay, session: SessionId) {
    let consent = ConsentId::random();
    let folder = relay
        .data
        .join("voices")
        .join(consult().to_string())
        .join(consent.to_string());
    let packet = |n: u16| {
        Record::Voice(Voice {
            session,
            arrived_at: RelayTime(BEGIN_US + u64::from(n) * 20_000),
            rtp_time: VoiceTime(u32::from(n) * 960),
            source: VoiceSource(7),
            number: n,
            opus: Cow::Owned(vec![5; 40]),
        })
    };
    let moved = |n: u16| {
        Record::Pointer(PointerMove {
            at: RelayTime(BEGIN_US + u64::from(n) * 100_000),
            session,
            place: (n < 9).then_some(Place { x: n, y: u16::MAX }),
        })
    };
    write(
        &folder,
        StreamId::from_uuid(consent.uuid()),
        Codec::Opus,
        (0..50).map(packet).chain((0..10).map(moved)).collect(),
    );
}

async fn reads<T: serde::de::DeserializeOwned>(relay: &Relay, who: &Entered, path: &str) -> T {
    let answer = relay.asks(who, "GET", path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

async fn refused(relay: &Relay, who: &Entered, path: &str) -> (u16, String) {
    code(relay.asks(who, "GET", path).send().await.unwrap()).await
}

/// Somebody who is in no consult but one of their own.
async fn stranger(relay: &Relay, role: &str) -> Entered {
    let other = tool(relay, &["consult", "open", "--alias", "訪問 7"]);
    let person = tool(
        relay,
        &[
            "person",
            "add",
            "--name",
            "渡辺 恵",
            "--role",
            role,
            "--consult",
            &other,
        ],
    );
    let link = tool(relay, &["ticket", "--person", &person, "--consult", &other]);
    let ticket = link.split_once("#ticket=").unwrap().1;
    let request = relay
        .client
        .post(relay.api("sessions"))
        .json(&json!({ "ticket": ticket }));
    let answer = request.send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    Entered {
        grant: answer.json().await.unwrap(),
        cookie,
    }
}

#[tokio::test]
async fn a_consult_is_read_back_while_it_grows_and_when_it_is_over() {
    let relay = Relay::start().await;
    let doctor = relay.enter(Role::Cardiologist).await;
    let path = format!("replays/{}", consult());
    let empty: ReplayAbout = reads(&relay, &doctor, &path).await;
    assert!(empty.pictures.is_empty() && empty.voices.is_empty());

    record_frames(&relay, 0..100);
    record_voice(&relay, doctor.grant.session);
    let about: ReplayAbout = reads(&relay, &doctor, &path).await;
    assert_eq!((about.pictures.len(), about.pictures[0].frames), (1, 100));
    assert_eq!(about.voices.len(), 1);
    assert_eq!(
        about.voices[0].spoken,
        [(RelayTime(BEGIN_US), RelayTime(BEGIN_US + 1_000_000))]
    );

    let pictures = format!("{path}/pictures/{}", stream());
    let table: ReplayFrames = reads(&relay, &doctor, &pictures).await;
    assert_eq!(
        (table.steps.len(), &table.keys[..]),
        (100, &[0, 25, 50, 75][..])
    );
    let from = table.first + table.steps.iter().take(26).sum::<u64>();
    let units = relay
        .asks(&doctor, "GET", &format!("{pictures}/units?from={from}"))
        .send()
        .await
        .unwrap();
    assert_eq!(units.headers()["cache-control"], "no-store");
    let units = units.bytes().await.unwrap();
    assert_eq!(units[..8], from.to_be_bytes());
    assert_eq!(units.len() % 60_013, 0, "whole units");
    assert!(units.len() <= wire::replay::MAX_REPLAY_BYTES && units.len() > 60_013 * 60);

    let voice = format!(
        "{path}/voices/{}?from={}",
        about.voices[0].track,
        BEGIN_US + 500_000
    );
    let voice = relay
        .asks(&doctor, "GET", &voice)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(voice.len(), 25 * 50);

    assert_eq!((about.pointers, about.pictures[0].growing), (10, false));
    let from = BEGIN_US + 250_000;
    let pointers: ReplayPointers =
        reads(&relay, &doctor, &format!("{path}/pointers?from={from}")).await;
    assert_eq!((pointers.moves.len(), pointers.next), (7, None));
    let (first, last) = (pointers.moves[0], pointers.moves[6]);
    assert_eq!(first.at, RelayTime(BEGIN_US + 300_000));
    assert_eq!(first.place.unwrap().y.get().to_bits(), 1.0_f64.to_bits());
    assert_eq!((last.session, last.place), (doctor.grant.session, None));

    record_frames(&relay, 100..110);
    let grows = async {
        while reads::<ReplayFrames>(&relay, &doctor, &pictures)
            .await
            .steps
            .len()
            < 110
        {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::support::LIMIT, grows)
        .await
        .unwrap();
    let log: ReplayLog = reads(&relay, &doctor, &format!("{path}/log")).await;
    assert_eq!(log.entries.first().map(|entry| entry.seq.0), Some(1));
    let rest: ReplayLog = reads(&relay, &doctor, &format!("{path}/log?after={}", log.head.0)).await;
    assert!(rest.entries.is_empty());

    tool(
        &relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );
    let after: ReplayAbout = reads(&relay, &doctor, &path).await;
    assert!(after.closed_at.is_some());
    assert_eq!(
        refused(
            &relay,
            &doctor,
            &format!("consults/{}/clips/{}", consult(), wire::ClipId::random())
        )
        .await
        .0,
        401,
        "everything else of it is over"
    );
    assert_eq!(
        refused(
            &relay,
            &doctor,
            &format!("{path}/pictures/{}", StreamId::random())
        )
        .await
        .0,
        404
    );
    assert_eq!(
        refused(&relay, &doctor, &format!("{path}/log?after=x"))
            .await
            .0,
        400
    );
    std::fs::remove_dir_all(relay.data.join("voices")).unwrap();
    let discarded: ReplayAbout = reads(&relay, &doctor, &path).await;
    assert!(
        discarded.voices.is_empty() && discarded.pointers == 0,
        "what is discarded is gone here too"
    );
}

/// How many minutes of reading were noted.
async fn entries(relay: &Relay) -> u32 {
    let database = DataFolder::at(&relay.data).unwrap().database().unwrap();
    let store = Store::open(&database).unwrap();
    let count = "SELECT count(*) FROM replays";
    let counted = store
        .read("count", |db| {
            db.query_row(count, [], |row| row.get::<_, u32>(0))
        })
        .await;
    store.close();
    counted.unwrap()
}

#[tokio::test]
async fn whoever_reads_any_part_of_a_consult_leaves_one_entry_a_minute() {
    let relay = Relay::start().await;
    record_frames(&relay, 0..10);
    let who = relay.enter(Role::Cardiologist).await;
    let path = format!("replays/{}", consult());
    assert_eq!(entries(&relay).await, 0);
    // Not by the door that the page opens first.
    let _: ReplayLog = reads(&relay, &who, &format!("{path}/log")).await;
    assert_eq!(entries(&relay).await, 1);
    for _ in 0..3 {
        let _: ReplayAbout = reads(&relay, &who, &path).await;
        let pictures = format!("{path}/pictures/{}", stream());
        let _: ReplayFrames = reads(&relay, &who, &pictures).await;
    }
    assert_eq!(entries(&relay).await, 1);
    let other = relay.enter(Role::Trainee).await;
    let _: ReplayAbout = reads(&relay, &other, &path).await;
    assert_eq!(entries(&relay).await, 2);
}

#[tokio::test]
async fn a_stranger_finds_nothing_and_a_trainer_what_is_over() {
    let relay = Relay::start().await;
    record_frames(&relay, 0..10);
    let path = format!("replays/{}", consult());
    let nowhere = format!("replays/{}", wire::ConsultId::random());
    let (stranger, trainer) = (
        stranger(&relay, "cardiologist").await,
        stranger(&relay, "trainer").await,
    );
    let hidden = |who: Entered| {
        let (relay, path, nowhere) = (&relay, &path, &nowhere);
        async move {
            for end in [
                "",
                "/log",
                &format!("/pictures/{}", stream()),
                &format!("/pictures/{}/units", stream()),
                "/voices/x",
                "/pointers",
                &format!("/clips/{}", wire::ClipId::random()),
                &format!("/clips/{}/frames/0", wire::ClipId::random()),
                &format!("/blobs/{}", "0".repeat(64)),
            ] {
                let there = refused(relay, &who, &format!("{path}{end}")).await;
                assert_eq!(
                    there,
                    refused(relay, &who, &format!("{nowhere}{end}")).await,
                    "{end}"
                );
                assert_eq!(there.0, 404, "{end}");
            }
            let list: ReplayList = reads(relay, &who, "replays").await;
            assert!(list.consults.iter().all(|found| found.consult != consult()));
            who
        }
    };
    let (stranger, trainer) = (hidden(stranger).await, hidden(trainer).await);
    tool(
        &relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );
    hidden(stranger).await;
    let about: ReplayAbout = reads(&relay, &trainer, &path).await;
    assert_eq!(about.pictures.len(), 1);
}

#[tokio::test]
async fn consults_are_found_by_view_words_person_and_date() {
    let relay = Relay::start().await;
    let doctor = relay.enter(Role::Cardiologist).await;
    let (mut page, _) = relay.page_of(&doctor, None).await;
    let mark = |id: wire::AnnotationId, words: &str| {
        json!({
            "type": "mark",
            "mark": {
                "id": id,
                "anchor": { "type": "live", "stream": stream(), "rtpTime": 9_000 },
                "shape": { "type": "label", "at": { "x": 0.5, "y": 0.5 }, "text": words },
                "pen": "green",
                "drawnOn": "running",
            },
        })
    };
    let device = Device::connect(&relay).await;
    let mut sample = Sample::captured(phantom("plax_small.dcm"));
    sample.head.view = Some("A4C".to_owned());
    device.brings(&sample).await;
    let (kept, gone) = (wire::AnnotationId::random(), wire::AnnotationId::random());
    page.says(&mark(kept, "心のう液 100%なし")).await;
    page.says(&mark(gone, "弁の逆流")).await;
    page.says(&json!({ "type": "withdraw", "mark": gone }))
        .await;
    page.hears_where(|message| crate::one_publisher::event(message, "withdrawn"))
        .await;
    let finds = |query: String| {
        let (relay, doctor) = (&relay, &doctor);
        async move {
            let list: ReplayList = reads(relay, doctor, &format!("replays?{query}")).await;
            list.consults.iter().any(|found| found.consult == consult())
        }
    };
    let list: ReplayList = reads(&relay, &doctor, "replays").await;
    let found = list
        .consults
        .iter()
        .find(|found| found.consult == consult())
        .unwrap();
    assert_eq!(found.findings, ["心のう液 100%なし"]);
    assert_eq!(found.views, ["A4C"]);
    assert_eq!(found.people.len(), 1);
    assert_eq!(found.people[0].person, doctor.grant.person);
    let name = &found.people[0].name;
    let letter: String = name.chars().take(1).collect();
    let (person, part) = (format!("person={name}"), format!("person={letter}"));
    let with_view = format!("{person}&view=A4C&finding=100%25");
    let with_other_view = format!("{person}&view=PLAX");
    for (query, is_found) in [
        ("finding=%E5%BF%83%E3%81%AE%E3%81%86%E6%B6%B2", true),
        ("finding=100%25%E3%81%AA", true),
        ("finding=%25%25", false),
        ("finding=%E9%80%86%E6%B5%81", false),
        ("view=A4C", true),
        ("view=a4", true),
        ("view=PLAX", false),
        ("from=2", false),
        ("from=1&before=2", true),
        ("before=1", false),
        ("person=nobody", false),
        ("over=true", false),
        ("over=false", true),
        (&person, true),
        (&part, true),
        (&with_view, true),
        (&with_other_view, false),
    ] {
        assert_eq!(finds(query.to_owned()).await, is_found, "{query}");
    }
    tool(
        &relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );
    assert!(finds("over=true".to_owned()).await, "it is over now");
    let long = format!("replays?view={}", "x".repeat(65));
    assert_eq!(refused(&relay, &doctor, &long).await.0, 400);
    let nothing: Value = reads(&relay, &doctor, "consults").await;
    assert!(nothing["consults"].is_array());
}

/// Of a saved clip, whoever may replay its consult reads the table and the frames there, before and after it is over.
#[tokio::test]
async fn saved_clips_are_read_with_the_consult_that_is_replayed() {
    let relay = Relay::start().await;
    let doctor = relay.enter(Role::Cardiologist).await;
    let (stranger, trainer) = (
        stranger(&relay, "cardiologist").await,
        stranger(&relay, "trainer").await,
    );
    let device = Device::connect(&relay).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    device.brings(&sample).await;
    let clip = format!("clips/{}", sample.head.clip);
    let replayed = format!("replays/{}/{clip}", consult());
    let frame = format!("{replayed}/frames/1");
    for who in [&stranger, &trainer] {
        for path in [&replayed, &frame] {
            assert_eq!(refused(&relay, who, path).await.0, 404, "{path}");
        }
    }
    let live = format!("consults/{}/{clip}", consult());
    let of_page = relay.asks(&doctor, "GET", &format!("{live}/frames/1"));
    let of_page = of_page.send().await.unwrap().bytes().await.unwrap();
    tool(
        &relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );
    assert_eq!(refused(&relay, &doctor, &live).await.0, 401);
    assert_eq!(entries(&relay).await, 0, "nobody was given anything");
    for who in [&doctor, &trainer] {
        let table: ClipTable = reads(&relay, who, &replayed).await;
        assert_eq!(
            (table.head, table.stage),
            (sample.head.clone(), ClipStage::Kept)
        );
        let answer = relay.asks(who, "GET", &frame).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert!(answer.bytes().await.unwrap() == of_page);
        for wrong in [
            format!("{replayed}/frames/9999"),
            format!("{replayed}/frames/x"),
            format!("replays/{}/clips/{}", consult(), wire::ClipId::random()),
            format!("replays/{}/{clip}", wire::ConsultId::random()),
        ] {
            assert_eq!(refused(&relay, who, &wrong).await.0, 404, "{wrong}");
        }
    }
    assert_eq!(entries(&relay).await, 2, "of each who read one");
    for path in [&replayed, &frame] {
        assert_eq!(refused(&relay, &stranger, path).await.0, 404, "{path}");
    }
}
