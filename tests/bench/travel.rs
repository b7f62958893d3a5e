//! A clip on its way: from its offer until the relay has it durable, on the page's clock, and what the glass beside it shows
//! while the clip is written and while it travels.
//!
//! The real agent captures 800 x 600 at 30 per second, sends 2 Mbit/s and is pressed by the real `save` command. A clip has
//! the size that its pixels give; the time is told for `NAMED_BYTES`, and the sizes are noted. The phase of the camera against
//! the display adds up to one refresh, and moves idle and busy frames alike; so, as for the glass, several agents are
//! started at random moments and their frames are pooled.

use crate::clip::press;
use crate::figures::{Figures, Spread};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::time::Duration;
use stories::binaries::Binaries;
use stories::person::{Person, SeenFrame};
use stories::story::{Plan, Story};

/// Agents started anew, each at another phase.
const RUNS: usize = 5;
/// Clips of one agent that count; one more warms up.
const CLIPS: usize = 4;
/// Of 800 x 600 at 30 per second this gives about the size that is named.
const SECONDS: u64 = 2;
/// The clip that the target names.
const NAMED_BYTES: f64 = 6e6;
const WARM_UP: Duration = Duration::from_secs(2);
/// Nothing but the picture goes on.
const IDLE: Duration = Duration::from_secs(6);
const LIMIT: Duration = Duration::from_secs(30);

const WALL: &str = "() => hibikiWitness.wall()";
/// When the page heard that a clip was offered and that it is kept, and its size.
const SEEN: &str = "(clip) => { const entries = hibikiWitness.messages.filter((m) => m.dir === 'in' && m.message.type === 'entries')
        .flatMap((m) => m.message.entries.map((e) => ({ at: m.at, event: e.event })));
    const offered = entries.find((e) => e.event.type === 'clipSaved' && e.event.head.clip === clip);
    const kept = entries.find((e) => e.event.type === 'clipKept' && e.event.clip === clip);
    return offered && kept ? { offered: offered.at, kept: kept.at, bytes: offered.event.head.bytes } : null; }";

#[derive(Debug, Deserialize)]
struct Seen {
    offered: f64,
    kept: f64,
    bytes: f64,
}

/// Measures `clip_over_webrtc_s` and `glass_p99_*`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let binaries = Binaries::release()?;
    let story = Story::start(Plan::default().no_agent().release()).await?;
    let doctor = story.cardiologist().await?;
    let spool = story.folder().join("spool");
    let (mut took, mut megabytes) = (Vec::new(), Vec::new());
    let (mut idle, mut saving, mut travelling) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        story
            .start_agent("test:fps=30,size=800x600", &["--bit-rate", "2000"])
            .await?;
        doctor.reloads().await?;
        doctor.sees_picture_within(LIMIT).await?;
        idle.extend(ages(&doctor.picture_moves_for_time(WARM_UP, IDLE).await?));
        for n in 0..=CLIPS {
            tokio::time::sleep(Duration::from_secs(SECONDS + 1)).await;
            let pressed: f64 = doctor.page().eval(WALL, ()).await?;
            let (agent, folder) = (binaries.agent.clone(), spool.clone());
            let said =
                tokio::task::spawn_blocking(move || press(&agent, &folder, SECONDS)).await??;
            let seen: Seen = doctor
                .page()
                .until("the clip to be kept", LIMIT, SEEN, said.clip)
                .await?;
            if n == 0 {
                continue;
            }
            took.push((seen.kept - seen.offered) / 1e3 * NAMED_BYTES / seen.bytes);
            megabytes.push(seen.bytes / 1e6);
            saving.extend(between(&doctor, pressed, seen.offered).await?);
            travelling.extend(between(&doctor, seen.offered, seen.kept).await?);
        }
    }
    let took = Spread::of(took, "clips on their way")?;
    figures.set("clip_over_webrtc_s", took.p(50));
    let idle = Spread::of(idle, "an idle glass")?;
    let saving = Spread::of(saving, "the glass while clips are written")?;
    let travelling = Spread::of(travelling, "the glass while clips travel")?;
    figures.set("glass_p99_saving_ratio", saving.p(99) / idle.p(99));
    figures.set("glass_p99_travelling_ratio", travelling.p(99) / idle.p(99));
    figures.note(format!(
        "clips of {:.1} MB (p50) over WebRTC; glass p99 {:.1} ms idle, {:.1} ms while one is written ({} frames), {:.1} ms while one travels ({} frames)",
        Spread::of(megabytes, "sizes")?.p(50),
        idle.p(99),
        saving.p(99),
        saving.count(),
        travelling.p(99),
        travelling.count(),
    ));
    Ok(figures)
}

async fn between(person: &Person, from: f64, until: f64) -> Result<Vec<f64>> {
    let frames = person
        .frames()
        .await
        .context("the frames that were painted")?;
    let within: Vec<SeenFrame> = frames
        .into_iter()
        .filter(|frame| frame.at >= from && frame.at < until)
        .collect();
    Ok(ages(&within))
}

fn ages(frames: &[SeenFrame]) -> Vec<f64> {
    frames.iter().filter_map(|frame| frame.age_ms).collect()
}
