//! Newest-wins hand-over of capacity 1 between two threads.
//!
//! The source puts, the encoder takes. A frame that was not taken when the next one comes is replaced and counted:
//! no queue ever delays the picture. `nudge` wakes the taker without a frame (a keyframe is wanted, a setting
//! changed). It holds no frames after `close`.

use crate::sync::held;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Why the taker woke.
#[derive(Debug, PartialEq, Eq)]
pub enum Wake<T> {
    /// The newest item.
    Fresh(T),
    /// Somebody called `nudge`.
    Nudged,
    /// The time that the taker gave has come.
    Due,
    /// Nothing will come any more.
    Closed,
}

/// The hand-over.
pub struct Slot<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    item: Option<T>,
    nudged: bool,
    closed: bool,
    replaced: u32,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        let state = State {
            item: None,
            nudged: false,
            closed: false,
            replaced: 0,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }
}

impl<T> Slot<T> {
    /// Puts `item` in, in place of one that nobody took.
    pub fn put(&self, item: T) {
        let old = {
            let mut state = held(&self.state);
            if state.closed {
                return;
            }
            let old = state.item.replace(item);
            if old.is_some() {
                state.replaced = state.replaced.saturating_add(1);
            }
            old
        };
        self.changed.notify_one();
        drop(old); // After the lock: dropping a picture takes another one.
    }

    /// Drops what nobody took yet.
    pub fn forget(&self) {
        let old = held(&self.state).item.take();
        drop(old); // After the lock, as in `put`.
    }

    /// Wakes the taker without an item.
    pub fn nudge(&self) {
        held(&self.state).nudged = true;
        self.changed.notify_one();
    }

    /// Ends it: the taker gets `Closed`, puts do nothing.
    pub fn close(&self) {
        let mut state = held(&self.state);
        state.closed = true;
        state.item = None;
        self.changed.notify_all();
    }

    /// Items replaced before anybody took them, since the start.
    #[must_use]
    pub fn replaced(&self) -> u32 {
        held(&self.state).replaced
    }

    /// Waits for the next reason to wake, at most until `due`.
    pub fn wait(&self, due: Option<Instant>) -> Wake<T> {
        let mut state = held(&self.state);
        loop {
            if state.closed {
                return Wake::Closed;
            }
            if let Some(item) = state.item.take() {
                return Wake::Fresh(item);
            }
            if std::mem::take(&mut state.nudged) {
                return Wake::Nudged;
            }
            state = match due {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let left = due.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Wake::Due;
                    }
                    self.changed
                        .wait_timeout(state, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn the_newest_wins_and_the_replaced_are_counted() {
        let slot = Slot::default();
        for n in 1..=5 {
            slot.put(n);
        }
        assert_eq!(slot.wait(None), Wake::Fresh(5));
        assert_eq!(slot.replaced(), 4);
    }

    #[test]
    fn the_taker_wakes_for_a_nudge_at_its_time_and_at_the_end() {
        let slot = Arc::new(Slot::<u8>::default());
        slot.nudge();
        assert_eq!(slot.wait(None), Wake::Nudged);
        assert_eq!(
            slot.wait(Some(Instant::now() + Duration::from_millis(3))),
            Wake::Due
        );
        let taker = std::thread::spawn({
            let slot = Arc::clone(&slot);
            move || slot.wait(None)
        });
        slot.close();
        assert_eq!(taker.join().unwrap(), Wake::Closed);
        slot.put(1);
        assert_eq!(slot.wait(None), Wake::Closed);
    }

    #[test]
    fn a_frame_is_worth_more_than_a_nudge() {
        let slot = Slot::default();
        slot.nudge();
        slot.put('a');
        assert_eq!(slot.wait(None), Wake::Fresh('a'));
        assert_eq!(slot.wait(None), Wake::Nudged);
    }
}
