//! Clips over HTTPS: in parts, cut, wrong, twice at once, over a restart, and half of one by the data channel.

use crate::clip_device::{Device, Sample, phantom};
use crate::one_publisher::demo_device;
use crate::support::{LIMIT, Relay, code, consult, entries};
use crate::tools_change_the_rows::tool;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use wire::clip::{
    ClipFromAgent, ClipGap, ClipToAgent, PARTIAL_UPLOAD, UPLOAD_COMPLETE, UPLOAD_OFFSET,
};
use wire::people::Role;
use wire::{ClipId, ConsultId};

/// A device that has only HTTPS.
pub struct Uploader<'a> {
    relay: &'a Relay,
    pub device: String,
    pub key: String,
    pub consult: ConsultId,
}

impl<'a> Uploader<'a> {
    pub fn of(relay: &'a Relay) -> Self {
        let (device, key) = demo_device(relay);
        Self {
            relay,
            device,
            key,
            consult: consult(),
        }
    }

    pub fn asks(&self, method: Method, clip: ClipId) -> RequestBuilder {
        let Self {
            device, consult, ..
        } = self;
        let path = format!("devices/{device}/consults/{consult}/clips/{clip}");
        let request = self.relay.client.request(method, self.relay.api(&path));
        request.bearer_auth(&self.key)
    }

    pub async fn offers(&self, sample: &Sample) -> Response {
        self.tries_to_offer(sample).await.unwrap()
    }

    pub async fn tries_to_offer(&self, sample: &Sample) -> reqwest::Result<Response> {
        let offer = ClipFromAgent::Offer {
            head: sample.head.clone(),
            times: sample.times.clone(),
        };
        let request = self.asks(Method::PUT, sample.head.clip).json(&offer);
        request.send().await
    }

    pub async fn is_wanted(&self, sample: &Sample) -> u64 {
        let answer = self.offers(sample).await;
        assert_eq!(answer.status(), 200);
        offset(&answer)
    }

    pub fn part(&self, sample: &Sample, from: u64) -> RequestBuilder {
        self.asks(Method::PATCH, sample.head.clip)
            .header("content-type", PARTIAL_UPLOAD)
            .header(UPLOAD_OFFSET, from)
    }

    pub async fn sends(&self, sample: &Sample, from: u64, to: u64) -> (u16, ClipToAgent) {
        let at = |offset| usize::try_from(offset).unwrap();
        let bytes = sample.bytes[at(from)..at(to)].to_vec();
        let answer = self.part(sample, from).body(bytes).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// What is here, as the relay says.
    pub async fn has(&self, sample: &Sample) -> u64 {
        let answer = self.asks(Method::HEAD, sample.head.clip);
        offset(&answer.send().await.unwrap())
    }

    pub async fn brings(&self, sample: &Sample) {
        let from = self.is_wanted(sample).await;
        let said = self.sends(sample, from, sample.head.bytes).await;
        let clip = sample.head.clip;
        assert_eq!(said, (200, ClipToAgent::Kept { clip }));
    }
}

fn offset(answer: &Response) -> u64 {
    let told = answer.headers()[UPLOAD_OFFSET].to_str().unwrap();
    told.parse().unwrap()
}

pub fn large() -> Sample {
    Sample::captured(phantom("a4c_small_uncompressed.dcm"))
}

pub async fn is_served_whole(relay: &Relay, sample: &Sample) {
    let who = relay.enter(Role::Cardiologist).await;
    let path = format!("{}/file", sample.path());
    let answer = relay.asks(&who, "GET", &path).send().await.unwrap();
    assert!(answer.bytes().await.unwrap() == sample.bytes);
    let folder = relay.data.join("clips").join(consult().to_string());
    let objects = std::fs::read_dir(folder).unwrap();
    let names: Vec<String> = objects
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, [format!("{}.dcm", sample.head.clip)], "one object");
}

fn is(message: &Value, kind: &str) -> Option<Value> {
    let found = entries(message).find(|entry| entry["event"]["type"] == kind);
    found.cloned()
}

#[tokio::test]
async fn a_clip_goes_up_in_parts_and_everybody_sees_it_come() {
    let relay = Relay::start().await;
    let (mut page, uploader, sample) = (
        relay.page(Role::Cardiologist).await,
        Uploader::of(&relay),
        large(),
    );
    let (clip, whole) = (sample.head.clip, sample.head.bytes);
    assert_eq!(uploader.is_wanted(&sample).await, 0);
    let saved = page
        .hears_where(|said| is(said, "clipSaved").is_some())
        .await;
    let author = is(&saved, "clipSaved").unwrap()["author"].clone();
    assert_eq!(author["type"], "device", "{author}");
    let middle = whole / 3;
    let said = uploader.sends(&sample, 0, middle).await;
    let durable = ClipToAgent::Durable {
        clip,
        offset: middle,
    };
    assert_eq!(said, (200, durable));
    assert_eq!(uploader.has(&sample).await, middle);
    let said = uploader.sends(&sample, middle, whole).await;
    assert_eq!(said, (200, ClipToAgent::Kept { clip }));
    page.hears_where(|said| is(said, "clipKept").is_some())
        .await;
    is_served_whole(&relay, &sample).await;
    // The answer was lost: said again, it is kept, and nothing is sent twice.
    let again = uploader.offers(&sample).await;
    assert_eq!(again.headers()[UPLOAD_COMPLETE], "?1");
    assert_eq!(relay.metric("hibiki_clips_total").await, 1.0);
}

#[tokio::test]
async fn a_wrong_place_is_answered_with_the_right_one_and_a_cut_part_is_kept_as_far_as_it_came() {
    let relay = Relay::start().await;
    let (uploader, sample) = (Uploader::of(&relay), large());
    uploader.is_wanted(&sample).await;
    let clip = sample.head.clip;
    let wanted = ClipToAgent::Wanted { clip, offset: 0 };
    assert_eq!(uploader.sends(&sample, 500, 900).await, (409, wanted));
    // The link breaks in the middle of a part.
    let mut link = TcpStream::connect(relay.http).await.unwrap();
    let head = format!(
        "PATCH /api/v1/devices/{}/consults/{}/clips/{clip} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         content-type: {PARTIAL_UPLOAD}\r\n{UPLOAD_OFFSET}: 0\r\ncontent-length: 900000\r\n\r\n",
        uploader.device, uploader.consult, relay.http, uploader.key
    );
    link.write_all(head.as_bytes()).await.unwrap();
    link.write_all(&sample.bytes[..300_000]).await.unwrap();
    drop(link);
    let came = async {
        while uploader.has(&sample).await < 300_000 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LIMIT, came).await.unwrap();
    let more = vec![0; usize::try_from(sample.head.bytes).unwrap()];
    let long = uploader.part(&sample, 300_000).body(more).send().await;
    assert_eq!(code(long.unwrap()).await, (413, "tooLarge".to_owned()));
    let nowhere = uploader.asks(Method::PATCH, clip).body("x").send().await;
    assert_eq!(code(nowhere.unwrap()).await.0, 400);
    uploader.brings(&sample).await;
    is_served_whole(&relay, &sample).await;
}

#[tokio::test]
async fn other_bytes_than_were_offered_are_refused_and_another_object_under_a_uid_is_flagged() {
    let relay = Relay::start().await;
    let (uploader, sample) = (Uploader::of(&relay), large());
    let clip = sample.head.clip;
    let mut altered = sample.clone();
    altered.bytes[200_000] ^= 1;
    uploader.is_wanted(&altered).await;
    let said = uploader.sends(&altered, 0, altered.head.bytes).await;
    let reason = ClipGap::Altered;
    assert_eq!(said, (460, ClipToAgent::Refused { clip, reason }));
    uploader.brings(&sample).await;
    let other = sample.with_another_pixel();
    let (clip, whole) = (other.head.clip, other.head.bytes);
    let middle = whole / 2;
    assert_eq!(uploader.is_wanted(&other).await, 0);
    assert_eq!(uploader.sends(&other, 0, middle).await.0, 200);
    assert_eq!(uploader.has(&other).await, middle);
    let said = uploader.sends(&other, middle, whole).await;
    assert_eq!(said, (200, ClipToAgent::KeptBeside { clip }));
    let has = uploader.asks(Method::HEAD, clip).send().await.unwrap();
    assert_eq!(has.headers()[UPLOAD_COMPLETE], "?1");
    is_served_whole(&relay, &sample).await;
}

#[tokio::test]
async fn a_full_disk_says_so_and_leaves_nothing() {
    let relay = Relay::with(&["--reserve-mib", "1000000000"]).await;
    let answer = Uploader::of(&relay).offers(&large()).await;
    assert_eq!(answer.status(), 507);
    let folder = relay.data.join("clips").join(consult().to_string());
    assert!(std::fs::read_dir(folder).unwrap().next().is_none());
}

#[tokio::test]
async fn a_clip_that_began_on_one_way_ends_on_the_other() {
    let relay = Relay::start().await;
    let uploader = Uploader::of(&relay);
    let device = Device::connect(&relay).await;
    let sample = large();
    let whole = sample.head.bytes;
    let cut = |part: u64| whole * part / 7 + 13;
    // By the data channel, by HTTPS, by the data channel, by HTTPS.
    assert_eq!(device.is_wanted(&sample).await, 0);
    device.sends_up_to(&sample, 0, cut(1)).await;
    assert_eq!(uploader.is_wanted(&sample).await, cut(1));
    assert_eq!(uploader.sends(&sample, cut(1), cut(3)).await.0, 200);
    assert_eq!(device.is_wanted(&sample).await, cut(3));
    device.sends_up_to(&sample, cut(3), cut(5)).await;
    uploader.brings(&sample).await;
    is_served_whole(&relay, &sample).await;
}

#[tokio::test]
async fn after_the_relay_was_killed_an_upload_goes_on_from_what_was_durable() {
    let mut relay = Relay::start().await;
    let sample = large();
    let middle = sample.head.bytes / 2;
    let uploader = Uploader::of(&relay);
    uploader.is_wanted(&sample).await;
    uploader.sends(&sample, 0, middle).await;
    relay.kill();
    relay.start_again().await;
    let uploader = Uploader::of(&relay);
    assert_eq!(uploader.has(&sample).await, middle);
    uploader.brings(&sample).await;
    is_served_whole(&relay, &sample).await;
}

#[tokio::test]
async fn two_who_upload_the_same_clip_at_once_make_one_object() {
    let relay = Relay::start().await;
    let (one, other, sample) = (Uploader::of(&relay), Uploader::of(&relay), large());
    let carry = async |uploader: &Uploader<'_>| {
        let step = 400_000;
        let mut at = uploader.is_wanted(&sample).await;
        loop {
            let to = (at + step).min(sample.head.bytes);
            match uploader.sends(&sample, at, to).await.1 {
                ClipToAgent::Kept { .. } => return,
                ClipToAgent::Wanted { offset, .. } | ClipToAgent::Durable { offset, .. } => {
                    at = offset;
                }
                word => panic!("{word:?}"),
            }
        }
    };
    tokio::join!(carry(&one), carry(&other));
    is_served_whole(&relay, &sample).await;
    assert_eq!(relay.metric("hibiki_clips_total").await, 1.0);
}

#[tokio::test]
async fn a_device_uploads_for_its_own_consults_only() {
    let relay = Relay::start().await;
    let mut uploader = Uploader::of(&relay);
    let sample = large();
    uploader.consult = ConsultId::random();
    let nowhere = code(uploader.offers(&sample).await).await;
    assert_eq!(nowhere, (404, "notFound".to_owned()));
    let of_another = tool(&relay, &["consult", "open", "--alias", "訪問 9"]);
    uploader.consult = of_another.parse().unwrap();
    let elsewhere = code(uploader.offers(&sample).await).await;
    assert_eq!(elsewhere, (404, "notFound".to_owned()), "another's consult");
    let asked = uploader.asks(Method::HEAD, sample.head.clip).send().await;
    assert_eq!(asked.unwrap().status(), 404);
    let part = uploader.part(&sample, 0).body("x").send().await;
    assert_eq!(code(part.unwrap()).await, (404, "notFound".to_owned()));
    uploader.consult = consult();
    uploader.key = "wrong".to_owned();
    assert_eq!(code(uploader.offers(&sample).await).await.0, 401);
}
