//! Codes: a value, the scheme it is from, and its meaning (PS3.3 section 8).
//!
//! Owns the triplet and its way into a data set. Which code is right is the business of whoever names it; codes of
//! the standard's own context groups stand beside their use.

use std::borrow::Cow;

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::data_set::{Object, text};
use super::error::WriteError;
use super::text::{LO_CHARS, SH_CHARS, description, required};

/// A code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Code Value, at most 16 characters.
    pub value: Cow<'static, str>,
    /// Coding Scheme Designator, such as `SCT`, `LN`, `DCM`, `UCUM`.
    pub scheme: Cow<'static, str>,
    /// Code Meaning, for people; cut at 64 characters.
    pub meaning: Cow<'static, str>,
}

impl Code {
    /// A code that is known when the program is built.
    #[must_use]
    pub const fn new(value: &'static str, scheme: &'static str, meaning: &'static str) -> Self {
        Self {
            value: Cow::Borrowed(value),
            scheme: Cow::Borrowed(scheme),
            meaning: Cow::Borrowed(meaning),
        }
    }

    /// The item of a code sequence.
    pub(crate) fn item(&self) -> Result<Object, WriteError> {
        let mut item = Object::new_empty();
        let value = required("CodeValue", &self.value, SH_CHARS)?;
        let scheme = required("CodingSchemeDesignator", &self.scheme, SH_CHARS)?;
        let meaning = description(&self.meaning, LO_CHARS);
        let meaning = required("CodeMeaning", &meaning, LO_CHARS)?;
        text(&mut item, tags::CODE_VALUE, VR::SH, value);
        text(&mut item, tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme);
        text(&mut item, tags::CODE_MEANING, VR::LO, meaning);
        Ok(item)
    }
}
