//! A hospital system that speaks DICOMweb, by hand, so that it can also do what none does.

use crate::dicom_sender::Object;
use crate::support::{LIMIT, Relay};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::time::Instant;

pub const TOKEN: &str = "a-token-of-the-archive-system";
pub const READER: &str = "a-token-that-only-reads";

/// A relay that PACS may fill and search, and VIEWER search; DICOM comes from PROBE as well.
pub async fn relay(flags: &[&str]) -> Relay {
    let digest = |token: &str| -> String {
        let digest = Sha256::digest(token.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let systems = format!(
        "PACS:read+store:{},VIEWER:read:{}",
        digest(TOKEN),
        digest(READER)
    );
    let mut all = vec!["--dicomweb-systems", systems.as_str()];
    all.extend(flags);
    crate::dicom_sender::relay(&all).await
}

pub fn url(relay: &Relay, path: &str) -> String {
    format!("{}/dicomweb/{path}", relay.origin())
}

pub async fn get(relay: &Relay, path: &str, accept: &str) -> reqwest::Response {
    let request = relay.client.get(url(relay, path)).bearer_auth(TOKEN);
    request.header("accept", accept).send().await.unwrap()
}

/// What a search gives.
pub async fn search(relay: &Relay, path: &str) -> Vec<Value> {
    let answer = get(relay, path, "application/dicom+json").await;
    match answer.status().as_u16() {
        204 => Vec::new(),
        200 => answer.json().await.unwrap(),
        other => panic!("{path}: {other}"),
    }
}

/// Waits until so many instances are searchable.
pub async fn indexed(relay: &Relay, count: usize) {
    let until = Instant::now() + LIMIT * 3;
    loop {
        let found = search(relay, "instances").await.len();
        if found == count {
            return;
        }
        assert!(Instant::now() < until, "{found} of {count} are searchable");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

pub fn first<'a>(set: &'a Value, tag: &str) -> &'a Value {
    &set[tag]["Value"][0]
}

/// An object as a file, with a preamble that is not ours.
pub fn file(object: &Object) -> Vec<u8> {
    let mut group = Vec::new();
    for (element, value) in [
        (2_u16, &object.class),
        (3, &object.instance),
        (0x10, &object.syntax),
    ] {
        let mut value = value.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(0);
        }
        group.extend_from_slice(&[2, 0]);
        group.extend_from_slice(&element.to_le_bytes());
        group.extend_from_slice(b"UI");
        group.extend_from_slice(&u16::try_from(value.len()).unwrap().to_le_bytes());
        group.extend_from_slice(&value);
    }
    let mut bytes = vec![0x4D; 128];
    bytes.extend_from_slice(b"DICM");
    bytes.extend_from_slice(&[2, 0, 0, 0, b'U', b'L', 4, 0]);
    bytes.extend_from_slice(&u32::try_from(group.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(&group);
    bytes.extend_from_slice(&object.data_set);
    bytes
}

pub fn body(files: &[Vec<u8>]) -> Vec<u8> {
    body_of_lines("\r\n", files)
}

pub fn body_of_lines(line_end: &str, files: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for file in files {
        let head = format!("--edge{line_end}Content-Type: application/dicom{line_end}{line_end}");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(line_end.as_bytes());
    }
    body.extend_from_slice(b"--edge--\r\n");
    body
}

pub async fn posts(relay: &Relay, path: &str, body: Vec<u8>) -> (u16, Value) {
    let request = relay.client.post(url(relay, path)).bearer_auth(TOKEN);
    let content = "multipart/related; type=\"application/dicom\"; boundary=edge";
    let request = request.header("content-type", content).body(body);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// The parts of an answer, without their heads.
pub async fn parts(answer: reqwest::Response) -> Vec<(String, Vec<u8>)> {
    let content = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let boundary = content.split("boundary=").nth(1).unwrap().to_owned();
    let bytes = answer.bytes().await.unwrap();
    let edge = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut rest = &bytes[..];
    while let Some(at) = find(rest, edge.as_bytes()) {
        let part = &rest[..at];
        rest = &rest[at + edge.len()..];
        if let Some(head) = find(part, b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&part[..head]).into_owned();
            parts.push((text, part[head + 4..part.len() - 2].to_vec()));
        }
    }
    assert!(rest.starts_with(b"--"), "it ends with a last boundary");
    parts
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|part| part == what)
}
