//! A lift takes the agent and the physician's tablet away for twelve seconds: both pages say that the picture is the last one, it
//! comes back by itself on the same stream, and the recording fills up what nobody saw.

use anyhow::{Result, ensure};
use std::time::Instant;
use stories::link::{LIFT_CUT, LinkKind};
use stories::story::{Plan, tell};
use stories::wait::secs;

/// From the moment at which the link is back until the page says that all is there.
const HALF_A_MINUTE: std::time::Duration = secs(30);

#[test]
fn twelve_seconds_in_a_lift_are_missing_for_nobody_half_a_minute_later() -> Result<()> {
    let plan = Plan::calm().recorded().agent_over(LinkKind::LIFT);
    tell(plan, |story| async move {
        let uplink = story.agent_link()?;
        let bedside = story.bedside_over(uplink).await?;
        let doctor = story.cardiologist().await?;
        doctor.picture_moves_for(20, secs(8)).await?;
        doctor.reads_within("● 記録中", secs(5)).await?;
        let stream = doctor.stream().await?;

        let into_the_lift = Instant::now();
        let (rides, waits) = tokio::join!(uplink.trouble(), async {
            for person in [&doctor, &bedside] {
                person.reads_within("最後のフレームです", secs(4)).await?;
            }
            Ok::<_, anyhow::Error>(into_the_lift.elapsed())
        });
        rides?;
        ensure!(waits? < LIFT_CUT, "it was said when the lift was over");
        let (back, last) = (Instant::now(), story.journaled_until()?);
        for person in [&doctor, &bedside] {
            // How soon on a quiet machine is for the bench.
            person.picture_moves_again_within(secs(6)).await?;
        }
        ensure!(
            doctor.stream().await? == stream,
            "the picture came back as another stream"
        );
        let left = HALF_A_MINUTE.saturating_sub(back.elapsed());
        doctor.reads_within("✓ 記録はそろいました", left).await?;
        println!(
            "whole {} ms after the link was back",
            back.elapsed().as_millis()
        );
        story.is_recorded_until(last, secs(0)).await?;
        Ok(())
    })
}
