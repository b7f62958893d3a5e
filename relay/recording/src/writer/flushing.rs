//! Making records durable: one group after the other, in this segment or the next.
//!
//! Owns when a segment ends, what is done when a step fails, and the removal of the oldest. A failed segment is given up
//! at once; its group is tried once more in a new one, then the disk gets a pause.

use super::Writer;
use super::segment::OpenSegment;
use crate::bounds::{RETRY_AFTER, SYNC_AFTER};
use crate::event::{Event, WriteFault};
use crate::header::{Codec, SegmentHeader};
use crate::record::write_end;
use std::io;
use std::time::Instant;

impl Writer {
    /// When `tick` has something to do; nothing while nothing waits.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        let since = self.pending.since()?;
        Some(self.retry_at.unwrap_or(since + SYNC_AFTER))
    }

    /// Does what is due. It blocks as long as the disk does.
    pub fn tick(&mut self, now: Instant) -> Vec<Event> {
        if self.due().is_some_and(|due| due <= now) {
            self.flush(now)
        } else {
            Vec::new()
        }
    }

    /// Makes all that waits durable, due or not.
    pub fn flush(&mut self, now: Instant) -> Vec<Event> {
        let mut events = Vec::new();
        let mut may_fail = true;
        while !self.pending.records.is_empty() {
            // Asked first, so that a segment is not given up for a disk that is nearly full.
            if let Err(fault) = self.check_room() {
                self.stop(fault, now, &mut events);
                break;
            }
            match self.put_group(&mut events) {
                Ok(()) => self.resume(&mut events),
                Err(fault) => {
                    self.give_up(&fault, &mut events);
                    if !may_fail || matches!(fault, WriteFault::NoRoom) {
                        self.stop(fault, now, &mut events);
                        break;
                    }
                    may_fail = false;
                }
            }
            self.remove_oldest(&mut events);
        }
        events
    }

    /// Ends the segment, because what comes is coded otherwise: call it before the first such frame.
    pub fn set_codec(&mut self, codec: Codec, now: Instant) -> Vec<Event> {
        let mut events = Vec::new();
        if codec != self.opening.codec {
            events = self.flush(now);
            events.extend(self.end_segment());
            self.opening.codec = codec;
        }
        events
    }

    /// Makes all that waits durable and ends the segment.
    pub fn close(mut self, now: Instant) -> Vec<Event> {
        let mut events = self.flush(now);
        events.extend(self.end_segment());
        let records = self.pending.records.len();
        if records > 0 {
            events.push(Event::Lost { records });
        }
        events
    }

    /// Writes as many records as belong into one segment, beginning or ending it where needed.
    fn put_group(&mut self, events: &mut Vec<Event>) -> Result<(), WriteFault> {
        let Some(first) = self.pending.records.front().copied() else {
            return Ok(());
        };
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                let header = SegmentHeader {
                    stream: self.opening.stream,
                    lane: self.opening.lane,
                    codec: self.opening.codec,
                    salt: self.opening.salt,
                    number: self.next_number,
                    first_sequence: first.sequence,
                };
                let files = self.files.as_ref();
                let open = OpenSegment::create(files, &self.folder, header, first.since)?;
                self.next_number = open.id.number.saturating_add(1);
                none.insert(open)
            }
        };
        let group = self.pending.group_for(open, &self.bounds);
        open.frames = open
            .frames
            .saturating_add(u32::try_from(group.frames.len()).unwrap_or(u32::MAX));
        let mut end = Vec::new();
        if group.is_last {
            let next = self.pending.records.get(group.records);
            let sequence = next.map_or(self.next_sequence, |next| next.sequence);
            write_end(open.frames, sequence, self.opening.salt, &mut end);
        }
        let bytes = self.pending.bytes.get(..group.bytes).unwrap_or_default();
        open.put(self.files.as_ref(), &self.folder, &[bytes, &end])?;
        self.pending.drop_first(group.records);
        if !group.frames.is_empty() {
            let frames = group.frames;
            events.push(Event::Durable { frames });
        }
        if group.is_last {
            let whole = self.open.take().map(|open| (open.id, open.bytes));
            self.whole.extend(whole);
        }
        Ok(())
    }

    fn check_room(&self) -> Result<(), WriteFault> {
        let wanted = self.pending.bytes.len() as u64;
        match self.files.room(&self.folder) {
            Ok(room) if room < wanted.saturating_add(self.bounds.spare_room_bytes) => {
                Err(WriteFault::NoRoom)
            }
            // A system that does not say how much room there is may still have some.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Leaves the segment that failed, if there is one.
    fn give_up(&mut self, fault: &WriteFault, events: &mut Vec<Event>) {
        let Some(open) = self.open.take() else {
            return;
        };
        let segment = open.id;
        if open.holds_anything() {
            self.whole.push_back((segment, open.bytes));
        } else {
            // Nobody was told of anything in it.
            match self.files.remove(&segment.path(&self.folder)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => self.whole.push_back((segment, open.bytes)),
            }
        }
        let fault = fault.clone();
        events.push(Event::GivenUp { segment, fault });
    }

    fn stop(&mut self, fault: WriteFault, now: Instant, events: &mut Vec<Event>) {
        if self.retry_at.replace(now + RETRY_AFTER).is_none() {
            events.push(Event::Stopped { fault });
        }
    }

    fn resume(&mut self, events: &mut Vec<Event>) {
        if self.retry_at.take().is_some() {
            let refused = std::mem::take(&mut self.refused);
            events.push(Event::Resumed { refused });
        }
    }

    fn end_segment(&mut self) -> Option<Event> {
        let mut open = self.open.take()?;
        let mut end = Vec::new();
        write_end(open.frames, self.next_sequence, self.opening.salt, &mut end);
        let done = open.put(self.files.as_ref(), &self.folder, &[&end]);
        self.whole.push_back((open.id, open.bytes));
        let segment = open.id;
        done.err().map(|fault| Event::GivenUp { segment, fault })
    }

    /// Removes whole segments until the lane is within `total_bytes`. One that cannot be removed is tried again later.
    fn remove_oldest(&mut self, events: &mut Vec<Event>) {
        let mut is_changed = false;
        while self.bytes() > self.bounds.total_bytes
            && let Some((segment, bytes)) = self.whole.front().copied()
        {
            match self.files.remove(&segment.path(&self.folder)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => break,
            }
            self.whole.pop_front();
            is_changed = true;
            events.push(Event::Removed { segment, bytes });
        }
        if is_changed {
            // At worst a removed segment is there again after a crash, and is removed again.
            let _ = self.files.sync_folder(&self.folder);
        }
    }
}
