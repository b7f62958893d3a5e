//! What a person's hand does over the picture: strokes, pointing, freezing, undoing.
//!
//! Owns the way from fractions of the picture to pixels of the page and real input events. What was drawn is read from
//! the socket, as the relay hears it; what lay under the pen from the witness, at the very event.

use super::{Person, SeenFrame};
use crate::barcode::Barcode;
use crate::wait::ms;
use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use wire::AnnotationId;
use wire::mark::{Anchor, Annotation};

/// Between two samples of a hand-drawn stroke: a mouse at 125 Hz.
pub(super) const PEN_PACE: Duration = Duration::from_millis(8);
const PEN: &str = "[data-testid=tool-pen]";
const FREEZE: &str = "[data-testid=freeze]";
const UNDO: &str = "[data-testid=undo]";

/// A touch of the pen as the page got it.
#[derive(Debug, Clone, Deserialize)]
pub struct PenTouch {
    /// `pointerdown` or `pointerup`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Wall time in milliseconds.
    pub at: f64,
    /// The newest frame that had been painted.
    pub frame: Option<SeenFrame>,
    /// The barcode on the glass at that very moment.
    pub glass: Option<Barcode>,
}

/// A mark that was drawn by hand.
#[derive(Debug, Clone)]
pub struct Stroke {
    /// As sent to the relay.
    pub mark: Annotation,
    /// First touch.
    pub down: PenTouch,
    /// Lift.
    pub up: PenTouch,
}

/// What a page had sent and felt before something was drawn.
#[derive(Debug)]
pub(super) struct Before {
    touches: u64,
    marks: Vec<String>,
}

/// A pen that is still down.
#[derive(Debug)]
pub struct HeldPen<'a> {
    person: &'a Person,
    at: (f64, f64),
}

impl HeldPen<'_> {
    /// Lifts it.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn lift(self) -> Result<()> {
        self.person
            .page
            .pointer("mouse", &[step("up", self.at)], PEN_PACE)
            .await
    }
}

/// The picture's place on the page.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Rect {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

pub(super) fn step(kind: &str, (x, y): (f64, f64)) -> Value {
    json!({ "type": kind, "x": x, "y": y })
}

/// Keeps what the page sends to freeze, as a slow link does; all else passes.
const HOLD_FREEZE: &str = "() => { const socket = WebSocket.prototype; const send = socket.send; const held = []; window.heldFreeze = held;
    socket.send = function (data) { if (JSON.parse(data).type === 'freeze') held.push(() => send.call(this, data)); else send.call(this, data); };
    window.letFreezeGo = () => { socket.send = send; held.forEach((go) => go()); }; return true; }";

impl Person {
    /// Takes the pen in hand, unless it is there already.
    ///
    /// # Errors
    /// When the page offers no pen.
    pub async fn takes_pen(&self) -> Result<()> {
        let held = "(pen) => document.querySelector(pen)?.getAttribute('aria-pressed') === 'true'";
        if self.page.eval::<bool>(held, PEN).await? {
            return Ok(());
        }
        self.page.click(PEN).await?;
        self.page
            .until::<bool>("the pen in hand", ms(2_000), held, PEN)
            .await
            .map(drop)
    }

    /// Whether the page offers this person a pen that works.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn can_take_pen(&self) -> Result<bool> {
        self.page.eval(ENABLED, PEN).await
    }

    /// Whether the page offers this person the freeze.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn can_freeze(&self) -> Result<bool> {
        self.page.eval(ENABLED, FREEZE).await
    }

    /// Draws through these places of the picture (fractions) with the tool in hand, and gives back what was sent.
    ///
    /// # Errors
    /// When no mark was sent within a second after the lift.
    pub async fn draws_stroke(&self, points: &[(f64, f64)]) -> Result<Stroke> {
        let before = self.before_drawing().await?;
        self.moves_pen(points, "mouse").await?;
        self.drawn_since(before).await
    }

    /// What this page has sent and felt so far.
    pub(super) async fn before_drawing(&self) -> Result<Before> {
        Ok(Before {
            touches: self.page.eval("() => hibikiWitness.pen.length", ()).await?,
            marks: self.page.eval(SENT_MARKS, ()).await?,
        })
    }

    /// The mark that was sent since then.
    pub(super) async fn sent_since(&self, before: &Before) -> Result<Annotation> {
        let newest = "(known) => hibikiWitness.messages.findLast((m) => m.dir === 'out' && m.message.type === 'mark'
            && !known.includes(m.message.mark.id))?.message.mark ?? null";
        self.page
            .until("the mark to be sent", ms(1_000), newest, &before.marks)
            .await
    }

    /// The mark that was sent since then, with the touches that made it.
    pub(super) async fn drawn_since(&self, before: Before) -> Result<Stroke> {
        let mark = self.sent_since(&before).await?;
        let touches: Vec<PenTouch> = self
            .page
            .eval("(from) => hibikiWitness.pen.slice(from)", before.touches)
            .await?;
        let touch = |kind: &str| touches.iter().find(|touch| touch.kind == kind).cloned();
        let down = touch("pointerdown").context("the page got no pen-down")?;
        let up = touch("pointerup").context("the page got no pen-up")?;
        Ok(Stroke { mark, down, up })
    }

    /// Draws while the relay is away; gives back the id that the page gave the mark.
    ///
    /// # Errors
    /// When the page did not keep a mark.
    pub async fn draws_unsent_stroke(&self, points: &[(f64, f64)]) -> Result<AnnotationId> {
        let known: Vec<String> = self
            .page
            .eval("() => [...window.hibiki.marksHeld]", ())
            .await?;
        self.moves_pen(points, "mouse").await?;
        let fresh = "(known) => window.hibiki.marksHeld.find((id) => !known.includes(id)) ?? null";
        self.page
            .until("the page to keep the mark", ms(1_000), fresh, known)
            .await
    }

    /// Presses, moves and lifts without expecting a mark.
    ///
    /// # Errors
    /// When there is no picture to draw on.
    pub async fn moves_pen(&self, points: &[(f64, f64)], kind: &str) -> Result<()> {
        let (mut steps, last) = self.down_and_along(points).await?;
        steps.push(step("up", last));
        self.page.pointer(kind, &steps, PEN_PACE).await
    }

    /// Presses and moves, and does not lift yet.
    ///
    /// # Errors
    /// When there is no picture to draw on.
    pub async fn holds_pen(&self, points: &[(f64, f64)]) -> Result<HeldPen<'_>> {
        let (steps, at) = self.down_and_along(points).await?;
        self.page.pointer("mouse", &steps, PEN_PACE).await?;
        Ok(HeldPen { person: self, at })
    }

    async fn down_and_along(&self, points: &[(f64, f64)]) -> Result<(Vec<Value>, (f64, f64))> {
        let places = self.on_page(points).await?;
        let mut steps: Vec<Value> = places.iter().map(|place| step("move", *place)).collect();
        let (first, last) = places
            .first()
            .zip(places.last())
            .context("a stroke has a point")?;
        steps.insert(1, step("down", *first));
        Ok((steps, *last))
    }

    /// Moves the pointer through these places without pressing.
    ///
    /// # Errors
    /// When there is no picture to point at.
    pub async fn points_along(&self, points: &[(f64, f64)]) -> Result<()> {
        let steps: Vec<Value> = self
            .on_page(points)
            .await?
            .into_iter()
            .map(|place| step("move", place))
            .collect();
        self.page.pointer("mouse", &steps, PEN_PACE).await
    }

    /// Moves the pointer away from the picture.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn takes_hand_off_the_picture(&self) -> Result<()> {
        self.page
            .pointer("mouse", &[step("move", (3.0, 3.0))], PEN_PACE)
            .await
    }

    /// Presses freeze or release, whichever stands on the button.
    ///
    /// # Errors
    /// When there is no such button.
    pub async fn presses_freeze(&self) -> Result<()> {
        self.page.click(FREEZE).await
    }

    /// Freezes and gives back the frame that the log names.
    ///
    /// # Errors
    /// When the log does not tell of a freeze within a second.
    pub async fn freezes(&self) -> Result<Anchor> {
        self.presses_freeze().await?;
        let anchor = "() => hibikiWitness.state.freeze?.anchor ?? null";
        self.page
            .until("the freeze in the log", ms(1_000), anchor, ())
            .await
    }

    /// Presses freeze while the page's word stays on its way to the relay, until `lets_its_freeze_go`.
    ///
    /// # Errors
    /// When the page sends none within a second.
    pub async fn freezes_with_its_word_on_the_way(&self) -> Result<()> {
        self.page.eval::<bool>(HOLD_FREEZE, ()).await?;
        self.presses_freeze().await?;
        let held = "() => window.heldFreeze.length === 1";
        self.page
            .until::<bool>("a freeze on its way", ms(1_000), held, ())
            .await
            .map(drop)
    }

    /// What `freezes_with_its_word_on_the_way` sent reaches the relay now.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn lets_its_freeze_go(&self) -> Result<()> {
        self.page.eval("() => window.letFreezeGo()", ()).await
    }

    /// Releases the freeze in force.
    ///
    /// # Errors
    /// When it is still in force after a second.
    pub async fn releases(&self) -> Result<()> {
        self.presses_freeze().await?;
        let released = "() => hibikiWitness.state.freeze === null";
        self.page
            .until::<bool>("the release in the log", ms(1_000), released, ())
            .await
            .map(drop)
    }

    /// Takes back the own last mark.
    ///
    /// # Errors
    /// When there is no such button.
    pub async fn undoes(&self) -> Result<()> {
        self.page.click(UNDO).await
    }

    async fn on_page(&self, points: &[(f64, f64)]) -> Result<Vec<(f64, f64)>> {
        let rect: Option<Rect> = self
            .page
            .eval("() => hibikiWitness.pictureRect()", ())
            .await?;
        let rect = rect.context("there is no picture on the page")?;
        Ok(points
            .iter()
            .map(|(x, y)| (rect.x + x * rect.width, rect.y + y * rect.height))
            .collect())
    }
}

/// Ids of all marks that this page has sent.
const SENT_MARKS: &str = "() => hibikiWitness.messages
    .filter((m) => m.dir === 'out' && m.message.type === 'mark').map((m) => m.message.mark.id)";
/// Whether a control is there and not disabled.
const ENABLED: &str = "(control) => { const it = document.querySelector(control);
    return it !== null && !it.disabled && it.getAttribute('aria-disabled') !== 'true'; }";
