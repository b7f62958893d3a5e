//! What a spool knows and says: how far each clip is, the counts, and why something was not done.
//!
//! Owns the words and the sums; nothing here touches a file. Who changes the state makes it durable first.

use super::age::Moment;
use super::belongs::Belongs;
use super::gone::Gone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::{Duration, SystemTime};
use wire::clip::{ClipGap, ClipHead, ClipOrigin};
use wire::{CaptureTime, ClipId, RtpTime};

/// A week: the hospital's back-up has run by then.
pub const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 3_600);

/// What happens to the device's copy once the relay has the clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AfterKept {
    /// It is deleted at once.
    Delete,
    /// It stays for `KEPT_FOR`, because the hospital's back-up comes after the hospital's copy; the oldest goes sooner when the
    /// spool's bound or the disk needs the room.
    #[default]
    Keep,
}

/// Bounds of a spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolBounds {
    /// Bytes of all clips; a save that may go beyond is refused. The object of a take that is in already may.
    pub bytes: u64,
    /// What becomes of copies.
    pub after_kept: AfterKept,
}

/// Why the spool did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The folder cannot be used.
    #[error("the spool folder cannot be used: {0}")]
    Folder(#[source] io::Error),
    /// Another agent uses it.
    #[error("another capture agent uses this spool folder; give each agent its own")]
    InUse,
    /// Unsent clips fill it.
    #[error(
        "the spool is full of clips that are not at the hospital yet; connect to the relay, or raise spool.megabytes"
    )]
    Full,
    /// The disk is full.
    #[error("the disk is full; free some room")]
    NoRoom,
    /// Writing failed.
    #[error("a clip could not be {step}: {source}")]
    Write {
        /// The step.
        step: &'static str,
        /// The system's word.
        source: io::Error,
    },
}

/// An object that is finished and not kept by the relay yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Length of the object.
    pub bytes: u64,
    /// Why the relay did not take it, if it said so since the last connect.
    pub refused: Option<ClipGap>,
    /// Where it may go.
    pub belongs: Belongs,
    /// When its first frame was captured.
    pub taken_at: CaptureTime,
    /// Frames in it.
    pub frames: u32,
    /// A handheld exported it.
    pub exported: bool,
}

/// An unsent clip, for whoever decides about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsent {
    /// Which.
    pub clip: ClipId,
    /// What is known of it.
    pub known: Finished,
}

/// How far a clip is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Its frames are durable; the object is not written yet.
    Take,
    /// Its object is.
    Finished(Finished),
    /// The relay has it.
    Gone,
}

/// How many clips are how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Takes whose objects are not written yet.
    pub takes: u32,
    /// Clips on this device, copies of sent ones included.
    pub safe_here: u32,
    /// Clips that the relay has not said to keep.
    pub unsent: u32,
    /// Of these, refused by the relay.
    pub refused: u32,
    /// Clips that the relay kept since the start.
    pub sent: u32,
    /// Bytes of all that.
    pub bytes: u64,
}

/// What is said of an object, beside it on the disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sidecar {
    pub(super) head: ClipHead,
    pub(super) times: Vec<RtpTime>,
    /// Where it may go; what was written before anybody noted it waits.
    #[serde(default)]
    pub(super) belongs: Belongs,
    /// Its place in the order of finishing, which no clock knows; older versions noted none.
    #[serde(default)]
    pub(super) place: u64,
}

impl Sidecar {
    /// What is remembered of it.
    pub(super) fn finished(&self) -> Finished {
        Finished {
            bytes: self.head.bytes,
            refused: None,
            belongs: self.belongs,
            taken_at: self.head.taken_at,
            frames: self.head.frames,
            exported: self.head.origin == ClipOrigin::Imported,
        }
    }
}

/// The copy of a clip that the relay has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copied {
    pub(super) clip: ClipId,
    pub(super) bytes: u64,
    /// Since when, by the wall clock as it was at the last look.
    pub(super) since: SystemTime,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Length of each take.
    pub(super) takes: BTreeMap<ClipId, u64>,
    pub(super) finished: BTreeMap<ClipId, Finished>,
    /// Finished ones in order of finishing.
    pub(super) order: Vec<ClipId>,
    /// Copies of clips that the relay has, the oldest first.
    pub(super) kept: VecDeque<Copied>,
    /// When the clocks were looked at last; nothing until the spool is open.
    pub(super) seen: Option<Moment>,
    /// The place that the next finished one gets in their order.
    pub(super) next_place: u64,
    /// Clips that left.
    pub(super) gone: Gone,
    /// Bytes promised to takes that are being written.
    pub(super) reserved: u64,
    pub(super) sent: u32,
}

impl State {
    pub(super) fn bytes(&self) -> u64 {
        let finished = self.finished.values().map(|it| it.bytes);
        let unsent: u64 = self.takes.values().copied().chain(finished).sum();
        unsent + self.kept_bytes()
    }

    /// Of these, of copies that may go.
    pub(super) fn kept_bytes(&self) -> u64 {
        self.kept.iter().map(|copy| copy.bytes).sum()
    }

    pub(super) fn counts(&self) -> Counts {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        // A crash between two steps can leave both; the take goes when the spool is opened next.
        let takes = self
            .takes
            .keys()
            .filter(|it| !self.finished.contains_key(it));
        let takes = takes.count();
        let refused = self.finished.values().filter(|it| it.refused.is_some());
        Counts {
            takes: count(takes),
            safe_here: count(takes + self.finished.len() + self.kept.len()),
            unsent: count(takes + self.finished.len()),
            refused: count(refused.count()),
            sent: self.sent,
            bytes: self.bytes(),
        }
    }
}

impl SpoolError {
    /// Records or bytes could not be written.
    #[must_use]
    pub fn of_writing(source: io::Error) -> Self {
        failed("written")(source)
    }
}

pub(super) fn failed(step: &'static str) -> impl Fn(io::Error) -> SpoolError {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SpoolError::NoRoom,
        _ => SpoolError::Write { step, source },
    }
}
