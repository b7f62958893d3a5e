//! Capture to glass: from the moment a frame was captured until the browser's callback for its painted picture, by the
//! barcode in the picture, on the product's own consult page, through the relay. And the agent's own share of it.
//!
//! The phase of the camera against the display adds up to one refresh, so several runs with an agent started at a random
//! moment are pooled. Photons, that is camera and panel, are outside.

use crate::figures::{Figures, Spread};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::path::Path;
use std::time::Duration;
use stories::person::SeenFrame;
use stories::story::{Plan, Story};

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
    let times = story.folder().join("times.json");
    let flags = [
        "--bit-rate",
        "2000",
        "--stats-json",
        &times.display().to_string(),
    ];
    let doctor = story.cardiologist().await?;
    let (mut ages, mut painted, mut captured, mut unread) = (Vec::new(), 0, 0, 0);
    for _ in 0..RUNS {
        story.start_agent(&source, &flags).await?;
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
    }
    if fps == 30 {
        agent_times(figures, &times)?;
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

/// The agent's own times, since it started.
#[derive(Debug, Deserialize)]
struct AgentTimes {
    total: Total,
}

#[derive(Debug, Deserialize)]
struct Total {
    encode: Percentiles,
    capture_to_sent: Percentiles,
}

#[derive(Debug, Deserialize)]
struct Percentiles {
    p50_ms: f64,
    p99_ms: f64,
}

fn agent_times(figures: &mut Figures, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file).context("the agent wrote no times")?;
    let AgentTimes { total } = serde_json::from_str(&text)?;
    figures.set("encode_p50_ms", total.encode.p50_ms);
    figures.set("encode_p99_ms", total.encode.p99_ms);
    figures.set("capture_to_sent_p50_ms", total.capture_to_sent.p50_ms);
    figures.set("capture_to_sent_p99_ms", total.capture_to_sent.p99_ms);
    Ok(())
}
