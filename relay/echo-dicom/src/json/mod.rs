//! The header of any object in the DICOM JSON model (PS3.18 Annex F), without its bulk data.
//!
//! Owns the way from the flat walk to nested JSON: items open on a list, never on the stack. What is long stays in the file and is
//! pointed at: `BulkDataURI` is first byte (counted from the data set's) and length; of encapsulated pixel data `pixels`, followed by
//! the same for a single fragment, such as a video. Where frames are in several is found elsewhere. Text comes out as Unicode whatever set it was written in; a sign that cannot be read becomes U+FFFD, so
//! that one wrong name does not hide an object. Invariant: what comes out has a bound, whatever went in. Called in the confined reader,
//! because this looks at foreign values.

mod value;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use serde_json::{Map, Value, json};
use std::fs::File;

use crate::error::ClipError;
use crate::identity::encoding;
use crate::provenance::Sets;
use crate::scan::{Element, Event, Walker};
use crate::source::{Source, Span};

/// Longest header. A real one has 4 to 200 kB.
pub const MAX_HEADER_JSON_BYTES: usize = 8 << 20;
/// Deepest nesting that is written: three levels of JSON each, and who reads it allows 128. Real objects nest under ten.
const MAX_NESTED: usize = 32;
/// The set of everything that is written here.
const UTF_8: &str = "ISO_IR 192";

/// Where a data set lies in its file, and how it is written.
#[derive(Debug, Clone, Copy)]
pub struct HeaderPlace<'a> {
    /// Bytes of the file.
    pub whole: u64,
    /// First byte of the data set.
    pub data_set_at: u64,
    /// Transfer syntax.
    pub syntax: &'a str,
}

/// Reads the header of an open file.
///
/// # Errors
/// `ClipError` when the file cannot be read, its structure lies, or its header is larger or deeper than any real one.
pub fn header_json(file: File, place: HeaderPlace<'_>) -> Result<String, ClipError> {
    let source = Source::from_file(file, place.whole, place.whole)?;
    let written = Header::new(&source, place.data_set_at).read(place.syntax)?;
    let json = Value::Object(written).to_string();
    if json.len() > MAX_HEADER_JSON_BYTES {
        return Err(too_large());
    }
    Ok(json)
}

fn too_large() -> ClipError {
    ClipError::Meta("the header is larger or deeper than any real one")
}

/// What is open.
enum Open {
    /// A sequence and its items so far.
    Sequence(Tag, Vec<Value>),
    /// An item, with the sets of its texts.
    Item(Map<String, Value>, Option<Sets>),
    /// Encapsulated pixel data: how many items it has so far, and the last of them. The first is the offset table.
    Fragments(Tag, u32, Span),
}

struct Header<'a> {
    source: &'a Source,
    data_set_at: u64,
    top: Map<String, Value>,
    sets: Sets,
    open: Vec<Open>,
    /// About what is held.
    bytes: usize,
}

impl<'a> Header<'a> {
    fn new(source: &'a Source, data_set_at: u64) -> Self {
        Self {
            source,
            data_set_at,
            top: Map::new(),
            sets: Sets::named(""),
            open: Vec::new(),
            bytes: 0,
        }
    }

    fn read(mut self, syntax: &str) -> Result<Map<String, Value>, ClipError> {
        let mut walker = Walker::new(self.source, self.data_set_at, encoding(syntax)?);
        while let Some(event) = walker.next()? {
            match event {
                Event::Value { element, .. } => self.value(element)?,
                Event::SequenceStart { tag, depth } => {
                    if depth >= MAX_NESTED {
                        return Err(too_large());
                    }
                    self.open.push(Open::Sequence(tag, Vec::new()));
                }
                Event::ItemStart { .. } => self.open.push(Open::Item(Map::new(), None)),
                Event::FragmentsStart { .. } => {
                    let none = Span { at: 0, len: 0 };
                    self.open.push(Open::Fragments(tags::PIXEL_DATA, 0, none));
                }
                Event::Fragment { value, .. } => {
                    if let Some(Open::Fragments(_, items, last)) = self.open.last_mut() {
                        (*items, *last) = (*items + 1, value);
                    }
                }
                Event::End => self.close(),
            }
        }
        Ok(self.top)
    }

    fn value(&mut self, element: Element) -> Result<(), ClipError> {
        // Group lengths (PS3.5 section 7.2) and padding say nothing about the object.
        if element.tag.1 == 0 || element.tag == tags::DATA_SET_TRAILING_PADDING {
            return Ok(());
        }
        if element.tag == tags::SPECIFIC_CHARACTER_SET {
            return self.character_set(element);
        }
        let sets = self.open.iter().rev().find_map(|open| match open {
            Open::Item(_, sets) => sets.as_ref(),
            _ => None,
        });
        let written = value::json(
            self.source,
            self.data_set_at,
            element,
            sets.unwrap_or(&self.sets),
        )?;
        self.bytes += written.cost;
        if self.bytes > MAX_HEADER_JSON_BYTES {
            return Err(too_large());
        }
        self.put(element.tag, written.json);
        Ok(())
    }

    fn character_set(&mut self, element: Element) -> Result<(), ClipError> {
        let named = value::plain(self.source, element)?;
        let sets = Sets::named(&named);
        match self.open.last_mut() {
            Some(Open::Item(_, of_item)) => *of_item = Some(sets),
            _ => self.sets = sets,
        }
        self.put(element.tag, json!({ "vr": "CS", "Value": [UTF_8] }));
        Ok(())
    }

    /// The first of a repeated element counts, as everywhere in this crate.
    fn put(&mut self, tag: Tag, json: Value) {
        let into = match self.open.last_mut() {
            Some(Open::Item(item, _)) => item,
            _ => &mut self.top,
        };
        into.entry(format!("{:04X}{:04X}", tag.0, tag.1))
            .or_insert(json);
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Sequence(tag, items)) => {
                let json = if items.is_empty() {
                    json!({ "vr": "SQ" })
                } else {
                    json!({ "vr": "SQ", "Value": items })
                };
                self.put(tag, json);
            }
            Some(Open::Item(item, _)) => {
                if let Some(Open::Sequence(_, items)) = self.open.last_mut() {
                    items.push(Value::Object(item));
                }
            }
            Some(Open::Fragments(tag, items, last)) => {
                let at = last.at.saturating_sub(self.data_set_at);
                let place = match items {
                    2 => format!("pixels/{at}/{}", last.len),
                    _ => "pixels".to_owned(),
                };
                self.put(tag, json!({ "vr": "OB", "BulkDataURI": place }));
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
