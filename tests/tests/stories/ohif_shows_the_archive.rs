//! A hospital's own viewer, OHIF, lists what the archive has and shows a clip over DICOMweb.

use anyhow::{Context as _, Result, ensure};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use stories::binaries::workspace;
use stories::browser::{Page, Screen};
use stories::process::Program;
use stories::story::{Plan, Story, tell};
use stories::wait::secs;

const TOKEN: &str = "what-the-viewers-door-knows";
const CLIPS: [&str; 2] = ["plax_small.dcm", "a4c_small_uncompressed.dcm"];
/// Set-up puts it there (tools/ohif.txt).
const BUILT: &str = ".tools/ohif/package/dist";
/// The first one, and how many frames it has.
const FRAMES: usize = 29;

/// Where OHIF is served.
#[derive(Debug, Deserialize)]
struct Served {
    origin: String,
}

/// What OHIF asked of the relay.
#[derive(Debug, Deserialize)]
struct Asked {
    status: u16,
    url: String,
}

#[test]
fn ohif_lists_the_studies_of_the_archive_and_shows_a_clip() -> Result<()> {
    let digest: String = digest(&SHA256, TOKEN.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let system = format!("PACS:read+store:{digest}");
    let plan = Plan::default()
        .no_agent()
        .relay_flags(&["--dicomweb-systems", &system]);
    tell(plan, |story| async move {
        for clip in CLIPS {
            sends(&story, &workspace().join("sample-dicom").join(clip)).await?;
        }
        let (_program, origin) = serve(&story).await?;
        let context = story.browser(Screen::DESK).await?;
        let page = context.page().await?;
        page.goto(&origin).await?;
        let row = "() => document.querySelector('[data-cy=\"studyRow\"], tbody')?.innerText ?? ''";
        let listed = format!("() => ({row})().includes('PHANTOM')");
        page.until::<bool>("the study in OHIF's list", secs(40), &listed, ())
            .await?;
        let asked = asked(&page).await?;
        let study = asked.iter().find(|it| it.url.contains("/studies?"));
        ensure!(study.is_some(), "OHIF asked for no studies: {asked:?}");
        let uid = study_of(&CLIPS[..1])?;
        page.goto(&format!("{origin}/viewer?StudyInstanceUIDs={uid}"))
            .await?;
        let counts = format!("() => document.body.innerText.includes('/{FRAMES})')");
        page.until::<bool>("the number of frames", secs(60), &counts, ())
            .await?;
        page.until::<bool>("a picture", secs(60), SHOWN, ()).await?;
        let asked = self::asked(&page).await?;
        let failed: Vec<&Asked> = asked.iter().filter(|it| it.status >= 400).collect();
        ensure!(failed.is_empty(), "the archive refused OHIF: {failed:?}");
        let frames = asked.iter().filter(|it| it.url.contains("/frames/"));
        ensure!(frames.count() > 0, "no frame was asked for: {asked:?}");
        Ok(())
    })
}

/// A part of the large canvas is bright: tissue, not an empty stage.
const SHOWN: &str = "() => { const canvas = document.querySelector('canvas.cornerstone-canvas');
    if (!canvas || !canvas.width) return false;
    const copy = new OffscreenCanvas(160, 120).getContext('2d');
    copy.drawImage(canvas, 0, 0, 160, 120);
    const { data } = copy.getImageData(0, 0, 160, 120);
    let bright = 0; for (let at = 0; at < data.length; at += 4) bright += data[at + 1] > 60 ? 1 : 0;
    return bright > 500 && bright < 12_000; }";

/// Stores an object as a hospital system does (PS3.18 section 10.5).
async fn sends(story: &Story, file: &Path) -> Result<()> {
    let head = "--part\r\nContent-Type: application/dicom\r\n\r\n".as_bytes();
    let body = [head, &fs::read(file)?, b"\r\n--part--\r\n"].concat();
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .post(format!("{}/dicomweb/studies", story.door().origin()))
        .bearer_auth(TOKEN)
        .header(
            "content-type",
            "multipart/related; type=\"application/dicom\"; boundary=part",
        )
        .body(body)
        .send()
        .await?;
    ensure!(answer.status().is_success(), "STOW-RS: {}", answer.status());
    Ok(())
}

async fn serve(story: &Story) -> Result<(Program, String)> {
    let built = workspace().join(BUILT);
    ensure!(built.is_dir(), "OHIF is not here; run tools/setup.sh");
    let script = workspace().join("tests/browser/ohif.mjs");
    let words = [script, built, PathBuf::from(story.door().origin())];
    let mut words: Vec<String> = words.iter().map(|it| it.display().to_string()).collect();
    words.push(TOKEN.to_owned());
    let program = Program::start("ohif", Path::new("node"), &words, &[])?;
    let served = program
        .wait_for_line("where OHIF is served", secs(10), |line| {
            serde_json::from_str::<Served>(line.strip_prefix("» ")?).ok()
        })
        .await?;
    Ok((program, served.origin))
}

async fn asked(page: &Page) -> Result<Vec<Asked>> {
    page.eval("() => fetch('/asked').then((answer) => answer.json())", ())
        .await
}

fn study_of(clips: &[&str]) -> Result<String> {
    let clip = clips.first().context("a clip")?;
    let path = workspace().join("sample-dicom").join(clip);
    Ok(echo_dicom::Provenance::read(&path)?
        .study
        .uid
        .as_str()
        .to_owned())
}
