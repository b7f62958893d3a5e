//! The memory that reading foreign clips costs: the most that the relay and the process that decodes for it ever had in RAM
//! (`VmHWM`), over the relay at rest.
//!
//! Every real clip of some size is shown frame by frame, whatever its coding, and beside them one of 1920 × 1080 in colour, the largest
//! picture of a scanner, uncompressed and as JPEG without loss. Each becomes a case, for which its frames are decoded and coded again. Invariant: the reader with the most counts, and all of it: at rest there is none.

use crate::figures::Figures;
use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use stories::binaries::workspace;
use stories::machine::{children, memory, peak_memory};
use stories::person::Person;
use stories::story::{Plan, Story};
use stories::test_data::clips;
use wire::people::Role;

/// What is smaller costs less than the program itself.
const LEAST_BYTES: u64 = 100_000;
const LIMIT: Duration = Duration::from_secs(120);
/// Nothing more comes after so long without a clip.
const SETTLED: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(200);

/// All frames of all clips of the consult, one after the other; how many came.
const SHOW_ALL: &str = "async (clip) => {
    const grant = JSON.parse(sessionStorage.getItem('hibiki.session'));
    const path = `/api/v1/consults/${grant.consult}/clips/${clip}`;
    const ask = (path) => fetch(path, { headers: { 'hibiki-session': grant.session } });
    const table = await ask(path);
    if (!table.ok) return 0;
    const { frames } = await table.json();
    let came = 0;
    for (const index of frames.keys()) {
        const frame = await ask(`${path}/frames/${index}`);
        await frame.arrayBuffer();
        if (frame.ok) came += 1;
    }
    return came; }";
/// A case of one clip; a clip without regions is decoded as little as it should be, and gives a case without it.
const MAKE: &str = "async ([consult, clip]) => {
    const grant = JSON.parse(sessionStorage.getItem('hibiki.session'));
    const facts = { title: 'Bench', findings: [], difficulty: 1, collections: [], consent: 'teaching', licence: 'bench', expiresAt: 4000000000000000 };
    const headers = { 'hibiki-session': grant.session, 'content-type': 'application/json' };
    const answer = await fetch('/api/v1/cases', { method: 'POST', headers, body: JSON.stringify({ consult, clips: [clip], facts }) });
    return answer.ok; }";
/// Clips that are whole here.
const KEPT: &str = "() => [...document.querySelectorAll('[data-testid=clip]:has([data-stage=kept])')].map((clip) => clip.dataset.clip)";

/// The relay may refuse some that the device took: what counts is there when nothing more has come for a while.
async fn kept_in_the_end(trainer: &Person) -> Result<Vec<String>> {
    let end = Instant::now() + LIMIT;
    let (mut kept, mut since) = (Vec::new(), Instant::now());
    while Instant::now() < end && (kept.is_empty() || since.elapsed() < SETTLED) {
        tokio::time::sleep(LOOK).await;
        let now: Vec<String> = trainer.page().eval(KEPT, ()).await?;
        if now.len() != kept.len() {
            (kept, since) = (now, Instant::now());
        }
    }
    ensure!(!kept.is_empty(), "no clip came to the relay");
    Ok(kept)
}

/// Measures `decode_memory_mb`; without real clips there is nothing to say.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let Some(mut files) = large_ones()? else {
        return Ok(figures);
    };
    let folder = tempfile::tempdir().context("make a folder for large pictures")?;
    files.extend(largest_pictures(folder.path())?);
    let story = Story::start(Plan::default().no_agent().release().limit(LIMIT)).await?;
    let relay = story.relay().await.program().pid();
    let idle = memory(relay)?;
    let mut taken = 0;
    for file in &files {
        taken += usize::from(story.imports(file).await.is_ok());
    }
    ensure!(taken > 0, "no real clip was taken");
    story.start_agent("test:fps=5,size=320x240", &[]).await?;
    let trainer = story.arrives(Role::Trainer).await?;
    trainer.looks_at_clips().await?;
    let kept = kept_in_the_end(&trainer).await?;
    let (frames, mut most) = shows_all(&trainer, &kept, relay).await?;
    story.closes_consult().await?;
    let mut cases = 0;
    for clip in &kept {
        let made: bool = trainer.page().eval(MAKE, (story.consult(), clip)).await?;
        cases += usize::from(made);
        most = most.max(most_of(&children(relay)?));
    }
    let peak = peak_memory(relay)?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    figures.set(
        "decode_memory_mb",
        (peak + most).saturating_sub(idle) as f64 / 1_048_576.0,
    );
    figures.note(format!(
        "decode: {frames} frames of {} clips and {cases} cases of them; the relay {} MiB at rest and {} MiB at most, a reader {} MiB",
        kept.len(),
        idle >> 20,
        peak >> 20,
        most >> 20,
    ));
    Ok(figures)
}

fn large_ones() -> Result<Option<Vec<PathBuf>>> {
    let Some(mut files) = clips("dicom", "decode_memory_mb")? else {
        return Ok(None);
    };
    files.retain(|file| std::fs::metadata(file).is_ok_and(|about| about.len() >= LEAST_BYTES));
    Ok(Some(files))
}

/// Colour of 1920 × 1080, as handhelds store it and packed without loss by dcmtk, where that is installed.
fn largest_pictures(folder: &Path) -> Result<Vec<PathBuf>> {
    let sample = |seed: &str| -> Result<PathBuf> {
        let place = folder.join(seed);
        let made = Command::new(workspace().join("target/release/sample-dicom"))
            .args(["--view", "plax", "--uncompressed", "--frames", "3"])
            .args(["--size", "1920x1080", "--seed", seed, "--out"])
            .arg(&place)
            .status()
            .context("run sample-dicom")?;
        ensure!(made.success(), "sample-dicom: {made}");
        Ok(place.join("plax.dcm"))
    };
    let mut files = vec![sample("1")?];
    let (plain, packed) = (sample("2")?, folder.join("lossless.dcm"));
    let done = Command::new("dcmcjpeg").arg(plain).arg(&packed).status();
    if done.is_ok_and(|done| done.success()) {
        files.push(packed);
    }
    Ok(files)
}

async fn shows_all(trainer: &Person, clips: &[String], relay: i32) -> Result<(u32, u64)> {
    let (mut frames, mut most) = (0, 0);
    for clip in clips {
        let came: u32 = trainer.page().eval(SHOW_ALL, clip).await?;
        ensure!(came > 0, "no frame of a clip was shown");
        frames += came;
        most = most.max(most_of(&children(relay)?));
    }
    ensure!(most > 0, "nobody decoded");
    Ok((frames, most))
}

/// One that has gone meanwhile has nothing to say.
fn most_of(readers: &[i32]) -> u64 {
    let all = readers.iter().filter_map(|pid| peak_memory(*pid).ok());
    all.max().unwrap_or(0)
}
