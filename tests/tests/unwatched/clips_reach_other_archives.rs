//! Somebody else's archive gets the clips of consults by themselves, and finds, fetches and fills what is here.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use stories::binaries::{Binaries, workspace};
use stories::orthanc::{Orthanc, TITLE};
use stories::relay::{Family, Relay};
use stories::story::{Plan, tell};
use stories::test_data::skipped;
use stories::wait::{secs, until};

/// A clip is written, travels and is stored on a busy machine.
const CLIP_COMES: std::time::Duration = secs(40);

#[test]
fn a_clip_saved_at_the_bedside_reaches_orthanc_which_may_also_ask_for_it_and_fetch_it() -> Result<()>
{
    let folder = tempfile::tempdir()?;
    let Some(orthanc) = Orthanc::start(folder.path())? else {
        return skipped(
            "clips_reach_other_archives",
            "no Orthanc (`make setup` installs it)",
        );
    };
    let at = orthanc.dicom();
    let (to, back) = (format!("pacs={TITLE}@{at}"), format!("{TITLE}@{at}"));
    let plan = Plan::calm().relay_flags(&[
        "--dicom-listen",
        "127.0.0.1:0",
        "--dicom-peers",
        TITLE,
        "--dicom-readers",
        TITLE,
        "--dicom-destinations",
        &back,
        "--forward-to",
        &to,
        "--forward-consults",
        "pacs",
    ]);
    tell(plan, |story| async move {
        story.picture_arrives_within(secs(10)).await?;
        until("a clip to be saved", secs(10), async || {
            Ok(story.saves_at_the_device().await.ok())
        })
        .await?;
        holds(&orthanc, [1, 1, 1]).await?;
        let saved = orthanc.tags().await?;
        let studies = orthanc.studies().await?;
        let [study] = &studies[..] else {
            anyhow::bail!("not one study");
        };
        orthanc.forgets(study).await?;
        let dicom = story.relay().await.announced().dicom;
        let dicom = dicom.context("the relay takes DICOM")?;
        orthanc.knows_within("HIBIKI", dicom, secs(10)).await?;
        finds_and_fetches(&orthanc, "Study", json!({ "PatientName": "" })).await?;
        holds(&orthanc, [1, 1, 1]).await?;
        ensure!(orthanc.tags().await? == saved, "it came back altered");
        orthanc.forgets(study).await?;
        orthanc
            .stores_within(&phantom("plax_small.dcm"), secs(10))
            .await?;
        orthanc.sends_all().await?;
        finds_and_fetches(&orthanc, "Patient", json!({ "PatientID": "FAKE-000000" })).await
    })
}

#[test]
fn what_arrives_reaches_orthanc_over_the_web() -> Result<()> {
    let runtime = stories::story::runtime()?;
    runtime.block_on(runtime.spawn(async {
        let folder = tempfile::tempdir()?;
        let Some(orthanc) = Orthanc::with_dicomweb(folder.path()).await? else {
            return skipped(
                "clips_reach_other_archives",
                "no Orthanc with DICOMweb (`make setup` installs it)",
            );
        };
        let to = format!("web={}/dicom-web", orthanc.door());
        let flags = [
            "--dicom-listen",
            "127.0.0.1:0",
            "--dicom-peers",
            "DCMSEND",
            "--forward-to",
            &to,
            "--forward-everything",
            "web",
        ]
        .map(str::to_owned);
        let data = folder.path().join("relay");
        let relay = Relay::start(&Binaries::get().await?, &data, Family::V4, &flags).await?;
        let dicom = relay.announced().dicom.context("the relay takes DICOM")?;
        let sent = Command::new("dcmsend")
            .args(["-aet", "DCMSEND", "-aec", "HIBIKI"])
            .args([dicom.ip().to_string(), dicom.port().to_string()])
            .args(["plax_small.dcm", "a4c_small_uncompressed.dcm"].map(phantom))
            .output()
            .context("dcmsend of dcmtk")?;
        let said = String::from_utf8_lossy(&sent.stderr);
        ensure!(sent.status.success(), "{said}");
        holds(&orthanc, [1, 1, 2]).await
    }))?
}

fn phantom(name: &str) -> PathBuf {
    workspace().join("sample-dicom").join(name)
}

/// What is here is found as soon as it is indexed.
async fn finds_and_fetches(orthanc: &Orthanc, level: &str, keys: Value) -> Result<()> {
    until("one to be found", secs(20), async || {
        Ok((orthanc.fetches(level, &keys).await? == 1).then_some(()))
    })
    .await
}

async fn holds(orthanc: &Orthanc, counts: [usize; 3]) -> Result<()> {
    until("the clip to be in Orthanc", CLIP_COMES, async || {
        Ok((orthanc.holds().await.ok() == Some(counts)).then_some(()))
    })
    .await
}
