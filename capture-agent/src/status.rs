//! What the agent does now, for everybody who shows it: terminal, control channel, tests.
//!
//! One value behind a watch channel. Threads write their own part; readers wait for changes. No history.

use crate::encode::BitRate;
use crate::spool::Counts;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use wire::agent::{SourceHealth, SourceState};
use wire::link::UplinkState;

/// Everything at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// What the source does.
    pub source: SourceStatus,
    /// Encoder in use; empty until the first picture came.
    pub encoder: String,
    /// Bit rate asked of it.
    pub bit_rate: BitRate,
    /// Bit rate that people allow.
    pub allowed: BitRate,
    /// What the uplink gives, while something is sent.
    pub uplink: Option<Share>,
    /// Frames replaced by newer ones before they were encoded.
    pub frames_skipped: u32,
    /// The way to the relay.
    pub link: Link,
    /// Saved clips; nothing when the agent has no spool.
    pub clips: Option<ClipStatus>,
    /// What is kept of the coded picture; nothing when the agent has no journal.
    pub journal: Option<JournalStatus>,
}

/// Saved clips at a glance.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClipStatus {
    /// How many are how far.
    pub counts: Counts,
    /// Why the last save failed, or an object cannot be written; for this device's terminal only.
    pub trouble: Option<String>,
    /// The save that was finished last.
    pub last: Option<LastSave>,
    /// Exported files that could not be taken in and are tried again; nothing while there are none.
    pub exports: Option<ExportsWaiting>,
    /// Files among the exports that are no clips.
    pub left_out: u32,
    /// Objects that handhelds sent and that were not taken; they have them still.
    pub refused_arrivals: u32,
    /// Why handhelds cannot send at present; for this device only.
    pub door_trouble: Option<String>,
}

/// Exported files that wait to be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportsWaiting {
    /// How many.
    pub count: u32,
    /// Why one of them could not be taken in; for this device only.
    pub why: String,
}

/// The journal at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JournalStatus {
    /// Bytes on the disk, of all consults.
    pub bytes: u64,
    /// Most of them; the oldest go then.
    pub most_bytes: u64,
    /// From the first frame of this consult to the last, in seconds.
    pub seconds: u64,
    /// Frames that are not in it, because the disk was too slow.
    pub missed: u64,
    /// Why nothing is written at present.
    pub trouble: Option<String>,
}

/// How long a save took.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct LastSave {
    /// Frames in it.
    pub frames: u32,
    /// From the press until it was safe on this device, in milliseconds.
    pub safe_ms: f64,
    /// From the press until its object was finished, in milliseconds.
    pub finished_ms: f64,
}

/// What the link gives, and what the picture makes of it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Share {
    /// For everything together.
    pub target_kbps: u32,
    /// Width and height against the source.
    pub scale_percent: u32,
    /// Frames per second that are coded; none when all that come.
    pub frame_rate: Option<f64>,
    /// Packets lost of late.
    pub lost_percent: u32,
    /// What every packet waits on its way.
    pub queue_ms: u32,
    /// From sending to hearing of it.
    pub round_trip_ms: Option<u32>,
}

/// The source's part.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceStatus {
    /// In a word.
    pub health: SourceHealth,
    /// What it is, in words for people.
    pub words: String,
    /// What is wrong, when something is, without a path or address. For this device only.
    pub trouble: Option<String>,
    /// Frames per second captured.
    pub fps: f32,
    /// Width of the last picture.
    pub width: u32,
    /// Height of the last picture.
    pub height: u32,
}

/// The way to the relay.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// Not asked for: no relay is configured.
    Off,
    /// On the way.
    Connecting,
    /// The picture goes out.
    Live {
        /// Since when.
        since: Instant,
    },
    /// It was lost and is being mended.
    Mending,
    /// Waiting for the next attempt.
    Waiting {
        /// What went wrong and what to do.
        reason: String,
        /// Until the next attempt.
        retry_in: Duration,
    },
    /// The relay said no, and trying again is of no use.
    Refused {
        /// What happened and what to do.
        reason: String,
    },
}

/// Where the status is written and read.
#[derive(Clone)]
pub struct StatusBoard {
    sender: watch::Sender<Status>,
}

impl StatusBoard {
    /// Before anything happened.
    #[must_use]
    pub fn new(bit_rate: BitRate) -> Self {
        let source = SourceStatus {
            health: SourceHealth::Opening,
            words: String::new(),
            trouble: None,
            fps: 0.0,
            width: 0,
            height: 0,
        };
        let status = Status {
            source,
            encoder: String::new(),
            bit_rate,
            allowed: bit_rate,
            uplink: None,
            frames_skipped: 0,
            link: Link::Off,
            clips: None,
            journal: None,
        };
        Self {
            sender: watch::Sender::new(status),
        }
    }

    /// Changes it; readers wake only if something really changed.
    pub fn update(&self, change: impl FnOnce(&mut Status)) {
        self.sender.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            *status != before
        });
    }

    /// As it is now.
    #[must_use]
    pub fn now(&self) -> Status {
        self.sender.borrow().clone()
    }

    /// Health and size of the source, without copying the rest: asked for every frame.
    #[must_use]
    pub fn now_source(&self) -> (SourceHealth, u32, u32) {
        let status = self.sender.borrow();
        (
            status.source.health,
            status.source.width,
            status.source.height,
        )
    }

    /// Frames per second that the source tells or was measured at; 0 when neither.
    #[must_use]
    pub fn told_rate(&self) -> f32 {
        self.sender.borrow().source.fps
    }

    /// Bit rate that people allow.
    #[must_use]
    pub fn allowed(&self) -> BitRate {
        self.sender.borrow().allowed
    }

    /// For waiting for changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.sender.subscribe()
    }
}

impl Status {
    /// As the relay is told.
    #[must_use]
    pub fn for_relay(&self) -> SourceState {
        SourceState {
            health: self.source.health,
            fps: (self.source.fps * 10.0).round() / 10.0,
            width: self.source.width,
            height: self.source.height,
            target_kbps: self.bit_rate.kbps(),
            frames_skipped: self.frames_skipped,
            encoder: self.encoder.clone(),
            uplink: self.uplink.as_ref().map(Share::for_people),
        }
    }
}

impl Share {
    /// As pages are told.
    #[must_use]
    pub fn for_people(&self) -> UplinkState {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "some tens of frames a second"
        )]
        let whole = |rate: f64| rate.round() as u32;
        UplinkState {
            target_kbps: self.target_kbps,
            scale_percent: self.scale_percent,
            frame_rate: self.frame_rate.map(whole),
            lost_percent: self.lost_percent,
            queue_ms: self.queue_ms,
            round_trip_ms: self.round_trip_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_wake_only_for_real_changes() {
        let board = StatusBoard::new(BitRate::from_kbps(2000).unwrap());
        let reader = board.watch();
        board.update(|status| status.frames_skipped = 0);
        assert!(!reader.has_changed().unwrap());
        board.update(|status| status.frames_skipped = 1);
        assert!(reader.has_changed().unwrap());
    }

    #[test]
    fn the_relay_is_told_what_the_way_to_it_gives() {
        let board = StatusBoard::new(BitRate::from_kbps(2000).unwrap());
        assert_eq!(board.now().for_relay().uplink, None, "nothing is sent yet");
        board.update(|status| {
            status.uplink = Some(Share {
                target_kbps: 310,
                scale_percent: 50,
                frame_rate: Some(19.97),
                lost_percent: 2,
                queue_ms: 35,
                round_trip_ms: Some(120),
            });
        });
        let told = board.now().for_relay().uplink.unwrap();
        assert_eq!((told.target_kbps, told.scale_percent), (310, 50));
        assert_eq!((told.frame_rate, told.lost_percent), (Some(20), 2));
    }

    #[test]
    fn the_relay_learns_nothing_of_the_trouble_but_its_kind() {
        let board = StatusBoard::new(BitRate::from_kbps(2000).unwrap());
        board.update(|status| {
            status.source.health = SourceHealth::Failed;
            status.source.trouble = Some("something about yamada".to_owned());
        });
        let told = serde_json::to_string(&board.now().for_relay()).unwrap();
        assert!(!told.contains("yamada"), "{told}");
    }
}
