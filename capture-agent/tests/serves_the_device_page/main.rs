//! The page on this device: who may ask, what a freeze and a mask really do, and choosing another source.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod chooses_the_patient;
#[path = "../support/worklist.rs"]
mod hospital;
mod put_files;
#[path = "../support/mod.rs"]
mod support;
mod waiting_clips;

use capture_agent::agent::{Agent, AgentSettings, DevicePageSettings};
use capture_agent::device_page::{Memory, Port};
use capture_agent::mask::Mask;
use capture_agent::sync::Stop;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::{settings, until};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use wire::RtpTime;

/// Long enough for a busy machine, and far from the seconds that a hanging answer takes.
const BOUND: Duration = Duration::from_secs(10);

/// An agent with its page, and somebody who opened it.
struct Opened {
    agent: Arc<tokio::sync::Mutex<Agent>>,
    ring: Arc<dyn Fn(RtpTime) -> Option<Vec<u8>> + Send + Sync>,
    stop: Stop,
    origin: String,
    key: String,
    cookie: Mutex<String>,
    client: Client,
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.stop.set();
    }
}

fn page(source: &str, choices: Option<PathBuf>) -> AgentSettings {
    let memory = Memory::open(choices, Mask::default(), source.to_owned()).unwrap();
    AgentSettings {
        device_page: DevicePageSettings {
            port: Port::Free,
            memory: Some(Arc::new(memory)),
        },
        ..settings(source)
    }
}

async fn open(settings: AgentSettings) -> Opened {
    // The agent brings a provider of its own for publishing; without a relay nobody installed one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let agent = Agent::start(settings).unwrap();
    let address = agent.device_page().unwrap().to_string();
    let (origin, key) = address.split_once("/#key=").unwrap();
    let (stop, originals) = (agent.stop.clone(), agent.originals());
    let agent = Arc::new(tokio::sync::Mutex::new(agent));
    let running = Arc::clone(&agent);
    tokio::spawn(async move { running.lock().await.run().await });
    let opened = Opened {
        agent,
        ring: Arc::new(move |rtp_time| {
            let frame = originals(rtp_time)?;
            Some(frame.picture.rows().to_vec())
        }),
        stop,
        origin: origin.to_owned(),
        key: key.to_owned(),
        cookie: Mutex::default(),
        client: Client::new(),
    };
    let entry = opened
        .ask(Method::POST, "session", json!({ "key": opened.key }))
        .await;
    assert_eq!(entry.status(), StatusCode::NO_CONTENT);
    let cookie = entry.headers()["set-cookie"].to_str().unwrap();
    *opened.cookie.lock().unwrap() = cookie.split(';').next().unwrap().to_owned();
    opened
}

impl Opened {
    async fn ask(&self, method: Method, path: &str, body: Value) -> Response {
        let cookie = self.cookie.lock().unwrap().clone();
        let request = self
            .client
            .request(method, format!("{}/api/v1/{path}", self.origin))
            .header("origin", &self.origin)
            .header("cookie", cookie);
        let request = match body {
            Value::Null => request,
            body => request.json(&body),
        };
        request.send().await.unwrap()
    }

    async fn state(&self) -> Value {
        let answer = self.ask(Method::GET, "state", Value::Null).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    async fn state_when(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + BOUND;
        loop {
            let state = self.state().await;
            if is_so(&state) {
                return state;
            }
            assert!(
                Instant::now() < end,
                "not within {BOUND:?}: {what}: {state}"
            );
        }
    }

    /// RTP time of the newest frame, once there is one.
    async fn newest(&self) -> RtpTime {
        let state = self
            .state_when("a frame", |state| !state["newest"].is_null())
            .await;
        rtp_time(&state["newest"])
    }
}

fn rtp_time(frame: &Value) -> RtpTime {
    RtpTime(u32::try_from(frame["rtpTime"].as_u64().unwrap()).unwrap())
}

async fn code(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await.unwrap();
    (status, problem["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn nobody_without_the_key_or_under_another_name_gets_anything() {
    let page = open(page("test:", None)).await;
    let url = format!("{}/api/v1/state", page.origin);
    let stranger = page.client.get(&url).send().await.unwrap();
    assert_eq!(code(stranger).await, (401, "locked".to_owned()));
    let guessed = page
        .ask(Method::POST, "session", json!({ "key": "0".repeat(64) }))
        .await;
    assert_eq!(code(guessed).await, (401, "locked".to_owned()));

    let marks = format!("{}/api/v1/marks", page.origin);
    let stranger = page.client.get(&marks).send().await.unwrap();
    assert_eq!(code(stranger).await, (401, "locked".to_owned()));

    let cookie = page.cookie.lock().unwrap().clone();
    let rebound = page.client.get(&url).header("cookie", &cookie);
    let rebound = rebound.header("host", "evil.example").send().await.unwrap();
    assert_eq!(code(rebound).await, (403, "foreign".to_owned()));
    for origin in [Some("https://evil.example"), None] {
        let mask = format!("{}/api/v1/mask", page.origin);
        let mut request = page.client.put(mask).header("cookie", &cookie);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let forged = request.json(&json!({ "rectangles": [] })).send().await;
        assert_eq!(code(forged.unwrap()).await, (403, "foreign".to_owned()));
    }

    let answer = page.ask(Method::GET, "state", Value::Null).await;
    let headers = answer.headers();
    assert!(
        headers["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    assert_eq!(headers["cache-control"], "no-store");
    assert!(!headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn what_is_too_large_or_no_sense_is_refused_by_name() {
    let page = open(page("test:", None)).await;
    let long = json!({ "rectangles": [], "more": "x".repeat(20_000) });
    for (path, body, expected) in [
        ("mask", long, "badRequest"),
        (
            "mask",
            json!({ "rectangles": [{ "x": 0, "y": 0, "width": 0, "height": 1 }] }),
            "badMask",
        ),
        ("source", json!({ "source": "nothing" }), "badSource"),
        (
            "source",
            json!({ "source": "x".repeat(2_000) }),
            "badSource",
        ),
        ("view", json!({ "view": "" }), "badRequest"),
    ] {
        let answer = page.ask(Method::PUT, path, body).await;
        assert_eq!(code(answer).await, (400, expected.to_owned()), "{path}");
    }
    let gone = page
        .ask(Method::POST, "freeze", json!({ "rtpTime": 1 }))
        .await;
    assert_eq!(code(gone).await, (410, "frameGone".to_owned()));
    let save = json!({ "type": "last", "seconds": 6 });
    let nowhere = page.ask(Method::POST, "saves", save).await;
    assert_eq!(code(nowhere).await, (409, "noSaving".to_owned()));
    assert!(page.state().await["clips"].is_null());
}

#[tokio::test]
async fn connections_are_bounded_and_those_that_say_nothing_are_let_go() {
    let page = open(page("test:", None)).await;
    let address = page.origin.trim_start_matches("http://").to_owned();
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    let mut last = silent.pop().unwrap();
    let closed = tokio::time::timeout(BOUND, last.read(&mut [0; 1])).await;
    assert!(
        matches!(closed, Ok(Ok(0) | Err(_))),
        "the one too many is closed"
    );
    drop(silent);
    let end = Instant::now() + BOUND;
    let url = format!("{}/api/v1/state", page.origin);
    while page.client.get(&url).send().await.is_err() {
        assert!(Instant::now() < end, "the page never came back");
    }
}

#[tokio::test]
async fn the_preview_moves_and_names_its_frames() {
    let page = open(page("test:", None)).await;
    page.newest().await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let path = match seen.last() {
            Some(last) => format!("preview?after={last}"),
            None => "preview".to_owned(),
        };
        let answer = page.ask(Method::GET, &path, Value::Null).await;
        assert_eq!(answer.headers()["content-type"], "image/jpeg");
        seen.push(
            answer.headers()["hibiki-rtp-time"]
                .to_str()
                .unwrap()
                .to_owned(),
        );
        let picture = image::load_from_memory(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!((picture.width(), picture.height()), (800, 600));
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2], "{seen:?}");
}

#[tokio::test]
async fn a_freeze_shows_exactly_the_frame_that_was_captured() {
    let page = open(page("test:", None)).await;
    let wanted = page.newest().await;
    let captured = (page.ring)(wanted).unwrap();
    let frozen = page
        .ask(Method::POST, "freeze", json!({ "rtpTime": wanted.0 }))
        .await;
    assert_eq!(frozen.status(), StatusCode::NO_CONTENT);
    page.state_when("capture goes on", |state| {
        rtp_time(&state["newest"]) != wanted
    })
    .await;
    let answer = page.ask(Method::GET, "frozen", Value::Null).await;
    assert_eq!(answer.headers()["hibiki-rtp-time"], wanted.0.to_string());
    let picture = image::load_from_memory(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(picture.as_bytes(), captured, "bit for bit");
    page.ask(Method::DELETE, "freeze", Value::Null).await;
    assert!(page.state().await["frozen"].is_null());
}

#[tokio::test]
async fn a_mask_covers_the_very_next_frame_and_nothing_uncovered_is_kept() {
    let page = open(page("test:", None)).await;
    let before = page.newest().await;
    page.ask(Method::POST, "freeze", json!({ "rtpTime": before.0 }))
        .await;
    let banner = json!({ "rectangles": [{ "x": 0, "y": 0.5, "width": 1, "height": 0.5 }] });
    let put = page.ask(Method::PUT, "mask", banner.clone()).await;
    assert_eq!(put.status(), StatusCode::NO_CONTENT);
    assert!(
        (page.ring)(before).is_none(),
        "the ring lets go of what was captured uncovered"
    );
    let state = page.state().await;
    assert!(state["frozen"].is_null(), "and so does the freeze");
    assert_eq!(
        state["mask"],
        json!([{ "x": 0.0, "y": 0.5, "width": 1.0, "height": 0.5 }])
    );
    assert_eq!(state["maskChecked"], false);
    let mut looked_at = banner.clone();
    looked_at["checked"] = json!(true);
    for (mask, checked) in [(looked_at, true), (banner, false)] {
        page.ask(Method::PUT, "mask", mask).await;
        assert_eq!(page.state().await["maskChecked"], checked);
    }
    let first = page.newest().await;
    let rows = (page.ring)(first).unwrap();
    // The test pattern draws its barcode at the top, after the mask.
    let covered = &rows[rows.len() / 2..];
    assert!(
        covered.iter().all(|byte| *byte == 0),
        "the first frame after it is covered"
    );
    assert!(
        rows.iter().any(|byte| *byte != 0),
        "and the rest of it is not"
    );

    let held = page.newest().await;
    page.ask(Method::PUT, "mask", json!({ "rectangles": [] }))
        .await;
    assert!((page.ring)(held).is_some(), "showing more drops nothing");
}

#[tokio::test]
async fn another_source_is_opened_without_a_restart() {
    let page = open(page("test:", None)).await;
    page.newest().await;
    let other = json!({ "source": "test:size=320x240,form=rgb" });
    assert_eq!(
        page.ask(Method::PUT, "source", other).await.status(),
        StatusCode::NO_CONTENT
    );
    page.state_when("the other source", |state| state["source"]["width"] == 320)
        .await;
    page.ask(
        Method::PUT,
        "source",
        json!({ "source": "dicom:/does/not/exist" }),
    )
    .await;
    let state = page
        .state_when("its failure", |state| state["source"]["health"] == "failed")
        .await;
    assert_eq!(state["troubles"][0], "sourceFailed");
    // While the failed one waits for its next attempt.
    page.ask(Method::PUT, "source", json!({ "source": null }))
        .await;
    page.state_when("the configured one", |state| {
        state["source"]["width"] == 800
    })
    .await;
}

#[tokio::test]
async fn what_was_chosen_is_in_force_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let choices = || Some(folder.path().join("agent.device.json"));
    let first = open(page("test:", choices())).await;
    let banner = json!({ "rectangles": [{ "x": 0, "y": 0.5, "width": 1, "height": 0.5 }] });
    first.ask(Method::PUT, "mask", banner).await;
    first
        .ask(
            Method::PUT,
            "source",
            json!({ "source": "test:size=320x240" }),
        )
        .await;
    assert_eq!(first.state().await["remembers"], true);
    first.stop.set();
    drop(first.agent.lock().await);

    let again = open(page("test:", choices())).await;
    let newest = again.newest().await;
    let rows = (again.ring)(newest).unwrap();
    assert_eq!(rows.len(), 320 * 240);
    assert!(rows[rows.len() / 2..].iter().all(|byte| *byte == 0));
}

/// Marks 10 cm from here to there on the frozen frame.
fn ten_centimetres(frame: RtpTime, from: f64, to: f64) -> Value {
    json!({
        "rtpTime": frame.0,
        "from": { "x": 0.9, "y": from },
        "to": { "x": 0.9, "y": to },
        "centimetres": 10,
    })
}

#[tokio::test]
async fn a_depth_scale_is_marked_on_the_frozen_frame_and_survives_a_restart_but_no_other_source() {
    let folder = tempfile::tempdir().unwrap();
    let choices = || Some(folder.path().join("agent.device.json"));
    let first = open(page("test:", choices())).await;
    let frame = first.newest().await;
    let put = |body| first.ask(Method::PUT, "scale", body);
    let unfrozen = put(ten_centimetres(frame, 0.25, 0.75)).await;
    assert_eq!(code(unfrozen).await, (410, "frameGone".to_owned()));
    let freeze = json!({ "rtpTime": frame.0 });
    first.ask(Method::POST, "freeze", freeze).await;
    let short = put(ten_centimetres(frame, 0.25, 0.27)).await;
    assert_eq!(code(short).await, (400, "scaleTooShort".to_owned()));
    let mut huge = ten_centimetres(frame, 0.25, 0.75);
    huge["centimetres"] = json!(900);
    assert_eq!(
        code(put(huge).await).await,
        (400, "scaleImplausible".to_owned())
    );
    assert!(first.state().await["scale"].is_null());
    let taken = put(ten_centimetres(frame, 0.25, 0.75)).await;
    assert_eq!(taken.status(), StatusCode::NO_CONTENT);
    assert_eq!(first.state().await["scale"]["centimetres"], 10.0);
    until("it is stored", BOUND, || stored_scale(&choices().unwrap())).await;
    first.stop.set();
    drop(first.agent.lock().await);

    let again = open(page("test:", choices())).await;
    again.newest().await;
    assert_eq!(again.state().await["scale"]["centimetres"], 10.0);
    let other = json!({ "source": "test:size=320x240" });
    again.ask(Method::PUT, "source", other).await;
    assert!(again.state().await["scale"].is_null());
    until("it is forgotten", BOUND, || {
        !stored_scale(&choices().unwrap())
    })
    .await;
}

fn stored_scale(choices: &std::path::Path) -> bool {
    std::fs::read_to_string(choices).is_ok_and(|text| text.contains("centimetres"))
}

#[tokio::test]
async fn a_depth_scale_ends_when_it_is_taken_back() {
    let page = open(page("test:", None)).await;
    let frame = page.newest().await;
    let freeze = json!({ "rtpTime": frame.0 });
    page.ask(Method::POST, "freeze", freeze).await;
    let body = ten_centimetres(frame, 0.25, 0.75);
    page.ask(Method::PUT, "scale", body).await;
    let gone = page.ask(Method::DELETE, "scale", Value::Null).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert!(page.state().await["scale"].is_null());
}

#[tokio::test]
async fn a_port_that_is_taken_costs_the_page_and_not_the_capture() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut wanted = page("test:", None);
    wanted.device_page.port = Port::At(taken.local_addr().unwrap().port());
    let agent = Agent::start(wanted).unwrap();
    assert!(agent.device_page().is_none());
    let stats = Arc::clone(&agent.stats);
    until("frames", BOUND, || {
        stats.captured.load(std::sync::atomic::Ordering::Relaxed) > 0
    })
    .await;
}

#[tokio::test]
async fn without_a_consult_there_are_no_marks_and_the_same_list_is_told_once() {
    let page = open(page("test:", None)).await;
    let first = page.ask(Method::GET, "marks", Value::Null).await;
    let told: Value = first.json().await.unwrap();
    assert_eq!(
        (&told["marks"], &told["stream"]),
        (&json!([]), &Value::Null)
    );
    let path = format!("marks?after={}", told["revision"]);
    let again = page.ask(Method::GET, &path, Value::Null).await;
    assert_eq!(again.status(), StatusCode::NO_CONTENT);
    assert_eq!(page.state().await["relayNow"], Value::Null);
}

async fn checked(page: &Opened) -> Value {
    let end = Instant::now() + BOUND;
    loop {
        let answer = page.ask(Method::GET, "check", Value::Null).await;
        let check: Value = answer.json().await.unwrap();
        if check["running"] == false && !check["tookMs"].is_null() {
            return check;
        }
        assert!(Instant::now() < end, "the check is not over: {check}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn finding<'a>(check: &'a Value, what: &str) -> &'a Value {
    let findings = check["findings"].as_array().unwrap();
    let found = findings.iter().find(|one| one["what"] == what);
    found.unwrap_or_else(|| panic!("no {what} in {check}"))
}

#[tokio::test]
async fn a_check_before_a_visit_counts_the_source_in_use_as_checked_and_disturbs_no_capture() {
    let page = open(page("test:", None)).await;
    let before = page.newest().await;
    let url = format!("{}/api/v1/check", page.origin);
    let stranger = page.client.post(&url).send().await.unwrap();
    assert_ne!(stranger.status(), StatusCode::ACCEPTED);
    let nothing = page.ask(Method::GET, "check", Value::Null).await;
    let nothing: Value = nothing.json().await.unwrap();
    assert_eq!(
        nothing,
        json!({ "running": false, "findings": [], "tookMs": null })
    );
    // Twice: whoever asks meanwhile gets the one that is being made.
    for _ in 0..2 {
        let begun = page.ask(Method::POST, "check", Value::Null).await;
        assert_eq!(begun.status(), StatusCode::ACCEPTED);
    }
    let check = checked(&page).await;
    let source = finding(&check, "source");
    assert_eq!(
        (&source["level"], &source["says"]["width"]),
        (&json!("good"), &json!(800))
    );
    assert_eq!(finding(&check, "disk")["action"], "nameSpool");
    assert_eq!(finding(&check, "relay")["says"]["type"], "noRelay");
    let order: Vec<&str> = check["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["what"].as_str().unwrap())
        .collect();
    assert_eq!(order, ["source", "encoder", "disk", "versions", "relay"]);
    page.state_when("capture goes on", |state| {
        rtp_time(&state["newest"]) != before
    })
    .await;
}
