//! That beat again: from the cardiologist's word to the relay until the bedside page has the first original of it on the glass,
//! and until its loop plays, on one host clock.
//!
//! The loop plays when every frame is proven, or when the page foretells that each will be in time.

use crate::figures::{Figures, Spread};
use crate::phantom::phantom;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::time::Duration;
use stories::person::Person;
use stories::story::{Plan, Story};

/// Beats that count; the first one warms up.
const BEATS: usize = 7;
const WARM_UP: usize = 1;
/// Frames between two beats, so that none of the one before is kept already: more than three seconds.
const BETWEEN: u32 = 100;
const LIMIT: Duration = Duration::from_secs(15);

/// Notes when the page has the first frame on the glass, when it plays, and when all is proven.
const WATCH: &str = "() => { const seen = {}; window.beatSeen = seen; const look = () => { const beat = window.hibiki?.beat;
        if (beat) { const now = hibikiWitness.wall(); if (beat.at !== null) seen.first ??= now; if (beat.playing) seen.playing ??= now;
            if (beat.ended && beat.proven === beat.came) { seen.whole ??= now; seen.frames = beat.proven; } }
        if (!(seen.playing && seen.whole)) requestAnimationFrame(look); }; look(); return true; }";
const SEEN: &str =
    "() => window.beatSeen.playing && window.beatSeen.whole ? window.beatSeen : null";
const ASKED_AT: &str = "() => hibikiWitness.messages.findLast((m) => m.dir === 'out' && m.message.type === 'beat')?.at ?? null";

#[derive(Debug, Deserialize)]
pub(crate) struct Seen {
    first: f64,
    playing: f64,
    whole: f64,
    frames: u32,
}

/// Measures `beat_*`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let (_clip, source) = phantom()?;
    let story = Story::start(Plan::default().source(source).release()).await?;
    let bedside = story.bedside().await?;
    let doctor = story.cardiologist().await?;
    bedside.sees_picture_within(LIMIT).await?;
    doctor.sees_picture_within(LIMIT).await?;
    let (mut first, mut playing, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    let mut fewest = u32::MAX;
    for n in 0..WARM_UP + BEATS {
        doctor.picture_moves_for(BETWEEN, LIMIT).await?;
        doctor.freezes().await?;
        bedside.sees_the_original_within(LIMIT).await?;
        let (asked, seen) = plays(&doctor, &bedside).await?;
        if n >= WARM_UP {
            first.push(seen.first - asked);
            playing.push(seen.playing - asked);
            whole.push(seen.whole - asked);
            fewest = fewest.min(seen.frames);
        }
        doctor.releases().await?;
    }
    let whole = Spread::of(whole, "whole beats")?;
    figures.set("beat_first_frame_ms", Spread::of(first, "beats")?.p(50));
    figures.set("beat_playing_ms", Spread::of(playing, "beats")?.p(50));
    figures.note(format!(
        "beats: {} of at least {fewest} frames, all proven after {:.0} ms (p50)",
        whole.count(),
        whole.p(50)
    ));
    Ok(figures)
}

/// One asks for the beat before the freeze, another sees it play to its end: when it was asked for, and what was seen when.
pub(crate) async fn plays(asks: &Person, sees: &Person) -> Result<(f64, Seen)> {
    sees.page().eval::<bool>(WATCH, ()).await?;
    asks.page().press("b").await?;
    let asked: Option<f64> = asks.page().eval(ASKED_AT, ()).await?;
    let asked = asked.context("the page asked for a beat")?;
    let page = sees.page();
    let seen = page.until("the loop to play", LIMIT, SEEN, ()).await?;
    Ok((asked, seen))
}
