//! The recorder of one consult's voices and pointers under one consent: a thread that takes what comes and owns the disk.
//!
//! Owns the files and what is told of them. It looks at its packets every few milliseconds, as the recorder of a picture does and
//! for the same reason. It ends when nobody can give it anything any more: then what came is made durable first.

use super::voice_files::{make_folder, stream_of};
use super::voice_frames::{HeardPacket, VoiceFrames};
use super::voices::VoicesOutside;
use crate::consult::VoiceFilesInput;
use recording::{Bounds, Codec, Disk, Event, Lane, Opening, PointerMove, Record, Writer};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use wire::ConsentId;

/// Time between looks at what came; with a sync after 180 ms and the sync itself it stays below what a crash may cost.
const LOOK: Duration = Duration::from_millis(15);
/// Pause before a folder that could not be used is tried again.
const OPEN_AGAIN: Duration = Duration::from_secs(5);

/// What comes to it.
#[derive(Debug)]
pub(super) enum ToKeep {
    /// Of a voice.
    Voice(HeardPacket),
    /// Of a pointer, thinned.
    Pointer(PointerMove),
}

/// The thread's state.
pub(super) struct VoiceRecorder {
    outside: VoicesOutside,
    consent: ConsentId,
    packets: Receiver<ToKeep>,
    frames: VoiceFrames,
    writer: Option<Writer>,
    /// No attempt to open a writer before this.
    open_at: Option<Instant>,
    /// A voice was taken: before that nothing is said of voices, whatever of pointers is durable.
    is_heard: bool,
    /// What was told last.
    told: Option<bool>,
}

impl VoiceRecorder {
    pub(super) fn new(
        outside: VoicesOutside,
        consent: ConsentId,
        packets: Receiver<ToKeep>,
    ) -> Self {
        Self {
            outside,
            consent,
            packets,
            frames: VoiceFrames::default(),
            writer: None,
            open_at: None,
            is_heard: false,
            told: None,
        }
    }

    /// Runs until `going` is dropped by whoever holds its other end.
    pub(super) fn run(mut self, going: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = going.recv_timeout(LOOK) {
            self.work(Instant::now());
        }
        // What arrived while it was allowed.
        self.work(Instant::now());
        if let Some(writer) = self.writer.take() {
            self.happened(writer.close(Instant::now()));
        }
    }

    fn work(&mut self, now: Instant) {
        while let Ok(came) = self.packets.try_recv() {
            match came {
                ToKeep::Voice(packet) => self.heard(&packet, now),
                ToKeep::Pointer(moved) => {
                    // One that cannot be written is made up for by the next.
                    self.append(&Record::Pointer(moved), now);
                }
            }
        }
        let metrics = &self.outside.metrics;
        metrics.voice_unrecorded.add(self.frames.take_refused());
        let Some(writer) = &mut self.writer else {
            return;
        };
        let was_waiting = writer.due().is_some();
        let events = writer.tick(now);
        let is_durable = was_waiting && writer.due().is_none();
        self.happened(events);
        if is_durable && self.is_heard {
            self.tell(true);
        }
    }

    fn heard(&mut self, packet: &HeardPacket, now: Instant) {
        for voice in self.frames.of(packet) {
            let is_taken = self.append(&Record::Voice(voice), now);
            let metrics = &self.outside.metrics;
            if is_taken {
                metrics.voice_recorded.up();
            } else {
                metrics.voice_unrecorded.up();
            }
            self.is_heard |= is_taken;
        }
    }

    fn append(&mut self, record: &Record<'_>, now: Instant) -> bool {
        self.writer(now)
            .is_some_and(|writer| writer.append(record, now).is_ok())
    }

    fn writer(&mut self, now: Instant) -> Option<&mut Writer> {
        if self.writer.is_none() && self.open_at.is_none_or(|at| at <= now) {
            match self.open() {
                Ok(writer) => self.writer = Some(writer),
                Err(error) => {
                    self.open_at = Some(now + OPEN_AGAIN);
                    self.stopped(&error.to_string());
                }
            }
        }
        self.writer.as_mut()
    }

    fn open(&self) -> io::Result<Writer> {
        let VoicesOutside {
            folder,
            consult,
            reserve,
            ..
        } = &self.outside;
        let folder = make_folder(folder, *consult, self.consent)?;
        let opening = Opening {
            stream: stream_of(self.consent),
            lane: Lane::Live,
            codec: Codec::Opus,
            salt: getrandom::u32().unwrap_or_default(),
        };
        let bounds = Bounds {
            spare_room_bytes: *reserve,
            ..Bounds::recorder()
        };
        Writer::open(&folder, std::sync::Arc::new(Disk), opening, bounds)
    }

    fn happened(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::Stopped { fault } => self.stopped(&fault.to_string()),
                Event::GivenUp { segment, fault } => {
                    tracing::warn!(%segment, %fault, "a segment of recorded voices is written no further");
                }
                Event::Lost { records } => {
                    tracing::error!(records, "the end of recorded voices was not written");
                }
                _ => {}
            }
        }
    }

    fn stopped(&mut self, why: &str) {
        if self.told != Some(false) {
            self.outside.metrics.voice_recordings_stopped.up();
            tracing::error!(consult = %self.outside.consult, why, "voices are not recorded; they are heard all the same");
        }
        self.tell(false);
    }

    fn tell(&mut self, on: bool) {
        if self.told != Some(on) && self.outside.tell(VoiceFilesInput::Written { on }) {
            self.told = Some(on);
        }
    }
}
