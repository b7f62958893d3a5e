//! What the spool does when it is opened: it brings into order whatever a crash left.
//!
//! Owns the meaning of each combination of files. Half-written files are cleared; a finished object with its sidecar is
//! unsent; an object without a sidecar was being written by an older agent when its take is there, so it goes and is written again; a
//! sidecar without an object was being presented or let go. What no crash can leave is put aside, never deleted and never
//! presented. Names are made durable before anything is told or taken away because of them: the crash before may have come between
//! a name and its sync.

use super::files::Files;
use super::layout::{Layout, clips_in, parts_in};
use super::state::{Copied, Sidecar, State};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use wire::ClipId;

/// Largest sidecar read: a head and `MAX_CLIP_FRAMES` times take about 40 kB.
pub(super) const MAX_SIDECAR_BYTES: u64 = 256 * 1024;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Takes whose objects are still to be written.
    pub takes: usize,
    /// Finished objects to be offered.
    pub unsent: usize,
    /// Half-written files that were removed.
    pub cleared: usize,
    /// Clips put aside because the disk spoilt them.
    pub damaged: usize,
}

/// Brings the folder into order and says what it holds.
pub(super) fn recover(layout: &Layout, files: &dyn Files) -> io::Result<(State, Recovered)> {
    let mut recovered = Recovered::default();
    for folder in [layout.takes(), layout.clips(), layout.kept()] {
        for path in parts_in(&folder)? {
            files.remove(&path)?;
            recovered.cleared += 1;
        }
    }
    for folder in [layout.takes(), layout.clips(), layout.kept(), layout.sent()] {
        files.sync_folder(&folder)?;
    }
    let mut state = State::default();
    state.takes.extend(clips_in(&layout.takes(), "take")?);
    let objects: BTreeMap<ClipId, u64> = clips_in(&layout.clips(), "dcm")?.into_iter().collect();
    let mut finished = Vec::new();
    for (clip, bytes) in clips_in(&layout.clips(), "json")? {
        match (
            objects.get(&clip),
            read_sidecar(&layout.sidecar(clip), clip),
        ) {
            (None, _) => {
                files.remove(&layout.sidecar(clip))?;
                recovered.cleared += 1;
            }
            (Some(length), Some(sidecar)) if sidecar.head.bytes == *length => {
                let order = (sidecar.place, sidecar.head.taken_at, clip);
                finished.push((order, sidecar.finished()));
            }
            _ => {
                tracing::error!(%clip, bytes, "a clip on this device is damaged; it is put aside");
                set_aside_object(layout, files, clip);
                recovered.damaged += 1;
            }
        }
    }
    finished.sort_unstable_by_key(|(order, _)| *order);
    for ((place, _, clip), known) in finished {
        state.next_place = place;
        state.finished.insert(clip, known);
        state.order.push(clip);
    }
    for clip in objects.keys().filter(|it| !state.finished.contains_key(it)) {
        if !layout.object(*clip).exists() {
            continue; // Put aside above.
        }
        if state.takes.contains_key(clip) {
            files.remove(&layout.object(*clip))?;
            recovered.cleared += 1;
        } else {
            tracing::error!(%clip, "an object on this device has lost its description; it is put aside");
            set_aside_object(layout, files, *clip);
            recovered.damaged += 1;
        }
    }
    let done = |it: &ClipId| state.finished.contains_key(it);
    let over: Vec<ClipId> = state.takes.keys().copied().filter(done).collect();
    for clip in over {
        files.remove(&layout.take(clip))?;
        state.takes.remove(&clip);
    }
    let kept = clips_in(&layout.kept(), "dcm")?;
    state
        .kept
        .extend(oldest_first(kept, |clip| layout.kept_object(clip)));
    let sent = clips_in(&layout.sent(), "sent")?;
    for Copied { clip, .. } in oldest_first(sent, |clip| layout.sent_mark(clip)) {
        if let Some(forgotten) = state.gone.add(clip) {
            files.remove(&layout.sent_mark(forgotten))?;
        }
    }
    recovered.takes = state.takes.len();
    recovered.unsent = state.finished.len();
    Ok((state, recovered))
}

fn oldest_first(clips: Vec<(ClipId, u64)>, path: impl Fn(ClipId) -> PathBuf) -> Vec<Copied> {
    let mut clips: Vec<Copied> = clips
        .into_iter()
        .map(|(clip, bytes)| {
            let written = fs::metadata(path(clip)).and_then(|it| it.modified());
            // Without a time it is as old as can be.
            let since = written.unwrap_or(SystemTime::UNIX_EPOCH);
            Copied { clip, bytes, since }
        })
        .collect();
    clips.sort_by_key(|it| it.since);
    clips
}

/// What is said of an object, if it makes sense.
pub(super) fn read_sidecar(path: &Path, clip: ClipId) -> Option<Sidecar> {
    if fs::metadata(path).ok()?.len() > MAX_SIDECAR_BYTES {
        return None;
    }
    let sidecar: Sidecar = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let whole = sidecar.head.clip == clip && sidecar.head.check(&sidecar.times).is_ok();
    whole.then_some(sidecar)
}

/// Puts everything of a clip aside.
pub(super) fn set_aside(layout: &Layout, files: &dyn Files, clip: ClipId) {
    move_aside(layout, files, &layout.take(clip));
    set_aside_object(layout, files, clip);
}

fn set_aside_object(layout: &Layout, files: &dyn Files, clip: ClipId) {
    move_aside(layout, files, &layout.sidecar(clip));
    move_aside(layout, files, &layout.object(clip));
}

fn move_aside(layout: &Layout, files: &dyn Files, path: &Path) {
    let Some(name) = path.file_name().filter(|_| path.exists()) else {
        return;
    };
    if let Err(error) = files.rename(path, &layout.damaged().join(name)) {
        tracing::error!(%error, "a damaged clip could not be put aside");
    }
}
