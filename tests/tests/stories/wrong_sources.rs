//! Sources that are no DICOM, have no pixels, are cut off or lie, sources that stop, and a relay that is not there: the
//! agent says one clear sentence each, tries again or ends with a clear code, and the people in the consult go on.

use anyhow::{Context, Result, ensure};
use std::path::PathBuf;
use stories::agent::dicom_source;
use stories::binaries::workspace;
use stories::story::{Plan, Story, tell};
use stories::wait::secs;

/// A committed clip to make broken ones from.
fn good_clip() -> Result<PathBuf> {
    let folder = workspace().join("sample-dicom");
    let mut clips: Vec<PathBuf> = std::fs::read_dir(&folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|kind| kind == "dcm"))
        .collect();
    clips.sort();
    clips
        .into_iter()
        .next()
        .with_context(|| format!("no clip in {}", folder.display()))
}

/// A file's name may name a patient: no sentence repeats it.
const NAME: &str = "one-of-the-day.dcm";

async fn agent_says(story: &Story, bytes: &[u8], words: &str) -> Result<()> {
    let path = story.folder().join(NAME);
    std::fs::write(&path, bytes)?;
    story.start_agent(&dicom_source(&path), &[]).await?;
    let agent = story.agent().await;
    let program = agent.as_ref().context("an agent was started")?.program();
    let wanted = |line: &str| line.contains(words).then(|| line.to_owned());
    let said = program
        .wait_for_line(&format!("something about {words:?}"), secs(8), wanted)
        .await?;
    ensure!(
        !program.last_words(200).contains("panicked"),
        "the agent panicked:\n{}",
        program.last_words(30)
    );
    ensure!(said.len() < 600, "one sentence, not a page: {said}");
    ensure!(!said.contains(NAME), "it names the file: {said}");
    Ok(())
}

#[test]
fn a_source_that_is_no_usable_clip_is_named_in_one_sentence() -> Result<()> {
    tell(Plan::calm().no_agent(), |story| async move {
        let doctor = story.cardiologist().await?;
        let good = std::fs::read(good_clip()?)?;
        let cut = good.get(..good.len() / 3).context("a clip is long")?;
        let letter = b"this is a letter, not a clip";
        agent_says(&story, letter, "this is no DICOM file").await?;
        let empty = without_pixels(&good)?;
        agent_says(
            &story,
            &empty,
            "the pixel data does not fit the header: there is none",
        )
        .await?;
        agent_says(&story, cut, "the data set is damaged at byte").await?;
        agent_says(&story, &with_rows(&good, 60_000)?, "Rows").await?;
        // The consult is as before: a good source shows at once.
        story.start_agent("test:", &[]).await?;
        doctor.sees_picture_within(secs(8)).await?;
        doctor.has_a_clean_console().await
    })
}

#[test]
fn a_source_that_stops_is_said_on_the_pages_and_comes_back() -> Result<()> {
    tell(Plan::calm().no_agent(), |story| async move {
        let clip = story.folder().join("probe.mkv");
        make_short_video(&clip).await?;
        story
            .start_agent(&format!("ffmpeg:{}?loop=0", clip.display()), &[])
            .await?;
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(8)).await?;
        // Three seconds of picture, then the cable is out.
        std::fs::remove_file(&clip)?;
        doctor
            .is_told_that_the_picture_stopped_within(secs(8))
            .await?;
        doctor
            .reads_within("エコー装置からの映像を読めません", secs(8))
            .await?;
        make_short_video(&clip).await?;
        doctor.picture_moves_for(10, secs(12)).await.map(drop)
    })
}

#[test]
fn a_relay_address_that_is_wrong_is_said_and_tried_again() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        let nobody = "http://127.0.0.1:9";
        let lost = story.lost_agent("test:", nobody)?;
        let wanted = |line: &str| {
            let said =
                line.contains("the relay does not answer") && line.contains("capturing goes on");
            said.then(|| line.to_owned())
        };
        let said = lost
            .program()
            .wait_for_line("that the relay does not answer", secs(8), wanted)
            .await?;
        ensure!(said.len() < 600, "one sentence, not a page: {said}");
        ensure!(!lost.program().last_words(200).contains("panicked"));
        doctor.picture_moves().await
    })
}

/// The file up to its pixel data (7FE0,0010).
fn without_pixels(clip: &[u8]) -> Result<Vec<u8>> {
    let at = find(clip, &[0xe0, 0x7f, 0x10, 0x00]).context("a clip has pixel data")?;
    Ok(clip.get(..at).unwrap_or_default().to_vec())
}

/// The file with another number of Rows (0028,0010) than its pixels have; explicit VR little endian.
fn with_rows(clip: &[u8], rows: u16) -> Result<Vec<u8>> {
    let at =
        find(clip, &[0x28, 0x00, 0x10, 0x00, b'U', b'S', 0x02, 0x00]).context("a clip has rows")?;
    let mut lies = clip.to_vec();
    lies.get_mut(at + 8..at + 10)
        .context("rows have a value")?
        .copy_from_slice(&rows.to_le_bytes());
    Ok(lies)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

/// Three seconds of moving test picture, by the ffmpeg program if there is one, else by the agent's own libraries.
async fn make_short_video(path: &std::path::Path) -> Result<()> {
    let args = [
        "-loglevel",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=320x240:rate=25:duration=3",
        "-c:v",
        "mpeg4",
    ];
    let status = tokio::process::Command::new("ffmpeg")
        .args(args)
        .arg(path)
        .status()
        .await
        .context("run ffmpeg")?;
    ensure!(status.success(), "ffmpeg ended with {status}");
    Ok(())
}
