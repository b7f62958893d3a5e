//! For the tests of both ways out: a spool, a finished clip in it, and the visit of an agent for a consult.

use crate::clip::{CurrentVisit, DeviceFacts, PatientFacts, Visit};
use crate::spool::{AfterKept, Belongs, Disk, Spool, SpoolBounds};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use wire::clip::{ClipCoding, ClipHead, ClipOrigin};
use wire::{CaptureTime, ClipId, ConsultId};

/// A spool with room, whose copies go when the relay keeps them.
pub(super) fn spool(folder: &Path) -> Arc<Spool> {
    let bounds = SpoolBounds {
        bytes: 1 << 30,
        after_kept: AfterKept::Delete,
    };
    Spool::open(folder, bounds, Arc::new(Disk)).unwrap().0
}

/// Bytes of a clip that nobody reads as one.
pub(super) fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| (n * 31 % 251) as u8).collect()
}

/// A finished clip of these bytes.
pub(super) fn finished(spool: &Spool, content: &[u8], belongs: Belongs) -> ClipId {
    finished_of(spool, content, belongs, CaptureTime(1))
}

/// A finished clip that was taken then.
pub(super) fn finished_of(
    spool: &Spool,
    content: &[u8],
    belongs: Belongs,
    taken_at: CaptureTime,
) -> ClipId {
    let clip = ClipId::random();
    let mut object = spool.begin_object(clip, content.len() as u64).unwrap();
    object.out.write_all(content).unwrap();
    let sealed = spool.seal(object).unwrap();
    let head = ClipHead {
        clip,
        instance: "2.25.1".into(),
        bytes: sealed.bytes,
        digest: sealed.digest,
        frames: 1,
        width: 8,
        height: 8,
        coding: ClipCoding::Other,
        origin: ClipOrigin::Imported,
        taken_at,
        span_us: 0,
        view: None,
        marker: None,
        captured: None,
    };
    spool.present(sealed, head, Vec::new(), belongs).unwrap();
    clip
}

/// The visit of an agent for this consult, with this patient.
pub(super) fn visit(consult: ConsultId, patient: Option<&str>) -> CurrentVisit {
    let facts = PatientFacts {
        id: patient.map(str::to_owned),
        ..PatientFacts::default()
    };
    let device = DeviceFacts::default();
    let visit = Visit::new(Some(consult), None, CaptureTime(1), facts, device, 540);
    CurrentVisit::new(visit.unwrap(), None)
}
