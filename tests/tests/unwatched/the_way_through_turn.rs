//! Networks that let out nothing but TLS: the agent comes over a TURN server, a real coturn as the operator's guide sets it up.

use anyhow::{Result, ensure};
use serde_json::Value;
use stories::link::{LinkKind, Way};
use stories::story::{Plan, tell};
use stories::turn::Turn;
use stories::wait::secs;

fn flags(flags: &[String]) -> Vec<&str> {
    flags.iter().map(String::as_str).collect()
}

#[test]
fn where_only_tls_passes_the_agents_picture_comes_over_a_turn_server() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let turn = Turn::begin(folder.path())?;
    let told = turn.relay_flags(&turn.over_tls());
    let trusts = turn.certificate().display().to_string();
    let plan = Plan::calm()
        .agent_over(LinkKind::TLS_ONLY)
        .relay_flags(&flags(&told))
        .agent_flags(&["--ca-file", &trusts]);
    tell(plan, |story| async move {
        story.picture_arrives_within(secs(10)).await?;
        let counts = story.agent_link()?.counts(Way::Up);
        ensure!(
            counts.refused > 0 && counts.refused == counts.packets,
            "the agent came another way: {counts:?}"
        );
        Ok(())
    })
}

#[test]
fn the_check_before_a_visit_tries_the_turn_server_over_each_way_that_it_has() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let turn = Turn::begin(folder.path())?;
    for address in [turn.over("udp"), turn.over("tcp")] {
        let told = turn.relay_flags(&address);
        let plan = Plan::calm().no_agent().relay_flags(&flags(&told));
        tell(plan, |story| async move {
            let report = story.checks(story.door().origin()).await?;
            ensure!(level_of(&report, "link turn") == "good", "{report}");
            Ok(())
        })?;
    }
    Ok(())
}

fn level_of<'a>(report: &'a Value, what: &str) -> &'a str {
    let mut findings = report["findings"].as_array().into_iter().flatten();
    let found = findings.find(|one| one["what"] == what);
    found
        .and_then(|one| one["level"].as_str())
        .unwrap_or("missing")
}
