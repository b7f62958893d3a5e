//! Measurements as a structured report: Comprehensive SR with TID 1500 "Measurement Report" (PS3.3 A.35.3, PS3.16).
//!
//! Owns the document around the measurements: who observed, what was done, which images are the evidence. Each
//! measurement is a group of TID 1501 whose number is inferred from points on frames of one image, so that a reader can
//! show where the number comes from. It does not measure: values come in with their unit.

pub mod codes;
mod tree;

use std::io::Write;

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use wire::FrameIndex;

use self::codes as c;
use self::tree::Relation;
use super::code::Code;
use super::context::Context;
use super::data_set::{Object, sequence, text};
use super::error::WriteError;
use super::file;
use super::modules::{Identity, begin};
use super::moment::LocalTime;
use super::name::PersonName;
use super::target::{MarkedImage, PixelPoint};
use super::text::{LO_CHARS, description, required};
use super::uid::Uid;

/// What makes one report itself.
#[derive(Debug, Clone)]
pub struct ReportFacts {
    /// SOP Instance UID.
    pub instance_uid: Uid,
    /// Instance Number.
    pub instance_number: u32,
    /// When it was made.
    pub created_at: LocalTime,
    /// Who measured.
    pub observer: PersonName,
    /// What it was measured with, where that is known.
    pub device: Option<ObserverDevice>,
    /// What was done with the patient; `codes::ECHOCARDIOGRAPHY` for us.
    pub procedure: Code,
}

/// The system that a person measured with.
#[derive(Debug, Clone)]
pub struct ObserverDevice {
    /// Its UID.
    pub uid: Uid,
    /// Its name; cut at 64 characters, left out when empty.
    pub name: String,
}

/// One number and the points that it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// What was measured, such as `codes::LVID_DIASTOLE`.
    pub name: Code,
    /// The value.
    pub value: f64,
    /// Its unit (UCUM), such as `codes::CENTIMETRE`.
    pub unit: Code,
    /// Where in the body, if the name does not say.
    pub site: Option<Code>,
    /// Where it was measured, at least one place; several for a value that follows from several outlines.
    pub places: Vec<Place>,
    /// Who measured it, if not the report's observer.
    pub observer: Option<PersonName>,
    /// How people call it, such as "LVIDd caliper"; cut at 64 characters.
    pub label: String,
    /// Its own UID.
    pub uid: Uid,
}

/// Points on one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The frame that was measured on.
    pub frame: FrameIndex,
    /// The points.
    pub geometry: Geometry,
}

/// Points of a measurement, in image pixels.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// One place.
    Point(PixelPoint),
    /// A line through at least two points: a caliper or a trace.
    Polyline(Vec<PixelPoint>),
    /// Places that belong together.
    Points(Vec<PixelPoint>),
}

impl Geometry {
    fn points(&self) -> &[PixelPoint] {
        match self {
            Self::Point(point) => std::slice::from_ref(point),
            Self::Polyline(points) | Self::Points(points) => points,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Point(_) => "POINT",
            Self::Polyline(_) => "POLYLINE",
            Self::Points(_) => "MULTIPOINT",
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Polyline(points) if points.len() < 2 => Err("a line needs two points"),
            _ => Ok(()),
        }
    }
}

/// Writes the measurements on one image.
///
/// # Errors
/// `Mark` names a measurement that has no place on the picture or no finite value, `Text` an attribute; otherwise the
/// step that failed.
pub fn write(
    context: &Context,
    facts: &ReportFacts,
    image: &MarkedImage,
    measurements: &[Measurement],
    out: &mut impl Write,
) -> Result<(), WriteError> {
    let identity = Identity {
        class_uid: uids::COMPREHENSIVE_SR_STORAGE,
        instance_uid: &facts.instance_uid,
        instance_number: facts.instance_number,
        modality: "SR",
    };
    let mut object = begin(context, &identity)?;
    general(&mut object, context, facts, image);
    let mut children = head(facts)?;
    children.push(groups(image, measurements)?);
    tree::root(&mut object, &c::REPORT, "1500", children)?;
    Ok(out.write_all(&file::without_pixels(&object, &identity)?)?)
}

/// SR Document General (PS3.3 section C.17.2).
fn general(object: &mut Object, context: &Context, facts: &ReportFacts, image: &MarkedImage) {
    let at = facts.created_at;
    text(object, tags::COMPLETION_FLAG, VR::CS, "COMPLETE");
    text(object, tags::VERIFICATION_FLAG, VR::CS, "UNVERIFIED");
    text(object, tags::CONTENT_DATE, VR::DA, at.date().value());
    text(object, tags::CONTENT_TIME, VR::TM, at.time_value());
    // Unknown here, and of type 2.
    for tag in [
        tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE,
        tags::PERFORMED_PROCEDURE_CODE_SEQUENCE,
    ] {
        sequence(object, tag, Vec::new());
    }
    let mut evidence = Object::new_empty();
    text(
        &mut evidence,
        tags::STUDY_INSTANCE_UID,
        VR::UI,
        context.study.uid.as_str(),
    );
    let series = image.series(tags::REFERENCED_SOP_SEQUENCE);
    sequence(
        &mut evidence,
        tags::REFERENCED_SERIES_SEQUENCE,
        vec![series],
    );
    sequence(
        object,
        tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE,
        vec![evidence],
    );
}

/// Language, observers and procedure (TID 1204, 1002, 1500).
fn head(facts: &ReportFacts) -> Result<Vec<Object>, WriteError> {
    let name = facts.observer.value("PersonName")?;
    let name = required("PersonName", &name, usize::MAX)?;
    let mut items = vec![
        tree::code(Relation::HasConceptMod, &c::LANGUAGE, &c::ENGLISH)?,
        tree::code(Relation::HasObsContext, &c::OBSERVER_TYPE, &c::PERSON)?,
        tree::person(Relation::HasObsContext, &c::PERSON_OBSERVER_NAME, name)?,
    ];
    if let Some(device) = &facts.device {
        items.push(tree::code(
            Relation::HasObsContext,
            &c::OBSERVER_TYPE,
            &c::DEVICE,
        )?);
        items.push(tree::uid(
            Relation::HasObsContext,
            &c::DEVICE_OBSERVER_UID,
            &device.uid,
        )?);
        let name = description(&device.name, LO_CHARS);
        if !name.is_empty() {
            items.push(tree::words(
                Relation::HasObsContext,
                &c::DEVICE_OBSERVER_NAME,
                name,
            )?);
        }
    }
    items.push(tree::code(
        Relation::HasConceptMod,
        &c::PROCEDURE_REPORTED,
        &facts.procedure,
    )?);
    Ok(items)
}

fn groups(image: &MarkedImage, measurements: &[Measurement]) -> Result<Object, WriteError> {
    if measurements.is_empty() {
        let fault = "there is none";
        return Err(WriteError::Mark { index: 0, fault });
    }
    let groups = measurements
        .iter()
        .enumerate()
        .map(|(index, measurement)| group(image, index, measurement))
        .collect::<Result<Vec<_>, _>>()?;
    tree::container(Relation::Contains, &c::IMAGING_MEASUREMENTS, None, groups)
}

/// Measurement and Qualitative Evaluation Group (TID 1501).
fn group(image: &MarkedImage, index: usize, what: &Measurement) -> Result<Object, WriteError> {
    let refused = |fault| WriteError::Mark { index, fault };
    let label = description(&what.label, LO_CHARS);
    let label = required("TrackingIdentifier", &label, LO_CHARS)?;
    if what.places.is_empty() {
        return Err(refused("it was measured nowhere"));
    }
    let mut sources = Vec::with_capacity(what.places.len());
    for Place { frame, geometry } in &what.places {
        let points = geometry.points();
        geometry
            .check()
            .and_then(|()| image.check(*frame, points))
            .map_err(refused)?;
        sources.push(tree::points(
            &c::SOURCE_OF_MEASUREMENT,
            geometry.kind(),
            points,
            image.reference(Some(*frame)),
        )?);
    }
    let number = tree::number(&what.name, what.value, &what.unit, sources)?
        .ok_or_else(|| refused("its value is no number that can be stored"))?;
    let mut items = vec![
        tree::words(Relation::HasObsContext, &c::TRACKING_IDENTIFIER, label)?,
        tree::uid(
            Relation::HasObsContext,
            &c::TRACKING_UNIQUE_IDENTIFIER,
            &what.uid,
        )?,
    ];
    if let Some(observer) = &what.observer {
        let name = observer.value("PersonName")?;
        let name = required("PersonName", &name, usize::MAX)?;
        items.push(tree::person(
            Relation::HasObsContext,
            &c::PERSON_OBSERVER_NAME,
            name,
        )?);
    }
    if let Some(site) = &what.site {
        items.push(tree::code(Relation::HasConceptMod, &c::FINDING_SITE, site)?);
    }
    items.push(number);
    tree::container(
        Relation::Contains,
        &c::MEASUREMENT_GROUP,
        Some("1501"),
        items,
    )
}
