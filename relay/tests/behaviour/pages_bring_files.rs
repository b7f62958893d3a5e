//! A clip's file from the bedside page: in parts, cut, by the wrong person, twice, over a restart, no clip at all, and with the
//! UID of another object.

use crate::clip_device::{Sample, digest, phantom};
use crate::dicom_sender::rows;
use crate::support::{Entered, LIMIT, Page, Relay, code, consult, entries};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use echo_dicom::exported_clip;
use reqwest::header::{HeaderMap, HeaderValue, ORIGIN};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;
use wire::ClipId;
use wire::clip::{
    ClipGap, ClipToAgent, FILE_WRITTEN, PARTIAL_UPLOAD, REPR_DIGEST, UPLOAD_COMPLETE,
    UPLOAD_LENGTH, UPLOAD_OFFSET,
};
use wire::people::Role;

/// 2026-11-18.
const WRITTEN_MS: u64 = 1_795_000_000_000;

/// A file that somebody chose on the bedside page.
struct Chosen<'a> {
    relay: &'a Relay,
    who: Entered,
    clip: ClipId,
    bytes: Vec<u8>,
}

impl<'a> Chosen<'a> {
    async fn by(relay: &'a Relay, role: Role, bytes: Vec<u8>) -> Self {
        Self {
            who: relay.enter(role).await,
            clip: exported_clip(digest(&bytes)),
            relay,
            bytes,
        }
    }

    async fn at_bedside(relay: &'a Relay, bytes: Vec<u8>) -> Self {
        Self::by(relay, Role::VisitingPhysician, bytes).await
    }

    fn path(&self) -> String {
        format!("consults/{}/clips/{}", consult(), self.clip)
    }

    fn asks(&self, method: &str) -> RequestBuilder {
        let sum = STANDARD.encode(digest(&self.bytes).bytes());
        self.relay
            .asks(&self.who, method, &format!("{}/upload", self.path()))
            .header(UPLOAD_LENGTH, self.bytes.len())
            .header(REPR_DIGEST, format!("sha-256=:{sum}:"))
            .header(FILE_WRITTEN, WRITTEN_MS)
    }

    async fn is_offered(&self) -> Response {
        self.asks("PUT").send().await.unwrap()
    }

    async fn sends(&self, from: usize, to: usize) -> (u16, ClipToAgent) {
        let part = self.asks("PATCH").header("content-type", PARTIAL_UPLOAD);
        let part = part.header(UPLOAD_OFFSET, from);
        let answer = part.body(self.bytes[from..to].to_vec()).send().await;
        let answer = answer.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn is_wanted_from(&self) -> u64 {
        let answer = self.is_offered().await;
        assert_eq!(answer.status(), 200);
        answer.headers()[UPLOAD_OFFSET]
            .to_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    async fn is_brought(&self) -> ClipToAgent {
        let from = usize::try_from(self.is_wanted_from().await).unwrap();
        self.sends(from, self.bytes.len()).await.1
    }

    async fn is_served_whole(&self) {
        let path = format!("{}/file", self.path());
        let answer = self.relay.asks(&self.who, "GET", &path).send().await;
        assert!(answer.unwrap().bytes().await.unwrap() == self.bytes);
    }

    fn kept(&self) -> ClipToAgent {
        ClipToAgent::Kept { clip: self.clip }
    }

    fn refused(&self, reason: ClipGap) -> ClipToAgent {
        ClipToAgent::Refused {
            clip: self.clip,
            reason,
        }
    }
}

fn half_files(relay: &Relay) -> usize {
    let folder = relay.data.join("page-files").join(consult().to_string());
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

async fn hears(page: &mut Page, kind: &str) -> Value {
    let is = |entry: &&Value| entry["event"]["type"] == kind;
    let said = page.hears_where(|said| entries(said).any(|entry| is(&entry)));
    let said = said.await;
    entries(&said).find(is).unwrap().clone()
}

#[tokio::test]
async fn a_file_goes_up_in_parts_and_is_a_clip_for_everybody() {
    let relay = Relay::start().await;
    let mut cardiologist = relay.page(Role::Cardiologist).await;
    let file = Chosen::at_bedside(&relay, phantom("a4c_small_uncompressed.dcm")).await;
    let (clip, whole) = (file.clip, file.bytes.len());
    assert_eq!(file.is_wanted_from().await, 0);
    let third = whole / 3;
    let durable = ClipToAgent::Durable {
        clip,
        offset: third as u64,
    };
    assert_eq!(file.sends(0, third).await, (200, durable));
    let wanted = ClipToAgent::Wanted {
        clip,
        offset: third as u64,
    };
    assert_eq!(file.sends(third + 9, whole).await, (409, wanted));
    assert_eq!(file.is_wanted_from().await, third as u64);
    assert_eq!(file.sends(third, whole).await, (200, file.kept()));
    let saved = hears(&mut cardiologist, "clipSaved").await;
    assert_eq!(saved["author"]["role"], "visitingPhysician", "{saved}");
    let head = &saved["event"]["head"];
    assert_eq!(head["takenAt"], WRITTEN_MS * 1_000);
    assert_eq!(head["origin"], "imported");
    hears(&mut cardiologist, "clipKept").await;
    file.is_served_whole().await;
    assert_eq!(half_files(&relay), 0);
    // The answer was lost: said again, it is kept, and nothing is sent twice.
    let again = file.is_offered().await;
    assert_eq!(again.headers()[UPLOAD_COMPLETE], "?1");
    assert_eq!(relay.metric("hibiki_clips_total").await, 1.0);
}

#[tokio::test]
async fn nobody_but_the_visiting_physician_brings_files_and_only_from_our_page() {
    let relay = Relay::start().await;
    let bytes = phantom("plax_small.dcm");
    for role in [
        Role::Cardiologist,
        Role::Trainer,
        Role::Trainee,
        Role::Observer,
    ] {
        let file = Chosen::by(&relay, role, bytes.clone()).await;
        let refused = code(file.is_offered().await).await;
        assert_eq!(refused, (403, "notAllowed".to_owned()), "{role:?}");
        let part = file.asks("PATCH").header(UPLOAD_OFFSET, 0);
        let refused = code(part.body("x").send().await.unwrap()).await;
        assert_eq!(refused, (403, "notAllowed".to_owned()), "{role:?}");
    }
    let file = Chosen::at_bedside(&relay, bytes).await;
    let evil = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static("https://evil.example"))]);
    let foreign = file.asks("PUT").headers(evil);
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    let mut other = Chosen::at_bedside(&relay, b"other".to_vec()).await;
    other.clip = file.clip;
    let refused = code(other.is_offered().await).await;
    assert_eq!(refused.1, "clipRefused", "another file under its id");
    assert_eq!(half_files(&relay), 0);
}

#[tokio::test]
async fn what_is_no_clip_is_refused_and_nothing_of_it_stays() {
    let relay = Relay::start().await;
    let mut cut = phantom("plax_small.dcm");
    cut.truncate(400);
    for bytes in [b"a letter".to_vec(), cut] {
        let file = Chosen::at_bedside(&relay, bytes).await;
        assert_eq!(file.is_brought().await, file.refused(ClipGap::Refused));
        assert_eq!(half_files(&relay), 0);
    }
    assert_eq!(relay.metric("hibiki_clips_total").await, 0.0);
}

#[tokio::test]
async fn a_file_goes_on_after_the_relay_was_killed() {
    let mut relay = Relay::start().await;
    let bytes = phantom("a4c_small_uncompressed.dcm");
    let middle = bytes.len() / 2;
    let file = Chosen::at_bedside(&relay, bytes.clone()).await;
    file.is_wanted_from().await;
    file.sends(0, middle).await;
    relay.kill();
    relay.start_again().await;
    let file = Chosen::at_bedside(&relay, bytes).await;
    assert_eq!(file.is_wanted_from().await, middle as u64);
    assert_eq!(file.is_brought().await, file.kept());
    file.is_served_whole().await;
}

#[tokio::test]
async fn two_pages_that_bring_the_same_file_at_once_make_one_clip() {
    let relay = Relay::start().await;
    let bytes = phantom("plax_small.dcm");
    let one = Chosen::at_bedside(&relay, bytes.clone()).await;
    let other = Chosen::at_bedside(&relay, bytes).await;
    // As the page does: whatever is answered, it asks again and goes on from there.
    let carry = async |file: &Chosen<'_>| loop {
        let answer = file.is_offered().await;
        let Ok(ClipToAgent::Wanted { offset, .. }) = answer.json().await else {
            match file.is_offered().await.headers().get(UPLOAD_COMPLETE) {
                Some(complete) if complete == "?1" => return,
                _ => continue,
            }
        };
        let from = usize::try_from(offset).unwrap();
        let to = (from + 200_000).min(file.bytes.len());
        let part = file.asks("PATCH").header("content-type", PARTIAL_UPLOAD);
        let part = part.header(UPLOAD_OFFSET, from);
        // Refused while the other one brings it.
        let _ = part.body(file.bytes[from..to].to_vec()).send().await;
    };
    let both = async { tokio::join!(carry(&one), carry(&other)) };
    timeout(LIMIT, both).await.unwrap();
    one.is_served_whole().await;
    assert_eq!(relay.metric("hibiki_clips_total").await, 1.0);
    assert_eq!(half_files(&relay), 0);
}

#[tokio::test]
async fn another_object_with_the_uid_of_a_clip_is_kept_beside_it_and_flagged() {
    let relay = Relay::start().await;
    let bytes = phantom("a4c_small_uncompressed.dcm");
    let file = Chosen::at_bedside(&relay, bytes.clone()).await;
    assert_eq!(file.is_brought().await, file.kept());
    let mut altered = bytes;
    // A pixel of the last frame.
    *altered.last_mut().unwrap() ^= 1;
    let other = Chosen::at_bedside(&relay, altered).await;
    let beside = ClipToAgent::KeptBeside { clip: other.clip };
    assert_eq!(other.is_brought().await, beside);
    let again = other.is_offered().await;
    assert_eq!(again.headers()[UPLOAD_COMPLETE], "?1");
    assert_eq!(half_files(&relay), 0, "it lies in the archive");
    let uid = Sample::imported(file.bytes.clone()).head.instance;
    let kept = rows(&relay, &uid).await;
    let flags: Vec<bool> = kept.iter().map(|(_, conflict)| *conflict).collect();
    assert_eq!(flags, [false, true], "the one that came later");
    assert_eq!(kept[1].0.sender, "HIBIKI PAGE");
    file.is_served_whole().await;
}

#[tokio::test]
async fn a_full_disk_says_so_and_leaves_nothing() {
    let relay = Relay::with(&["--reserve-mib", "1000000000"]).await;
    let file = Chosen::at_bedside(&relay, phantom("plax_small.dcm")).await;
    let answer = file.is_offered().await;
    assert_eq!(answer.status(), 507);
    let word: ClipToAgent = answer.json().await.unwrap();
    assert_eq!(word, file.refused(ClipGap::RelayStorage));
    assert_eq!(half_files(&relay), 0);
}
