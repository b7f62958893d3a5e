//! Rows for the tests of several tables.

use super::{EntryRow, ObjectRow};
use wire::RelayTime;
use wire::original::Digest;

/// An object of a study that all of them are of; its number is its digest and when it came.
pub(super) fn object(number: u8, instance: &str) -> ObjectRow {
    ObjectRow {
        digest: Digest::from_bytes([number; 32]),
        instance: instance.to_owned(),
        study: "1.2".to_owned(),
        series: "1.3".to_owned(),
        class: "1.4".to_owned(),
        syntax: "1.5".to_owned(),
        bytes: 9,
        sender: "VSCAN".to_owned(),
        arrived_at: RelayTime(u64::from(number)),
    }
}

/// What the index says of it; nothing but whose it is when it cannot be read.
pub(super) fn entry_of(object: &ObjectRow, patient: &str, readable: bool) -> EntryRow {
    EntryRow {
        digest: object.digest,
        study: object.study.clone(),
        series: object.series.clone(),
        instance: object.instance.clone(),
        number: 1,
        patient: patient.to_owned(),
        date: String::new(),
        modality: if readable { "US" } else { "" }.to_owned(),
        of_study: String::new(),
        of_series: String::new(),
        of_instance: String::new(),
        header: readable.then(|| b"header".to_vec()),
        refused: (!readable).then(|| "decode".to_owned()),
    }
}
