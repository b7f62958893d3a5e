//! What reaches a person's eyes: painted frames, marks over them, the frozen picture.
//!
//! Owns the questions to the witness in the page (`browser/witness.js`). Times are the host's wall clock, the same for
//! all pages of a story.

use super::Person;
use crate::barcode::Barcode;
use crate::look::Look;
use crate::wait::ms;
use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use wire::mark::{Annotation, Pen, Shape};
use wire::{AnnotationId, RtpTime};

/// Words that belong to a place begin at most so far from it.
const BESIDE_PX: u32 = 40;

/// One frame as it was painted on a page.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenFrame {
    /// Wall time of the callback in milliseconds.
    pub at: f64,
    /// RTP timestamp that the browser gave.
    pub rtp: Option<RtpTime>,
    /// Frame number of the barcode.
    pub n: Option<u16>,
    /// Time of the barcode.
    pub t: Option<u32>,
    /// Capture to glass, by the barcode.
    pub age_ms: Option<f64>,
    /// Width of the picture.
    pub width: u32,
    /// Height of the picture.
    pub height: u32,
}

impl SeenFrame {
    /// The barcode, if one was read.
    #[must_use]
    pub fn barcode(&self) -> Option<Barcode> {
        Some(Barcode {
            t: self.t?,
            n: self.n?,
        })
    }
}

/// Frames that show that a picture moves.
const MOVES: u32 = 6;

impl Person {
    /// Waits for the first painted frame since the page was loaded.
    ///
    /// # Errors
    /// When there is none in time, with what stands on the page instead.
    pub async fn sees_picture_within(&self, within: Duration) -> Result<()> {
        let painted = "() => hibikiWitness.counts.painted > 0";
        let seen: Result<bool> = self.page.until("a picture", within, painted, ()).await;
        if seen.is_ok() {
            return Ok(());
        }
        let words = self.page.text("body").await?;
        seen.map(drop)
            .with_context(|| format!("the page says:\n{words}"))
    }

    /// How many milliseconds the first picture of this page took from the moment when the page asked for one, by the
    /// browser's own record of the request (Resource Timing).
    ///
    /// # Errors
    /// When there is no picture yet, or no record.
    pub async fn first_picture_took_ms(&self) -> Result<f64> {
        let took = "() => { const asked = performance.getEntriesByType('resource').find((e) => e.name.endsWith('/whep'));
            const first = hibikiWitness.state.firstFrameAt;
            return asked && first ? first - performance.timeOrigin - asked.startTime : null; }";
        self.page
            .eval::<Option<f64>>(took, ())
            .await?
            .context("no picture yet, or the browser keeps no record of the request")
    }

    /// Waits for `frames` more painted frames; each is a new one, not the last one again.
    ///
    /// # Errors
    /// When the picture stands still.
    pub async fn picture_moves_for(&self, frames: u32, within: Duration) -> Result<Vec<SeenFrame>> {
        let from: f64 = self.page.eval("() => hibikiWitness.wall()", ()).await?;
        let newer = "({ from, frames }) => { const w = hibikiWitness; const seen = w.frames.filter((f) => f.at > from);
            return new Set(seen.map((f) => f.rtp ?? f.at)).size >= frames ? seen : null; }";
        self.page
            .until(
                "a moving picture",
                within,
                newer,
                json!({ "from": from, "frames": frames }),
            )
            .await
    }

    /// Lets the picture run for `warm_up`, then gives every frame painted during `span`.
    ///
    /// # Errors
    /// When the picture stands still.
    pub async fn picture_moves_for_time(
        &self,
        warm_up: Duration,
        span: Duration,
    ) -> Result<Vec<SeenFrame>> {
        let from: f64 = self
            .page
            .eval::<f64>("() => hibikiWitness.wall()", ())
            .await?
            + warm_up.as_secs_f64() * 1e3;
        let until = from + span.as_secs_f64() * 1e3;
        // No question may stay open for as long as some of these spans are.
        tokio::time::sleep(warm_up + span).await;
        let over = "(until) => (hibikiWitness.state.last?.at ?? 0) >= until";
        self.page
            .until::<bool>("the span to pass", ms(3_000), over, until)
            .await?;
        let between =
            "({ from, until }) => hibikiWitness.frames.filter((f) => f.at >= from && f.at < until)";
        self.page
            .eval(between, json!({ "from": from, "until": until }))
            .await
    }

    /// Waits until the picture moves again, with new frames of the barcode.
    ///
    /// # Errors
    /// When it stands still.
    pub async fn picture_moves(&self) -> Result<()> {
        self.picture_moves_again_within(ms(3_000)).await
    }

    /// Waits longer for that, after something was broken.
    ///
    /// # Errors
    /// When the picture still stands after `within`, or nothing can be made out in it: a link that just came back carries few
    /// bits at first.
    pub async fn picture_moves_again_within(&self, within: Duration) -> Result<()> {
        let until = Instant::now() + within;
        let numbers = loop {
            let left = until.saturating_duration_since(Instant::now());
            let seen = self.picture_moves_for(MOVES, left).await?;
            let numbers: Vec<u16> = seen.iter().filter_map(|frame| frame.n).collect();
            if numbers.len() >= 5 {
                break numbers;
            }
            ensure!(
                Instant::now() < until,
                "barcodes could not be read: {seen:?}"
            );
        };
        let forward = numbers.is_sorted_by(|a, b| a == b || b.wrapping_sub(*a) < 1_000);
        ensure!(forward, "the picture jumped back: {numbers:?}");
        Ok(())
    }

    /// The newest painted frame.
    ///
    /// # Errors
    /// When nothing was painted yet.
    pub async fn newest_frame(&self) -> Result<SeenFrame> {
        self.page
            .eval::<Option<SeenFrame>>("() => hibikiWitness.state.last", ())
            .await?
            .context("nothing painted yet")
    }

    /// All frames remembered, oldest first.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn frames(&self) -> Result<Vec<SeenFrame>> {
        self.page.eval("() => hibikiWitness.frames", ()).await
    }

    /// The frame with this RTP time, if this page painted it.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn frame_of(&self, rtp: RtpTime) -> Result<Option<SeenFrame>> {
        self.page
            .eval(
                "(rtp) => hibikiWitness.frames.find((f) => f.rtp === rtp) ?? null",
                rtp,
            )
            .await
    }

    /// Waits until a mark is known here and its ink is over the picture; returns the wall time at which the ink came on
    /// the glass, when it came as news (and not with a snapshot).
    ///
    /// # Errors
    /// When it is not seen in time.
    pub async fn sees_mark_within(
        &self,
        mark: &Annotation,
        within: Duration,
    ) -> Result<Option<f64>> {
        let point = last_point(&mark.shape);
        let seen =
            "({ id, x, y }) => { const w = hibikiWitness; const news = w.state.awaited.get(id);
            if (!w.marks.has(id)) return null;
            if (news) return news.paintedAt ? { at: news.paintedAt } : null;
            return w.inked(x, y) ? { at: null } : null; }";
        let argument = json!({ "id": mark.id, "x": point.0, "y": point.1 });
        let answer: Value = self
            .page
            .until(&format!("mark {}", mark.id), within, seen, argument)
            .await?;
        Ok(answer["at"].as_f64())
    }

    /// Whether there is ink near a place of the picture now.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn has_ink_at(&self, x: f64, y: f64) -> Result<bool> {
        self.page
            .eval(
                "({ x, y }) => hibikiWitness.inked(x, y)",
                json!({ "x": x, "y": y }),
            )
            .await
    }

    /// Waits until there is ink near a place of the picture.
    ///
    /// # Errors
    /// When there is none after `within`.
    pub async fn sees_ink_at_within(&self, x: f64, y: f64, within: Duration) -> Result<()> {
        let there = "({ x, y }) => hibikiWitness.inked(x, y)";
        self.page
            .until::<bool>("ink", within, there, json!({ "x": x, "y": y }))
            .await
            .map(drop)
    }

    /// Waits until there is ink of a pen's colour near a place of the picture.
    ///
    /// # Errors
    /// When there is none after `within`.
    pub async fn sees_ink_of_within(
        &self,
        pen: Pen,
        x: f64,
        y: f64,
        within: Duration,
    ) -> Result<()> {
        let there = "({ x, y, colour }) => hibikiWitness.inkedIn(x, y, colour)";
        let argument = json!({ "x": x, "y": y, "colour": colour(pen) });
        self.page
            .until::<bool>(&format!("ink of the {pen:?} pen"), within, there, argument)
            .await
            .map(drop)
    }

    /// Lengths in pixels of the pieces that a pen's line consists of, along a level line across the picture.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn pieces_of_line(&self, pen: Pen, x: (f64, f64), y: f64) -> Result<Vec<u32>> {
        let pieces = "({ from, to, y, colour }) => hibikiWitness.piecesOf(from, to, y, colour)";
        let argument = json!({ "from": x.0, "to": x.1, "y": y, "colour": colour(pen) });
        self.page.eval(pieces, argument).await
    }

    /// Waits until these words are written over the picture, beside a place of it.
    ///
    /// # Errors
    /// When they are not after `within`.
    pub async fn reads_beside_within(
        &self,
        words: &str,
        (x, y): (f64, f64),
        within: Duration,
    ) -> Result<()> {
        let there = "({ words, x, y, reach }) => hibikiWitness.reads(words, x, y, reach)";
        let argument = json!({ "words": words, "x": x, "y": y, "reach": BESIDE_PX });
        let what = format!("{words} beside ({x}, {y})");
        self.page
            .until::<bool>(&what, within, there, argument)
            .await
            .map(drop)
    }

    /// Waits until there is no ink near a place of the picture.
    ///
    /// # Errors
    /// When there still is after `within`.
    pub async fn loses_ink_at_within(&self, x: f64, y: f64, within: Duration) -> Result<()> {
        let gone = "({ x, y }) => !hibikiWitness.inked(x, y)";
        self.page
            .until::<bool>("the ink to go", within, gone, json!({ "x": x, "y": y }))
            .await
            .map(drop)
    }

    /// Ids of the marks in force, as the socket told this page.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn marks(&self) -> Result<Vec<AnnotationId>> {
        self.page
            .eval("() => [...hibikiWitness.marks.keys()]", ())
            .await
    }

    /// Waits until this page holds exactly these marks.
    ///
    /// # Errors
    /// When it holds others, or not all.
    pub async fn holds_marks_within(
        &self,
        wanted: &[AnnotationId],
        within: Duration,
    ) -> Result<()> {
        let same = "(ids) => { const held = hibikiWitness.marks;
            return held.size === ids.length && ids.every((id) => held.has(id)); }";
        let held: Result<bool> = self.page.until("the marks", within, same, wanted).await;
        if held.is_ok() {
            return Ok(());
        }
        let instead = self.marks().await?;
        held.map(drop)
            .with_context(|| format!("wanted {wanted:?}, held {instead:?}"))
    }

    /// Waits until the page stands on the very frame that is frozen, from the video or as original, and gives the barcode of
    /// what is shown.
    ///
    /// # Errors
    /// When nothing stands over the running picture in time.
    pub async fn stands_on_frozen_frame_within(&self, within: Duration) -> Result<Barcode> {
        let frozen = "() => hibikiWitness.state.freeze && ['frozen', 'frozenOriginal'].includes(window.hibiki?.scenery)
            && hibikiWitness.coverBarcode()";
        let stands: Result<Barcode> = self.page.until("a frozen frame", within, frozen, ()).await;
        if stands.is_ok() {
            return stands;
        }
        let instead: Value = self.page.eval(FROZEN_INSTEAD, ()).await?;
        stands.with_context(|| format!("a {:?} has instead {instead}", self.role))
    }

    /// Waits until the page shows the proven original of the frozen frame, and gives its barcode.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn sees_original_within(&self, within: Duration) -> Result<Barcode> {
        let proven =
            "() => window.hibiki?.scenery === 'frozenOriginal' && hibikiWitness.coverBarcode()";
        let seen: Result<Barcode> = self.page.until("the original", within, proven, ()).await;
        if seen.is_ok() {
            return seen;
        }
        let instead: Value = self.page.eval(FROZEN_INSTEAD, ()).await?;
        seen.with_context(|| format!("a {:?} has instead {instead}", self.role))
    }

    /// Waits until the page shows the proven original of the frame with this number in its barcode.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn sees_original_of_frame_within(&self, n: u16, within: Duration) -> Result<()> {
        let shown = "(n) => window.hibiki?.scenery === 'frozenOriginal' && hibikiWitness.coverBarcode()?.n === n";
        let seen = self
            .page
            .until::<bool>("the original of a frame", within, shown, n)
            .await;
        if seen.is_ok() {
            return Ok(());
        }
        let instead: Value = self.page.eval(FROZEN_INSTEAD, ()).await?;
        seen.map(drop)
            .with_context(|| format!("a {:?} has instead {instead}", self.role))
    }

    /// A rough look at the running picture: 16 by 12 cells of red, green and blue.
    ///
    /// # Errors
    /// When there is no picture.
    pub async fn looks(&self) -> Result<Look> {
        let look = self
            .page
            .eval::<Option<Look>>("() => hibikiWitness.look()", ())
            .await?;
        look.context("no picture to look at")
    }
}

/// A place where a finished mark surely has ink.
pub(super) fn last_point(shape: &Shape) -> (f64, f64) {
    let point = match shape {
        Shape::Stroke { points } | Shape::Measure { points, .. } => points.last().copied(),
        Shape::Arrow { to, .. } => Some(*to),
        Shape::Label { at, .. } => Some(*at),
    };
    point.map_or((0.5, 0.5), |p| (p.x.get(), p.y.get()))
}

/// How each pen looks, as a reader of the design and not of the viewer knows it.
const fn colour(pen: Pen) -> [u8; 3] {
    match pen {
        Pen::White => [0xff, 0xff, 0xff],
        Pen::Green => [0x5f, 0xe3, 0x8a],
        Pen::Orange => [0xff, 0x9f, 0x45],
        Pen::Violet => [0xc7, 0x9b, 0xff],
    }
}

/// What a page that should stand on a frozen frame knows and shows.
const FROZEN_INSTEAD: &str = "() => { const w = hibikiWitness; const anchor = w.state.freeze?.anchor;
    const at = w.frames.findIndex((f) => f.rtp === anchor?.rtpTime);
    return { anchor, scenery: document.querySelector('[data-testid=frame]')?.dataset.scenery,
        painted: at < 0 ? null : w.frames[at], after: w.frames.length - 1 - at, last: w.state.last, kept: window.hibiki?.framesKept, original: window.hibiki?.original }; }";
