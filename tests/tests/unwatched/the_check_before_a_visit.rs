//! The check before a visit tells which ways for media pass, and no consult notices it.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use stories::link::LinkKind;
use stories::story::{Plan, Story, tell};
use stories::stranger::Stranger;
use stories::wait::secs;
use wire::WIRE_VERSION;
use wire::people::Role;

#[test]
fn a_check_says_in_words_that_udp_is_blocked_and_tcp_carries() -> Result<()> {
    tell(Plan::calm().no_agent(), |story| async move {
        let blocked = story.link(LinkKind::UDP_BLOCKED).await?;
        let report = story.checks(blocked.origin()).await?;
        for (what, level) in [
            ("source", "good"),
            ("relay", "good"),
            ("clock", "good"),
            ("link udp", "attention"),
            ("link tcp", "good"),
        ] {
            ensure!(level_of(&report, what) == level, "{what}: {report}");
        }
        ensure!(level_of(&report, "link turn") == "missing", "{report}");
        ensure!(report["level"] == "attention" && report["tookMs"].as_u64() < Some(20_000));
        let report = story.checks(story.door().origin()).await?;
        ensure!(level_of(&report, "link udp") == "good", "{report}");
        nobody_noticed(&story).await
    })
}

fn level_of<'a>(report: &'a Value, what: &str) -> &'a str {
    let mut findings = report["findings"].as_array().into_iter().flatten();
    let found = findings.find(|one| one["what"] == what);
    found
        .and_then(|one| one["level"].as_str())
        .unwrap_or("missing")
}

async fn nobody_noticed(story: &Story) -> Result<()> {
    let consults = story.door().demo().await?.consults;
    ensure!(
        consults.iter().all(|one| !one.picture),
        "a picture was told"
    );
    let mut stranger = Stranger::connects(story, Role::Cardiologist).await?;
    let hello =
        json!({ "type": "hello", "version": WIRE_VERSION, "page": "consult", "afterSeq": null });
    stranger.says(&hello).await?;
    let snapshot = stranger
        .hears_within(secs(5), |message| message["type"] == "snapshot")
        .await?;
    let streams = &snapshot["state"]["streams"];
    ensure!(streams.as_array().is_some_and(Vec::is_empty), "{snapshot}");
    Ok(())
}
