//! Whose picture a recording is.
//!
//! Owns the rule. The relay knows no patient, but the device said whom its clips and stills of the same picture show, and tells
//! patients apart by keys where originals came. A picture of two people is nobody's. Blocks: it reads the clips' headers.

use super::keeping::LeftOut;
use crate::dicom_marks::KeptClip;
use echo_dicom::Provenance;
use guarded::Guard;
use std::collections::{BTreeMap, HashMap, HashSet};
use wire::StreamId;
use wire::clip::ClipOrigin;
use wire::log::{LogEntry, LogEvent};
use wire::original::PatientKey;

/// Which patients each picture shows, as far as its source could tell them apart.
#[derive(Debug, Default)]
pub(super) struct Patients(HashMap<StreamId, HashSet<PatientKey>>);

impl Patients {
    /// Takes the next entry of the consult's log.
    pub(super) fn note(&mut self, entry: &LogEntry) {
        if let LogEvent::OriginalKept { stream, facts, .. } = &entry.event
            && let Some(patient) = facts.patient
        {
            self.0.entry(*stream).or_default().insert(patient);
        }
    }

    fn of(&self, stream: StreamId) -> usize {
        self.0.get(&stream).map_or(0, HashSet::len)
    }
}

/// Whether a clip was made of the recording of this picture.
pub(super) fn is_recorded(kept: &KeptClip, stream: StreamId) -> bool {
    let head = &kept.row.head;
    head.origin == ClipOrigin::Recorded && head.captured.is_some_and(|span| span.stream == stream)
}

/// Whom this picture shows, as the device said in clips and stills of it.
pub(super) fn whose(
    stream: StreamId,
    clips: &[KeptClip],
    patients: &Patients,
) -> Result<Provenance, LeftOut> {
    if patients.of(stream) > 1 {
        return Err(LeftOut::Several);
    }
    let of_it = clips.iter().filter(|kept| {
        let head = &kept.row.head;
        head.origin == ClipOrigin::Captured
            && head.captured.is_some_and(|span| span.stream == stream)
    });
    let mut found: BTreeMap<(String, String), Provenance> = BTreeMap::new();
    for kept in of_it {
        let provenance = Guard::of_this_program()
            .open(&kept.path)
            .and_then(|clip| clip.provenance());
        match provenance {
            Ok(it) => {
                let key = (it.patient.id.clone(), it.study.uid.as_str().to_owned());
                found.entry(key).or_insert(it);
            }
            Err(error) => {
                return Err(LeftOut::Failed(format!(
                    "a clip of it cannot be read: {error}"
                )));
            }
        }
    }
    match found.len() {
        0 => Err(LeftOut::Nobodys),
        1 => found.into_values().next().ok_or(LeftOut::Nobodys),
        _ => Err(LeftOut::Several),
    }
}
