//! Moves of pointers beside the voices of a consult, read back in the order in which they happened.
//!
//! Owns what one move says and how finely: a 65535th of the picture, far below a pixel. How often a move is kept is decided by
//! whoever records. What is spoilt is left out, as everywhere.

use crate::record::Record;
use crate::recording::Recording;
use std::io;
use wire::mark::Point;
use wire::{Fraction, RelayTime, SessionId};

/// Somebody's pointer moved, or left the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PointerMove {
    /// When, by the relay's clock.
    pub at: RelayTime,
    /// Whose.
    pub session: SessionId,
    /// Where it is now; nothing when it left.
    pub place: Option<Place>,
}

/// A place in the picture, in 65535ths of its width and height.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From the left edge.
    pub x: u16,
    /// From the top edge.
    pub y: u16,
}

impl From<Point> for Place {
    fn from(point: Point) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a fraction lies within 0..=1"
        )]
        let part = |fraction: Fraction| (fraction.get() * f64::from(u16::MAX)).round() as u16;
        Self {
            x: part(point.x),
            y: part(point.y),
        }
    }
}

impl From<Place> for Point {
    fn from(place: Place) -> Self {
        let fraction =
            |part: u16| Fraction::new(f64::from(part) / f64::from(u16::MAX)).unwrap_or_default();
        Self {
            x: fraction(place.x),
            y: fraction(place.y),
        }
    }
}

impl Recording {
    /// All moves of pointers, in order; one that lies there twice counts once.
    ///
    /// # Errors
    /// The system's. A segment that cannot be used is left out; its report says so.
    pub fn pointer_moves(&self) -> io::Result<Vec<PointerMove>> {
        let mut moves = Vec::new();
        for report in self.reports() {
            let Ok(mut scanner) = self.scan(report.segment) else {
                continue;
            };
            while let Some(scanned) = scanner.next_record()? {
                if let Record::Pointer(moved) = scanned.record {
                    moves.push(moved);
                }
            }
        }
        moves.sort_unstable();
        moves.dedup();
        Ok(moves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_within_a_fraction_of_a_pixel() {
        for part in [0.0, 0.123_4, 0.5, 0.999_9, 1.0] {
            let fraction = Fraction::new(part).unwrap();
            let point = Point {
                x: fraction,
                y: Fraction::new(1.0 - part).unwrap(),
            };
            let back = Point::from(Place::from(point));
            assert!((back.x.get() - part).abs() < 1e-5, "{part}");
            assert!((back.y.get() - (1.0 - part)).abs() < 1e-5, "{part}");
        }
    }
}
