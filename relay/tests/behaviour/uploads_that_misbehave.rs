//! Uploads that hang, come byte by byte, call themselves something else, or come all at once: each keeps what it brought, and nobody
//! else waits.

use crate::clip_device::{Sample, digest, phantom};
use crate::clips_are_uploaded::{Uploader, is_served_whole, large};
use crate::support::{LIMIT, Relay, code, consult};
use relay::store::{self, Store};
use reqwest::Method;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wire::clip::{ClipToAgent, PARTIAL_UPLOAD, UPLOAD_COMPLETE, UPLOAD_OFFSET};
use wire::people::Role;

/// What a mark may take while others upload, on a machine that does something else too.
const PROMPT: Duration = Duration::from_secs(2);

/// U8.
#[tokio::test]
async fn a_part_that_calls_itself_something_else_is_refused_and_nothing_of_it_is_kept() {
    let relay = Relay::start().await;
    let (uploader, sample) = (Uploader::of(&relay), large());
    uploader.is_wanted(&sample).await;
    for (content, coding) in [
        (Some("text/plain"), None),
        (Some("application/json"), None),
        (Some("application/dicom"), None),
        (Some("multipart/form-data; boundary=x"), None),
        (Some("application/partial-uploads"), None),
        (None, None),
        (Some(PARTIAL_UPLOAD), Some("gzip")),
        (Some(PARTIAL_UPLOAD), Some("identity, br")),
    ] {
        let part = uploader.asks(Method::PATCH, sample.head.clip);
        let mut part = part
            .header(UPLOAD_OFFSET, 0)
            .body(sample.bytes[..500].to_vec());
        for (name, value) in [("content-type", content), ("content-encoding", coding)] {
            if let Some(value) = value {
                part = part.header(name, value);
            }
        }
        let answer = code(part.send().await.unwrap()).await;
        let told = (415, "wrongContent".to_owned());
        assert_eq!(answer, told, "{content:?} {coding:?}");
        assert_eq!(uploader.has(&sample).await, 0);
    }
    uploader.brings(&sample).await;
    is_served_whole(&relay, &sample).await;
}

/// U10.
#[tokio::test]
async fn a_part_that_hangs_is_ended_and_goes_on_from_what_came_of_it() {
    let relay = Relay::start().await;
    let (uploader, sample) = (Uploader::of(&relay), large());
    uploader.is_wanted(&sample).await;
    let mut link = TcpStream::connect(relay.http).await.unwrap();
    let head = format!(
        "PATCH /api/v1/devices/{}/consults/{}/clips/{} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         content-type: {PARTIAL_UPLOAD}\r\n{UPLOAD_OFFSET}: 0\r\ncontent-length: 900000\r\n\r\n",
        uploader.device, uploader.consult, sample.head.clip, relay.http, uploader.key
    );
    let began = Instant::now();
    link.write_all(head.as_bytes()).await.unwrap();
    link.write_all(&sample.bytes[..300_000]).await.unwrap();
    // Others go on meanwhile.
    let other = Sample::captured(phantom("plax_small.dcm"));
    uploader.brings(&other).await;
    let mut said = Vec::new();
    let heard = timeout(LIMIT * 2, link.read_to_end(&mut said)).await;
    heard.expect("it is ended").unwrap();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    assert!(said.contains("tooSlow"), "{said}");
    assert!(
        began.elapsed() > Duration::from_secs(5),
        "it was waited for"
    );
    assert_eq!(uploader.has(&sample).await, 300_000);
    let word = uploader.sends(&sample, 300_000, sample.head.bytes).await;
    let clip = sample.head.clip;
    assert_eq!(word, (200, ClipToAgent::Kept { clip }));
}

/// U11: there is no cap, because there is nothing to guard. A request holds one of the places for uploads for as long as one byte
/// takes, the next cannot come before its answer, and what it costs is what every small request costs.
#[tokio::test]
async fn a_device_that_brings_byte_by_byte_keeps_nobody_waiting() {
    let relay = Relay::start().await;
    let (uploader, sample) = (Uploader::of(&relay), large());
    let mut page = relay.page(Role::Cardiologist).await;
    uploader.is_wanted(&sample).await;
    let before = relay.memory();
    let other = Sample::captured(phantom("plax_small.dcm"));
    let dripping = async {
        for at in 0..300 {
            let (status, _) = uploader.sends(&sample, at, at + 1).await;
            assert_eq!(status, 200);
        }
    };
    let others = async {
        for _ in 0..10 {
            let began = Instant::now();
            page.draws().await;
            assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
        }
        uploader.brings(&other).await;
    };
    tokio::join!(dripping, others);
    assert_eq!(uploader.has(&sample).await, 300);
    let grown = relay.memory().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more");
}

/// A clip like another, under a UID of its own.
fn renamed(bytes: &[u8], number: usize) -> Sample {
    let uid = Sample::imported(bytes.to_vec()).head.instance;
    let mut new = uid.clone().into_bytes();
    let last = new.len() - 3;
    new[last..].copy_from_slice(format!("{number:03}").as_bytes());
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = (0..bytes.len() - uid.len())
        .filter(|at| bytes[*at..].starts_with(uid.as_bytes()))
        .collect();
    assert!(places.len() >= 2, "in the head and in the data set");
    for at in places {
        bytes[at..at + new.len()].copy_from_slice(&new);
    }
    let sample = Sample::imported(bytes);
    assert_eq!(sample.head.digest, digest(&sample.bytes));
    sample
}

/// U64.
#[tokio::test]
async fn when_many_come_back_at_once_some_wait_all_are_taken_and_the_consult_goes_on() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    let bytes = phantom("plax_small.dcm");
    let samples: Vec<Sample> = (100..160).map(|number| renamed(&bytes, number)).collect();
    let comes_back = async |sample: &Sample| {
        let uploader = Uploader::of(&relay);
        let mut refused = 0_usize;
        loop {
            // A connection that rested may be closed at the very moment at which it is used again: then as a device does, once more.
            let Ok(answer) = uploader.tries_to_offer(sample).await else {
                refused += 1;
                continue;
            };
            match answer.status().as_u16() {
                200 if answer.headers()[UPLOAD_COMPLETE] == "?1" => return refused,
                200 => {
                    let part = uploader.part(sample, 0).body(sample.bytes.clone());
                    let taken = part.send().await;
                    match taken.map_or(503, |answer| answer.status().as_u16()) {
                        200 => return refused,
                        503 => refused += 1,
                        // The part before it was taken.
                        409 => {}
                        other => panic!("{other}"),
                    }
                }
                503 => {
                    assert!(answer.headers().contains_key("retry-after"));
                    refused += 1;
                }
                other => panic!("{other}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let all = async {
        let coming = samples.iter().map(comes_back);
        let refused: usize = futures_util::future::join_all(coming).await.iter().sum();
        assert!(refused > 0, "nobody had to wait");
    };
    let goes_on = async {
        for _ in 0..20 {
            let began = Instant::now();
            page.draws().await;
            assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
        }
    };
    timeout(LIMIT * 3, async { tokio::join!(all, goes_on) })
        .await
        .expect("some are never taken");
    for sample in [&samples[0], &samples[59]] {
        let who = relay.enter(Role::Cardiologist).await;
        let path = format!("{}/file", sample.path());
        let answer = relay.asks(&who, "GET", &path).send().await.unwrap();
        assert!(answer.bytes().await.unwrap() == sample.bytes);
    }
    assert_eq!(relay.metric("hibiki_clips_total").await, 60.0);
}

/// U19: nothing of it is here any more, and the device is told so in a word of its own, not as if its consult were unknown.
#[tokio::test]
async fn a_clip_that_was_swept_away_is_gone_and_begins_again_from_its_start() {
    let relay = Relay::start().await;
    let (uploader, sample) = (Uploader::of(&relay), large());
    let gone = (410, "clipGone".to_owned());
    let never = uploader.part(&sample, 0).body("x").send().await;
    assert_eq!(code(never.unwrap()).await, gone, "never offered");
    uploader.is_wanted(&sample).await;
    assert_eq!(uploader.sends(&sample, 0, 400_000).await.0, 200);
    // As the sweep does it after a fortnight.
    let clip = sample.head.clip;
    let store = Store::open(&relay.data.join("relay.db")).unwrap();
    let row = store.write("sweep", move |db| store::drop_clip(db, consult(), clip));
    row.await.unwrap();
    store.close();
    let folder = relay.data.join("clips").join(consult().to_string());
    std::fs::remove_file(folder.join(format!("{clip}.half"))).unwrap();
    let bytes = sample.bytes[400_000..500_000].to_vec();
    let part = uploader.part(&sample, 400_000).body(bytes).send().await;
    assert_eq!(code(part.unwrap()).await, gone);
    let asked = uploader.asks(Method::HEAD, clip).send().await.unwrap();
    assert_eq!(asked.status(), 410);
    assert_eq!(uploader.is_wanted(&sample).await, 0);
    uploader.brings(&sample).await;
    is_served_whole(&relay, &sample).await;
}
