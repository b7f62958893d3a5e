//! SIGTERM: pages are told when to come back, rows are safe, and it is over in time.

use crate::support::Relay;
use std::time::{Duration, Instant};
use wire::people::Role;

#[tokio::test]
async fn pages_are_told_to_come_back_and_the_relay_ends_in_order() {
    let mut relay = Relay::start().await;
    let (one, two) = (
        relay.enter(Role::Cardiologist).await,
        relay.enter(Role::Trainer).await,
    );
    let (mut a, _) = relay.page_of(&one, None).await;
    let (mut b, _) = relay.page_of(&two, None).await;
    a.draws().await;
    let began = Instant::now();
    let (status, heard_a, heard_b) =
        tokio::join!(relay.stop(), a.hears_until_closed(), b.hears_until_closed());
    assert!(
        status.success() && began.elapsed() < Duration::from_secs(5),
        "{status} after {:?}",
        began.elapsed()
    );
    let mut retries = Vec::new();
    for heard in [heard_a, heard_b] {
        let closing = heard.last().unwrap();
        assert_eq!(closing["code"], "shuttingDown");
        retries.push(closing["retryMs"].as_u64().unwrap());
    }
    assert_ne!(
        retries[0], retries[1],
        "they do not come back in the same moment"
    );
    assert!(
        !relay.data.join("relay.db-wal").exists(),
        "the journal was not folded into the database"
    );
    relay.start_again().await;
    let (_, heard) = relay.page_of(&one, None).await;
    assert_eq!(heard[0]["state"]["marks"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_page_that_does_not_answer_does_not_hold_the_relay_up() {
    let mut relay = Relay::start().await;
    let _deaf = relay.page(Role::Observer).await;
    let began = Instant::now();
    assert!(relay.stop().await.success());
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}
