//! The files of one stream: a lane as it arrived, a lane that was sent again, and the table over both.
//!
//! The table prefers what was sent again: it is the journal's own frame. Owns both writers and what happens when the disk refuses: they hold what they can, try again by themselves, and say so
//! once. A lane's segment begins with the first frame that belongs there.

use recording::{
    Bounds, Codec, Disk, Event, Files, Frame, FrameTable, Lane, Opening, Record, Recording,
    Refused, WriteFault, Writer,
};
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::StreamId;

/// Bytes that were sent again and wait, before they are made durable without waiting for their time: a quarter of what may
/// be on the way.
const FLUSH_BYTES: usize = 128 * 1024;
/// Pause before a folder that could not be used is tried again.
const OPEN_AGAIN: Duration = Duration::from_secs(5);
/// When no keyframe has said how frames are coded: what every browser sends (RFC 7742 §6.2).
const USUAL_CODEC: Codec = codec([0x42, 0xe0, 0x1f]);

/// The size of the picture stands in its parameter sets.
const fn codec(profile_level: [u8; 3]) -> Codec {
    Codec::H264 {
        profile_level,
        width: 0,
        height: 0,
    }
}

/// What the disk did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DiskNews {
    /// It takes nothing.
    Stopped(String),
    /// It takes something again.
    Resumed,
}

/// The files of one stream.
pub(super) struct Lanes {
    folder: PathBuf,
    stream: StreamId,
    bounds: Bounds,
    recording: Recording,
    live: Option<Writer>,
    fill: Option<Writer>,
    codec: Option<Codec>,
    /// Bytes in `fill` that are not flushed.
    unflushed: usize,
    /// No attempt to open a writer before this.
    open_at: Option<Instant>,
    is_stopped: bool,
    news: Vec<DiskNews>,
}

impl Lanes {
    /// Opens what an earlier run left; nothing is written yet. Takes seconds for hours.
    pub(super) fn open(folder: PathBuf, stream: StreamId, spare: u64) -> io::Result<Self> {
        make(&folder)?;
        let recording = Recording::open(&folder, stream)?;
        Ok(Self {
            folder,
            stream,
            bounds: Bounds {
                spare_room_bytes: spare,
                ..Bounds::recorder()
            },
            recording,
            live: None,
            fill: None,
            codec: None,
            unflushed: 0,
            open_at: None,
            is_stopped: false,
            news: Vec::new(),
        })
    }

    /// What is here.
    pub(super) const fn table(&self) -> &FrameTable {
        self.recording.table()
    }

    /// Whether the disk refuses at present.
    pub(super) const fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// What the disk did since this was last asked.
    pub(super) fn take_news(&mut self) -> Vec<DiskNews> {
        std::mem::take(&mut self.news)
    }

    /// A frame arrived; `profile_level` when it brings parameter sets. False when it was not taken.
    pub(super) fn arrived(
        &mut self,
        frame: Frame<'_>,
        profile_level: Option<[u8; 3]>,
        now: Instant,
    ) -> bool {
        if let Some(profile_level) = profile_level {
            let codec = codec(profile_level);
            self.codec = Some(codec);
            if let Some(live) = &mut self.live {
                let events = live.set_codec(codec, now);
                self.happened(events);
            }
        }
        // Nothing can be decoded before the first keyframe; the back-fill brings what lies there.
        if self.live.is_none() && frame.keyframe {
            self.live = self.writer(Lane::Live, now);
        }
        let taken = self
            .live
            .as_mut()
            .map(|live| live.append(&Record::Frame(frame), now));
        matches!(taken, Some(Ok(())))
    }

    /// A frame was sent again. False when it is not here after all.
    pub(super) fn filled(&mut self, frame: Frame<'_>, now: Instant) -> bool {
        if self.fill.is_none() {
            self.fill = self.writer(Lane::Fill, now);
        }
        let Some(fill) = &mut self.fill else {
            return false;
        };
        let bytes = frame.unit.len();
        match fill.append(&Record::Frame(frame), now) {
            Ok(()) => {
                self.unflushed += bytes;
                true
            }
            // Kept nowhere, so it would be asked for without end.
            Err(Refused::Empty | Refused::TooLong) => true,
            Err(_) => false,
        }
    }

    fn writer(&mut self, lane: Lane, now: Instant) -> Option<Writer> {
        if self.open_at.is_some_and(|at| now < at) {
            return None;
        }
        let salt = getrandom::u32().unwrap_or_default();
        let opening = Opening {
            stream: self.stream,
            lane,
            codec: self.codec.unwrap_or(USUAL_CODEC),
            salt,
        };
        match Writer::open(&self.folder, Arc::new(Disk), opening, self.bounds) {
            Ok(writer) => Some(writer),
            Err(error) => {
                self.open_at = Some(now + OPEN_AGAIN);
                self.stopped(error.to_string());
                None
            }
        }
    }

    /// Does what is due. True when everything that was sent again is durable.
    pub(super) fn tick(&mut self, now: Instant) -> bool {
        if let Some(live) = &mut self.live {
            let events = live.tick(now);
            self.happened(events);
        }
        let Some(fill) = &mut self.fill else {
            return true;
        };
        let events = if self.unflushed >= FLUSH_BYTES && !fill.is_stopped() {
            fill.flush(now)
        } else {
            fill.tick(now)
        };
        let is_durable = fill.due().is_none();
        if is_durable {
            self.unflushed = 0;
        }
        self.happened(events);
        is_durable
    }

    fn happened(&mut self, events: Vec<Event>) {
        for event in events {
            match &event {
                Event::Stopped { fault } => self.stopped(words(fault)),
                Event::Durable { .. } if self.is_stopped => {
                    self.is_stopped = false;
                    self.news.push(DiskNews::Resumed);
                }
                Event::GivenUp { segment, fault } => {
                    tracing::warn!(%segment, %fault, "a segment of a recording is written no further");
                }
                Event::Lost { records } => {
                    tracing::error!(records, "the end of a recording was not written");
                }
                _ => {}
            }
            self.recording.apply(&event);
        }
    }

    fn stopped(&mut self, why: String) {
        if !std::mem::replace(&mut self.is_stopped, true) {
            self.news.push(DiskNews::Stopped(why));
        }
    }

    /// Makes durable what is here and ends the segments.
    pub(super) fn close(mut self, now: Instant) {
        for writer in [self.live.take(), self.fill.take()].into_iter().flatten() {
            let events = writer.close(now);
            self.happened(events);
        }
    }
}

/// Makes the folder of a stream and the two above it, each for this user only and with a name that survives a power cut.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    let above = folder.parent();
    for one in [above.and_then(Path::parent), above, Some(folder)] {
        let Some(one) = one.filter(|one| !one.is_dir()) else {
            continue;
        };
        DirBuilder::new().recursive(true).mode(0o700).create(one)?;
        if let Some(holder) = one.parent() {
            Disk.sync_folder(holder)?;
        }
    }
    Ok(())
}

fn words(fault: &WriteFault) -> String {
    match fault {
        WriteFault::NoRoom => "the disk has no room beyond the reserve".to_owned(),
        other => other.to_string(),
    }
}
