//! Taking records: into memory, without the disk.
//!
//! Owns what is refused, and the note that stands where records were refused.

use super::Writer;
use super::pending::{PendingFrame, PendingRecord};
use crate::bounds::MAX_PENDING_BYTES;
use crate::event::Refused;
use crate::format::{FRAME_FIELDS_BYTES, HEAD_BYTES};
use crate::record::{Frame, GapNote, Record, Why};
use std::time::Instant;

impl Writer {
    /// Takes a record. It is durable when an `Event::Durable` says so, at the latest `SYNC_WITHIN` from now, as long as
    /// the caller ticks and the disk takes it.
    ///
    /// # Errors
    /// `Refused`; nothing of it is kept then.
    pub fn append(&mut self, record: &Record<'_>, now: Instant) -> Result<(), Refused> {
        let length = match record {
            Record::Frame(frame) => frame.unit.len(),
            Record::Voice(voice) => voice.opus.len(),
            // Both are shorter than the fields of a frame, which are counted below.
            Record::Pointer(_) | Record::Gap(_) => 0,
        };
        let most = length.saturating_add(HEAD_BYTES + FRAME_FIELDS_BYTES);
        if self.pending.bytes.len().saturating_add(most) > MAX_PENDING_BYTES {
            self.refused = self.refused.saturating_add(1);
            self.is_after_refused = true;
            return Err(Refused::NoRoom);
        }
        if let Record::Frame(frame) = record {
            self.note_what_was_refused(frame, now)?;
            self.push(record, Some(frame), now)?;
            self.last_frame = Some(frame.rtp_time);
            Ok(())
        } else {
            self.push(record, None, now)
        }
    }

    fn note_what_was_refused(&mut self, after: &Frame<'_>, now: Instant) -> Result<(), Refused> {
        if let Some(before) = self.last_frame.filter(|_| self.is_after_refused) {
            let note = GapNote {
                before,
                after: after.rtp_time,
                why: Why::Disk,
            };
            self.push(&Record::Gap(note), None, now)?;
        }
        self.is_after_refused = false;
        Ok(())
    }

    fn push(
        &mut self,
        record: &Record<'_>,
        frame: Option<&Frame<'_>>,
        now: Instant,
    ) -> Result<(), Refused> {
        let begin = self.pending.bytes.len();
        let sequence = self.next_sequence;
        let hash = record.write(sequence, self.opening.salt, &mut self.pending.bytes)?;
        let frame = frame.zip(hash).map(|(frame, hash)| PendingFrame {
            at: frame.tick(),
            // At most `MAX_UNIT_BYTES`.
            length: u32::try_from(frame.unit.len()).unwrap_or(u32::MAX),
            hash,
            keyframe: frame.keyframe,
            index: frame.index,
        });
        self.pending.records.push_back(PendingRecord {
            bytes: self.pending.bytes.len() - begin,
            sequence,
            since: now,
            frame,
        });
        self.next_sequence += 1;
        Ok(())
    }
}
