//! What is drawn on frames of a clip leaves as a presentation state, on request and when its consult is closed.

use crate::clip_device::{Device, Sample, phantom};
use crate::dicomweb_client::{self, first};
use crate::support::{LIMIT, Page, Relay, consult, stream, stroke};
use crate::tools_change_the_rows::tool;
use echo_dicom::Provenance;
use relay::store::{self, DataFolder, Store};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use wire::RtpTime;
use wire::mark::{Anchor, Annotation};
use wire::people::Role;

/// A stroke on this moment of the known stream.
fn stroke_at(rtp_time: RtpTime) -> Annotation {
    let stream = stream();
    Annotation {
        anchor: Anchor::Live { stream, rtp_time },
        ..stroke(3)
    }
}

async fn draws(page: &mut Page, mark: &Annotation) {
    page.marks(mark).await;
    page.sees(mark.id).await;
}

/// Judged by somebody else's program; set-up installs it.
fn is_content(file: &Path) {
    let judged = Command::new("dciodvfy").arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&judged.stderr).into_owned();
    assert!(said.contains("ColorSoftcopyPresentationState"), "{said}");
    assert!(!said.contains("Error"), "{said}");
}

/// The frames that are drawn on, as dcmtk prints them.
fn frames_in(file: &Path) -> Vec<String> {
    let printed = Command::new("dcmdump")
        .args(["+P", "0008,1160"])
        .arg(file)
        .output()
        .unwrap();
    String::from_utf8_lossy(&printed.stdout)
        .lines()
        .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()))
        .collect()
}

#[tokio::test]
async fn marks_are_a_presentation_state_of_their_clip_until_they_are_withdrawn() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let who = relay.enter(Role::Cardiologist).await;
    let (mut page, _) = relay.page_of(&who, None).await;
    let sample = Sample::captured(phantom("plax_small.dcm"));
    let path = format!("{}/marks", sample.path());
    let asked = async || relay.asks(&who, "GET", &path).send().await.unwrap();
    device.is_wanted(&sample).await;
    assert_eq!(asked().await.status(), 404, "it is not whole yet");
    device.sends_up_to(&sample, 0, sample.head.bytes).await;
    assert_eq!(asked().await.status(), 404, "nothing was drawn on it");

    let between = RtpTime(sample.times[6].0.wrapping_add(1));
    let on_the_clip = [stroke_at(sample.times[6]), stroke_at(sample.times[2])];
    for mark in [&on_the_clip[0], &stroke_at(between), &on_the_clip[1]] {
        draws(&mut page, mark).await;
    }
    let answer = asked().await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/dicom");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let bytes = answer.bytes().await.unwrap();
    assert!(
        bytes == asked().await.bytes().await.unwrap(),
        "asking twice"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("marks.dcm");
    std::fs::write(&file, &bytes).unwrap();
    is_content(&file);
    assert_eq!(frames_in(&file), ["7", "3"]);
    let clip = folder.path().join("clip.dcm");
    std::fs::write(&clip, &sample.bytes).unwrap();
    let [of_marks, of_clip] = [&file, &clip].map(|file| Provenance::read(file).unwrap());
    assert_eq!(of_marks.study.uid, of_clip.study.uid);
    assert!(of_marks.patient.name == of_clip.patient.name);
    assert_ne!(of_marks.series_uid, of_clip.series_uid);
    assert_ne!(of_marks.instance_uid, of_clip.instance_uid);

    page.says(&json!({ "type": "withdraw", "mark": on_the_clip[0].id }))
        .await;
    page.hears_where(|message| {
        crate::support::entries(message).any(|entry| entry["event"]["type"] == "withdrawn")
    })
    .await;
    std::fs::write(&file, asked().await.bytes().await.unwrap()).unwrap();
    assert_eq!(frames_in(&file), ["3"]);
    let other = Provenance::read(&file).unwrap();
    assert_ne!(other.instance_uid, of_marks.instance_uid, "another object");
    let measured = relay.asks(&who, "GET", &format!("{}/measurements", sample.path()));
    assert_eq!(measured.send().await.unwrap().status(), 404, "nothing was");
}

#[tokio::test]
async fn an_installation_that_does_not_measure_gives_no_report() {
    let relay = Relay::with(&["--measuring", "false"]).await;
    let who = relay.enter(Role::Cardiologist).await;
    let path = format!(
        "consults/{}/clips/{}/measurements",
        consult(),
        wire::ClipId::random()
    );
    let asked = relay.asks(&who, "GET", &path).send().await.unwrap();
    let refusal = crate::support::code(asked).await;
    assert_eq!(refusal.1, "measuringOff");
    // The tool knows from the relay, whose flag it was not given.
    let said = tool(
        &relay,
        &["consult", "close", "--consult", &consult().to_string()],
    );
    assert!(said.contains("measuring is off"), "{said}");
}

#[tokio::test]
async fn closing_a_consult_gives_the_marks_of_each_clip_to_hospital_systems() {
    let relay = dicomweb_client::relay(&[]).await;
    let device = Device::connect(&relay).await;
    let (mut page, _) = relay
        .page_of(&relay.enter(Role::Cardiologist).await, None)
        .await;
    let drawn_on = Sample::captured(phantom("plax_small.dcm"));
    let untouched = Sample::imported(phantom("a4c_small_uncompressed.dcm"));
    for sample in [&drawn_on, &untouched] {
        device.brings(sample).await;
    }
    draws(&mut page, &stroke_at(drawn_on.times[1])).await;
    let consult = consult().to_string();
    let closes = || tool(&relay, &["consult", "close", "--consult", &consult]);
    assert!(closes().contains("marks of 1, measurements of 0"));
    let beside = |sample: &Sample| -> PathBuf {
        let file = format!("clips/{consult}/{}.marks.dcm", sample.head.clip);
        relay.data.join(file)
    };
    is_content(&beside(&drawn_on));
    assert!(!beside(&untouched).exists());
    // Both clips, and what was drawn on one of them, in its study.
    dicomweb_client::indexed(&relay, 3).await;
    let series = dicomweb_client::search(&relay, "series").await;
    let with = |modality: &str| {
        let of = |series: &&Value| first(series, "00080060") == modality;
        series.iter().filter(of).collect::<Vec<_>>()
    };
    let marks = with("PR");
    assert_eq!(marks.len(), 1);
    let study = first(marks[0], "0020000D");
    assert!(
        with("US")
            .iter()
            .any(|clip| first(clip, "0020000D") == study)
    );
    let before = std::fs::read(beside(&drawn_on)).unwrap();
    assert!(closes().contains("marks of 1"), "closing again is harmless");
    assert!(before == std::fs::read(beside(&drawn_on)).unwrap());
    all_is_looked_at(&relay).await;
    dicomweb_client::indexed(&relay, 3).await;
}

/// Waits until the archive has looked at all that was said of clips.
async fn all_is_looked_at(relay: &Relay) {
    let database = DataFolder::at(&relay.data).unwrap().database().unwrap();
    let store = Store::open(&database).unwrap();
    let until = Instant::now() + LIMIT;
    while !store
        .read("look", |db| store::uncollected_said(db, 1))
        .await
        .unwrap()
        .is_empty()
    {
        assert!(Instant::now() < until, "the archive does not look");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    store.close();
}

#[tokio::test]
async fn a_clip_that_does_not_say_whose_it_is_keeps_no_other_from_its_marks() {
    let relay = Relay::start().await;
    let device = Device::connect(&relay).await;
    let who = relay.enter(Role::Cardiologist).await;
    let (mut page, _) = relay.page_of(&who, None).await;
    let mut nobodys = phantom("plax_small.dcm");
    let uid = nobodys
        .windows(8)
        .position(|bytes| bytes == [0x20, 0, 0x0d, 0, b'U', b'I', nobodys_length(&nobodys), 0])
        .unwrap();
    nobodys[uid + 8] = b'x';
    let sample = Sample::captured(nobodys);
    device.brings(&sample).await;
    draws(&mut page, &stroke_at(sample.times[0])).await;
    let asked = relay.asks(&who, "GET", &format!("{}/marks", sample.path()));
    let (status, code) = crate::support::code(asked.send().await.unwrap()).await;
    assert_eq!((status, code.as_str()), (422, "clipNameless"));
    let consult = consult().to_string();
    let said = tool(&relay, &["consult", "close", "--consult", &consult]);
    assert!(said.contains("marks of 0"), "{said}");
}

/// Length of the Study Instance UID (0020,000D) as it stands in the file.
fn nobodys_length(bytes: &[u8]) -> u8 {
    let at = bytes
        .windows(6)
        .position(|bytes| bytes == [0x20, 0, 0x0d, 0, b'U', b'I'])
        .unwrap();
    bytes[at + 6]
}
