//! Shapes of marks as graphics of a presentation state.
//!
//! Owns which graphic a shape becomes. A measurement becomes its points, joined as they are on our pages, and its first
//! figure in words beside them with where its scale comes from, because viewers of presentation states do not compute.

use super::place::pixel;
use super::words::{in_words, scale_in_words};
use echo_dicom::measure::figures;
use echo_dicom::write::presentation::{Drawing, Mark};
use echo_dicom::write::{MarkedImage, PixelPoint, Uid};
use wire::FrameIndex;
use wire::mark::{Point, Shape};
use wire::measure::MeasureKind;
use wire::people::Author;
use wire::socket::MarkState;

/// One mark as one or two graphics.
pub(super) fn graphics(image: &MarkedImage, frame: FrameIndex, held: &MarkState) -> Vec<Mark> {
    let mark = |drawing| Mark {
        frame,
        drawing,
        author: name_of(&held.author),
        uid: Some(Uid::from_uuid(held.mark.id.uuid().as_u128())),
    };
    let all = |points: &[Point]| -> Vec<PixelPoint> {
        points.iter().map(|point| pixel(image, *point)).collect()
    };
    match &held.mark.shape {
        Shape::Stroke { points } => vec![mark(Drawing::Polyline(all(points)))],
        Shape::Arrow { from, to } => vec![mark(Drawing::Arrow {
            from: pixel(image, *from),
            to: pixel(image, *to),
        })],
        Shape::Label { at, text } => vec![mark(Drawing::Text {
            at: pixel(image, *at),
            text: text.clone(),
        })],
        Shape::Measure { what, points, .. } => {
            let pixels = all(points);
            let beside = pixels.first().copied();
            let mut graphics = vec![mark(outline(*what, pixels))];
            let words = held.gauge.as_ref().and_then(|gauge| {
                let figure = figures(*what, points, gauge).ok()?.first().copied()?;
                let scale = scale_in_words(gauge, figure.source);
                Some(format!("{} ({scale})", in_words(&figure)))
            });
            if let (Some(at), Some(text)) = (beside, words) {
                graphics.push(mark(Drawing::Text { at, text }));
            }
            graphics
        }
    }
}

fn outline(what: MeasureKind, mut points: Vec<PixelPoint>) -> Drawing {
    match what {
        MeasureKind::Velocity {} | MeasureKind::BeatStart {} | MeasureKind::BeatEnd { .. } => {
            Drawing::Points(points)
        }
        MeasureKind::Area {} | MeasureKind::Ventricle { .. } => {
            points.extend(points.first().copied());
            Drawing::Polyline(points)
        }
        MeasureKind::Caliper {}
        | MeasureKind::Angle {}
        | MeasureKind::Envelope {}
        | MeasureKind::Slope {}
        | MeasureKind::HeartRate { .. }
        | MeasureKind::VenaCava { .. } => Drawing::Polyline(points),
    }
}

/// Whose mark it is, as people saw it at that time.
pub(super) fn name_of(author: &Author) -> String {
    match author {
        Author::Person { name, .. } | Author::Device { name, .. } => name.clone(),
        Author::Relay => String::new(),
    }
}
