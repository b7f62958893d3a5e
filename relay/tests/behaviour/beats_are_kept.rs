//! Originals and beats of an agent: kept in groups, told as they come, and nothing that nobody asked for.

use crate::an_agent_is_answered::{agent_of, hears};
use crate::media::client::{Client, Kind};
use crate::media::frames::Frames;
use crate::support::{Entered, LIMIT, Page, Relay, code, consult, entries};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use wire::FreezeId;
use wire::people::Role;

const SSRC: u32 = 11;
/// The frozen frame.
const FROZEN: u32 = 900_000;
/// Frames of a beat.
const OF: u32 = 20;

/// An agent whose picture runs, and a page that has frozen it.
struct Frozen {
    agent: Arc<Client>,
    picture: JoinHandle<()>,
    who: Entered,
    page: Page,
    freeze: FreezeId,
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.picture.abort();
    }
}

async fn frozen(relay: &Relay) -> Frozen {
    let kind = Kind {
        control: true,
        originals: true,
        ..Kind::publisher(SSRC)
    };
    let agent = Arc::new(agent_of(relay, kind).await);
    agent
        .until("the channel of originals", |seen| {
            seen.originals_open.then_some(())
        })
        .await;
    let hello = json!({ "type": "hello", "version": 1, "software": "test", "source": "a pattern" });
    agent.send_text(&hello.to_string());
    let stream = hears(&agent, "welcome").await["stream"].clone();
    let sender = Arc::clone(&agent);
    let picture = tokio::spawn(async move {
        let mut frames = Frames {
            ssrc: SSRC,
            payload_type: 98,
            seq: 1,
        };
        for n in 0u32.. {
            sender.send(frames.frame(FROZEN + n * 3_000, n % 30 == 0));
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    });
    let who = relay.enter(Role::Cardiologist).await;
    let (mut page, _) = relay.page_of(&who, None).await;
    page.hears_where(|message| message["type"] == "flow" && message["state"] == "live")
        .await;
    let freeze = FreezeId::random();
    let anchor = json!({ "type": "live", "stream": stream, "rtpTime": FROZEN });
    page.says(&json!({ "type": "freeze", "freeze": freeze, "anchor": anchor }))
        .await;
    hears(&agent, "sendOriginal").await;
    let mut frozen = Frozen {
        agent,
        picture,
        who,
        page,
        freeze,
    };
    frozen.logged("frozen").await;
    frozen
}

impl Frozen {
    async fn asks_for_the_beat(&mut self) {
        let word = json!({ "type": "beat", "freeze": self.freeze, "shown": true });
        self.page.says(&word).await;
        hears(&self.agent, "sendBeat").await;
    }

    /// Sends the n-th frame of the beat.
    fn sends(&self, n: u32) {
        let blob = blob(n);
        let head = head(FROZEN - (OF - 1 - n) * 3_000, &blob, Some(n + 1 == OF));
        self.agent.send_original(&head, blob);
    }

    async fn logged(&mut self, kind: &str) -> Value {
        let found = |message: &Value| {
            entries(message)
                .find(|entry| entry["event"]["type"] == kind)
                .cloned()
        };
        let message = self.page.hears_where(|message| found(message).is_some());
        found(&message.await).unwrap()
    }
}

fn blob(n: u32) -> Vec<u8> {
    let size = 1 + n as usize * 2_000;
    vec![u8::try_from(n).unwrap(); size]
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn head(rtp_time: u32, blob: &[u8], last: Option<bool>) -> String {
    let original = json!({ "width": 8, "height": 6, "form": "gray8", "pixels": hex(b"pixels"), "blob": hex(blob), "bytes": blob.len() });
    let mut head = json!({ "rtpTime": rtp_time, "asked": FROZEN, "original": original });
    if let Some(last) = last {
        head["beat"] = json!({ "of": OF, "last": last });
    }
    head.to_string()
}

#[tokio::test]
async fn a_beat_is_told_as_it_comes_and_stays_over_a_crash_of_the_relay() {
    let mut relay = Relay::start().await;
    let mut meeting = frozen(&relay).await;
    meeting.asks_for_the_beat().await;
    meeting.sends(0);
    let first = meeting.page.hears("beatFrames").await;
    assert_eq!(
        (
            first["of"].as_u64(),
            first["frames"].as_array().unwrap().len()
        ),
        (Some(u64::from(OF)), 1),
        "the first frame is told alone, before the others came"
    );
    (1..OF).for_each(|n| meeting.sends(n));
    let kept = meeting.logged("beatKept").await;
    let frames = kept["event"]["frames"].as_array().unwrap().clone();
    assert_eq!(frames.len(), OF as usize);
    let times: Vec<u64> = frames
        .iter()
        .map(|f| f["rtpTime"].as_u64().unwrap())
        .collect();
    assert!(times.is_sorted() && times.last() == Some(&u64::from(FROZEN)));
    for (n, frame) in (0..).zip(&frames) {
        let name = frame["original"]["blob"].as_str().unwrap();
        let path = format!("consults/{}/blobs/{name}", consult());
        let answer = relay.asks(&meeting.who, "GET", &path).send().await.unwrap();
        let length = answer.content_length();
        let bytes = answer.bytes().await.unwrap();
        assert_eq!(bytes, blob(n));
        assert_eq!(length, Some(bytes.len() as u64));
    }
    drop(meeting);
    relay.kill();
    relay.start_again().await;
    let late = relay.enter(Role::Observer).await;
    let (_, heard) = relay.page_of(&late, None).await;
    let beat = &heard[0]["state"]["freeze"]["beat"];
    assert_eq!(beat["news"]["state"], "kept");
    assert_eq!(beat["news"]["frames"], Value::Array(frames));
}

#[tokio::test]
async fn an_agent_that_dies_in_the_middle_leaves_what_came_and_everybody_is_told() {
    let relay = Relay::start().await;
    let mut meeting = frozen(&relay).await;
    meeting.asks_for_the_beat().await;
    (0..7).for_each(|n| meeting.sends(n));
    meeting
        .page
        .hears_where(|message| {
            let frames = message["frames"].as_array();
            let last = frames.and_then(|frames| frames.last());
            message["type"] == "beatFrames"
                && last.is_some_and(|frame| frame["rtpTime"] == FROZEN - (OF - 7) * 3_000)
        })
        .await;
    meeting.picture.abort();
    meeting.agent.mute(true);
    let kept = meeting.logged("beatKept").await;
    assert_eq!(kept["event"]["frames"].as_array().unwrap().len(), 7);
    assert_eq!(kept["event"]["of"], OF);
}

#[tokio::test]
async fn an_agent_that_dies_in_the_middle_of_a_still_leaves_nothing_of_it_and_everybody_is_told() {
    let relay = Relay::start().await;
    let mut meeting = frozen(&relay).await;
    let whole = vec![7; 200_000];
    let half = whole.iter().copied().take(120_000).collect();
    meeting
        .agent
        .send_original(&head(FROZEN, &whole, None), half);
    // Its pieces are on their way.
    tokio::time::sleep(Duration::from_millis(200)).await;
    meeting.picture.abort();
    meeting.agent.mute(true);
    let missing = meeting.logged("originalMissing").await;
    assert_eq!(missing["event"]["reason"], "agentAway");
    let kept = std::fs::read_dir(relay.data.join("blobs")).unwrap();
    assert_eq!(kept.count(), 0);
}

#[tokio::test]
async fn what_nobody_asked_for_gets_nothing_onto_the_disk() {
    let relay = Relay::start().await;
    let meeting = frozen(&relay).await;
    let unwanted = blob(5);
    // A frame of a beat that nobody wants, another frame than the frozen one, and the frozen one twice.
    meeting
        .agent
        .send_original(&head(FROZEN, &unwanted, Some(true)), unwanted.clone());
    meeting
        .agent
        .send_original(&head(FROZEN - 3_000, &unwanted, None), unwanted.clone());
    let wanted = blob(6);
    meeting
        .agent
        .send_original(&head(FROZEN, &wanted, None), wanted.clone());
    hears(&meeting.agent, "originalKept").await;
    meeting
        .agent
        .send_original(&head(FROZEN, &unwanted, None), unwanted.clone());
    let refused = async {
        while relay.metric("hibiki_originals_refused_total").await < 6.0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, refused).await.unwrap();
    let names: Vec<String> = std::fs::read_dir(relay.data.join("blobs"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, [hex(&wanted)]);
    let path = format!("consults/{}/blobs/{}", consult(), hex(&unwanted));
    let asked = relay.asks(&meeting.who, "GET", &path).send().await.unwrap();
    assert_eq!(code(asked).await, (404, "notFound".to_owned()));
}

#[tokio::test]
async fn a_disk_that_takes_nothing_is_told_and_the_picture_goes_on() {
    let relay = Relay::start().await;
    let mut meeting = frozen(&relay).await;
    std::fs::remove_dir_all(relay.data.join("blobs")).unwrap();
    let wanted = blob(6);
    meeting
        .agent
        .send_original(&head(FROZEN, &wanted, None), wanted);
    let missing = meeting.logged("originalMissing").await;
    assert_eq!(missing["event"]["reason"], "notKept");
    meeting.asks_for_the_beat().await;
    meeting.sends(0);
    let refused = meeting.page.hears("refused").await;
    assert_eq!(refused["code"], "storageFailed");
    let missing = meeting.logged("beatMissing").await;
    assert_eq!(missing["event"]["reason"], "notKept");
    hears(&meeting.agent, "stopBeat").await;
    let page = &mut meeting.page;
    page.hears_where(|message| message["type"] == "flow" && message["state"] == "live")
        .await;
}
