//! An archive of somebody else's takes what the agent saves and renders it: Orthanc, from its REST door.
//!
//! Debian's Orthanc listens on all interfaces whatever it is told, so it gets ports that are free and a folder of its own,
//! and ends with the test.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn orthanc(folder: &Path) -> Option<(Running, String)> {
    let (http, dicom) = (free_port(), free_port());
    let settings = serde_json::json!({
        "Name": "Test",
        "StorageDirectory": folder.join("db"),
        "IndexDirectory": folder.join("db"),
        "HttpPort": http,
        "DicomPort": dicom,
        "RemoteAccessAllowed": false,
        "AuthenticationEnabled": false,
        "Plugins": [],
    });
    let config = folder.join("orthanc.json");
    std::fs::write(&config, settings.to_string()).unwrap();
    let started = ["Orthanc", "/usr/sbin/Orthanc"].iter().find_map(|name| {
        Command::new(name)
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()
    });
    match started {
        Some(child) => Some((Running(child), format!("http://127.0.0.1:{http}"))),
        None => {
            assert!(std::env::var_os("CI").is_none(), "Orthanc is missing");
            let mut past_the_harness = std::io::stderr();
            writeln!(
                past_the_harness,
                "SKIPPED: Orthanc is not installed (`make setup` installs it)"
            )
            .unwrap();
            None
        }
    }
}

fn agent() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capture-agent"));
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("HIBIKI_")) {
        command.env_remove(key);
    }
    command
}

/// A clip of the test source, saved by the real program.
fn saved(folder: &Path) -> (Running, PathBuf, u32) {
    let spool = folder.join("spool");
    let child = agent()
        .args(["run", "--source", "test:fps=30,size=800x600", "--spool"])
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

#[tokio::test]
async fn orthanc_takes_a_saved_clip_and_renders_its_frames() {
    let folder = tempfile::tempdir().unwrap();
    let Some((_orthanc, door)) = orthanc(folder.path()) else {
        return;
    };
    let (_agent, file, frames) = saved(folder.path());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
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
    let tags: serde_json::Value = client
        .get(format!("{instance}/simplified-tags"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(tags["NumberOfFrames"], frames.to_string());
    for frame in [0, frames - 1] {
        let preview = client.get(format!("{instance}/frames/{frame}/preview"));
        let picture = preview.send().await.unwrap().bytes().await.unwrap();
        let picture = image::load_from_memory(&picture).unwrap();
        assert_eq!((picture.width(), picture.height()), (800, 600));
        assert!(picture.to_luma8().iter().any(|value| *value > 100));
    }
}
