//! What is in the journal, for those who read it: the back-fill and tests.
//!
//! Owns the table of durable frames and reading them. Written by the keeper's thread only, after each sync. A journal of
//! hours takes seconds to be looked through; until then, and while there is none, it says that it is not ready.

use crate::sync::held;
use recording::{Event, Frame, FrameEntry, ReadFault, Recording, RecordingDigest, Tick};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use wire::RtpTime;
use wire::backfill::HELD_HASH_BYTES;

/// The frames of a span that somebody holds, and the beginnings of their hashes as far as they are told.
pub type Holds = HashMap<RtpTime, Option<[u8; HELD_HASH_BYTES]>>;

/// The journal, to read. Clones share it.
#[derive(Debug, Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// The last durable frame.
    durable: watch::Sender<Option<Tick>>,
}

#[derive(Debug)]
enum State {
    /// What happened before the folder was looked through.
    Opening(Vec<Event>),
    Open(Box<Recording>),
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            inner: Arc::new(Inner {
                state: Mutex::new(State::Opening(Vec::new())),
                durable: watch::Sender::new(None),
            }),
        }
    }
}

impl Journal {
    /// Of what lies in a folder, with nobody who writes.
    #[cfg(test)]
    pub(crate) fn of(recording: Recording) -> Self {
        let journal = Self::default();
        journal.found(recording);
        journal
    }

    /// The folder was looked through.
    pub(super) fn found(&self, mut recording: Recording) {
        let mut state = held(&self.inner.state);
        if let State::Opening(events) = &*state {
            events.iter().for_each(|event| recording.apply(event));
        }
        let last = recording.table().last_tick();
        *state = State::Open(Box::new(recording));
        drop(state);
        self.inner.durable.send_if_modified(|durable| {
            let newer = last > *durable;
            *durable = last.max(*durable);
            newer
        });
    }

    /// The writer says what happened.
    pub(super) fn apply(&self, event: Event) {
        let last = match &event {
            Event::Durable { frames } => frames.iter().map(|frame| frame.at).max(),
            _ => None,
        };
        match &mut *held(&self.inner.state) {
            State::Opening(events) => events.push(event),
            State::Open(recording) => recording.apply(&event),
        }
        if last.is_some() {
            self.inner
                .durable
                .send_modify(|durable| *durable = last.max(*durable));
        }
    }

    /// The moment up to which it is durable.
    #[must_use]
    pub fn durable(&self) -> watch::Receiver<Option<Tick>> {
        self.inner.durable.subscribe()
    }

    /// Whether its folder was looked through.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(&*held(&self.inner.state), State::Open(_))
    }

    /// What it says of a span; nothing while it is not ready.
    #[must_use]
    pub fn fingerprint(&self, span: RangeInclusive<Tick>) -> Option<RecordingDigest> {
        self.with(|recording| recording.table().fingerprint(span))
    }

    /// Reads the frames of a span and states what they are; nothing while it is not ready.
    pub fn digest(&self, span: RangeInclusive<Tick>) -> Option<Result<RecordingDigest, ReadFault>> {
        self.with(|recording| recording.digest(span))
    }

    /// The frames of a span that somebody does not hold, or holds with other bytes, oldest first.
    #[must_use]
    pub fn lacking(&self, span: RangeInclusive<Tick>, holds: &Holds) -> Vec<FrameEntry> {
        let is_lacking = |frame: &&FrameEntry| match holds.get(&frame.at.rtp_time()) {
            None => true,
            Some(None) => false,
            Some(Some(hash)) => !frame.hash.0.starts_with(hash),
        };
        let frames = self.with(|recording| {
            let frames = recording.table().range(span).filter(is_lacking);
            frames.copied().collect()
        });
        frames.unwrap_or_default()
    }

    /// Reads one frame. Blocks as long as the disk does.
    pub fn read(&self, entry: &FrameEntry) -> Option<Frame<'static>> {
        self.with(|recording| recording.read(entry).ok()).flatten()
    }

    /// First and last frame of this consult, and how many there are.
    pub(super) fn extent(&self) -> Option<(Tick, Tick)> {
        self.with(|recording| {
            let table = recording.table();
            Some((table.first()?.at, table.last_tick()?))
        })
        .flatten()
    }

    fn with<T>(&self, look: impl FnOnce(&mut Recording) -> T) -> Option<T> {
        match &mut *held(&self.inner.state) {
            State::Opening(_) => None,
            State::Open(recording) => Some(look(recording)),
        }
    }
}
