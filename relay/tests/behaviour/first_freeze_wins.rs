//! Two who freeze in the same moment stand on the same frame.

use crate::support::{Relay, anchor, entries};
use serde_json::json;
use wire::FreezeId;
use wire::people::Role;

#[tokio::test]
async fn the_first_freeze_wins_and_the_second_is_told() {
    let relay = Relay::start().await;
    let (mut cardiologist, mut trainer) = (
        relay.page(Role::Cardiologist).await,
        relay.page(Role::Trainer).await,
    );
    let (one, two) = (FreezeId::random(), FreezeId::random());
    let freeze =
        |freeze: FreezeId| json!({ "type": "freeze", "freeze": freeze, "anchor": anchor() });
    let (first, second) = (freeze(one), freeze(two));
    tokio::join!(cardiologist.says(&first), trainer.says(&second));
    let frozen = |message: &serde_json::Value| {
        entries(message)
            .find(|entry| entry["event"]["type"] == "frozen")
            .cloned()
    };
    let mut winners = Vec::new();
    let mut refused = Vec::new();
    for page in [&mut cardiologist, &mut trainer] {
        page.says(&json!({ "type": "ping", "id": 1 })).await;
        let mut answered = false;
        let mut winner = None;
        while !answered || winner.is_none() {
            let message = page.next().await.unwrap();
            answered |= message["type"] == "pong";
            winner = winner.or(frozen(&message));
            if message["type"] == "refused" {
                refused.push((message["code"].clone(), message["freeze"].clone()));
            }
        }
        winners.push(winner.unwrap()["event"]["freeze"].clone());
    }
    assert_eq!(winners[0], winners[1], "they stand on different frames");
    let winner = winners.remove(0);
    let loser = if winner == one.to_string() { two } else { one };
    assert_eq!(refused, [(json!("alreadyFrozen"), json!(loser))]);
    let late = relay.enter(Role::Observer).await;
    let (_, heard) = relay.page_of(&late, None).await;
    assert_eq!(heard[0]["state"]["freeze"]["freeze"], winner);
}

#[tokio::test]
async fn an_observer_freezes_and_draws_nothing() {
    let relay = Relay::start().await;
    let mut observer = relay.page(Role::Observer).await;
    let freeze = FreezeId::random();
    observer
        .says(&json!({ "type": "freeze", "freeze": freeze, "anchor": anchor() }))
        .await;
    assert_eq!(observer.hears("refused").await["code"], "notAllowed");
    let mark = crate::support::stroke(2);
    observer.marks(&mark).await;
    let refused = observer.hears("refused").await;
    assert_eq!(
        (&refused["code"], &refused["mark"]),
        (&json!("notAllowed"), &json!(mark.id))
    );
}
