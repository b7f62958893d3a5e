//! The walk from an object to what may stay of it.
//!
//! Owns the order: the flat walk of a foreign object, the table at each element, and what is built of it. Nothing recurses;
//! depth, elements and lengths have the bounds of the walk. An element is read only when the table names it.

use super::codes;
use super::identity::CaseIdentity;
use super::table::{Action, Rule, rule};
use crate::error::ClipError;
use crate::limits::MAX_VALUE_BYTES;
use crate::scan::{Element, Event, Walker};
use crate::source::Source;
use crate::syntax::Encoding;
use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

type Object = InMemDicomObject;

/// What is open, outermost first.
enum Open {
    /// A sequence; without a rule nothing in it stays.
    Items {
        rule: Option<&'static Rule>,
        items: Vec<Object>,
    },
    Item(Object),
    /// Pixels: they are written elsewhere.
    Fragments,
}

/// What may stay of the object that begins at `at`, in this case's terms. Pixels are not among it.
pub(super) fn clean(
    source: &Source,
    at: u64,
    encoding: Encoding,
    identity: &CaseIdentity,
) -> Result<Object, ClipError> {
    let mut walker = Walker::new(source, at, encoding);
    let mut building = Building {
        whole: Object::new_empty(),
        open: Vec::new(),
    };
    while let Some(event) = walker.next()? {
        match event {
            Event::Value { element, .. } => building.value(source, element, identity)?,
            Event::SequenceStart { tag, .. } => {
                let rule = building.rule(tag).filter(|rule| rule.action.is_sequence());
                let items = Vec::new();
                building.open.push(Open::Items { rule, items });
            }
            Event::ItemStart { .. } => building.open.push(Open::Item(Object::new_empty())),
            Event::FragmentsStart { .. } => building.open.push(Open::Fragments),
            Event::Fragment { .. } => {}
            Event::End => building.close(),
        }
    }
    Ok(building.whole)
}

struct Building {
    whole: Object,
    open: Vec<Open>,
}

impl Building {
    /// The rule of an element that stands where the walk is.
    fn rule(&self, tag: Tag) -> Option<&'static Rule> {
        match self.open.as_slice() {
            [] => rule(tag),
            [
                ..,
                Open::Items {
                    rule: Some(own), ..
                },
                Open::Item(_),
            ] => match own.action {
                Action::Codes => None,
                _ => rule(tag),
            },
            _ => None,
        }
    }

    fn value(
        &mut self,
        source: &Source,
        element: Element,
        identity: &CaseIdentity,
    ) -> Result<(), ClipError> {
        let in_codes = matches!(
            self.open.as_slice(),
            [
                ..,
                Open::Items {
                    rule: Some(Rule {
                        action: Action::Codes,
                        ..
                    }),
                    ..
                },
                Open::Item(_)
            ]
        );
        let is_code = matches!(
            element.tag,
            tags::CODE_VALUE | tags::CODING_SCHEME_DESIGNATOR
        );
        let (vr, value) = if in_codes && is_code {
            let words = text(source, element)?;
            (VR::SH, Some(PrimitiveValue::from(words)))
        } else if let Some(rule) = self.rule(element.tag) {
            (rule.vr, rule.clean(source, element, identity)?)
        } else {
            return Ok(());
        };
        let into = match self.open.last_mut() {
            Some(Open::Item(item)) => item,
            _ => &mut self.whole,
        };
        // The first of a repeated element counts, as everywhere in this crate.
        if let Some(value) = value
            && into
                .element_opt(element.tag)
                .is_ok_and(|held| held.is_none())
        {
            into.put(DataElement::new(element.tag, vr, value));
        }
        Ok(())
    }

    fn close(&mut self) {
        let closed = self.open.pop();
        match (closed, self.open.last_mut()) {
            (
                Some(Open::Item(item)),
                Some(Open::Items {
                    rule: Some(rule),
                    items,
                }),
            ) => {
                let kept = match rule.action {
                    Action::Codes => codes::clean(&item),
                    _ => may_stay(rule, item),
                };
                items.extend(kept);
            }
            (
                Some(Open::Items {
                    rule: Some(rule),
                    items,
                }),
                above,
            ) => {
                if items.is_empty() && !rule.may_be_empty() {
                    return;
                }
                let into = match above {
                    Some(Open::Item(item)) => item,
                    _ => &mut self.whole,
                };
                let value = Value::Sequence(DataSetSequence::from(items));
                into.put(DataElement::new(rule.tag, VR::SQ, value));
            }
            _ => {}
        }
    }
}

/// Items that lost what they were for go as a whole.
fn may_stay(rule: &Rule, item: Object) -> Option<Object> {
    let needs: &[Tag] = match rule.tag {
        tags::GRAPHIC_ANNOTATION_SEQUENCE => &[tags::GRAPHIC_OBJECT_SEQUENCE],
        tags::REFERENCED_IMAGE_SEQUENCE | tags::REFERENCED_SOP_SEQUENCE => {
            &[tags::REFERENCED_SOP_INSTANCE_UID]
        }
        tags::CONTENT_SEQUENCE => match first_text(&item, tags::VALUE_TYPE).as_deref() {
            Some("CODE") => &[
                tags::CONCEPT_NAME_CODE_SEQUENCE,
                tags::CONCEPT_CODE_SEQUENCE,
            ],
            Some("NUM") => &[
                tags::CONCEPT_NAME_CODE_SEQUENCE,
                tags::MEASURED_VALUE_SEQUENCE,
            ],
            Some(_) => &[],
            None => return None,
        },
        _ => &[],
    };
    let has = |tag: &Tag| item.element_opt(*tag).is_ok_and(|held| held.is_some());
    needs.iter().all(has).then_some(item)
}

/// The bytes of a value; nothing of one that no real object has.
pub(super) fn bytes(source: &Source, element: Element) -> Result<Vec<u8>, ClipError> {
    if element.value.len > MAX_VALUE_BYTES {
        return Ok(Vec::new());
    }
    Ok(source.read(element.value)?)
}

/// A value as text without its padding. What is no ASCII is in no list of words, so the character set does not matter.
pub(super) fn text(source: &Source, element: Element) -> Result<String, ClipError> {
    let bytes = bytes(source, element)?;
    let words = String::from_utf8_lossy(&bytes);
    Ok(words.trim_matches(['\0', ' ']).to_owned())
}

pub(super) fn first_text(object: &Object, tag: Tag) -> Option<String> {
    let element = object.element_opt(tag).ok().flatten()?;
    Some(element.to_str().ok()?.trim_matches(['\0', ' ']).to_owned())
}

pub(super) fn put_text(object: &mut Object, tag: Tag, vr: VR, value: String) {
    object.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
}
