//! The journal's thread: frames into segments, syncs when they are due, words about trouble.
//!
//! Owns the writer. A disk that is full, gone or slow costs the journal frames and is told on the device; it never stops
//! the picture or the agent, and writing goes on by itself when the disk takes something again.

use super::JournalSettings;
use super::index::Journal;
use super::intake::Coded;
use crate::status::{JournalStatus, StatusBoard};
use recording::{
    Bounds, Codec, Event, Files, Frame, Lane, Opening, Record, Recording, Refused, UnitBuilder,
    WriteFault, Writer,
};
use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use wire::StreamId;

/// Pause before a folder that could not be opened is tried again.
const OPEN_AGAIN: Duration = Duration::from_secs(5);
/// Time between looks at what is kept, for those who show it.
const TELL: Duration = Duration::from_secs(1);

/// The work of the journal's thread.
pub struct Keeping {
    pub(super) settings: JournalSettings,
    /// Under which name frames are kept.
    pub(super) owner: StreamId,
    pub(super) frames: Receiver<Coded>,
    /// Frames that did not get in.
    pub(super) missed: Arc<AtomicU64>,
    pub(super) journal: Journal,
    pub(super) board: StatusBoard,
    pub(super) files: Arc<dyn Files>,
}

/// What changes while it runs.
struct Running {
    keeping: Keeping,
    units: UnitBuilder,
    writer: Option<Writer>,
    /// No attempt to open a writer before this.
    open_at: Option<Instant>,
    /// Why nothing is written at present.
    fault: Option<String>,
    told_at: Option<Instant>,
}

impl Keeping {
    /// Runs until no more frames can come, then makes durable what it has.
    pub fn run(self) {
        self.look_through();
        let mut running = Running {
            keeping: self,
            units: UnitBuilder::default(),
            writer: None,
            open_at: None,
            fault: None,
            told_at: None,
        };
        running.tell(Instant::now());
        loop {
            let now = Instant::now();
            let due = running.writer.as_ref().and_then(Writer::due);
            let wait = due.map_or(TELL, |due| due.saturating_duration_since(now).min(TELL));
            match running.keeping.frames.recv_timeout(wait) {
                Ok(coded) => running.take(&coded, Instant::now()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return running.end(),
            }
            running.tick(Instant::now());
        }
    }

    /// Looks through what earlier runs left, beside the writing: hours of it take seconds.
    fn look_through(&self) {
        let (folder, owner, journal) = (
            self.settings.folder.clone(),
            self.owner,
            self.journal.clone(),
        );
        let look = move || match Recording::open(&folder, owner) {
            Ok(recording) => journal.found(recording),
            Err(error) => {
                tracing::error!(%error, "the journal cannot be read; nothing of it is sent again")
            }
        };
        if let Err(error) = std::thread::Builder::new()
            .name("journal-look".to_owned())
            .spawn(look)
        {
            tracing::error!(%error, "no thread; nothing of the journal is sent again");
        }
    }
}

impl Running {
    fn take(&mut self, coded: &Coded, now: Instant) {
        for payload in &coded.payloads {
            self.units.add(payload);
        }
        let Some(unit) = self.units.finish() else {
            return;
        };
        if let Some(profile_level) = unit.profile_level {
            let size = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
            let (width, height) = (size(coded.width), size(coded.height));
            self.codec(
                Codec::H264 {
                    profile_level,
                    width,
                    height,
                },
                now,
            );
        }
        let Some(writer) = &mut self.writer else {
            return;
        };
        let frame = Frame {
            rtp_time: coded.stamp.rtp_time,
            captured_at: coded.stamp.captured_at,
            index: Some(coded.stamp.index),
            keyframe: unit.keyframe,
            unit: Cow::Owned(unit.bytes),
        };
        match writer.append(&Record::Frame(frame), now) {
            Ok(()) => {}
            // Told when the disk stopped; here it would be said for every frame.
            Err(Refused::NoRoom) => {}
            Err(error) => tracing::warn!(%error, "a frame is not in the journal"),
        }
    }

    /// What comes is coded like this; the first keyframe opens the writer.
    fn codec(&mut self, codec: Codec, now: Instant) {
        if let Some(writer) = &mut self.writer {
            let events = writer.set_codec(codec, now);
            return self.happened(events);
        }
        if self.open_at.is_some_and(|at| now < at) {
            return;
        }
        match self.open(codec) {
            Ok(writer) => (self.writer, self.fault, self.open_at) = (Some(writer), None, None),
            Err(error) => {
                tracing::error!(%error, "the journal cannot be written; the picture goes on");
                self.fault = Some(format!("its folder cannot be used: {}", error.kind()));
                self.open_at = Some(now + OPEN_AGAIN);
            }
        }
    }

    fn open(&self, codec: Codec) -> io::Result<Writer> {
        let JournalSettings {
            folder,
            bytes,
            spare_room_bytes,
            ..
        } = &self.keeping.settings;
        let opening = Opening {
            stream: self.keeping.owner,
            lane: Lane::Live,
            codec,
            salt: crate::backoff::random(),
        };
        let bounds = Bounds {
            spare_room_bytes: *spare_room_bytes,
            ..Bounds::journal(*bytes)
        };
        Writer::open(folder, Arc::clone(&self.keeping.files), opening, bounds)
    }

    fn tick(&mut self, now: Instant) {
        if let Some(writer) = &mut self.writer {
            let events = writer.tick(now);
            self.happened(events);
        }
        if self
            .told_at
            .is_none_or(|told| now.saturating_duration_since(told) >= TELL)
        {
            self.tell(now);
        }
    }

    fn happened(&mut self, events: Vec<Event>) {
        for event in events {
            match &event {
                Event::Stopped { fault } => {
                    tracing::error!(%fault, "the journal stands still; the picture goes on");
                    self.fault = Some(words(fault));
                }
                Event::Resumed { refused } => {
                    tracing::info!(refused, "the journal is written again");
                    self.fault = None;
                }
                Event::GivenUp { fault, .. } => {
                    tracing::warn!(%fault, "a segment of the journal is written no further")
                }
                Event::Lost { records } => {
                    tracing::error!(records, "the end of the journal was not written")
                }
                _ => {}
            }
            self.keeping.journal.apply(event);
        }
    }

    fn tell(&mut self, now: Instant) {
        self.told_at = Some(now);
        let seconds = self.keeping.journal.extent().map_or(0, |(first, last)| {
            last.after(first) / wire::units::RTP_CLOCK_HZ
        });
        let status = JournalStatus {
            bytes: self.writer.as_ref().map_or(0, Writer::bytes),
            most_bytes: self.keeping.settings.bytes,
            seconds,
            missed: self.keeping.missed.load(Ordering::Relaxed),
            trouble: self.fault.clone(),
        };
        self.keeping.board.update(|all| all.journal = Some(status));
    }

    fn end(mut self) {
        if let Some(writer) = self.writer.take() {
            let events = writer.close(Instant::now());
            self.happened(events);
        }
        self.tell(Instant::now());
    }
}

/// For the physician: what is wrong and that nothing else is.
fn words(fault: &WriteFault) -> String {
    match fault {
        WriteFault::NoRoom => "the disk is full".to_owned(),
        WriteFault::Step { step, source } => {
            format!("a segment cannot be {step} ({})", source.kind())
        }
        _ => "the disk does not take it".to_owned(),
    }
}

#[cfg(test)]
mod tests;
