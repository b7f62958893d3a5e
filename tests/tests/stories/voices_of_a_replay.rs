//! Voices of a consult that is replayed sound when they were spoken, by the picture's own barcode: a step of `a_consult_is_replayed`.
//!
//! The bedside's microphone says by its pitch which half second it is. What the page puts out is held against the barcode of the
//! frame that is on the glass at that moment, and both against what the record says of the two: its packets and the log.

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use std::time::Duration;
use stories::barcode::Barcode;
use stories::person::Person;
use stories::wait::secs;
use wire::{CaptureTime, RelayTime, RtpTime};

const SPOKEN: &str = concat!(
    "() => { ",
    include_str!("../../browser/spoken.js"),
    " return true; }"
);
/// Moves the slider, as a hand does.
const SEEK: &str = "(tenths) => { const slider = document.querySelector('[data-testid=past-scrub]');
    slider.value = String(tenths); slider.dispatchEvent(new Event('input', { bubbles: true })); return true; }";
const RUNS: &str =
    "(runs) => document.querySelector('[data-testid=past-play]').ariaPressed === String(runs)";
/// A voice and a picture farther apart than this are noticed (ITU-R BT.1359: from 45 ms early or 125 ms late on).
const TOGETHER_MS: f64 = 100.0;
/// A picture that stood for so long was waited for, and says nothing of the moments in between.
const STOOD_MS: f64 = 200.0;
/// Each time that it is listened.
const LISTENS: Duration = Duration::from_millis(2_400);
const BEEPS: usize = 3;
const TRIES: usize = 3;
/// So long before the first beep the picture runs, and before the last one it is gone to.
const BEFORE_MS: f64 = 700.0;
const BEFORE_THE_END_MS: f64 = 3_000.0;
/// Between the slider's places.
const PLACE_MS: f64 = 100.0;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Beep {
    at_ms: f64,
    pitch: i32,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    at_ms: f64,
    barcode: Barcode,
}

/// Moments by the page's clock.
#[derive(Debug, Deserialize)]
struct Heard {
    beeps: Vec<Beep>,
    glass: Vec<Shown>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Timing {
    rtp: RtpTime,
    relay_us: RelayTime,
}

/// Moments by the relay's clock.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    from_us: RelayTime,
    beeps: Vec<Beep>,
    timings: Vec<Timing>,
}

/// This person's microphone says what time it is from now on.
pub(crate) async fn speaks_in_beeps(person: &Person) -> Result<()> {
    let page = person.page();
    page.eval::<bool>(SPOKEN, ()).await?;
    page.eval::<bool>("() => spoken.speaks()", ())
        .await
        .map(drop)
}

/// From where the voice begins, after a pause, and at another place: `near` is a moment of the consult.
pub(crate) async fn voices_are_heard_with_their_frames(
    person: &Person,
    near: CaptureTime,
) -> Result<()> {
    let page = person.page();
    page.eval::<bool>(SPOKEN, ()).await?;
    page.eval::<bool>("() => spoken.listens()", ()).await?;
    let told: Told = page.eval("() => spoken.told()", ()).await?;
    let (first, last) = (told.beeps.first(), told.beeps.last());
    let (first, last) = first.zip(last).context("beeps of the record")?;
    plays(person, true).await?;
    let place = ("from its beginning", Some(first.at_ms - BEFORE_MS));
    are_together(person, &told, near, place).await?;
    plays(person, false).await?;
    plays(person, true).await?;
    are_together(person, &told, near, ("after a pause", None)).await?;
    let place = ("at another place", Some(last.at_ms - BEFORE_THE_END_MS));
    are_together(person, &told, near, place).await?;
    plays(person, false).await
}

async fn seeks(person: &Person, told: &Told, at_ms: f64) -> Result<()> {
    let from_ms = told.from_us.0 as f64 / 1_000.0;
    let place = ((at_ms - from_ms) / PLACE_MS).round();
    person.page().eval::<bool>(SEEK, place).await.map(drop)
}

async fn plays(person: &Person, plays: bool) -> Result<()> {
    let page = person.page();
    page.click("[data-testid=past-play]").await?;
    page.until::<bool>("it to do so", secs(2), RUNS, plays)
        .await
        .map(drop)
}

/// Listens until enough was heard, each time from a place if one is given: a busy machine may tear beeps.
async fn are_together(
    person: &Person,
    told: &Told,
    near: CaptureTime,
    (when, place_ms): (&str, Option<f64>),
) -> Result<()> {
    let ms = u64::try_from(LISTENS.as_millis())?;
    let mut apart = Vec::new();
    for _ in 0..TRIES {
        if let Some(place_ms) = place_ms {
            seeks(person, told, place_ms).await?;
        }
        let heard: Heard = person.page().eval("(ms) => spoken.heard(ms)", ms).await?;
        apart.extend(heard.apart_ms(told, near));
        ensure!(
            apart.iter().all(|ms| ms.abs() <= TOGETHER_MS),
            "{when}, frames are ahead of the voice by {apart:.0?} ms; heard {heard:?}, told {told:?}"
        );
        if apart.len() >= BEEPS {
            println!("a replayed voice {when}: frames are ahead of its beeps by {apart:.0?} ms");
            return Ok(());
        }
    }
    bail!("{when}, no more than these were heard: {apart:?}")
}

impl Heard {
    /// How far frames are ahead of the beeps that are heard over them, compared with what the record says.
    fn apart_ms(&self, told: &Told, near: CaptureTime) -> Vec<f64> {
        let apart = |beep: &Beep| {
            let glass_ms = self.glass_at(beep.at_ms, near)?;
            let spoken = told.beeps.iter().filter(|it| it.pitch == beep.pitch);
            let apart = spoken.map(|it| glass_ms - told.captured_ms(*it, near));
            apart.min_by(|one, other| one.abs().total_cmp(&other.abs()))
        };
        self.beeps.iter().filter_map(apart).collect()
    }

    /// What the picture's clock says at a moment of the page's, in milliseconds after `near`: the frame's own time when it came on the
    /// glass, and what went by since.
    fn glass_at(&self, at_ms: f64, near: CaptureTime) -> Option<f64> {
        let pairs = self.glass.iter().zip(self.glass.iter().skip(1));
        let mut around = pairs.filter(|(one, next)| (one.at_ms..next.at_ms).contains(&at_ms));
        let (shown, next) = around.next()?;
        let went_by = at_ms - shown.at_ms;
        let captured = shown.barcode.distance_ms(RtpTime::of(near), near);
        (next.at_ms - shown.at_ms < STOOD_MS).then_some(captured + went_by)
    }
}

impl Told {
    /// When a beep was spoken by the capture clock, in milliseconds after `near`.
    fn captured_ms(&self, beep: Beep, near: CaptureTime) -> f64 {
        let known = |timing: &&Timing| timing.relay_us.0 as f64 / 1_000.0 <= beep.at_ms;
        let timing = self.timings.iter().rfind(known).or(self.timings.first());
        let ahead_us = timing.map_or(0, |timing| {
            let captured = timing.rtp.capture_time(near).0;
            timing.relay_us.0.cast_signed() - captured.cast_signed()
        });
        beep.at_ms - (near.0.cast_signed() + ahead_us) as f64 / 1_000.0
    }
}
