//! Each real clip of the test data plays as a live probe, and what the cardiologist sees is that clip in its colours.

use anyhow::{Context, Result, ensure};
use echo_dicom::Clip;
use std::path::Path;
use stories::agent::dicom_source;
use stories::look::Look;
use stories::person::Person;
use stories::story::{Plan, Story, tell};
use stories::test_data;
use stories::wait::{secs, until};
use wire::FrameIndex;

/// Frames of a long clip that are looked at; the played one is among them or near one.
const FRAMES_LOOKED_AT: u32 = 24;
/// What coding, chroma at half size and limited range may change in the mean of a cell.
const MEAN_LEVELS: f64 = 4.0;
const WORST_LEVELS: u8 = 40;
/// From here on a cell has changed because the heart moved: coding the same frame again changes it less.
const MOVED_LEVELS: u8 = 8;

#[test]
fn every_sample_file_streams_in_its_own_colours() -> Result<()> {
    let Some(clips) = test_data::clips("dicom", "every_sample_file_streams")? else {
        return Ok(());
    };
    tell(
        Plan::calm().no_agent().limit(secs(150)),
        |story| async move {
            let doctor = story.cardiologist().await?;
            ensure!(clips.len() >= 13, "only {} clips are there", clips.len());
            for clip in &clips {
                let name = clip
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                streams(&story, &doctor, clip).await.with_context(|| name)?;
            }
            doctor.has_a_clean_console().await
        },
    )
}

async fn streams(story: &Story, doctor: &Person, path: &Path) -> Result<()> {
    let clip = path.to_owned();
    let truth = tokio::task::spawn_blocking(move || looks_of(&clip));
    story.start_agent(&dicom_source(path), &[]).await?;
    let truth = truth.await??;
    let nearest = until("the clip in its own colours", secs(10), || async {
        let Ok(seen) = doctor.looks().await else {
            return Ok(None);
        };
        let near = truth
            .iter()
            .map(|frame| (frame.distance(&seen), frame.worst(&seen)));
        Ok(near
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(mean, worst)| *mean < MEAN_LEVELS && *worst < WORST_LEVELS))
    });
    nearest.await?;
    // A still as well: the last picture is sent again, so that nobody takes it for a dead stream.
    doctor.picture_moves_for(3, secs(5)).await?;
    // For the same reason fresh times do not show that a clip is played.
    if truth.len() > 1 {
        shows_two_frames(doctor).await?;
    }
    Ok(())
}

async fn shows_two_frames(doctor: &Person) -> Result<()> {
    let first = doctor.looks().await?;
    until("another frame of the clip", secs(5), || async {
        let seen = doctor.looks().await?;
        Ok((seen.worst(&first) >= MOVED_LEVELS).then_some(()))
    })
    .await
}

fn looks_of(path: &Path) -> Result<Vec<Look>> {
    let clip = Clip::open(path)?;
    let frames = clip.header().frames;
    let step = frames.div_ceil(FRAMES_LOOKED_AT).max(1) as usize;
    (0..frames)
        .step_by(step)
        .map(|n| Ok(Look::of(&clip.frame(FrameIndex(n))?)))
        .collect()
}
