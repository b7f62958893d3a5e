//! A message or a mark that is far too large ends or is refused; nobody else notices.

use crate::support::{Relay, code};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use wire::people::Role;

/// Resident memory grows by at most this under any bad input.
const MEMORY: usize = 32 * 1024 * 1024;

#[tokio::test]
async fn a_message_of_ten_megabytes_is_told_and_ends_its_socket_only() {
    let relay = Relay::start().await;
    let mut other = relay.page(Role::Trainer).await;
    other.draws().await;
    let before = relay.memory();
    for text in [true, false] {
        let mut page = relay.page(Role::Cardiologist).await;
        let big = "x".repeat(10 * 1024 * 1024);
        let message = if text {
            Message::Text(big.into())
        } else {
            Message::Binary(big.into_bytes().into())
        };
        // The relay may close before everything is written.
        let _ = futures_util::SinkExt::send(&mut page.socket, message).await;
        assert_eq!(page.is_closed_with().await, "tooLarge", "as text: {text}");
    }
    other.draws().await;
    assert!(
        relay.memory() < before + MEMORY,
        "{} MiB",
        (relay.memory() - before) >> 20
    );
}

#[tokio::test]
async fn a_stroke_with_a_million_points_is_refused_by_its_size_and_a_smaller_one_by_name() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    let points = |count: usize| format!("[{}]", vec![r#"{"x":0.5,"y":0.5}"#; count].join(","));
    let id = wire::AnnotationId::random();
    let mark = |points: String| {
        let anchor = json!(crate::support::anchor());
        format!(
            r#"{{"type":"mark","mark":{{"id":"{id}","anchor":{anchor},"shape":{{"type":"stroke","points":{points}}},"pen":"green","drawnOn":"running"}}}}"#
        )
    };
    page.says_text(&mark(points(2_500))).await;
    let refused = page.hears("refused").await;
    assert_eq!(
        (&refused["code"], &refused["mark"]),
        (&json!("markRefused"), &json!(id))
    );
    page.draws().await;
    let _ = futures_util::SinkExt::send(
        &mut page.socket,
        Message::Text(mark(points(1_000_000)).into()),
    )
    .await;
    assert_eq!(page.is_closed_with().await, "tooLarge");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_told_before_it_is_read() {
    let relay = Relay::start().await;
    let before = relay.memory();
    for body in [
        "x".repeat(16 * 1024 * 1024),
        format!("[{}1]", "1,".repeat(8_000_000)),
    ] {
        let answer = relay
            .client
            .post(relay.api("sessions"))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(code(answer).await, (413, "tooLarge".to_owned()));
    }
    assert!(relay.memory() < before + MEMORY);
    let packed = relay
        .client
        .post(relay.api("sessions"))
        .header("content-type", "application/json")
        .header("content-encoding", "gzip");
    assert_eq!(
        code(packed.body(vec![31, 139, 8]).send().await.unwrap()).await,
        (415, "wrongContent".to_owned())
    );
}
