//! What of a picture stays, and blanking the rest.
//!
//! Owns the rule of the clean pixel data option (PS3.15 section E.3.1) for ultrasound: what lies in a calibrated region of
//! the heart or its curves stays; everything else is black, on every frame, whatever Burned In Annotation says. A region without a
//! format can lie under the banner with the name and keeps nothing. A region that reaches far beyond the picture was not
//! scaled with it, so nobody knows what lies there: it keeps nothing either.

use crate::error::ClipError;
use crate::header::ClipHeader;
use crate::picture::PixelForm;
use crate::regions::{RegionBounds, RegionReach, SpatialFormat, UltrasoundRegion};
use crate::rows::PictureRows;

/// Rectangles that a person may draw.
pub const MAX_RECTANGLES: usize = 32;

/// What stays and what does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cover {
    /// Stays, both corners included.
    keep: Vec<RegionBounds>,
    /// Does not, wherever it lies.
    blank: Vec<RegionBounds>,
}

impl Cover {
    /// By the regions of the clip alone.
    #[must_use]
    pub fn of(header: &ClipHeader) -> Self {
        Self {
            keep: kept(header).filter_map(|region| region.bounds).collect(),
            blank: Vec::new(),
        }
    }

    /// With what a person drew: rectangles to keep count where the regions keep nothing, those to blank count always. What is
    /// above `MAX_RECTANGLES` keeps nothing.
    #[must_use]
    pub fn drawn(header: &ClipHeader, keep: &[RegionBounds], blank: &[RegionBounds]) -> Self {
        let by_regions = Self::of(header).keep;
        let keep = if by_regions.is_empty() {
            keep.iter().take(MAX_RECTANGLES).copied().collect()
        } else {
            by_regions
        };
        // One too many to look at: then all of it is blank.
        let keep = if blank.len() > MAX_RECTANGLES {
            Vec::new()
        } else {
            keep
        };
        Self {
            keep,
            blank: blank.to_vec(),
        }
    }

    /// Whether nothing stays.
    #[must_use]
    pub fn keeps_nothing(&self) -> bool {
        self.keep.is_empty()
    }

    /// Makes everything black of row `y` that does not stay. `stays` is room that is used again.
    fn apply(&self, y: u32, row: &mut [u8], samples: usize, stays: &mut Vec<bool>) {
        stays.clear();
        stays.resize(row.len() / samples.max(1), false);
        mark(stays, &self.keep, y, true);
        mark(stays, &self.blank, y, false);
        for (pixel, stays) in row.chunks_mut(samples.max(1)).zip(stays) {
            if !*stays {
                pixel.fill(0);
            }
        }
    }

    /// A picture of which only that comes through which stays.
    pub(super) fn over<'a>(&'a self, rows: Box<dyn PictureRows + 'a>) -> Covered<'a> {
        Covered {
            rows,
            cover: self,
            y: 0,
            stays: Vec::new(),
        }
    }
}

/// The rows of a picture, each blanked as it passes.
pub(super) struct Covered<'a> {
    rows: Box<dyn PictureRows + 'a>,
    cover: &'a Cover,
    y: u32,
    stays: Vec<bool>,
}

impl PictureRows for Covered<'_> {
    fn width(&self) -> u32 {
        self.rows.width()
    }

    fn height(&self) -> u32 {
        self.rows.height()
    }

    fn form(&self) -> PixelForm {
        self.rows.form()
    }

    fn next_row(&mut self) -> Result<Option<&mut [u8]>, ClipError> {
        let samples = self.rows.form().bytes_per_pixel();
        let mut row = self.rows.next_row()?;
        if let Some(row) = &mut row {
            self.cover.apply(self.y, row, samples, &mut self.stays);
            self.y += 1;
        }
        Ok(row)
    }
}

/// The regions whose pixels stay.
pub(super) fn kept(header: &ClipHeader) -> impl Iterator<Item = &UltrasoundRegion> {
    let (columns, rows) = (header.layout.columns, header.layout.rows);
    header.regions.iter().filter(move |region| {
        let shows = matches!(
            region.spatial_format,
            SpatialFormat::TwoD
                | SpatialFormat::MMode
                | SpatialFormat::Spectral
                | SpatialFormat::Waveform
        );
        let reach = region.reach(columns, rows);
        shows && matches!(reach, RegionReach::Inside | RegionReach::Overhanging)
    })
}

fn mark(row: &mut [bool], rectangles: &[RegionBounds], y: u32, as_what: bool) {
    for rectangle in rectangles {
        if !(rectangle.min_y..=rectangle.max_y).contains(&y) {
            continue;
        }
        let from = (rectangle.min_x as usize).min(row.len());
        let to = (rectangle.max_x as usize).saturating_add(1).min(row.len());
        if let Some(part) = row.get_mut(from..to) {
            part.fill(as_what);
        }
    }
}
