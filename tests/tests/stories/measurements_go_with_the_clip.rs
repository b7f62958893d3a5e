//! What was drawn and measured on a freeze goes with the clip that was saved: other people's programs read the numbers
//! that stood on the page, on the frame that was measured.

use crate::screens::axe_finds_nothing;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use stories::agent::dicom_source;
use stories::binaries::workspace;
use stories::orthanc::Orthanc;
use stories::person::Person;
use stories::story::{Plan, tell};
use stories::test_data::skipped;
use stories::wait::secs;
use wire::ClipId;

const STORY: &str = "measurements_go_with_the_clip";
const CLIP_COMES: std::time::Duration = secs(20);
/// A pixel of this clip is more than a millimetre, so the page shows whole centimetres.
const ROUNDED_AWAY: f64 = 0.5;
/// The file behind a button of the player, as the page's own session gets it.
const FETCH: &str = "async ([clip, what]) => {
    const grant = JSON.parse(sessionStorage.getItem('hibiki.session'));
    const answer = await fetch(`/api/v1/consults/${grant.consult}/clips/${clip}/${what}`, { headers: { 'hibiki-session': grant.session } });
    return answer.ok ? [...new Uint8Array(await answer.arrayBuffer())] : null; }";

async fn takes_along(person: &Person, clip: ClipId, what: &str, folder: &Path) -> Result<PathBuf> {
    let button = match what {
        "file" => "replay-download".to_owned(),
        _ => format!("replay-download-{what}"),
    };
    let button = format!("[data-testid={button}]:not([aria-disabled=true])");
    person.page().visible(&button, secs(5)).await?;
    let bytes: Option<Vec<u8>> = person.page().eval(FETCH, (clip, what)).await?;
    let file = folder.join(format!("{what}.dcm"));
    std::fs::write(&file, bytes.with_context(|| format!("no {what}"))?)?;
    Ok(file)
}

fn dciodvfy_is_content(file: &Path, class: &str) -> Result<()> {
    let judged = Command::new("dciodvfy").arg(file).output()?;
    let said = String::from_utf8_lossy(&judged.stderr);
    ensure!(said.contains(class) && !said.contains("Error"), "{said}");
    Ok(())
}

/// dcmtk prints a report with this number in it.
fn dsrdump_prints(report: &Path, number: f64) -> Result<()> {
    let Ok(printed) = Command::new("dsrdump")
        .args(["-Ee", "+Pl"])
        .arg(report)
        .output()
    else {
        return skipped(STORY, "no dsrdump (`make setup` installs it)");
    };
    let text = String::from_utf8_lossy(&printed.stdout);
    let mut numbers = text.split('"').filter_map(|part| part.parse::<f64>().ok());
    ensure!(
        printed.status.success()
            && text.contains("Imaging Measurement Report")
            && text.contains("DICOM region 1")
            && numbers.any(|told| (told - number).abs() <= ROUNDED_AWAY),
        "{number} is not in {text}{}",
        String::from_utf8_lossy(&printed.stderr)
    );
    Ok(())
}

/// Somebody else's archive takes the clip and what belongs to it, and puts them into one study.
async fn orthanc_takes(files: &[&Path], folder: &Path) -> Result<()> {
    let Some(orthanc) = Orthanc::start(folder)? else {
        return skipped(STORY, "no Orthanc (`make setup` installs it)");
    };
    for file in files {
        orthanc.stores_within(file, secs(30)).await?;
    }
    let holds = orthanc.holds().await?;
    ensure!(holds == [1, files.len(), files.len()], "{holds:?}");
    Ok(())
}

/// Lines that highdicom and pydicom make of these files; nothing without set-up's Python.
fn read_by_others(files: &[&Path]) -> Result<Option<Vec<String>>> {
    let python = workspace().join(".tools/py/bin/python");
    if !python.is_file() {
        return skipped(
            STORY,
            "no highdicom in .tools/py (`make setup` installs it)",
        )
        .map(|()| None);
    }
    let read = Command::new(python)
        .arg(workspace().join("relay/echo-dicom/tests/peers/read_marks.py"))
        .args(files)
        .output()?;
    ensure!(
        read.status.success(),
        "{}",
        String::from_utf8_lossy(&read.stderr)
    );
    let text = String::from_utf8(read.stdout)?;
    Ok(Some(text.lines().map(str::to_owned).collect()))
}

/// The first number in a text such as `5.1 cm`.
fn number(text: &str) -> Result<f64> {
    let first = text.split_whitespace().next().unwrap_or_default();
    first.parse().with_context(|| format!("{text:?}"))
}

#[test]
fn the_report_of_a_clip_says_what_stood_on_the_page() -> Result<()> {
    let clip = workspace().join("sample-dicom/combined_small.dcm");
    let plan = Plan::calm().source(dicom_source(&clip));
    tell(plan, |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.picture_moves_for(20, secs(8)).await?;
        doctor.freezes().await?;
        doctor.sees_the_original_within(secs(5)).await?;
        doctor.opens_measuring().await?;
        let caliper = doctor
            .measures("caliper", &[(0.45, 0.2), (0.55, 0.35)])
            .await?;
        let words = doctor.reads_value_within(&caliper, secs(3)).await?;
        doctor.takes_pen().await?;
        doctor.draws_stroke(&[(0.4, 0.4), (0.6, 0.4)]).await?;
        doctor.releases().await?;
        doctor.saves_clip().await?;
        let clip = doctor.finds_clip_within(CLIP_COMES).await?;
        doctor.opens_clip(clip).await?;
        doctor.clip_is_kept_within(clip, CLIP_COMES).await?;
        axe_finds_nothing(&doctor, "clips and replay", "desk-ja").await?;
        let on_frames = "() => [...document.querySelectorAll('[data-testid=replay-marks] option')]
            .map((option) => option.value).filter((value) => value !== '').map(Number)";
        let on_frames: Vec<usize> = doctor.page().eval(on_frames, ()).await?;
        let [frame] = on_frames.as_slice() else {
            anyhow::bail!("marks on frames {on_frames:?}");
        };
        // Measured again on the recording, the same places of that frame say the same.
        let again = doctor
            .measures_on_clip(*frame, "caliper", &[(0.45, 0.2), (0.55, 0.35)])
            .await?;
        ensure!(again == words, "live {words}, on the clip {again}");
        // What was measured live stands there too, with the source of its scale and its frame.
        let live = doctor.page().text("[data-testid=replay-values]").await?;
        ensure!(
            live.contains(&words) && live.contains("DICOM 領域 1") && live.contains("フレーム"),
            "{live}"
        );
        let folder = tempfile::tempdir()?;
        let marks = takes_along(&doctor, clip, "marks", folder.path()).await?;
        let report = takes_along(&doctor, clip, "measurements", folder.path()).await?;
        dciodvfy_is_content(&marks, "ColorSoftcopyPresentationState")?;
        dciodvfy_is_content(&report, "ComprehensiveSR")?;
        dsrdump_prints(&report, number(&words)?)?;
        let stored = takes_along(&doctor, clip, "file", folder.path()).await?;
        orthanc_takes(&[&stored, &marks, &report], folder.path()).await?;
        let Some(read) = read_by_others(&[&marks, &report])? else {
            return Ok(());
        };
        let on_that_frame = format!("frame {}", frame + 1);
        let graphics: Vec<&String> = read
            .iter()
            .filter(|line| line.starts_with("graphic: "))
            .collect();
        ensure!(
            graphics.len() == 2 && graphics.iter().all(|line| line.contains(&on_that_frame)),
            "{read:?}"
        );
        ensure!(
            read.iter().any(|line| line.starts_with("text: ")
                && line.ends_with(&format!("{words} (DICOM region 1)"))),
            "the value does not stand beside its mark with its scale: {read:?}"
        );
        let measured = read
            .iter()
            .find(|line| line.starts_with("measurement: 410668003 "))
            .with_context(|| format!("no length in the report: {read:?}"))?;
        let value: f64 = measured
            .split(' ')
            .nth(2)
            .context("a value behind its name")?
            .parse()?;
        ensure!(
            (value - number(&words)?).abs() <= ROUNDED_AWAY && measured.contains(&on_that_frame),
            "the page says {words}, the report {measured}"
        );
        ensure!(
            read.iter()
                .any(|line| line == "said: Calibration Method: DICOM region 1"),
            "the report does not say whose scale it is: {read:?}"
        );
        Ok(())
    })
}
