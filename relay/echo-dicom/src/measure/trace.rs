//! Lines drawn by hand.
//!
//! Owns the limits of a trace and the question whether a closed one crosses itself. Crossing is asked on pixels: a
//! scale stretches, and stretching makes and mends no crossing. It knows no calibration.

use wire::mark::MAX_STROKE_POINTS;

use super::point::PixelPoint;
use super::refusal::Refusal;

/// Most points of a trace: as many as a stroke may have.
pub const MAX_TRACE_POINTS: usize = MAX_STROKE_POINTS;

/// Checks the number of points.
pub(super) fn check(points: &[PixelPoint], least: usize) -> Result<(), Refusal> {
    if points.len() < least {
        Err(Refusal::TooFewPoints)
    } else if points.len() > MAX_TRACE_POINTS {
        Err(Refusal::TooManyPoints)
    } else {
        Ok(())
    }
}

/// The sides of a closed trace, the one from the last point to the first included.
pub(super) fn sides<T: Copy>(points: &[T]) -> impl Iterator<Item = (T, T)> + Clone {
    let next = points.iter().cycle().skip(1);
    points.iter().copied().zip(next.copied())
}

/// Whether two sides of a closed trace cross. Its area then counts a part twice or not at all.
pub(super) fn crosses_itself(points: &[PixelPoint]) -> bool {
    let all = sides(points);
    let mut rest = all.clone();
    for side in all {
        rest.next();
        if rest.clone().any(|other| cross(side, other)) {
            return true;
        }
    }
    false
}

/// Whether two lines cross inside both; ends that only touch do not.
fn cross((a, b): (PixelPoint, PixelPoint), (c, d): (PixelPoint, PixelPoint)) -> bool {
    let turn = |p: PixelPoint, q: PixelPoint, r: PixelPoint| {
        (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x)
    };
    let apart = |u: f64, v: f64| (u > 0.0 && v < 0.0) || (u < 0.0 && v > 0.0);
    apart(turn(a, b, c), turn(a, b, d)) && apart(turn(c, d, a), turn(c, d, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(points: &[(f64, f64)]) -> Vec<PixelPoint> {
        points.iter().map(|&(x, y)| PixelPoint { x, y }).collect()
    }

    #[test]
    fn a_trace_longer_than_the_longest_stroke_is_refused() {
        let dot = PixelPoint { x: 1.0, y: 1.0 };
        let most = vec![dot; MAX_TRACE_POINTS];
        assert_eq!(check(&most, 3), Ok(()));
        let more = vec![dot; MAX_TRACE_POINTS + 1];
        assert_eq!(check(&more, 3), Err(Refusal::TooManyPoints));
        assert_eq!(check(&[dot], 2), Err(Refusal::TooFewPoints));
    }

    #[test]
    fn only_sides_that_cross_inside_both_cross() {
        let square = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)];
        assert!(!crosses_itself(&trace(&square)));
        let bow = [(0.0, 0.0), (4.0, 4.0), (4.0, 0.0), (0.0, 4.0)];
        assert!(crosses_itself(&trace(&bow)));
        let doubled = [(0.0, 0.0), (4.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 0.0)];
        assert!(!crosses_itself(&trace(&doubled)));
        assert!(!crosses_itself(&[]));
    }
}
