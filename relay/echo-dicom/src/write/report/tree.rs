//! Content items of a structured report (PS3.3 section C.17.3).
//!
//! Owns their attributes by value type and how they nest, and the form of a number. What a report says is decided by
//! whoever builds the tree.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use crate::write::code::Code;
use crate::write::data_set::{Object, double, floats, sequence, text};
use crate::write::error::WriteError;
use crate::write::target::{PixelPoint, flat};
use crate::write::uid::Uid;

/// Characters of a decimal string.
const DS_CHARS: usize = 16;

/// How an item belongs to the one above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Contains,
    HasConceptMod,
    HasObsContext,
    InferredFrom,
    SelectedFrom,
}

impl Relation {
    fn text(self) -> &'static str {
        match self {
            Self::Contains => "CONTAINS",
            Self::HasConceptMod => "HAS CONCEPT MOD",
            Self::HasObsContext => "HAS OBS CONTEXT",
            Self::InferredFrom => "INFERRED FROM",
            Self::SelectedFrom => "SELECTED FROM",
        }
    }
}

/// Makes `object` the root container.
pub(super) fn root(
    object: &mut Object,
    name: &Code,
    template: &str,
    children: Vec<Object>,
) -> Result<(), WriteError> {
    concept(object, "CONTAINER", name)?;
    fill(object, Some(template), children);
    Ok(())
}

pub(super) fn container(
    relation: Relation,
    name: &Code,
    template: Option<&str>,
    children: Vec<Object>,
) -> Result<Object, WriteError> {
    let mut item = item(relation, "CONTAINER", name)?;
    fill(&mut item, template, children);
    Ok(item)
}

pub(super) fn code(relation: Relation, name: &Code, value: &Code) -> Result<Object, WriteError> {
    let mut item = item(relation, "CODE", name)?;
    sequence(&mut item, tags::CONCEPT_CODE_SEQUENCE, vec![value.item()?]);
    Ok(item)
}

pub(super) fn words(relation: Relation, name: &Code, words: String) -> Result<Object, WriteError> {
    let mut item = item(relation, "TEXT", name)?;
    text(&mut item, tags::TEXT_VALUE, VR::UT, words);
    Ok(item)
}

pub(super) fn person(relation: Relation, name: &Code, who: String) -> Result<Object, WriteError> {
    let mut item = item(relation, "PNAME", name)?;
    text(&mut item, tags::PERSON_NAME, VR::PN, who);
    Ok(item)
}

pub(super) fn uid(relation: Relation, name: &Code, uid: &Uid) -> Result<Object, WriteError> {
    let mut item = item(relation, "UIDREF", name)?;
    text(&mut item, tags::UID, VR::UI, uid.as_str());
    Ok(item)
}

/// A number with what is said of it and the places that it is inferred from; `None` when it is not finite.
pub(super) fn number(
    name: &Code,
    value: f64,
    unit: &Code,
    below: Vec<Object>,
) -> Result<Option<Object>, WriteError> {
    let Some(decimal) = decimal(value) else {
        return Ok(None);
    };
    let mut measured = Object::new_empty();
    text(&mut measured, tags::NUMERIC_VALUE, VR::DS, decimal);
    // The exact value beside the rounded text.
    double(&mut measured, tags::FLOATING_POINT_VALUE, value);
    sequence(
        &mut measured,
        tags::MEASUREMENT_UNITS_CODE_SEQUENCE,
        vec![unit.item()?],
    );
    let mut item = item(Relation::Contains, "NUM", name)?;
    sequence(&mut item, tags::MEASURED_VALUE_SEQUENCE, vec![measured]);
    sequence(&mut item, tags::CONTENT_SEQUENCE, below);
    Ok(Some(item))
}

/// Points that a number is inferred from, on the image that `image` references.
pub(super) fn points(
    name: &Code,
    kind: &str,
    points: &[PixelPoint],
    image: Object,
) -> Result<Object, WriteError> {
    let mut picture = Object::new_empty();
    let relation = Relation::SelectedFrom.text();
    text(&mut picture, tags::RELATIONSHIP_TYPE, VR::CS, relation);
    text(&mut picture, tags::VALUE_TYPE, VR::CS, "IMAGE");
    sequence(&mut picture, tags::REFERENCED_SOP_SEQUENCE, vec![image]);
    let mut item = item(Relation::InferredFrom, "SCOORD", name)?;
    floats(&mut item, tags::GRAPHIC_DATA, flat(points));
    text(&mut item, tags::GRAPHIC_TYPE, VR::CS, kind);
    sequence(&mut item, tags::CONTENT_SEQUENCE, vec![picture]);
    Ok(item)
}

fn item(relation: Relation, kind: &str, name: &Code) -> Result<Object, WriteError> {
    let mut item = Object::new_empty();
    text(&mut item, tags::RELATIONSHIP_TYPE, VR::CS, relation.text());
    concept(&mut item, kind, name)?;
    Ok(item)
}

fn concept(item: &mut Object, kind: &str, name: &Code) -> Result<(), WriteError> {
    text(item, tags::VALUE_TYPE, VR::CS, kind);
    sequence(item, tags::CONCEPT_NAME_CODE_SEQUENCE, vec![name.item()?]);
    Ok(())
}

fn fill(container: &mut Object, template: Option<&str>, children: Vec<Object>) {
    text(container, tags::CONTINUITY_OF_CONTENT, VR::CS, "SEPARATE");
    if let Some(template) = template {
        let mut item = Object::new_empty();
        text(&mut item, tags::MAPPING_RESOURCE, VR::CS, "DCMR");
        text(&mut item, tags::TEMPLATE_IDENTIFIER, VR::CS, template);
        sequence(container, tags::CONTENT_TEMPLATE_SEQUENCE, vec![item]);
    }
    sequence(container, tags::CONTENT_SEQUENCE, children);
}

/// The nearest decimal string of at most 16 characters.
fn decimal(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let plain = std::iter::once(value.to_string());
    let rounded = (1..DS_CHARS)
        .rev()
        .map(|digits| format!("{value:.digits$}"));
    let scientific = (0..DS_CHARS)
        .rev()
        .map(|digits| format!("{value:.digits$e}"));
    let small = value != 0.0 && value.abs() < 1e-3;
    let fits = |text: &String| text.len() <= DS_CHARS;
    if small {
        plain.chain(scientific).find(fits)
    } else {
        plain.chain(rounded).chain(scientific).find(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_fits_a_decimal_string() {
        assert_eq!(decimal(5.105).unwrap(), "5.105");
        assert_eq!(decimal(5.104_970_000_000_001).unwrap(), "5.10497000000000");
        assert_eq!(decimal(-1.0 / 3.0).unwrap(), "-0.3333333333333");
        assert_eq!(decimal(0.0).unwrap(), "0");
        for value in [1e300, -1.234_567_890_123e-200, 1e16 + 2.0] {
            let text = decimal(value).unwrap();
            assert!(text.len() <= 16, "{text}");
            let near: f64 = text.parse().unwrap();
            assert!(
                ((near - value) / value).abs() < 1e-8,
                "{text} is not {value}"
            );
        }
        assert_eq!(decimal(f64::NAN), None);
        assert_eq!(decimal(f64::INFINITY), None);
    }
}
