//! Files that a person puts on the page: safe here byte for byte, once, and with a reason where they are not taken.

use super::waiting_clips::out_of_reach;
use super::*;
use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, HeaderValue, ORIGIN};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::AsyncWriteExt;
use wire::ConsultId;
use wire::clip::FILE_WRITTEN;

/// Study Date (0008,0020) in Explicit VR Little Endian, before its value.
const STUDY_DATE: &[u8] = b"\x08\x00\x20\x00DA\x08\x00";

fn phantom() -> Vec<u8> {
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-dicom/plax_small.dcm");
    std::fs::read(clip).unwrap()
}

/// One that was not scanned before today.
fn of_today() -> Vec<u8> {
    let mut clip = phantom();
    let found = clip
        .windows(STUDY_DATE.len())
        .position(|it| it == STUDY_DATE);
    let at = found.unwrap() + STUDY_DATE.len();
    clip[at..at + 8].copy_from_slice(b"29991231");
    clip
}

/// As a browser says it of a file.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis() as u64
}

impl Opened {
    fn puts(&self, bytes: Vec<u8>, written_ms: u64) -> RequestBuilder {
        let cookie = self.cookie.lock().unwrap().clone();
        self.client
            .post(format!("{}/api/v1/files", self.origin))
            .header("origin", &self.origin)
            .header("cookie", cookie)
            .header(FILE_WRITTEN, written_ms)
            .body(bytes)
    }

    async fn has_put(&self, bytes: Vec<u8>, written_ms: u64) -> Value {
        let answer = self.puts(bytes, written_ms).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[tokio::test]
async fn a_file_of_this_visit_is_safe_here_unaltered_and_goes_and_an_old_one_waits() {
    let spool = tempfile::tempdir().unwrap();
    let page = open(out_of_reach(spool.path(), ConsultId::random())).await;
    let (today, yesterday) = (of_today(), phantom());
    let put = page.has_put(today.clone(), now_ms()).await;
    assert_eq!((&put["new"], &put["stage"]), (&json!(true), &json!("safe")));
    // The answer says that it is safe, so it lies there by now.
    let object = format!("clips/{}.dcm", put["clip"].as_str().unwrap());
    assert!(std::fs::read(spool.path().join(object)).unwrap() == today);
    let again = page.has_put(today, now_ms()).await;
    assert_eq!(
        (&again["new"], &again["clip"]),
        (&json!(false), &put["clip"])
    );
    let old = page.has_put(yesterday, now_ms() - 86_400_000).await;
    assert_eq!(old["stage"], "waits");
    let state = page.state().await;
    assert_eq!(state["waiting"][0]["clip"], old["clip"]);
    assert_eq!(state["waiting"].as_array().unwrap().len(), 1);
    assert_eq!(state["clips"]["unsent"], 2);
    assert!(is_empty(&spool.path().join("arriving")));
}

#[tokio::test]
async fn what_is_no_clip_or_has_no_place_is_refused_by_name_and_leaves_nothing() {
    let spool = tempfile::tempdir().unwrap();
    let page = open(out_of_reach(spool.path(), ConsultId::random())).await;
    let mut cut = phantom();
    cut.truncate(400);
    let film = vec![7; 3_000_000];
    for (bytes, expected) in [
        (Vec::new(), "notDicom"),
        (b"a letter".to_vec(), "notDicom"),
        (film, "notDicom"),
        (cut, "noClip"),
    ] {
        let answer = page.puts(bytes, now_ms()).send().await.unwrap();
        assert_eq!(code(answer).await, (422, expected.to_owned()));
    }
    assert!(is_empty(&spool.path().join("arriving")));
    assert_eq!(page.state().await["clips"]["unsent"], 0);
    let evil = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static("https://evil.example"))]);
    let forged = page.puts(phantom(), now_ms()).headers(evil).send().await;
    assert_eq!(code(forged.unwrap()).await, (403, "foreign".to_owned()));

    let mut small = out_of_reach(&spool.path().join("small"), ConsultId::random());
    small.saving.as_mut().unwrap().bounds.bytes = 1_000;
    let full = open(small).await;
    let answer = full.puts(phantom(), now_ms()).send().await.unwrap();
    assert_eq!(code(answer).await, (507, "spoolFull".to_owned()));

    let nowhere = open(super::page("test:", None)).await;
    let answer = nowhere.puts(phantom(), now_ms()).send().await.unwrap();
    assert_eq!(code(answer).await, (409, "noSaving".to_owned()));
}

#[tokio::test]
async fn a_file_that_breaks_off_leaves_nothing() {
    let spool = tempfile::tempdir().unwrap();
    let page = open(out_of_reach(spool.path(), ConsultId::random())).await;
    let address = page.origin.trim_start_matches("http://").to_owned();
    let mut link = TcpStream::connect(&address).await.unwrap();
    let cookie = page.cookie.lock().unwrap().clone();
    let bytes = phantom();
    let head = format!(
        "POST /api/v1/files HTTP/1.1\r\nhost: {address}\r\norigin: {}\r\ncookie: {cookie}\r\ncontent-length: {}\r\n\r\n",
        page.origin,
        bytes.len()
    );
    link.write_all(head.as_bytes()).await.unwrap();
    link.write_all(&bytes[..400_000]).await.unwrap();
    let arriving = spool.path().join("arriving");
    support::until("half a file", BOUND, || !is_empty(&arriving)).await;
    drop(link);
    support::until("nothing of it", BOUND, || is_empty(&arriving)).await;
    assert_eq!(page.state().await["clips"]["unsent"], 0);
}
