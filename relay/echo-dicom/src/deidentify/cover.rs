//! What of a picture stays, and blanking the rest.
//!
//! Owns the rule of the clean pixel data option (PS3.15 section E.3.1) for ultrasound: what lies in a calibrated region of
//! the heart or its curves stays; everything else is black, on every frame, whatever Burned In Annotation says. A region without a
//! format can lie under the banner with the name and keeps nothing. A region that reaches far beyond the picture was not
//! scaled with it, so nobody knows what lies there: it keeps nothing either.

use crate::header::ClipHeader;
use crate::picture::Picture;
use crate::regions::{RegionBounds, RegionReach, SpatialFormat, UltrasoundRegion};

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

    /// Makes everything black that does not stay.
    pub fn apply(&self, picture: &mut Picture) {
        let samples = picture.form.bytes_per_pixel();
        let width = picture.width as usize;
        if width == 0 {
            return;
        }
        let mut stays = vec![false; width];
        for (y, row) in (0_u32..).zip(picture.rows.chunks_mut(width * samples)) {
            stays.fill(false);
            mark(&mut stays, &self.keep, y, true);
            mark(&mut stays, &self.blank, y, false);
            for (pixel, stays) in row.chunks_mut(samples).zip(&stays) {
                if !stays {
                    pixel.fill(0);
                }
            }
        }
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
