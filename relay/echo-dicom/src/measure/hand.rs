//! A depth scale that a person marked, as a region that a file carries.
//!
//! Owns that step and nothing else. The scale is checked by the rules that measure with it, so that a region which comes out
//! here measures the same as the scale that went in.

use super::figures::by_depth;
use super::point::{PictureSize, PixelPoint};
use super::refusal::Refusal;
use crate::regions::{PhysicalUnit, RegionBounds, SpatialFormat, UltrasoundRegion};
use wire::measure::DepthScale;

/// Region Data Type: tissue.
const TISSUE: u16 = 1;

/// The whole picture as one region of two dimensions, with square pixels.
///
/// # Errors
/// Why nothing could be measured with the scale.
pub fn region_by_depth(scale: &DepthScale) -> Result<UltrasoundRegion, Refusal> {
    by_depth(scale)?;
    let picture = PictureSize {
        width: scale.width,
        height: scale.height,
    };
    let [from, to] = [scale.from, scale.to].map(|end| PixelPoint::from_fractions(end, picture));
    let delta = scale.centimetres / (to.x - from.x).hypot(to.y - from.y);
    let whole = RegionBounds {
        min_x: 0,
        min_y: 0,
        max_x: scale.width.saturating_sub(1),
        max_y: scale.height.saturating_sub(1),
    };
    let region = UltrasoundRegion::new(SpatialFormat::TwoD, Some(TISSUE), whole);
    Ok(UltrasoundRegion {
        units_x: PhysicalUnit::Centimetre,
        units_y: PhysicalUnit::Centimetre,
        delta_x: Some(delta),
        delta_y: Some(delta),
        ..region
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Calibration, Length, NoScale, distance};
    use wire::mark::Point;
    use wire::{Fraction, ScaleId, StreamId};

    fn scale(to: f64, centimetres: f64) -> DepthScale {
        let at = |x, y| Point {
            x: Fraction::new(x).unwrap(),
            y: Fraction::new(y).unwrap(),
        };
        DepthScale {
            id: ScaleId::random(),
            stream: StreamId::random(),
            width: 800,
            height: 600,
            from: at(0.9, 0.1),
            to: at(0.9, to),
            centimetres,
            rtp_time: None,
            since: None,
            patient: None,
        }
    }

    #[test]
    fn a_region_measures_what_its_scale_measures() {
        let scale = scale(0.6, 12.0);
        let picture = PictureSize {
            width: 800,
            height: 600,
        };
        let region = region_by_depth(&scale).unwrap();
        let ends = [(100.0, 80.0), (400.0, 480.0)].map(|(x, y)| PixelPoint { x, y });
        let [by_region, by_hand] = [
            Calibration::from_regions(&[region], picture),
            by_depth(&scale).unwrap(),
        ]
        .map(|on| match distance(&on, ends[0], ends[1]).unwrap() {
            Length::Calibrated(of) => of.value.value.get(),
            Length::Uncalibrated { .. } => panic!("it has a scale"),
        });
        assert!((by_region - by_hand).abs() < 1e-9 && (by_hand - 20.0).abs() < 1e-9);
    }

    #[test]
    fn a_scale_that_nothing_can_be_measured_with_is_no_region() {
        // 49 pixels, and a picture of ten metres.
        assert_eq!(
            region_by_depth(&scale(0.1 + 49.0 / 600.0, 1.0)).err(),
            Some(Refusal::NoExtent)
        );
        assert_eq!(
            region_by_depth(&scale(0.6, 500.0)).err(),
            Some(NoScale::Implausible.into())
        );
    }
}
