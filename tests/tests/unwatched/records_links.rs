//! Records what the real agent sent over a link of the lab and what became of each packet, for the estimator's tests.
//!
//! Run by hand when the agent's way of sending has changed:
//! `cargo test --locked --workspace --test unwatched -- --ignored records` writes `relay/bandwidth/tests/simulated_links/recorded/`.

use anyhow::{Result, ensure};
use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;
use stories::binaries::workspace;
use stories::link::{BOTTLENECK_DROPS_AT, Link, LinkKind, Way};
use stories::story::{Plan, tell};
use stories::wait::secs;

/// What is recorded of each link: from so long after it was set on, when encoder and estimator are warm, for so long. Of the bottleneck
/// that is the time about its fall.
const RECORDED: [(LinkKind, Duration, Duration); 2] = [
    (
        LinkKind::BOTTLENECK_3_1_6,
        BOTTLENECK_DROPS_AT.saturating_sub(secs(3)),
        secs(12),
    ),
    (LinkKind::LTE_RURAL, secs(8), secs(20)),
];

#[test]
#[ignore = "records new traces; its results are committed"]
fn records_links_for_the_estimators_tests() -> Result<()> {
    for (kind, begins, lasts) in RECORDED {
        let plan = Plan::default()
            .source("test:fps=30,size=800x600")
            .agent_flags(&["--bit-rate", "2500"])
            .agent_over(kind);
        tell(plan, move |story| async move {
            story.picture_arrives_within(secs(10)).await?;
            let link = story.agent_link()?;
            link.set(kind);
            let from = link.now() + begins;
            tokio::time::sleep(begins + lasts).await;
            keep(link, from..from + lasts)
        })?;
    }
    Ok(())
}

/// One line for each datagram: microseconds since the one before, bytes, and microseconds in the queue or `-` if it was lost.
fn keep(link: &Link, span: Range<Duration>) -> Result<()> {
    let (kind, mut text) = (link.kind(), String::new());
    let mut before = span.start;
    for one in link.passages(Way::Up, span).all() {
        let waited = one.waited.map(|waited| waited.as_micros().to_string());
        let waited = waited.unwrap_or_else(|| "-".to_owned());
        let since = one.at.saturating_sub(before).as_micros();
        writeln!(text, "{since} {} {waited}", one.bytes)?;
        before = one.at;
    }
    ensure!(text.lines().count() > 500, "hardly anything was sent");
    let folder = workspace().join("relay/bandwidth/tests/simulated_links/recorded");
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(
        folder.join(format!("{}.txt", kind.name)),
        text,
    )?)
}
