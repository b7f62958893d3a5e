//! Metrics live at an address of their own and name nobody.

use crate::support::{Relay, consult};
use wire::people::Role;

#[tokio::test]
async fn metrics_count_and_name_nobody() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    page.draws().await;
    assert_eq!(relay.metric("hibiki_participants").await as u32, 1);
    assert_eq!(relay.metric("hibiki_marks_total").await as u32, 1);
    assert_eq!(relay.metric("hibiki_consults_live").await as u32, 1);
    assert_eq!(
        relay.metric("hibiki_packets_lost_in_relay_total").await as u32,
        0
    );
    assert_eq!(relay.metric("hibiki_mark_stored_ms_count").await as u32, 1);
    let text = relay
        .client
        .get(format!("http://{}/metrics", relay.metrics))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for name in ["佐藤", "訪問", &consult().to_string(), "127.0.0.1"] {
        assert!(!text.contains(name), "{name}");
    }
    let elsewhere = relay
        .client
        .get(format!("{}/metrics", relay.origin()))
        .send()
        .await
        .unwrap();
    assert_eq!(elsewhere.status(), 404, "metrics are not where people are");
}

#[tokio::test]
async fn ready_means_that_rows_can_be_written_and_media_is_served() {
    let relay = Relay::start().await;
    let ready = relay
        .client
        .get(format!("{}/readyz", relay.origin()))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), 200);
}
