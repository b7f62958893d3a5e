//! Clips that a person saves, finds and looks at.
//!
//! Owns the presses on the clip list and the player, and reading the barcode of what the player shows. A frame is asked for
//! by the slider, as a person does, and counts as shown when the player's canvas carries its number. Invariant: barcode and number are
//! read in one go, before the page can draw again.

use super::Person;
use super::drawn::{PEN_PACE, step};
use crate::barcode::Barcode;
use crate::wait::secs;
use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use std::time::Duration;
use wire::clip::ClipTable;
use wire::{CaptureTime, ClipId, RtpTime};

/// Frames asked for in one call: a second or two, well within the longest call of the browser.
const FRAMES_A_CALL: usize = 200;
/// A barcode counts tenths of a millisecond; RTP times round to a ninetieth.
const SAME_FRAME_MS: f64 = 1.0;

/// The newest clip that can be opened, if there is one.
const NEWEST: &str = "() => document.querySelector('[data-testid=clip]:has(.clips__open:not([disabled]))')?.dataset.clip ?? null";
/// One that can be opened and is none of these.
const ANOTHER: &str = "(known) => [...document.querySelectorAll('[data-testid=clip]:has(.clips__open:not([disabled]))')]
    .map((clip) => clip.dataset.clip).find((clip) => !known.includes(clip)) ?? null";
/// The relay's own word about a clip, as the page may ask it.
const TABLE: &str = "async (clip) => {
    const grant = JSON.parse(sessionStorage.getItem('hibiki.session'));
    const answer = await fetch(`/api/v1/consults/${grant.consult}/clips/${clip}`, { headers: { 'hibiki-session': grant.session } });
    return answer.ok ? answer.json() : null; }";
/// Opens a clip; gives the milliseconds until its first frame was on the glass.
const OPEN: &str = "async (clip) => {
    const glass = () => document.querySelector(`[data-testid=replay-pane][data-clip='${clip}'] canvas[data-frame]`);
    const from = performance.now();
    document.querySelector(`[data-testid=clip][data-clip='${clip}'] .clips__open`).click();
    return new Promise((resolve) => {
        const watch = new MutationObserver(() => {
            if (!glass()) return;
            watch.disconnect();
            resolve(performance.now() - from);
        });
        watch.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-frame'] });
    }); }";
/// Goes to each frame by the slider and reads what is on the glass.
const SEEK: &str = "async (frames) => {
    const glass = document.querySelector('[data-testid=replay-pane] canvas[data-frame]');
    const slider = document.querySelector('[data-testid=replay-scrub]');
    const seek = (index) => new Promise((resolve) => {
        const from = performance.now();
        const look = () => {
            if (glass.dataset.frame !== String(index)) return;
            watch.disconnect();
            resolve({ index, tookMs: performance.now() - from, barcode: hibikiBarcode.read(glass) });
        };
        const watch = new MutationObserver(look);
        watch.observe(glass, { attributes: true, attributeFilter: ['data-frame'] });
        slider.value = String(index);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        look();
    });
    const seen = [];
    for (const index of frames) seen.push(await seek(index));
    return seen; }";

/// Begins to note each frame that comes on the glass.
const WATCH: &str = "() => {
    const glass = document.querySelector('[data-testid=replay-pane] canvas[data-frame]');
    const from = performance.now();
    const seen = [];
    const watch = new MutationObserver(() => seen.push(
        { index: Number(glass.dataset.frame), tookMs: performance.now() - from, barcode: hibikiBarcode.read(glass) }));
    watch.observe(glass, { attributes: true, attributeFilter: ['data-frame'] });
    window.replaySeen = { seen, watch };
    document.querySelector('[data-testid=replay-stage]').focus();
    return true; }";
/// What was noted, once there is enough of it.
const SEEN: &str = "(count) => { const { seen, watch } = window.replaySeen;
    if (seen.length < count) return null;
    watch.disconnect();
    return seen; }";
/// Chooses how fast it plays.
const SPEED: &str = "(speed) => { const field = document.querySelector('[data-testid=replay-speed]');
    field.value = String(speed); field.dispatchEvent(new Event('change', { bubbles: true })); return field.value === String(speed); }";

/// Where a place of the recorded picture (fractions) lies on the page.
const PLACE_ON_GLASS: &str = "([x, y]) => {
    const glass = document.querySelector('[data-testid=replay-pane] canvas[data-frame]');
    const stage = document.querySelector('[data-testid=replay-stage]').getBoundingClientRect();
    const scale = Math.min(stage.width / glass.width, stage.height / glass.height);
    return [stage.x + stage.width / 2 + (x - 0.5) * glass.width * scale,
        stage.y + stage.height / 2 + (y - 0.5) * glass.height * scale]; }";

/// Black and white by the middle of the barcode's blocks, and the mean of all pixels that are strongly coloured.
const COLOURS: &str = "() => {
    const glass = document.querySelector('[data-testid=replay-pane] canvas[data-frame]');
    const { data } = glass.getContext('2d').getImageData(0, 0, glass.width, glass.height);
    const row = 8 * glass.width;
    const levels = Array.from({ length: 48 }, (_, block) => data[(row + block * 16 + 8) * 4 + 1]);
    const flow = [0, 0, 0];
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
        const pixel = [data[at], data[at + 1], data[at + 2]];
        if (Math.max(...pixel) - Math.min(...pixel) < 120) continue;
        pixel.forEach((level, channel) => { flow[channel] += level; });
        count += 1;
    }
    return { black: Math.min(...levels), white: Math.max(...levels), flow: flow.map((sum) => sum / Math.max(1, count)) }; }";

/// Colours of what a player shows.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Colours {
    /// The barcode's black, 0 in the source.
    pub black: u8,
    /// Its white, 255 in the source.
    pub white: u8,
    /// Mean red, green and blue of the flow that the test source shows in colour.
    pub flow: [f64; 3],
}

/// A frame of a clip as a player showed it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// Which was asked for, and which the player said it was.
    pub index: usize,
    /// From asking until it was on the glass.
    pub took_ms: f64,
    /// What its pixels say.
    pub barcode: Option<Barcode>,
}

/// How a player is told something.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// A button, by the end of its test id.
    Button(&'static str),
    /// A key on the picture.
    Key(&'static str),
}

impl Person {
    /// Presses save; the last seconds become a clip.
    ///
    /// # Errors
    /// When the button cannot be pressed.
    pub async fn saves_clip(&self) -> Result<()> {
        self.page
            .click("[data-testid=save]:not([aria-disabled=true])")
            .await
    }

    /// Opens the list of clips, if the page does not show it anyway.
    ///
    /// # Errors
    /// When there is none.
    pub async fn looks_at_clips(&self) -> Result<()> {
        if self.page.count("[data-testid=clip-list]").await? == 0 {
            self.page.click("[data-testid=tool-clips]").await?;
        }
        self.page.visible("[data-testid=clip-list]", secs(5)).await
    }

    /// Waits until the newest clip can be opened here.
    ///
    /// # Errors
    /// When there is none in time, with what stands on the page instead.
    pub async fn finds_clip_within(&self, within: Duration) -> Result<ClipId> {
        self.looks_at_clips().await?;
        let found = self
            .page
            .until("a clip that opens", within, NEWEST, ())
            .await;
        if found.is_ok() {
            return found;
        }
        let words = self.page.text("body").await?;
        found.with_context(|| format!("a {:?} reads instead: {words}", self.role))
    }

    /// The same, of a clip that is none of those.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn finds_another_clip_within(
        &self,
        than: &[ClipId],
        within: Duration,
    ) -> Result<ClipId> {
        self.looks_at_clips().await?;
        self.page
            .until("another clip that opens", within, ANOTHER, than)
            .await
    }

    /// Waits until the relay has all of a clip.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn clip_is_kept_within(&self, clip: ClipId, within: Duration) -> Result<()> {
        let kept = "(clip) => !!document.querySelector(`[data-testid=clip][data-clip='${clip}'] [data-stage=kept]`)";
        self.page
            .until::<bool>("the clip to be safe at the relay", within, kept, clip)
            .await
            .map(drop)
    }

    /// What the relay says of the frames of a clip.
    ///
    /// # Errors
    /// When it says nothing.
    pub async fn frame_table(&self, clip: ClipId) -> Result<ClipTable> {
        let table: Option<ClipTable> = self.page.eval(TABLE, clip).await?;
        table.with_context(|| format!("the relay has no table of {clip}"))
    }

    /// Opens a clip in the list; gives the time until its first frame was on the glass, in milliseconds.
    ///
    /// # Errors
    /// When it does not open.
    pub async fn opens_clip(&self, clip: ClipId) -> Result<f64> {
        self.page.eval(OPEN, clip).await
    }

    /// Goes to frames one after the other, by the slider.
    ///
    /// # Errors
    /// When one of them never comes.
    pub async fn seeks(&self, frames: &[usize]) -> Result<Vec<Replayed>> {
        let mut seen = Vec::with_capacity(frames.len());
        for some in frames.chunks(FRAMES_A_CALL) {
            let part: Vec<Replayed> = self.page.eval(SEEK, some).await?;
            seen.extend(part);
        }
        Ok(seen)
    }

    /// Presses something of the player and gives the frames that then come on the glass, `count` of them or more.
    ///
    /// # Errors
    /// When fewer come.
    pub async fn sees_after(&self, presses: By, count: usize) -> Result<Vec<Replayed>> {
        self.page.eval::<bool>(WATCH, ()).await?;
        match presses {
            By::Button(button) => {
                let button = format!("[data-testid=replay-{button}]");
                self.page.click(&button).await?;
            }
            By::Key(key) => self.page.press(key).await?,
        }
        self.page
            .until("frames on the glass", secs(8), SEEN, count)
            .await
    }

    /// Chooses how fast the open clip plays.
    ///
    /// # Errors
    /// When there is no such speed.
    pub async fn chooses_speed(&self, speed: f64) -> Result<()> {
        let chosen: bool = self.page.eval(SPEED, speed).await?;
        ensure!(chosen, "the player has no speed {speed}");
        Ok(())
    }

    /// Measures on a frame of the open clip: kind, taps, confirming; reads the value that then stands under the picture.
    ///
    /// # Errors
    /// When the player does not measure.
    pub async fn measures_on_clip(
        &self,
        frame: usize,
        kind: &str,
        places: &[(f64, f64)],
    ) -> Result<String> {
        self.seeks(&[frame]).await?;
        self.page
            .click("[data-testid=replay-measure][aria-pressed=false]")
            .await?;
        let own = "[data-testid=replay-measuring]";
        self.page
            .click(&format!("{own} [data-testid=measure-{kind}]"))
            .await?;
        for place in places {
            let at: (f64, f64) = self.page.eval(PLACE_ON_GLASS, place).await?;
            let steps = [step("move", at), step("down", at), step("up", at)];
            self.page.pointer("mouse", &steps, PEN_PACE).await?;
        }
        self.page
            .click(&format!("{own} [data-testid=measure-place]"))
            .await?;
        let value = "() => document.querySelector('[data-testid=replay-measured] [data-testid=value]')?.innerText ?? null";
        self.page
            .until("a value under the clip", secs(3), value, ())
            .await
    }

    /// The colours on the player's glass, of a clip of the test source in colour.
    ///
    /// # Errors
    /// When no clip is open.
    pub async fn sees_colours(&self) -> Result<Colours> {
        self.page.eval(COLOURS, ()).await
    }

    /// Goes to every frame of an open clip and holds each against the table.
    ///
    /// # Errors
    /// When one of them shows another captured frame than the table says.
    pub async fn sees_each_frame_of(&self, clip: ClipId) -> Result<Vec<Replayed>> {
        let table = self.frame_table(clip).await?;
        let all: Vec<usize> = (0..table.frames.len()).collect();
        let seen = self.seeks(&all).await?;
        for frame in &seen {
            ensure!(
                same_frame(&table, *frame)?,
                "frame {} of {} shows {:?}, the table says {:?}",
                frame.index,
                table.frames.len(),
                frame.barcode,
                table.frames.get(frame.index)
            );
        }
        Ok(seen)
    }
}

/// Whether the pixels are those of the captured frame that the table names.
///
/// # Errors
/// When the table has no such frame, or the clip was not captured.
pub fn same_frame(table: &ClipTable, seen: Replayed) -> Result<bool> {
    let rtp: RtpTime = table
        .frames
        .get(seen.index)
        .and_then(|frame| frame.rtp_time)
        .with_context(|| format!("frame {} was captured", seen.index))?;
    let near: CaptureTime = table.head.taken_at;
    Ok(seen
        .barcode
        .is_some_and(|barcode| barcode.distance_ms(rtp, near).abs() < SAME_FRAME_MS))
}
