//! The header of an object of any kind, read elsewhere.
//!
//! Owns one question to one reader, which ends with it. What comes back is text in the DICOM JSON model of bounded length; that it is
//! JSON is checked here, what it says is the file's word.

use crate::guard::Guard;
use crate::protocol::{Answer, Ask};
use crate::refusal::{Fate, heard};
use echo_dicom::{ClipError, HeaderPlace, MAX_HEADER_JSON_BYTES};
use serde_json::{Map, Value};
use std::fs::File;

impl Guard {
    /// Reads the header of an object. Bulk data is left out and pointed at, as `echo_dicom::header_json` says. Blocks.
    ///
    /// # Errors
    /// The step that failed, here or in the reader.
    pub fn header(
        &self,
        file: &File,
        place: HeaderPlace<'_>,
    ) -> Result<Map<String, Value>, ClipError> {
        let ask = Ask::Header {
            whole: place.whole,
            data_set_at: place.data_set_at,
            syntax: place.syntax.to_owned(),
        };
        // Its reader is never asked again: the seat is dropped, and the reader with it.
        let mut seat = self.seat(self.new_file())?;
        let answer = seat
            .reader()
            .and_then(|reader| reader.give_for(file, &ask, MAX_HEADER_JSON_BYTES))?;
        match answer {
            (Answer::Header, json) => {
                serde_json::from_slice(&json).map_err(|_| Fate::Nonsense("it is no header").into())
            }
            (Answer::Refused(said), _) => Err(heard(said)),
            _ => Err(Fate::Nonsense("it is no answer to the question").into()),
        }
    }
}
