//! Which figures a measuring mark gives is decided by what lies under it, and none comes without its scale.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use echo_dicom::Clip;
use echo_dicom::measure::{FigureName, Refusal, figures};
use wire::Fraction;
use wire::mark::Point;
use wire::measure::{Gauge, GaugeScale, MeasureKind};
use wire::region::Region;

/// Tissue, M-mode, Doppler and ECG in one picture.
fn gauge() -> Gauge {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-dicom/combined_small.dcm");
    let clip = Clip::open(&file).unwrap();
    let header = clip.header();
    Gauge {
        frame: None,
        width: header.layout.columns,
        height: header.layout.rows,
        scale: GaugeScale::Regions {
            regions: header.regions.iter().map(Region::from).collect(),
        },
        patient: None,
    }
}

/// Points inside a region, as parts of its width and height.
fn inside(gauge: &Gauge, region: usize, places: &[(f64, f64)]) -> Vec<Point> {
    let GaugeScale::Regions { regions } = &gauge.scale else {
        unreachable!("it has regions");
    };
    let bounds = regions.get(region).unwrap().bounds.unwrap();
    let between = |from: u32, to: u32, part: f64, size: u32| {
        let at = f64::from(from) + part * f64::from(to - from);
        Fraction::new(at / f64::from(size)).unwrap()
    };
    places
        .iter()
        .map(|(x, y)| Point {
            x: between(bounds.min_x, bounds.max_x, *x, gauge.width),
            y: between(bounds.min_y, bounds.max_y, *y, gauge.height),
        })
        .collect()
}

fn names(what: MeasureKind, points: &[Point]) -> Result<Vec<FigureName>, Refusal> {
    let told = figures(what, points, &gauge())?;
    assert!(told.iter().all(|figure| figure.value.is_finite()));
    Ok(told.iter().map(|figure| figure.name).collect())
}

#[test]
fn what_lies_under_a_caliper_decides() {
    let on = gauge();
    let ends = [(0.4, 0.3), (0.6, 0.6)];
    for (region, told) in [
        (0, vec![FigureName::Length]),
        (1, vec![FigureName::Time, FigureName::Depth]),
        (
            2,
            vec![FigureName::Time, FigureName::Change, FigureName::Slope],
        ),
        // The ECG lies over the M-mode strip, which says more.
        (3, vec![FigureName::Time, FigureName::Depth]),
    ] {
        let points = inside(&on, region, &ends);
        assert_eq!(
            names(MeasureKind::Caliper {}, &points),
            Ok(told),
            "{region}"
        );
    }
}

#[test]
fn each_kind_tells_what_it_is_made_for_first() {
    let on = gauge();
    let round = [(0.4, 0.6), (0.4, 0.3), (0.5, 0.2), (0.6, 0.3), (0.6, 0.6)];
    let tissue = inside(&on, 0, &round);
    let jet = inside(&on, 2, &[(0.3, 0.5), (0.4, 0.2), (0.5, 0.5)]);
    let first = |what, points: &[Point]| names(what, points).map(|all| all.first().copied());
    let beats = MeasureKind::HeartRate { beats: 1 };
    let view = wire::measure::VentricleView::A4c;
    let phase = wire::measure::HeartPhase::EndDiastole;
    for (what, points, told) in [
        (MeasureKind::Area {}, &tissue[..], FigureName::Area),
        (MeasureKind::Angle {}, &tissue[..3], FigureName::Angle),
        (
            MeasureKind::Ventricle { view, phase },
            &tissue[..],
            FigureName::Volume,
        ),
        (MeasureKind::Velocity {}, &jet[1..2], FigureName::Velocity),
        (MeasureKind::Envelope {}, &jet[..], FigureName::Vti),
        (
            beats,
            &inside(&on, 3, &[(0.2, 0.5), (0.6, 0.5)])[..],
            FigureName::Rate,
        ),
    ] {
        assert_eq!(first(what, points), Ok(Some(told)), "{what:?}");
    }
}

#[test]
fn a_slope_is_of_depth_or_of_velocity_as_the_strip_is() {
    let on = gauge();
    let ends = [(0.4, 0.3), (0.6, 0.6)];
    let told = |region| names(MeasureKind::Slope {}, &inside(&on, region, &ends));
    let [slope, time] = [FigureName::Slope, FigureName::Time];
    assert_eq!(
        told(1),
        Ok(vec![FigureName::DepthSlope, time, FigureName::Depth])
    );
    assert_eq!(told(2), Ok(vec![slope, time, FigureName::Change]));
    assert!(matches!(told(0), Err(Refusal::NoScale(_))), "in tissue");
    let upright = inside(&on, 1, &[(0.4, 0.3), (0.4, 0.6)]);
    assert_eq!(
        names(MeasureKind::Slope {}, &upright),
        Err(Refusal::NoExtent)
    );
}

#[test]
fn an_end_of_a_beat_tells_nothing_alone() {
    let on = gauge();
    let seen = inside(&on, 0, &[(0.5, 0.5)]);
    for what in [MeasureKind::BeatStart {}, MeasureKind::BeatEnd { beats: 1 }] {
        assert_eq!(names(what, &seen), Ok(Vec::new()), "{what:?}");
    }
}

#[test]
fn without_a_scale_there_is_no_figure() {
    let on = gauge();
    let points = inside(&on, 0, &[(0.4, 0.3), (0.6, 0.6)]);
    let bare = Gauge {
        scale: GaugeScale::Pixels {},
        ..on
    };
    for what in [MeasureKind::Caliper {}, MeasureKind::HeartRate { beats: 1 }] {
        let refused = figures(what, &points, &bare);
        assert!(matches!(refused, Err(Refusal::NoScale(_))), "{refused:?}");
    }
}
