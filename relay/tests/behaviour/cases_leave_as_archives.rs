//! A case leaves as one archive when its patient agreed to it, and nobody's name goes with it: not in an attribute, not in the
//! index, not in a pixel of any frame.

use crate::cases_carry_no_identity::{TELLING, about, asks, closed, facts, is_looked_at, made};
use crate::clip_device::Sample;
use crate::support::{Entered, Relay, code};
use echo_dicom::{Clip, Picture, PixelForm};
use image::imageops::{FilterType, invert, resize};
use image::{Rgb, RgbImage};
use rawzip::ZipArchive;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use wire::FrameIndex;
use wire::people::Role;

const FAR: u64 = 4_000_000_000_000_000;
/// What stands in the phantom's picture, as far as tesseract reads it.
const IN_PIXELS: [&str; 5] = ["PATIENT", "PHANTOM", "FAKE", "CLINIC", "2026-01-01"];
/// Its letters are small for OCR.
const ENLARGED: u32 = 4;
/// OCR takes half a second for each; all of them are looked at by the tests of the writer.
const EVERY: usize = 10;

/// A case of one clip that somebody looked at, in the library.
async fn published(relay: &Relay, consent: &str) -> (Entered, Sample, String) {
    let (trainer, sample) = closed(relay).await;
    let case = made(relay, &trainer, &sample, facts(consent, FAR)).await;
    let path = format!("cases/{}", case.summary.case);
    is_looked_at(relay, &trainer, &case).await;
    (trainer, sample, path)
}

fn missing(what: &str) {
    let required = std::env::var_os("CI").is_some()
        || std::env::var_os("HIBIKI_REQUIRE_TEST_DATA").is_some_and(|value| value == "1");
    assert!(!required, "{what} is missing, and here nothing may be");
    let mut past_the_harness = std::io::stderr();
    writeln!(
        past_the_harness,
        "SKIPPED: no {what} (`make setup` installs it)"
    )
    .unwrap();
}

/// What tesseract reads in a picture; nothing where there is none.
fn read(picture: &Picture, folder: &Path) -> Option<String> {
    let mut all = RgbImage::new(picture.width, picture.height);
    for (at, pixel) in all.pixels_mut().enumerate() {
        *pixel = match picture.form {
            PixelForm::Gray8 => Rgb([picture.rows[at]; 3]),
            PixelForm::Rgb8 => Rgb(std::array::from_fn(|part| picture.rows[at * 3 + part])),
        };
    }
    let (width, height) = (picture.width * ENLARGED, picture.height * ENLARGED);
    let mut all = resize(&all, width, height, FilterType::CatmullRom);
    // Dark letters on light ground, as on paper.
    invert(&mut all);
    let file = folder.join("page.png");
    all.save(&file).unwrap();
    let mut tesseract = Command::new("tesseract");
    let tesseract = tesseract.arg(&file).args(["stdout", "--psm", "6"]);
    let Ok(output) = tesseract.output() else {
        missing("tesseract");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).to_uppercase())
}

#[tokio::test]
async fn an_archive_holds_all_of_a_case_and_no_name_that_stood_in_an_attribute_or_a_pixel() {
    let relay = Relay::start().await;
    let (trainer, sample, path) = published(&relay, "teachingAndExport").await;
    let answer = asks(&relay, &trainer, "GET", &format!("{path}/export"), None).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/zip");
    let named = answer.headers()["content-disposition"].to_str().unwrap();
    assert!(named.starts_with("attachment; filename=\"case-"), "{named}");
    let bytes = answer.bytes().await.unwrap();
    // Nothing is compressed, so all that is in it can be searched as it is.
    for telling in TELLING
        .into_iter()
        .map(str::as_bytes)
        .chain([sample.head.instance.as_bytes()])
    {
        let found = bytes.windows(telling.len()).any(|part| part == telling);
        assert!(!found, "{}", String::from_utf8_lossy(telling));
    }
    let folder = tempfile::tempdir().unwrap();
    others_take_it_out(&bytes, folder.path());
    let all = entries(&bytes);
    let index = &all["index.json"];
    let index: Value = serde_json::from_slice(index).unwrap();
    assert_eq!(
        (&index["licence"], &index["consent"], &index["title"]),
        (
            &json!("院内教育"),
            &json!("teachingAndExport"),
            &json!("拡張した左室")
        )
    );
    assert_eq!(all.len(), 4, "clip, marks, log and index");
    let held = |what: &str| {
        let name = index["clips"][0][what].as_str().unwrap();
        let bytes = all[name].clone();
        let digest: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(name, format!("{digest}.dcm"));
        bytes
    };
    let (clip, marks) = (held("clip"), held("marks"));
    let clip = Clip::from_bytes(clip).unwrap();
    let uid = clip.header().sop_instance_uid.as_bytes();
    assert!(marks.windows(uid.len()).any(|part| part == uid));
    nobody_reads_a_name(&sample.opened(), &clip, folder.path());
    let db = rusqlite::Connection::open(relay.data.join("relay.db")).unwrap();
    let exports = "SELECT count(*) FROM case_reads WHERE export = 1";
    let exports: u32 = db.query_row(exports, [], |row| row.get(0)).unwrap();
    assert_eq!(exports, 1, "who took it along is noted");
}

pub fn entries(whole: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let archive = ZipArchive::from_slice(whole).unwrap();
    let mut entries = archive.entries();
    let mut all = BTreeMap::new();
    while let Some(entry) = entries.next_entry().unwrap() {
        let name = entry.file_path().try_normalize().unwrap();
        let held = archive.get_entry(entry.wayfinder()).unwrap();
        all.insert(name.as_ref().to_owned(), held.data().to_vec());
    }
    all
}

/// Python reads the archive and finds each checksum right.
fn others_take_it_out(bytes: &[u8], folder: &Path) {
    let file = folder.join("case.zip");
    std::fs::write(&file, bytes).unwrap();
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/py/bin/python");
    let mut python = Command::new(python);
    let Ok(tested) = python.args(["-m", "zipfile", "-t"]).arg(&file).output() else {
        missing("Python in .tools/py");
        return;
    };
    let said = String::from_utf8_lossy(&tested.stdout);
    assert!(
        tested.status.success() && said.contains("Done testing"),
        "{said}"
    );
}

fn nobody_reads_a_name(before: &Clip, after: &Clip, folder: &Path) {
    for index in (0..before.header().frames).step_by(EVERY).map(FrameIndex) {
        let Some(words) = read(&before.frame(index).unwrap(), folder) else {
            return;
        };
        let found = IN_PIXELS.iter().filter(|word| words.contains(**word));
        assert!(
            found.count() >= 2,
            "tesseract is no witness, it read {words:?}"
        );
        let words = read(&after.frame(index).unwrap(), folder).unwrap();
        for word in IN_PIXELS {
            assert!(!words.contains(word), "frame {index:?}: {words:?}");
        }
    }
}

#[tokio::test]
async fn an_archive_leaves_only_of_a_published_case_whose_patient_agreed_and_for_its_time() {
    let relay = Relay::start().await;
    let (trainer, _, path) = published(&relay, "teachingAndExport").await;
    let export = format!("{path}/export");
    let leaves = async |who: &Entered| {
        asks(&relay, who, "GET", &export, None)
            .await
            .status()
            .as_u16()
    };
    assert_eq!(leaves(&trainer).await, 200);
    let db = rusqlite::Connection::open(relay.data.join("relay.db")).unwrap();
    for (change, back, expected) in [
        (
            "published_at = NULL",
            "published_at = 1",
            (409, "caseNotReady"),
        ),
        (
            "consent = '\"teaching\"'",
            "consent = '\"teachingAndExport\"'",
            (403, "notAllowed"),
        ),
        (
            "expires_at = 1",
            "expires_at = 4000000000000000",
            (404, "notFound"),
        ),
    ] {
        db.execute(&format!("UPDATE cases SET {change}"), [])
            .unwrap();
        let refused = code(asks(&relay, &trainer, "GET", &export, None).await).await;
        assert_eq!(refused, (expected.0, expected.1.into()), "{change}");
        db.execute(&format!("UPDATE cases SET {back}"), []).unwrap();
        assert_eq!(leaves(&trainer).await, 200);
    }
    asks(&relay, &trainer, "DELETE", &path, None).await;
    assert_eq!(leaves(&trainer).await, 404, "it was withdrawn");
}

#[tokio::test]
async fn who_is_no_trainer_takes_no_archive_and_puts_no_case_into_a_collection() {
    let relay = Relay::start().await;
    let doctor = relay.enter(Role::Cardiologist).await;
    let (trainer, _, path) = published(&relay, "teachingAndExport").await;
    let collections = format!("{path}/collections");
    let into = |names: &[&str]| Some(json!({ "collections": names, "looked": true }));
    for (method, path, body) in [
        ("GET", format!("{path}/export"), None),
        ("PUT", collections.clone(), into(&["春の会"])),
        ("GET", format!("{path}/clips/1/drawn"), None),
    ] {
        let refused = code(asks(&relay, &doctor, method, &path, body).await).await;
        assert_eq!(refused.1, "notAllowed", "{path}");
    }
    let put = asks(
        &relay,
        &trainer,
        "PUT",
        &collections,
        into(&["春の会", "弁膜症"]),
    )
    .await;
    let case = about(put, 200).await;
    assert_eq!(case.summary.facts.collections, ["春の会", "弁膜症"]);
    let empty = asks(&relay, &trainer, "PUT", &collections, into(&[" "])).await;
    assert_eq!(code(empty).await.1, "messageRefused");
    let list: Value = asks(
        &relay,
        &trainer,
        "GET",
        "cases?collection=%E6%98%A5%E3%81%AE%E4%BC%9A",
        None,
    )
    .await
    .json()
    .await
    .unwrap();
    assert_eq!(list["cases"].as_array().unwrap().len(), 1);
    assert_eq!(list["collections"], json!(["弁膜症", "春の会"]));
}

#[tokio::test]
async fn what_was_drawn_is_shown_from_the_file_that_leaves() {
    let relay = Relay::start().await;
    let (trainer, _, path) = published(&relay, "teaching").await;
    let drawn = format!("{path}/clips/1/drawn");
    let drawn: Value = asks(&relay, &trainer, "GET", &drawn, None)
        .await
        .json()
        .await
        .unwrap();
    // The stroke was drawn on the third frame.
    assert_eq!(drawn["lines"].as_array().unwrap().len(), 1);
    assert_eq!(drawn["lines"][0]["frame"], 2);
    assert_eq!(drawn["lines"][0]["points"].as_array().unwrap().len(), 3);
    assert_eq!(drawn["numbers"], json!([]));
    let db = rusqlite::Connection::open(relay.data.join("relay.db")).unwrap();
    db.execute("UPDATE cases SET expires_at = 1", []).unwrap();
    let over = asks(
        &relay,
        &trainer,
        "GET",
        &format!("{path}/clips/1/drawn"),
        None,
    )
    .await;
    assert_eq!(over.status(), 404);
}

#[tokio::test]
async fn a_file_that_is_not_what_was_looked_at_is_not_shown_and_does_not_leave_alone_either() {
    let relay = Relay::start().await;
    let (trainer, _, path) = published(&relay, "teachingAndExport").await;
    let folder = relay.data.join(&path);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
    let marks = files
        .into_iter()
        .map(|file| file.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with("marks.dcm"))
        .unwrap();
    let clip = marks.with_extension("").with_extension("dcm");
    let ways = ["", "/drawn", "/frames/0", "/files/file", "/files/marks"];
    let given = async |expected: u16, when: &str| {
        for way in ways {
            let asked = format!("{path}/clips/1{way}");
            let answer = asks(&relay, &trainer, "GET", &asked, None).await;
            assert_eq!(answer.status(), expected, "{way}, {when}");
        }
    };
    given(200, "as it was made").await;
    for file in [clip, marks] {
        let held = std::fs::read(&file).unwrap();
        let mut other = held.clone();
        *other.last_mut().unwrap() ^= 1;
        std::fs::write(&file, other).unwrap();
        given(503, "altered").await;
        std::fs::write(&file, held).unwrap();
        given(200, "as it was made again").await;
    }
}
