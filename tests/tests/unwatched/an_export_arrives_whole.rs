//! A clip that a handheld exported goes to the hospital over a link that changes its cell and a device that loses its power in
//! the middle: it arrives byte for byte, and what had arrived is not sent again.

use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use stories::binaries::workspace;
use stories::link::LinkKind;
use stories::story::{Plan, Story, tell};
use stories::wait::{secs, until};

/// What the handheld made: 0.6 MB.
const EXPORT: &str = "sample-dicom/plax_small.dcm";
/// Of it so much is there when something happens.
const FIRST_PART: u64 = 100_000;
const SECOND_PART: u64 = 300_000;
const SOURCE: &str = "test:fps=20,size=800x208";

#[test]
fn an_exported_clip_survives_a_handover_and_a_power_cut_in_its_middle_byte_for_byte() -> Result<()>
{
    let plan = Plan::calm().no_agent().agent_over(LinkKind::CELL_HANDOVER);
    tell(plan, |story| async move {
        let export = workspace().join(EXPORT);
        story.imports(&export).await?;
        story.start_agent(SOURCE, &[]).await?;
        arrived(&story, FIRST_PART, secs(15)).await?;
        story.agent_link()?.trouble().await?;
        arrived(&story, SECOND_PART, secs(20)).await?;
        let mut agent = story.agent().await;
        let agent = agent.as_mut().context("an agent")?;
        agent.kill().await;
        agent.start_again()?;
        let kept = until("the whole clip", secs(30), || async {
            let there = half(&story)?;
            ensure!(
                there.is_none_or(|there| there >= SECOND_PART),
                "it began anew: {there:?} bytes"
            );
            Ok(files(&story, "dcm")?.pop())
        })
        .await?;
        ensure!(fs::read(kept)? == fs::read(&export)?, "bytes were altered");
        Ok(())
    })
}

/// Waits until so many bytes of a clip are at the relay.
async fn arrived(story: &Story, bytes: u64, within: Duration) -> Result<()> {
    until("a part of the clip", within, || async {
        Ok(half(story)?.filter(|there| *there >= bytes).map(drop))
    })
    .await
}

/// How much of a clip is there; nothing before it begins and after it is whole.
fn half(story: &Story) -> Result<Option<u64>> {
    let half = files(story, "half")?.pop();
    Ok(half.and_then(|half| Some(fs::metadata(half).ok()?.len())))
}

/// The relay's files of this consult's clips.
fn files(story: &Story, kind: &str) -> Result<Vec<PathBuf>> {
    let folder = story
        .folder()
        .join("relay/clips")
        .join(story.consult().to_string());
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let all = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let all: Result<Vec<PathBuf>> = all.collect();
    Ok(all?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|it| it == kind))
        .collect())
}
