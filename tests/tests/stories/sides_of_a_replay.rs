//! What stands beside a consult that is replayed, and how it is found again: steps of `a_consult_is_replayed`.

use anyhow::{Result, ensure};
use serde::Deserialize;
use stories::barcode::Barcode;
use stories::binaries::workspace;
use stories::person::Person;
use stories::wait::secs;
use wire::ClipId;

/// Chooses the nth line that begins with these words.
const CHOOSE: &str = "([field, begins, nth]) => { const select = document.querySelector(`[data-testid=${field}]`);
    const found = [...(select?.options ?? [])].filter(({ text }) => text.startsWith(begins))[nth];
    if (!found) return null;
    select.value = found.value; select.dispatchEvent(new Event('change', { bubbles: true })); return true; }";
/// What is on the glass of both sides, by the pixels; nothing while one of them is empty.
const BOTH: &str = "() => { const glasses = [...document.querySelectorAll('.past__panes canvas:is([data-rtp], [data-frame])')];
    const barcodes = glasses.map((glass) => hibikiBarcode.read(glass));
    return barcodes.length === 2 && barcodes.every(Boolean) ? { left: barcodes[0], right: barcodes[1] } : null; }";
/// The same, once both went on.
const BOTH_AFTER: &str = "([left, right]) => { const glasses = [...document.querySelectorAll('.past__panes canvas:is([data-rtp], [data-frame])')];
    const barcodes = glasses.map((glass) => hibikiBarcode.read(glass));
    return barcodes.length === 2 && barcodes.every(Boolean) && barcodes[0].n !== left && barcodes[1].n !== right
        ? { left: barcodes[0], right: barcodes[1] } : null; }";
/// The same, once the left one went on and the right one stands where it belongs.
const LEFT_AFTER: &str = "(left) => { const [one, other] = [...document.querySelectorAll('.past__panes canvas:is([data-rtp], [data-frame])')];
    const [here, there] = [hibikiBarcode.read(one), hibikiBarcode.read(other)];
    const isThere = document.querySelector('[data-testid=past-clip] [data-testid=replay-scrub]').value === other.dataset.frame;
    return here && there && here.n !== left && isThere ? { left: here, right: there } : null; }";
const STEPS: u16 = 5;
const LEFT_BEAT: &str = ".past__panes > article:nth-child(1) [data-testid=replay-beat]";
const RIGHT_BEAT: &str = ".past__panes > article:nth-child(2) [data-testid=replay-beat]";
const OF_A_CLIP: &str = "クリップ";

#[derive(Debug, Clone, Copy, Deserialize)]
struct Both {
    left: Barcode,
    right: Barcode,
}

/// Saves what was just seen; gives the clip once all of it is at the relay.
pub(crate) async fn saves(doctor: &Person, others: &[ClipId]) -> Result<ClipId> {
    doctor.saves_clip().await?;
    let clip = doctor.finds_another_clip_within(others, secs(20)).await?;
    doctor.clip_is_kept_within(clip, secs(20)).await?;
    Ok(clip)
}

/// A clip of the consult that is over stands beside its replay and goes with it by the beat; so do two clips.
pub(crate) async fn clips_stand_beside(doctor: &Person) -> Result<()> {
    let page = doctor.page();
    chooses(doctor, ("past-beside", OF_A_CLIP, 0)).await?;
    let _: Both = page.until("both sides", secs(8), BOTH, ()).await?;
    for beat in [LEFT_BEAT, RIGHT_BEAT] {
        page.visible(beat, secs(5)).await?;
        page.click(beat).await?;
    }
    let laid: Both = page.until("both sides", secs(5), BOTH, ()).await?;
    let mut on = laid;
    for _ in 0..STEPS {
        page.click("[data-testid=past-on]").await?;
        on = page
            .until("the next frame on the left", secs(5), LEFT_AFTER, on.left.n)
            .await?;
    }
    let went = |before: Barcode, after: Barcode| after.n.wrapping_sub(before.n);
    // The frames of the two were not captured at the same distances.
    let (left, right) = (went(laid.left, on.left), went(laid.right, on.right));
    ensure!(
        left == STEPS && (STEPS - 1..=STEPS + 1).contains(&right),
        "{STEPS} steps from {laid:?} led to {on:?}"
    );
    let folder = workspace().join("target/screenshots");
    std::fs::create_dir_all(&folder)?;
    page.screenshot(&folder.join("replay-beside.png")).await?;
    page.click("[data-testid=past-play]").await?;
    let _: Both = page
        .until("both to run", secs(5), BOTH_AFTER, (on.left.n, on.right.n))
        .await?;

    chooses(doctor, ("past-left", OF_A_CLIP, 1)).await?;
    page.visible("[data-testid=past-clip] + [data-testid=past-clip]", secs(5))
        .await?;
    let stands: Both = page.until("two clips", secs(8), BOTH, ()).await?;
    // Frames of the two lie at other distances: one step of the left one may be none of the right one.
    for _ in 0..3 {
        page.click("[data-testid=replay-on]").await?;
    }
    let _: Both = page
        .until(
            "both clips to go on",
            secs(5),
            BOTH_AFTER,
            (stands.left.n, stands.right.n),
        )
        .await?;
    chooses(doctor, ("past-left", "相談の記録", 0)).await?;
    chooses(doctor, ("past-beside", "並べない", 0)).await?;
    page.gone("[data-testid=past-clip]", secs(5)).await
}

async fn chooses(doctor: &Person, what: (&str, &str, usize)) -> Result<()> {
    let name = format!("{what:?} to choose");
    let there: Result<bool> = doctor.page().until(&name, secs(5), CHOOSE, what).await;
    there.map(drop)
}

/// From the entrance: by view, words, person and day, each with and without a hit.
pub(crate) async fn it_is_found_again(doctor: &Person, entrance: &str) -> Result<()> {
    const FOUND: &str =
        "(count) => { const open = document.querySelectorAll('[data-testid=past-open]');
        const status = document.querySelector('[data-testid=past-list] [role=status]')?.textContent;
        return open.length === count && (count > 0) === (status === '') ? true : null; }";
    let page = doctor.page();
    page.goto(entrance).await?;
    page.click("[data-testid=past-toggle]").await?;
    page.visible("[data-testid=past-open]", secs(5)).await?;
    // Nobody came to the other one, so that it goes with the name.
    for (field, misses, hits, found) in [
        ("view", "SC4C", "", 2),
        ("finding", "逆流", "", 2),
        ("person", "渡辺", "佐藤", 1),
        ("from", "2999-01-01", "2020-01-01", 1),
        ("until", "2020-01-01", "2999-01-01", 1),
    ] {
        let target = format!("[data-testid=past-search-{field}]");
        for (words, count) in [(misses, 0), (hits, found)] {
            page.fill(&target, words).await?;
            let what = format!("{count} consults with {field} {words}");
            let _: bool = page.until(&what, secs(5), FOUND, count).await?;
        }
    }
    page.click("[data-testid=past-open]").await?;
    page.visible("[data-testid=past]", secs(5)).await
}
