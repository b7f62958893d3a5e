//! The connections over which clips come, and who writes which clip.
//!
//! Owns the table that leads from a media session to the task of its channel `clips`, bounded, and the claims on half files:
//! a device that comes back before its old connection is known to be dead takes its clips over. Counts how often reading a file took too
//! long, so that none is carried here again for ever; a restart counts anew. It does no input or output.
//! Invariant: a clip of a consult has one writer at most.

use crate::sfu::{ClipPart, MediaSessionId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use wire::clip::ClipGap;
use wire::original::Digest;
use wire::{ClipId, ConsultId};

/// Messages that wait for one connection's task: 8 MiB of pieces, some seconds of a fast link while the disk stands still.
pub(super) const MAX_JOBS: usize = 512;
/// Of these so many are for what is not a piece of a clip.
const KEPT_FREE: usize = 64;
/// How long the connection that a clip comes over next waits for the one before to let go.
const TAKE_OVER: Duration = Duration::from_secs(5);

/// Times in all that a file is carried here again soon because reading it took too long.
const MAX_LATE: u32 = 5;
/// Files of which that is counted; then it begins anew.
const MAX_COUNTED: usize = 1024;

/// What the task of a connection is to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Something came.
    Part(ClipPart),
    /// The log has this clip: the device may let its copy go.
    LetGo(ClipId),
    /// Another connection of the device sends this clip now.
    Yield(ClipId),
}

/// A connection's task, from outside.
#[derive(Debug)]
struct Line {
    consult: ConsultId,
    jobs: mpsc::Sender<Job>,
    /// Pieces were dropped.
    gap: Arc<AtomicBool>,
}

/// All connections.
#[derive(Debug, Default)]
pub struct Lines {
    table: Mutex<Table>,
    released: Notify,
}

#[derive(Debug, Default)]
struct Table {
    lines: HashMap<MediaSessionId, Line>,
    writers: HashMap<(ConsultId, ClipId), MediaSessionId>,
    late: HashMap<(ConsultId, ClipId, Digest), u32>,
}

/// What the task of a connection works on.
pub(super) struct LineEnd {
    pub(super) jobs: mpsc::Receiver<Job>,
    pub(super) gap: Arc<AtomicBool>,
}

impl Lines {
    /// Gives a message to the task of its connection. When there is none yet, gives the end that a task must take; false
    /// means that the message was dropped.
    pub(super) fn give(
        &self,
        (consult, session): (ConsultId, MediaSessionId),
        part: ClipPart,
    ) -> (Option<LineEnd>, bool) {
        let mut table = self.lock();
        let mut fresh = None;
        let line = table.lines.entry(session).or_insert_with(|| {
            let (sender, jobs) = mpsc::channel(MAX_JOBS);
            let gap = Arc::new(AtomicBool::new(false));
            fresh = Some(LineEnd {
                jobs,
                gap: Arc::clone(&gap),
            });
            Line {
                consult,
                jobs: sender,
                gap,
            }
        });
        let is_piece = matches!(part, ClipPart::Piece(_));
        let crowded = is_piece && line.jobs.capacity() <= KEPT_FREE;
        let taken = !crowded && line.jobs.try_send(Job::Part(part)).is_ok();
        if !taken {
            line.gap.store(true, Ordering::Relaxed);
        }
        (fresh, taken)
    }

    /// A connection that waits when its task does not keep up, and loses nothing.
    pub(super) fn open(
        &self,
        (consult, session): (ConsultId, MediaSessionId),
    ) -> (mpsc::Sender<Job>, LineEnd) {
        let (sender, jobs) = mpsc::channel(MAX_JOBS);
        let gap = Arc::<AtomicBool>::default();
        let line = Line {
            consult,
            jobs: sender.clone(),
            gap: Arc::clone(&gap),
        };
        self.lock().lines.insert(session, line);
        (sender, LineEnd { jobs, gap })
    }

    /// A connection is gone; its task finishes what it has and ends.
    pub(super) fn gone(&self, session: MediaSessionId) {
        self.lock().lines.remove(&session);
    }

    /// The log has a clip for good. Whoever does not hear offers it again when it comes back.
    pub(super) fn let_go(&self, consult: ConsultId, clip: ClipId) {
        for line in self.lock().lines.values() {
            if line.consult == consult {
                let _ = line.jobs.try_send(Job::LetGo(clip));
            }
        }
    }

    /// Becomes the one that writes a clip. False when the one before does not let go.
    pub(super) async fn claim(
        &self,
        consult: ConsultId,
        clip: ClipId,
        session: MediaSessionId,
    ) -> bool {
        let taking = async {
            loop {
                let released = self.released.notified();
                tokio::pin!(released);
                released.as_mut().enable();
                if self.try_claim(consult, clip, session) {
                    return;
                }
                released.await;
            }
        };
        tokio::time::timeout(TAKE_OVER, taking).await.is_ok()
    }

    fn try_claim(&self, consult: ConsultId, clip: ClipId, session: MediaSessionId) -> bool {
        let mut table = self.lock();
        let writer = *table.writers.entry((consult, clip)).or_insert(session);
        if writer != session
            && let Some(line) = table.lines.get(&writer)
        {
            let _ = line.jobs.try_send(Job::Yield(clip));
        }
        writer == session
    }

    /// Ends a claim.
    pub(super) fn release(&self, consult: ConsultId, clip: ClipId, session: MediaSessionId) {
        let mut table = self.lock();
        if table.writers.get(&(consult, clip)) == Some(&session) {
            table.writers.remove(&(consult, clip));
        }
        drop(table);
        self.released.notify_waiters();
    }

    /// Whether somebody writes a clip now.
    pub(super) fn is_written(&self, consult: ConsultId, clip: ClipId) -> bool {
        self.lock().writers.contains_key(&(consult, clip))
    }

    /// Reading a file took too long, once more: what whoever brought it hears. It comes again soon some times, all of it; then seldom.
    pub(super) fn is_late(&self, consult: ConsultId, clip: ClipId, digest: Digest) -> ClipGap {
        let late = &mut self.lock().late;
        let file = (consult, clip, digest);
        if late.len() >= MAX_COUNTED && !late.contains_key(&file) {
            late.clear();
        }
        let times = late.entry(file).or_default();
        *times = times.saturating_add(1);
        match *times < MAX_LATE {
            true => ClipGap::RelayStorage,
            false => ClipGap::Refused,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use uuid::Uuid;

    fn session(number: u128) -> MediaSessionId {
        MediaSessionId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn pieces_that_come_too_fast_are_dropped_and_texts_still_get_through() {
        let (lines, consult) = (Lines::default(), ConsultId::random());
        let to = (consult, session(1));
        let piece = || ClipPart::Piece(Bytes::from_static(b"x"));
        let (end, taken) = lines.give(to, piece());
        let end = end.unwrap();
        assert!(taken && lines.give(to, piece()).0.is_none());
        let dropped = (0..MAX_JOBS).filter(|_| !lines.give(to, piece()).1).count();
        assert_eq!(dropped, KEPT_FREE + 2);
        assert!(end.gap.load(Ordering::Relaxed));
        assert!(lines.give(to, ClipPart::Text("{}".into())).1);
    }

    #[test]
    fn a_file_that_is_read_too_slowly_is_not_carried_again_for_ever() {
        let (lines, consult, clip) = (Lines::default(), ConsultId::random(), ClipId::random());
        let late = |number| lines.is_late(consult, clip, Digest::from_bytes([number; 32]));
        for _ in 1..MAX_LATE {
            assert_eq!(late(1), ClipGap::RelayStorage);
        }
        assert_eq!(late(1), ClipGap::Refused);
        assert_eq!(late(1), ClipGap::Refused, "it is not forgotten");
        assert_eq!(late(2), ClipGap::RelayStorage, "another file of that clip");
    }

    #[tokio::test]
    async fn a_device_that_comes_back_takes_its_clip_over() {
        let lines = Arc::new(Lines::default());
        let (consult, clip) = (ConsultId::random(), ClipId::random());
        let text = || ClipPart::Text("{}".into());
        let (old, _) = lines.give((consult, session(1)), text());
        let mut old = old.unwrap();
        assert!(lines.claim(consult, clip, session(1)).await);
        assert!(lines.is_written(consult, clip));
        let next = Arc::clone(&lines);
        let taking = tokio::spawn(async move { next.claim(consult, clip, session(2)).await });
        assert!(matches!(old.jobs.recv().await, Some(Job::Part(_))));
        assert!(matches!(old.jobs.recv().await, Some(Job::Yield(of)) if of == clip));
        lines.release(consult, clip, session(1));
        assert!(taking.await.unwrap());
        lines.release(consult, clip, session(1));
        assert!(lines.is_written(consult, clip), "not its claim any more");
    }
}
