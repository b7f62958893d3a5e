//! What is measured through the browser on phantom clips is what they were made from.
//!
//! Places come from `truth.json`, go through the stage to real taps, and the values are read as they stand on the page.
//! The truth names the centre of a pixel by its index. A value agrees when it is within a pixel and what its last digit
//! rounds away.

use anyhow::{Context, Result, ensure};
use echo_dicom::Clip;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use std::path::{Path, PathBuf};
use stories::agent::dicom_source;
use stories::binaries::workspace;
use stories::person::Person;
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::FrameIndex;
use wire::original::Digest;

/// Steps to a frame of a clip of ten, with room for frames that a busy machine left out.
const MOST_STEPS: usize = 40;
/// LVEF agrees within this many points.
const EF_POINTS: f64 = 2.0;

/// A phantom clip and what is true of it.
struct Phantom {
    path: PathBuf,
    truth: Value,
    /// Digest of the rows of each frame.
    frames: Vec<Digest>,
}

impl Phantom {
    fn named(file: &str) -> Result<Self> {
        let folder = workspace().join("sample-dicom");
        let truth: Value = serde_json::from_slice(&std::fs::read(folder.join("truth.json"))?)?;
        let clips = truth["clips"].as_array().context("the truth lists clips")?;
        let truth = clips.iter().find(|clip| clip["file"] == file);
        let path = folder.join(file);
        Ok(Self {
            frames: digests(&path)?,
            truth: truth.context("the truth knows the clip")?.clone(),
            path,
        })
    }

    /// A landmark of a frame as fractions of the picture.
    fn place(&self, pixel: &Value) -> Result<(f64, f64)> {
        let number = |value: &Value| value.as_f64().context("a number");
        let (columns, rows) = (
            number(&self.truth["columns"])?,
            number(&self.truth["rows"])?,
        );
        Ok((
            (number(&pixel[0])? + 0.5) / columns,
            (number(&pixel[1])? + 0.5) / rows,
        ))
    }

    fn places(&self, pixels: &Value) -> Result<Vec<(f64, f64)>> {
        let pixels = pixels.as_array().context("a list of pixels")?;
        pixels.iter().map(|pixel| self.place(pixel)).collect()
    }

    /// The size of a pixel of a region along an axis, 0 for x.
    fn pixel(&self, region: usize, axis: usize) -> Result<f64> {
        let delta = self.truth["regions"][region]["delta"][axis].as_f64();
        Ok(delta.context("a pixel has a size")?.abs())
    }

    /// Which frame is frozen, by its very pixels.
    async fn frozen(&self, person: &Person) -> Result<usize> {
        person.sees_the_original_within(secs(5)).await?;
        let pixels = person.frozen_pixels().await?;
        let frame = self.frames.iter().position(|frame| *frame == pixels);
        frame.context("the frozen original is no frame of the clip")
    }

    /// Steps back until this frame is frozen.
    async fn stands_on(&self, person: &Person, wanted: usize) -> Result<()> {
        for _ in 0..MOST_STEPS {
            let before = self.frozen(person).await?;
            if before == wanted {
                return Ok(());
            }
            let pixels = person.frozen_pixels().await?;
            person.page().press(",").await?;
            person
                .stands_on_other_pixels_within(pixels, secs(5))
                .await?;
        }
        anyhow::bail!("frame {wanted} did not come in {MOST_STEPS} steps")
    }
}

fn digests(path: &Path) -> Result<Vec<Digest>> {
    let clip = Clip::open(path)?;
    let frames = (0..clip.header().frames).map(|n| {
        let rows = clip.frame(FrameIndex(n))?.rows;
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, &rows).as_ref());
        Ok(Digest::from_bytes(bytes))
    });
    frames.collect()
}

/// The number of a value as it stands on the page, which must be in this unit.
fn number(value: &str, unit: &str) -> Result<f64> {
    let number = value.strip_suffix(unit).map(str::trim);
    let number = number.with_context(|| format!("{value:?} is not in {unit}"))?;
    number
        .parse()
        .with_context(|| format!("{value:?} begins with no number"))
}

/// What the last digit of a number on the page may round away.
fn half_a_digit(number: f64) -> f64 {
    let text = number.to_string();
    let decimals = text.split_once('.').map_or(0, |(_, digits)| digits.len());
    0.5 * 10f64.powi(-i32::try_from(decimals).unwrap_or(0))
}

fn agrees(shown: f64, truth: f64, pixel: f64, what: &str) -> Result<()> {
    let off = (shown - truth).abs();
    ensure!(
        off <= pixel + half_a_digit(shown),
        "{what}: {shown} instead of {truth}, a pixel is {pixel}"
    );
    Ok(())
}

#[test]
fn a_diameter_and_doppler_peaks_are_what_the_phantom_was_made_from() -> Result<()> {
    let phantom = Phantom::named("combined_small.dcm")?;
    let plan = Plan::calm().source(dicom_source(&phantom.path));
    tell(plan, |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        doctor.freezes().await?;
        let frame = phantom.frozen(&doctor).await?;
        let truth = &phantom.truth["frames"][frame];
        doctor.opens_measuring().await?;
        doctor
            .reads_scale_within("校正: DICOM 領域", secs(3))
            .await?;

        let ends = phantom.places(&truth["ventricle"]["diameterEnds"])?;
        let mark = doctor.measures("caliper", &ends).await?;
        let line = doctor.reads_result_within(&mark, secs(3)).await?;
        ensure!(
            line.contains("DICOM 領域 1") && line.contains("フレーム"),
            "{line}"
        );
        let shown = doctor.reads_value_within(&mark, secs(3)).await?;
        let diameter = truth["ventricle"]["diameterCm"]
            .as_f64()
            .context("a diameter")?;
        agrees(
            number(&shown, "cm")?,
            diameter,
            phantom.pixel(0, 0)?,
            "diameter",
        )?;

        for (peaks, made) in [("ePeaks", "ePeakCmS"), ("aPeaks", "aPeakCmS")] {
            let peak = phantom.place(&truth["strips"][peaks][0])?;
            let mark = doctor.measures("velocity", &[peak]).await?;
            let shown = doctor.reads_value_within(&mark, secs(3)).await?;
            let made = phantom.truth["inflow"][made]
                .as_f64()
                .context("a velocity")?;
            agrees(number(&shown, "cm/s")?, made, phantom.pixel(2, 1)?, peaks)?;
        }

        // Between two R peaks of the ECG strip: the rate that the phantom beats at.
        let beats = phantom.places(&truth["strips"]["rPeaks"])?;
        let mark = doctor
            .measures("heartRate", beats.get(..2).context("two peaks")?)
            .await?;
        let shown = doctor.reads_value_within(&mark, secs(3)).await?;
        let rate = phantom.truth["heartRateBpm"].as_f64().context("a rate")?;
        let a_pixel = rate * rate / 60.0 * phantom.pixel(3, 0)?;
        agrees(number(&shown, "/min")?, rate, a_pixel, "heart rate")
    })
}

#[test]
fn the_ejection_fraction_of_two_traced_frames_is_within_two_points() -> Result<()> {
    let phantom = Phantom::named("a4c_small_uncompressed.dcm")?;
    let plan = Plan::calm().source(dicom_source(&phantom.path));
    tell(plan, |story| async move {
        let doctor = story.cardiologist().await?;
        // Two beats of ten frames, so that there is a frame before every frame that is stepped through.
        doctor.picture_moves_for(22, secs(8)).await?;
        doctor.freezes().await?;
        let known = &phantom.truth["ventricle"];
        for (name, kind) in [
            ("endDiastolicFrame", "endDiastole"),
            ("endSystolicFrame", "endSystole"),
        ] {
            let frame = usize::try_from(known[name].as_u64().context("a frame")?)?;
            phantom.stands_on(&doctor, frame).await?;
            doctor.opens_measuring().await?;
            let ventricle = &phantom.truth["frames"][frame]["ventricle"];
            let wall = phantom.places(&ventricle["contour"])?;
            // As many points as a hand gives; the last one closes it.
            let wall: Vec<_> = wall.iter().step_by(2).chain(wall.last()).copied().collect();
            // The same wall stands for both views: the phantom is round.
            for view in ["a4c", "a2c"] {
                doctor
                    .takes_measure(&format!("ventricle-{view}-{kind}"))
                    .await?;
                doctor.moves_pen(&wall, "mouse").await?;
                let mark = doctor.confirms_measurement().await?;
                let line = doctor.reads_value_within(&mark, secs(3)).await?;
                let made = ventricle["volumeMl"].as_f64().context("a volume")?;
                let shown = number(&line, "ml")?;
                ensure!(
                    (shown - made).abs() <= made * 0.05,
                    "{view} {kind}: {shown} ml instead of {made}"
                );
            }
        }
        let made = known["ejectionFraction"].as_f64().context("a fraction")?;
        for (name, words) in [
            ("efA4c", "LVEF A4C"),
            ("efA2c", "LVEF A2C"),
            ("efBiplane", "LVEF 二断面"),
        ] {
            let line = doctor.reads_derived_within(name, secs(3)).await?;
            let shown = number(line.trim_start_matches(words).trim(), "%")?;
            ensure!(
                (shown - made).abs() <= EF_POINTS,
                "{line} instead of {made}"
            );
        }
        doctor.has_a_clean_console().await
    })
}
