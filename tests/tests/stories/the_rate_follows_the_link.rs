//! A telephone comes into the country and out again: the agent sends less within seconds, and as much as before soon after.

use anyhow::{Result, ensure};
use stories::link::{Link, LinkKind, Way};
use stories::story::{Plan, tell};
use stories::wait::{ms, secs, until};

/// What the encoder may use: more than the country carries, less than the town.
const KBPS: &str = "3000";
/// Bits per second: near to what it may use, and what the country carries.
const MUCH: f64 = 2_300_000.0;
const LITTLE: f64 = 1_000_000.0;

#[test]
fn a_rate_falls_with_the_link_and_comes_back_with_it() -> Result<()> {
    let plan = Plan::default()
        .source("test:fps=30,size=800x600")
        .agent_flags(&["--bit-rate", KBPS])
        .agent_over(LinkKind::LTE_GOOD);
    tell(plan, |story| async move {
        let link = story.agent_link()?;
        until("a rate for the town", secs(10), || async {
            Ok((sent(link) > MUCH).then_some(()))
        })
        .await?;
        link.set(LinkKind::LTE_RURAL);
        until("a rate for the country", secs(4), || async {
            Ok((sent(link) < LITTLE).then_some(()))
        })
        .await?;
        let lost = link.counts(Way::Up).lost_in_queue;
        link.set(LinkKind::LTE_GOOD);
        until("a rate for the town again", secs(12), || async {
            Ok((sent(link) > MUCH).then_some(()))
        })
        .await?;
        let more = link.counts(Way::Up).lost_in_queue - lost;
        ensure!(
            more < 50,
            "{more} packets stood in a full queue after the rate had fallen"
        );
        Ok(())
    })
}

/// Bits per second of late.
fn sent(link: &Link) -> f64 {
    let now = link.now();
    let span = now.saturating_sub(ms(700))..now;
    link.passages(Way::Up, span).offered_bits_per_s()
}
