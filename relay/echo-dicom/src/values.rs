//! Values of attributes, decoded by what the element says it is (PS3.5 section 6.2).
//!
//! Owns turning bytes into text and numbers. A value that is malformed reads as absent: the caller decides
//! whether the picture can do without it. Binary values obey the element's own byte order and VR; text
//! numbers tolerate padding and reject what is not finite.

use dicom_core::{Tag, VR};

use crate::error::ClipError;
use crate::limits::MAX_VALUE_BYTES;
use crate::scan::{Attributes, Element};
use crate::source::Source;

/// The attributes of a data set or item together with the bytes they lie in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    source: &'a Source,
    attributes: &'a Attributes,
}

impl<'a> Values<'a> {
    pub(crate) fn new(source: &'a Source, attributes: &'a Attributes) -> Self {
        Self { source, attributes }
    }

    pub(crate) fn element(&self, tag: Tag) -> Option<&'a Element> {
        self.attributes.get(&tag)
    }

    /// The raw bytes of a value; absent ones and those above the limit read as `None`.
    pub(crate) fn bytes(&self, tag: Tag) -> Result<Option<Vec<u8>>, ClipError> {
        match self.element(tag) {
            Some(element) if element.value.len <= MAX_VALUE_BYTES => {
                Ok(Some(self.source.read(element.value)?))
            }
            _ => Ok(None),
        }
    }

    /// A text value without padding, such as a code string or UID. Only attributes limited to the default
    /// repertoire are asked for, so no character set is involved.
    pub(crate) fn text(&self, tag: Tag) -> Result<Option<String>, ClipError> {
        Ok(self.bytes(tag)?.map(|bytes| {
            String::from_utf8_lossy(&bytes)
                .trim_matches([' ', '\0'])
                .to_owned()
        }))
    }

    /// The first number of a value.
    pub(crate) fn number(&self, tag: Tag) -> Result<Option<f64>, ClipError> {
        Ok(self.numbers(tag)?.first().copied().flatten())
    }

    /// All numbers of a value, text or binary; a malformed one reads as `None` in its place.
    pub(crate) fn numbers(&self, tag: Tag) -> Result<Vec<Option<f64>>, ClipError> {
        let (Some(element), Some(bytes)) = (self.element(tag), self.bytes(tag)?) else {
            return Ok(Vec::new());
        };
        Ok(parse_numbers(element, &bytes))
    }

    /// The first number as a whole one.
    pub(crate) fn whole(&self, tag: Tag) -> Result<Option<i64>, ClipError> {
        Ok(self.number(tag)?.and_then(to_whole))
    }

    /// Unsigned 16-bit words, in the element's byte order.
    pub(crate) fn words(&self, tag: Tag) -> Result<Option<Vec<u16>>, ClipError> {
        let big = self.element(tag).is_some_and(|element| element.big_endian);
        Ok(self.bytes(tag)?.map(|bytes| words(&bytes, big).collect()))
    }
}

/// Pairs of bytes as words; an odd last byte is left out.
pub(crate) fn words(bytes: &[u8], big_endian: bool) -> impl Iterator<Item = u16> {
    bytes.as_chunks::<2>().0.iter().map(move |pair| {
        if big_endian {
            u16::from_be_bytes(*pair)
        } else {
            u16::from_le_bytes(*pair)
        }
    })
}

fn to_whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

fn parse_numbers(element: &Element, bytes: &[u8]) -> Vec<Option<f64>> {
    let big = element.big_endian;
    match element.vr {
        VR::DS | VR::IS => String::from_utf8_lossy(bytes)
            .split('\\')
            .map(decimal)
            .collect(),
        VR::US => words(bytes, big)
            .map(|word| Some(f64::from(word)))
            .collect(),
        VR::SS => words(bytes, big)
            .map(|word| Some(f64::from(word.cast_signed())))
            .collect(),
        VR::UL => fixed(bytes, big, |b| f64::from(u32::from_le_bytes(b))),
        VR::SL => fixed(bytes, big, |b| f64::from(i32::from_le_bytes(b))),
        VR::FL => fixed(bytes, big, |b| f64::from(f32::from_le_bytes(b))),
        VR::FD => fixed(bytes, big, f64::from_le_bytes),
        VR::UV => fixed(bytes, big, |b| u64::from_le_bytes(b) as f64),
        _ => Vec::new(),
    }
}

/// A decimal or integer string (PS3.5 section 6.2); "NaN", "inf", "1e999" and "1,5" are not numbers.
fn decimal(text: &str) -> Option<f64> {
    let number: f64 = text.trim_matches([' ', '\0']).parse().ok()?;
    number.is_finite().then_some(number)
}

/// Binary numbers of `N` bytes; what is not finite reads as malformed.
fn fixed<const N: usize>(
    bytes: &[u8],
    big: bool,
    read: impl Fn([u8; N]) -> f64,
) -> Vec<Option<f64>> {
    let whole = bytes.as_chunks::<N>().0;
    whole
        .iter()
        .map(|chunk| {
            let mut chunk = *chunk;
            if big {
                chunk.reverse();
            }
            let number = read(chunk);
            number.is_finite().then_some(number)
        })
        .collect()
}
