//! Marks and measurements without identity, and the last step of every object.
//!
//! Owns which kinds of objects there are besides clips, and the attributes that say what was done (PS3.15 section E.1.1).

use super::error::DeidentifyError;
use super::identity::CaseIdentity;
use super::tree::{self, first_text, put_text};
use crate::meta;
use crate::source::Source;
use crate::syntax::{EXPLICIT_LE, TransferSyntax};
use crate::write::{Code, Uid, WriteError, file_of};
use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN;

/// What was done, in words, at most 64 characters.
const METHOD: &str = "PS3.15 Basic Profile, Clean Pixel Data; written anew by Hibiki";
/// PS3.16 CID 7050.
const BASIC_PROFILE: Code = Code::new("113100", "DCM", "Basic Application Confidentiality Profile");
const CLEAN_PIXELS: Code = Code::new("113101", "DCM", "Clean Pixel Data Option");
const CLEAN_GRAPHICS: Code = Code::new("113103", "DCM", "Clean Graphics Option");
const CLEAN_CONTENT: Code = Code::new("113104", "DCM", "Clean Structured Content Option");

/// A presentation state or a report, as its whole file, without identity. It may be anybody's.
///
/// # Errors
/// `Kind` for other objects, otherwise the step that failed.
pub fn clean_object(bytes: Vec<u8>, identity: &CaseIdentity) -> Result<Vec<u8>, DeidentifyError> {
    let source = Source::from_bytes(bytes)?;
    let meta = meta::read(&source)?;
    if meta.syntax.is_encapsulated() || meta.syntax == TransferSyntax::Deflated {
        return Err(DeidentifyError::Kind);
    }
    let clean = tree::clean(&source, meta.data_set_at, meta.syntax.encoding(), identity)?;
    let class = first_text(&clean, tags::SOP_CLASS_UID).unwrap_or_default();
    let kinds: [(&'static str, Code); 3] = [
        (
            uids::GRAYSCALE_SOFTCOPY_PRESENTATION_STATE_STORAGE,
            CLEAN_GRAPHICS,
        ),
        (
            uids::COLOR_SOFTCOPY_PRESENTATION_STATE_STORAGE,
            CLEAN_GRAPHICS,
        ),
        (uids::COMPREHENSIVE_SR_STORAGE, CLEAN_CONTENT),
    ];
    let (class, option) = kinds
        .into_iter()
        .find(|(kind, _)| *kind == class)
        .ok_or(DeidentifyError::Kind)?;
    let instance = first_text(&clean, tags::SOP_INSTANCE_UID)
        .and_then(|uid| Uid::parse(&uid))
        .ok_or(DeidentifyError::Kind)?;
    let said = says_so(clean, option)?;
    Ok(file_of(
        &said,
        class,
        &instance,
        uids::EXPLICIT_VR_LITTLE_ENDIAN,
    )?)
}

/// An image that this crate is about to write, without identity, and its new UID.
pub(super) fn anew(
    object: &InMemDicomObject,
    identity: &CaseIdentity,
) -> Result<(InMemDicomObject, Uid), WriteError> {
    let mut bytes = Vec::new();
    object
        .write_dataset_with_ts(&mut bytes, &EXPLICIT_VR_LITTLE_ENDIAN.erased())
        .map_err(|error| WriteError::Header(Box::new(error)))?;
    let clean = Source::from_bytes(bytes)
        .and_then(|source| tree::clean(&source, 0, EXPLICIT_LE, identity))
        .map_err(|error| WriteError::Header(Box::new(error)))?;
    let instance = first_text(&clean, tags::SOP_INSTANCE_UID).and_then(|uid| Uid::parse(&uid));
    let instance = instance.ok_or_else(|| WriteError::Header("the object has no UID".into()))?;
    Ok((says_so(clean, CLEAN_PIXELS)?, instance))
}

fn says_so(mut object: InMemDicomObject, option: Code) -> Result<InMemDicomObject, WriteError> {
    put_text(
        &mut object,
        tags::PATIENT_IDENTITY_REMOVED,
        VR::CS,
        "YES".to_owned(),
    );
    put_text(
        &mut object,
        tags::DEIDENTIFICATION_METHOD,
        VR::LO,
        METHOD.to_owned(),
    );
    put_text(
        &mut object,
        tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED,
        VR::CS,
        "REMOVED".to_owned(),
    );
    let items = vec![BASIC_PROFILE.item()?, option.item()?];
    let codes = Value::Sequence(DataSetSequence::from(items));
    object.put(DataElement::new(
        tags::DEIDENTIFICATION_METHOD_CODE_SEQUENCE,
        VR::SQ,
        codes,
    ));
    Ok(object)
}
