//! Recordings that are open.
//!
//! Owns a bounded list of recordings with their tables, so that a replay that jumps about reads a recording once, and looking
//! again at those that still grow. Voices are read anew as soon as anything of them on the disk is otherwise than it was: what
//! is discarded is discarded here too. Blocks: whoever calls is where that is allowed.

use super::pictures;
use super::playable::playable;
use super::pointers;
use super::voices::{PlacedTrack, placed};
use crate::recording::{recorded_voices, voices_on_disk};
use recording::{FrameEntry, PointerMove, Recording, Tick};
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use thiserror::Error;
use wire::replay::{ReplayFrames, ReplayPicture, ReplayPointers, ReplayVoice};
use wire::{ConsultId, RelayTime, StreamId};

/// Recordings that stay open: what the people of a few consults look at. The table of an hour takes some 9 MB.
const MAX_OPEN_RECORDINGS: usize = 8;
/// Consults whose voices stay in memory: an hour of speech takes some 20 MB, one of three busy pointers 4 MB.
const MAX_OPEN_VOICES: usize = 2;
/// Streams of one consult that are looked at; each takes a publication of its own device.
const MAX_STREAMS: usize = 64;
/// A recording is looked at again when it was not for so long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A recording could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordedFault {
    /// There is none.
    #[error("nothing of it was recorded")]
    Nothing,
    /// The system could not read it.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
}

struct OpenRecording {
    consult: ConsultId,
    stream: StreamId,
    recording: Recording,
    /// One frame for each moment, as a decoder takes them.
    chosen: Vec<FrameEntry>,
    looked_at: Instant,
}

struct OpenVoices {
    consult: ConsultId,
    /// What lay on the disk when they were read.
    disk: Vec<(PathBuf, u64)>,
    kept: Arc<Kept>,
}

/// What was kept of a consult with a consent.
#[derive(Default)]
struct Kept {
    tracks: Vec<PlacedTrack>,
    moves: Vec<PointerMove>,
}

/// Open recordings. Clones share them.
#[derive(Clone)]
pub struct RecordedShelf {
    inner: Arc<Inner>,
}

struct Inner {
    pictures: PathBuf,
    voices: PathBuf,
    open: Mutex<VecDeque<Arc<Mutex<OpenRecording>>>>,
    open_voices: Mutex<VecDeque<OpenVoices>>,
}

impl RecordedShelf {
    /// Over the folders of recorded pictures and voices.
    #[must_use]
    pub fn new(pictures: PathBuf, voices: PathBuf) -> Self {
        Self {
            inner: Arc::new(Inner {
                pictures,
                voices,
                open: Mutex::default(),
                open_voices: Mutex::default(),
            }),
        }
    }

    /// What was recorded of the pictures of a consult, in order of their first frames.
    ///
    /// # Errors
    /// `Read`; nothing recorded is an empty list.
    pub fn pictures(&self, consult: ConsultId) -> Result<Vec<ReplayPicture>, RecordedFault> {
        let entries = match std::fs::read_dir(self.inner.pictures.join(consult.to_string())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries.take(MAX_STREAMS) {
            let entry = entry?;
            // A link may lead anywhere; what is named otherwise is not ours.
            let name = entry.file_name();
            let stream = name.to_str().and_then(|name| name.parse().ok());
            let Some(stream) = stream.filter(|_| entry.file_type().is_ok_and(|it| it.is_dir()))
            else {
                continue;
            };
            let open = self.open(consult, stream)?;
            found.extend(pictures::about(stream, &lock(&open).recording));
        }
        found.sort_by_key(|picture| (picture.first, picture.stream));
        Ok(found)
    }

    /// A part of the frame table of a stream.
    ///
    /// # Errors
    /// `RecordedFault`.
    pub fn frames(
        &self,
        (consult, stream): (ConsultId, StreamId),
        from: Tick,
    ) -> Result<ReplayFrames, RecordedFault> {
        let open = self.open(consult, stream)?;
        let open = lock(&open);
        Ok(pictures::frames(&open.recording, &open.chosen, from))
    }

    /// Access units of a stream, in the form of `wire::replay`.
    ///
    /// # Errors
    /// `RecordedFault`.
    pub fn units(
        &self,
        (consult, stream): (ConsultId, StreamId),
        (from, until): (Tick, Tick),
    ) -> Result<Vec<u8>, RecordedFault> {
        let open = self.open(consult, stream)?;
        let mut open = lock(&open);
        let OpenRecording {
            recording, chosen, ..
        } = &mut *open;
        Ok(pictures::units(recording, chosen, (from, until)))
    }

    /// Recorded voices of a consult.
    ///
    /// # Errors
    /// `Read`; nothing recorded is an empty list.
    pub fn voices(&self, consult: ConsultId) -> Result<Vec<ReplayVoice>, RecordedFault> {
        let kept = self.kept(consult)?;
        Ok(kept.tracks.iter().map(PlacedTrack::about).collect())
    }

    /// How many moves of pointers there are beside them.
    ///
    /// # Errors
    /// `Read`.
    pub fn moves(&self, consult: ConsultId) -> Result<u32, RecordedFault> {
        let moves = self.kept(consult)?.moves.len();
        Ok(u32::try_from(moves).unwrap_or(u32::MAX))
    }

    /// A part of the track of pointers, from this moment on.
    ///
    /// # Errors
    /// `Read`; nothing recorded is an empty list.
    pub fn pointers(
        &self,
        consult: ConsultId,
        from: RelayTime,
    ) -> Result<ReplayPointers, RecordedFault> {
        Ok(pointers::part(&self.kept(consult)?.moves, from))
    }

    /// Packets of a voice, in the form of `wire::replay`.
    ///
    /// # Errors
    /// `RecordedFault`.
    pub fn voice(
        &self,
        consult: ConsultId,
        track: &str,
        from: RelayTime,
    ) -> Result<Vec<u8>, RecordedFault> {
        let kept = self.kept(consult)?;
        let track = kept.tracks.iter().find(|held| held.is_called(track));
        Ok(track.ok_or(RecordedFault::Nothing)?.packets(from))
    }

    fn kept(&self, consult: ConsultId) -> Result<Arc<Kept>, RecordedFault> {
        let disk = voices_on_disk(&self.inner.voices, consult);
        let mut open = lock(&self.inner.open_voices);
        if let Some(held) = open
            .iter()
            .find(|held| held.consult == consult && held.disk == disk)
        {
            return Ok(Arc::clone(&held.kept));
        }
        open.retain(|held| held.consult != consult);
        if disk.is_empty() {
            return Ok(Arc::default());
        }
        let found = recorded_voices(&self.inner.voices, consult)?;
        let kept = Arc::new(Kept {
            tracks: placed(&found)?,
            moves: pointers::moves(&found)?,
        });
        if open.len() >= MAX_OPEN_VOICES {
            open.pop_front();
        }
        open.push_back(OpenVoices {
            consult,
            disk,
            kept: Arc::clone(&kept),
        });
        Ok(kept)
    }

    /// The recording of a stream as it is now, or was a moment ago. It is the last to be closed.
    fn open(
        &self,
        consult: ConsultId,
        stream: StreamId,
    ) -> Result<Arc<Mutex<OpenRecording>>, RecordedFault> {
        let is_it = |held: &Arc<Mutex<OpenRecording>>| {
            let held = lock(held);
            (held.consult, held.stream) == (consult, stream)
        };
        let known = {
            let mut open = lock(&self.inner.open);
            let place = open.iter().position(is_it);
            let held = place.and_then(|place| open.remove(place));
            open.extend(held.clone());
            held
        };
        if let Some(held) = known {
            let mut opened = lock(&held);
            if opened.looked_at.elapsed() >= LOOK_AGAIN {
                opened.recording.renew()?;
                opened.chosen = playable(opened.recording.table());
                opened.looked_at = Instant::now();
            }
            drop(opened);
            return Ok(held);
        }
        let folder = self.inner.pictures.join(consult.to_string());
        let folder = folder.join(stream.to_string());
        if !folder.is_dir() {
            return Err(RecordedFault::Nothing);
        }
        let recording = Recording::open(&folder, stream)?;
        let opened = Arc::new(Mutex::new(OpenRecording {
            consult,
            stream,
            chosen: playable(recording.table()),
            recording,
            looked_at: Instant::now(),
        }));
        let mut open = lock(&self.inner.open);
        while open.len() >= MAX_OPEN_RECORDINGS {
            open.pop_front();
        }
        open.push_back(Arc::clone(&opened));
        Ok(opened)
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
