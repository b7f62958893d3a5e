//! Where a picture's scale comes from, and which scale holds at a place.
//!
//! Owns `Calibration` and the search for the region of some points. Of several regions over a point, one with high
//! priority (PS3.3 section C.8.5.5.1.3) comes before one with low priority; a waveform, which is a line drawn over
//! another picture, hides it from nobody who measures something else. All points must belong to the same region.
//! It computes no measurement.

use super::field::{Field, RegionKind};
use super::point::{PictureSize, PixelPoint};
use super::refusal::{NoScale, Refusal};
use super::units::Centimetres;
use crate::regions::{RegionBounds, RegionReach, UltrasoundRegion};

/// Shortest depth scale that is taken: with both ends half a pixel off, every length is at most 2 % wrong.
const MIN_DEPTH_SCALE_PIXELS: f64 = 50.0;

/// Where a value's scale comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScaleSource {
    /// A region of the file.
    Region {
        /// Its place in the file's order, from 0.
        index: usize,
    },
    /// A depth scale in the picture that somebody marked.
    DepthScale,
}

/// A value together with where its scale comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured<T> {
    /// What was measured.
    pub value: T,
    /// Where the scale comes from.
    pub source: ScaleSource,
}

/// All that is known about the scale of one picture.
#[derive(Debug, Clone)]
pub struct Calibration {
    picture: PictureSize,
    places: Vec<Place>,
    /// No region that measures reaches far beyond the picture.
    fits: bool,
}

/// A part of the picture.
#[derive(Debug, Clone, Copy)]
struct Place {
    bounds: Option<RegionBounds>,
    field: Option<Field>,
    source: ScaleSource,
}

/// What a point lies in, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stand {
    /// No region at all.
    Nowhere,
    /// A region that measures nothing.
    Bare,
    /// A region that measures something else.
    Elsewhere,
    /// The place with this index, which has the units asked for.
    In(usize),
}

/// Which of several regions over a point it belongs to: the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    priority: bool,
    serves: bool,
}

/// A scale, and where it was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located<T> {
    pub(super) scale: T,
    source: ScaleSource,
}

impl<T> Located<T> {
    pub(super) fn measured<V>(&self, value: V) -> Measured<V> {
        Measured {
            value,
            source: self.source,
        }
    }
}

impl Calibration {
    /// The scale that a file states.
    #[must_use]
    pub fn from_regions(regions: &[UltrasoundRegion], picture: PictureSize) -> Self {
        let places = regions.iter().enumerate().map(|(index, region)| {
            let placed = region.reach(picture.width, picture.height) != RegionReach::Nowhere;
            Place {
                bounds: region.bounds.filter(|_| placed),
                field: Field::of(region).filter(|_| placed),
                source: ScaleSource::Region { index },
            }
        });
        let fits = regions.iter().all(|region| {
            Field::of(region).is_none()
                || region.reach(picture.width, picture.height) != RegionReach::FarBeyond
        });
        Self {
            picture,
            places: places.collect(),
            fits,
        }
    }

    /// The scale of a picture that states none: two ends of the depth scale drawn in it, the centimetres between
    /// them, and the part of the picture that this scale holds for. Pixels are taken to be square, which a picture
    /// that was stretched on its way does not keep.
    ///
    /// # Errors
    /// `NoExtent` for a scale that is too short, `OutsideRegions` for an end outside the picture, `DoesNotFit` for a
    /// part that is not in the picture, `Implausible` for a scale that no echo has.
    pub fn from_depth_scale(
        ends: [PixelPoint; 2],
        between: Centimetres,
        within: RegionBounds,
        picture: PictureSize,
    ) -> Result<Self, Refusal> {
        let [from, to] = ends;
        if !from.is_finite() || !to.is_finite() {
            return Err(Refusal::NotFinite);
        }
        let whole = RegionBounds {
            min_x: 0,
            min_y: 0,
            max_x: picture.width,
            max_y: picture.height,
        };
        if !ends.iter().all(|end| end.lies_in(whole, picture)) {
            return Err(NoScale::OutsideRegions.into());
        }
        let inside = within.max_x < picture.width && within.max_y < picture.height;
        if !inside || within.min_x > within.max_x || within.min_y > within.max_y {
            return Err(NoScale::DoesNotFit.into());
        }
        let pixels = (to.x - from.x).hypot(to.y - from.y);
        if pixels < MIN_DEPTH_SCALE_PIXELS || between.get() <= 0.0 {
            return Err(Refusal::NoExtent);
        }
        let field = Field::isotropic(within, between.get() / pixels)
            .filter(Field::is_plausible)
            .ok_or(NoScale::Implausible)?;
        Ok(Self {
            picture,
            places: vec![Place {
                bounds: Some(within),
                field: Some(field),
                source: ScaleSource::DepthScale,
            }],
            fits: true,
        })
    }

    /// What the region that covers all points shows, whatever can be measured there.
    ///
    /// # Errors
    /// The reason why nothing can be measured there.
    pub fn kind_at(&self, points: &[PixelPoint]) -> Result<Measured<RegionKind>, Refusal> {
        let found = self.locate(points, |field| Some(field.kind))?;
        Ok(found.measured(found.scale))
    }

    /// The scale at all points, from the one region that covers them and has what `of` looks for.
    pub(super) fn locate<T>(
        &self,
        points: &[PixelPoint],
        of: impl Fn(&Field) -> Option<T>,
    ) -> Result<Located<T>, Refusal> {
        if points.is_empty() {
            return Err(Refusal::TooFewPoints);
        }
        if points.iter().any(|point| !point.is_finite()) {
            return Err(Refusal::NotFinite);
        }
        if self.places.is_empty() {
            return Err(NoScale::NoRegions.into());
        }
        if !self.fits {
            return Err(NoScale::DoesNotFit.into());
        }
        let stands: Vec<Stand> = points.iter().map(|point| self.stand(*point, &of)).collect();
        let place = self.places.get(common(&stands)?);
        let (field, source) = place
            .and_then(|place| Some((place.field?, place.source)))
            .ok_or(NoScale::NoUnit)?;
        if !field.is_plausible() {
            return Err(NoScale::Implausible.into());
        }
        let scale = of(&field).ok_or(NoScale::NoUnit)?;
        Ok(Located { scale, source })
    }

    /// What a point lies in. The highest priority wins, then what has the units asked for, then the file's order.
    fn stand<T>(&self, point: PixelPoint, of: &impl Fn(&Field) -> Option<T>) -> Stand {
        let mut best: Option<(usize, Rank)> = None;
        let mut other = Stand::Nowhere;
        let covers = |place: &Place| {
            let bounds = place.bounds;
            bounds.is_some_and(|bounds| point.lies_in(bounds, self.picture))
        };
        for (index, place) in self.places.iter().enumerate() {
            if !covers(place) {
                continue;
            }
            let Some(field) = place.field else {
                other = other.max(Stand::Bare);
                continue;
            };
            let serves = of(&field).is_some();
            if !serves && field.is_drawn_over() {
                other = Stand::Elsewhere;
                continue;
            }
            let rank = Rank {
                priority: field.priority,
                serves,
            };
            if best.is_none_or(|(_, other)| rank > other) {
                best = Some((index, rank));
            }
        }
        match best {
            Some((index, rank)) if rank.serves => Stand::In(index),
            Some(_) => Stand::Elsewhere,
            None => other,
        }
    }
}

/// The place that all points lie in.
fn common(stands: &[Stand]) -> Result<usize, NoScale> {
    if stands.contains(&Stand::Nowhere) {
        return Err(NoScale::OutsideRegions);
    }
    let found = stands.iter().find_map(|stand| match stand {
        Stand::In(index) => Some(*index),
        _ => None,
    });
    let index = found.ok_or(NoScale::NoUnit)?;
    if stands.iter().all(|stand| *stand == Stand::In(index)) {
        Ok(index)
    } else if stands.contains(&Stand::Bare) {
        Err(NoScale::OutsideRegions)
    } else {
        Err(NoScale::CrossesRegions)
    }
}
