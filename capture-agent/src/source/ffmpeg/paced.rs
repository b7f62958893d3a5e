//! Plays what comes as fast as it is read (files, generators) at the pace of its own time stamps, looping.
//!
//! The time line goes on without a gap over the end of the loop. When decoding is too slow, pictures whose time has
//! passed are not converted: the newest wins.

use crate::picture::PicturePool;
use crate::source::ffmpeg::decoder::Decoder;
use crate::source::ffmpeg::input::Opened;
use crate::source::ffmpeg::wish::Wish;
use crate::source::ffmpeg::words::why;
use crate::source::{Captured, FrameSource, SourceError, SourceInfo};
use crate::sync::Stop;
use ffmpeg_next::{Error, Packet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Pace of a file that tells none.
const USUAL_RATE: f64 = 25.0;
/// Later than this, the time line starts anew instead of being caught up with.
const FORGIVEN: Duration = Duration::from_secs(1);
/// Steps between two pictures of a file longer than this are a fault of its time stamps.
const LONGEST_STEP: Duration = Duration::from_secs(10);

/// A file being played.
pub(super) struct Paced {
    wish: Wish,
    opened: Opened,
    decoder: Decoder,
    pool: PicturePool,
    /// Time between pictures when the stream tells none.
    step: Duration,
    /// When the last picture was due.
    due: Option<Instant>,
    /// Its time in the stream; none at the beginning of a round.
    last: Option<Duration>,
    /// Pictures in this round.
    round: u64,
    is_draining: bool,
}

impl Paced {
    pub(super) fn new(wish: Wish, opened: Opened, pool: PicturePool) -> Result<Self, SourceError> {
        let decoder = Decoder::new(&wish, &opened, false)?;
        let step = Duration::from_secs_f64(1.0 / decoder.frame_rate.unwrap_or(USUAL_RATE));
        Ok(Self {
            wish,
            opened,
            decoder,
            pool,
            step,
            due: None,
            last: None,
            round: 0,
            is_draining: false,
        })
    }

    /// Takes the next decoded frame out of the file.
    fn next_frame(&mut self) -> Result<Option<Duration>, SourceError> {
        loop {
            if let Some(at) = self.decoder.take() {
                self.round += 1;
                return Ok(at);
            }
            if self.is_draining {
                self.begin_again()?;
                continue;
            }
            let mut packet = Packet::empty();
            self.opened.watchdog.allow(self.wish.silence);
            match packet.read(&mut self.opened.input) {
                Ok(()) if packet.stream() == self.opened.stream => self.decoder.feed(&packet),
                Ok(()) => {}
                Err(Error::Exit) => return Err(self.wish.silent()),
                // An error in the middle of a file is its end: what was read so far is played again.
                Err(_) => {
                    self.decoder.drain();
                    self.is_draining = true;
                }
            }
        }
    }

    fn begin_again(&mut self) -> Result<(), SourceError> {
        if self.round == 0 {
            return Err(self
                .wish
                .ended("no picture in it could be decoded; it is damaged or cut off"));
        }
        if !self.wish.loops {
            return Err(self.wish.ended("it was played to its end"));
        }
        self.decoder.flush();
        self.opened.watchdog.allow(self.wish.silence);
        self.opened.input.seek(0, ..).map_err(|error| {
            self.wish
                .ended(format!("it cannot be played again: {}", why(error)))
        })?;
        (self.round, self.last, self.is_draining) = (0, None, false);
        Ok(())
    }

    /// When a frame with this time in the stream is due.
    fn due(&mut self, at: Option<Duration>, now: Instant) -> Instant {
        let told = at
            .zip(self.last)
            .and_then(|(at, last)| at.checked_sub(last))
            .filter(|step| *step <= LONGEST_STEP);
        let step = told.unwrap_or(self.step);
        self.last = at.or_else(|| self.last.map(|last| last + step));
        let due = self.due.map_or(now, |due| due + step);
        let due = if now.saturating_duration_since(due) > FORGIVEN {
            now
        } else {
            due
        };
        self.due = Some(due);
        due
    }
}

impl FrameSource for Paced {
    fn describe(&self) -> SourceInfo {
        SourceInfo {
            words: self.opened.words.clone(),
            frame_rate: Some(1.0 / self.step.as_secs_f64()),
            barcode: false,
        }
    }

    fn next(&mut self, stop: &Stop) -> Result<Captured, SourceError> {
        loop {
            if stop.is_set() {
                return Err(SourceError::Stopped);
            }
            let at = self.next_frame()?;
            let now = Instant::now();
            let due = self.due(at, now);
            if now > due + self.step {
                continue; // Its successor's time has come.
            }
            let picture = self.decoder.picture(&self.pool)?;
            if stop.wait_until(due) {
                return Err(SourceError::Stopped);
            }
            return Ok(Captured {
                picture,
                at: Instant::now(),
                provenance: Arc::clone(&self.decoder.provenance),
            });
        }
    }
}
