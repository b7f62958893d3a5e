//! Real files whose regions overlap, lie outside the picture or carry no unit: measured rightly, or refused in words.
//!
//! A region without a unit is a phantom's, changed by the story. Other values are those that the measuring reference names for these files.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use stories::agent::dicom_source;
use stories::binaries::workspace;
use stories::person::Person;
use stories::story::{Plan, tell};
use stories::test_data;
use stories::wait::secs;

/// Two pixels of a file, and what the page must say of them.
struct Case {
    file: &'static str,
    size: (u32, u32),
    pixels: [(f64, f64); 2],
    says: &'static [&'static str],
    never: &'static [&'static str],
}

const CASES: &[Case] = &[
    // The region is far larger than the picture.
    Case {
        file: "02_",
        size: (320, 240),
        pixels: [(100.0, 100.0), (200.0, 150.0)],
        says: &["px 未校正", "映像より大きく"],
        never: &[" cm"],
    },
    // No regions at all.
    Case {
        file: "06_",
        size: (600, 430),
        pixels: [(100.0, 100.0), (300.0, 200.0)],
        says: &["px 未校正"],
        never: &[" cm"],
    },
    // Tissue above, a strip over time below.
    Case {
        file: "10_",
        size: (800, 600),
        pixels: [(200.0, 100.0), (300.0, 200.0)],
        says: &["3.7", " cm", "DICOM 領域"],
        never: &["px"],
    },
    Case {
        file: "10_",
        size: (800, 600),
        pixels: [(200.0, 550.0), (300.0, 550.0)],
        says: &["96", " ms"],
        never: &[" cm", "px"],
    },
    Case {
        file: "10_",
        size: (800, 600),
        pixels: [(200.0, 100.0), (300.0, 550.0)],
        says: &["px 未校正", "別々の領域"],
        never: &[" cm", " ms"],
    },
    Case {
        file: "11_",
        size: (800, 600),
        pixels: [(200.0, 100.0), (300.0, 100.0)],
        says: &["3.3", " cm"],
        never: &["px"],
    },
    // Pixels that are not square.
    Case {
        file: "01_",
        size: (640, 480),
        pixels: [(200.0, 100.0), (260.0, 180.0)],
        says: &["5.1", " cm"],
        never: &["px"],
    },
];

#[test]
fn real_files_are_measured_rightly_or_refused_in_words() -> Result<()> {
    let name = "real_files_are_measured_rightly_or_refused_in_words";
    let Some(clips) = test_data::clips("dicom", name)? else {
        return Ok(());
    };
    tell(
        Plan::calm().no_agent().limit(secs(150)),
        |story| async move {
            let doctor = story.cardiologist().await?;
            let mut playing = "";
            for case in CASES {
                if case.file != playing {
                    let path = find(&clips, case.file).context("the clip is there")?;
                    story.start_agent(&dicom_source(path), &[]).await?;
                    // The agent before is gone, and with it the originals of the frames that it sent last.
                    doctor.picture_moves_for(6, secs(10)).await?;
                    playing = case.file;
                }
                measure(&doctor, case)
                    .await
                    .with_context(|| format!("{} at {:?}", case.file, case.pixels))?;
            }
            let path = without_units(story.folder())?;
            story.start_agent(&dicom_source(&path), &[]).await?;
            doctor.picture_moves_for(6, secs(10)).await?;
            measure(&doctor, &UNITLESS)
                .await
                .context("a region without a unit")?;
            doctor.has_a_clean_console().await
        },
    )
}

/// No such file is at hand: a phantom whose tissue says how large its pixels are, but not in what.
const UNITLESS: Case = Case {
    file: "plax_small.dcm",
    size: (400, 300),
    pixels: [(100.0, 100.0), (200.0, 100.0)],
    says: &["px 未校正", "単位がありません"],
    never: &[" cm"],
};
/// Physical Units X and Y Direction (0018,6024), (0018,6026) in Explicit VR Little Endian, before the code of the unit.
const UNITS: [&[u8]; 2] = [b"\x18\x00\x24\x60US\x02\x00", b"\x18\x00\x26\x60US\x02\x00"];

fn without_units(folder: &Path) -> Result<PathBuf> {
    let mut bytes = std::fs::read(workspace().join("sample-dicom").join(UNITLESS.file))?;
    for unit in UNITS {
        let at = bytes.windows(unit.len()).position(|part| part == unit);
        let code = at.context("a region has units")? + unit.len();
        // Code 0000H is "none or not applicable" (PS3.3 section C.8.5.5.1.15).
        bytes.get_mut(code..code + 2).context("a code")?.fill(0);
    }
    let path = folder.join("unitless.dcm");
    std::fs::write(&path, bytes)?;
    Ok(path)
}

async fn measure(doctor: &Person, case: &Case) -> Result<()> {
    let (width, height) = case.size;
    doctor.freezes_at_size(case.size, secs(10)).await?;
    doctor.opens_measuring().await?;
    let places = case
        .pixels
        .map(|(x, y)| (x / f64::from(width), y / f64::from(height)));
    let mark = doctor.measures("caliper", &places).await?;
    let line = doctor.reads_result_within(&mark, secs(3)).await?;
    for words in case.says {
        ensure!(line.contains(words), "no {words:?} in {line:?}");
    }
    for words in case.never {
        ensure!(!line.contains(words), "{words:?} in {line:?}");
    }
    doctor.releases().await
}

fn find<'a>(clips: &'a [PathBuf], start: &str) -> Option<&'a Path> {
    let named = |path: &&PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(start))
    };
    clips.iter().find(named).map(PathBuf::as_path)
}
