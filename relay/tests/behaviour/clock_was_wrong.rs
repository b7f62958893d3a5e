//! The machine's clock was wrong when the relay started, and was put right: nobody is thrown out and nothing lives longer.

use crate::support::{Relay, consult};
use relay::store::{DataFolder, Store};
use std::process::Stdio;
use wire::people::Role;

const DAY_US: i64 = 86_400_000_000;

/// What the rows would hold if the clock had been wrong by so much when the relay first came up.
async fn came_up_with_a_clock_wrong_by(relay: &Relay, by_us: i64) {
    let store = Store::open(&DataFolder::at(&relay.data).unwrap().database().unwrap()).unwrap();
    let work = move |db: &rusqlite::Connection| {
        db.execute(
            "UPDATE clock SET wall = wall + ?1, steady = steady + ?1",
            [by_us],
        )?;
        db.execute("UPDATE sessions SET expires_at = expires_at + ?1", [by_us])?;
        db.execute("UPDATE tickets SET expires_at = expires_at + ?1", [by_us])
    };
    store.write("as if", work).await.unwrap();
    store.close();
}

#[tokio::test]
async fn a_restart_after_the_clock_was_put_right_keeps_those_who_are_in_and_no_old_ticket() {
    for wrong in [-DAY_US, DAY_US] {
        let mut relay = Relay::with(&["--ticket-seconds", "2"]).await;
        let who = relay.enter(Role::Cardiologist).await;
        let ticket = relay.ticket(Role::Trainer, consult()).await;
        relay.stop().await;
        came_up_with_a_clock_wrong_by(&relay, wrong).await;
        let over = std::time::Instant::now() + std::time::Duration::from_secs(2);
        relay.start_again().await;
        // The session of before opens the consult as before.
        relay.page_of(&who, None).await;
        // A tool makes tickets by the same time.
        let from_tool = tool_makes_ticket(&relay);
        let offer = async |ticket: &str| {
            let body = serde_json::json!({ "ticket": ticket });
            let asked = relay.client.post(relay.api("sessions")).json(&body).send();
            crate::support::code(asked.await.unwrap()).await
        };
        assert_eq!(offer(&from_tool).await.0, 201);
        tokio::time::sleep_until(over.into()).await;
        assert_eq!(offer(&ticket).await, (401, "ticketExpired".to_owned()));
    }
}

/// `relay ticket`, beside the running relay.
fn tool_makes_ticket(relay: &Relay) -> String {
    let trainer = uuid::Uuid::from_u128(0x4000_8000_0000_0000_1003);
    let (trainer, consult) = (trainer.to_string(), consult().to_string());
    let made = crate::support::program()
        .args([
            "ticket",
            "--person",
            &trainer,
            "--consult",
            &consult,
            "--data",
        ])
        .arg(&relay.data)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let link = String::from_utf8(made.stdout).unwrap();
    link.trim().split_once("#ticket=").unwrap().1.to_owned()
}
