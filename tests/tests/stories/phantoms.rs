//! Phantom clips and what is true of them, for stories that measure.
//!
//! Owns finding the places that `truth.json` names on the page, and going to a frame of which something is known. The truth
//! names the centre of a pixel by its index. A value agrees when it is within a pixel and what its last digit rounds away.

use anyhow::{Context, Result, ensure};
use echo_dicom::Clip;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use std::path::{Path, PathBuf};
use stories::binaries::workspace;
use stories::person::Person;
use stories::wait::secs;
use wire::FrameIndex;
use wire::original::Digest;

/// Steps to a frame of a clip of ten, with room for frames that a busy machine left out.
const MOST_STEPS: usize = 40;

/// A phantom clip and what is true of it.
pub(crate) struct Phantom {
    pub(crate) path: PathBuf,
    pub(crate) truth: Value,
    /// Digest of the rows of each frame.
    frames: Vec<Digest>,
}

impl Phantom {
    pub(crate) fn named(file: &str) -> Result<Self> {
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
    pub(crate) fn place(&self, pixel: &Value) -> Result<(f64, f64)> {
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

    pub(crate) fn places(&self, pixels: &Value) -> Result<Vec<(f64, f64)>> {
        let pixels = pixels.as_array().context("a list of pixels")?;
        pixels.iter().map(|pixel| self.place(pixel)).collect()
    }

    /// The size of a pixel of a region along an axis, 0 for x.
    pub(crate) fn pixel(&self, region: usize, axis: usize) -> Result<f64> {
        let delta = self.truth["regions"][region]["delta"][axis].as_f64();
        Ok(delta.context("a pixel has a size")?.abs())
    }

    /// A number of the truth.
    pub(crate) fn known(value: &Value) -> Result<f64> {
        value.as_f64().context("the truth knows a number")
    }

    /// Which frame is frozen, by its very pixels.
    pub(crate) async fn frozen(&self, person: &Person) -> Result<usize> {
        person.sees_the_original_within(secs(5)).await?;
        let pixels = person.frozen_pixels().await?;
        let frame = self.frames.iter().position(|frame| *frame == pixels);
        frame.context("the frozen original is no frame of the clip")
    }

    /// Steps back until this frame is frozen.
    pub(crate) async fn stands_on(&self, person: &Person, wanted: usize) -> Result<()> {
        self.steps_to(person, |frame| frame == wanted)
            .await
            .map(drop)
            .with_context(|| format!("frame {wanted}"))
    }

    /// Steps back until a frame that is `wanted` is frozen; gives its number.
    pub(crate) async fn steps_to(
        &self,
        person: &Person,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<usize> {
        for _ in 0..MOST_STEPS {
            let before = self.frozen(person).await?;
            if wanted(before) {
                return Ok(before);
            }
            let pixels = person.frozen_pixels().await?;
            person.page().press(",").await?;
            person
                .stands_on_other_pixels_within(pixels, secs(5))
                .await?;
        }
        anyhow::bail!("it did not come in {MOST_STEPS} steps")
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
pub(crate) fn number(value: &str, unit: &str) -> Result<f64> {
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

pub(crate) fn agrees(shown: f64, truth: f64, pixel: f64, what: &str) -> Result<()> {
    let off = (shown - truth).abs();
    ensure!(
        off <= pixel + half_a_digit(shown),
        "{what}: {shown} instead of {truth}, a pixel is {pixel}"
    );
    Ok(())
}
