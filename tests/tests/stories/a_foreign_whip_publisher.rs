//! A standard WHIP publisher that is not ours can publish: Chromium's own camera in VP8 and in H.264, and aiortc.
//!
//! Its picture is watched like any other; its age is called unknown, marks still belong to a frame. There are no originals:
//! whoever froze supplies the frame as it came with the video.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use stories::binaries::workspace;
use stories::browser::Screen;
use stories::process::Program;
use stories::story::{Plan, Story, tell};
use stories::test_data::skipped;
use stories::wait::secs;
use tokio::io::AsyncWriteExt;
use wire::mark::Anchor;
use wire::people::Role;

#[test]
fn chromiums_camera_publishes_vp8() -> Result<()> {
    camera("video/VP8", false)
}

#[test]
fn chromiums_camera_publishes_h264_beside_a_microphone() -> Result<()> {
    camera("video/H264", true)
}

fn camera(codec: &'static str, audio: bool) -> Result<()> {
    tell(Plan::calm().no_agent(), move |story| async move {
        let context = story.browser(Screen::DESK).await?;
        let page = context.page().await?;
        page.goto(&format!("{}/healthz", story.door().origin()))
            .await?;
        page.eval::<Value>(STANDARD_PEER, ()).await?;
        let order = json!({ "url": story.door().whip(story.consult()), "ticket": ticket(&story).await?, "codec": codec, "audio": audio });
        let answer: Value = page
            .eval("(order) => standardPeer.publish(order)", order)
            .await?;
        ensure!(answer["status"] == 201, "the relay answered {answer}");
        is_watched(&story).await?;
        let ended: u16 = page.eval("() => standardPeer.stop()", ()).await?;
        ensure!(
            ended == 200,
            "DELETE answered {ended} (RFC 9725 section 4.2)"
        );
        Ok(())
    })
}

#[test]
fn aiortc_publishes() -> Result<()> {
    let python = workspace().join(".tools/py/bin/python");
    if !python.is_file() {
        return skipped(
            "aiortc_publishes",
            "no aiortc in .tools/py (`make setup` installs it)",
        );
    }
    tell(Plan::calm().no_agent(), move |story| async move {
        let script = workspace().join("tests/peers/aiortc_publisher.py");
        let args = [
            script.display().to_string(),
            story.door().whip(story.consult()),
            ticket(&story).await?,
        ];
        let mut publisher = Program::start("aiortc", &python, &args, &[])?;
        let connected = |line: &str| line.contains("\"connected\": true").then_some(());
        publisher
            .wait_for_line("it is connected", secs(20), connected)
            .await?;
        is_watched(&story).await?;
        let mut input = publisher.stdin().context("it has an input")?;
        input.shutdown().await?;
        drop(input);
        let ended = |line: &str| line.contains("\"deleted\": 200").then_some(());
        publisher
            .wait_for_line("its session is ended", secs(10), ended)
            .await
    })
}

async fn ticket(story: &Story) -> Result<String> {
    story
        .door()
        .ticket(
            story.door().person(Role::VisitingPhysician).await?,
            story.consult(),
        )
        .await
}

/// A picture without stamps: it moves, its age is called unknown, and a mark belongs to one of its frames.
async fn is_watched(story: &Story) -> Result<()> {
    let (doctor, bedside) = story.both().await?;
    for person in [&doctor, &bedside] {
        person.sees_picture_within(secs(8)).await?;
        person.picture_moves_for(20, secs(5)).await?;
    }
    let before = doctor.looks().await?;
    ensure!(before.shows_something(), "the picture is one flat colour");
    doctor.reads_within("映像の遅れ 不明", secs(3)).await?;
    doctor.takes_pen().await?;
    let stroke = doctor.draws_stroke(&[(0.4, 0.4), (0.6, 0.6)]).await?;
    let Anchor::Live { rtp_time, .. } = stroke.mark.anchor;
    let painted = stroke
        .down
        .frame
        .context("a frame was painted before the touch")?;
    ensure!(
        painted.rtp == Some(rtp_time),
        "anchor {rtp_time:?}, but under the pen was {painted:?}"
    );
    bedside.sees_mark_within(&stroke.mark, secs(2)).await?;
    // Whoever comes late never painted the frozen frame, and stands on it all the same.
    doctor.freezes().await?;
    let late = story.arrives(Role::Trainer).await?;
    late.page()
        .until::<bool>("the frozen frame", secs(5), STANDS, ())
        .await?;
    late.reads_within("映像からの画像です", secs(3)).await?;
    let seen: Value = late.page().eval(COVER, ()).await?;
    let frozen: Value = doctor.page().eval(COVER, ()).await?;
    ensure!(seen == frozen && seen.is_number(), "{seen} is not {frozen}");
    late.has_a_clean_console().await?;
    bedside.has_a_clean_console().await
}

/// The very frame stands still, and nobody calls it an original.
const STANDS: &str = "() => window.hibiki?.scenery === 'frozen'";
/// A sum over the pixels of what stands over the video.
const COVER: &str = "() => { const cover = document.querySelector('video').parentElement.querySelector('canvas');
    const { data } = cover.getContext('2d').getImageData(0, 0, cover.width, cover.height);
    let sum = cover.width; for (const level of data) sum = (sum * 31 + level) % 1000000007; return sum; }";

/// The standard client, evaluated into an empty page.
const STANDARD_PEER: &str = concat!(
    "() => { ",
    include_str!("../../browser/standard.js"),
    " return true; }"
);
