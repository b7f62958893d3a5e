//! Metrics live at an address of their own and name nobody.

use crate::support::{Relay, consult};
use relay::store::DataFolder;
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

#[tokio::test]
async fn a_relay_that_cannot_write_rows_is_up_and_not_ready() {
    let relay = Relay::start().await;
    // Behind its back, as a disk that lost a page would.
    let file = DataFolder::at(&relay.data).unwrap().database().unwrap();
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch("ALTER TABLE consults RENAME TO gone")
        .unwrap();
    let ask = |path: &str| {
        relay
            .client
            .get(format!("{}/{path}", relay.origin()))
            .send()
    };
    let unready = ask("readyz").await.unwrap();
    assert_eq!(unready.status(), 503);
    assert_eq!(unready.text().await.unwrap(), "not ready: store\n");
    assert_eq!(ask("healthz").await.unwrap().status(), 200);
}
