//! A consult that is over is replayed as it was: each jump shows the very frame that the log names, marks come and go as they did,
//! and what the link lost and the device sent later is there, frame by frame.

use crate::another_consult_beside::{
    another_consult_is_laid_beside, it_has_recorded, publishes_into_another,
};
use crate::forms::{devices, takes_form};
use crate::screens::axe_finds_nothing;
use crate::sides_of_a_replay::{clips_stand_beside, it_is_found_again, saves};
use crate::voices_are_heard::joins;
use crate::voices_of_a_replay::{speaks_in_beeps, voices_are_heard_with_their_frames};
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use stories::barcode::Barcode;
use stories::binaries::{Binaries, workspace};
use stories::link::LinkKind;
use stories::person::Person;
use stories::story::{Plan, Story, tell};
use stories::wait::{ms, secs};
use wire::mark::{Anchor, Pen};
use wire::people::Page as WhichPage;
use wire::{CaptureTime, RtpTime};

/// Longer than a connection is mended in without a hole.
const CUT: std::time::Duration = ms(2_500);
/// A barcode counts tenths of a millisecond; RTP times round to a ninetieth.
const SAME_FRAME_MS: f64 = 1.0;

/// What is on the glass now, with the frame that its pixels are; nothing while a frame is on its way.
const GLASS: &str = "() => {
    const pane = document.querySelector('[data-testid=past-pane]');
    const glass = pane?.querySelector('canvas[data-rtp]');
    if (!glass || !['frame', 'original'].includes(pane.dataset.glass)) return null;
    return { rtp: Number(glass.dataset.rtp), what: pane.dataset.glass, marks: Number(pane.dataset.marks),
        words: document.querySelector('[data-testid=past-glass]').textContent, barcode: hibikiBarcode.read(glass) }; }";
/// The same, once it is this frame.
const GLASS_OF: &str = "([rtp, what]) => { const pane = document.querySelector('[data-testid=past-pane]');
    const glass = pane?.querySelector('canvas[data-rtp]');
    if (!glass || pane.dataset.glass !== what || glass.dataset.rtp !== String(rtp)) return null;
    return { rtp, what, marks: Number(pane.dataset.marks),
        words: document.querySelector('[data-testid=past-glass]').textContent, barcode: hibikiBarcode.read(glass) }; }";
/// The same, once another frame is there.
const GLASS_AFTER: &str = "(rtp) => { const pane = document.querySelector('[data-testid=past-pane]');
    const glass = pane?.querySelector('canvas[data-rtp]');
    if (!glass || pane.dataset.glass !== 'frame' || glass.dataset.rtp === String(rtp)) return null;
    return { rtp: Number(glass.dataset.rtp), what: 'frame', marks: Number(pane.dataset.marks),
        words: document.querySelector('[data-testid=past-glass]').textContent, barcode: hibikiBarcode.read(glass) }; }";
/// The same, once the list has it.
const TOLD: &str = "([kind, nth]) => { const line = document.querySelectorAll(`[data-testid=past-jumps] [data-event=${kind}]`)[nth];
    line?.click(); return line ? true : null; }";
/// Nothing around the frame on the glass will be filled in any more.
const SETTLED: &str =
    "() => { const { glass, settled } = document.querySelector('[data-testid=past-pane]').dataset;
    return glass === 'frame' && settled === 'true' ? true : null; }";
/// Goes to something that happened: the nth of its kind.
const JUMP: &str = "([kind, nth]) => { const lines = document.querySelectorAll(`[data-testid=past-jumps] [data-event=${kind}]`);
    lines[nth]?.click(); return lines.length > nth; }";

#[derive(Debug, Clone, Deserialize)]
struct Glass {
    rtp: u32,
    marks: usize,
    words: String,
    barcode: Option<Barcode>,
}

#[test]
fn a_consult_that_is_over_is_replayed_frame_by_frame_as_it_was() -> Result<()> {
    let plan = Plan::calm()
        .recorded()
        .agent_flags(&["--bit-rate", "1000"])
        .agent_over(LinkKind::LAN);
    tell(plan, |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        doctor.picture_moves_for(20, secs(5)).await?;
        doctor.reads_within("● 記録中", secs(5)).await?;
        let near = CaptureTime((doctor.now().await? * 1_000.0) as u64);
        let bedside = story.bedside().await?;
        everybody_agreed(&bedside, &doctor).await?;
        let saved = saves(&doctor, &[]).await?;

        // What happens: a mark on the running picture, a freeze with a mark that is taken back, a hole that heals.
        doctor.takes_pen().await?;
        doctor.picks_pen(Pen::Green).await?;
        let quick = doctor.draws_stroke(&[(0.3, 0.5), (0.6, 0.6)]).await?.mark;
        let frozen = doctor.freezes().await?;
        let live = doctor.sees_original_within(secs(5)).await?;
        let held = doctor.draws_stroke(&[(0.4, 0.4), (0.5, 0.7)]).await?.mark;
        doctor
            .holds_marks_within(&[quick.id, held.id], secs(2))
            .await?;
        doctor.undoes().await?;
        doctor.holds_marks_within(&[quick.id], secs(2)).await?;
        doctor.releases().await?;
        doctor.picture_moves().await?;
        let uplink = story.agent_link()?;
        uplink.cut();
        tokio::time::sleep(CUT).await;
        uplink.restore();
        doctor.picture_moves_again_within(secs(6)).await?;
        saves(&doctor, &[saved]).await?;
        // Over before the hole is filled: the replay takes what comes, and says until then that it is not whole.
        closes(&story).await?;

        // What is replayed.
        opens(&doctor, &story).await?;
        let (
            Anchor::Live {
                rtp_time: of_quick, ..
            },
            Anchor::Live {
                rtp_time: of_freeze,
                ..
            },
        ) = (quick.anchor, frozen);
        let seen = jumps(&doctor, ("marked", 0), (of_quick, "frame")).await?;
        is_the_frame(&seen, of_quick, near)?;
        ensure!(seen.marks == 1, "the mark lies on its frame: {seen:?}");
        let seen = jumps(&doctor, ("frozen", 0), (of_freeze, "frame")).await?;
        is_the_frame(&seen, of_freeze, near)?;
        ensure!(
            seen.barcode == Some(live),
            "everybody stood on {live:?}, the replay on {seen:?}"
        );
        ensure!(seen.marks == 0, "nothing was written on it yet: {seen:?}");
        let seen = jumps(&doctor, ("marked", 1), (of_freeze, "original")).await?;
        ensure!(seen.marks == 1, "it appears when it was made: {seen:?}");
        let seen = jumps(&doctor, ("withdrawn", 0), (of_freeze, "original")).await?;
        ensure!(seen.marks == 0, "it goes when it was taken back: {seen:?}");
        somebody_points(&doctor).await?;
        the_hole_is_filled_frame_by_frame(&doctor, near).await?;
        it_plays_on_the_one_clock(&doctor, near).await?;
        voices_are_heard_with_their_frames(&doctor, near).await?;
        let other = publishes_into_another(&story).await?;
        clips_stand_beside(&doctor).await?;
        it_has_recorded(&story, &doctor, other).await?;
        opens(&doctor, &story).await?;
        another_consult_is_laid_beside(&doctor).await?;
        it_is_for_everybody(&doctor).await?;
        it_is_found_again(&doctor, story.door().origin()).await?;
        doctor.has_a_clean_console().await
    })
}

/// As an operator closes it, beside the running relay.
async fn closes(story: &Story) -> Result<()> {
    let mut command = tokio::process::Command::new(Binaries::get().await?.relay);
    let (consult, data) = (story.consult().to_string(), story.folder().join("relay"));
    command.args(["consult", "close", "--consult", &consult, "--data"]);
    let done = command.arg(data).output().await?;
    ensure!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}

async fn opens(doctor: &Person, story: &Story) -> Result<()> {
    let address = format!("{}/replay", doctor.address(WhichPage::Consult));
    doctor.page().goto(&address).await?;
    let first: Result<Glass> = doctor
        .page()
        .until("a first frame", secs(8), GLASS, ())
        .await;
    let text = doctor.page().text("body").await.unwrap_or_default();
    first
        .map(drop)
        .with_context(|| format!("the replay of {} says:\n{text}", story.consult()))
}

async fn jumps(doctor: &Person, to: (&str, usize), shows: (RtpTime, &str)) -> Result<Glass> {
    let there: bool = doctor.page().eval(JUMP, to).await?;
    ensure!(there, "the list has no {to:?}");
    let what = format!("{to:?} to show {shows:?}");
    doctor.page().until(&what, secs(5), GLASS_OF, shows).await
}

/// The bedside says so, and voices and pointers are kept from then on.
async fn everybody_agreed(bedside: &Person, doctor: &Person) -> Result<()> {
    bedside.sees_picture_within(secs(5)).await?;
    speaks_in_beeps(bedside).await?;
    joins(bedside).await?;
    bedside.page().click("[data-testid=consent-open]").await?;
    bedside
        .page()
        .click("[data-testid=consent-patient]")
        .await?;
    for person in [bedside, doctor] {
        person.reads_within("音声を録音中", secs(3)).await?;
    }
    doctor
        .points_along(&[(0.2, 0.2), (0.3, 0.3), (0.4, 0.4)])
        .await
}

/// While it runs, a pointer is where it was, from when the bedside had come until its hand took the pen.
async fn somebody_points(doctor: &Person) -> Result<()> {
    const POINTS: &str =
        "() => document.querySelector('[data-testid=past-pane]').dataset.pointers === '1'";
    let page = doctor.page();
    let there: bool = page.eval(JUMP, ("joined", 1)).await?;
    ensure!(there, "the list has no second one who came");
    page.click("[data-testid=past-play]").await?;
    let _: bool = page.until("a pointer", secs(8), POINTS, ()).await?;
    page.click("[data-testid=past-play]").await
}

fn is_the_frame(seen: &Glass, rtp: RtpTime, near: CaptureTime) -> Result<()> {
    let barcode = seen.barcode.context("a frame with its barcode")?;
    let apart = barcode.distance_ms(rtp, near);
    ensure!(
        apart.abs() < SAME_FRAME_MS,
        "the pixels are of a frame {apart} ms away: {seen:?}"
    );
    Ok(())
}

/// Steps back from where the picture came again into what was filled in.
async fn the_hole_is_filled_frame_by_frame(doctor: &Person, near: CaptureTime) -> Result<()> {
    let page = doctor.page();
    let _: bool = page
        .until(
            "the list to tell of the hole",
            secs(10),
            TOLD,
            ("streamGap", 0),
        )
        .await?;
    let _: bool = page
        .until("the record to be whole there", secs(25), SETTLED, ())
        .await?;
    let mut before: Glass = doctor.page().until("a frame", secs(5), GLASS, ()).await?;
    let mut filled = 0;
    for _ in 0..60 {
        doctor.page().click("[data-testid=past-back]").await?;
        let now: Result<Glass> = doctor
            .page()
            .until("the frame before", secs(5), GLASS_AFTER, before.rtp)
            .await;
        let now = now?;
        is_the_frame(&now, RtpTime(now.rtp), near)?;
        if let (Some(one), Some(other)) = (now.barcode, before.barcode) {
            ensure!(
                one.n.wrapping_add(1) == other.n,
                "no frame is left out: {now:?} before {before:?}"
            );
        }
        if now.words == "あとから補完された映像" {
            filled += 1;
        }
        if filled >= 10 {
            return Ok(());
        }
        before = now;
    }
    bail!("{filled} frames were filled in")
}

async fn it_plays_on_the_one_clock(doctor: &Person, near: CaptureTime) -> Result<()> {
    let choose = "(speed) => { const field = document.querySelector('[data-testid=past-speed]');
        field.value = speed; field.dispatchEvent(new Event('change', { bubbles: true })); return true; }";
    doctor.page().eval::<bool>(choose, "4").await?;
    let before: Glass = doctor.page().until("a frame", secs(5), GLASS, ()).await?;
    doctor.page().click("[data-testid=past-play]").await?;
    let played: Glass = doctor
        .page()
        .until("the picture to run", secs(5), GLASS_AFTER, before.rtp)
        .await?;
    is_the_frame(&played, RtpTime(played.rtp), near)?;
    doctor.page().eval::<bool>(choose, "1").await?;
    doctor.page().click("[data-testid=past-play]").await
}

/// On every size, in both languages: nothing wider than the window, nothing that axe finds.
async fn it_is_for_everybody(doctor: &Person) -> Result<()> {
    let page = doctor.page();
    let folder = workspace().join("target/screenshots");
    std::fs::create_dir_all(&folder)?;
    for form in devices().into_iter().flat_map(|device| device.forms) {
        let name = form.name();
        takes_form(page, form).await?;
        let wide: bool = page
            .eval(
                "() => document.documentElement.scrollWidth > innerWidth + 1",
                (),
            )
            .await?;
        ensure!(!wide, "replay {name}: the page is wider than the window");
        page.screenshot(&folder.join(format!("replay-{name}.png")))
            .await?;
        if form.width < 800 || name == "desk-en" {
            axe_finds_nothing(doctor, "replay", &name).await?;
        }
    }
    Ok(())
}
