//! Measurements as a structured report: Comprehensive SR with TID 1500 "Measurement Report" (PS3.3 A.35.3, PS3.16).
//!
//! Owns the document around the measurements: who observed, what was done, which images are the evidence. The
//! measurements themselves are `group`'s. It does not measure: values come in with their unit. Images of one report
//! belong to one study and one patient; whoever brings them sees to it.

pub mod codes;
mod group;
mod measurement;
mod tree;

use std::io::Write;

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};

pub use self::measurement::{Geometry, Measurement, Place};

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
use super::target::{self, MarkedImage};
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

/// Writes the measurements on these images; places name them by their order. An image that nothing was measured on is no
/// evidence and is left out.
///
/// # Errors
/// `Mark` names a measurement that has no place on the picture or no finite value, `Text` an attribute; otherwise the
/// step that failed.
pub fn write(
    context: &Context,
    facts: &ReportFacts,
    images: &[MarkedImage],
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
    let measured_on = |(index, image): (usize, &'_ MarkedImage)| {
        let mut places = measurements.iter().flat_map(|what| &what.places);
        places
            .any(|place| place.image == index)
            .then(|| image.clone())
    };
    let evidence: Vec<MarkedImage> = images.iter().enumerate().filter_map(measured_on).collect();
    general(&mut object, context, facts, &evidence);
    let mut children = head(facts)?;
    children.push(group::groups(images, measurements)?);
    tree::root(&mut object, &c::REPORT, "1500", children)?;
    Ok(out.write_all(&file::without_pixels(&object, &identity)?)?)
}

/// SR Document General (PS3.3 section C.17.2).
fn general(object: &mut Object, context: &Context, facts: &ReportFacts, images: &[MarkedImage]) {
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
    let series = target::series(images, tags::REFERENCED_SOP_SEQUENCE);
    sequence(&mut evidence, tags::REFERENCED_SERIES_SEQUENCE, series);
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
