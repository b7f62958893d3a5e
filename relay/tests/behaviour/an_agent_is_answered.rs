//! A capture agent on its control channel: welcomed, told the time, its stamps and state passed on to pages.

use crate::media::client::{Client, Kind};
use crate::media::frames::Frames;
use crate::one_publisher::{buy, demo_device};
use crate::support::{Relay, consult};
use serde_json::{Value, json};
use std::time::Duration;
use wire::people::Role;

const SSRC: u32 = 9;

async fn agent(relay: &Relay) -> Client {
    let kind = Kind {
        control: true,
        ..Kind::publisher(SSRC)
    };
    agent_of(relay, kind).await
}

/// The demo's device with a connection of this kind.
pub async fn agent_of(relay: &Relay, kind: Kind) -> Client {
    let (device, key) = demo_device(relay);
    let ticket = buy(relay, &device, &key).await["ticket"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut client = Client::new(kind).await;
    let request = relay
        .client
        .post(relay.api(&format!("consults/{}/whip", consult())))
        .bearer_auth(ticket);
    let answer = request
        .header("content-type", "application/sdp")
        .body(client.offer.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    client.accept(answer.text().await.unwrap());
    client.connected().await;
    client
        .until("the control channel", |seen| {
            seen.control_open.then_some(())
        })
        .await;
    client
}

/// What it hears of this kind first.
pub async fn hears(client: &Client, kind: &str) -> Value {
    let wanted = |text: &String| {
        serde_json::from_str::<Value>(text)
            .ok()
            .filter(|message| message["type"] == kind)
    };
    client
        .until(kind, |seen| seen.texts.iter().find_map(wanted))
        .await
}

#[tokio::test]
async fn an_agent_learns_its_stream_and_the_time_and_pages_learn_its_stamps() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    let client = agent(&relay).await;
    client.send_text(
        &json!({ "type": "hello", "version": 1, "software": "test", "source": "a pattern" })
            .to_string(),
    );
    let welcome = hears(&client, "welcome").await;
    assert_eq!(welcome["consult"], consult().to_string());
    let stream = welcome["stream"].as_str().unwrap().to_owned();
    client.send_text(&json!({ "type": "ping", "sentAt": 1_234_567 }).to_string());
    let pong = hears(&client, "pong").await;
    assert_eq!(pong["sentAt"], 1_234_567);
    assert!(pong["relayTime"].as_u64().unwrap() > 1_700_000_000_000_000);
    let mut frames = Frames {
        ssrc: SSRC,
        payload_type: 98,
        seq: 1,
    };
    let source = json!({ "health": "running", "fps": 30.0, "width": 800, "height": 600, "targetKbps": 2_000, "framesSkipped": 0, "encoder": "libx264" });
    let stamp = json!({ "stream": stream, "index": 5, "capturedAt": 1_000_000, "rtpTime": 90_000 });
    for n in 0..30u32 {
        client.send(frames.frame(90_000 + n * 3_000, n == 0));
        tokio::time::sleep(Duration::from_millis(20)).await;
        if n == 10 {
            client.send_text(&json!({ "type": "stamp", "stamp": stamp, "clockOffsetUs": 500, "clockErrorUs": 40 }).to_string());
            client.send_text(&json!({ "type": "state", "source": source }).to_string());
        }
    }
    let seen = page.hears("stamp").await;
    assert_eq!(
        (
            &seen["stream"],
            &seen["capturedAt"],
            &seen["capturedRelay"],
            &seen["errorUs"]
        ),
        (
            &json!(stream),
            &json!(1_000_000),
            &json!(1_000_500),
            &json!(40)
        )
    );
    let flow = page
        .hears_where(|message| message["type"] == "flow" && !message["source"].is_null())
        .await;
    assert_eq!(flow["source"], source);
    // Somebody who comes now knows the age at once.
    let late = relay.enter(Role::Trainer).await;
    let (mut late, heard) = relay.page_of(&late, None).await;
    assert_eq!(
        heard[0]["state"]["streams"]
            .as_array()
            .unwrap()
            .iter()
            .find(|known| known["stream"] == stream)
            .unwrap()["stamped"],
        true
    );
    late.hears("stamp").await;
    // The agent dies without a word: pages know within two seconds.
    let began = std::time::Instant::now();
    client.kill();
    page.hears_where(|message| message["type"] == "flow" && message["state"] == "stalled")
        .await;
    page.hears_where(|message| message["type"] == "flow" && message["state"] == "stopped")
        .await;
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn nonsense_on_the_control_channel_stops_being_heard_and_the_picture_goes_on() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    let client = agent(&relay).await;
    for text in ["", "{", "{\"type\":\"launch\"}", &"[".repeat(10_000)] {
        client.send_text(text);
    }
    client.send_text(
        &json!({ "type": "hello", "version": 1, "software": "test", "source": "a pattern" })
            .to_string(),
    );
    let mut frames = Frames {
        ssrc: SSRC,
        payload_type: 98,
        seq: 1,
    };
    for n in 0..40u32 {
        client.send(frames.frame(90_000 + n * 3_000, n == 0));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    page.hears_where(|message| message["type"] == "flow" && message["state"] == "live")
        .await;
    assert!(relay.metric("hibiki_agent_messages_refused_total").await >= 3.0);
    assert!(
        client.seen(|seen| seen.texts.is_empty()),
        "it is not answered any more"
    );
}
