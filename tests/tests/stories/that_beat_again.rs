//! That beat again: everybody sees the seconds before the freeze as originals, at true speed, and nothing else passes for one.

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;
use stories::person::Person;
use stories::story::{CALM_FPS, CALM_SIZE, Plan, Story, tell};
use stories::wait::{secs, until};
use wire::mark::{Anchor, DrawnOn};

/// Frames a second of the one story that is told at a probe's rate.
const PROBE_FPS: u32 = 30;
/// Frames of three seconds at that rate, less some that a busy machine did not capture.
const LEAST_FRAMES: usize = 80;
/// What there is to look back at: all that a loop holds, or enough to tell one frame from another.
const WHOLE_LOOP: Duration = Duration::from_millis(3_300);
/// From its start an agent captures after this at the latest.
const CAPTURES_WITHIN: Duration = Duration::from_millis(700);
const SHORT_LOOP: Duration = Duration::from_millis(1_000);

/// As the page says it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Beat {
    of: usize,
    proven: usize,
    came: usize,
    ended: bool,
}

/// One look at the loop.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Look {
    /// Milliseconds.
    at: f64,
    /// Frame number of the barcode on the glass.
    n: u16,
}

/// Waits until the loop plays and every frame that came is proven, on a page that calls it the original.
async fn sees_the_loop(person: &Person) -> Result<Beat> {
    let whole = "() => { const beat = window.hibiki?.beat; const words = document.querySelector('[data-testid=beat-words]')?.innerText;
        return window.hibiki?.scenery === 'frozenOriginal' && words && beat?.playing && beat.ended && beat.proven === beat.came ? beat : null; }";
    let seen = person
        .page()
        .until("the loop to play", secs(20), whole, ())
        .await;
    if seen.is_ok() {
        return seen;
    }
    let instead: serde_json::Value = person
        .page()
        .eval("() => window.hibiki?.beat ?? null", ())
        .await?;
    seen.with_context(|| format!("a {:?} has instead {instead}", person.role))
}

/// Notes each count of proven frames that the page says while the loop comes.
const NOTE_COUNTS: &str = "() => { const said = []; window.beatCounts = said;
    const look = () => { const words = document.querySelector('[data-testid=beat-words]')?.textContent ?? '';
        const [, of, count] = words.match(/(\\d+) フレームのうち (\\d+) を原画と確かめました/) ?? [];
        if (count !== undefined && said.at(-1)?.[0] !== Number(count)) said.push([Number(count), Number(of)]); };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    return true; }";

/// The page counted up to the frames of the loop while they came.
async fn saw_it_count_up(person: &Person, beat: &Beat) -> Result<()> {
    let said: Vec<(usize, usize)> = person.page().eval("() => window.beatCounts", ()).await?;
    ensure!(
        said.len() >= 3
            && said.is_sorted_by(|one, next| one.0 < next.0)
            && said.iter().all(|(count, of)| *of == beat.of && count < of),
        "of {} frames a {:?} was told {said:?}",
        beat.of,
        person.role
    );
    Ok(())
}

/// Looks at the glass for so many frames that, wherever the loop begins anew, enough of them follow each other.
async fn looks_at_the_loop(person: &Person, fps: u32) -> Result<Vec<Look>> {
    let look = "(ms) => new Promise((done) => { const seen = []; const end = performance.now() + ms;
        const again = () => { const read = hibikiWitness.coverBarcode(); if (read) seen.push({ at: performance.now(), n: read.n });
            if (performance.now() < end) requestAnimationFrame(again); else done(seen); };
        requestAnimationFrame(again); })";
    person.page().eval(look, 30_000 / fps).await
}

/// Each pass runs forward, as fast as it was captured.
fn runs_at_true_speed(looks: &[Look]) -> Result<()> {
    let mut checked = 0;
    for pass in looks.chunk_by(|a, b| a.n <= b.n) {
        let Some((first, last)) = pass.first().zip(pass.last()) else {
            continue;
        };
        let (frames, took) = (f64::from(last.n - first.n), last.at - first.at);
        // The last frame of a pass rests; the pass before it is what counts.
        let moving: Vec<&Look> = pass.iter().take_while(|look| look.n < last.n).collect();
        if moving.len() < 8 || frames < 10.0 {
            continue;
        }
        let until = moving.last().map_or(took, |look| look.at - first.at);
        let due = f64::from(moving.last().map_or(0, |look| look.n - first.n)) * 1_000.0
            / f64::from(PROBE_FPS);
        ensure!(
            (until - due).abs() < 120.0,
            "{due:.0} ms of the heart took {until:.0} ms: {looks:?}"
        );
        checked += 1;
    }
    ensure!(checked > 0, "nothing moved: {looks:?}");
    Ok(())
}

async fn two_at_a_freeze(story: &Story, after: Duration) -> Result<(Person, Person, Anchor)> {
    // The agent was started before, and its ring fills while the pages are opened.
    let full_at = tokio::time::Instant::now() + CAPTURES_WITHIN + after;
    let (doctor, bedside) = story.both().await?;
    for person in [&doctor, &bedside] {
        person.sees_picture_within(secs(5)).await?;
        person.picture_moves().await?;
    }
    tokio::time::sleep_until(full_at).await;
    let anchor = doctor.freezes().await?;
    for person in [&doctor, &bedside] {
        person.sees_original_within(secs(5)).await?;
    }
    Ok((doctor, bedside, anchor))
}

#[test]
fn everybody_sees_the_beat_before_the_freeze_in_a_loop_also_after_a_reload_until_it_is_released()
-> Result<()> {
    let plan = Plan::default().source(format!("test:fps={PROBE_FPS},size={CALM_SIZE}"));
    tell(plan, |story| async move {
        let (doctor, bedside, _) = two_at_a_freeze(&story, WHOLE_LOOP).await?;
        for person in [&doctor, &bedside] {
            person.page().eval::<bool>(NOTE_COUNTS, ()).await?;
        }
        bedside.page().click("[data-testid=beat]").await?;
        let (first, second) = tokio::try_join!(sees_the_loop(&doctor), sees_the_loop(&bedside))?;
        for (person, beat) in [(&doctor, first), (&bedside, second)] {
            saw_it_count_up(person, &beat).await?;
            ensure!(
                beat.came >= LEAST_FRAMES && beat.proven == beat.of && beat.ended,
                "{beat:?}"
            );
        }
        // One after the other: each is watched frame by frame.
        for person in [&doctor, &bedside] {
            runs_at_true_speed(&looks_at_the_loop(person, PROBE_FPS).await?)?;
        }
        bedside.reloads().await?;
        sees_the_loop(&bedside).await?;
        doctor.releases().await?;
        for person in [&doctor, &bedside] {
            person.is_told_that_the_picture_runs_within(secs(3)).await?;
            person.picture_moves().await?;
            let over: bool = person
                .page()
                .eval("() => window.hibiki?.beat === null", ())
                .await?;
            ensure!(over, "a {:?} still has the loop", person.role);
            person.has_a_clean_console().await?;
        }
        Ok(())
    })
}

#[test]
fn drawing_stops_the_loop_and_the_mark_belongs_to_the_frame_under_the_pen() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside, frozen) = two_at_a_freeze(&story, SHORT_LOOP).await?;
        doctor.page().press("b").await?;
        sees_the_loop(&doctor).await?;
        sees_the_loop(&bedside).await?;
        doctor.takes_pen().await?;
        // Its last frame is the frozen one, on which the mark would rightly stay.
        doctor
            .page()
            .until::<bool>(
                "the loop to be in its first half",
                secs(5),
                "() => { const { at, of } = window.hibiki.beat; return at !== null && at < of / 2; }",
                (),
            )
            .await?;
        let stroke = doctor.draws_stroke(&[(0.4, 0.5), (0.6, 0.5)]).await?;
        let (Anchor::Live { rtp_time: end, .. }, Anchor::Live { rtp_time, .. }) =
            (frozen, stroke.mark.anchor);
        let before = end.since(rtp_time);
        ensure!(
            stroke.mark.drawn_on == DrawnOn::Freeze && (1..=270_000).contains(&before),
            "drawn {before} ticks before the freeze: {:?}",
            stroke.mark
        );
        let stands: bool = doctor
            .page()
            .eval("() => window.hibiki.beat.playing === false", ())
            .await?;
        ensure!(stands, "the loop runs on under the pen");
        doctor.sees_ink_at_within(0.6, 0.5, secs(2)).await?;
        let shown = doctor
            .page()
            .eval::<Option<u16>>("() => hibikiWitness.coverBarcode()?.n ?? null", ())
            .await?
            .context("a frame stands on the glass")?;
        doctor.page().press(".").await?;
        doctor.loses_ink_at_within(0.6, 0.5, secs(2)).await?;
        doctor.page().press(",").await?;
        doctor.sees_original_of_frame_within(shown, secs(2)).await?;
        doctor.sees_ink_at_within(0.6, 0.5, secs(2)).await?;
        // Again ends it for everybody: they stand on the frozen frame.
        doctor.page().press("b").await?;
        for person in [&doctor, &bedside] {
            person
                .page()
                .until::<bool>(
                    "the loop to end",
                    secs(3),
                    "() => window.hibiki.beat === null && window.hibiki.scenery === 'frozenOriginal'",
                    (),
                )
                .await?;
        }
        doctor.loses_ink_at_within(0.6, 0.5, secs(2)).await
    })
}

#[test]
fn an_agent_that_is_away_is_said_to_everybody() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside, _) = two_at_a_freeze(&story, SHORT_LOOP).await?;
        if let Some(agent) = story.agent().await.as_mut() {
            agent.kill().await;
        }
        doctor
            .reads_within("訪問先から映像が届いていません", secs(5))
            .await?;
        doctor.page().press("b").await?;
        for person in [&doctor, &bedside] {
            person.reads_within("端末が応答しません", secs(12)).await?;
        }
        Ok(())
    })
}

/// The tenth still that this page gets is another one.
const ONE_OTHER_STILL: &str = "() => { const real = window.fetch; let [first, count] = [null, 0];
    window.fetch = async (input, init) => { const answer = await real(input, init);
        if (!String(input).includes('/blobs/')) return answer;
        const bytes = await answer.arrayBuffer(); first ??= bytes; count += 1;
        return new Response((count === 10 ? first : bytes).slice(0), { status: 200 }); };
    return true; }";

#[test]
fn a_frame_with_other_pixels_is_skipped_and_said() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside, _) = two_at_a_freeze(&story, SHORT_LOOP).await?;
        bedside.page().eval::<bool>(ONE_OTHER_STILL, ()).await?;
        doctor.page().press("b").await?;
        sees_the_loop(&doctor).await?;
        bedside
            .reads_within("1 フレームは原画と一致せず", secs(10))
            .await?;
        let counts = "() => { const beat = window.hibiki?.beat; return beat?.playing && beat.ended && beat.wrong === 1
            && beat.proven === beat.came - 1; }";
        bedside
            .page()
            .until::<bool>("the others in a loop", secs(20), counts, ())
            .await?;
        let doubts = || async {
            let events = doctor.log_events().await?;
            let doubts = events.iter().filter(|event| *event == "originalDoubted");
            Ok(Some(doubts.count()).filter(|count| *count > 0))
        };
        let on_record = until("the doubt on record", secs(2), doubts).await?;
        ensure!(on_record == 1, "one frame, {on_record} doubts");
        // It goes on over the gap.
        let looks = looks_at_the_loop(&bedside, CALM_FPS).await?;
        let frames: BTreeSet<u16> = looks.iter().map(|look| look.n).collect();
        ensure!(frames.len() > 8, "the loop stands: {looks:?}");
        Ok(())
    })
}
