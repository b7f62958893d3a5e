//! Places on a picture in its own pixels.
//!
//! Owns `PixelPoint` and the way from fractions of the picture to it. The convention, which the viewer shares:
//! fraction 0 is the left edge of the first pixel and fraction 1 the right edge of the last, so a fraction `f` is the
//! pixel coordinate `f * width`, and nothing is added for pixel centres. The pixel with index `k` covers the
//! coordinates from `k` up to `k + 1`; the far edge of the picture belongs to the last pixel.

use wire::mark::Point;

use crate::regions::RegionBounds;

/// A picture's size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureSize {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// A place in pixels from the picture's upper left corner. Whatever measures refuses one that is not finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelPoint {
    /// Columns from the left edge.
    pub x: f64,
    /// Rows from the top edge.
    pub y: f64,
}

impl PixelPoint {
    /// The place of a point given as fractions.
    ///
    /// ```
    /// use echo_dicom::measure::{PictureSize, PixelPoint};
    /// use wire::{Fraction, mark::Point};
    ///
    /// let middle = Point { x: Fraction::new(0.5)?, y: Fraction::new(0.25)? };
    /// let picture = PictureSize { width: 640, height: 480 };
    /// assert_eq!(PixelPoint::from_fractions(middle, picture), PixelPoint { x: 320.0, y: 120.0 });
    /// # Ok::<(), wire::units::OutsidePicture>(())
    /// ```
    #[must_use]
    pub fn from_fractions(point: Point, picture: PictureSize) -> Self {
        Self {
            x: point.x.get() * f64::from(picture.width),
            y: point.y.get() * f64::from(picture.height),
        }
    }

    pub(super) fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }

    /// Whether the pixel under this point is one of the region's, both corners included.
    pub(super) fn lies_in(self, bounds: RegionBounds, picture: PictureSize) -> bool {
        let within = |at: f64, size: u32, min: u32, max: u32| {
            pixel_under(at, size)
                .is_some_and(|pixel| f64::from(min) <= pixel && pixel <= f64::from(max))
        };
        within(self.x, picture.width, bounds.min_x, bounds.max_x)
            && within(self.y, picture.height, bounds.min_y, bounds.max_y)
    }
}

/// The index of the pixel that a coordinate lies in; none outside the picture.
fn pixel_under(at: f64, size: u32) -> Option<f64> {
    let last = f64::from(size) - 1.0;
    (at >= 0.0 && at <= f64::from(size) && last >= 0.0).then(|| at.floor().min(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: PictureSize = PictureSize {
        width: 100,
        height: 80,
    };
    const LEFT: RegionBounds = RegionBounds {
        min_x: 0,
        min_y: 0,
        max_x: 49,
        max_y: 79,
    };
    const RIGHT: RegionBounds = RegionBounds {
        min_x: 50,
        max_x: 99,
        ..LEFT
    };

    #[test]
    fn a_point_lies_in_exactly_one_of_two_neighbours() {
        for (x, left, right) in [
            (0.0, true, false),
            (49.999, true, false),
            (50.0, false, true),
            (100.0, false, true),
            (100.001, false, false),
            (-0.001, false, false),
            (f64::NAN, false, false),
        ] {
            let point = PixelPoint { x, y: 80.0 };
            let found = (point.lies_in(LEFT, PICTURE), point.lies_in(RIGHT, PICTURE));
            assert_eq!(found, (left, right), "{x}");
        }
    }

    #[test]
    fn nothing_lies_in_a_picture_of_no_size() {
        let none = PictureSize {
            width: 0,
            height: 0,
        };
        assert!(!PixelPoint { x: 0.0, y: 0.0 }.lies_in(LEFT, none));
    }
}
