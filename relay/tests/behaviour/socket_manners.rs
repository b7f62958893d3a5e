//! Messages that are no messages: each gets a word, three of them the door, and nobody else notices.

use crate::support::{Relay, stroke};
use futures_util::SinkExt;
use serde_json::json;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use wire::people::Role;

#[tokio::test]
async fn each_malformed_message_is_refused_and_three_of_them_end_the_socket() {
    let relay = Relay::start().await;
    let mut other = relay.page(Role::Trainer).await;
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let keys = format!(
        "{{{}\"type\":\"ping\"}}",
        (0..5_000)
            .map(|n| format!("\"k{n}\":1,"))
            .collect::<String>()
    );
    let wrong = [
        "",
        "{",
        "null",
        "[]",
        "5",
        "\"hello\"",
        "{}",
        r#"{"type":null}"#,
        r#"{"type":["mark"]}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"ping","id":-1}"#,
        r#"{"type":"ping","id":4294967296}"#,
        r#"{"type":"ping","id":1,"id":2}"#,
        r#"{"type":"ping","id":1,"author":"me"}"#,
        r#"{"type":"ping","id":1} trailing"#,
        r#"{"type":"point","at":{"x":1.5,"y":0}}"#,
        r#"{"type":"point","at":{"x":"0.5","y":0},"rtpTime":null}"#,
        r#"{"type":"withdraw","mark":"../../etc/passwd"}"#,
        r#"{"type":"withdraw","mark":"0B9F8A0E-2F57-4F0E-9D0A-5F2F3C1D7E44"}"#,
        r#"{"type":"freeze"}"#,
        "\u{feff}{\"type\":\"ping\",\"id\":1}",
        "\u{1f}\u{8b}\u{8}",
        &deep,
        &keys,
    ];
    for three in wrong.chunks(3) {
        let mut page = relay.page(Role::Cardiologist).await;
        for (number, text) in three.iter().enumerate() {
            page.says_text(text).await;
            if number < 2 {
                let said = page.hears("refused").await;
                assert!(
                    ["messageRefused", "markRefused"].contains(&said["code"].as_str().unwrap()),
                    "{text}"
                );
                page.says(&json!({ "type": "ping", "id": 7 })).await;
                assert_eq!(page.hears("pong").await["id"], 7);
            }
        }
        if three.len() == 3 {
            assert_eq!(page.is_closed_with().await, "messageRefused");
        }
    }
    other.draws().await;
}

#[tokio::test]
async fn a_type_that_is_not_known_is_refused_and_is_no_strike() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    for _ in 0..5 {
        page.says(&json!({ "type": "telestrate", "with": "more" }))
            .await;
        assert_eq!(page.hears("refused").await["code"], "messageRefused");
    }
    page.draws().await;
    assert!(relay.metric("hibiki_messages_refused_total").await >= 5.0);
}

#[tokio::test]
async fn binary_messages_are_refused() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    for _ in 0..3 {
        page.socket
            .send(Message::Binary([&[0; 128][..], b"DICM"].concat().into()))
            .await
            .unwrap();
    }
    assert_eq!(page.is_closed_with().await, "messageRefused");
}

#[tokio::test]
async fn hello_comes_first_soon_and_in_our_version() {
    let relay = Relay::start().await;
    let who = relay.enter(Role::Cardiologist).await;
    for (first, told) in [
        (json!({ "type": "ping", "id": 1 }), "messageRefused"),
        (
            json!({ "type": "mark", "mark": stroke(2) }),
            "messageRefused",
        ),
        (
            json!({ "type": "hello", "version": 999, "page": "consult", "afterSeq": null }),
            "versionUnknown",
        ),
        (
            json!({ "type": "hello", "version": "1", "page": "consult", "afterSeq": null }),
            "messageRefused",
        ),
        (
            json!({ "type": "hello", "version": 1, "page": "consult", "afterSeq": -1 }),
            "messageRefused",
        ),
    ] {
        let mut page = relay.socket(&who).await.unwrap();
        page.says(&first).await;
        assert_eq!(page.is_closed_with().await, told, "{first}");
    }
    let mut silent = relay.socket(&who).await.unwrap();
    let began = std::time::Instant::now();
    assert_eq!(silent.is_closed_with().await, "messageRefused");
    assert!(
        (4..8).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_flood_of_marks_is_slowed_by_name_and_the_rest_goes_on() {
    let relay = Relay::start().await;
    let (mut flooder, mut other) = (
        relay.page(Role::Cardiologist).await,
        relay.page(Role::Trainer).await,
    );
    let sent: Vec<_> = (0..600).map(|_| stroke(2)).collect();
    for mark in &sent {
        flooder.marks(mark).await;
    }
    let refused = flooder
        .hears_where(|message| message["code"] == "tooFast" && message["mark"].is_string())
        .await;
    assert!(
        sent.iter()
            .any(|mark| refused["mark"] == mark.id.to_string())
    );
    let began = std::time::Instant::now();
    other.draws().await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_flood_that_does_not_end_is_ended() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Observer).await;
    let ping = json!({ "type": "ping", "id": 1 }).to_string();
    for _ in 0..20_000 {
        if page
            .socket
            .feed(Message::Text(ping.as_str().into()))
            .await
            .is_err()
        {
            break;
        }
    }
    let _ = page.socket.flush().await;
    assert_eq!(page.is_closed_with().await, "tooFast");
}

#[tokio::test]
async fn pointers_and_sketches_reach_others_and_not_their_own_page() {
    let relay = Relay::start().await;
    let (mut cardiologist, mut physician) = (
        relay.page(Role::Cardiologist).await,
        relay.page(Role::VisitingPhysician).await,
    );
    cardiologist
        .says(&json!({ "type": "point", "at": { "x": 0.25, "y": 0.5 }, "rtpTime": 90_000 }))
        .await;
    let seen = physician.hears("pointers").await;
    assert_eq!(seen["pointers"][0]["at"], json!({ "x": 0.25, "y": 0.5 }));
    let mark = wire::AnnotationId::random();
    for n in 0..3 {
        let points = [json!({ "x": 0.1, "y": 0.1 }), json!({ "x": 0.2, "y": 0.2 })];
        cardiologist
            .says(&json!({ "type": "sketch", "mark": mark, "anchor": crate::support::anchor(), "pen": "green", "form": "stroke", "from": n * 2, "points": points }))
            .await;
    }
    let mut points = 0;
    while points < 6 {
        let batch = physician.hears("sketches").await;
        points += batch["sketches"]
            .as_array()
            .unwrap()
            .iter()
            .map(|sketch| sketch["points"].as_array().unwrap().len())
            .sum::<usize>();
    }
    cardiologist.says(&json!({ "type": "ping", "id": 1 })).await;
    let mut heard = Vec::new();
    loop {
        let message = cardiologist.next().await.unwrap();
        heard.push(message["type"].as_str().unwrap().to_owned());
        if message["type"] == "pong" {
            break;
        }
    }
    assert!(
        !heard
            .iter()
            .any(|kind| kind == "pointers" || kind == "sketches"),
        "{heard:?}"
    );
    let late = relay.enter(Role::Trainee).await;
    let (mut late, _) = relay.page_of(&late, None).await;
    assert_eq!(
        late.hears("pointers").await["pointers"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "who joins sees where everybody points"
    );
}
