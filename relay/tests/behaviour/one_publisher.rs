//! WHIP and WHEP over HTTP with real peers: one picture per consult, and only its owner changes it.

use crate::media::client::{Client, Kind};
use crate::media::frames::Frames;
use crate::support::{Relay, code, consult, entries};
use serde_json::Value;
use std::time::Duration;
use wire::people::Role;

pub const SSRC: u32 = 7;

/// A media session that was opened.
pub struct Published {
    pub client: Client,
    pub location: String,
    pub tag: String,
    pub answer: String,
}

async fn post(relay: &Relay, door: &str, ticket: &str, offer: String) -> reqwest::Response {
    let request = relay
        .client
        .post(relay.api(&format!("consults/{}/{door}", consult())))
        .bearer_auth(ticket);
    request
        .header("content-type", "application/sdp")
        .body(offer)
        .send()
        .await
        .unwrap()
}

pub async fn opens(relay: &Relay, door: &str, ticket: &str, kind: Kind) -> Published {
    let mut client = Client::new(kind).await;
    let answer = post(relay, door, ticket, client.offer.clone()).await;
    assert_eq!(answer.status(), 201);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let (location, tag) = (header("location"), header("etag"));
    assert_eq!(header("content-type"), "application/sdp");
    let answer = answer.text().await.unwrap();
    client.accept(answer.clone());
    client.connected().await;
    Published {
        client,
        location,
        tag,
        answer,
    }
}

/// Sends frames until stopped.
pub fn plays(client: &Client) -> impl Future<Output = ()> + '_ {
    let mut frames = Frames {
        ssrc: SSRC,
        payload_type: 98,
        seq: 1,
    };
    async move {
        for n in 0u32.. {
            client.send(frames.frame(90_000 + n * 3_000, n % 30 == 0));
            tokio::time::sleep(Duration::from_millis(33)).await;
        }
    }
}

pub fn event(message: &Value, kind: &str) -> bool {
    entries(message).any(|entry| entry["event"]["type"] == kind)
}

#[tokio::test]
async fn a_picture_is_published_seen_and_ended_and_the_log_says_so() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    let published = opens(
        &relay,
        "whip",
        &relay.ticket(Role::VisitingPhysician, consult()).await,
        Kind::publisher(SSRC),
    )
    .await;
    tokio::select! {
        () = plays(&published.client) => {}
        () = async {
            page.hears_where(|message| event(message, "streamStarted")).await;
            page.hears_where(|message| message["type"] == "flow" && message["state"] == "live" && message["fps"].as_f64().unwrap() > 10.0).await;
            let watcher = opens(&relay, "whep", &relay.ticket(Role::Cardiologist, consult()).await, Kind::viewer()).await;
            watcher.client.until("a picture", |seen| (seen.rtp_count > 10).then_some(())).await;
            let second = relay.ticket(Role::VisitingPhysician, consult()).await;
            let who = relay.enter(Role::Cardiologist).await;
            let list: Value = relay.asks(&who, "GET", "consults").send().await.unwrap().json().await.unwrap();
            assert_eq!(list["consults"][0]["picture"], true);
            drop(second);
        } => {}
    }
    let ended = relay
        .client
        .delete(format!("{}{}", relay.origin(), published.location));
    assert_eq!(
        ended.send().await.unwrap().status(),
        401,
        "without its ticket it stays"
    );
}

#[tokio::test]
async fn only_whoever_opened_a_media_session_changes_or_ends_it() {
    let relay = Relay::start().await;
    let (mine, other) = (
        relay.ticket(Role::VisitingPhysician, consult()).await,
        relay.ticket(Role::VisitingPhysician, consult()).await,
    );
    let published = opens(&relay, "whip", &mine, Kind::publisher(SSRC)).await;
    let url = format!("{}{}", relay.origin(), published.location);
    let patch = |ticket: &str, tag: &str| {
        let request = relay
            .client
            .patch(&url)
            .bearer_auth(ticket)
            .header("if-match", tag);
        request
            .header("content-type", "application/trickle-ice-sdpfrag")
            .body("a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n")
            .send()
    };
    assert_eq!(
        code(patch(&other, "*").await.unwrap()).await,
        (404, "notFound".to_owned())
    );
    assert_eq!(patch(&mine, "\"0-0\"").await.unwrap().status(), 412);
    let head = |ticket: &str| relay.client.head(&url).bearer_auth(ticket).send();
    assert_eq!(head(&mine).await.unwrap().status(), 204);
    assert_eq!(head(&other).await.unwrap().status(), 404);
    assert_eq!(
        relay
            .client
            .delete(&url)
            .bearer_auth(&other)
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    assert_eq!(
        relay
            .client
            .delete(&url)
            .bearer_auth(&mine)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(head(&mine).await.unwrap().status(), 404, "it is gone");
    assert!(!published.tag.is_empty());
}

#[tokio::test]
async fn another_publisher_is_refused_while_one_is_live_and_its_ticket_stays_good() {
    let relay = Relay::start().await;
    let (device, key) = demo_device(&relay);
    let published = opens(
        &relay,
        "whip",
        &relay.ticket(Role::VisitingPhysician, consult()).await,
        Kind::publisher(SSRC),
    )
    .await;
    let ticket: Value = buy(&relay, &device, &key).await;
    let ticket = ticket["ticket"].as_str().unwrap();
    let offer = Client::new(Kind::publisher(SSRC)).await.offer.clone();
    assert_eq!(
        code(post(&relay, "whip", ticket, offer).await).await,
        (409, "publisherPresent".to_owned())
    );
    let again = opens(
        &relay,
        "whip",
        &relay.ticket(Role::VisitingPhysician, consult()).await,
        Kind::publisher(SSRC),
    )
    .await;
    published.client.close();
    again.client.close();
    let end = std::time::Instant::now() + crate::support::LIMIT;
    loop {
        let offer = Client::new(Kind::publisher(SSRC)).await.offer.clone();
        if post(&relay, "whip", ticket, offer).await.status() == 201 {
            break;
        }
        assert!(std::time::Instant::now() < end, "the place is never free");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The demo's device, as the relay wrote it down for the agent.
pub fn demo_device(relay: &Relay) -> (String, String) {
    let text = std::fs::read_to_string(relay.data.join("demo/agent.toml")).unwrap();
    let agent: toml::Table = text.parse().unwrap();
    let key = std::fs::read_to_string(agent["device_key_file"].as_str().unwrap()).unwrap();
    (
        agent["device"].as_str().unwrap().to_owned(),
        key.trim().to_owned(),
    )
}

pub async fn buy(relay: &Relay, device: &str, key: &str) -> Value {
    let request = relay
        .client
        .post(relay.api(&format!("devices/{device}/tickets")))
        .bearer_auth(key);
    request
        .json(&serde_json::json!({ "consult": consult() }))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}
