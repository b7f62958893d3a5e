//! The most that the agent ever had in RAM (`VmHWM`): a full ring, the live encoder, a beat that travels and as many saves at once
//! as it takes.
//!
//! The bound is what is configured and named in the agent, not what was seen once. Called after the other figures of saving.

use crate::beat;
use crate::clip::press;
use crate::figures::Figures;
use anyhow::{Context, Result, ensure};
use std::time::Duration;
use stories::binaries::Binaries;
use stories::machine::peak_memory;
use stories::story::{Plan, Story};

/// More seconds than the bytes have room for, so that it is the bytes that bound the ring: 277 MiB in 20 s.
const RING_SECONDS: &str = "20";
const RING_MIB: &str = "256";
const SECONDS: u64 = 6;
/// The agent's bound of this name: saves that wait beside the one under way.
const MAX_WAITING_SAVES: usize = 2;
/// The agent's bound of this name: coded frames of a beat.
const MAX_BEAT_BYTES: f64 = 64.0 * 1_048_576.0;
/// A second of 800 x 600 at 30 per second.
const SECOND_BYTES: f64 = 30.0 * 800.0 * 600.0;
/// Of one save, whose frames may all have left the ring while the disk writes.
const SAVE_BYTES: f64 = 6.0 * SECOND_BYTES;
/// Frames of a beat that are not coded yet, and may have left the ring too.
const BEAT_FRAMES_BYTES: f64 = 3.0 * SECOND_BYTES;
/// Program, encoders, journal and connection.
const EVERYTHING_ELSE_BYTES: f64 = 100e6;
const LIMIT: Duration = Duration::from_secs(30);

/// In megabytes.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) const BOUND_MB: f64 = (256.0 * 1_048_576.0
    + (MAX_WAITING_SAVES + 1) as f64 * SAVE_BYTES
    + BEAT_FRAMES_BYTES
    + MAX_BEAT_BYTES
    + EVERYTHING_ELSE_BYTES)
    / 1e6;

/// Measures `agent_memory_mb`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let binaries = Binaries::release()?;
    let ring = ["--ring-seconds", RING_SECONDS, "--ring-megabytes", RING_MIB];
    let plan = Plan::default()
        .source("test:fps=30,size=800x600")
        .agent_flags(&ring)
        .release();
    let story = Story::start(plan).await?;
    let doctor = story.cardiologist().await?;
    doctor.sees_picture_within(LIMIT).await?;
    tokio::time::sleep(Duration::from_secs(22)).await; // The ring fills up.
    doctor.freezes().await?;
    doctor.sees_the_original_within(LIMIT).await?;
    let spool = story.folder().join("spool");
    let saves: Vec<_> = (0..=MAX_WAITING_SAVES)
        .map(|_| {
            let (agent, spool) = (binaries.agent.clone(), spool.clone());
            tokio::task::spawn_blocking(move || press(&agent, &spool, SECONDS))
        })
        .collect();
    beat::plays(&doctor, &doctor).await?;
    for save in saves {
        let said = save.await??;
        ensure!(said.is_finished(), "a save of three was not taken");
    }
    let agent = story.agent().await;
    let agent = agent.as_ref().context("the agent runs")?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let peak = peak_memory(agent.program().pid())? as f64 / 1e6;
    figures.set("agent_memory_mb", peak);
    Ok(figures)
}
