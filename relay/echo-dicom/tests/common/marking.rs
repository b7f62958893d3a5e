//! Marks, measurements and the images that tests put them over.

use echo_dicom::write::presentation::{self, Drawing, ImageColour, Mark, StateFacts};
use echo_dicom::write::report::{
    self, Geometry, Measurement, ObserverDevice, Place, ReportFacts, codes,
};
use echo_dicom::write::{MarkedImage, PersonName, PixelPoint, Uid, WriteError};
use wire::FrameIndex;

use super::writing::{context, local_time};

pub(crate) fn at(x: f32, y: f32) -> PixelPoint {
    PixelPoint { x, y }
}

/// A clip of 120 frames of 640 x 480.
pub(crate) fn clip() -> MarkedImage {
    MarkedImage {
        series_uid: Uid::from_uuid(12),
        class_uid: Uid::parse("1.2.840.10008.5.1.4.1.1.3.1").unwrap(),
        instance_uid: Uid::from_uuid(13),
        columns: 640,
        rows: 480,
        frames: 120,
    }
}

pub(crate) fn mark(frame: u32, author: &str, drawing: Drawing) -> Mark {
    Mark {
        frame: FrameIndex(frame),
        drawing,
        author: author.into(),
        uid: None,
    }
}

/// One mark of each kind by two authors.
pub(crate) fn marks() -> Vec<Mark> {
    let line = vec![at(200.0, 100.0), at(230.5, 140.25), at(260.0, 180.0)];
    let text = "中隔の動き".to_owned();
    let at_text = at(300.0, 200.0);
    let stroke = Mark {
        uid: Some(Uid::from_uuid(77)),
        ..mark(41, "循環器医", Drawing::Polyline(line))
    };
    let arrow = Drawing::Arrow {
        from: at(10.0, 10.0),
        to: at(110.0, 10.0),
    };
    vec![
        stroke,
        mark(41, "循環器医", arrow),
        mark(
            0,
            "訪問医",
            Drawing::Points(vec![at(1.0, 2.0), at(640.0, 480.0)]),
        ),
        mark(119, "訪問医", Drawing::Text { at: at_text, text }),
        mark(119, "循環器医", Drawing::Polyline(vec![at(5.0, 6.0)])),
    ]
}

pub(crate) fn state_facts(colour: ImageColour) -> StateFacts {
    StateFacts {
        instance_uid: Uid::from_uuid(21),
        instance_number: 1,
        created_at: local_time(),
        label: "CARDIO".into(),
        description: "marks of the consult".into(),
        creator: PersonName::new("Sato^Jun").with_ideographic("佐藤^純"),
        colour,
    }
}

pub(crate) fn state_bytes(
    facts: &StateFacts,
    image: &MarkedImage,
    marks: &[Mark],
) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    let mut context = context();
    context.series.uid = Uid::from_uuid(22);
    presentation::write(&context, facts, image, marks, &mut bytes)?;
    Ok(bytes)
}

/// The caliper that every reader must give back: 100 pixels of 0.0510497 cm.
pub(crate) fn caliper() -> Measurement {
    Measurement {
        name: codes::LVID_DIASTOLE,
        value: 5.104_97,
        unit: codes::CENTIMETRE,
        site: None,
        places: vec![Place {
            image: 0,
            frame: FrameIndex(41),
            geometry: Geometry::Polyline(vec![at(200.0, 100.0), at(260.5, 180.25)]),
        }],
        calibration: Some("DICOM region 1".into()),
        remark: None,
        observer: None,
        label: "LVIDd caliper".into(),
        uid: Uid::from_uuid(31),
    }
}

/// A caliper, a point and a group of points.
pub(crate) fn measurements() -> Vec<Measurement> {
    let point = Measurement {
        name: codes::IVC_DIAMETER,
        value: 1.9,
        places: vec![Place {
            image: 0,
            frame: FrameIndex(0),
            geometry: Geometry::Point(at(10.0, 20.0)),
        }],
        site: Some(echo_dicom::write::Code::new(
            "64131007",
            "SCT",
            "Inferior vena cava",
        )),
        uid: Uid::from_uuid(32),
        ..caliper()
    };
    let points = Measurement {
        name: codes::EJECTION_FRACTION,
        value: 58.0,
        unit: codes::PERCENT,
        places: vec![Place {
            image: 0,
            frame: FrameIndex(41),
            geometry: Geometry::Points(vec![at(1.0, 2.0), at(3.0, 4.0), at(5.0, 6.0)]),
        }],
        label: "駆出率".into(),
        uid: Uid::from_uuid(33),
        ..caliper()
    };
    vec![caliper(), point, points]
}

pub(crate) fn report_facts() -> ReportFacts {
    ReportFacts {
        instance_uid: Uid::from_uuid(41),
        instance_number: 1,
        created_at: local_time(),
        observer: PersonName::new("Sato^Jun").with_ideographic("佐藤^純"),
        device: Some(ObserverDevice {
            uid: Uid::from_uuid(42),
            name: "Hibiki".into(),
        }),
        procedure: codes::ECHOCARDIOGRAPHY,
    }
}

pub(crate) fn report_bytes(
    facts: &ReportFacts,
    image: &MarkedImage,
    measurements: &[Measurement],
) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    let mut context = context();
    context.series.uid = Uid::from_uuid(43);
    let images = std::slice::from_ref(image);
    report::write(&context, facts, images, measurements, &mut bytes)?;
    Ok(bytes)
}

/// Another clip of the same series.
pub(crate) fn other_clip() -> MarkedImage {
    MarkedImage {
        instance_uid: Uid::from_uuid(14),
        columns: 800,
        rows: 600,
        ..clip()
    }
}

/// A report that says one value of two clips, whose scale a person marked and which is in doubt.
pub(crate) fn report_of_two_clips() -> Vec<u8> {
    let outline = |image, x: f32| Place {
        image,
        frame: FrameIndex(2),
        geometry: Geometry::Polyline(vec![at(x, 20.0), at(x, 80.0), at(30.0, 20.0)]),
    };
    let both = Measurement {
        name: codes::EF_BIPLANE,
        value: 55.5,
        unit: codes::PERCENT,
        places: vec![outline(0, 10.0), outline(1, 700.0)],
        calibration: Some("depth scale of 8 cm marked by 佐藤 律子".into()),
        remark: Some("The long axes differ.".into()),
        label: "EF biplane".into(),
        ..caliper()
    };
    let (mut bytes, mut context) = (Vec::new(), context());
    context.series.uid = Uid::from_uuid(43);
    let images = [clip(), other_clip()];
    report::write(&context, &report_facts(), &images, &[both], &mut bytes).unwrap();
    bytes
}
