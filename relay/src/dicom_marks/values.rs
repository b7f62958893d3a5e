//! What was measured on a clip, as numbers with codes.
//!
//! Owns the form of one measuring mark and of its figures in a report: where it was measured, by whom, and where its scale
//! comes from. What follows from several marks is `follows`'. A measurement without a scale has no place in a report.

use super::drawing::name_of;
use super::follows::{Follows, newest};
use super::names::{concept, unit};
use super::place::pixel;
use super::words::scale_in_words;
use echo_dicom::measure::{Figure, figures};
use echo_dicom::write::report::{Geometry, Measurement, Place};
use echo_dicom::write::{MarkedImage, PersonName, PixelPoint, Uid};
use wire::FrameIndex;
use wire::mark::{Anchor, Point, Shape};
use wire::measure::{Gauge, MeasureKind};
use wire::socket::MarkState;

/// A measuring mark on a frame of a clip.
#[derive(Clone, Copy)]
pub(super) struct Measured<'a> {
    /// Which of the report's images the frame belongs to.
    pub(super) image: usize,
    pub(super) frame: FrameIndex,
    pub(super) held: &'a MarkState,
    pub(super) what: MeasureKind,
    pub(super) points: &'a [Point],
    pub(super) gauge: &'a Gauge,
}

/// A value that follows from marks on several clips.
pub(super) type Across<'a> = (Follows, Vec<Measured<'a>>);

impl<'a> Measured<'a> {
    /// A mark as a measurement; nothing for one that measures nothing.
    pub(super) fn of(image: usize, frame: FrameIndex, held: &'a MarkState) -> Option<Self> {
        let Shape::Measure { what, points, .. } = &held.mark.shape else {
            return None;
        };
        Some(Self {
            image,
            frame,
            held,
            what: *what,
            points,
            gauge: held.gauge.as_ref()?,
        })
    }

    pub(super) fn id(&self) -> String {
        self.held.mark.id.to_string()
    }

    pub(super) fn anchor(&self) -> Anchor {
        self.held.mark.anchor
    }
}

/// Everything that was measured on these marks' frames of the first image, and what follows from it and from marks on
/// several of the images; `uid` names a value by the marks it follows from.
pub(super) fn measurements(
    images: &[MarkedImage],
    marks: &[(FrameIndex, &MarkState)],
    across: &[Across<'_>],
    uid: impl Fn(&[&str]) -> Uid,
) -> Vec<Measurement> {
    let measured: Vec<Measured<'_>> = marks
        .iter()
        .filter_map(|(frame, held)| Measured::of(0, *frame, held))
        .collect();
    let mut all: Vec<Measurement> = Vec::new();
    for mark in &measured {
        let Ok(figures) = figures(mark.what, mark.points, mark.gauge) else {
            continue;
        };
        for figure in figures {
            let uid = uid(&[&mark.id(), concept(figure.name, mark.what).meaning.as_ref()]);
            // A number without its unit would be worse than none.
            all.extend(measurement(images, mark, figure, uid));
        }
    }
    let here = Follows::ALL.into_iter().filter_map(|follows| {
        let kinds: Vec<MeasureKind> = measured.iter().map(|mark| mark.what).collect();
        let parts = newest(follows, &kinds)?;
        let parts = parts.iter().filter_map(|part| measured.get(*part).copied());
        Some((follows, parts.collect()))
    });
    for (follows, parts) in here.chain(across.iter().cloned()) {
        all.extend(derived(images, follows, &parts, &uid));
    }
    all
}

fn measurement(
    images: &[MarkedImage],
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
        places: vec![place(images, mark)?],
        calibration: Some(scale_in_words(mark.gauge, figure.source)),
        remark: None,
        observer: observer(mark.held),
        uid,
    })
}

fn derived(
    images: &[MarkedImage],
    follows: Follows,
    parts: &[Measured<'_>],
    uid: &impl Fn(&[&str]) -> Uid,
) -> Option<Measurement> {
    let value = follows.value(parts)?;
    let name = follows.name();
    let ids: Vec<String> = parts.iter().map(Measured::id).collect();
    let named: Vec<&str> = ids
        .iter()
        .map(String::as_str)
        .chain([name.meaning.as_ref()])
        .collect();
    let uid = uid(&named);
    let places: Option<Vec<Place>> = parts.iter().map(|part| place(images, part)).collect();
    Some(Measurement {
        label: name.meaning.to_string(),
        name,
        value: value.number,
        unit: follows.unit(),
        site: None,
        places: places?,
        calibration: Some(value.scale),
        remark: value.doubt.map(str::to_owned),
        observer: observer(parts.iter().max_by_key(|part| part.held.at)?.held),
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

fn place(images: &[MarkedImage], mark: &Measured<'_>) -> Option<Place> {
    let image = images.get(mark.image)?;
    let mut points: Vec<PixelPoint> = mark.points.iter().map(|at| pixel(image, *at)).collect();
    let geometry = match (mark.what, points.as_slice()) {
        (_, [only]) => Geometry::Point(*only),
        (MeasureKind::Area {} | MeasureKind::Ventricle { .. }, _) => {
            points.extend(points.first().copied());
            Geometry::Polyline(points)
        }
        _ => Geometry::Polyline(points),
    };
    Some(Place {
        image: mark.image,
        frame: mark.frame,
        geometry,
    })
}
