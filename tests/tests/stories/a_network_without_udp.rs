//! A hospital's network lets no UDP through: agent and page come by TCP, by themselves and soon.

use anyhow::{Result, ensure};
use stories::link::{LinkKind, Way};
use stories::story::{Plan, tell};
use stories::wait::secs;

/// What somebody waits who joins.
const SOON_MS: f64 = 2_000.0;

#[test]
fn where_udp_is_blocked_the_picture_comes_by_tcp_within_two_seconds_of_joining() -> Result<()> {
    let plan = Plan::calm().agent_over(LinkKind::UDP_BLOCKED);
    tell(plan, |story| async move {
        story.picture_arrives_within(secs(5)).await?;
        let link = story.link(LinkKind::UDP_BLOCKED).await?;
        let doctor = story.cardiologist_over(&link).await?;
        doctor.sees_picture_within(secs(5)).await?;
        let waited = doctor.first_picture_took_ms().await?;
        ensure!(waited <= SOON_MS, "the first picture took {waited} ms");
        doctor.picture_moves_for(20, secs(3)).await?;
        for (who, counts) in [
            ("the agent", story.agent_link()?.counts(Way::Up)),
            ("the page", link.counts(Way::Up)),
        ] {
            ensure!(
                counts.refused > 0 && counts.refused == counts.packets,
                "{who} came another way: {counts:?}"
            );
        }
        Ok(())
    })
}
