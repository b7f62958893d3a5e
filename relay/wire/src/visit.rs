//! The patient of the visit on the device page: whom the next clip shows, and who is scheduled for this device in the hospital.
//!
//! Owns the bodies both ways. Nothing here ever reaches the relay. No debug output names a patient.

use serde::{Deserialize, Serialize};
use std::fmt;
use ts_rs::TS;

/// A patient, as far as it is known.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "visit.ts")]
#[serde(rename_all = "camelCase")]
pub struct DevicePatient {
    /// The hospital's number, or what the visit calls the patient.
    pub id: Option<String>,
    /// In letters, as `Yamada^Tarou`.
    pub name: Option<String>,
    /// In ideographs, as `山田^太郎`.
    pub name_ideographic: Option<String>,
    /// As spoken, as `やまだ^たろう`.
    pub name_phonetic: Option<String>,
    /// As `1941-02-28`.
    pub birth_date: Option<String>,
    /// M, F or O.
    pub sex: Option<String>,
    /// The order's number.
    pub accession_number: Option<String>,
}

/// It names a patient.
impl fmt::Debug for DevicePatient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevicePatient(…)")
    }
}

/// What is scheduled for this device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "visit.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceScheduled {
    /// Names it within its list.
    pub key: String,
    /// When, as `09:30`; may be empty.
    pub time: String,
    /// What is to be done; may be empty.
    pub step: String,
    /// Whom.
    pub patient: DevicePatient,
}

/// It names a patient.
impl fmt::Debug for DeviceScheduled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceScheduled(…)")
    }
}

/// What the hospital's worklist says for today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "visit.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceWorklist {
    /// Names this list; a newer one takes its place.
    pub list: u32,
    /// The day, as `20261127`.
    pub day: String,
    /// In the order of time.
    pub entries: Vec<DeviceScheduled>,
    /// Entries that cannot be read or name nobody.
    pub unreadable: u32,
    /// There are more than are listed.
    pub more: bool,
}

/// The visit is about the patient of this entry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "visit.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeviceVisitRequest {
    /// The list that the person looks at.
    pub list: u32,
    /// The entry.
    pub key: String,
}

/// An order's number tells who.
impl fmt::Debug for DeviceVisitRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceVisitRequest(…)")
    }
}
