//! Capture to glass: from the moment a frame was captured until the browser's callback for its painted picture, by the
//! barcode in the picture, on the product's own consult page, through the relay. And the agent's own share of it.
//!
//! The phase of the camera against the display adds up to one refresh, so several runs with an agent started at a random
//! moment are pooled. Photons, that is camera and panel, are outside.

use crate::figures::{Figures, Spread};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::time::Duration;
use stories::person::SeenFrame;
use stories::story::{Plan, Story};
use stories::wait::secs;

/// Agents started anew, each at another phase.
const RUNS: usize = 5;
/// Left out at the start of each run: connecting, first keyframes, caches.
const WARM_UP: Duration = Duration::from_millis(2_000);
const FIRST_PICTURE_LIMIT: Duration = Duration::from_secs(8);

/// Measures `glass_*` and `encode_*`.
pub(crate) async fn measure(mut figures: Figures, span: Duration) -> Result<Figures> {
    let keys = [
        "glass_30fps_p50_ms",
        "glass_30fps_p90_ms",
        "glass_30fps_p99_ms",
    ];
    measure_at(&mut figures, 30, span, keys).await?;
    let keys = [
        "glass_60fps_p50_ms",
        "glass_60fps_p90_ms",
        "glass_60fps_p99_ms",
    ];
    measure_at(&mut figures, 60, span, keys).await?;
    Ok(figures)
}

async fn measure_at(
    figures: &mut Figures,
    fps: u32,
    span: Duration,
    keys: [&'static str; 3],
) -> Result<()> {
    let story = Story::start(Plan::default().no_agent().release()).await?;
    let source = format!("test:fps={fps},size=800x600");
    let doctor = story.cardiologist().await?;
    let (mut ages, mut painted, mut captured, mut unread) = (Vec::new(), 0, 0, 0);
    for _ in 0..RUNS {
        story.start_agent(&source, &["--bit-rate", "2000"]).await?;
        doctor.reloads().await?;
        doctor.sees_picture_within(FIRST_PICTURE_LIMIT).await?;
        let frames = doctor.picture_moves_for_time(WARM_UP, span).await?;
        let (first, last) = (
            frames.first().context("frames")?,
            frames.last().context("frames")?,
        );
        captured += usize::from(
            last.n
                .context("barcode")?
                .wrapping_sub(first.n.context("barcode")?),
        ) + 1;
        painted += frames.len();
        unread += frames.iter().filter(|frame| frame.age_ms.is_none()).count();
        ages.extend(frames.iter().filter_map(|frame: &SeenFrame| frame.age_ms));
        if fps == 30 {
            // The agent tells its own times once a second; the last word of each run counts.
            encode_times(figures, &story).await?;
        }
    }
    ensure!(
        unread * 100 <= painted,
        "{unread} of {painted} barcodes could not be read"
    );
    let spread = Spread::of(ages, "capture to glass")?;
    for (key, percentile) in keys.into_iter().zip([50, 90, 99]) {
        figures.set(key, spread.p(percentile));
    }
    figures.note(format!(
        "glass {fps} fps: {} frames in {RUNS} runs, {painted} of {captured} captured frames painted, worst {:.1} ms",
        spread.count(),
        spread.p(100)
    ));
    Ok(())
}

/// What the agent says of one second.
#[derive(Debug, Deserialize)]
struct AgentTimes {
    encode: Percentiles,
}

#[derive(Debug, Deserialize)]
struct Percentiles {
    p50_ms: f64,
    p99_ms: f64,
}

async fn encode_times(figures: &mut Figures, story: &Story) -> Result<()> {
    let agent = story.agent().await;
    let program = agent.as_ref().context("an agent runs")?.program();
    let read = |line: &str| serde_json::from_str::<AgentTimes>(line.strip_prefix("» ")?).ok();
    let times = program
        .wait_for_line_after(program.said_so_far(), "its times", secs(3), read)
        .await?;
    figures.set("encode_p50_ms", times.encode.p50_ms);
    figures.set("encode_p99_ms", times.encode.p99_ms);
    Ok(())
}
