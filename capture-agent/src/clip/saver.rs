//! Saving as a service: takes the frames at once, makes them safe, then writes the object.
//!
//! Owns the two threads and what is known of each save under way. Whoever asks gets the progress to watch; asked twice,
//! a clip is saved once. Memory: frames are held from the press until the take is written, for at most
//! `MAX_WAITING_SAVES` + 1 saves, each no larger than the ring. What the disk refuses while an object is written is
//! tried again soon, what the writer refuses after the next start, which may be a newer program; the take is safe
//! meanwhile. Only a take that is not what was written is put aside.

use super::object::{self, Coding, ObjectFault};
use super::priority::{self, step_back};
use super::span::run_of;
use super::take::{self, TakeHead};
use super::visit_now::{CurrentVisit, VisitNow, VisitUnread};
use crate::frame::{Frame, StreamName};
use crate::hand_scale::ScaleInForce;
use crate::mask_in_force::MaskInForce;
use crate::ring::Ring;
use crate::spool::{Belongs, Counts, Held, Spool, SpoolError};
use crate::status::{ClipStatus, LastSave, StatusBoard};
use crate::sync::{Stop, held};
use echo_dicom::write::WriteError;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use wire::clip::{ClipGap, MAX_CLIP_SECONDS, SaveWhat, is_view};
use wire::mark::Anchor;
use wire::{CaptureTime, ClipId, ConsultId, RtpTime, StreamId};

/// Saves that may wait while one is being made safe, which takes less than a second.
pub const MAX_WAITING_SAVES: usize = 2;
/// Threads that code a take: a press waits for it.
const TAKE_THREADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);
/// Failed saves remembered.
const MAX_SPENT: usize = 1_024;
/// Whoever saves "the last seconds" means what is seen now: after a source stopped for so long they are refused. A frame
/// that somebody stands on is not, because it is that very one.
pub const OLDEST_SAVE: Duration = Duration::from_secs(30);
/// An object that could not be stored is tried again this often.
const RETRY: Duration = Duration::from_secs(10);
/// Copies are looked through this often, however little happens.
const SWEEP: Duration = Duration::from_secs(600);
/// Time between looks at the stop signal.
const LOOK: Duration = Duration::from_millis(200);

/// What somebody wants to be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// Which it will be.
    pub clip: ClipId,
    /// What.
    pub what: SaveWhat,
    /// View label.
    pub view: Option<String>,
    /// The consult in which somebody asked for it, seeing this very picture; nothing on this device.
    pub asked_in: Option<ConsultId>,
}

/// How far a save is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// Its frames were taken and are being written.
    Waiting,
    /// A crash loses nothing of it any more.
    Safe {
        /// Frames in it.
        frames: u32,
        /// How long after the press.
        after: Duration,
    },
    /// Its object is finished.
    Finished,
    /// There will be none.
    Missing(ClipGap),
}

/// What saving works with.
#[derive(Clone)]
pub struct SaverParts {
    /// Where the frames are.
    pub ring: Arc<Mutex<Ring>>,
    /// The relay's name of the stream.
    pub stream: StreamName,
    /// Where clips go.
    pub spool: Arc<Spool>,
    /// Whom they show.
    pub visit: CurrentVisit,
    /// What the capture clock shows.
    pub now: Arc<dyn Fn() -> CaptureTime + Send + Sync>,
    /// What is covered: clips say when a person saw that nothing names the patient.
    pub mask: MaskInForce,
    /// The depth scale in force.
    pub scale: ScaleInForce,
    /// How objects are coded.
    pub coding: Coding,
    /// Threads that code an object.
    pub object_threads: NonZeroUsize,
    /// Where the state is shown.
    pub board: StatusBoard,
    /// Ends it.
    pub stop: Stop,
}

/// The front of it, for everybody who asks.
#[derive(Clone)]
pub struct Saver {
    shared: Arc<Shared>,
    takes: SyncSender<Job>,
}

struct Shared {
    parts: SaverParts,
    /// Saves under way.
    open: Mutex<BTreeMap<ClipId, Under>>,
    /// Clips that will never be: asked again, later frames must not take their place. The oldest first.
    spent: Mutex<VecDeque<(ClipId, ClipGap)>>,
}

/// A save under way.
struct Under {
    pressed: Instant,
    frames: u32,
    safe: Option<Duration>,
    progress: watch::Sender<Progress>,
}

/// A take to be written.
struct Job {
    head: TakeHead,
    frames: Vec<Frame>,
}

/// What is left to do about a take.
enum Left {
    /// Nothing.
    Nothing,
    /// The disk refused its object, and may have room later.
    Retry,
    /// Its object cannot be written by this program.
    NextStart,
}

/// The two threads' work, to be run by whoever owns threads.
pub struct Work {
    /// Writes takes until the program ends.
    pub takes: Box<dyn FnOnce() + Send>,
    /// Writes objects until the program ends.
    pub objects: Box<dyn FnOnce() + Send>,
}

impl Saver {
    /// Prepares it; nothing is saved before the work runs.
    #[must_use]
    pub fn new(parts: SaverParts) -> (Self, Work) {
        let (takes, jobs) = sync_channel(MAX_WAITING_SAVES);
        let (wake, woken) = sync_channel(1);
        let counts = *parts.spool.counts().borrow();
        parts.board.update(|status| {
            status.clips = Some(ClipStatus {
                counts,
                ..ClipStatus::default()
            });
        });
        let shared = Arc::new(Shared {
            parts,
            open: Mutex::default(),
            spent: Mutex::default(),
        });
        let (writing, coding) = (Arc::clone(&shared), Arc::clone(&shared));
        let work = Work {
            takes: Box::new(move || writing.write_takes(&jobs, &wake)),
            objects: Box::new(move || coding.write_objects(&woken)),
        };
        (Self { shared, takes }, work)
    }

    /// The spool's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.shared.parts.spool.folder()
    }

    /// The spool, for whoever carries clips away.
    #[must_use]
    pub fn spool(&self) -> Arc<Spool> {
        Arc::clone(&self.shared.parts.spool)
    }

    /// Whom clips show, for whoever decides where they may go.
    #[must_use]
    pub fn visit(&self) -> CurrentVisit {
        self.shared.parts.visit.clone()
    }

    /// What the capture clock shows.
    #[must_use]
    pub fn now(&self) -> CaptureTime {
        (self.shared.parts.now)()
    }

    /// Looks whether the visit is about another patient by now, and lets go of the frames of the one before.
    ///
    /// # Errors
    /// `VisitUnread`, with which nothing can be saved.
    pub fn look_at_visit(&self) -> Result<(), VisitUnread> {
        self.shared.visit().map(drop)
    }

    /// How many clips are how far.
    #[must_use]
    pub fn counts(&self) -> watch::Receiver<Counts> {
        self.shared.parts.spool.counts()
    }

    /// The newest frame, by the stream's name and its time.
    #[must_use]
    pub fn newest(&self) -> Option<(StreamId, RtpTime)> {
        let ring = held(&self.shared.parts.ring);
        Some((
            self.shared.parts.stream.get(),
            ring.newest()?.stamp.rtp_time,
        ))
    }

    /// Takes the frames now. Watch what is given for how it goes on; the last value stays.
    #[must_use]
    pub fn save(&self, wish: Wish) -> watch::Receiver<Progress> {
        let pressed = Instant::now();
        let mut open = held(&self.shared.open);
        if let Some(under) = open.get(&wish.clip) {
            return under.progress.subscribe();
        }
        let parts = &self.shared.parts;
        if let Some(gap) = self.shared.spent(wish.clip) {
            return watch::channel(Progress::Missing(gap)).1;
        }
        if let Some(known) = parts.spool.holds(wish.clip) {
            return watch::channel(match known {
                Held::Take => Progress::Safe {
                    frames: 0,
                    after: Duration::ZERO,
                },
                Held::Finished(_) | Held::Gone => Progress::Finished,
            })
            .1;
        }
        let clip = wish.clip;
        let job = match self.shared.job(wish) {
            Ok(job) => job,
            Err(gap) => {
                self.shared.spend(clip, gap);
                return watch::channel(Progress::Missing(gap)).1;
            }
        };
        let frames = u32::try_from(job.frames.len()).unwrap_or(u32::MAX);
        match self.takes.try_send(job) {
            Ok(()) => {}
            Err(fault) => {
                let (words, gap) = match fault {
                    TrySendError::Full(_) => (
                        "too many saves at once; the disk does not keep up",
                        ClipGap::TooMany,
                    ),
                    // Its thread is gone: waiting would not help.
                    TrySendError::Disconnected(_) => (
                        "nothing is saved any more; start the agent again",
                        ClipGap::NotWritten,
                    ),
                };
                self.shared.trouble(Some(words.to_owned()));
                self.shared.spend(clip, gap);
                return watch::channel(Progress::Missing(gap)).1;
            }
        }
        let progress = watch::Sender::new(Progress::Waiting);
        let watched = progress.subscribe();
        let under = Under {
            pressed,
            frames,
            safe: None,
            progress,
        };
        open.insert(clip, under);
        watched
    }
}

impl Shared {
    /// The visit now; the ring holds nothing of the patient before.
    fn visit(&self) -> Result<VisitNow, VisitUnread> {
        let now = self.parts.visit.at((self.parts.now)())?;
        held(&self.parts.ring).cut(now.since);
        Ok(now)
    }

    /// Whether the last seconds are those that are seen.
    fn check_age(&self, ring: &Ring) -> Result<(), ClipGap> {
        let newest = ring.newest().ok_or(ClipGap::Gone)?.stamp.captured_at;
        let age_us = (self.parts.now)().0.saturating_sub(newest.0);
        match Duration::from_micros(age_us) > OLDEST_SAVE {
            true => Err(ClipGap::Stale),
            false => Ok(()),
        }
    }

    /// The frames that are wanted, as they are now.
    fn job(&self, wish: Wish) -> Result<Job, ClipGap> {
        if wish.view.as_deref().is_some_and(|view| !is_view(view)) {
            return Err(ClipGap::Refused);
        }
        let VisitNow { visit, since } = self.visit().map_err(|unread| {
            tracing::error!(clip = %wish.clip, error = %unread, "a clip was not saved: nobody knows whom it would show");
            self.trouble(Some(format!("a clip was NOT saved: {unread}")));
            ClipGap::VisitUnread
        })?;
        let ring = held(&self.parts.ring);
        let (mut frames, still) = match wish.what {
            SaveWhat::Last { seconds } if (1..=MAX_CLIP_SECONDS).contains(&seconds) => {
                self.check_age(&ring)?;
                (ring.last(u64::from(seconds) * 1_000_000), false)
            }
            SaveWhat::Last { .. } => return Err(ClipGap::Refused),
            SaveWhat::Frame {
                anchor: Anchor::Live { rtp_time, .. },
            } => (ring.find(rtp_time).cloned().into_iter().collect(), true),
        };
        drop(ring);
        // One may have been on its way when the ring was cut.
        frames.retain(|frame| frame.stamp.captured_at >= since);
        let frames = run_of(frames);
        let first = frames.first().ok_or(ClipGap::Gone)?.stamp.captured_at;
        let scale = self.parts.scale.for_all_since(first);
        if scale.is_none() && self.parts.scale.now().is_some() {
            tracing::info!(clip = %wish.clip, "the depth scale was marked anew among these frames: they carry none");
        }
        let belongs = wish
            .asked_in
            .map_or_else(|| visit.belongs(), Belongs::Consult);
        let (hidden, of) = (
            self.parts.mask.hides_the_patient(&frames),
            (self.parts.stream.get(), visit, belongs),
        );
        let head = TakeHead::of(&frames, wish.clip, still, wish.view, hidden, scale, of)
            .ok_or(ClipGap::Gone)?;
        Ok(Job { head, frames })
    }

    /// The thread that makes frames safe.
    fn write_takes(&self, jobs: &Receiver<Job>, wake: &SyncSender<()>) {
        step_back(priority::TAKE);
        while !self.parts.stop.is_set() {
            let job = match jobs.recv_timeout(LOOK) {
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let clip = job.head.clip;
            match self.write_take(job) {
                Ok(()) => self.is_safe(clip),
                Err(error) => {
                    tracing::error!(%clip, %error, "a clip could not be saved; the live picture goes on");
                    self.trouble(Some(format!("a clip was NOT saved: {error}")));
                    self.end(clip, Progress::Missing(ClipGap::DeviceStorage));
                }
            }
            // Full means that it is awake already.
            let _ = wake.try_send(());
        }
    }

    fn write_take(&self, job: Job) -> Result<(), SpoolError> {
        let spool = &self.parts.spool;
        let bytes = job.frames.iter().map(|it| it.picture.rows().len() as u64);
        let mut take = spool.begin_take(job.head.clip, bytes.sum())?;
        let written = take::write(&mut take.records, &job.head, job.frames, TAKE_THREADS);
        written.map_err(SpoolError::of_writing)?;
        spool.finish_take(take)
    }

    fn is_safe(&self, clip: ClipId) {
        if let Some(under) = held(&self.open).get_mut(&clip) {
            let (frames, after) = (under.frames, under.pressed.elapsed());
            under.safe = Some(after);
            under
                .progress
                .send_replace(Progress::Safe { frames, after });
            let ms = after.as_millis() as u64;
            tracing::info!(%clip, frames, ms, "a clip is safe on this device");
        }
        self.trouble(None);
    }

    /// The thread that writes objects.
    fn write_objects(&self, woken: &Receiver<()>) {
        step_back(priority::OBJECT);
        // Takes that wait for room; they are tried again.
        let mut waiting: BTreeSet<ClipId> = BTreeSet::new();
        let mut unwritable: BTreeSet<ClipId> = BTreeSet::new();
        let mut retry = Instant::now() + RETRY;
        let mut sweep = Instant::now() + SWEEP;
        while !self.parts.stop.is_set() {
            if Instant::now() >= sweep {
                self.parts.spool.sweep_kept();
                sweep = Instant::now() + SWEEP;
            }
            if Instant::now() >= retry {
                waiting.clear();
            }
            let next = self.parts.spool.takes();
            let rests = |clip: &ClipId| waiting.contains(clip) || unwritable.contains(clip);
            match next.into_iter().find(|clip| !rests(clip)) {
                Some(clip) => match self.write_object(clip) {
                    Left::Nothing => {}
                    Left::Retry => {
                        waiting.insert(clip);
                        retry = Instant::now() + RETRY;
                    }
                    Left::NextStart => {
                        unwritable.insert(clip);
                    }
                },
                None => match woken.recv_timeout(LOOK) {
                    Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                    // The other thread is gone, and so will be this one.
                    Err(RecvTimeoutError::Disconnected) => return,
                },
            }
        }
    }

    fn write_object(&self, clip: ClipId) -> Left {
        let parts = &self.parts;
        let write = |coding| {
            object::write(
                &parts.spool,
                clip,
                coding,
                parts.object_threads,
                &parts.stop,
            )
        };
        let mut written = write(parts.coding);
        if let Err(ObjectFault::Write(WriteError::TooLarge { limit })) = &written
            && matches!(parts.coding, Coding::Rle | Coding::Plain)
        {
            tracing::warn!(%clip, limit, "without loss a clip would be too large; it is written as JPEG");
            written = write(Coding::Jpeg);
        }
        let error = match written {
            Ok(()) => {
                self.is_finished(clip);
                return Left::Nothing;
            }
            Err(ObjectFault::Stopped) => return Left::Nothing,
            Err(error) => error,
        };
        if is_storage(&error) {
            tracing::error!(%clip, %error, "a clip is safe here, but its DICOM object cannot be stored; it is tried again");
            self.trouble(Some(format!("a clip waits on this device: {error}")));
            return Left::Retry;
        }
        let cause = source_of(&error);
        let left = if let ObjectFault::Take(_) = error {
            tracing::error!(%clip, %error, cause, "the frames of a clip are damaged; they are put aside");
            self.trouble(Some(format!("a clip was put aside: {error}")));
            parts.spool.set_aside(clip);
            Left::Nothing
        } else {
            tracing::error!(%clip, %error, cause, "a clip cannot be written as DICOM; its frames stay on this device, and it is tried again after the next start");
            self.trouble(Some(format!(
                "a clip cannot be written, its frames stay on this device: {error}"
            )));
            Left::NextStart
        };
        self.end(clip, Progress::Missing(ClipGap::NotWritten));
        left
    }

    fn is_finished(&self, clip: ClipId) {
        let mut last = None;
        if let Some(under) = held(&self.open).get(&clip) {
            let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
            last = Some(LastSave {
                frames: under.frames,
                safe_ms: ms(under.safe.unwrap_or_default()),
                finished_ms: ms(under.pressed.elapsed()),
            });
        }
        tracing::info!(%clip, "a clip is finished");
        self.parts.board.update(|status| {
            if let (Some(clips), Some(last)) = (&mut status.clips, last) {
                clips.last = Some(last);
            }
        });
        self.end(clip, Progress::Finished);
    }

    fn spent(&self, clip: ClipId) -> Option<ClipGap> {
        let spent = held(&self.spent);
        spent.iter().find(|it| it.0 == clip).map(|it| it.1)
    }

    fn spend(&self, clip: ClipId, gap: ClipGap) {
        let mut spent = held(&self.spent);
        if spent.len() >= MAX_SPENT {
            spent.pop_front();
        }
        spent.push_back((clip, gap));
    }

    fn end(&self, clip: ClipId, progress: Progress) {
        if let Progress::Missing(gap) = progress {
            self.spend(clip, gap);
        }
        if let Some(under) = held(&self.open).remove(&clip) {
            under.progress.send_replace(progress);
        }
    }

    fn trouble(&self, words: Option<String>) {
        self.parts.board.update(|status| {
            if let Some(clips) = &mut status.clips {
                clips.trouble = words;
            }
        });
    }
}

/// Whether the disk is at fault, not the frames.
fn is_storage(error: &ObjectFault) -> bool {
    match error {
        ObjectFault::Spool(_) | ObjectFault::Write(WriteError::Write(_)) => true,
        ObjectFault::Take(crate::spool::RecordFault::Read(error)) => {
            error.kind() != io::ErrorKind::NotFound
        }
        _ => false,
    }
}

/// What lies behind, in words; it names steps and attributes, never values.
fn source_of(error: &ObjectFault) -> String {
    let source = std::error::Error::source(error);
    source.map(ToString::to_string).unwrap_or_default()
}
