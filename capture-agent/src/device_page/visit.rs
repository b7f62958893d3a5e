//! Choosing the patient of the visit from the hospital's worklist, on the page.
//!
//! Owns the list that was shown last: a person takes an entry of exactly that one. Asking and writing are `worklist`'s, the same as on
//! the command line. Invariants: one question at a time; nothing is taken from a list that nobody sees; once the answer is out,
//! frames of the patient before are gone.

use super::desk::Desk;
use super::problem::Refused;
use super::saving::Saving;
use crate::clip::PatientFacts;
use crate::clock::CaptureClock;
use crate::worklist::{
    AtVisit, Entry, Listed, PrefillFault, TakeFault, WorklistFault, ask, prefill,
};
use dimse::RequestFault;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;
use wire::device::DeviceFault;
use wire::visit::{DevicePatient, DeviceScheduled, DeviceVisitRequest, DeviceWorklist};

/// A question with everything that it may wait for; the page waits a little longer.
const ASKED_WITHIN: Duration = Duration::from_secs(40);

/// The worklist as the page uses it.
pub(super) struct Visits {
    at: AtVisit,
    clock: CaptureClock,
    /// The last list that was shown, under its number; locked while one is asked for or taken from.
    shown: Mutex<(u32, Listed)>,
}

impl Visits {
    pub(super) fn new(at: AtVisit, clock: CaptureClock) -> Self {
        Self {
            at,
            clock,
            shown: Mutex::default(),
        }
    }
}

/// Asks what is scheduled for this device today.
pub(super) async fn list(desk: &Desk) -> Result<DeviceWorklist, Refused> {
    let visits = desk.visits().ok_or(DeviceFault::NoWorklist)?;
    let mut shown = visits.shown.try_lock().map_err(|_| DeviceFault::Busy)?;
    let day = visits.at.today(visits.clock.now());
    let day = day.ok_or(DeviceFault::Internal)?;
    let asked = timeout(ASKED_WITHIN, ask(&visits.at.settings, &day)).await;
    let listed = asked.unwrap_or(Err(WorklistFault::Request(RequestFault::Silent)));
    let listed = listed.map_err(|fault| told(&fault))?;
    *shown = (shown.0.wrapping_add(1), listed);
    let (number, listed) = &*shown;
    Ok(DeviceWorklist {
        list: *number,
        day,
        entries: listed.entries.iter().map(scheduled).collect(),
        unreadable: u32::try_from(listed.unreadable).unwrap_or(u32::MAX),
        more: listed.more,
    })
}

/// The visit is about the patient of an entry.
pub(super) async fn take(desk: &Desk, wanted: &DeviceVisitRequest) -> Result<(), Refused> {
    let visits = desk.visits().ok_or(DeviceFault::NoWorklist)?;
    let saving = desk.saving().ok_or(DeviceFault::NoSaving)?;
    let shown = visits.shown.try_lock().map_err(|_| DeviceFault::Busy)?;
    let (number, listed) = &*shown;
    if *number != wanted.list {
        return Err(DeviceFault::ListGone.into());
    }
    let entry = listed.take(&wanted.key).map_err(|fault| match fault {
        TakeFault::Several => DeviceFault::NotOnePatient,
        _ => DeviceFault::ListGone,
    })?;
    let (file, facts) = (visits.at.file.clone(), entry.patient.clone());
    let written = tokio::task::spawn_blocking(move || {
        prefill(&file, &facts).map_err(not_written)?;
        // Now and not within a second: whoever presses next means the new patient.
        saving.look_at_visit().map_err(|fault| {
            let code = DeviceFault::VisitUnusable;
            Refused::because(code, fault.to_string())
        })
    });
    written.await.unwrap_or(Err(DeviceFault::Internal.into()))?;
    desk.release();
    tracing::info!("the patient of the visit was chosen from the worklist on the device page");
    Ok(())
}

fn not_written(fault: PrefillFault) -> Refused {
    tracing::error!(%fault, "the patient of the visit could not be written");
    Refused::because(DeviceFault::VisitNotWritten, fault.to_string())
}

/// Which side has to do something, for the person and for the log.
fn told(fault: &WorklistFault) -> Refused {
    tracing::warn!(%fault, "the worklist was asked in vain");
    let code = match fault {
        WorklistFault::Request(
            RequestFault::Connect(_) | RequestFault::Silent | RequestFault::Left,
        ) => DeviceFault::WorklistAway,
        WorklistFault::Request(RequestFault::Tls(_)) | WorklistFault::Tls(_) => {
            DeviceFault::WorklistNotSecured
        }
        WorklistFault::Request(RequestFault::Rejected { .. } | RequestFault::NotTaken)
        | WorklistFault::Refused(_) => DeviceFault::WorklistRefuses,
        _ => DeviceFault::WorklistStrange,
    };
    Refused::because(code, fault.to_string())
}

fn scheduled(entry: &Entry) -> DeviceScheduled {
    DeviceScheduled {
        key: entry.key.clone(),
        time: entry.time.clone(),
        step: entry.step.clone(),
        patient: patient(&entry.patient),
    }
}

/// Whom the next clip shows; nothing while nobody is named.
pub(super) fn now(saving: Option<&Arc<dyn Saving>>) -> Option<DevicePatient> {
    saving?.patient().as_ref().map(patient)
}

fn patient(facts: &PatientFacts) -> DevicePatient {
    DevicePatient {
        id: facts.id.clone().or_else(|| facts.alias.clone()),
        name: facts.name.clone(),
        name_ideographic: facts.name_ideographic.clone(),
        name_phonetic: facts.name_phonetic.clone(),
        birth_date: facts.birth_date.clone(),
        sex: facts.sex.clone(),
        accession_number: facts.accession_number.clone(),
    }
}
