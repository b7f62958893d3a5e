//! What a person decides before a case is in the library: which clips it has, and whether what was typed for it tells who it is.

use crate::cases_carry_no_identity::{about, asks, closed, facts, is_looked_at, made};
use crate::clip_device::{Device, Sample, phantom, video};
use crate::support::{Entered, Relay, code, consult};
use crate::tools_change_the_rows::tool;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use wire::case::{CaseAbout, CaseSources, CaseState, MAX_CASE_CLIPS};
use wire::people::Role;

const FAR: u64 = 4_000_000_000_000_000;

fn look(digest: impl serde::Serialize) -> Option<Value> {
    Some(json!({ "digest": digest }))
}

async fn posts(relay: &Relay, who: &Entered, path: &str, body: Option<Value>) -> CaseAbout {
    about(asks(relay, who, "POST", path, body).await, 200).await
}

#[tokio::test]
async fn a_trainer_chooses_clips_of_a_consult_that_is_over() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let trainer = relay.enter(Role::Trainer).await;
    let [heart, film] = [phantom("plax_small.dcm"), video(8)].map(Sample::imported);
    device.brings(&heart).await;
    device.brings(&film).await;
    let sources = format!("case-sources/{}", consult());
    let picture = |sample: &Sample| format!("{sources}/clips/{}/picture", sample.head.clip);
    let early = code(asks(&relay, &trainer, "GET", &sources, None).await).await;
    assert_eq!(early.1, "notFound", "it goes on");
    tool(
        &relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );
    let doctor = relay.enter_at(Role::Cardiologist, crate::support::other_consult());
    let doctor = doctor.await;
    for path in [&sources, &picture(&heart)] {
        let refused = code(asks(&relay, &doctor, "GET", path, None).await).await;
        assert_eq!(refused.1, "notAllowed");
    }
    let found = asks(&relay, &trainer, "GET", &sources, None).await;
    let found: CaseSources = found.json().await.unwrap();
    let listed: Vec<_> = found.clips.iter().map(|head| head.clip).collect();
    assert_eq!(listed, [heart.head.clip, film.head.clip]);
    let shown = asks(&relay, &trainer, "GET", &picture(&heart), None).await;
    assert_eq!(shown.headers()["content-type"], "image/jpeg");
    let none = asks(&relay, &trainer, "GET", &picture(&film), None).await;
    assert_eq!(none.status(), 404, "nobody can decode it");
    let db = rusqlite::Connection::open(relay.data.join("relay.db")).unwrap();
    let entries = "SELECT count(*) FROM replays";
    let entries: u32 = db.query_row(entries, [], |row| row.get(0)).unwrap();
    assert!(entries >= 1, "who looked is noted");

    let case = made(&relay, &trainer, &heart, facts("teaching", FAR)).await;
    assert_eq!(case.clips.len(), 1);
    let public = is_looked_at(&relay, &trainer, &case).await;
    assert_eq!(public.summary.state, CaseState::Published);
}

/// The same clip under another UID of the same length.
fn twin(bytes: &[u8], number: usize) -> Vec<u8> {
    let uid = Sample::imported(bytes.to_vec()).head.instance;
    let other = format!("{}{number:02}", &uid[..uid.len() - 2]);
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len() - uid.len() {
        if bytes[at..].starts_with(uid.as_bytes()) {
            bytes[at..at + uid.len()].copy_from_slice(other.as_bytes());
        }
    }
    bytes
}

#[tokio::test]
async fn a_case_of_as_many_clips_as_one_may_have_shows_its_first_frame_within_a_second() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let trainer = relay.enter(Role::Trainer).await;
    let heart = phantom("plax_small.dcm");
    let mut clips = Vec::new();
    for number in 0..MAX_CASE_CLIPS {
        let sample = Sample::imported(twin(&heart, number));
        device.brings(&sample).await;
        clips.push(sample.head.clip);
    }
    tool(
        &relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );
    let new = json!({ "consult": consult(), "clips": clips, "facts": facts("teaching", FAR) });
    let case = about(
        asks(&relay, &trainer, "POST", "cases", Some(new)).await,
        201,
    )
    .await;
    let path = format!("cases/{}", case.summary.case);
    let began = Instant::now();
    let opened = about(asks(&relay, &trainer, "GET", &path, None).await, 200).await;
    let frame = asks(
        &relay,
        &trainer,
        "GET",
        &format!("{path}/clips/1/frames/0"),
        None,
    )
    .await;
    assert!(!frame.bytes().await.unwrap().is_empty());
    let took = began.elapsed();
    assert_eq!(opened.clips.len(), MAX_CASE_CLIPS);
    assert!(took < Duration::from_secs(1), "it took {took:?}");
}

#[tokio::test]
async fn what_was_typed_is_ticked_as_a_clip_is_and_another_text_takes_the_tick_back() {
    let relay = Relay::start().await;
    let (trainer, sample) = closed(&relay).await;
    let case = made(&relay, &trainer, &sample, facts("teachingAndExport", FAR)).await;
    let path = format!("cases/{}", case.summary.case);
    let digest = case.clips[0].made.as_ref().unwrap().digest;
    let seen = posts(
        &relay,
        &trainer,
        &format!("{path}/clips/1/looks"),
        look(digest),
    )
    .await;
    assert_eq!(
        seen.summary.state,
        CaseState::Draft,
        "nobody read what was typed"
    );
    let publication = format!("{path}/publication");
    let early = code(asks(&relay, &trainer, "POST", &publication, None).await).await;
    assert_eq!(early.1, "caseNotReady");
    let typed = format!("{path}/looks");
    let other = asks(&relay, &trainer, "POST", &typed, look(digest)).await;
    assert_eq!(
        code(other).await.1,
        "caseNotReady",
        "a look at something else"
    );
    let read = posts(&relay, &trainer, &typed, look(case.typed.digest)).await;
    assert_eq!(
        (read.summary.state, read.typed.looks.len()),
        (CaseState::Reviewed, 1)
    );
    posts(&relay, &trainer, &publication, None).await;

    // However a text came to be another one, nothing leaves before somebody read it.
    let db = rusqlite::Connection::open(relay.data.join("relay.db")).unwrap();
    for change in [
        "title = '山田さんの MR'",
        "findings = '[\"山田さん\"]'",
        "licence = '山田病院'",
        "collections = '[\"山田さん\"]'",
    ] {
        db.execute(&format!("UPDATE cases SET {change}"), [])
            .unwrap();
        let now = about(asks(&relay, &trainer, "GET", &path, None).await, 200).await;
        assert_eq!(
            (now.summary.state, now.typed.looks.len()),
            (CaseState::Draft, 0),
            "{change}"
        );
        for way in ["export", "clips/1/files/file"] {
            let kept = asks(&relay, &trainer, "GET", &format!("{path}/{way}"), None).await;
            assert_eq!(code(kept).await.1, "caseNotReady", "{change}, {way}");
        }
        let again = asks(&relay, &trainer, "POST", &publication, None).await;
        assert_eq!(code(again).await.1, "caseNotReady", "{change}");
        let read = posts(&relay, &trainer, &typed, look(now.typed.digest)).await;
        assert_eq!(read.summary.state, CaseState::Published, "{change}");
        let leaves = asks(&relay, &trainer, "GET", &format!("{path}/export"), None).await;
        assert_eq!(leaves.status(), 200, "{change}");
    }
}

#[tokio::test]
async fn a_published_case_comes_into_a_collection_only_under_a_name_that_somebody_looked_at() {
    let relay = Relay::start().await;
    let (trainer, sample) = closed(&relay).await;
    let case = made(&relay, &trainer, &sample, facts("teaching", FAR)).await;
    let path = format!("cases/{}/collections", case.summary.case);
    let puts = async |names: &[&str], looked: bool| {
        let body = json!({ "collections": names, "looked": looked });
        asks(&relay, &trainer, "PUT", &path, Some(body)).await
    };
    // A draft is read as a whole afterwards.
    let draft = about(puts(&["秋の勉強会", "弁膜症"], false).await, 200).await;
    let public = is_looked_at(&relay, &trainer, &draft).await;
    assert_eq!(public.summary.facts.collections, ["秋の勉強会", "弁膜症"]);
    let refused = code(puts(&["秋の勉強会", "山田さん"], false).await).await;
    assert_eq!(refused.1, "caseNotReady");
    for (names, looked) in [
        (vec!["秋の勉強会"], false),
        (vec!["秋の勉強会", "春の会"], true),
        (vec![], false),
    ] {
        let now = about(puts(&names, looked).await, 200).await;
        assert_eq!(now.summary.facts.collections, names);
        assert_eq!(now.summary.state, CaseState::Published, "{names:?}");
        assert_eq!(now.typed.looks.len(), 1, "{names:?}");
    }
}

#[tokio::test]
async fn whoever_reads_a_frame_of_a_draft_leaves_an_entry_and_a_minute_of_reading_is_one() {
    let relay = Relay::start().await;
    let (trainer, sample) = closed(&relay).await;
    let case = made(&relay, &trainer, &sample, facts("teaching", FAR)).await;
    let db = rusqlite::Connection::open(relay.data.join("relay.db")).unwrap();
    let entries = || -> u32 {
        let sql = "SELECT count(*) FROM case_reads WHERE export = 0";
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(entries(), 0, "who made it stands in its row");
    for door in ["/clips/1/frames/0", "/clips/1", "/clips/1/drawn", ""] {
        let path = format!("cases/{}{door}", case.summary.case);
        let answer = asks(&relay, &trainer, "GET", &path, None).await;
        assert_eq!(answer.status(), 200, "{door}");
        assert_eq!(entries(), 1, "{door}");
    }
}
