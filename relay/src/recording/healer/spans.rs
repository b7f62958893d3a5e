//! What is said of the frames here: digests of minutes, and the frames of a span.
//!
//! Owns how long these are, so that each fits into one question.

use super::{Wanted, after};
use recording::{FrameTable, Tick};
use wire::backfill::{MAX_HELD, MAX_SLICES, Slice, held_hashes};

/// Length of a compared span.
const SLICE_MS: u64 = 60_000;

/// What is here of each minute between two moments, both included; at most `MAX_SLICES` of them.
pub(super) fn slices(table: &FrameTable, from: Option<Tick>, end: Tick) -> Vec<Slice> {
    let step = Tick::ticks_of_ms(SLICE_MS);
    let Some(from) = from else {
        return Vec::new();
    };
    let begins = (0..MAX_SLICES as u64).map(|at| from.0.saturating_add(at * step));
    begins
        .take_while(|begin| *begin <= end.0)
        .map(|begin| {
            let until = begin.saturating_add(step - 1).min(end.0);
            let found = table.fingerprint(Tick(begin)..=Tick(until));
            Slice {
                from: begin,
                until,
                frames: found.frames,
                digest: found.digest,
            }
        })
        .collect()
}

/// A span, cut so that what is held of it fits into a question.
pub(super) struct Cut {
    pub(super) now: Wanted,
    pub(super) rest: Option<Wanted>,
}

/// What is here of a span: distances, and the beginnings of hashes.
pub(super) fn held_of(span: Wanted, table: &FrameTable) -> (Cut, Vec<u32>, String) {
    let mut at = span.from;
    let (mut held, mut hashes) = (Vec::new(), Vec::new());
    let mut cut = Cut {
        now: span,
        rest: None,
    };
    for frame in table.range(span.from..=span.until) {
        if held.len() >= MAX_HELD {
            cut.now.until = at;
            cut.rest = Some(Wanted {
                from: after(at),
                ..span
            });
            break;
        }
        // A minute has 5.4 million ticks.
        held.push(u32::try_from(frame.at.after(at)).unwrap_or(u32::MAX));
        hashes.push(&frame.hash.0);
        at = frame.at;
    }
    (cut, held, held_hashes(hashes))
}
