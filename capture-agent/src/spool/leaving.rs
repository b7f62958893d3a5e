//! How a clip leaves: let go once the relay has it, its copy kept for a while, and gone when there is need of room.
//!
//! Owns the order in which the files of a clip go, and the two bounds that copies make room for: that of the spool, and the
//! disk's own. Invariant: only copies of clips that the relay has ever go, and none where all of them together would not do.

use super::age::{Moment, SetBy};
use super::state::{AfterKept, Copied, KEPT_FOR, SpoolError, State, failed};
use super::store::Spool;
use crate::sync::held;
use std::fs::File;
use std::io;
use std::time::SystemTime;
use wire::ClipId;

/// Bytes of the disk that clips never take: the system and the log need room to tell what is wrong.
const SPARE_ROOM_BYTES: u64 = 256 << 20;
/// Clips held at most, whatever their size: each is named in memory and offered after each connect.
const MAX_CLIPS: usize = 10_000;

impl Spool {
    /// The relay has it: the copy goes, or becomes one that may go.
    ///
    /// # Errors
    /// The step that failed; it is offered again and answered again.
    pub fn let_go(&self, clip: ClipId) -> Result<(), SpoolError> {
        let known = held(&self.state).finished.get(&clip).copied();
        let Some(finished) = known else {
            return Ok(());
        };
        if finished.exported {
            self.note_sent(clip);
        }
        {
            let mut state = held(&self.state);
            if !state.finished.contains_key(&clip) {
                return Ok(()); // By another way out meanwhile.
            }
            self.take_away(clip).map_err(failed("let go"))?;
            if self.bounds.after_kept == AfterKept::Keep {
                let since = self.look_at_clock(&mut state);
                let copied = Copied {
                    clip,
                    bytes: finished.bytes,
                    since,
                };
                self.stamp(copied);
                state.kept.push_back(copied);
            }
            state.finished.remove(&clip);
            state.order.retain(|other| *other != clip);
            if let Some(forgotten) = state.gone.add(clip) {
                // Clips that were saved here have no such file, and what stays goes at the next start.
                let _ = self.files.remove(&self.layout.sent_mark(forgotten));
            }
            state.sent = state.sent.saturating_add(1);
        }
        self.sweep_kept();
        Ok(())
    }

    /// Notes durably that the relay has an export, which may lie on its card still.
    fn note_sent(&self, clip: ClipId) {
        let made = self.files.create(&self.layout.sent_mark(clip));
        let noted = made
            .and_then(|mut file| file.sync())
            .and_then(|()| self.files.sync_folder(&self.layout.sent()));
        // A full disk must not keep what would make room.
        if let Err(error) = noted {
            tracing::warn!(%clip, %error, "that the hospital has an export is known until the next start only");
        }
    }

    /// Takes a clip's object away from those of unsent ones. The object goes first: a sidecar without its object is known at the next
    /// start as one that was let go, so what fails behind that fails nothing.
    fn take_away(&self, clip: ClipId) -> io::Result<()> {
        let object = self.layout.object(clip);
        let kept = self.bounds.after_kept == AfterKept::Keep;
        let went = match kept {
            true => self.files.rename(&object, &self.layout.kept_object(clip)),
            false => self.files.remove(&object),
        };
        // One that is not there went in an attempt that was told to have failed.
        went.or_else(|error| match object.try_exists() {
            Ok(false) => Ok(()),
            _ => Err(error),
        })?;
        // Another folder: without this an object could come back that nobody describes any more.
        let durable = match kept {
            true => self.files.sync_folder(&self.layout.kept()),
            false => Ok(()),
        };
        let described = durable.and_then(|()| self.files.remove(&self.layout.sidecar(clip)));
        if let Err(error) = described {
            tracing::warn!(%clip, %error, "what is said of a clip that the hospital has stays here until the next start");
        }
        Ok(())
    }

    /// Lets copies go that the relay has had for `KEPT_FOR`. Done when the spool is opened, each time that a clip is let go, when the
    /// disk has no room, and now and then by the saver, so that time that passes is seen.
    pub fn sweep_kept(&self) {
        {
            let mut state = held(&self.state);
            let now = self.look_at_clock(&mut state);
            let is_over = |copied: &Copied| {
                let stood = now.duration_since(copied.since);
                stood.is_ok_and(|stood| stood >= KEPT_FOR)
            };
            state
                .kept
                .retain(|copied| !is_over(copied) || !self.goes(copied.clip));
        }
        self.tell();
    }

    /// What the wall clock shows. If it was set since the last look, the times of copies are.
    fn look_at_clock(&self, state: &mut State) -> SystemTime {
        let now = self.clock.now();
        let last = state.seen.unwrap_or_else(|| {
            let wall = self.lock.metadata().and_then(|lock| lock.modified());
            Moment {
                wall: wall.unwrap_or(now.wall),
                ..now
            }
        });
        let set = SetBy::between(last, now);
        for copied in &mut state.kept {
            let since = set.moved(copied.since, now.wall);
            if since != copied.since {
                copied.since = since;
                self.stamp(*copied);
            }
        }
        state.seen = Some(now);
        // Without it the next start takes less time to have passed.
        let _ = self.lock.set_modified(now.wall);
        now.wall
    }

    /// Notes since when a copy is here, for the next start; without it, it goes at another time.
    fn stamp(&self, copied: Copied) {
        let file = File::options()
            .write(true)
            .open(self.layout.kept_object(copied.clip));
        let _ = file.and_then(|file| file.set_modified(copied.since));
    }

    /// Leaves so many bytes of the disk free, letting copies go if there is need.
    ///
    /// # Errors
    /// `NoRoom`, or the disk's word.
    pub fn leave_free(&self, bytes: u64) -> Result<(), SpoolError> {
        if self.room()? >= bytes {
            return Ok(());
        }
        self.sweep_kept();
        loop {
            let room = self.room()?;
            if room >= bytes {
                return Ok(());
            }
            let mut state = held(&self.state);
            // Where all of them would not do, none goes for nothing.
            if room.saturating_add(state.kept_bytes()) < bytes || !self.oldest_goes(&mut state) {
                return Err(SpoolError::NoRoom);
            }
            drop(state);
            self.tell();
        }
    }

    fn room(&self) -> Result<u64, SpoolError> {
        let room = self.files.room(self.layout.root());
        room.map_err(failed("given room"))
    }

    /// Makes the disk take so many bytes more.
    pub(super) fn make_disk_room(&self, bytes: u64) -> Result<(), SpoolError> {
        self.leave_free(bytes.saturating_add(SPARE_ROOM_BYTES))
    }

    /// Makes the spool's bound take so many bytes more.
    pub(super) fn make_room(&self, state: &mut State, bytes: u64) -> Result<(), SpoolError> {
        let wanted = |state: &State| {
            let held = state.bytes().saturating_add(state.reserved);
            held.saturating_add(bytes)
        };
        let is_full = state.takes.len() + state.finished.len() >= MAX_CLIPS;
        if is_full || wanted(state) - state.kept_bytes() > self.bounds.bytes {
            return Err(SpoolError::Full);
        }
        while wanted(state) > self.bounds.bytes {
            if !self.oldest_goes(state) {
                return Err(SpoolError::Full);
            }
        }
        Ok(())
    }

    /// Lets the oldest copy go, of those that the disk lets go.
    fn oldest_goes(&self, state: &mut State) -> bool {
        let oldest = state.kept.iter().position(|copied| self.goes(copied.clip));
        oldest
            .and_then(|oldest| state.kept.remove(oldest))
            .is_some()
    }

    /// Removes a copy. One that is not there is gone.
    fn goes(&self, clip: ClipId) -> bool {
        match self.files.remove(&self.layout.kept_object(clip)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%clip, %error, "the copy of a clip that the hospital has cannot be removed");
                false
            }
            _ => true,
        }
    }
}
