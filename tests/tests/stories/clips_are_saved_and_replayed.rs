//! A press of save becomes a clip for everybody, and each of its frames is the one that was captured.

use crate::screens::AXE_TAGS;
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;
use stories::binaries::workspace;
use stories::dropped::drops_file;
use stories::link::LinkKind;
use stories::person::{By, Person, Replayed, same_frame};
use stories::story::{CALM_FPS, CALM_SIZE, Plan, Story, tell};
use stories::wait::secs;
use wire::CaptureTime;
use wire::clip::ClipTable;
use wire::mark::Anchor;
use wire::people::Role;

/// A clip is written and travels while the picture runs, on a busy machine.
const CLIP_COMES: Duration = Duration::from_secs(20);
/// Something worth saving: a second and a half of a calm source.
const FRAMES_BEFORE: u32 = 15;
/// Until the page is loaded again.
const NO_UPLOADS: &str = "() => { const real = fetch;
    window.fetch = (to, more) => String(to).endsWith('/upload') ? Promise.reject(new TypeError('no link')) : real(to, more); }";
const CLIPS_THAT_OPEN: &str = "[data-testid=clip] .clips__open:not([disabled])";
const PLAY: &str = "[data-testid=replay-play]";
/// How much longer or shorter ten frames may take, because a busy page shows the last or the first one late. Any other speed
/// is farther off in one of the two that are tried.
const LATE_MS: f64 = 600.0;
const EARLY_MS: f64 = 250.0;
/// Longer than two frames of a calm source are apart.
const UNEVEN_US: u64 = 1_500_000 / CALM_FPS as u64;

async fn two_who_see(story: &Story) -> Result<(Person, Person)> {
    let (doctor, bedside) = story.both().await?;
    for person in [&doctor, &bedside] {
        person.sees_picture_within(secs(5)).await?;
    }
    bedside.picture_moves_for(FRAMES_BEFORE, secs(10)).await?;
    Ok((doctor, bedside))
}

#[test]
fn a_clip_saved_at_the_bedside_opens_for_the_cardiologist_and_shows_each_captured_frame()
-> Result<()> {
    tell(Plan::default(), |story| async move {
        let (doctor, bedside) = two_who_see(&story).await?;
        bedside.saves_clip().await?;
        let clip = doctor.finds_clip_within(CLIP_COMES).await?;
        doctor.opens_clip(clip).await?;
        doctor.clip_is_kept_within(clip, CLIP_COMES).await?;
        let seen = doctor.sees_each_frame_of(clip).await?;
        ensure!(seen.len() >= 20, "only {} frames were saved", seen.len());
        // The picture beside it went on meanwhile.
        doctor.picture_moves().await?;
        let table = doctor.frame_table(clip).await?;
        steps_one_frame_each_way(&doctor, &table).await?;
        plays_as_fast_as_was_chosen(&doctor, &table).await?;
        begins_anew_only_in_a_loop(&doctor, &table).await
    })
}

/// By button and by key; no other frame is on the glass in between.
async fn steps_one_frame_each_way(person: &Person, table: &ClipTable) -> Result<()> {
    person.seeks(&[5]).await?;
    for (presses, shows) in [(By::Button("on"), 6), (By::Button("back"), 5)] {
        let seen = person.sees_after(presses, 1).await?;
        are_those_frames(table, &seen, &[shows])?;
    }
    for (key, shows) in [(".", 6), (".", 7), (",", 6)] {
        let seen = person.sees_after(By::Key(key), 1).await?;
        are_those_frames(table, &seen, &[shows])?;
    }
    Ok(())
}

/// From a frame on, each shown frame comes when it is due at that speed.
async fn plays_as_fast_as_was_chosen(person: &Person, table: &ClipTable) -> Result<()> {
    for speed in [1.0, 0.25] {
        person.seeks(&[2]).await?;
        person.chooses_speed(speed).await?;
        let seen = person.sees_after(By::Button("play"), 10).await?;
        person.page().click(PLAY).await?;
        let (Some(first), Some(last)) = (seen.first(), seen.last()) else {
            anyhow::bail!("nothing was played");
        };
        let at_us = |frame: &Replayed| table.frames.get(frame.index).map(|frame| frame.at_us);
        let (from, to) = (at_us(first), at_us(last));
        let due_ms = (to.context("a frame")? - from.context("a frame")?) as f64 / 1_000.0 / speed;
        let took_ms = last.took_ms - first.took_ms;
        ensure!(
            seen.is_sorted_by(|one, next| one.index < next.index)
                && (due_ms - EARLY_MS..due_ms + LATE_MS).contains(&took_ms),
            "{due_ms:.0} ms at {speed} took {took_ms:.0} ms: {seen:?}"
        );
    }
    Ok(())
}

/// Slowly, so that even a busy page shows the first frame before the second is due.
async fn begins_anew_only_in_a_loop(person: &Person, table: &ClipTable) -> Result<()> {
    let last = table.frames.len() - 1;
    person.chooses_speed(0.25).await?;
    for (loops, shows) in [(true, &[last, 0][..]), (false, &[last])] {
        person.seeks(&[last - 1]).await?;
        let seen = person.sees_after(By::Button("play"), shows.len()).await?;
        let first: Vec<Replayed> = seen.into_iter().take(shows.len()).collect();
        are_those_frames(table, &first, shows)?;
        if loops {
            person.page().click(PLAY).await?;
            person.page().click("[data-testid=replay-loop]").await?;
        }
    }
    // It ends there, by itself.
    let stands = format!("{PLAY}[aria-pressed=false]");
    person.page().visible(&stands, secs(3)).await?;
    let shown = "() => Number(document.querySelector('[data-testid=replay-pane] canvas[data-frame]').dataset.frame)";
    let shown: usize = person.page().eval(shown, ()).await?;
    ensure!(shown == last, "it stands on {shown}, the last is {last}");
    Ok(())
}

fn are_those_frames(table: &ClipTable, seen: &[Replayed], wanted: &[usize]) -> Result<()> {
    let indices: Vec<usize> = seen.iter().map(|frame| frame.index).collect();
    ensure!(
        indices == wanted,
        "{indices:?} were shown instead of {wanted:?}"
    );
    for frame in seen {
        ensure!(same_frame(table, *frame)?, "{frame:?} is another frame");
    }
    Ok(())
}

async fn sees_its_first_frame_while_it_arrives(person: &Person) -> Result<()> {
    let clip = person.finds_clip_within(CLIP_COMES).await?;
    person.opens_clip(clip).await?;
    let first = person.seeks(&[0]).await?;
    person.reads_within("受信中", secs(1)).await?;
    let table = person.frame_table(clip).await?;
    let first = first.first().context("the first frame")?;
    ensure!(same_frame(&table, *first)?, "{first:?}");
    Ok(())
}

/// Over a link that needs seconds for a clip.
#[test]
fn everybody_looks_at_a_clip_while_it_still_arrives() -> Result<()> {
    // The picture leaves it most of two megabits.
    let plan = Plan::calm()
        .agent_flags(&["--bit-rate", "400"])
        .agent_over(LinkKind::TWO_MEGABITS);
    tell(plan, |story| async move {
        let (doctor, bedside) = story.both().await?;
        doctor.sees_picture_within(secs(8)).await?;
        doctor
            .picture_moves_for(FRAMES_BEFORE * 2, secs(10))
            .await?;
        doctor.saves_clip().await?;
        // Everybody's, not only theirs who pressed, and at the same time: it arrives within seconds.
        tokio::try_join!(
            sees_its_first_frame_while_it_arrives(&doctor),
            sees_its_first_frame_while_it_arrives(&bedside),
        )?;
        for person in [&doctor, &bedside] {
            let clip = person.finds_clip_within(secs(1)).await?;
            person.clip_is_kept_within(clip, secs(30)).await?;
            let table = person.frame_table(clip).await?;
            let last = table.frames.len() - 1;
            let seen = person.seeks(&[last]).await?;
            let seen = seen.first().context("the last frame")?;
            ensure!(same_frame(&table, *seen)?, "{seen:?}");
            person.picture_moves().await?;
        }
        Ok(())
    })
}

/// Puts a second clip beside the open one and sets beats in each; goes to frames of the first by time and by phase, and waits
/// each time until the second shows one of the frames that belong there.
const SIDE_BY_SIDE: &str = "async ([clips, beats, byTime, byPhase]) => {
    const pane = (clip) => document.querySelector(`[data-testid=replay-pane][data-clip='${clip}']`);
    const chooses = (what, value) => { const field = document.querySelector(`[data-testid=replay-${what}]`);
        field.value = value; field.dispatchEvent(new Event('change', { bubbles: true })); };
    const until = async (holds, what) => { for (const end = performance.now() + 5000; performance.now() < end;) {
        const held = holds(); if (held) return held; await new Promise((next) => setTimeout(next, 20)); } throw new Error(`in vain: ${what()}`); };
    const shown = (clip) => Number(pane(clip).querySelector('canvas[data-frame]').dataset.frame);
    const goes = async (clip, index) => { const slider = pane(clip).querySelector('[data-testid=replay-scrub]');
        slider.value = String(index); slider.dispatchEvent(new Event('input', { bubbles: true }));
        await until(() => shown(clip) === index, () => `frame ${index}, ${shown(clip)} is shown`); };
    const [one, other] = clips;
    const looks = async (how, wanted) => { for (const [index, those] of wanted) { await goes(one, index);
        await until(() => those.includes(shown(other)), () => `by ${how} one of ${those} beside ${index}, ${shown(other)} is shown`); } };
    chooses('beside', other);
    await until(() => pane(other)?.querySelector('canvas[data-frame]'), () => 'a second clip');
    await looks('time', byTime);
    chooses('pairing', 'phase');
    for (const [at, index] of beats) { await goes(clips[at], index);
        (await until(() => pane(clips[at]).querySelector('[data-testid=replay-beat]'), () => 'where beats are set')).click(); }
    await looks('phase', byPhase);
    return true; }";

/// The frame of a clip that stands at the moment of this one of another.
fn at_the_time_of(index: usize, of: &ClipTable, other: &ClipTable) -> Result<usize> {
    let at = of.frames.get(index).context("a frame of the clip")?.at_us;
    let before = other.frames.iter().filter(|frame| frame.at_us <= at);
    before.count().checked_sub(1).context("a first frame")
}

#[test]
fn two_clips_stand_side_by_side_at_the_same_time_or_the_same_phase_of_the_beat() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        doctor
            .picture_moves_for(FRAMES_BEFORE * 2, secs(10))
            .await?;
        let mut clips = Vec::new();
        for _ in 0..2 {
            doctor.saves_clip().await?;
            let clip = doctor.finds_another_clip_within(&clips, CLIP_COMES).await?;
            doctor.clip_is_kept_within(clip, CLIP_COMES).await?;
            clips.push(clip);
        }
        let [one, other] = clips.as_slice() else {
            anyhow::bail!("two clips were saved");
        };
        doctor.opens_clip(*one).await?;
        let tables = (
            doctor.frame_table(*one).await?,
            doctor.frame_table(*other).await?,
        );
        // Frames of a busy machine lie a little beside their time, so the tables say which one it is.
        let by_time = [2, 7, 12].map(|index| {
            at_the_time_of(index, &tables.0, &tables.1).map(|frame| (index, vec![frame]))
        });
        let by_time = by_time.into_iter().collect::<Result<Vec<_>>>()?;
        // Ten frames from beat to beat in the one, five in the other: half of that is six and a half.
        let beats = [(0, 2), (0, 12), (1, 4), (1, 9)];
        let by_phase = [(2, vec![4]), (7, vec![6, 7]), (12, vec![9])];
        let order = ([one, other], beats, by_time, by_phase);
        let shown: Result<bool> = doctor.page().eval(SIDE_BY_SIDE, order).await;
        shown.map(drop)
    })
}

/// As H.264, decoded by the page: every frame that is sought shows its own capture barcode, whatever was sought before, and
/// the colours are those of the image that any browser shows.
#[test]
fn a_clip_saved_as_video_shows_each_captured_frame_too() -> Result<()> {
    let words = "[clips]\ncoding = \"h264\"\n";
    let source = format!("test:fps={CALM_FPS},size={CALM_SIZE},form=rgb");
    tell(
        Plan::calm().source(source).agent_file(words),
        |story| async move {
            let (doctor, bedside) = two_who_see(&story).await?;
            bedside.saves_clip().await?;
            let clip = doctor.finds_clip_within(CLIP_COMES).await?;
            doctor.opens_clip(clip).await?;
            doctor.clip_is_kept_within(clip, CLIP_COMES).await?;
            let table = doctor.frame_table(clip).await?;
            let video = table.video.as_ref().context("it is a video")?;
            ensure!(video.keys.iter().all(|key| key % 10 == 0), "{video:?}");
            let count = table.frames.len();
            ensure!(count >= 15, "only {count} frames were saved");
            // Onwards, backwards, and from one end to the other.
            let onwards = (0..count).step_by(5);
            let wanted: Vec<usize> = onwards
                .clone()
                .chain(onwards.rev())
                .chain([count - 1, 0])
                .collect();
            for seen in doctor.seeks(&wanted).await? {
                ensure!(
                    same_frame(&table, seen)?,
                    "frame {} of {count} shows {:?}, the table says {:?}",
                    seen.index,
                    seen.barcode,
                    table.frames.get(seen.index)
                );
            }
            let seen = doctor.sees_colours().await?;
            ensure!(seen.black <= 4 && seen.white >= 251, "{seen:?}");
            // The test source's flow is red or blue, by the direction; another matrix or range is off by 15 and more.
            let near = |wanted: [f64; 3]| {
                let pairs = seen.flow.iter().zip(wanted);
                pairs
                    .map(|(is, was)| (is - was).abs())
                    .all(|apart| apart <= 8.0)
            };
            ensure!(
                near([167.0, 7.0, 20.0]) || near([20.0, 7.0, 167.0]),
                "{seen:?}"
            );
            Ok(())
        },
    )
}

#[test]
fn a_clip_whose_frames_came_unevenly_shows_each_of_them_too() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside) = two_who_see(&story).await?;
        for span in [190, 300, 240] {
            if let Some(agent) = story.agent().await.as_mut() {
                agent
                    .program_mut()
                    .stumbles_for(Duration::from_millis(span))
                    .await;
            }
            bedside.picture_moves_for(5, secs(5)).await?;
        }
        bedside.saves_clip().await?;
        let clip = doctor.finds_clip_within(CLIP_COMES).await?;
        doctor.opens_clip(clip).await?;
        doctor.clip_is_kept_within(clip, CLIP_COMES).await?;
        let table = doctor.frame_table(clip).await?;
        let longest = table
            .frames
            .iter()
            .zip(table.frames.iter().skip(1))
            .map(|(one, next)| next.at_us - one.at_us)
            .max()
            .context("a clip of several frames")?;
        ensure!(longest > UNEVEN_US, "the frames came evenly: {longest} µs");
        doctor.sees_each_frame_of(clip).await.map(drop)
    })
}

#[test]
fn a_save_that_a_full_disk_refuses_is_said_and_the_next_is_found_by_who_comes_later_or_reloads()
-> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside) = two_who_see(&story).await?;
        story.device_disk_is_full(true).await?;
        bedside.saves_clip().await?;
        for person in [&doctor, &bedside] {
            person
                .reads_within("送信端末に保存できません", CLIP_COMES)
                .await?;
            person.picture_moves().await?;
            person.looks_at_clips().await?;
            let opens = person.page().count(CLIPS_THAT_OPEN).await?;
            ensure!(
                opens == 0,
                "a half-written clip opens for a {:?}",
                person.role
            );
        }
        story.device_disk_is_full(false).await?;
        bedside.saves_clip().await?;
        let clip = doctor.finds_clip_within(CLIP_COMES).await?;
        doctor.clip_is_kept_within(clip, CLIP_COMES).await?;
        let late = story.arrives(Role::Observer).await?;
        doctor.reloads().await?;
        bedside.reloads().await?;
        for person in [&late, &doctor, &bedside] {
            let found = person.finds_clip_within(secs(5)).await?;
            ensure!(found == clip, "a {:?} finds {found}", person.role);
            person.opens_clip(clip).await?;
        }
        late.sees_each_frame_of(clip).await.map(drop)
    })
}

#[test]
fn a_mark_on_a_freeze_is_on_that_very_frame_of_the_clip() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside) = two_who_see(&story).await?;
        let Anchor::Live { rtp_time, .. } = doctor.freezes().await?;
        doctor.takes_pen().await?;
        doctor.draws_stroke(&[(0.4, 0.4), (0.6, 0.4)]).await?;
        doctor.releases().await?;
        bedside.picture_moves_for(5, secs(5)).await?;
        bedside.saves_clip().await?;
        let clip = doctor.finds_clip_within(CLIP_COMES).await?;
        doctor.opens_clip(clip).await?;
        doctor.clip_is_kept_within(clip, CLIP_COMES).await?;
        let marked = "() => [...document.querySelectorAll('[data-testid=replay-marks] option')]
            .map((option) => option.value).filter((value) => value !== '').map(Number)";
        let marked: Vec<usize> = doctor.page().eval(marked, ()).await?;
        ensure!(marked.len() == 1, "marks on frames {marked:?}");
        doctor.page().click("[data-testid=replay-mark-on]").await?;
        let jumped = "(index) => { const glass = document.querySelector('[data-testid=replay-pane] canvas[data-frame]');
            return glass.dataset.frame === String(index); }";
        doctor
            .page()
            .until::<bool>("the marked frame", secs(5), jumped, marked.first())
            .await?;
        let seen = doctor.seeks(&marked).await?;
        let barcode = seen
            .first()
            .and_then(|frame| frame.barcode)
            .context("the marked frame has its barcode")?;
        let near = CaptureTime((doctor.now().await? * 1_000.0) as u64);
        let apart = barcode.distance_ms(rtp_time, near);
        ensure!(apart.abs() < 1.0, "the mark is on a frame {apart} ms away");
        Ok(())
    })
}

#[test]
fn a_still_of_the_frozen_frame_is_that_frame() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, _bedside) = two_who_see(&story).await?;
        let Anchor::Live { rtp_time, .. } = doctor.freezes().await?;
        doctor
            .page()
            .click("[data-testid=save-still]:not([aria-disabled=true])")
            .await?;
        let clip = doctor.finds_clip_within(CLIP_COMES).await?;
        doctor.opens_clip(clip).await?;
        doctor.clip_is_kept_within(clip, CLIP_COMES).await?;
        let table = doctor.frame_table(clip).await?;
        ensure!(
            table.frames.len() == 1
                && table.frames.first().and_then(|frame| frame.rtp_time) == Some(rtp_time),
            "{:?}",
            table.frames
        );
        doctor.sees_each_frame_of(clip).await.map(drop)
    })
}

#[test]
fn without_a_device_the_button_says_why_and_a_file_of_the_bedside_page_is_a_clip_all_the_same()
-> Result<()> {
    tell(Plan::calm().no_agent(), |story| async move {
        let doctor = story.cardiologist().await?;
        let observer = story.arrives(Role::Observer).await?;
        for (person, words) in [
            (&doctor, "保存できる送信端末がつながっていません"),
            (&observer, "見学者は保存できません"),
        ] {
            person
                .page()
                .visible("[data-testid=save][aria-disabled=true]", secs(5))
                .await?;
            person.page().press("s").await?;
            person.reads_within(words, secs(2)).await?;
        }
        let bedside = story.bedside().await?;
        brings_a_file_over_a_reload(&bedside).await?;
        let clip = doctor.finds_clip_within(CLIP_COMES).await?;
        doctor.clip_is_kept_within(clip, CLIP_COMES).await?;
        doctor.opens_clip(clip).await.map(drop)
    })
}

/// The relay does not answer uploads at first, and the page is loaded anew meanwhile.
async fn brings_a_file_over_a_reload(bedside: &Person) -> Result<()> {
    let page = bedside.page();
    page.visible("[data-testid=bring]", secs(10)).await?;
    page.eval::<()>(NO_UPLOADS, ()).await?;
    let file = workspace().join("sample-dicom/plax_small.dcm");
    drops_file(page, &file, secs(60)).await?;
    bedside.reads_within("まだ送っていません", secs(5)).await?;
    page.click("[data-testid=bring-send]").await?;
    bedside
        .reads_within("まだ病院にありません", secs(10))
        .await?;
    bedside
        .reads_within("このブラウザーに控えました", secs(5))
        .await?;
    let found = page.axe(AXE_TAGS).await?;
    ensure!(found.violations.is_empty(), "{:#?}", found.violations);
    bedside.reloads().await?;
    page.visible("[data-testid=bring-file][data-stage=kept]", secs(15))
        .await
}
