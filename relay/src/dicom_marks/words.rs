//! What is said of a value in words: number and unit, and where its scale comes from.
//!
//! Owns the words of the objects, which are English like the meanings of their codes; people's names are as they are.

use super::drawing::name_of;
use echo_dicom::measure::{Figure, ScaleSource, shown};
use wire::measure::{Gauge, GaugeScale};

const MS_PER_S: f64 = 1_000.0;

/// The scale of a value that follows from the times of frames.
pub(super) const CAPTURE_TIMES: &str = "capture times of the frames";

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

/// Where a scale comes from: a region of the file, or a person.
pub(super) fn scale_in_words(gauge: &Gauge, source: ScaleSource) -> String {
    match (&gauge.scale, source) {
        (GaugeScale::Depth { by }, _) => {
            let name = name_of(&by.author);
            let name = if name.is_empty() { "somebody" } else { &name };
            let centimetres = by.scale.centimetres;
            format!("depth scale of {centimetres} cm marked by {name}")
        }
        (_, ScaleSource::Region { index }) => format!("DICOM region {}", index + 1),
        (_, ScaleSource::DepthScale) => "depth scale".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use echo_dicom::measure::FigureName;
    use wire::mark::Point;
    use wire::measure::{DepthScale, ScaleState};
    use wire::people::{Author, Role};
    use wire::{PersonId, RelayTime, ScaleId, SessionId, StreamId};

    #[test]
    fn a_figure_in_words_has_the_digits_that_a_pixel_supports() {
        let figure = |value, step, unit| Figure {
            name: FigureName::Length,
            value,
            step,
            unit,
            source: ScaleSource::DepthScale,
        };
        for (of, words) in [
            (figure(5.104_97, 0.051, "cm"), "5.1 cm"),
            (figure(0.345_6, 0.008_3, "s"), "346 ms"),
            (figure(12.34, 0.01, "cm2"), "12.34 cm²"),
        ] {
            assert_eq!(in_words(&of), words);
        }
    }

    #[test]
    fn a_scale_is_called_by_its_region_or_by_who_marked_it() {
        let of = |scale| Gauge {
            frame: None,
            width: 800,
            height: 600,
            scale,
            patient: None,
        };
        let stated = of(GaugeScale::Regions {
            regions: Vec::new(),
        });
        assert_eq!(
            scale_in_words(&stated, ScaleSource::Region { index: 2 }),
            "DICOM region 3"
        );
        let by = ScaleState {
            scale: DepthScale {
                id: ScaleId::random(),
                stream: StreamId::random(),
                width: 800,
                height: 600,
                from: Point::default(),
                to: Point::default(),
                centimetres: 8.5,
                rtp_time: None,
                since: None,
                patient: None,
            },
            author: Author::Person {
                session: SessionId::random(),
                person: PersonId::random(),
                name: "佐藤 律子".into(),
                initials: "佐".into(),
                role: Role::Cardiologist,
            },
            at: RelayTime(1),
        };
        assert_eq!(
            scale_in_words(&of(GaugeScale::Depth { by }), ScaleSource::DepthScale),
            "depth scale of 8.5 cm marked by 佐藤 律子"
        );
    }
}
