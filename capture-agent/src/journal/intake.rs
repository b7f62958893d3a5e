//! The way of coded frames to the journal.
//!
//! Owns the bound of what waits. Handing a frame over clones no bytes and never blocks; when the disk is so far behind that
//! the bound is reached, the frame is counted as missed and the picture goes on.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use wire::agent::FrameStamp;

/// Frames that may wait for the journal's disk: four seconds at 30 per second, and a sync takes 5 to 40 ms.
const WAITING_FRAMES: usize = 128;

/// A coded frame on its way into the journal.
#[derive(Debug, Clone)]
pub struct Coded {
    /// As given at capture.
    pub stamp: FrameStamp,
    /// In which it was coded.
    pub width: u32,
    /// The same.
    pub height: u32,
    /// RTP payloads (RFC 6184), in order: the journal keeps what these say, as the relay does.
    pub payloads: Vec<Bytes>,
}

/// Takes coded frames.
#[derive(Debug, Clone)]
pub struct Intake {
    frames: SyncSender<Coded>,
    missed: Arc<AtomicU64>,
}

impl Intake {
    pub(super) fn new() -> (Self, Receiver<Coded>) {
        let (frames, taken) = sync_channel(WAITING_FRAMES);
        let missed = Arc::default();
        (Self { frames, missed }, taken)
    }

    /// Hands a frame over, or counts it.
    pub fn give(&self, coded: Coded) {
        if self.frames.try_send(coded).is_err() {
            self.miss();
        }
    }

    /// Counts a frame that could not be coded or handed over.
    pub fn miss(&self) {
        self.missed.fetch_add(1, Ordering::Relaxed);
    }

    /// Frames that did not get in.
    pub(super) fn missed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{CaptureTime, FrameIndex, RtpTime, StreamId};

    #[test]
    fn a_disk_that_takes_nothing_costs_frames_of_the_journal_and_no_time() {
        let (intake, _frames) = Intake::new();
        let coded = Coded {
            stamp: FrameStamp {
                stream: StreamId::random(),
                index: FrameIndex(0),
                captured_at: CaptureTime(0),
                rtp_time: RtpTime(0),
            },
            width: 64,
            height: 48,
            payloads: Vec::new(),
        };
        (0..WAITING_FRAMES + 3).for_each(|_| intake.give(coded.clone()));
        assert_eq!(intake.missed().load(Ordering::Relaxed), 3);
    }
}
