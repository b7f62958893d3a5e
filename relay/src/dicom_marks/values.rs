//! What was measured on a clip, as numbers with codes.
//!
//! Owns which code a figure gets and what follows from two outlines of one clip: ejection fraction by discs, collapse of
//! the vena cava. Of each part the one that was made last counts, as on the pages. What follows from two clips (biplane)
//! belongs to neither and is left out. A measurement without a scale has no place in a report.

use super::drawing::name_of;
use super::place::pixel;
use echo_dicom::measure::{
    Centimetres, Figure, FigureName, collapse, discs_of, ejection_fraction, figures, shown,
    single_plane,
};
use echo_dicom::write::report::{Geometry, Measurement, Place, codes};
use echo_dicom::write::{Code, MarkedImage, PersonName, PixelPoint, Uid};
use wire::FrameIndex;
use wire::mark::{Point, Shape};
use wire::measure::{Extent, Gauge, HeartPhase, MeasureKind, VentricleView};
use wire::socket::MarkState;

const MS_PER_S: f64 = 1_000.0;

/// A measuring mark on a frame of the clip.
#[derive(Clone, Copy)]
struct Measured<'a> {
    frame: FrameIndex,
    held: &'a MarkState,
    what: MeasureKind,
    points: &'a [Point],
    gauge: &'a Gauge,
}

/// Everything that was measured on these marks' frames; `uid` names a derived value by the marks it follows from.
pub(super) fn measurements(
    image: &MarkedImage,
    marks: &[(FrameIndex, &MarkState)],
    uid: impl Fn(&[&str]) -> Uid,
) -> Vec<Measurement> {
    let measured: Vec<Measured<'_>> = marks.iter().filter_map(measuring).collect();
    let mut all: Vec<Measurement> = Vec::new();
    for mark in &measured {
        let Ok(figures) = figures(mark.what, mark.points, mark.gauge) else {
            continue;
        };
        for figure in figures {
            let id = mark.held.mark.id.to_string();
            let uid = uid(&[&id, concept(figure.name, mark.what).meaning.as_ref()]);
            // A number without its unit would be worse than none.
            all.extend(measurement(image, mark, figure, uid));
        }
    }
    all.extend(derived(image, &measured, &uid));
    all
}

fn measuring<'a>((frame, held): &(FrameIndex, &'a MarkState)) -> Option<Measured<'a>> {
    let Shape::Measure { what, points, .. } = &held.mark.shape else {
        return None;
    };
    Some(Measured {
        frame: *frame,
        held,
        what: *what,
        points,
        gauge: held.gauge.as_ref()?,
    })
}

fn measurement(
    image: &MarkedImage,
    mark: &Measured<'_>,
    figure: Figure,
    uid: Uid,
) -> Option<Measurement> {
    let name = concept(figure.name, mark.what);
    Some(Measurement {
        label: name.meaning.to_string(),
        name,
        value: figure.value,
        unit: unit(figure.unit)?,
        site: None,
        places: vec![place(image, mark)],
        observer: observer(mark.held),
        uid,
    })
}

fn observer(held: &MarkState) -> Option<PersonName> {
    let name = name_of(&held.author);
    (!name.is_empty()).then(|| person(&name))
}

/// A name as people see it. One that is not in letters belongs to the group of ideographs (PS3.5 section 6.2.1).
pub(super) fn person(name: &str) -> PersonName {
    let plain: String = name
        .chars()
        .map(|c| {
            if matches!(c, '^' | '=' | '\\') {
                ' '
            } else {
                c
            }
        })
        .collect();
    if plain.is_ascii() {
        PersonName::new(plain)
    } else {
        PersonName::default().with_ideographic(plain)
    }
}

fn place(image: &MarkedImage, mark: &Measured<'_>) -> Place {
    let mut points: Vec<PixelPoint> = mark.points.iter().map(|at| pixel(image, *at)).collect();
    let geometry = match (mark.what, points.as_slice()) {
        (_, [only]) => Geometry::Point(*only),
        (MeasureKind::Area {} | MeasureKind::Ventricle { .. }, _) => {
            points.extend(points.first().copied());
            Geometry::Polyline(points)
        }
        _ => Geometry::Polyline(points),
    };
    Place {
        frame: mark.frame,
        geometry,
    }
}

fn derived(
    image: &MarkedImage,
    marks: &[Measured<'_>],
    uid: &impl Fn(&[&str]) -> Uid,
) -> Vec<Measurement> {
    let last = |what: MeasureKind| marks.iter().rev().find(|mark| mark.what == what);
    let mut all = Vec::new();
    let mut follows =
        |from: [MeasureKind; 2], name: Code, part: &dyn Fn([&Measured<'_>; 2]) -> Option<f64>| {
            let [Some(first), Some(second)] = from.map(last) else {
                return;
            };
            let Some(value) = part([first, second]) else {
                return;
            };
            let ids = [first, second].map(|mark| mark.held.mark.id.to_string());
            let [one, other] = &ids;
            all.push(Measurement {
                label: name.meaning.to_string(),
                uid: uid(&[one, other, name.meaning.as_ref()]),
                name,
                value,
                unit: codes::PERCENT,
                site: None,
                places: vec![place(image, first), place(image, second)],
                observer: observer(second.held),
            });
        };
    for (view, name) in [
        (VentricleView::A4c, codes::EF_A4C),
        (VentricleView::A2c, codes::EF_A2C),
    ] {
        let at = |phase| MeasureKind::Ventricle { view, phase };
        follows(
            [at(HeartPhase::EndDiastole), at(HeartPhase::EndSystole)],
            name,
            &|ends| {
                let [full, rest] = ends.map(|mark| {
                    let discs = discs_of(mark.points, mark.gauge).ok()?;
                    Some(single_plane(&discs).ok()?.value)
                });
                Some(ejection_fraction(full?, rest?).ok()?.get())
            },
        );
    }
    let at = |extent| MeasureKind::VenaCava { extent };
    follows(
        [at(Extent::Largest), at(Extent::Smallest)],
        codes::IVC_COLLAPSE,
        &|ends| {
            let [largest, smallest] = ends.map(|mark| {
                let found = figures(mark.what, mark.points, mark.gauge).ok()?;
                Centimetres::new(found.first()?.value).ok()
            });
            Some(collapse(largest?, smallest?).ok()?.get())
        },
    );
    all
}

/// What a figure of such a measurement is called.
fn concept(name: FigureName, what: MeasureKind) -> Code {
    match (name, what) {
        (FigureName::Length, MeasureKind::VenaCava { .. }) => codes::IVC_DIAMETER,
        (FigureName::Length, _) => codes::LENGTH,
        (FigureName::Volume, MeasureKind::Ventricle { view, phase }) => match (view, phase) {
            (VentricleView::A4c, HeartPhase::EndDiastole) => codes::EDV_A4C,
            (VentricleView::A4c, HeartPhase::EndSystole) => codes::ESV_A4C,
            (VentricleView::A2c, HeartPhase::EndDiastole) => codes::EDV_A2C,
            (VentricleView::A2c, HeartPhase::EndSystole) => codes::ESV_A2C,
        },
        (FigureName::Volume, _) => Code::new("118565006", "SCT", "Volume"),
        (FigureName::Depth, _) => codes::DISTANCE,
        (FigureName::Time, _) => codes::TIME,
        (FigureName::Velocity, _) => codes::VELOCITY,
        (FigureName::Change, _) => codes::VELOCITY_CHANGE,
        (FigureName::Slope, _) => codes::VELOCITY_SLOPE,
        (FigureName::Area, _) => codes::AREA,
        (FigureName::Perimeter, _) => codes::PERIMETER,
        (FigureName::Angle, _) => codes::ANGLE,
        (FigureName::Vti, _) => codes::VELOCITY_TIME_INTEGRAL,
        (FigureName::Peak, _) => codes::PEAK_VELOCITY,
        (FigureName::Mean, _) => codes::MEAN_VELOCITY,
        (FigureName::PeakGradient, _) => codes::PEAK_GRADIENT,
        (FigureName::MeanGradient, _) => codes::MEAN_GRADIENT,
        (FigureName::Rate, _) => codes::HEART_RATE,
        (FigureName::LongAxis, _) => codes::LONG_AXIS,
    }
}

/// The UCUM code of a unit's symbol (PS3.16 CID 82).
fn unit(symbol: &str) -> Option<Code> {
    Some(match symbol {
        "cm" => codes::CENTIMETRE,
        "cm2" => codes::SQUARE_CENTIMETRE,
        "ml" => codes::MILLILITRE,
        "s" => codes::SECOND,
        "cm/s" => codes::CENTIMETRE_PER_SECOND,
        "cm/s2" => codes::CENTIMETRE_PER_SQUARE_SECOND,
        "mmHg" => codes::MILLIMETRE_OF_MERCURY,
        "deg" => codes::DEGREE,
        "/min" => codes::BEATS_PER_MINUTE,
        "%" => codes::PERCENT,
        _ => return None,
    })
}

/// A figure as it stands beside its mark, with the digits that a pixel supports.
pub(super) fn in_words(figure: &Figure) -> String {
    // Times of the heart are read in milliseconds.
    let (factor, symbol) = match figure.unit {
        "s" => (MS_PER_S, "ms"),
        "cm2" => (1.0, "cm²"),
        "cm/s2" => (1.0, "cm/s²"),
        "deg" => (1.0, "°"),
        other => (1.0, other),
    };
    let read = shown(figure.value * factor, figure.step * factor);
    format!("{:.*} {symbol}", usize::from(read.decimals), read.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use echo_dicom::Clip;
    use serde_json::Value;
    use std::path::{Path, PathBuf};
    use wire::mark::{Anchor, Annotation, DrawnOn, Pen};
    use wire::measure::{GaugeScale, ScaleRef};
    use wire::people::{Author, Role};
    use wire::region::Region;
    use wire::{AnnotationId, Fraction, PersonId, RelayTime, RtpTime, SessionId, StreamId};

    fn samples() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-dicom")
    }

    fn truth() -> Value {
        let text = std::fs::read_to_string(samples().join("truth.json")).unwrap();
        let mut truth: Value = serde_json::from_str(&text).unwrap();
        let clips = truth["clips"].as_array_mut().unwrap();
        let a4c = |clip: &&mut Value| clip["file"] == "a4c_small_uncompressed.dcm";
        clips.iter_mut().find(a4c).unwrap().take()
    }

    fn gauge() -> Gauge {
        let clip = Clip::open(&samples().join("a4c_small_uncompressed.dcm")).unwrap();
        let header = clip.header();
        Gauge {
            frame: None,
            width: header.layout.columns,
            height: header.layout.rows,
            scale: GaugeScale::Regions {
                regions: header.regions.iter().map(Region::from).collect(),
            },
        }
    }

    fn image() -> MarkedImage {
        let uid = || Uid::from_uuid(1);
        MarkedImage {
            series_uid: uid(),
            class_uid: uid(),
            instance_uid: uid(),
            columns: 256,
            rows: 192,
            frames: 10,
        }
    }

    fn measured(what: MeasureKind, points: Vec<Point>, scale: GaugeScale) -> MarkState {
        MarkState {
            mark: Annotation {
                id: AnnotationId::random(),
                anchor: Anchor::Live {
                    stream: StreamId::random(),
                    rtp_time: RtpTime(1),
                },
                shape: Shape::Measure {
                    what,
                    points,
                    by: ScaleRef::Regions {},
                },
                pen: Pen::White,
                drawn_on: DrawnOn::Freeze,
                replaces: None,
            },
            author: Author::Person {
                session: SessionId::random(),
                person: PersonId::random(),
                name: "佐藤 律子".into(),
                initials: "佐".into(),
                role: Role::Cardiologist,
            },
            at: RelayTime(1),
            pinned: false,
            gauge: Some(Gauge { scale, ..gauge() }),
        }
    }

    /// The true wall of the ventricle at both ends of the beat.
    fn both_ends() -> [MarkState; 2] {
        let truth = truth();
        [
            ("endDiastolicFrame", HeartPhase::EndDiastole),
            ("endSystolicFrame", HeartPhase::EndSystole),
        ]
        .map(|(frame, phase)| {
            let frame = usize::try_from(truth["ventricle"][frame].as_u64().unwrap()).unwrap();
            let wall = truth["frames"][frame]["ventricle"]["contour"].as_array();
            let part =
                |at: &Value, size: f64| Fraction::new((at.as_f64().unwrap() + 0.5) / size).unwrap();
            let points = wall.unwrap().iter().map(|at| Point {
                x: part(&at[0], 256.0),
                y: part(&at[1], 192.0),
            });
            let view = VentricleView::A4c;
            let what = MeasureKind::Ventricle { view, phase };
            measured(what, points.collect(), gauge().scale)
        })
    }

    fn told(marks: &[MarkState]) -> Vec<Measurement> {
        let on: Vec<_> = (0..).map(FrameIndex).zip(marks).collect();
        measurements(&image(), &on, |parts| {
            Uid::from_uuid(parts.concat().len() as u128)
        })
    }

    #[test]
    fn two_outlines_give_the_ejection_fraction_that_the_phantom_was_made_with() {
        let told = told(&both_ends());
        let names: Vec<&Code> = told.iter().map(|one| &one.name).collect();
        assert_eq!(
            names,
            [
                &codes::EDV_A4C,
                &codes::LONG_AXIS,
                &codes::ESV_A4C,
                &codes::LONG_AXIS,
                &codes::EF_A4C
            ]
        );
        let fraction = told.last().unwrap();
        let made = truth()["ventricle"]["ejectionFraction"].as_f64().unwrap();
        assert!((fraction.value - made).abs() <= 2.0, "{}", fraction.value);
        assert_eq!(fraction.unit, codes::PERCENT);
        let frames: Vec<FrameIndex> = fraction.places.iter().map(|place| place.frame).collect();
        assert_eq!(frames, [FrameIndex(0), FrameIndex(1)]);
    }

    #[test]
    fn one_outline_alone_gives_no_fraction() {
        let [full, _] = both_ends();
        assert!(told(&[full]).iter().all(|one| one.name != codes::EF_A4C));
    }

    #[test]
    fn what_has_no_scale_is_in_no_report() {
        let without = both_ends().map(|mut mark| {
            mark.gauge.as_mut().unwrap().scale = GaugeScale::Pixels {};
            mark
        });
        assert_eq!(told(&without), []);
    }

    #[test]
    fn a_figure_in_words_has_the_digits_that_a_pixel_supports() {
        let figure = |value, step, unit| Figure {
            name: FigureName::Length,
            value,
            step,
            unit,
        };
        for (of, words) in [
            (figure(5.104_97, 0.051, "cm"), "5.1 cm"),
            (figure(0.345_6, 0.008_3, "s"), "346 ms"),
            (figure(12.34, 0.01, "cm2"), "12.34 cm²"),
        ] {
            assert_eq!(in_words(&of), words);
        }
    }
}
