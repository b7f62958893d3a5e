//! A link goes away, or is weak, and comes back: the recording is complete by itself, and the same as the agent's journal byte
//! for byte, whatever the link let through meanwhile.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::time::Duration;
use stories::link::{LinkKind, Trouble};
use stories::story::{CALM_FPS, Plan, tell};
use stories::stranger::Stranger;
use stories::wait::{ms, secs, until};
use wire::people::Role;

/// A lift of two floors: the bench takes the one of twelve seconds.
const CUT_SECONDS: u64 = 4;
const SHORT_LIFT: LinkKind = LinkKind {
    trouble: match LinkKind::LIFT.trouble {
        Some(trouble) => Some(Trouble {
            lasts: (secs(CUT_SECONDS), secs(CUT_SECONDS)),
            ..trouble
        }),
        None => None,
    },
    ..LinkKind::LIFT
};

/// How the log begins to speak of a cut, whatever mends it.
const TOLD: [&str; 4] = [
    "streamStopped",
    "streamStarted",
    "streamRecorded",
    "streamGap",
];

/// Kinds of the entries in a message that speak of the picture and of its recording; that of its clock may come at any time.
fn of_the_recording(message: &Value) -> Vec<String> {
    let entries = message["entries"].as_array().into_iter().flatten();
    let kinds = entries.filter_map(|entry| entry["event"]["type"].as_str());
    kinds
        .filter(|kind| kind.starts_with("stream") && *kind != "streamTimed")
        .map(str::to_owned)
        .collect()
}

/// Listens all the time, as a page does: one that is silent is taken for gone. Gives what the log says from the end of the
/// picture until nothing is missing any more.
async fn hears_of_a_cut(mut page: Stranger) -> Result<Vec<String>> {
    let mut heard: Vec<String> = Vec::new();
    page.hears_within(secs(60), |message| {
        heard.extend(of_the_recording(message));
        let stopped = heard.iter().position(|event| event == TOLD[0]);
        heard.drain(..stopped.unwrap_or(heard.len()));
        heard.iter().any(|event| event == "streamWhole")
    })
    .await?;
    heard.dedup();
    Ok(heard)
}

#[test]
fn what_a_lift_swallowed_is_recorded_within_half_a_minute_byte_for_byte() -> Result<()> {
    tell(
        Plan::calm().recorded().agent_over(SHORT_LIFT),
        |story| async move {
            story.has_recorded(20, secs(10)).await?;
            let page = Stranger::enters(&story, Role::Observer).await?;
            let listening = tokio::spawn(hears_of_a_cut(page));
            story.agent_link()?.trouble().await?;
            let back = story.journaled_until()?;
            let (frames, sent_again) = story.is_recorded_until(back, secs(30)).await?;
            let lost = CUT_SECONDS * u64::from(CALM_FPS);
            ensure!(
                sent_again > lost / 2,
                "of {frames} frames {sent_again} were sent again, but the cut swallowed {lost}"
            );
            // What pages say follows from this: the picture stopped, is recorded again, something is missing, nothing is.
            let heard = listening.await??;
            ensure!(
                heard.starts_with(&TOLD.map(str::to_owned))
                    && heard.contains(&"streamFilled".to_owned()),
                "the log says {heard:?}"
            );
            Ok(())
        },
    )
}

#[test]
fn a_lid_that_closes_while_a_hole_is_filled_loses_nothing() -> Result<()> {
    let plan = Plan::calm().recorded().agent_over(SHORT_LIFT);
    tell(plan, |story| async move {
        story.has_recorded(20, secs(10)).await?;
        let mut page = Stranger::enters(&story, Role::Observer).await?;
        let link = story.agent_link()?;
        link.trouble().await?;
        // So little passes that the hole is not filled when the lid closes.
        link.set(LinkKind::LTE_RURAL);
        page.hears_within(secs(30), |message| {
            of_the_recording(message).contains(&"streamFilling".to_owned())
        })
        .await?;
        let listening = tokio::spawn(hears_of_a_cut(page));
        let mut agent = story.agent().await;
        let agent = agent.as_mut().context("an agent")?;
        agent.program_mut().stop(secs(10)).await?;
        let closed = story.journaled_until()?;
        ensure!(
            story.lacks_nothing_until(closed, secs(0)).await.is_err(),
            "the hole was filled before the lid closed: this proves nothing"
        );
        link.set(LinkKind::LAN);
        agent.start_again()?;
        story.is_recorded_until(closed, secs(30)).await?;
        listening.await??;
        // What was captured since is there too.
        story
            .is_recorded_until(story.journaled_until()?, secs(30))
            .await?;
        Ok(())
    })
}

/// Listens all the time, until the log says of a hole that nothing is missing any more.
async fn hears_that_a_hole_is_whole(mut page: Stranger) -> Result<()> {
    let mut heard: Vec<String> = Vec::new();
    let is_whole = |message: &Value| {
        heard.extend(of_the_recording(message));
        let hole = heard.iter().position(|event| event == "streamGap");
        let since = heard.get(hole.unwrap_or(heard.len())..);
        since.is_some_and(|since| since.iter().any(|event| event == "streamWhole"))
    };
    page.hears_within(secs(32), is_whole).await.map(drop)
}

/// Long enough to be told of.
const SHORT_CUT: Duration = ms(1_200);
/// Frames that must have come over the weak link before it is good again.
const WEAK_FRAMES: usize = 60;

#[test]
fn what_a_weak_link_let_through_is_replaced_by_what_the_device_kept() -> Result<()> {
    let plan = Plan::calm()
        .recorded()
        .agent_flags(&["--bit-rate", "4000"])
        .agent_over(LinkKind::LTE_RURAL);
    tell(plan, |story| async move {
        until("frames of a weak link", secs(30), || async {
            Ok((story.weak_frames()? >= WEAK_FRAMES).then_some(()))
        })
        .await?;
        let listening = tokio::spawn(hears_that_a_hole_is_whole(
            Stranger::enters(&story, Role::Observer).await?,
        ));
        let link = story.agent_link()?;
        link.cut();
        tokio::time::sleep(SHORT_CUT).await;
        link.restore();
        link.set(LinkKind::LAN);
        let last = story.journaled_until()?;
        story.is_recorded_until(last, secs(30)).await?;
        // What is captured while the estimate rises is weak too, and delays no word about what was before.
        listening.await??;
        let replaced = story.recording()?.map(|it| it.table().conflicts().len());
        ensure!(
            replaced >= Some(WEAK_FRAMES),
            "{replaced:?} frames took the place of weaker ones"
        );
        Ok(())
    })
}

#[test]
fn a_relay_that_has_no_room_records_nothing_and_the_picture_goes_on() -> Result<()> {
    let plan = Plan::calm()
        .recorded()
        .relay_flags(&["--reserve-mib", "1000000000"]);
    tell(plan, |story| async move {
        let relay = story.relay().await;
        let stopped = |line: &str| line.contains("a recording stands still").then_some(());
        relay
            .program()
            .wait_for_line("that the disk is full", secs(10), stopped)
            .await?;
        drop(relay);
        story.picture_arrives_within(secs(2)).await?;
        let recorded = story.recording()?;
        ensure!(recorded.is_none_or(|recording| recording.table().is_empty()));
        // The journal has it all, once its own encoder has begun.
        until("a journal", secs(5), || async {
            Ok(story.journaled_until().ok())
        })
        .await
        .map(drop)
    })
}
