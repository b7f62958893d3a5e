//! A telephone changes its cell under the agent, then under a page: the picture stumbles, and the consult stays what it was. The
//! page says that it is recorded.

use anyhow::{Context as _, Result, ensure};
use stories::link::LinkKind;
use stories::story::{Plan, Story, tell};
use stories::wait::secs;

#[test]
fn a_handover_at_either_end_costs_a_moment_and_stream_and_people_stay_the_same() -> Result<()> {
    let plan = Plan::calm().recorded().agent_over(LinkKind::CELL_HANDOVER);
    tell(plan, |story| async move {
        let link = story.link(LinkKind::CELL_HANDOVER).await?;
        let doctor = story.cardiologist_over(&link).await?;
        doctor.sees_picture_within(secs(8)).await?;
        doctor.picture_moves_for(20, secs(5)).await?;
        doctor.reads_within("● 記録中", secs(5)).await?;
        let (stream, people) = (doctor.stream().await?, people(&story).await?);

        // A browser that nobody told asks on a pair that worked only every 2.5 s; how soon it is on a quiet machine is for the bench.
        for (changed, within) in [(story.agent_link()?, secs(6)), (&link, secs(6))] {
            let before = changed.addresses();
            changed.trouble().await?;
            doctor.picture_moves_again_within(within).await?;
            ensure!(changed.addresses().iter().all(|now| !before.contains(now)));
        }
        ensure!(
            doctor.stream().await? == stream,
            "the picture came back as another stream"
        );
        ensure!(
            self::people(&story).await? == people,
            "somebody is there twice, or no longer"
        );
        Ok(())
    })
}

/// How many people the relay counts in the consult.
async fn people(story: &Story) -> Result<u32> {
    let consults = story.door().demo().await?.consults;
    let ours = consults.iter().find(|one| one.consult == story.consult());
    Ok(ours.context("the story's consult")?.people)
}
