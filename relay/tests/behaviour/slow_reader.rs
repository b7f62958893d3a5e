//! A page that does not read is let go; nobody else waits for it.

use crate::support::Relay;
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;
use wire::people::Role;

/// A little under the marks of one page that the relay takes in a second, whatever the disk's speed.
const BETWEEN_MARKS: Duration = Duration::from_millis(18);

#[tokio::test]
async fn a_page_that_reads_nothing_is_dropped_and_the_others_do_not_notice() {
    let relay = Relay::start().await;
    let deaf = relay.page(Role::Observer).await;
    let mut drawers = [
        relay.page(Role::Cardiologist).await,
        relay.page(Role::Trainer).await,
        relay.page(Role::VisitingPhysician).await,
    ];
    // The count follows the welcome; before it does, the deaf page would seem to be gone.
    let counted = async { while relay.metric("hibiki_participants").await < 4.0 {} };
    tokio::time::timeout(Duration::from_secs(10), counted)
        .await
        .unwrap();
    let began = Instant::now();
    let before = relay.memory();
    let mut longest = Duration::ZERO;
    let mut hand = tokio::time::interval(BETWEEN_MARKS);
    hand.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Enough to fill every buffer of the kernel between the two, and then what may wait here.
    while began.elapsed() < Duration::from_secs(40)
        && relay.metric("hibiki_participants").await > 3.0
    {
        hand.tick().await;
        for page in &mut drawers {
            let mark = crate::support::stroke(1_900);
            let sent = Instant::now();
            page.marks(&mark).await;
            page.sees(mark.id).await;
            longest = longest.max(sent.elapsed());
        }
    }
    assert_eq!(
        relay.metric("hibiki_participants").await as u32,
        3,
        "the deaf page is still there"
    );
    assert!(
        longest < Duration::from_secs(2),
        "others waited {longest:?}"
    );
    assert!(
        relay.memory() < before + 64 * 1024 * 1024,
        "{} MiB",
        (relay.memory() - before) >> 20
    );
    drop(deaf);
}
