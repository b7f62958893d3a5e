//! The library of cases: from the press on a case until its first frame is painted, and the same of a stored clip of 120 frames
//! in the player of a consult.
//!
//! The clip is one that a handheld exported. Each opening is on a page that was just loaded; the browser has the page's scripts,
//! as it has in the field. Invariant: a frame counts when the browser painted it, not when its bytes came.

use crate::figures::{Figures, Spread};
use crate::phantom::phantom;
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;
use stories::person::Person;
use stories::story::{Plan, Story};
use stories::test_data::folder;
use wire::ClipId;
use wire::people::Role;

/// Times that each is opened; the first one warms up.
const OPENINGS: usize = 10;
const WARM_UP: usize = 1;
/// The clip that the figure is about.
const FRAMES: usize = 120;
const REAL: &str = "dicom/01_sonosite_echo_480x640x120_jpegbaseline.dcm";
/// What runs beside it is not what is measured.
const SOURCE: &str = "test:fps=5,size=320x240";
const LIMIT: Duration = Duration::from_secs(60);

/// Makes a case of a clip, ticks it and publishes it, as its pages do.
const MAKE: &str = "async ([consult, clip]) => {
    const grant = JSON.parse(sessionStorage.getItem('hibiki.session'));
    const ask = async (path, body) => {
        const headers = { 'hibiki-session': grant.session, 'content-type': 'application/json' };
        const answer = await fetch(`/api/v1/cases${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
        if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
        return answer.json();
    };
    const facts = { title: 'Bench', findings: [], difficulty: 1, collections: [], consent: 'teaching', licence: 'bench', expiresAt: 4000000000000000 };
    const { summary, typed, clips } = await ask('', { consult, clips: [clip], facts });
    await ask(`/${summary.case}/looks`, { digest: typed.digest });
    for (const { number, made } of clips) await ask(`/${summary.case}/clips/${number}/looks`, { digest: made.digest });
    const published = await ask(`/${summary.case}/publication`, {});
    return published.summary.state; }";
/// Presses and waits until the picture is painted: in the second frame after it was decoded it has been on the glass.
const OPEN: &str = "() => new Promise((resolve) => {
    const from = performance.now();
    document.querySelector('[data-testid=case-open]').click();
    const look = () => {
        const picture = document.querySelector('[data-testid=case-picture]');
        if (!picture?.complete || picture.naturalWidth === 0) return requestAnimationFrame(look);
        picture.decode().then(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - from))));
    };
    look(); })";

/// Measures `case_open_ms` and `stored_first_frame_ms`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let (made, _) = phantom()?;
    let real = folder().map(|folder| folder.join(REAL));
    let file = real.filter(|path| path.is_file());
    let is_real = file.is_some();
    let file = file.unwrap_or_else(|| made.path().join("a4c.dcm"));
    let story = Story::start(Plan::default().no_agent().release()).await?;
    story.imports(&file).await?;
    story.start_agent(SOURCE, &[]).await?;
    let trainer = story.arrives(Role::Trainer).await?;
    let clip = arrived(&trainer).await?;
    let mut stored = Vec::new();
    for _ in 0..OPENINGS + WARM_UP {
        trainer.reloads().await?;
        trainer.looks_at_clips().await?;
        trainer.finds_clip_within(LIMIT).await?;
        stored.push(trainer.opens_clip(clip).await?);
    }
    let frames = trainer.frame_table(clip).await?.frames.len();
    ensure!(frames >= FRAMES, "the clip has only {frames} frames");
    story.closes_consult().await?;
    let state: String = trainer.page().eval(MAKE, (story.consult(), clip)).await?;
    ensure!(state == "published", "the case is {state}");
    let library = format!("{}/cases", story.door().origin());
    let mut opened = Vec::new();
    for _ in 0..OPENINGS + WARM_UP {
        trainer.page().goto(&library).await?;
        let case = "[data-testid=case-open]";
        trainer.page().visible(case, LIMIT).await?;
        opened.push(trainer.page().eval(OPEN, ()).await?);
    }
    let [stored, opened] = [stored, opened].map(|mut all: Vec<f64>| {
        all.drain(..WARM_UP);
        Spread::of(all, "openings")
    });
    let (stored, opened) = (stored?, opened?);
    // The slowest, because a person who waits does not wait for the middle one.
    figures.set("stored_first_frame_ms", stored.p(100));
    figures.set("case_open_ms", opened.p(100));
    figures.note(format!(
        "cases: the slowest of {} openings each of {frames} frames of a {} (p50 {:.0} ms in the library, {:.0} ms in the consult)",
        opened.count(),
        if is_real { "handheld" } else { "phantom" },
        opened.p(50),
        stored.p(50),
    ));
    Ok(figures)
}

async fn arrived(trainer: &Person) -> Result<ClipId> {
    let clip = trainer.finds_clip_within(LIMIT).await;
    let clip = clip.context("the clip came to the relay")?;
    trainer.clip_is_kept_within(clip, LIMIT).await?;
    Ok(clip)
}
