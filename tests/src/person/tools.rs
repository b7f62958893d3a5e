//! Which tool a person takes in hand, and what they do without a pen: words, the card of a mark, zoom, keys.
//!
//! Owns the presses on the tools and the card of the selected mark. What is drawn with them is `drawn`; what comes of it on
//! other pages is `seen`. Tools are found by their names and never by their words.

use super::{Person, Stroke};
use crate::wait::ms;
use anyhow::{Context as _, Result};
use wire::mark::{Annotation, Pen};

const LABEL_ENTRY: &str = "[data-testid=label-entry]";
const CARD: &str = "[data-testid=mark-card]";
/// Pixels of the wheel that make a picture twice as large.
const WHEEL_TWICE: f64 = 400.0;

impl Person {
    /// Takes a tool in hand: `pointer`, `pen`, `arrow` or `label`.
    ///
    /// # Errors
    /// When the page does not offer it.
    pub async fn takes_tool(&self, tool: &str) -> Result<()> {
        let button = format!("[data-testid=tool-{tool}]");
        self.page.click(&button).await?;
        self.page
            .visible(&format!("{button}[aria-pressed=true]"), ms(2_000))
            .await
    }

    /// Picks a pen; tools draw with it from then on.
    ///
    /// # Errors
    /// When the page does not offer it.
    pub async fn picks_pen(&self, pen: Pen) -> Result<()> {
        let name = serde_json::to_value(pen)?;
        let name = name.as_str().context("a pen has a name")?;
        self.page.click(&format!("[data-testid=pen-{name}]")).await
    }

    /// Puts words at a place of the picture with the label tool, which is taken in hand.
    ///
    /// # Errors
    /// When the page does not ask for words, or sends no mark.
    pub async fn writes_label(&self, at: (f64, f64), words: &str) -> Result<Stroke> {
        self.takes_tool("label").await?;
        let before = self.before_drawing().await?;
        self.begins_label(at).await?;
        self.page.types(words).await?;
        self.page.press("Enter").await?;
        self.drawn_since(before).await
    }

    /// Presses where words shall stand and waits until the page asks for them.
    ///
    /// # Errors
    /// When it does not.
    pub async fn begins_label(&self, at: (f64, f64)) -> Result<()> {
        self.moves_pen(&[at], "mouse").await?;
        self.page.visible(LABEL_ENTRY, ms(2_000)).await
    }

    /// Selects the mark at a place of the picture with the pointer; its card comes.
    ///
    /// # Errors
    /// When no mark is there.
    pub async fn selects_mark_at(&self, at: (f64, f64)) -> Result<()> {
        self.takes_tool("pointer").await?;
        self.moves_pen(&[at], "mouse").await?;
        self.page.visible(CARD, ms(2_000)).await
    }

    /// Pins the selected mark and waits until the card says so.
    ///
    /// # Errors
    /// When the card does not offer it.
    pub async fn pins_selected(&self) -> Result<()> {
        self.page
            .click(&format!("{CARD} button[aria-pressed=false]"))
            .await?;
        self.page
            .visible(&format!("{CARD} button[aria-pressed=true]"), ms(2_000))
            .await
    }

    /// Withdraws the selected mark, which is the person's own.
    ///
    /// # Errors
    /// When the card does not offer it.
    pub async fn withdraws_selected(&self) -> Result<()> {
        self.page
            .click(&format!("{CARD} .card__actions button:not([aria-pressed])"))
            .await?;
        self.page.gone(CARD, ms(2_000)).await
    }

    /// Makes the picture twice as large around a place, with the wheel.
    ///
    /// # Errors
    /// When the picture stays as it was.
    pub async fn zooms_in_at(&self, at: (f64, f64)) -> Result<()> {
        let width = "() => hibikiWitness.pictureRect()?.width ?? 0";
        let before: f64 = self.page.eval(width, ()).await?;
        self.points_along(&[at]).await?;
        self.page.turns_wheel(-WHEEL_TWICE).await?;
        let larger = format!("(before) => ({width})() > 1.8 * before");
        self.page
            .until::<bool>("a larger picture", ms(2_000), &larger, before)
            .await
            .map(drop)
    }

    /// Draws without a pointer: begins where the cursor is, presses these keys, and ends there.
    ///
    /// # Errors
    /// When no mark was sent.
    pub async fn draws_by_keys(&self, keys: &[&str]) -> Result<Annotation> {
        let before = self.before_drawing().await?;
        let focus = "() => { const stage = document.querySelector('[data-testid=stage]'); stage.focus(); return document.activeElement === stage; }";
        self.page
            .until::<bool>("the stage to have the keys", ms(1_000), focus, ())
            .await?;
        self.page.press("Enter").await?;
        for key in keys {
            self.page.press(key).await?;
        }
        self.page.press("Enter").await?;
        self.sent_since(&before).await
    }
}
