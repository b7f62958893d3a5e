//! Deflated data sets (PS3.5 Annex A.5), inflated into memory up to a limit.
//!
//! Owns the cap: a file of 1 MB can inflate to more than a gigabyte, so what is read is bounded, not what is
//! declared. Called once at opening.

use std::io::{self, Read};

use crate::error::ClipError;
use crate::limits::MAX_INFLATED_BYTES;
use crate::source::{Source, Span};

/// Inflates everything from `at`.
pub(crate) fn data_set(source: &Source, at: u64) -> Result<Source, ClipError> {
    let deflated = Reader { source, at };
    let mut inflated = Vec::new();
    flate2::read::DeflateDecoder::new(deflated)
        .take(MAX_INFLATED_BYTES + 1)
        .read_to_end(&mut inflated)
        .map_err(|error| ClipError::Inflate(error.to_string()))?;
    if inflated.len() as u64 > MAX_INFLATED_BYTES {
        return Err(ClipError::Inflate(format!(
            "it has more than {MAX_INFLATED_BYTES} bytes"
        )));
    }
    Source::from_bytes(inflated)
}

/// The rest of a source as a stream.
struct Reader<'a> {
    source: &'a Source,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.source.len().saturating_sub(self.at);
        let len = left.min(buf.len() as u64) as u32;
        let bytes = self.source.read(Span { at: self.at, len })?;
        if let Some(target) = buf.get_mut(..bytes.len()) {
            target.copy_from_slice(&bytes);
        }
        self.at += u64::from(len);
        Ok(bytes.len())
    }
}
