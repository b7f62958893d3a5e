//! Follows what comes by itself: cameras, streams, grabbers, screens. The newest picture wins.
//!
//! A thread of its own reads packets, so that none waits in a socket or driver behind a slow decoder, and so that a
//! driver that hangs hangs only that thread. Where every picture stands for itself (MJPEG, raw), an unread packet is
//! replaced by the next one; otherwise all are decoded and only the newest frame is used. A frame counts as captured
//! when its packet was complete.

use crate::picture::PicturePool;
use crate::source::ffmpeg::decoder::Decoder;
use crate::source::ffmpeg::input::Opened;
use crate::source::ffmpeg::wish::Wish;
use crate::source::ffmpeg::words::why;
use crate::source::{Captured, FrameSource, SourceError, SourceInfo};
use crate::sync::{Stop, held};
use ffmpeg_next::{Error, Packet};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Packets of a stream with dependent pictures that may wait for a decoder: two seconds at 60 per second. Beyond that
/// the decoder has no chance, and it goes on at the next keyframe.
const MAX_WAITING: usize = 120;
/// Time between looks at the stop signal while nothing comes.
const LOOK: Duration = Duration::from_millis(50);
/// A reader that sleeps in a driver is left behind after this.
const FAREWELL: Duration = Duration::from_secs(1);

/// Packets between the reading thread and the decoder.
#[derive(Default)]
struct Waiting {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    packets: VecDeque<(Packet, Instant)>,
    /// Packets are left out until a keyframe comes.
    needs_keyframe: bool,
    ended: Option<Error>,
}

impl Waiting {
    fn put(&self, packet: Packet, is_intra_only: bool) {
        let mut state = held(&self.state);
        if is_intra_only {
            state.packets.clear();
        } else if state.packets.len() >= MAX_WAITING {
            state.packets.clear();
            state.needs_keyframe = true;
        }
        if state.needs_keyframe && !packet.is_key() {
            return;
        }
        state.needs_keyframe = false;
        state.packets.push_back((packet, Instant::now()));
        self.changed.notify_one();
    }

    fn end(&self, error: Error) {
        held(&self.state).ended = Some(error);
        self.changed.notify_one();
    }

    /// Everything that waits; waits itself for at most `LOOK` when that is nothing.
    fn take(&self) -> Result<VecDeque<(Packet, Instant)>, Error> {
        let mut state = held(&self.state);
        if state.packets.is_empty() && state.ended.is_none() {
            state = self
                .changed
                .wait_timeout(state, LOOK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        match state.ended {
            Some(error) if state.packets.is_empty() => Err(error),
            _ => Ok(std::mem::take(&mut state.packets)),
        }
    }
}

/// A live input.
pub(super) struct Live {
    wish: Wish,
    words: String,
    decoder: Decoder,
    pool: PicturePool,
    waiting: Arc<Waiting>,
    watchdog: Arc<crate::source::ffmpeg::input::Watchdog>,
    /// Closes when the reading thread is gone.
    reader: Receiver<()>,
    /// When a picture came last.
    heard: Instant,
}

impl Live {
    pub(super) fn new(wish: Wish, opened: Opened, pool: PicturePool) -> Result<Self, SourceError> {
        let decoder = Decoder::new(&wish, &opened, true)?;
        let (waiting, watchdog, words) = (
            Arc::<Waiting>::default(),
            Arc::clone(&opened.watchdog),
            opened.words.clone(),
        );
        let (alive, reader) = sync_channel(0);
        let (shared, is_intra_only, silence) =
            (Arc::clone(&waiting), decoder.is_intra_only, wish.silence);
        let work = move || {
            let _alive = alive;
            shared.end(read(opened, &shared, is_intra_only, silence));
        };
        let thread = std::thread::Builder::new()
            .name("read".to_owned())
            .spawn(work);
        thread
            .map_err(|error| wish.cannot_open(format!("the system gives no thread ({error})")))?;
        Ok(Self {
            wish,
            words,
            decoder,
            pool,
            waiting,
            watchdog,
            reader,
            heard: Instant::now(),
        })
    }

    /// Decodes everything that waits; the time of the newest frame, which the decoder holds.
    fn newest(&mut self) -> Result<Option<Instant>, Error> {
        let mut newest = None;
        for (packet, at) in self.waiting.take()? {
            self.decoder.feed(&packet);
            while self.decoder.take().is_some() {
                newest = Some(at);
            }
        }
        Ok(newest)
    }
}

/// Reads until it ends; gives the reason.
fn read(mut opened: Opened, waiting: &Waiting, is_intra_only: bool, silence: Duration) -> Error {
    loop {
        let mut packet = Packet::empty();
        opened.watchdog.allow(silence);
        match packet.read(&mut opened.input) {
            Ok(()) if packet.stream() == opened.stream => waiting.put(packet, is_intra_only),
            Ok(()) => {}
            Err(Error::Other {
                errno: libc::EAGAIN,
            }) => std::thread::yield_now(),
            Err(error) => return error,
        }
    }
}

impl FrameSource for Live {
    fn describe(&self) -> SourceInfo {
        SourceInfo {
            words: self.words.clone(),
            frame_rate: self.decoder.frame_rate,
            barcode: false,
        }
    }

    fn next(&mut self, stop: &Stop) -> Result<Captured, SourceError> {
        loop {
            if stop.is_set() {
                return Err(SourceError::Stopped);
            }
            match self.newest() {
                Ok(Some(at)) => {
                    self.heard = Instant::now();
                    return Ok(Captured {
                        picture: self.decoder.picture(&self.pool)?,
                        at,
                        provenance: Arc::clone(&self.decoder.provenance),
                    });
                }
                Ok(None) if self.heard.elapsed() > self.wish.silence => {
                    return Err(self.wish.silent());
                }
                Ok(None) => {}
                Err(Error::Exit) => return Err(self.wish.silent()),
                Err(Error::Eof) => {
                    return Err(self.wish.ended(
                        "it sends nothing more; it was switched off or the connection was closed",
                    ));
                }
                Err(error) => return Err(self.wish.ended(why(error))),
            }
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.watchdog.cancel();
        // The sender is dropped when the thread ends; nothing is ever sent.
        if let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = self.reader.recv_timeout(FAREWELL)
        {
            tracing::warn!("the device does not answer; its reader is left behind");
        }
    }
}
