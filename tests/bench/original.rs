//! Freeze: from the cardiologist's word to the relay until the last of three pages stands on the frame, and until the bedside
//! has proven the original of it, on one host clock.
//!
//! The end is the moment at which the page says so, after decoding and recomputing the digest; drawing follows within a frame.

use crate::figures::{Figures, Spread};
use crate::phantom::phantom;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::time::Duration;
use stories::link::LinkKind;
use stories::person::Person;
use stories::story::{Plan, Story};
use wire::people::Role;

/// Freezes that count; the first ones warm up.
const FREEZES: usize = 30;
const WARM_UP: usize = 2;
/// Frames between two of them.
const BETWEEN: u32 = 10;
/// The same on a weak link, where each takes a second.
const FREEZES_WEAK: usize = 9;
/// Frames between two of these.
const BETWEEN_WEAK: u32 = 45;
const LIMIT: Duration = Duration::from_secs(8);

/// When this page last asked for a freeze.
const ASKED_AT: &str = "() => hibikiWitness.messages.findLast((m) => m.dir === 'out' && m.message.type === 'freeze')?.at ?? null";
/// When this page first said, after a moment, that it stands still, and that it shows the original.
const STOOD_AT: &str =
    "(after) => { const said = hibikiWitness.sceneries.filter((s) => s.at > after);
    const still = said.find((s) => s.scenery.startsWith('frozen') && s.scenery !== 'frozenMissing');
    const original = said.find((s) => s.scenery === 'frozenOriginal');
    return still && original ? { still: still.at, original: original.at } : null; }";

#[derive(Debug, Deserialize)]
struct Stood {
    still: f64,
    original: f64,
}

/// Measures `freeze_*` and `original_*`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let (_clip, source) = phantom()?;
    let story = Story::start(Plan::default().source(source).release()).await?;
    let bedside = story.bedside().await?;
    let doctor = story.cardiologist().await?;
    let observer = story.arrives(Role::Observer).await?;
    observer.sees_picture_within(LIMIT).await?;
    bedside.sees_picture_within(LIMIT).await?;
    doctor.sees_picture_within(LIMIT).await?;
    let (mut still, mut original) = (Vec::new(), Vec::new());
    for n in 0..WARM_UP + FREEZES {
        doctor.picture_moves_for(BETWEEN, LIMIT).await?;
        let (asked, stood) = freeze(&doctor, &bedside).await?;
        let mut last = stood.still;
        for person in [&doctor, &observer] {
            last = last.max(stands(person, asked).await?.still);
        }
        if n >= WARM_UP {
            still.push(last - asked);
            original.push(stood.original - asked);
        }
        doctor.releases().await?;
    }
    let still = Spread::of(still, "freezes")?;
    figures.set("freeze_p50_ms", still.p(50));
    figures.set("freeze_p99_ms", still.p(99));
    let original = Spread::of(original, "originals")?;
    figures.set("original_p50_ms", original.p(50));
    figures.set("original_p99_ms", original.p(99));
    Ok(figures)
}

/// Measures `original_2mbit_*`: the same behind a link of 2 Mbit/s, of which the picture has three quarters until then.
pub(crate) async fn measure_weak(mut figures: Figures) -> Result<Figures> {
    let (_clip, source) = phantom()?;
    let plan = Plan::default()
        .source(source)
        .agent_flags(&["--bit-rate", "1500"])
        .agent_over(LinkKind::TWO_MEGABITS);
    let story = Story::start(plan.release()).await?;
    let bedside = story.bedside().await?;
    let doctor = story.cardiologist().await?;
    bedside.sees_picture_within(LIMIT).await?;
    doctor.sees_picture_within(LIMIT).await?;
    let mut original = Vec::new();
    for n in 0..WARM_UP + FREEZES_WEAK {
        // Until the picture has its bits again.
        doctor.picture_moves_for(BETWEEN_WEAK, LIMIT).await?;
        let (asked, stood) = freeze(&doctor, &bedside).await?;
        if n >= WARM_UP {
            original.push(stood.original - asked);
        }
        doctor.releases().await?;
    }
    let original = Spread::of(original, "originals behind a weak link")?;
    figures.set("original_2mbit_p50_ms", original.p(50));
    Ok(figures)
}

/// When it was asked, and when the bedside stood.
async fn freeze(doctor: &Person, bedside: &Person) -> Result<(f64, Stood)> {
    doctor.freezes().await?;
    let asked: Option<f64> = doctor.page().eval(ASKED_AT, ()).await?;
    let asked = asked.context("the page asked for a freeze")?;
    Ok((asked, stands(bedside, asked).await?))
}

async fn stands(person: &Person, asked: f64) -> Result<Stood> {
    let page = person.page();
    page.until("the original", LIMIT, STOOD_AT, asked).await
}
