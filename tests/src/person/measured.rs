//! What a person's hand measures, and what values they read.
//!
//! Owns the verbs of the measuring panel: real taps on the picture, real buttons. Values are read as they stand on the
//! page; what was sent is read from the socket. Invariant: nothing here computes a measurement.

use super::Person;
use crate::wait::ms;
use anyhow::{Context as _, Result};
use std::time::Duration;
use wire::mark::Annotation;
use wire::original::Digest;

const TOOL: &str = "[data-testid=tool-measure]";
const PANEL: &str = "[data-testid=measure-panel]";
const READY: &str = "[data-testid=measure-draft]";
const PLACE: &str = "[data-testid=measure-place]";
const VALUE: &str = "[data-testid=measure-value]";
const SCALE: &str = "[data-testid=measure-scale]";

impl Person {
    /// Whether the page offers this person to measure at all.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn is_offered_measuring(&self) -> Result<bool> {
        Ok(self.page.count(TOOL).await? > 0)
    }

    /// Opens the measuring panel over a frozen original.
    ///
    /// # Errors
    /// When the page does not offer it, or says why it waits.
    pub async fn opens_measuring(&self) -> Result<()> {
        if self.page.count(PANEL).await? == 0 {
            self.page.click(TOOL).await?;
        }
        self.page.visible(PANEL, ms(3_000)).await?;
        self.page.visible(READY, ms(5_000)).await
    }

    /// Takes a kind of measurement in hand, by the name of its button.
    ///
    /// # Errors
    /// When there is no such button.
    pub async fn takes_measure(&self, kind: &str) -> Result<()> {
        self.page
            .click(&format!("[data-testid=measure-{kind}]"))
            .await
    }

    /// Taps places of the picture (fractions), one after the other.
    ///
    /// # Errors
    /// When there is no picture.
    pub async fn taps(&self, places: &[(f64, f64)]) -> Result<()> {
        for place in places {
            self.moves_pen(&[*place], "mouse").await?;
        }
        Ok(())
    }

    /// Reads the value of the measurement in the making, all its lines.
    ///
    /// # Errors
    /// When there is none within a few seconds.
    pub async fn reads_draft(&self) -> Result<String> {
        self.page.visible(VALUE, ms(3_000)).await?;
        self.page.text(VALUE).await
    }

    /// Confirms the measurement in the making and gives back what was sent.
    ///
    /// # Errors
    /// When no mark was sent.
    pub async fn confirms_measurement(&self) -> Result<Annotation> {
        let known: Vec<String> = self.page.eval(SENT_MEASURES, ()).await?;
        self.page.click(PLACE).await?;
        let newest = "(known) => hibikiWitness.messages.findLast((m) => m.dir === 'out' && m.message.type === 'mark'
            && m.message.mark.shape.type === 'measure' && !known.includes(m.message.mark.id))?.message.mark ?? null";
        self.page
            .until("the measurement to be sent", ms(2_000), newest, known)
            .await
    }

    /// Measures with a kind at these places, from taking it in hand to confirming.
    ///
    /// # Errors
    /// When the page does not take it.
    pub async fn measures(&self, kind: &str, places: &[(f64, f64)]) -> Result<Annotation> {
        self.takes_measure(kind).await?;
        self.taps(places).await?;
        self.confirms_measurement().await
    }

    /// Reads what stands in the list of results about a measurement, once it has a value there.
    ///
    /// # Errors
    /// When it is not listed in time.
    pub async fn reads_result_within(&self, mark: &Annotation, within: Duration) -> Result<String> {
        let line = "(id) => { const it = document.querySelector(`[data-testid=measure-result][data-mark=\"${id}\"]`);
            return it?.querySelector('[data-testid=value]') || it?.innerText.includes('値なし') ? it.innerText : null; }";
        self.page.until("the result", within, line, mark.id).await
    }

    /// Reads the value of a measurement, its first figure with its unit, once it is listed.
    ///
    /// # Errors
    /// When it has none in time.
    pub async fn reads_value_within(&self, mark: &Annotation, within: Duration) -> Result<String> {
        let value = "(id) => document.querySelector(`[data-testid=measure-result][data-mark=\"${id}\"] [data-testid=value]`)
            ?.innerText ?? null";
        self.page.until("the value", within, value, mark.id).await
    }

    /// Reads a further figure of a measurement, by its name.
    ///
    /// # Errors
    /// When it is not listed in time.
    pub async fn reads_figure_within(
        &self,
        mark: &Annotation,
        name: &str,
        within: Duration,
    ) -> Result<String> {
        let figure = "([id, name]) => { const line = document.querySelector(`[data-testid=measure-result][data-mark=\"${id}\"]`)?.innerText ?? '';
            const at = line.split(/\\n| · /).find((part) => part.startsWith(`${name} `));
            return at?.slice(name.length + 1) ?? null; }";
        self.page.until(name, within, figure, (mark.id, name)).await
    }

    /// Reads a figure that follows from several measurements, by its name.
    ///
    /// # Errors
    /// When it is not there in time.
    pub async fn reads_derived_within(&self, name: &str, within: Duration) -> Result<String> {
        let line =
            "(name) => document.querySelector(`[data-testid=derived-${name}]`)?.innerText ?? null";
        self.page.until(name, within, line, name).await
    }

    /// Reads where the scale of the frozen picture comes from.
    ///
    /// # Errors
    /// When the page does not say.
    pub async fn reads_scale_within(&self, words: &str, within: Duration) -> Result<()> {
        let there = "([scale, words]) => document.querySelector(scale)?.innerText.includes(words)";
        self.page
            .until::<bool>(words, within, there, [SCALE, words])
            .await
            .map(drop)
    }

    /// Marks the depth scale of the picture by two taps and a number.
    ///
    /// # Errors
    /// When the page does not offer it.
    pub async fn calibrates(&self, ends: [(f64, f64); 2], centimetres: &str) -> Result<()> {
        self.page.click("[data-testid=calibrate]").await?;
        self.taps(&ends).await?;
        self.scale_is(centimetres).await
    }

    /// The same by one drag along the scale.
    ///
    /// # Errors
    /// When the page does not offer it.
    pub async fn calibrates_along(&self, line: &[(f64, f64)], centimetres: &str) -> Result<()> {
        self.page.click("[data-testid=calibrate]").await?;
        self.moves_pen(line, "mouse").await?;
        self.scale_is(centimetres).await
    }

    async fn scale_is(&self, centimetres: &str) -> Result<()> {
        self.page
            .fill("[data-testid=scale-cm]", centimetres)
            .await?;
        self.page.click("[data-testid=scale-done]").await
    }

    /// Waits until the page shows the proven original of the frozen frame, whatever is on it.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn sees_the_original_within(&self, within: Duration) -> Result<()> {
        let shown = "() => window.hibiki?.scenery === 'frozenOriginal' && window.hibiki?.original === 'proven'";
        self.page
            .until::<bool>("the original", within, shown, ())
            .await
            .map(drop)
    }

    /// Waits until the picture runs in this size, freezes, and waits for the original.
    ///
    /// # Errors
    /// When the picture does not come in that size, or no original does.
    pub async fn freezes_at_size(&self, size: (u32, u32), within: Duration) -> Result<()> {
        let running = "([w, h]) => hibikiWitness.state.last?.width === w && hibikiWitness.state.last?.height === h
            && window.hibiki?.level !== 'stopped'";
        self.page
            .until::<bool>("the picture of that size", within, running, size)
            .await?;
        self.freezes().await?;
        self.sees_the_original_within(within).await
    }

    /// Waits until the frozen original is another one.
    ///
    /// # Errors
    /// When it is still the same after `within`.
    pub async fn stands_on_other_pixels_within(
        &self,
        before: Digest,
        within: Duration,
    ) -> Result<()> {
        crate::wait::until("another original", within, || async {
            let now = self.frozen_pixels().await.ok();
            Ok(now.filter(|now| *now != before))
        })
        .await
        .map(drop)
    }

    /// The digest of the pixels of the frozen original, as the relay tells it.
    ///
    /// # Errors
    /// When no original is kept.
    pub async fn frozen_pixels(&self) -> Result<Digest> {
        let digest = "() => { const w = hibikiWitness; const anchor = w.state.freeze?.anchor;
            const entries = w.messages.filter((m) => m.dir === 'in' && m.message.type === 'entries').flatMap((m) => m.message.entries);
            return entries.findLast(({ event }) => event.type === 'originalKept' && event.rtpTime === anchor?.rtpTime)
                ?.event.original.pixels ?? null; }";
        self.page
            .eval::<Option<Digest>>(digest, ())
            .await?
            .context("no original of the frozen frame was told")
    }
}

/// Ids of all measuring marks that this page has sent.
const SENT_MEASURES: &str = "() => hibikiWitness.messages
    .filter((m) => m.dir === 'out' && m.message.type === 'mark' && m.message.mark.shape.type === 'measure').map((m) => m.message.mark.id)";
