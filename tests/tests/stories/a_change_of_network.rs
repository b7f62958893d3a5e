//! A telephone changes its cell under the agent, loses it for a moment, then changes under a page: the picture stumbles, and the
//! consult stays what it was. The page says that it is recorded, that something is missing, and that nothing is.

use crate::links_with_names::a_mark_reaches_the_bedside;
use crate::screens::axe_finds_nothing;
use anyhow::{Context as _, Result, ensure};
use std::time::{Duration, Instant};
use stories::link::LinkKind;
use stories::story::{Plan, Story, tell};
use stories::wait::{ms, secs};

/// Longer than the half second from which on a hole is told.
const CUT: Duration = ms(1_200);
/// The promise is half a minute, which the bench measures (`lift_recording_complete_ms`); beside other tests the machine has half its time.
const A_MINUTE: Duration = secs(60);

/// What the strip said, each new set of it in order.
const LISTEN: &str = "() => { const told = []; window.recordingTold = told;
    const look = () => { const parts = [...document.querySelectorAll('[data-testid=recording] [data-phase]')];
        const said = parts.map((part) => part.dataset.phase).join(' '); if (said !== told.at(-1)) told.push(said); };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-phase'] });
    look(); return true; }";

#[test]
fn a_handover_at_either_end_costs_a_moment_and_stream_and_people_stay_the_same() -> Result<()> {
    // The next cell has room for picture and journal together: how soon a hole is filled beside a larger picture is the cell's to say.
    let plan = Plan::calm()
        .recorded()
        .agent_flags(&["--bit-rate", "1000"])
        .agent_over(LinkKind::CELL_HANDOVER);
    tell(plan, |story| async move {
        let link = story.link(LinkKind::CELL_HANDOVER).await?;
        let doctor = story.cardiologist_over(&link).await?;
        doctor.sees_picture_within(secs(8)).await?;
        doctor.picture_moves_for(20, secs(5)).await?;
        doctor.reads_within("● 記録中", secs(5)).await?;
        let (stream, people) = (doctor.stream().await?, people(&story).await?);

        doctor.page().eval::<bool>(LISTEN, ()).await?;

        // A browser that nobody told asks on a pair that worked only every 2.5 s; how soon it is on a quiet machine is for the bench.
        let uplink = story.agent_link()?;
        let mut back = None;
        for changed in [uplink, &link] {
            let before = changed.addresses();
            changed.trouble().await?;
            doctor.picture_moves_again_within(secs(6)).await?;
            ensure!(changed.addresses().iter().all(|now| !before.contains(now)));
            if std::ptr::eq(changed, uplink) {
                uplink.cut();
                tokio::time::sleep(CUT).await;
                uplink.restore();
                back = Some((Instant::now(), story.journaled_until()?));
                doctor.picture_moves_again_within(secs(6)).await?;
            }
        }
        ensure!(
            doctor.stream().await? == stream,
            "the picture came back as another stream"
        );
        ensure!(
            self::people(&story).await? == people,
            "somebody is there twice, or no longer"
        );
        a_mark_reaches_the_bedside(&story, &doctor).await?;
        // The page changed its own network while the hole was filled, and says what the disks say.
        let (back, last) = back.context("the uplink was cut")?;
        let left = A_MINUTE.saturating_sub(back.elapsed());
        doctor.reads_within("✓ 記録はそろいました", left).await?;
        println!(
            "whole {} ms after the link was back",
            back.elapsed().as_millis()
        );
        story.is_recorded_until(last, secs(0)).await?;
        doctor.reads_within("◆ 補完ずみ", secs(0)).await?;
        let told: Vec<String> = doctor.page().eval("() => window.recordingTold", ()).await?;
        is_told_in_order(&told)?;
        axe_finds_nothing(&doctor, "recording", "ja").await?;
        doctor.page().click("button[lang=en]").await?;
        doctor
            .reads_within("✓ The recording is complete", secs(2))
            .await?;
        doctor.page().click("[data-testid=badge-open]").await?;
        doctor
            .page()
            .visible("[data-testid=hint-ef]", secs(4))
            .await?;
        axe_finds_nothing(&doctor, "recording and link", "en").await?;
        Ok(())
    })
}

/// Live, gap, filling, filled, whole; and never that all is there while something is not.
fn is_told_in_order(told: &[String]) -> Result<()> {
    let has = |said: &String, phase: &str| said.split(' ').any(|one| one == phase);
    let first = |phase: &str| told.iter().position(|said| has(said, phase));
    let firsts = ["live", "gap", "filling", "filled"].map(first);
    ensure!(
        firsts.iter().all(Option::is_some) && firsts.is_sorted(),
        "the page said {told:?}"
    );
    let last = told.last().context("the page said nothing")?;
    ensure!(has(last, "whole"), "at the end the page says {last}");
    let contradicts =
        |said: &&String| has(said, "whole") && (has(said, "gap") || has(said, "filling"));
    ensure!(
        told.iter().find(contradicts).is_none(),
        "the page said {told:?}"
    );
    Ok(())
}

/// How many people the relay counts in the consult.
async fn people(story: &Story) -> Result<u32> {
    let consults = story.door().demo().await?.consults;
    let ours = consults.iter().find(|one| one.consult == story.consult());
    Ok(ours.context("the story's consult")?.people)
}
