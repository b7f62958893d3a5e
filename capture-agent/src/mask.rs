//! The mask: rectangles of the picture that are filled black before anything is kept or sent.
//!
//! It covers the banner with the patient's name. It is applied in the capture thread, to the one buffer that exists
//! then; ring and encoder only ever see masked pixels. Rectangles are given in fractions of the picture or in pixels;
//! edges are rounded outwards, and what lies outside the picture is cut off, so that a mask never covers less than
//! was asked for.

use crate::picture::Picture;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Rectangles at most; a banner, a logo and a few corners need five.
pub const MAX_RECTANGLES: usize = 16;

/// A rectangle to cover. All four numbers are fractions (0 to 1) or all are pixels (whole numbers).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rectangle {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// A rectangle that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RectangleError(String);

impl Rectangle {
    const HOW: &'static str = "give x, y, width and height as fractions of the picture (0 to 1, such as 0,0,1,0.08) \
                               or as whole pixels (such as 0,0,800,48)";

    /// Checks the numbers.
    ///
    /// # Errors
    /// One sentence that says what to write instead.
    pub fn check(self) -> Result<Self, RectangleError> {
        let all = [self.x, self.y, self.width, self.height];
        let usable = all
            .iter()
            .all(|n| n.is_finite() && *n >= 0.0 && *n <= f64::from(crate::picture::MAX_SIDE));
        if !usable || self.width <= 0.0 || self.height <= 0.0 {
            return Err(RectangleError(format!(
                "{self} covers nothing: {}",
                Self::HOW
            )));
        }
        if !self.is_fractions() && all.iter().any(|n| n.fract() != 0.0) {
            return Err(RectangleError(format!(
                "{self} mixes fractions and pixels: {}",
                Self::HOW
            )));
        }
        // One pixel hides no name: "0,0,1,48" means the whole width and would cover a strip that nobody sees.
        if !self.is_fractions() && (self.width <= 1.0 || self.height <= 1.0) {
            return Err(RectangleError(format!(
                "{self} is one pixel wide or high, which covers no name; a 1 among pixels is not the whole side: {}",
                Self::HOW
            )));
        }
        Ok(self)
    }

    /// Fractions when nothing exceeds 1; a rectangle of one pixel is not worth a second notation.
    fn is_fractions(&self) -> bool {
        [self.x, self.y, self.width, self.height]
            .iter()
            .all(|n| *n <= 1.0)
    }

    /// The same in fractions of a picture of this size, cut at its edges; nothing when it covers none of it.
    #[must_use]
    pub fn in_fractions(&self, width: u32, height: u32) -> Option<Self> {
        let (across, down) = match self.is_fractions() {
            true => (1.0, 1.0),
            false => (f64::from(width), f64::from(height)),
        };
        let cut = |edge: f64, side: f64| (edge / side).clamp(0.0, 1.0);
        let (left, top) = (cut(self.x, across), cut(self.y, down));
        let (right, bottom) = (
            cut(self.x + self.width, across),
            cut(self.y + self.height, down),
        );
        let all = [left, top, right, bottom];
        (all.iter().all(|edge| edge.is_finite()) && right > left && bottom > top).then_some(Self {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        })
    }

    /// Whether everything that `other` covers is covered by this one, for certain.
    fn holds(&self, other: &Self) -> bool {
        self.is_fractions() == other.is_fractions()
            && self.x <= other.x
            && self.y <= other.y
            && self.x + self.width >= other.x + other.width
            && self.y + self.height >= other.y + other.height
    }

    /// Columns and rows covered in a picture of this size: left, top, right, bottom, the last two exclusive.
    fn in_pixels(&self, width: u32, height: u32) -> (usize, usize, usize, usize) {
        let (across, down) = if self.is_fractions() {
            (f64::from(width), f64::from(height))
        } else {
            (1.0, 1.0)
        };
        let low =
            |from: f64, scale: f64, side: u32| (from * scale).floor().clamp(0.0, f64::from(side));
        let high = |to: f64, scale: f64, side: u32| {
            (to * scale - EDGE_SLACK).ceil().clamp(0.0, f64::from(side))
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the picture's sides"
        )]
        let whole = |edge: f64| edge as usize;
        (
            whole(low(self.x, across, width)),
            whole(low(self.y, down, height)),
            whole(high(self.x + self.width, across, width)),
            whole(high(self.y + self.height, down, height)),
        )
    }
}

/// Rounding error of a fraction times a side, in pixels: 0.1 × 480 must be 48 rows, not 49.
const EDGE_SLACK: f64 = 1e-6;

impl fmt::Display for Rectangle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.x, self.y, self.width, self.height)
    }
}

impl FromStr for Rectangle {
    type Err = RectangleError;

    fn from_str(text: &str) -> Result<Self, RectangleError> {
        let numbers: Option<Vec<f64>> = text
            .split(',')
            .map(|part| part.trim().parse().ok())
            .collect();
        match numbers.as_deref() {
            Some([x, y, width, height]) => Self {
                x: *x,
                y: *y,
                width: *width,
                height: *height,
            }
            .check(),
            _ => Err(RectangleError(format!(
                "\"{text}\" is no rectangle: {}",
                Self::HOW
            ))),
        }
    }
}

/// All rectangles of one device.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mask {
    rectangles: Vec<Rectangle>,
}

impl Mask {
    /// Covers these rectangles.
    #[must_use]
    pub const fn new(rectangles: Vec<Rectangle>) -> Self {
        Self { rectangles }
    }

    /// Whether nothing is covered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rectangles.is_empty()
    }

    /// The rectangles.
    #[must_use]
    pub fn rectangles(&self) -> &[Rectangle] {
        &self.rectangles
    }

    /// Whether everything that `other` covers is covered by this one, for certain: each of its rectangles lies in one
    /// of ours. Says no when two of ours would be needed together.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let held = |theirs: &Rectangle| self.rectangles.iter().any(|ours| ours.holds(theirs));
        other.rectangles.iter().all(held)
    }

    /// Fills the rectangles black.
    pub fn apply(&self, picture: &mut Picture) {
        let bytes = picture.form().bytes();
        for rectangle in &self.rectangles {
            let (left, top, right, bottom) = rectangle.in_pixels(picture.width(), picture.height());
            let covered = picture
                .each_row_mut()
                .skip(top)
                .take(bottom.saturating_sub(top));
            for row in covered {
                if let Some(pixels) = row.get_mut(left * bytes..right * bytes) {
                    pixels.fill(0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Form;
    use proptest::prelude::*;

    fn white(width: u32, height: u32, form: Form) -> Picture {
        let rows = vec![255; width as usize * height as usize * form.bytes()];
        Picture::from_rows(width, height, form, rows).unwrap()
    }

    fn mask(text: &str) -> Mask {
        Mask::new(vec![text.parse().unwrap()])
    }

    #[test]
    fn fractions_cover_their_share_of_any_size() {
        let mut picture = white(10, 480, Form::Rgb8);
        mask("0,0,1,0.1").apply(&mut picture);
        assert!(picture.rows()[..48 * 30].iter().all(|byte| *byte == 0));
        assert!(picture.rows()[48 * 30..].iter().all(|byte| *byte == 255));
    }

    #[test]
    fn pixels_cover_exactly_those_pixels() {
        let mut picture = white(8, 4, Form::Gray8);
        mask("2,1,3,2").apply(&mut picture);
        let black: Vec<usize> = (0..32).filter(|at| picture.rows()[*at] == 0).collect();
        assert_eq!(black, [10, 11, 12, 18, 19, 20]);
    }

    #[test]
    fn a_rectangle_beyond_the_picture_covers_what_there_is() {
        let mut picture = white(8, 4, Form::Gray8);
        mask("4,2,4000,4000").apply(&mut picture);
        assert_eq!(picture.rows().iter().filter(|byte| **byte == 0).count(), 8);
        mask("100,100,5,5").apply(&mut picture);
    }

    #[test]
    fn rectangles_that_make_no_sense_are_refused_with_a_hint() {
        for wrong in [
            "",
            "1,2,3",
            "a,b,c,d",
            "0,0,0,1",
            "0,0,-1,1",
            "NaN,0,1,1",
            "0.5,0,200,48",
            "0,0,1e9,1",
            "0,0,1,48",
            "0,0,800,1",
        ] {
            let told = wrong.parse::<Rectangle>().unwrap_err().to_string();
            assert!(told.contains("fractions"), "{wrong}: {told}");
        }
    }

    #[test]
    fn a_fraction_among_pixels_is_not_taken_for_one_pixel() {
        let told = "0,0,1,48".parse::<Rectangle>().unwrap_err().to_string();
        assert!(told.contains("one pixel"), "{told}");
        assert!(
            "1,1,800,48".parse::<Rectangle>().is_ok(),
            "an edge at 1 is one pixel in"
        );
        assert!("0,0,1,1".parse::<Rectangle>().is_ok(), "the whole picture");
    }

    #[test]
    fn a_mask_that_covers_more_is_known_from_one_that_covers_less() {
        let (banner, taller) = (mask("0,0,1,0.1"), mask("0,0,1,0.2"));
        assert!(taller.covers(&banner) && !banner.covers(&taller));
        assert!(banner.covers(&Mask::default()) && !Mask::default().covers(&banner));
        assert!(
            !mask("0,0,800,60").covers(&banner),
            "pixels say nothing of fractions"
        );
    }

    #[test]
    fn pixels_become_fractions_of_the_picture() {
        let banner: Rectangle = "0,0,800,48".parse().unwrap();
        let in_fractions = banner.in_fractions(800, 600).unwrap();
        assert_eq!(in_fractions, "0,0,1,0.08".parse().unwrap());
        assert_eq!(banner.in_fractions(0, 0), None);
        let beyond: Rectangle = "0.9,0.9,0.5,0.5".parse().unwrap();
        let cut = beyond.in_fractions(800, 600).unwrap();
        assert!(cut.x + cut.width <= 1.0 && cut.y + cut.height <= 1.0);
    }

    proptest! {
        #[test]
        fn a_mask_never_covers_less_than_its_fractions(x in 0.0f64..1.0, y in 0.0f64..1.0, w in 0.001f64..1.0, h in 0.001f64..1.0) {
            let mut picture = white(64, 48, Form::Gray8);
            Mask::new(vec![Rectangle { x, y, width: w, height: h }]).apply(&mut picture);
            for (at, pixel) in picture.rows().iter().enumerate() {
                let (column, row) = ((at % 64) as f64, (at / 64) as f64);
                let inside = column + 0.999 > x * 64.0 && column + 0.001 < (x + w) * 64.0
                    && row + 0.999 > y * 48.0 && row + 0.001 < (y + h) * 48.0;
                prop_assert!(!inside || *pixel == 0, "pixel {column},{row} shows");
            }
        }
    }
}
