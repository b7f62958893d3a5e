//! The program as people start it: help, mistakes, exit codes, precedence, signals.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use support::relay::Relay;

const CONSULT: &str = "0b9f8a0e-2f57-4f0e-9d0a-5f2f3c1d7e44";

fn agent() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capture-agent"));
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("HIBIKI_")) {
        command.env_remove(key);
    }
    command.env_remove("RUST_LOG");
    command
}

fn output(arguments: &[&str]) -> Output {
    agent().args(arguments).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits for a line of standard error that contains `expected`.
fn wait_for_line(child: &mut Child, expected: &str) {
    log_until(child, &[expected]);
}

/// Standard error until it contains all of this.
fn log_until(child: &mut Child, expected: &[&str]) -> String {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // To the end, whoever listens: a full pipe would stop the program.
        for line in lines.map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let (mut log, end) = (String::new(), Instant::now() + Duration::from_secs(15));
    while !expected.iter().all(|it| log.contains(it)) {
        let line = receiver.recv_timeout(end.saturating_duration_since(Instant::now()));
        log += &line.unwrap_or_else(|_| panic!("not all of {expected:?} in:\n{log}"));
        log.push('\n');
    }
    log
}

fn ended(child: &mut Child) -> i32 {
    let end = Instant::now() + Duration::from_secs(15);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap();
        }
        assert!(Instant::now() < end, "it does not end");
        capture_agent::sync::Stop::default().wait(Duration::from_millis(20));
    }
}

#[test]
fn help_has_examples_and_every_exit_code() {
    let text = String::from_utf8(output(&["--help"]).stdout).unwrap();
    for expected in [
        "capture-agent run --source test:",
        "Exit codes:",
        "  0 ",
        "  1 ",
        "  2 ",
        "  3 ",
        "  4 ",
        "  5 ",
        "  6 ",
        "  7 ",
        "capture-agent save",
    ] {
        assert!(text.contains(expected), "{expected} is missing:\n{text}");
    }
    let run = String::from_utf8(output(&["run", "--help"]).stdout).unwrap();
    for expected in [
        "HIBIKI_SOURCE",
        "--mask",
        "put a ; between",
        "Precedence",
        "HIBIKI_DEVICE_KEY",
        "bit_rate_kbps",
    ] {
        assert!(run.contains(expected), "{expected} is missing:\n{run}");
    }
}

#[test]
fn what_can_be_opened_here_is_listed() {
    let listed = output(&["sources"]);
    assert_eq!(listed.status.code(), Some(0));
    let text = String::from_utf8(listed.stdout).unwrap();
    for expected in ["dicom:", "ffmpeg:", "test:", "Untested", "libavformat"] {
        assert!(text.contains(expected), "{expected} is missing:\n{text}");
    }
}

#[test]
fn an_encoder_that_does_not_work_here_ends_it_with_code_5() {
    // macOS has it, and nothing else.
    let ended = output(&["run", "--source", "test:", "--encoder", "h264_videotoolbox"]);
    assert_eq!(ended.status.code(), Some(5), "{}", told(&ended));
    for word in ["h264_videotoolbox", "name another encoder"] {
        assert!(told(&ended).contains(word), "{word} in {}", told(&ended));
    }
}

#[test]
fn every_mistake_is_told_at_once_with_its_key_and_nothing_starts() {
    let wrong = output(&[
        "run",
        "--source",
        "nonsense",
        "--relay",
        "ftp://x",
        "--bit-rate",
        "1",
        "--ring-seconds",
        "0",
        "--encoder",
        "h266",
        "--mask",
        "top",
        "--mask",
        "0,0,1,48",
    ]);
    assert_eq!(wrong.status.code(), Some(2));
    for key in [
        "source: ",
        "relay: ",
        "consult: is missing",
        "ticket: is missing",
        "encoder.name: ",
        "encoder.bit_rate_kbps: ",
        "ring.seconds: ",
        "mask: \"top\" is no rectangle",
        "mask: 0,0,1,48 is one pixel",
    ] {
        assert!(told(&wrong).contains(key), "{key} in {}", told(&wrong));
    }
    assert_eq!(output(&["run", "--no-such-flag"]).status.code(), Some(2));
}

#[test]
fn a_relay_without_a_way_in_or_without_encryption_is_refused() {
    let base = ["check-config", "--source", "test:", "--consult", CONSULT];
    for (more, expected) in [
        (
            vec!["--relay", "https://relay.example"],
            "ticket: is missing",
        ),
        (
            vec!["--relay", "http://relay.example", "--ticket", "t"],
            "--insecure-http",
        ),
        (
            vec!["--relay", "https://a:b@relay.example", "--ticket", "t"],
            "name or password",
        ),
        (
            vec!["--relay", "https://relay.example", "--device", CONSULT],
            "device_key_file: is missing",
        ),
        (
            vec![
                "--relay",
                "https://relay.example",
                "--device",
                CONSULT,
                "--ticket",
                "t",
            ],
            "either a ticket or a device",
        ),
        (
            vec!["--relay", "https://relay.example", "--ticket", "two words"],
            "ticket: it is empty or contains spaces",
        ),
        (
            vec![
                "--relay",
                "https://relay.example",
                "--ticket",
                "t",
                "--ca-file",
                "/dev/null",
            ],
            "no certificates",
        ),
        (vec!["--ticket", "t"], "relay: is missing"),
    ] {
        let refused = output(&[&base[..], &more[..]].concat());
        assert_eq!(refused.status.code(), Some(2), "{more:?}");
        assert!(
            told(&refused).contains(expected),
            "{more:?}: {}",
            told(&refused)
        );
    }
    let fine = output(
        &[
            &base[..],
            &["--relay", "http://127.0.0.1:9", "--ticket", "t"][..],
        ]
        .concat(),
    );
    assert_eq!(fine.status.code(), Some(0), "{}", told(&fine));
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.toml");
    std::fs::write(
        &file,
        "source = \"test:size=100x100\"\n[encoder]\nbit_rate_kbps = 300\n[ring]\nseconds = 7\n",
    )
    .unwrap();
    let run = |flag: &[&str]| {
        let output = agent()
            .arg("check-config")
            .args(["--config", file.to_str().unwrap()])
            .args(flag)
            .env("HIBIKI_BIT_RATE", "400")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let without = run(&[]);
    assert!(
        without.contains("400 kbit/s")
            && without.contains("7 s")
            && without.contains("size=100x100"),
        "{without}"
    );
    assert!(run(&["--bit-rate", "500"]).contains("500 kbit/s"));
    std::fs::write(&file, "sorce = \"test:\"\n").unwrap();
    let refused = output(&["check-config", "--config", file.to_str().unwrap()]);
    assert!(
        told(&refused).contains("line 1") && told(&refused).contains("`sorce`"),
        "{}",
        told(&refused)
    );
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_source_that_does_not_open_ends_it_only_when_asked_to_fail_fast() {
    let failed = output(&[
        "run",
        "--source",
        "dicom:/does/not/exist.dcm",
        "--fail-fast",
    ]);
    assert_eq!(failed.status.code(), Some(3));
    assert!(told(&failed).contains("no such file"), "{}", told(&failed));
    let mut child = agent()
        .args(["run", "--source", "dicom:/does/not/exist.dcm"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_line(&mut child, "source FAILED");
    assert!(child.try_wait().unwrap().is_none(), "it goes on trying");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn neither_the_name_of_a_file_nor_an_address_gets_into_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("YAMADA-Hanako.dcm");
    std::fs::write(&file, b"this is a letter").unwrap();
    let sources = [
        format!("dicom:{}", file.display()),
        format!("dicom:{}", folder.path().display()),
        format!("ffmpeg:{}", file.display()),
        "ffmpeg:http://127.0.0.1:9/YAMADA-Hanako".to_owned(),
    ];
    let mut agents = sources.map(|source| {
        agent()
            .args(["run", "--source", &source])
            .env("RUST_LOG", "capture_agent=trace")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    });
    for child in &mut agents {
        let log = log_until(
            child,
            &["source failed; it is opened again", "source FAILED"],
        );
        for name in ["YAMADA", "127.0.0.1", &*folder.path().to_string_lossy()] {
            assert!(!log.contains(name), "{name} is in the log:\n{log}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_publishes_tells_figures_and_ends_in_order_at_sigterm() {
    let relay = Relay::start();
    let folder = tempfile::tempdir().unwrap();
    let stats = folder.path().join("stats.json");
    let mut child = agent()
        .args([
            "run",
            "--source",
            "test:",
            "--relay",
            &relay.address,
            "--consult",
            CONSULT,
            "--stats-json",
            stats.to_str().unwrap(),
        ])
        .env("HIBIKI_TICKET", "ticket-1")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_line(&mut child, "LIVE");
    relay.frame().await;
    support::until("measured times", Duration::from_secs(10), || {
        let read = std::fs::read(&stats)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        read.is_some_and(|read| read["total"]["capture_to_sent"]["count"].as_u64() > Some(20))
    })
    .await;
    let pid = i32::try_from(child.id()).unwrap();
    // SAFETY: the child is ours and was not waited for yet.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGTERM) }, 0);
    assert_eq!(ended(&mut child), 0);
    assert!(
        relay.shared.deleted.load(Ordering::SeqCst),
        "the relay was told goodbye"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_ticket_ends_it_with_code_4() {
    let relay = Relay::start();
    relay.shared.refuse.store(401, Ordering::SeqCst);
    let address = relay.address.clone();
    let refused = tokio::task::spawn_blocking(move || {
        output(&[
            "run",
            "--source",
            "test:",
            "--relay",
            &address,
            "--consult",
            CONSULT,
            "--ticket",
            "t",
        ])
    });
    let refused = refused.await.unwrap();
    assert_eq!(refused.status.code(), Some(4));
    assert!(told(&refused).contains("expired"), "{}", told(&refused));
}

#[test]
fn a_check_tells_what_is_good_and_what_to_do_and_ends_with_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let spool = folder.path().join("spool").display().to_string();
    let good = output(&["check", "--source", "test:", "--spool", &spool]);
    let text = String::from_utf8(good.stdout).unwrap();
    assert_eq!(good.status.code(), Some(0), "{text}");
    for line in [
        "source    800 x 600",
        "encoder   libx264",
        "disk",
        "▲ look  relay",
        "→ name it with --relay",
    ] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
    let gone = ["check", "--json", "--source", "dicom:/no/such/folder"];
    let away = [
        "--relay",
        "http://127.0.0.1:9",
        "--consult",
        CONSULT,
        "--ticket",
        "t",
    ];
    let began = Instant::now();
    let bad = output(&[&gone[..], &away[..]].concat());
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(bad.status.code(), Some(7));
    let report: serde_json::Value = serde_json::from_slice(&bad.stdout).unwrap();
    let level = |what: &str| {
        let all = report["findings"].as_array().unwrap().iter();
        let found = all
            .filter(|one| one["what"] == what)
            .map(|one| one["level"].clone());
        found.collect::<Vec<_>>()
    };
    assert_eq!(level("source"), ["bad"]);
    assert_eq!(level("relay"), ["bad"]);
}
