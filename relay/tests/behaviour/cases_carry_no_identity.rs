//! A trainer makes a case of a consult that is over, looks at every clip, and publishes it; consent, licence and time decide what
//! is shown and what leaves.

use crate::clip_device::{Device, Sample, phantom};
use crate::coded::Coded;
use crate::support::{Entered, Page, Relay, code, consult, stream, stroke};
use crate::tools_change_the_rows::tool;
use echo_dicom::Clip;
use serde_json::{Value, json};
use wire::case::{CaseAbout, CaseFault, CaseList, CaseState};
use wire::mark::{Anchor, Annotation};
use wire::people::Role;
use wire::{FrameIndex, RtpTime};

const FAR: u64 = 4_000_000_000_000_000;

/// The name of the phantom's patient, and what else would tell who it was.
pub const TELLING: [&str; 3] = ["PHANTOM^", "FAKE-000000", "FICTIONAL"];

pub fn facts(consent: &str, expires_at: u64) -> Value {
    json!({ "title": "拡張した左室", "findings": ["EF 低下", "MR"], "difficulty": 2, "collections": ["秋の勉強会"],
            "consent": consent, "licence": "院内教育", "expiresAt": expires_at })
}

pub async fn asks(
    relay: &Relay,
    who: &Entered,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> reqwest::Response {
    let request = relay.asks(who, method, path);
    match body {
        Some(body) => request.json(&body).send().await.unwrap(),
        None => request.send().await.unwrap(),
    }
}

pub async fn about(answer: reqwest::Response, status: u16) -> CaseAbout {
    let (found, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// A consult with a phantom's clip and a stroke on it that is over, and a trainer.
pub async fn closed(relay: &Relay) -> (Entered, Sample) {
    closed_with_view(relay, None).await
}

/// The same with what the device says of the view.
async fn closed_with_view(relay: &Relay, view: Option<&str>) -> (Entered, Sample) {
    let device = Device::connect(relay).await;
    let who = relay.enter(Role::Cardiologist).await;
    let trainer = relay.enter(Role::Trainer).await;
    let (mut page, _): (Page, _) = relay.page_of(&who, None).await;
    let mut sample = Sample::captured(phantom("plax_small.dcm"));
    sample.head.view = view.map(str::to_owned);
    device.brings(&sample).await;
    let mark = Annotation {
        anchor: Anchor::Live {
            stream: stream(),
            rtp_time: RtpTime(sample.times[2].0),
        },
        ..stroke(3)
    };
    page.marks(&mark).await;
    page.sees(mark.id).await;
    drop(page);
    tool(
        relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );
    (trainer, sample)
}

pub async fn made(relay: &Relay, trainer: &Entered, sample: &Sample, facts: Value) -> CaseAbout {
    let new = json!({ "consult": consult(), "clips": [sample.head.clip], "facts": facts });
    about(asks(relay, trainer, "POST", "cases", Some(new)).await, 201).await
}

/// Somebody ticks all of it and puts it into the library.
pub async fn is_looked_at(relay: &Relay, trainer: &Entered, case: &CaseAbout) -> CaseAbout {
    let path = format!("cases/{}", case.summary.case);
    let look = json!({ "digest": case.typed.digest });
    let looks = format!("{path}/looks");
    about(asks(relay, trainer, "POST", &looks, Some(look)).await, 200).await;
    for clip in &case.clips {
        let look = json!({ "digest": clip.made.as_ref().unwrap().digest });
        let looks = format!("{path}/clips/{}/looks", clip.number);
        about(asks(relay, trainer, "POST", &looks, Some(look)).await, 200).await;
    }
    let publication = format!("{path}/publication");
    about(asks(relay, trainer, "POST", &publication, None).await, 200).await
}

#[tokio::test]
async fn a_case_is_looked_at_clip_by_clip_before_it_is_in_the_library() {
    let relay = Relay::start().await;
    let (trainer, sample) = closed(&relay).await;
    let case = made(&relay, &trainer, &sample, facts("teachingAndExport", FAR)).await;
    let path = format!("cases/{}", case.summary.case);
    assert_eq!(
        (case.summary.state, case.clips.len()),
        (CaseState::Draft, 1)
    );
    let first = case.clips[0].made.as_ref().unwrap();
    assert!(first.marks && !first.measurements);
    assert_eq!(first.frames, sample.head.frames);
    assert!(
        first
            .words
            .iter()
            .any(|said| said.words == case.summary.alias)
    );

    let publication = format!("{path}/publication");
    let early = code(asks(&relay, &trainer, "POST", &publication, None).await).await;
    assert_eq!(early, (409, "caseNotReady".into()), "nobody looked");
    let file = format!("{path}/clips/1/files/file");
    let early = code(asks(&relay, &trainer, "GET", &file, None).await).await;
    assert_eq!(early.1, "caseNotReady", "nothing leaves before");

    let typed = json!({ "digest": case.typed.digest });
    let typed = asks(
        &relay,
        &trainer,
        "POST",
        &format!("{path}/looks"),
        Some(typed),
    )
    .await;
    assert_eq!(about(typed, 200).await.summary.state, CaseState::Draft);
    // A look at what is not there any more is no look.
    let look = json!({ "digest": first.digest });
    let looks = format!("{path}/clips/1/looks");
    let seen = about(
        asks(&relay, &trainer, "POST", &looks, Some(look.clone())).await,
        200,
    )
    .await;
    assert_eq!(
        (seen.summary.state, seen.clips[0].looks.len()),
        (CaseState::Reviewed, 1)
    );
    let cover =
        json!({ "keep": [], "blank": [{ "left": 300, "top": 60, "right": 500, "bottom": 160 }] });
    let cover_path = format!("{path}/clips/1/cover");
    let anew = about(
        asks(&relay, &trainer, "PUT", &cover_path, Some(cover.clone())).await,
        200,
    )
    .await;
    assert_eq!(
        (anew.summary.state, anew.clips[0].looks.len()),
        (CaseState::Draft, 0)
    );
    let stale = code(asks(&relay, &trainer, "POST", &looks, Some(look)).await).await;
    assert_eq!(stale.1, "caseNotReady");
    let look = json!({ "digest": anew.clips[0].made.as_ref().unwrap().digest });
    asks(&relay, &trainer, "POST", &looks, Some(look)).await;
    let public = about(
        asks(&relay, &trainer, "POST", &publication, None).await,
        200,
    )
    .await;
    assert_eq!(public.summary.state, CaseState::Published);
    let late = code(asks(&relay, &trainer, "PUT", &cover_path, Some(cover)).await).await;
    assert_eq!(late.1, "caseNotReady", "what is published stays");

    for search in [
        "?finding=MR",
        "?difficulty=2",
        "?words=%E5%B7%A6%E5%AE%A4",
        "?collection=%E7%A7%8B%E3%81%AE%E5%8B%89%E5%BC%B7%E4%BC%9A",
    ] {
        let list: CaseList = asks(&relay, &trainer, "GET", &format!("cases{search}"), None)
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(list.cases.len(), 1, "{search}");
    }
    for search in ["?finding=AS", "?difficulty=1", "?view=A4C", "?collection=x"] {
        let list: CaseList = asks(&relay, &trainer, "GET", &format!("cases{search}"), None)
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(list.cases, [], "{search}");
    }
    let table: Value = asks(&relay, &trainer, "GET", &format!("{path}/clips/1"), None)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        table["frames"].as_array().unwrap().len(),
        sample.head.frames as usize
    );
    let still = asks(
        &relay,
        &trainer,
        "GET",
        &format!("{path}/clips/1/frames/0"),
        None,
    )
    .await;
    assert_eq!(still.headers()["content-type"], "image/jpeg");
    assert_eq!(still.headers()["cache-control"], "no-store");
    let bytes = asks(&relay, &trainer, "GET", &file, None)
        .await
        .bytes()
        .await
        .unwrap();
    let state = asks(
        &relay,
        &trainer,
        "GET",
        &format!("{path}/clips/1/files/marks"),
        None,
    )
    .await
    .bytes()
    .await
    .unwrap();
    for telling in TELLING
        .map(str::as_bytes)
        .into_iter()
        .chain([sample.head.instance.as_bytes()])
    {
        for file in [&bytes, &state] {
            assert!(
                !file.windows(telling.len()).any(|part| part == telling),
                "{}",
                String::from_utf8_lossy(telling)
            );
        }
    }
    let clean = Clip::from_bytes(bytes.to_vec()).unwrap();
    let named = clean.header().sop_instance_uid.as_bytes();
    assert!(
        state.windows(named.len()).any(|part| part == named),
        "the marks name another clip"
    );
    // The key is forgotten with the publication: no copy of the installation leads back.
    let db = rusqlite::Connection::open(relay.data.join("relay.db")).unwrap();
    let keys: u32 = db
        .query_row(
            "SELECT count(*) FROM cases WHERE key IS NOT NULL",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(keys, 0);
}

#[tokio::test]
async fn consent_and_time_decide_what_is_shown_and_what_leaves() {
    let relay = Relay::start().await;
    let (trainer, sample) = closed(&relay).await;
    let case = made(&relay, &trainer, &sample, facts("teaching", FAR)).await;
    let path = format!("cases/{}", case.summary.case);
    is_looked_at(&relay, &trainer, &case).await;
    let kept = code(
        asks(
            &relay,
            &trainer,
            "GET",
            &format!("{path}/clips/1/files/file"),
            None,
        )
        .await,
    )
    .await;
    assert_eq!(kept, (403, "notAllowed".into()), "no copy may leave");

    let frame = format!("{path}/clips/1/frames/0");
    let shown = async || {
        asks(&relay, &trainer, "GET", &frame, None)
            .await
            .status()
            .as_u16()
    };
    assert_eq!(shown().await, 200);
    let db = rusqlite::Connection::open(relay.data.join("relay.db")).unwrap();
    db.execute("UPDATE cases SET expires_at = 1", []).unwrap();
    assert_eq!(shown().await, 404, "its time is over");
    let list: CaseList = asks(&relay, &trainer, "GET", "cases", None)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!((list.cases, list.collections), (vec![], vec![]));
    let cover = json!({ "keep": [], "blank": [] });
    let names = json!({ "collections": ["x"], "looked": true });
    let look = |digest| Some(json!({ "digest": digest }));
    let made = case.clips[0].made.as_ref().unwrap();
    for (method, below, body) in [
        ("GET", "", None),
        ("GET", "/clips/1", None),
        ("GET", "/clips/1/drawn", None),
        ("GET", "/clips/1/files/file", None),
        ("GET", "/export", None),
        ("PUT", "/clips/1/cover", Some(cover)),
        ("POST", "/clips/1/looks", look(made.digest)),
        ("POST", "/looks", look(case.typed.digest)),
        ("PUT", "/collections", Some(names)),
        ("POST", "/publication", None),
    ] {
        let over = asks(&relay, &trainer, method, &format!("{path}{below}"), body).await;
        assert_eq!(over.status(), 404, "{method} {below}");
    }
    db.execute("UPDATE cases SET expires_at = 4000000000000000", [])
        .unwrap();
    assert_eq!(shown().await, 200);

    let folder = relay.data.join("cases").join(case.summary.case.to_string());
    assert!(folder.is_dir());
    let gone = asks(&relay, &trainer, "DELETE", &path, None).await;
    assert_eq!(gone.status(), 204);
    assert_eq!(shown().await, 404, "consent was withdrawn");
    assert!(!folder.exists());
}

#[tokio::test]
async fn who_is_no_trainer_a_consult_that_goes_on_and_facts_that_make_no_case_are_refused() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let trainer = relay.enter(Role::Trainer).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    device.brings(&sample).await;
    let new =
        |facts: Value| json!({ "consult": consult(), "clips": [sample.head.clip], "facts": facts });
    let post = async |who: &Entered, body: Value| {
        code(asks(&relay, who, "POST", "cases", Some(body)).await).await
    };
    let good = facts("teaching", FAR);
    assert_eq!(
        post(&trainer, new(good.clone())).await.1,
        "notFound",
        "it goes on"
    );
    assert_eq!(
        post(&trainer, new(facts("teaching", 1))).await.1,
        "messageRefused",
        "it is over before it begins"
    );
    assert_eq!(
        post(&trainer, new(facts("teaching", 253_402_300_800_000_000)))
            .await
            .1,
        "messageRefused",
        "no page can write the year 10000"
    );
    for role in [Role::VisitingPhysician, Role::Cardiologist, Role::Observer] {
        let who = relay.enter(role).await;
        assert_eq!(post(&who, new(good.clone())).await.1, "notAllowed");
        assert_eq!(
            code(asks(&relay, &who, "GET", "cases", None).await).await.1,
            "notAllowed"
        );
    }
    tool(
        &relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );
    let mut unknown = new(good.clone());
    unknown["clips"] = json!([wire::ClipId::random()]);
    assert_eq!(post(&trainer, unknown).await.1, "notFound");
    let mut none = new(good.clone());
    none["clips"] = json!([]);
    assert_eq!(
        post(&trainer, none).await.1,
        "messageRefused",
        "none is chosen"
    );
    let mut twice = new(good);
    twice["clips"] = json!([sample.head.clip, sample.head.clip]);
    assert_eq!(post(&trainer, twice).await.1, "messageRefused");
}

/// Pixel for pixel the part of a video that a person drew, and black around it.
#[tokio::test]
async fn a_video_becomes_pictures_of_what_a_person_drew() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let trainer = relay.enter(Role::Trainer).await;
    let film = Coded::new((160, 120), 24, &["-profile:v", "high", "-g", "10"]);
    let sample = Sample::imported(film.object());
    device.brings(&sample).await;
    tool(
        &relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );
    let case = made(&relay, &trainer, &sample, facts("teaching", FAR)).await;
    assert_eq!(case.clips[0].fault, Some(CaseFault::NothingKept));
    assert_eq!(case.summary.state, CaseState::Draft);
    let path = format!("cases/{}", case.summary.case);
    let publication = format!("{path}/publication");
    let refused = code(asks(&relay, &trainer, "POST", &publication, None).await).await;
    assert_eq!(refused.1, "caseNotReady");

    // What stays is drawn on a picture of it, while it is a draft: at the key frame before the middle.
    let source = format!("{path}/clips/1/source");
    let offered = format!(
        "case-sources/{}/clips/{}/picture",
        consult(),
        sample.head.clip
    );
    let was = film.clip().frame(FrameIndex(10)).unwrap();
    for picture in [&source, &offered] {
        let picture = asks(&relay, &trainer, "GET", picture, None).await;
        assert_eq!(picture.headers()["content-type"], "image/png");
        let picture = image::load_from_memory(&picture.bytes().await.unwrap()).unwrap();
        assert_eq!(picture.into_rgb8().into_raw(), was.rows);
    }

    let (across, down) = (40..=119, 30..=89);
    let cover =
        json!({ "keep": [{ "left": 40, "top": 30, "right": 119, "bottom": 89 }], "blank": [] });
    let cover_path = format!("{path}/clips/1/cover");
    let drawn = asks(&relay, &trainer, "PUT", &cover_path, Some(cover)).await;
    let drawn = about(drawn, 200).await;
    assert_eq!(drawn.clips[0].fault, None);
    let stored = film.clip();
    // Behind a key frame, and in the middle between two.
    for index in [0, 15, 23] {
        let frame = format!("{path}/clips/1/frames/{index}");
        let frame = asks(&relay, &trainer, "GET", &frame, None).await;
        let shown = image::load_from_memory(&frame.bytes().await.unwrap()).unwrap();
        let shown = shown.into_rgb8();
        let was = stored.frame(FrameIndex(index)).unwrap();
        let (mut off, mut inside) = (0_u64, 0_u64);
        for (pixel, was) in shown.enumerate_pixels().zip(was.rows.chunks(3)) {
            let (x, y, pixel) = pixel;
            if across.contains(&x) && down.contains(&y) {
                let apart = pixel.0.iter().zip(was);
                off += apart
                    .map(|(one, other)| u64::from(one.abs_diff(*other)))
                    .sum::<u64>();
                inside += 3;
            } else if !(32..=127).contains(&x) || !(22..=97).contains(&y) {
                // A block of JPEG beside the edge may ring.
                assert!(pixel.0.iter().all(|value| *value < 8), "{index}: {x} {y}");
            }
        }
        assert!(off < inside * 8, "{index}: {off} over {inside} samples");
    }
    let public = is_looked_at(&relay, &trainer, &drawn).await;
    assert_eq!(public.summary.state, CaseState::Published);
    let late = code(asks(&relay, &trainer, "GET", &source, None).await).await;
    assert_eq!(late.1, "caseNotReady", "nothing leads back any more");
}

#[tokio::test]
async fn what_somebody_typed_in_place_of_a_view_label_stays_out_of_list_player_and_files() {
    let relay = Relay::start().await;
    let (trainer, sample) = closed_with_view(&relay, Some("山田太郎 PLAX")).await;
    let case = made(&relay, &trainer, &sample, facts("teachingAndExport", FAR)).await;
    let path = format!("cases/{}", case.summary.case);
    is_looked_at(&relay, &trainer, &case).await;
    let mut answers = vec![serde_json::to_vec(&case).unwrap()];
    for path in [
        "cases",
        &path,
        &format!("{path}/clips/1"),
        &format!("{path}/clips/1/drawn"),
        &format!("{path}/clips/1/files/file"),
        &format!("{path}/export"),
    ] {
        let answer = asks(&relay, &trainer, "GET", path, None).await;
        assert_eq!(answer.status(), 200, "{path}");
        answers.push(answer.bytes().await.unwrap().to_vec());
    }
    let name = "山田太郎".as_bytes();
    for answer in answers {
        let told = answer.windows(name.len()).any(|part| part == name);
        assert!(!told, "{}", String::from_utf8_lossy(&answer));
    }
}

#[tokio::test]
async fn a_case_is_found_by_the_view_of_a_clip_and_by_a_finding_however_it_is_written() {
    let relay = Relay::start().await;
    let (trainer, sample) = closed_with_view(&relay, Some("A4C")).await;
    let case = made(&relay, &trainer, &sample, facts("teaching", FAR)).await;
    assert_eq!(case.summary.views, ["A4C"]);
    for (search, found) in [
        ("?view=A4C", 1),
        ("?view=A4C&finding=mr&difficulty=2", 1),
        ("?words=ef", 1),
        ("?view=PLAX", 0),
        ("?view=A4C&finding=AS", 0),
    ] {
        let list = asks(&relay, &trainer, "GET", &format!("cases{search}"), None).await;
        let list: CaseList = list.json().await.unwrap();
        assert_eq!(list.cases.len(), found, "{search}");
    }
}
