//! An archive of somebody else's takes what the agent saves and renders it, with marks and measurements of it in the
//! same study: Orthanc, from its REST door.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[allow(unreachable_pub, reason = "elsewhere it is a part of a library")]
#[path = "../../tests/src/free_port.rs"]
mod free_port;
#[expect(dead_code, reason = "the stories ask more of it")]
#[expect(unreachable_pub, reason = "it is a crate's there")]
#[path = "../../tests/src/orthanc.rs"]
mod orthanc;

use echo_dicom::Provenance;
use echo_dicom::write::{
    Context, Equipment, LocalTime, MarkedImage, PersonName, PixelPoint, Series, Uid, presentation,
    report,
};
use orthanc::Orthanc;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use wire::FrameIndex;

const LIMIT: Duration = Duration::from_secs(60);

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn started(folder: &Path) -> Option<Orthanc> {
    let started = Orthanc::start(folder).unwrap();
    if started.is_none() {
        assert!(std::env::var_os("CI").is_none(), "Orthanc is missing");
        let mut past_the_harness = std::io::stderr();
        writeln!(
            past_the_harness,
            "SKIPPED: Orthanc is not installed (`make setup` installs it)"
        )
        .unwrap();
    }
    started
}

fn agent() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capture-agent"));
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("HIBIKI_")) {
        command.env_remove(key);
    }
    command
}

/// A clip of the test source, saved by the real program in this coding.
fn saved(folder: &Path, coding: &str) -> (Running, PathBuf, u32) {
    let (spool, config) = (folder.join(coding), folder.join("agent.toml"));
    std::fs::write(&config, format!("[clips]\ncoding = \"{coding}\"\n")).unwrap();
    let child = agent()
        .args(["run", "--source", "test:fps=30,size=800x600", "--config"])
        .arg(&config)
        .arg("--spool")
        .arg(&spool)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child);
    let until = Instant::now() + LIMIT;
    loop {
        let output = agent()
            .args(["save", "--json", "--finished", "--seconds", "1", "--spool"])
            .arg(&spool)
            .output()
            .unwrap();
        if output.status.success() {
            let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let file = format!("clips/{}.dcm", said["clip"].as_str().unwrap());
            let frames = said["frames"].as_u64().unwrap();
            if frames > 5 {
                return (running, spool.join(file), frames as u32);
            }
        }
        assert!(Instant::now() < until, "nothing is saved: {output:?}");
        capture_agent::sync::Stop::default().wait(Duration::from_millis(200));
    }
}

/// A line and its length on the first frame of a clip, as the relay writes them.
fn about(file: &Path, frames: u32) -> [Vec<u8>; 2] {
    let of = Provenance::read(file).unwrap();
    let image = MarkedImage {
        series_uid: of.series_uid,
        class_uid: of.class_uid,
        instance_uid: of.instance_uid,
        columns: 800,
        rows: 600,
        frames,
    };
    let utc_offset = of.utc_offset.unwrap();
    let context = |series| Context {
        patient: of.patient.clone(),
        study: of.study.clone(),
        series: Series {
            uid: Uid::from_uuid(series),
            number: 9_001,
            began_at: None,
            description: "Marks".into(),
        },
        equipment: Equipment::default(),
        utc_offset,
    };
    let created_at = LocalTime::at(wire::CaptureTime(1_795_000_000_000_000), utc_offset).unwrap();
    let points = [(100.0, 100.0), (200.0, 150.0)].map(|(x, y)| PixelPoint { x, y });
    let mark = presentation::Mark {
        frame: FrameIndex(0),
        drawing: presentation::Drawing::Polyline(points.to_vec()),
        author: "佐藤 律子".into(),
        uid: None,
    };
    let facts = presentation::StateFacts {
        instance_uid: Uid::from_uuid(1),
        instance_number: 1,
        created_at,
        label: "CONSULT MARKS".into(),
        description: String::new(),
        creator: PersonName::new("Sato^Ritsuko"),
        colour: presentation::ImageColour::Grey,
    };
    let length = report::Measurement {
        name: report::codes::LENGTH,
        value: 5.1,
        unit: report::codes::CENTIMETRE,
        site: None,
        places: vec![report::Place {
            image: 0,
            frame: FrameIndex(0),
            geometry: report::Geometry::Polyline(points.to_vec()),
        }],
        calibration: Some("DICOM region 1".into()),
        remark: None,
        observer: None,
        label: "Length".into(),
        uid: Uid::from_uuid(3),
    };
    let of_report = report::ReportFacts {
        instance_uid: Uid::from_uuid(2),
        instance_number: 1,
        created_at,
        observer: PersonName::new("Sato^Ritsuko"),
        device: None,
        procedure: report::codes::ECHOCARDIOGRAPHY,
    };
    let [mut state, mut measured] = [Vec::new(), Vec::new()];
    presentation::write(&context(4), &facts, &image, &[mark], &mut state).unwrap();
    report::write(&context(5), &of_report, &[image], &[length], &mut measured).unwrap();
    [state, measured]
}

async fn told(request: reqwest::RequestBuilder) -> serde_json::Value {
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn orthanc_takes_a_saved_clip_and_renders_its_frames() {
    let folder = tempfile::tempdir().unwrap();
    let Some(orthanc) = started(folder.path()) else {
        return;
    };
    let door = orthanc.door();
    let (agent, file, frames) = saved(folder.path(), "jpeg");
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Orthanc closes connections that rest, and a clip takes seconds to come.
    let client = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let until = Instant::now() + LIMIT;
    let answer = loop {
        let sent = client.post(format!("{door}/instances"));
        match sent.body(bytes.clone()).send().await {
            Ok(answer) => break answer,
            Err(_) => assert!(Instant::now() < until, "Orthanc does not start"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(answer.status().is_success());
    let stored: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(stored["Status"], "Success", "{stored}");
    let instance = format!("{door}{}", stored["Path"].as_str().unwrap());
    let tags = told(client.get(format!("{instance}/simplified-tags"))).await;
    assert_eq!(tags["NumberOfFrames"], frames.to_string());
    for frame in [0, frames - 1] {
        let preview = client.get(format!("{instance}/frames/{frame}/preview"));
        let picture = preview.send().await.unwrap().bytes().await.unwrap();
        let picture = image::load_from_memory(&picture).unwrap();
        assert_eq!((picture.width(), picture.height()), (800, 600));
        assert!(picture.to_luma8().iter().any(|value| *value > 100));
    }
    for object in about(&file, frames) {
        let stored = told(client.post(format!("{door}/instances")).body(object)).await;
        assert_eq!(stored["Status"], "Success", "{stored}");
    }
    let holds = told(client.get(format!("{door}/statistics"))).await;
    let count = |of: &str| holds[of].as_u64().unwrap();
    assert_eq!(
        ["CountStudies", "CountSeries", "CountInstances"].map(count),
        [1, 3, 3]
    );
    drop(agent);
    // As video it renders nothing of it, and gives the object back as it came.
    let (_agent, file, frames) = saved(folder.path(), "h264");
    let bytes = std::fs::read(&file).unwrap();
    let stored = told(client.post(format!("{door}/instances")).body(bytes.clone())).await;
    assert_eq!(stored["Status"], "Success", "{stored}");
    let instance = format!("{door}{}", stored["Path"].as_str().unwrap());
    let tags = told(client.get(format!("{instance}/simplified-tags"))).await;
    assert_eq!(tags["NumberOfFrames"], frames.to_string());
    assert_eq!(tags["PhotometricInterpretation"], "YBR_PARTIAL_420");
    let kept = client.get(format!("{instance}/file")).send().await.unwrap();
    assert!(kept.bytes().await.unwrap() == bytes);
}
