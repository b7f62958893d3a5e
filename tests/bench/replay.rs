//! Replay: from opening a saved clip until its first frame is on the glass, and from asking for a frame until that very
//! frame is there, held against the barcode in its pixels.
//!
//! Two clips are measured: one of evenly captured frames, one whose agent stumbled. Invariant: a frame counts as wrong when its
//! pixels are not those of the captured frame that the relay's table names, and also when no barcode can be read.

use crate::figures::{Figures, Spread};
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;
use stories::person::{Person, same_frame};
use stories::story::{Plan, Story};
use wire::ClipId;

/// Seeks over both clips.
const SEEKS: usize = 10_000;
/// Times that each clip is opened, each on a page that has loaded nothing of the player yet.
const OPENINGS: usize = 10;
/// Frames before a save: six seconds at 30 per second.
const FRAMES_BEFORE: u32 = 190;
/// How long the agent stands still while the uneven clip is captured, in milliseconds.
const STUMBLES_MS: [u64; 6] = [60, 240, 90, 150, 400, 75];
const LIMIT: Duration = Duration::from_secs(30);

/// Measures `replay_*`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let story = Story::start(
        Plan::default()
            .source("test:fps=30,size=800x600")
            .release()
            .limit(Duration::from_secs(900)),
    )
    .await?;
    let (doctor, bedside) = (story.cardiologist().await?, story.bedside().await?);
    let (mut first, mut seek, mut wrong) = (Vec::new(), Vec::new(), 0_usize);
    for uneven in [false, true] {
        let clip = saved(&story, &doctor, &bedside, uneven).await?;
        for _ in 0..OPENINGS {
            doctor.reloads().await?;
            doctor.looks_at_clips().await?;
            doctor.finds_clip_within(LIMIT).await?;
            first.push(doctor.opens_clip(clip).await?);
        }
        let table = doctor.frame_table(clip).await?;
        ensure!(table.frames.len() > 30, "the clip has hardly any frames");
        let frames = shuffled(table.frames.len(), SEEKS / 2, u64::from(uneven) + 1);
        for seen in doctor.seeks(&frames).await? {
            seek.push(seen.took_ms);
            wrong += usize::from(!same_frame(&table, seen)?);
        }
    }
    let first = Spread::of(first, "openings")?;
    let seek = Spread::of(seek, "seeks")?;
    figures.set("replay_first_frame_ms", first.p(50));
    figures.set("replay_seek_p50_ms", seek.p(50));
    figures.set("replay_seek_p95_ms", seek.p(95));
    #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
    figures.set("replay_wrong_frames", wrong as f64);
    figures.note(format!(
        "replay: {} openings (slowest {:.0} ms), {} seeks on even and uneven frame times",
        first.count(),
        first.p(100),
        seek.count()
    ));
    Ok(figures)
}

/// A clip that the relay has whole.
async fn saved(story: &Story, doctor: &Person, bedside: &Person, uneven: bool) -> Result<ClipId> {
    bedside.picture_moves_for(FRAMES_BEFORE, LIMIT).await?;
    if uneven {
        for span in STUMBLES_MS {
            let mut agent = story.agent().await;
            let program = agent.as_mut().context("an agent")?.program_mut();
            program.stumbles_for(Duration::from_millis(span)).await;
            drop(agent);
            bedside.picture_moves_for(15, LIMIT).await?;
        }
    }
    let before = doctor.finds_clip_within(Duration::from_secs(1)).await.ok();
    bedside.saves_clip().await?;
    let clip = loop {
        let found = doctor.finds_clip_within(LIMIT).await?;
        if Some(found) != before {
            break found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    doctor.clip_is_kept_within(clip, LIMIT).await?;
    Ok(clip)
}

/// `count` frames below `end` in an order that looks random and is the same in every run.
fn shuffled(end: usize, count: usize, seed: u64) -> Vec<usize> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    std::iter::repeat_with(|| {
        // Xorshift64.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0) % end
    })
    .take(count)
    .collect()
}
