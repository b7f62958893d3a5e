//! What the index keeps of an object, made of its header.
//!
//! Sans-IO. Invariant: the UIDs are those that the archive found itself when the object came; a header that says others is not believed.

use super::query::{DataSet, Level, Tag, VR, always, attribute, tags_of};
use crate::store::{EntryRow, ObjectRow};
use dicom_dictionary_std::tags;
use flate2::{Compression, write::DeflateEncoder};
use serde_json::{Map, Value, json};
use std::io::Write;

/// The entry of an object whose header was read.
pub(super) fn of_header(object: &ObjectRow, mut header: Map<String, Value>) -> EntryRow {
    for (tag, uid) in uids(object) {
        let name = super::query::name(tag);
        header.insert(name, json!({ "vr": "UI", "Value": [uid] }));
    }
    let part = |level| {
        let mut part = DataSet::some_of(&header, tags_of(level));
        for tag in always(level) {
            if let (false, Some(known)) = (part.has(*tag), attribute(*tag)) {
                part.set(*tag, known.vr, &[]);
            }
        }
        part
    };
    let (study, series) = (part(Level::Study), part(Level::Series));
    let mut instance = part(Level::Instance);
    add_known(&mut instance, object);
    let first = |of: &DataSet, tag| of.texts(tag).into_iter().next().unwrap_or_default();
    let number = first(&instance, tags::INSTANCE_NUMBER);
    EntryRow {
        number: number.trim().parse().unwrap_or_default(),
        patient: first(&study, tags::PATIENT_ID).trim().to_owned(),
        date: first(&study, tags::STUDY_DATE)
            .chars()
            .filter(char::is_ascii_digit)
            .collect(),
        modality: first(&series, tags::MODALITY),
        of_study: study.to_lines(),
        of_series: series.to_lines(),
        of_instance: instance.to_lines(),
        header: Some(packed(&header)),
        ..without_header(object, None)
    }
}

/// The entry of an object whose header could not be read, or was not: it is found by its UIDs and given as it is.
pub(super) fn without_header(object: &ObjectRow, refused: Option<&str>) -> EntryRow {
    let only = |wanted: &[Tag]| {
        let mut set = DataSet::default();
        for (tag, uid) in uids(object) {
            if wanted.contains(&tag) {
                set.set(tag, VR::UI, &[json!(uid)]);
            }
        }
        set
    };
    let mut instance = only(&[tags::SOP_CLASS_UID, tags::SOP_INSTANCE_UID]);
    add_known(&mut instance, object);
    EntryRow {
        digest: object.digest,
        study: object.study.clone(),
        series: object.series.clone(),
        instance: object.instance.clone(),
        number: 0,
        patient: String::new(),
        date: String::new(),
        modality: String::new(),
        of_study: only(&[tags::STUDY_INSTANCE_UID]).to_lines(),
        of_series: only(&[tags::SERIES_INSTANCE_UID]).to_lines(),
        of_instance: instance.to_lines(),
        header: None,
        refused: refused.map(str::to_owned),
    }
}

fn uids(object: &ObjectRow) -> [(Tag, &str); 4] {
    [
        (tags::SOP_CLASS_UID, &object.class),
        (tags::SOP_INSTANCE_UID, &object.instance),
        (tags::STUDY_INSTANCE_UID, &object.study),
        (tags::SERIES_INSTANCE_UID, &object.series),
    ]
}

fn add_known(instance: &mut DataSet, object: &ObjectRow) {
    instance.set(tags::INSTANCE_AVAILABILITY, VR::CS, &[json!("ONLINE")]);
    let syntax = &[json!(object.syntax)];
    instance.set(tags::AVAILABLE_TRANSFER_SYNTAX_UID, VR::UI, syntax);
}

fn packed(header: &Map<String, Value>) -> Vec<u8> {
    let json = serde_json::to_vec(header).unwrap_or_default();
    let mut packing = DeflateEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory never fails.
    let _ = packing.write_all(&json);
    packing.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::RelayTime;
    use wire::original::Digest;

    #[test]
    fn a_header_that_says_other_uids_is_not_believed_and_what_must_be_there_is() {
        let object = ObjectRow {
            digest: Digest::from_bytes([1; 32]),
            instance: "1.1".to_owned(),
            study: "1.2".to_owned(),
            series: "1.3".to_owned(),
            class: "1.4".to_owned(),
            syntax: "1.5".to_owned(),
            bytes: 9,
            sender: "VSCAN".to_owned(),
            arrived_at: RelayTime(1),
        };
        let header = json!({
            "00080020": { "vr": "DA", "Value": ["2026.05.17"] },
            "00080060": { "vr": "CS", "Value": ["US"] },
            "00100020": { "vr": "LO", "Value": ["P 1 "] },
            "0020000D": { "vr": "UI", "Value": ["6.6.6"] },
            "00200013": { "vr": "IS", "Value": [7] },
        });
        let Value::Object(header) = header else {
            unreachable!()
        };
        let entry = of_header(&object, header);
        assert!(entry.of_study.contains("\"1.2\"") && !entry.of_study.contains("6.6.6"));
        assert!(
            entry.of_study.contains("00100010{\"vr\":\"PN\"}"),
            "{}",
            entry.of_study
        );
        let told = (
            entry.number,
            &*entry.patient,
            &*entry.date,
            &*entry.modality,
        );
        assert_eq!(told, (7, "P 1", "20260517", "US"));
        let refused = without_header(&object, Some("scan"));
        assert!(refused.header.is_none() && refused.of_instance.contains("\"1.1\""));
    }
}
