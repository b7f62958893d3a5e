//! The log of a case's clip: what of a consult's log is about the clip or on a frame of it.
//!
//! Pure but for reading the file back. Owns which events belong to a clip, what moments count from, and what there is no room for. It is given what
//! `said` let in, so nothing that tells who it was can come through here. Moments are distances from the capture of the clip's first
//! frame where the log says when that was on its clock, else from the first line. Invariants: the same log gives the same bytes; a
//! clip that nothing was said of has no log.

use super::said::{ConsultSaid, Place, Said, What};
use super::shelf::{CaseFile, CaseShelf};
use crate::store::ClipRow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use thiserror::Error;
use wire::case_log::{
    CaseAuthor, CaseLog, CaseLogEvent, CaseLogLine, CaseLogStart, MAX_CASE_LOG_LINES,
    MAX_CASE_LOG_MS,
};
use wire::clip::ClipHead;
use wire::{CaseId, FrameIndex, RelayTime, RtpTime};

/// A log could not be read back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogFault {
    /// The disk's.
    #[error("reading the log of a case's clip: {0}")]
    File(#[from] io::Error),
    /// It is not what we wrote.
    #[error("the log of a case's clip cannot be understood: {0}")]
    Form(#[from] serde_json::Error),
}

/// How the files that the log lies beside name themselves in the case.
#[derive(Debug, Default)]
pub(super) struct MadeUids {
    pub(super) clip: String,
    pub(super) marks: Option<String>,
    pub(super) measurements: Option<String>,
}

/// A line before its moment is known, by its place in the consult's log.
type Found = (
    usize,
    RelayTime,
    CaseAuthor,
    Option<FrameIndex>,
    CaseLogEvent,
);

impl CaseShelf {
    /// The log of a clip, from the very file that leaves.
    ///
    /// # Errors
    /// `LogFault`.
    pub async fn log(&self, case: CaseId, head: &ClipHead) -> Result<CaseLog, LogFault> {
        let bytes = tokio::fs::read(self.path(case, head, CaseFile::Log)).await?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

/// What of a consult was said around one of its clips, of which so many frames came over; nothing when nothing was.
pub(super) fn log_of(
    consult: &ConsultSaid,
    row: &ClipRow,
    frames: u32,
    uids: MadeUids,
) -> Option<CaseLog> {
    let mut events = about(consult.all(), row, frames);
    let first = row.head.captured.map(|span| (span.stream, span.first));
    let captured = first.and_then(|first| consult.captured(first));
    let (from, begin) = match captured {
        Some(at) => (CaseLogStart::FirstFrame, at),
        None => (CaseLogStart::FirstLine, events.first()?.1),
    };
    let is_near = |found: &Found| ms_between(begin, found.1).is_some();
    let all = events.len();
    if all == 0 {
        return None;
    }
    events.retain(is_near);
    events.truncate(MAX_CASE_LOG_LINES);
    let mut left_out = all - events.len();
    if captured.is_some() {
        let mut readings = readings(consult.all(), begin, row.head.span_us);
        readings.retain(is_near);
        let room = MAX_CASE_LOG_LINES - events.len();
        left_out += readings.len().saturating_sub(room);
        readings.truncate(room);
        events.extend(readings);
        events.sort_by_key(|found| found.0);
    }
    let lines = events.into_iter().filter_map(|(_, at, by, frame, event)| {
        let ms = ms_between(begin, at)?;
        Some(CaseLogLine {
            ms,
            by,
            frame,
            event,
        })
    });
    Some(CaseLog {
        clip: uids.clip,
        marks: uids.marks,
        measurements: uids.measurements,
        from,
        lines: lines.collect(),
        left_out: u32::try_from(left_out)
            .unwrap_or(u32::MAX)
            .saturating_add(consult.unheld()),
    })
}

/// Whole milliseconds from one moment to another, when they lie near each other.
fn ms_between(begin: RelayTime, at: RelayTime) -> Option<i32> {
    let us = i128::from(at.0) - i128::from(begin.0);
    let ms = i32::try_from(us.div_euclid(1_000)).ok()?;
    (-MAX_CASE_LOG_MS..=MAX_CASE_LOG_MS)
        .contains(&ms)
        .then_some(ms)
}

/// What is about the clip or on a frame of it, in order.
fn about(said: &[Said], row: &ClipRow, frames: u32) -> Vec<Found> {
    let times = row.times.iter().zip((0..frames).map(FrameIndex));
    let times: HashMap<RtpTime, FrameIndex> = times.map(|(time, index)| (*time, index)).collect();
    let stream = row.head.captured.map(|span| span.stream);
    let frame_of = |(of, time): Place| times.get(&time).copied().filter(|_| Some(of) == stream);
    let own = row.head.clip;
    let mut standing = HashSet::new();
    let mut marks = HashMap::new();
    let mut found = Vec::new();
    for (index, one) in said.iter().enumerate() {
        let (frame, event) = match one.what {
            What::Asked(clip, frame) if clip == own => {
                (frame.and_then(frame_of), CaseLogEvent::ClipAsked {})
            }
            What::Saved(clip) if clip == own => (None, CaseLogEvent::ClipSaved {}),
            What::Frozen(freeze, place) | What::Stepped(freeze, place) => {
                let Some(frame) = frame_of(place) else {
                    // It goes on somewhere else, and ends there.
                    standing.remove(&freeze);
                    continue;
                };
                standing.insert(freeze);
                let event = match one.what {
                    What::Frozen(..) => CaseLogEvent::Frozen {},
                    _ => CaseLogEvent::Stepped {},
                };
                (Some(frame), event)
            }
            What::Released(freeze) if standing.remove(&freeze) => (None, CaseLogEvent::Released {}),
            What::Marked {
                mark,
                on,
                kind,
                again,
            } => {
                let Some(frame) = frame_of(on) else { continue };
                marks.insert(mark, (frame, kind));
                (Some(frame), CaseLogEvent::Marked { kind, again })
            }
            What::Withdrawn(mark) => {
                let Some((frame, kind)) = marks.remove(&mark) else {
                    continue;
                };
                (Some(frame), CaseLogEvent::Withdrawn { kind })
            }
            What::Calibrated(on) => {
                let Some(frame) = frame_of(on) else { continue };
                (Some(frame), CaseLogEvent::Calibrated {})
            }
            What::Asked(..) | What::Saved(_) | What::Released(_) | What::Seen(..) => continue,
        };
        found.push((index, one.at, one.by, frame, event));
    }
    found
}

/// How the picture arrived while the clip was captured: of each person the last word before it, and all words in it.
fn readings(said: &[Said], begin: RelayTime, span_us: u64) -> Vec<Found> {
    let end = RelayTime(begin.0.saturating_add(span_us));
    let mut before: HashMap<CaseAuthor, usize> = HashMap::new();
    let mut wanted = BTreeSet::new();
    for (index, one) in said.iter().enumerate() {
        match one.what {
            What::Seen(..) if one.at < begin => {
                before.insert(one.by, index);
            }
            What::Seen(..) if one.at <= end => {
                wanted.insert(index);
            }
            _ => {}
        }
    }
    wanted.extend(before.into_values());
    let reading = |index: usize| {
        let one = said.get(index)?;
        let What::Seen(level, age_ms) = one.what else {
            return None;
        };
        // An age that long is a clock's.
        let age_ms = age_ms.filter(|ms| *ms <= MAX_CASE_LOG_MS.unsigned_abs());
        let event = CaseLogEvent::Seen { level, age_ms };
        Some((index, one.at, one.by, None, event))
    };
    wanted.into_iter().filter_map(reading).collect()
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
