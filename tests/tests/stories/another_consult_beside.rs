//! Another consult beside one that is replayed, laid there by hand, goes with it at that distance, and stands again when it is let
//! go: a step of `a_consult_is_replayed`.

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use stories::barcode::Barcode;
use stories::person::Person;
use stories::story::{CALM_FPS, CALM_SIZE, Story};
use stories::wait::secs;
use wire::ConsultId;

/// How many frames there are of a consult's picture, once these are enough.
const RECORDED: &str = "async ([consult, enough]) => {
    const { session } = JSON.parse(sessionStorage.getItem('hibiki.session'));
    const answer = await fetch(`/api/v1/replays/${consult}`, { headers: { 'hibiki-session': session } });
    const { pictures } = await answer.json();
    return pictures.length > 0 && pictures[0].frames >= enough ? true : null; }";
/// Five seconds.
const ENOUGH: u32 = 5 * CALM_FPS;
const CHOOSE: &str = "(begins) => { const select = document.querySelector('[data-testid=past-beside]');
    const found = [...(select?.options ?? [])].find(({ text }) => text.startsWith(begins));
    if (!found) return null;
    select.value = found.value; select.dispatchEvent(new Event('change', { bubbles: true })); return true; }";
const THE_OTHER: &str = "相談 訪問 2";
const NONE: &str = "並べない";
/// Moves the slider of the one or the other, in tenths of a second from its beginning.
const SEEK: &str = "([isOther, tenths]) => { const slider = [...document.querySelectorAll('[data-testid=past-scrub]')]
        .find((one) => (one.closest('.past__panes') !== null) === isOther);
    if (!slider) return null;
    slider.value = String(tenths); slider.dispatchEvent(new Event('input', { bubbles: true })); return true; }";
/// What is on both glasses, once both are there.
const BOTH: &str =
    "() => { const panes = [...document.querySelectorAll('.past__panes [data-testid=past-pane]')];
    const barcodes = panes.filter(({ dataset }) => dataset.glass === 'frame')
        .map((pane) => hibikiBarcode.read(pane.querySelector('canvas[data-rtp]')));
    return barcodes.length === 2 && barcodes.every(Boolean) ? barcodes : null; }";
/// The same, for each picture of the page in so many milliseconds.
const WHILE_IT_RUNS: &str = "(ms) => new Promise((done) => { const seen = []; const end = performance.now() + ms;
    const look = () => {
        const glasses = [...document.querySelectorAll('.past__panes canvas[data-rtp]')].map((glass) => hibikiBarcode.read(glass));
        if (glasses.length === 2 && glasses.every(Boolean)) seen.push(glasses);
        if (performance.now() < end) requestAnimationFrame(look); else done(seen); };
    requestAnimationFrame(look); })";
const IS_ALIGNED: &str =
    "(is) => document.querySelector('[data-testid=past-align]').ariaPressed === String(is)";
const FRAME_MS: f64 = 1_000.0 / CALM_FPS as f64;
/// The frames of the two were not captured at the same distances: each is at most one old.
const SAME_MS: f64 = FRAME_MS + 2.0;
/// A frame that is later than this is waited for.
const WAITED_MS: f64 = 250.0;
const RUNS_MS: f64 = 1_000.0;

/// Left and right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
struct Both(Barcode, Barcode);

impl Both {
    /// How far each went on.
    fn went_ms(self, to: Self) -> (f64, f64) {
        (to.0.later_ms(self.0), to.1.later_ms(self.1))
    }

    /// By how much more the right one went on than the left one.
    fn apart_ms(self, to: Self) -> f64 {
        let (left, right) = self.went_ms(to);
        right - left
    }
}

/// The device goes to the other consult.
pub(crate) async fn publishes_into_another(story: &Story) -> Result<ConsultId> {
    let consults = story.door().demo().await?.consults;
    let other = consults.iter().find(|it| it.consult != story.consult());
    let other = other.context("a demo has two consults")?.consult;
    let source = format!("test:fps={CALM_FPS},size={CALM_SIZE}");
    story
        .start_agent(&source, &["--consult", &other.to_string()])
        .await?;
    Ok(other)
}

/// Waits until there is enough of it; then the device goes.
pub(crate) async fn it_has_recorded(
    story: &Story,
    person: &Person,
    other: ConsultId,
) -> Result<()> {
    let page = person.page();
    let _: bool = page
        .until("a record", secs(12), RECORDED, (other, ENOUGH))
        .await?;
    let mut agent = story.agent().await;
    agent.as_mut().context("an agent")?.kill().await;
    Ok(())
}

pub(crate) async fn another_consult_is_laid_beside(person: &Person) -> Result<()> {
    let page = person.page();
    let both = || shows_both(person);
    chooses(person, THE_OTHER).await?;
    let _ = both().await?;
    // Early on the left, because soon somebody freezes there; but not before its first frame.
    seeks(person, true, 8).await?;
    seeks(person, false, 5).await?;
    let laid = both().await?;
    aligns(person, true).await?;

    page.click("[data-testid=past-play]").await?;
    let seen: Vec<Both> = page.eval(WHILE_IT_RUNS, RUNS_MS).await?;
    page.click("[data-testid=past-play]").await?;
    let mut apart: Vec<f64> = seen.iter().map(|it| laid.apart_ms(*it).abs()).collect();
    apart.sort_by(f64::total_cmp);
    let (middle, most) = (apart.get(apart.len() / 2), apart.last());
    let (middle, most) = middle.zip(most).context("pictures while it runs")?;
    ensure!(
        *middle <= SAME_MS && *most <= WAITED_MS + SAME_MS,
        "while it runs, the right one is {apart:?} ms away from where it was laid"
    );
    let stands = both().await?;
    let (left, right) = laid.went_ms(stands);
    ensure!(
        left > RUNS_MS / 2.0 && (right - left).abs() <= SAME_MS,
        "laid at {laid:?} they went on by {left} and {right} ms"
    );
    // Back before where they were laid, and on again.
    for tenths in [4, 12] {
        seeks(person, false, tenths).await?;
        let there = both().await?;
        let apart = laid.apart_ms(there);
        ensure!(
            there != stands && apart.abs() <= SAME_MS,
            "at {tenths} the right one is {apart} ms away from where it was laid: {there:?}"
        );
    }

    aligns(person, false).await?;
    let before = both().await?;
    seeks(person, false, 19).await?;
    let after = both().await?;
    let (left, right) = before.went_ms(after);
    ensure!(
        left > 500.0 && right == 0.0,
        "let go, they went on by {left} and {right} ms"
    );
    chooses(person, NONE).await?;
    page.gone("[data-testid=past-align]", secs(2)).await
}

async fn shows_both(person: &Person) -> Result<Both> {
    let page = person.page();
    let both: Result<Both> = page.until("both sides", secs(5), BOTH, ()).await;
    let stands = page.text(".past__panes").await.unwrap_or_default();
    both.with_context(|| format!("the page says:\n{stands}"))
}

async fn chooses(person: &Person, begins: &str) -> Result<()> {
    let page = person.page();
    page.until::<bool>(begins, secs(5), CHOOSE, begins)
        .await
        .map(drop)
}

async fn seeks(person: &Person, is_other: bool, tenths: u32) -> Result<()> {
    let (page, to) = (person.page(), (is_other, tenths));
    page.until::<bool>("a slider", secs(5), SEEK, to)
        .await
        .map(drop)
}

async fn aligns(person: &Person, is: bool) -> Result<()> {
    let page = person.page();
    page.click("[data-testid=past-align]").await?;
    page.until::<bool>("the control to say so", secs(2), IS_ALIGNED, is)
        .await
        .map(drop)
}
