//! Which object a data set is: the identifiers at its top level, found by the flat walk alone.
//!
//! Owns no judgement about them. The whole data set is walked, so lengths that lie are found before anything else looks at it; no
//! value is read but the four UIDs. Called by the relay's archive for every object that arrives, whatever its pixels are in.

use dicom_dictionary_std::tags;

use crate::error::ClipError;
use crate::scan::{Element, Event, Walker};
use crate::source::Source;
use crate::syntax::{EXPLICIT_BE, EXPLICIT_LE, Encoding, IMPLICIT_LE, is_uid};
use std::path::Path;

/// The UIDs of an object; what is absent, empty or no UID is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// SOP Class UID.
    pub class: Option<String>,
    /// SOP Instance UID.
    pub instance: Option<String>,
    /// Study Instance UID.
    pub study: Option<String>,
    /// Series Instance UID.
    pub series: Option<String>,
}

impl Identity {
    /// Walks the data set that begins at `data_set_at` of a file and is written in `syntax`.
    ///
    /// # Errors
    /// `ClipError` when the file cannot be read, its structure lies, or the syntax hides it (deflated).
    pub fn read(file: &Path, syntax: &str, data_set_at: u64) -> Result<Self, ClipError> {
        let source = Source::open(file)?;
        let mut walker = Walker::new(&source, data_set_at, encoding(syntax)?);
        let mut found = Self::default();
        while let Some(event) = walker.next()? {
            if let Event::Value { element, depth: 0 } = event {
                found.note(&source, element)?;
            }
        }
        Ok(found)
    }

    /// The first of a repeated element counts, as everywhere in this crate.
    fn note(&mut self, source: &Source, element: Element) -> Result<(), ClipError> {
        let place = match element.tag {
            tags::SOP_CLASS_UID => &mut self.class,
            tags::SOP_INSTANCE_UID => &mut self.instance,
            tags::STUDY_INSTANCE_UID => &mut self.study,
            tags::SERIES_INSTANCE_UID => &mut self.series,
            _ => return Ok(()),
        };
        if place.is_none() && element.value.len <= MAX_UID_BYTES {
            let bytes = source.read(element.value)?;
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_matches(['\0', ' ']);
            *place = is_uid(text).then(|| text.to_owned());
        }
        Ok(())
    }
}

/// Longest UID with some padding more than the standard's.
const MAX_UID_BYTES: u32 = 66;

/// How a syntax writes its elements. All that are encapsulated write them in one way (PS3.5 Annex A.4).
pub(crate) fn encoding(syntax: &str) -> Result<Encoding, ClipError> {
    match syntax {
        "1.2.840.10008.1.2" => Ok(IMPLICIT_LE),
        "1.2.840.10008.1.2.2" => Ok(EXPLICIT_BE),
        "1.2.840.10008.1.2.1.99" | "1.2.840.10008.1.2.4.95" | "1.2.840.10008.1.2.4.205" => {
            Err(ClipError::TransferSyntax(syntax.to_owned()))
        }
        _ => Ok(EXPLICIT_LE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ScanFault;

    fn element(group: u16, element: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
        let mut bytes = [group.to_le_bytes(), element.to_le_bytes()].concat();
        bytes.extend_from_slice(vr);
        bytes.extend_from_slice(&u16::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(value);
        bytes
    }

    fn reads(bytes: &[u8]) -> Result<Identity, ClipError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("object");
        std::fs::write(&file, bytes).unwrap();
        Identity::read(&file, "1.2.840.10008.1.2.1", 4)
    }

    #[test]
    fn the_top_level_names_the_object_and_nested_items_do_not() {
        let nested = [
            b"\xFE\xFF\x00\xE0\x0E\x00\x00\x00".as_slice(),
            &element(8, 0x18, b"UI", b"9.9.9\0"),
        ]
        .concat();
        let mut sequence = b"\x08\x00\x15\x11SQ\0\0".to_vec();
        sequence.extend_from_slice(&u32::try_from(nested.len()).unwrap().to_le_bytes());
        sequence.extend_from_slice(&nested);
        let whole = [
            b"head".as_slice(),
            &element(8, 0x16, b"UI", b"1.2.3\0"),
            &sequence,
            &element(8, 0x18, b"UI", b"1.2.4\0"),
            &element(8, 0x18, b"UI", b"1.2.5\0"),
            &element(0x20, 0x0D, b"UI", b"not one "),
        ]
        .concat();
        let found = reads(&whole).unwrap();
        assert_eq!(found.class.as_deref(), Some("1.2.3"));
        assert_eq!(found.instance.as_deref(), Some("1.2.4"));
        assert_eq!((found.study, found.series), (None, None));
    }

    #[test]
    fn a_length_that_lies_and_a_cut_are_named() {
        let whole = [b"head".as_slice(), &element(8, 0x18, b"UI", b"1.2.4\0")].concat();
        let mut lies = whole.clone();
        lies[10] = 200;
        for (bytes, cut) in [(lies.as_slice(), false), (&whole[..9], true)] {
            let Err(ClipError::Scan { fault, .. }) = reads(bytes) else {
                panic!("it was taken")
            };
            assert_eq!(cut, matches!(fault, ScanFault::Truncated), "{fault}");
        }
        let hidden = Identity::read(Path::new("/dev/null"), "1.2.840.10008.1.2.1.99", 0);
        assert!(hidden.is_err());
    }
}
