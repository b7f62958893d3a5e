//! The part of a report that holds the measurements (PS3.16 TID 1500 row 6, TID 1501, TID 300).
//!
//! Owns what stands with one number: how people call it, who measured, where its scale comes from, and the points on
//! frames that it is inferred from, so that a reader can show where the number comes from.

use super::codes as c;
use super::measurement::{Measurement, Place};
use super::tree::{self, Relation};
use crate::write::data_set::Object;
use crate::write::error::WriteError;
use crate::write::target::MarkedImage;
use crate::write::text::{LO_CHARS, description, required};

/// Characters of what is said of a number: a source of its scale is a line, not a page.
const WORDS_CHARS: usize = 256;

/// All measurements, each a group of its own.
pub(super) fn groups(
    images: &[MarkedImage],
    measurements: &[Measurement],
) -> Result<Object, WriteError> {
    if measurements.is_empty() {
        let fault = "there is none";
        return Err(WriteError::Mark { index: 0, fault });
    }
    let groups = measurements
        .iter()
        .enumerate()
        .map(|(index, measurement)| group(images, index, measurement))
        .collect::<Result<Vec<_>, _>>()?;
    tree::container(Relation::Contains, &c::IMAGING_MEASUREMENTS, None, groups)
}

/// Measurement and Qualitative Evaluation Group (TID 1501).
fn group(images: &[MarkedImage], index: usize, what: &Measurement) -> Result<Object, WriteError> {
    let refused = |fault| WriteError::Mark { index, fault };
    let label = description(&what.label, LO_CHARS);
    let label = required("TrackingIdentifier", &label, LO_CHARS)?;
    if what.places.is_empty() {
        return Err(refused("it was measured nowhere"));
    }
    let mut below = modifiers(what)?;
    for Place {
        image,
        frame,
        geometry,
    } in &what.places
    {
        let image = images
            .get(*image)
            .ok_or_else(|| refused("it was measured on an image that is not told"))?;
        let points = geometry.points();
        geometry
            .check()
            .and_then(|()| image.check(*frame, points))
            .map_err(refused)?;
        below.push(tree::points(
            &c::SOURCE_OF_MEASUREMENT,
            geometry.kind(),
            points,
            image.reference(Some(*frame)),
        )?);
    }
    let number = tree::number(&what.name, what.value, &what.unit, below)?
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

/// What else is said of a number (TID 300, which is extensible).
fn modifiers(what: &Measurement) -> Result<Vec<Object>, WriteError> {
    let said = [
        (&c::CALIBRATION_METHOD, &what.calibration),
        (&c::COMMENT, &what.remark),
    ];
    said.into_iter()
        .filter_map(|(name, words)| {
            let words = description(words.as_deref()?, WORDS_CHARS);
            (!words.is_empty()).then_some((name, words))
        })
        .map(|(name, words)| tree::words(Relation::HasConceptMod, name, words))
        .collect()
}
