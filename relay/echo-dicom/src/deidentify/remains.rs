//! What words a file of a case still holds, for the person who has to look.
//!
//! Owns reading a written file back as anybody else would: every element is met, nested ones too, and one that the table
//! does not name fails the whole file.

use super::error::DeidentifyError;
use super::table::allowed;
use crate::error::ClipError;
use crate::meta;
use crate::scan::{Event, Walker};
use crate::source::Source;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use std::path::Path;

/// A value that a person can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// Where it stands.
    pub tag: Tag,
    /// The attribute's keyword.
    pub name: String,
    /// What it says.
    pub words: String,
}

/// What a reviewer reads of one value.
const MAX_WORDS: u32 = 1 << 10;

/// All words of a written object, each once, in order.
///
/// # Errors
/// `NotAllowed`, `More`, or why it cannot be read.
pub fn remains(bytes: Vec<u8>) -> Result<Vec<Remaining>, DeidentifyError> {
    remaining(&Source::from_bytes(bytes)?)
}

/// The same of a file, of which no more than a header is held: a clip may have a gigabyte.
///
/// # Errors
/// As `remains`.
pub fn remains_in(file: &Path) -> Result<Vec<Remaining>, DeidentifyError> {
    remaining(&Source::open(file)?)
}

fn remaining(source: &Source) -> Result<Vec<Remaining>, DeidentifyError> {
    let mut preamble = [0; 128];
    source
        .read_at(0, &mut preamble)
        .map_err(|_| DeidentifyError::More)?;
    if preamble != [0; 128] {
        return Err(DeidentifyError::More);
    }
    let meta = meta::read(source)?;
    let mut walker = Walker::new(source, meta.data_set_at, meta.syntax.encoding());
    let (mut found, mut last) = (Vec::new(), None);
    while let Some(event) = walker.next()? {
        match event {
            Event::Value { element, depth } => {
                if !allowed(element.tag) {
                    return Err(DeidentifyError::NotAllowed(element.tag));
                }
                if depth == 0 {
                    last = Some(element.tag);
                }
                if is_words(element.vr) && element.value.len > 0 {
                    let mut span = element.value;
                    span.len = span.len.min(MAX_WORDS);
                    let bytes = source.read(span).map_err(ClipError::from)?;
                    let words = String::from_utf8_lossy(&bytes);
                    let words = words.trim_matches(['\0', ' ']).to_owned();
                    let said = Remaining {
                        tag: element.tag,
                        name: name(element.tag),
                        words,
                    };
                    if !said.words.is_empty() && !found.contains(&said) {
                        found.push(said);
                    }
                }
            }
            Event::SequenceStart { tag, .. } if !allowed(tag) => {
                return Err(DeidentifyError::NotAllowed(tag));
            }
            Event::FragmentsStart { depth: 0 } => last = Some(tags::PIXEL_DATA),
            Event::FragmentsStart { .. } => {
                return Err(DeidentifyError::NotAllowed(tags::PIXEL_DATA));
            }
            _ => {}
        }
    }
    // Padding behind the pixels is tolerated in foreign files; here there is none.
    if walker.position() != source.len() || last.is_some_and(|tag| tag > tags::PIXEL_DATA) {
        return Err(DeidentifyError::More);
    }
    Ok(found)
}

/// Numbers, UIDs and the words of lists say nothing of a person.
fn is_words(vr: VR) -> bool {
    matches!(
        vr,
        VR::AE
            | VR::AS
            | VR::DA
            | VR::DT
            | VR::LO
            | VR::LT
            | VR::PN
            | VR::SH
            | VR::ST
            | VR::TM
            | VR::UC
            | VR::UN
            | VR::UR
            | VR::UT
    )
}

fn name(tag: Tag) -> String {
    let known = StandardDataDictionary.by_tag(tag);
    known.map_or_else(|| tag.to_string(), |entry| entry.alias().to_owned())
}
