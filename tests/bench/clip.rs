//! Save clip: from the press until the clip is safe on the device, and until its DICOM object is finished there.
//!
//! The real agent captures 800 x 600 at 30 per second into its ring and is pressed by the real `save` command; the times
//! are the agent's own, from the press, by one clock. It publishes nowhere: what the relay adds is `clip_over_webrtc_s`.

use crate::figures::{Figures, Spread};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use stories::agent::Agent;
use stories::binaries::Binaries;
use stories::wait::until;
use wire::ClipId;

/// Presses that count; the first one warms up.
const PRESSES: usize = 5;
const SECONDS: u64 = 6;
const LIMIT: Duration = Duration::from_secs(30);
/// Frames that 6 s at 30 per second must give, with one or two lost to rounding and a busy machine.
const LEAST_FRAMES: u32 = 170;

/// What `capture-agent save --json` prints.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Said {
    pub(crate) clip: ClipId,
    frames: u32,
    safe_ms: Option<f64>,
    finished_ms: Option<f64>,
}

impl Said {
    /// Whether its object was finished.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished_ms.is_some()
    }
}

/// Measures `save_clip_*`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let binaries = Binaries::release()?;
    let folder = tempfile::tempdir().context("make a folder for the spool")?;
    let spool = folder.path().join("spool");
    let args = ["run", "--source", "test:fps=30,size=800x600", "--spool"]
        .map(str::to_owned)
        .into_iter()
        .chain([spool.display().to_string()])
        .collect();
    let _agent = Agent::start(&binaries, args)?;
    let door = spool.join("door.json");
    until("the agent's door", LIMIT, || {
        let there = door.exists();
        async move { Ok(there.then_some(())) }
    })
    .await?;
    let (mut safe, mut finished) = (Vec::new(), Vec::new());
    for n in 0..=PRESSES {
        // The ring fills up, and the disk comes to rest.
        tokio::time::sleep(Duration::from_secs(SECONDS + 1)).await;
        let said = press(&binaries.agent, &spool, SECONDS)?;
        ensure!(said.frames >= LEAST_FRAMES, "only {} frames", said.frames);
        if n > 0 {
            safe.push(said.safe_ms.context("it was safe")?);
            finished.push(said.finished_ms.context("it was finished")?);
        }
    }
    figures.set("save_clip_safe_ms", Spread::of(safe, "saves")?.p(50));
    let finished = Spread::of(finished, "objects")?;
    figures.set("save_clip_dicom_ms", finished.p(50));
    Ok(figures)
}

/// Saves the last seconds and waits until the object is finished.
pub(crate) fn press(agent: &Path, spool: &Path, seconds: u64) -> Result<Said> {
    let output = Command::new(agent)
        .args(["save", "--json", "--finished", "--seconds"])
        .arg(seconds.to_string())
        .arg("--spool")
        .arg(spool)
        .output()
        .context("run the save command")?;
    serde_json::from_slice(&output.stdout).context("understand the save command")
}
