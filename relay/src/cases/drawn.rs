//! Marks and measurements of a case's clip as its player shows them.
//!
//! Owns the way from pixels of a file to fractions of a picture. What stands in the files is `echo_dicom`'s to read.

use super::shelf::{CaseFile, CaseShelf};
use echo_dicom::deidentify::{DeidentifyError, DrawnLine, DrawnNumber, drawn_lines, drawn_numbers};
use echo_dicom::write::PixelPoint;
use std::io;
use std::path::Path;
use thiserror::Error;
use wire::case::{CaseDrawn, CaseLine, CaseMade, CaseNumber};
use wire::clip::ClipHead;
use wire::mark::Point;
use wire::{CaseId, Fraction, FrameIndex};

/// A hundredth of a pixel in a picture of a thousand.
const FRACTION_STEPS: f64 = 100_000.0;

/// What was drawn could not be shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DrawnFault {
    /// A file could not be read.
    #[error("reading marks of a case: {0}")]
    File(#[from] io::Error),
    /// It is not what we wrote.
    #[error(transparent)]
    Object(#[from] DeidentifyError),
    /// Code of ours failed.
    #[error("reading marks of a case failed inside")]
    Inside,
}

impl CaseShelf {
    /// What was drawn and measured on a clip.
    ///
    /// # Errors
    /// `DrawnFault`.
    pub async fn drawn(
        &self,
        case: CaseId,
        made: CaseMade,
        head: ClipHead,
    ) -> Result<CaseDrawn, DrawnFault> {
        let marks = made.marks.then(|| self.path(case, &head, CaseFile::Marks));
        let measurements = made
            .measurements
            .then(|| self.path(case, &head, CaseFile::Measurements));
        let read = tokio::task::spawn_blocking(move || {
            read(marks.as_deref(), measurements.as_deref(), &head)
        });
        read.await.unwrap_or(Err(DrawnFault::Inside))
    }
}

fn read(
    marks: Option<&Path>,
    measurements: Option<&Path>,
    head: &ClipHead,
) -> Result<CaseDrawn, DrawnFault> {
    let lines = match marks {
        Some(path) => drawn_lines(std::fs::read(path)?, &head.instance)?,
        None => Vec::new(),
    };
    let numbers = match measurements {
        Some(path) => drawn_numbers(std::fs::read(path)?, &head.instance)?,
        None => Vec::new(),
    };
    let is_there = |frame: &FrameIndex| frame.0 < head.frames;
    let lines = lines.iter().filter(|line| is_there(&line.frame));
    let number = |mut number: DrawnNumber| {
        number.frames.retain(is_there);
        CaseNumber {
            code: number.code,
            name: number.name,
            value: number.value,
            unit: number.unit,
            frames: number.frames,
        }
    };
    Ok(CaseDrawn {
        lines: lines.map(|one| line(one, head)).collect(),
        numbers: numbers.into_iter().map(number).collect(),
    })
}

fn line(line: &DrawnLine, head: &ClipHead) -> CaseLine {
    let fraction = |at: f32, size: u32| {
        let share = (f64::from(at) / f64::from(size.max(1))).clamp(0.0, 1.0);
        Fraction::new((share * FRACTION_STEPS).round() / FRACTION_STEPS).ok()
    };
    let point = |at: &PixelPoint| {
        Some(Point {
            x: fraction(at.x, head.width)?,
            y: fraction(at.y, head.height)?,
        })
    };
    CaseLine {
        frame: line.frame,
        points: line.points.iter().filter_map(point).collect(),
    }
}
