//! Marks and measurements that have no place on their picture are refused by number, words by attribute.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper of a test fails the test by panicking"
)]

mod common;

use common::marking::{
    at, caliper, clip, mark, marks, report_bytes, report_facts, state_bytes, state_facts,
};
use echo_dicom::write::presentation::{Drawing, ImageColour, Mark};
use echo_dicom::write::report::{Geometry, Measurement};
use echo_dicom::write::{Code, PersonName, PixelPoint};
use wire::FrameIndex;

#[track_caller]
fn refused_mark(drawing: Drawing, frame: u32, part: &str) {
    let all = [marks(), vec![mark(frame, "a", drawing)]].concat();
    let error = state_bytes(&state_facts(ImageColour::Colour), &clip(), &all)
        .expect_err("the mark is refused");
    assert_eq!(error.step(), "mark");
    assert!(error.to_string().starts_with("mark 6 "), "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

#[track_caller]
fn refused_measurement(change: impl Fn(&mut Measurement), step: &str, part: &str) {
    let mut measurement = caliper();
    change(&mut measurement);
    let error = report_bytes(&report_facts(), &clip(), &[caliper(), measurement])
        .expect_err("the measurement is refused");
    assert_eq!(error.step(), step, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

const OUTSIDE: [PixelPoint; 5] = [
    PixelPoint { x: -0.1, y: 1.0 },
    PixelPoint { x: 640.1, y: 1.0 },
    PixelPoint { x: 1.0, y: 480.5 },
    PixelPoint {
        x: f32::NAN,
        y: 1.0,
    },
    PixelPoint {
        x: 1.0,
        y: f32::INFINITY,
    },
];

#[test]
fn a_point_outside_the_picture_is_refused() {
    for point in OUTSIDE {
        let inside = at(1.0, 1.0);
        let text = "a".to_owned();
        for drawing in [
            Drawing::Polyline(vec![inside, point]),
            Drawing::Points(vec![point]),
            Drawing::Arrow {
                from: point,
                to: inside,
            },
            Drawing::Text { at: point, text },
        ] {
            refused_mark(drawing, 0, "outside");
        }
        let outside = |m: &mut Measurement| m.places[0].geometry = Geometry::Point(point);
        refused_measurement(outside, "mark", "mark 2 ");
    }
}

#[test]
fn a_frame_that_the_clip_does_not_have_is_refused() {
    refused_mark(Drawing::Points(vec![at(1.0, 1.0)]), 120, "no such frame");
    refused_measurement(
        |m| m.places[0].frame = FrameIndex(120),
        "mark",
        "no such frame",
    );
}

#[test]
fn marks_without_points_words_or_room_are_refused() {
    refused_mark(Drawing::Polyline(vec![]), 0, "no points");
    refused_mark(
        Drawing::Polyline(vec![at(1.0, 1.0); 8_192]),
        0,
        "more points",
    );
    for text in ["", "  ", "\u{7}"] {
        let (at, text) = (at(1.0, 1.0), text.to_owned());
        refused_mark(Drawing::Text { at, text }, 0, "no words");
    }
    let none: [Mark; 0] = [];
    let facts = state_facts(ImageColour::Colour);
    let error = state_bytes(&facts, &clip(), &none).unwrap_err();
    assert!(error.to_string().contains("there is none"), "{error}");
}

#[test]
fn a_measurement_without_value_points_or_label_is_refused() {
    for value in [f64::NAN, f64::INFINITY] {
        refused_measurement(|m| m.value = value, "mark", "no number");
    }
    let one_point = Geometry::Polyline(vec![at(1.0, 1.0)]);
    refused_measurement(
        |m| m.places[0].geometry = one_point.clone(),
        "mark",
        "two points",
    );
    refused_measurement(|m| m.places.clear(), "mark", "nowhere");
    refused_measurement(
        |m| m.label = " ".into(),
        "text",
        "TrackingIdentifier is empty",
    );
    refused_measurement(|m| m.name = Code::new("", "LN", "x"), "text", "CodeValue");
    refused_measurement(
        |m| m.unit = Code::new("a code of more than sixteen", "UCUM", "x"),
        "text",
        "CodeValue has more than 16",
    );
    let error = report_bytes(&report_facts(), &clip(), &[]).unwrap_err();
    assert!(error.to_string().contains("there is none"), "{error}");
}

#[test]
fn a_report_needs_somebody_who_observed() {
    let mut facts = report_facts();
    facts.observer = PersonName::default();
    let error = report_bytes(&facts, &clip(), &[caliper()]).unwrap_err();
    assert!(error.to_string().contains("PersonName is empty"), "{error}");
}

#[test]
fn a_label_is_a_code_string() {
    for label in ["", "cardio", "書き込み", "A LABEL THAT IS TOO LONG"] {
        let mut facts = state_facts(ImageColour::Colour);
        facts.label = label.into();
        let error = state_bytes(&facts, &clip(), &marks()).unwrap_err();
        assert!(error.to_string().contains("ContentLabel"), "{error}");
    }
}

#[test]
fn words_never_break_a_data_set() {
    let words = Drawing::Text {
        at: at(639.0, 1.0),
        text: "a\\b\nc".into(),
    };
    let facts = state_facts(ImageColour::Colour);
    let bytes = state_bytes(&facts, &clip(), &[mark(0, "x\\y", words)]).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("a b c") && text.contains("x y"));
}
