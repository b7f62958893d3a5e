//! A standard WHEP player that is not ours can watch: a plain peer connection and fetch with a bearer ticket.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use stories::browser::Screen;
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::people::Role;

#[test]
fn a_plain_peer_connection_watches_with_a_bearer_ticket() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        let (door, consult) = (story.door(), story.consult());
        let context = story.browser(Screen::DESK).await?;
        let page = context.page().await?;
        page.goto(&format!("{}/healthz", door.origin())).await?;
        page.eval::<Value>(STANDARD_PEER, ()).await?;
        let ticket = door
            .ticket(door.person(Role::Observer).await?, consult)
            .await?;
        let order = json!({ "url": door.whep(consult), "ticket": ticket });
        let answer: Value = page
            .eval("(order) => standardPeer.watch(order)", order)
            .await?;
        ensure!(answer["status"] == 201, "the relay answered {answer}");
        let sdp = answer["answer"].as_str().unwrap_or_default();
        ensure!(
            sdp.contains("playout-delay"),
            "the answer agrees on no playout-delay:\n{sdp}"
        );
        let painted =
            "() => hibikiWitness.counts.painted >= 30 && hibikiWitness.state.last.n !== null";
        page.until::<bool>("thirty painted frames", secs(8), painted, ())
            .await?;
        let stats: Value = page.eval("() => standardPeer.stats()", ()).await?;
        ensure!(stats["lost"] == 0, "packets were lost on loopback: {stats}");
        let ended: u16 = page.eval("() => standardPeer.stop()", ()).await?;
        ensure!(ended == 200, "DELETE answered {ended}");
        doctor.picture_moves().await
    })
}

/// The standard client, evaluated into an empty page.
const STANDARD_PEER: &str = concat!(
    "() => { ",
    include_str!("../../browser/standard.js"),
    " return true; }"
);
