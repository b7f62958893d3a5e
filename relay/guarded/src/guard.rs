//! The readers of this process: how many there are, whose file each one has, and who waits.
//!
//! Owns a bounded pool. One thread starts readers ahead, so that one is always confined and waiting; it lives as long as
//! the guard, because readers die with the thread that started them. A reader gets one file, stays with it while there is
//! room, and is never given another. Invariant: at most `MAX_READERS` have a file, one more waits for one, and each that
//! leaves the pool is killed and waited for.

use crate::clip::GuardedClip;
use crate::process::Process;
use crate::refusal::Fate;
use echo_dicom::ClipError;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The first argument of a program that is to be a reader.
pub(crate) const READER: &str = "confined-reader";
/// Readers that have a file: what is shown, what comes next, and what is taken in. Each may take 256 MiB.
pub const MAX_READERS: usize = 3;
/// Of these, readers that hold a large picture whole, because its decoder gives no rows: at work or waiting with it.
pub const MAX_LARGE_READERS: usize = 1;
/// The longest that a reader may take for one answer.
pub const JOB_TIME: Duration = Duration::from_secs(5);
/// Jobs that one reader does: what a decoder leaks or has been made to write somewhere does not grow old.
const JOBS_PER_READER: u32 = 10_000;
/// Time of its jobs. With the longest of them and three threads that decode, or with the steps to one picture of a video, it stays
/// within the processor time that it has.
const TIME_PER_READER: Duration = Duration::from_secs(15);
/// The same for a reader of a video: each frame stands on those before, and the next reader would have to begin at the key frame. With the
/// steps to one more picture it stays within that processor time too.
const TIME_PER_VIDEO_READER: Duration = Duration::from_secs(45);
/// Who finds all readers at work waits for so long: for two of the longest jobs.
const MAX_WAIT: Duration = Duration::from_secs(12);

/// What is started as a reader.
#[derive(Debug, Clone)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// Its first argument.
    pub argument: String,
}

impl Program {
    /// The program that runs now, even if its file was replaced since.
    #[must_use]
    pub fn this() -> Self {
        Self {
            path: PathBuf::from("/proc/self/exe"),
            argument: READER.to_owned(),
        }
    }
}

/// Opens foreign files. Clones share the readers.
#[derive(Debug, Clone)]
pub struct Guard(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    program: Program,
    /// Readers that wait for a file, from the thread that starts them; it begins with the first file.
    fresh: OnceLock<Mutex<Receiver<Result<Process, Fate>>>>,
    seats: Mutex<Seats>,
    freed: Condvar,
    next_file: AtomicU64,
}

/// What a reader holds for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Some rows, or a picture that is not large.
    Rows,
    /// A large picture, until it is given.
    Picture,
}

/// Which file a reader has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId(u64);

#[derive(Debug, Default)]
struct Seats {
    /// Readers that wait for the next question about their file, the one that waits longest first.
    idle: Vec<Waiting>,
    /// Readers that are at work or about to be.
    busy: usize,
    /// Those of them that may hold a large picture.
    busy_large: usize,
}

/// A reader that waits with its file.
#[derive(Debug)]
struct Waiting {
    file: FileId,
    reader: Process,
}

impl Seats {
    /// A seat for a file, if one can be had now: the reader that leaves for it, and the one of the file.
    fn take(&mut self, file: FileId, held: Held) -> Option<(Option<Waiting>, Option<Waiting>)> {
        let is_large = held == Held::Picture;
        if is_large && self.busy_large >= MAX_LARGE_READERS {
            return None;
        }
        let own = self.idle.iter().position(|it| it.file == file);
        let has_room = own.is_some() || self.idle.len() + self.busy < MAX_READERS;
        if !has_room && self.idle.is_empty() {
            return None;
        }
        let own = own.map(|at| self.idle.remove(at));
        let leaving = (!has_room).then(|| self.idle.remove(0));
        self.busy += 1;
        self.busy_large += usize::from(is_large);
        Some((leaving, own))
    }
}

impl Guard {
    /// The guard of this process, whose readers are this program.
    #[must_use]
    pub fn of_this_program() -> Self {
        static GUARD: OnceLock<Guard> = OnceLock::new();
        GUARD.get_or_init(|| Self::with(Program::this())).clone()
    }

    /// A guard with readers of its own.
    #[must_use]
    pub fn with(program: Program) -> Self {
        Self(Arc::new(Shared {
            program,
            fresh: OnceLock::new(),
            seats: Mutex::default(),
            freed: Condvar::new(),
            next_file: AtomicU64::new(0),
        }))
    }

    /// Opens a file that is whole. Blocks.
    ///
    /// # Errors
    /// The step that failed, here or in the reader.
    pub fn open(&self, path: &Path) -> Result<GuardedClip, ClipError> {
        GuardedClip::open(self, path, None)
    }

    /// Opens a file that is still being written from its start and will have `whole_bytes` bytes. Blocks.
    ///
    /// # Errors
    /// `ReadFile` with an early end while too little is there, otherwise the step that failed.
    pub fn open_arriving(&self, path: &Path, whole_bytes: u64) -> Result<GuardedClip, ClipError> {
        GuardedClip::open(self, path, Some(whole_bytes))
    }

    pub(crate) fn new_file(&self) -> FileId {
        FileId(self.0.next_file.fetch_add(1, Ordering::Relaxed))
    }

    /// A seat with the reader of this file if it has one that waits, else with a fresh one.
    pub(crate) fn seat(&self, file: FileId) -> Result<Seat<'_>, Fate> {
        self.seat_for(file, Held::Rows)
    }

    /// The same for what its reader will hold: one that holds a large picture is waited for. A video that waits for its next question keeps its
    /// reader, although that has large pictures too: it would have to begin anew at every other picture.
    pub(crate) fn seat_for(&self, file: FileId, held: Held) -> Result<Seat<'_>, Fate> {
        let (leaving, waited) = self.wait_for_seat(file, held)?;
        drop(leaving);
        let mut seat = Seat {
            guard: self,
            file,
            reader: None,
            is_fresh: waited.is_none(),
            is_large: held == Held::Picture,
        };
        seat.reader = Some(match waited {
            Some(waited) => waited.reader,
            None => self.fresh()?,
        });
        Ok(seat)
    }

    /// Takes a seat; gives the reader that had to leave for it, and the one of the file.
    fn wait_for_seat(
        &self,
        file: FileId,
        held: Held,
    ) -> Result<(Option<Waiting>, Option<Waiting>), Fate> {
        let until = Instant::now() + MAX_WAIT;
        let mut seats = self.seats();
        loop {
            if let Some(taken) = seats.take(file, held) {
                return Ok(taken);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Fate::Busy);
            }
            seats = self
                .0
                .freed
                .wait_timeout(seats, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn fresh(&self) -> Result<Process, Fate> {
        let fresh = self.0.fresh.get_or_init(|| Mutex::new(self.start_ahead()));
        let waiting = fresh.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.recv_timeout(JOB_TIME * 2) {
            Ok(started) => started,
            Err(RecvTimeoutError::Timeout) => Err(Fate::NoReader("none begins in time".to_owned())),
            Err(RecvTimeoutError::Disconnected) => {
                let why = "the system gives no thread to start them".to_owned();
                Err(Fate::NoReader(why))
            }
        }
    }

    /// Starts one reader after the other, the next when the one before was taken, until the guard is gone.
    fn start_ahead(&self) -> Receiver<Result<Process, Fate>> {
        let (sender, receiver) = sync_channel(0);
        let program = self.0.program.clone();
        let work = move || while sender.send(Process::start(&program)).is_ok() {};
        // Without the thread nobody sends, which is seen by whoever waits.
        let _ = std::thread::Builder::new()
            .name("readers".to_owned())
            .spawn(work);
        receiver
    }

    /// Lets the reader of a file go that nobody asks about any more.
    pub(crate) fn forget(&self, file: FileId) {
        let mut gone = Vec::new();
        let mut seats = self.seats();
        while let Some(at) = seats.idle.iter().position(|it| it.file == file) {
            gone.push(seats.idle.remove(at));
        }
        drop(seats);
        if !gone.is_empty() {
            drop(gone);
            self.0.freed.notify_all();
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.0.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reader at work. It leaves the pool unless it is kept.
#[derive(Debug)]
pub(crate) struct Seat<'a> {
    guard: &'a Guard,
    file: FileId,
    reader: Option<Process>,
    /// It has no file yet.
    pub(crate) is_fresh: bool,
    /// Its reader holds a large picture while it works.
    is_large: bool,
}

impl Seat<'_> {
    pub(crate) fn reader(&mut self) -> Result<&mut Process, Fate> {
        self.reader.as_mut().ok_or(Fate::Ended)
    }

    /// Its reader answered as one does: it waits for the next question.
    pub(crate) fn keep(self) {
        self.keep_for(TIME_PER_READER);
    }

    /// The same with the reader of a video.
    pub(crate) fn keep_on_its_way(self) {
        self.keep_for(TIME_PER_VIDEO_READER);
    }

    fn keep_for(mut self, time: Duration) {
        let kept = self.reader.take();
        let kept = kept.filter(|it| !it.is_worn(JOBS_PER_READER, time));
        if let Some(reader) = kept {
            self.guard.seats().idle.push(Waiting {
                file: self.file,
                reader,
            });
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        // Killed before its seat is another's, so that there are never more than there may be.
        drop(self.reader.take());
        let mut seats = self.guard.seats();
        seats.busy -= 1;
        seats.busy_large -= usize::from(self.is_large);
        drop(seats);
        // All, because not each who waits can use each seat.
        self.guard.0.freed.notify_all();
    }
}
