//! Where the marks of the consult are written and read.
//!
//! One value behind a watch channel: the control channel writes, the device page waits for another list. No history.

use crate::marks::Marks;
use tokio::sync::watch;
use wire::{CaptureTime, RelayTime};

/// The marks, shared. Clones share them.
#[derive(Clone)]
pub struct MarksBoard(watch::Sender<Marks>);

impl Default for MarksBoard {
    fn default() -> Self {
        Self(watch::Sender::new(Marks::default()))
    }
}

impl MarksBoard {
    /// Changes them; readers wake when `change` says that the list is another one.
    pub fn update(&self, change: impl FnOnce(&mut Marks) -> bool) {
        self.0.send_if_modified(change);
    }

    /// What to add to this device's clock to get the relay's, in microseconds.
    pub fn relay_clock(&self, offset_us: i64) {
        self.update(|marks| {
            marks.relay_offset_us = Some(offset_us);
            false
        });
    }

    /// What the relay's clock shows; nothing before it was learnt. It is kept while the link is away.
    #[must_use]
    pub fn relay_now(&self, now: CaptureTime) -> Option<RelayTime> {
        let offset_us = self.0.borrow().relay_offset_us?;
        Some(RelayTime(now.0.saturating_add_signed(offset_us)))
    }

    /// Number of the last word that came in order.
    #[must_use]
    pub fn heard(&self) -> Option<u32> {
        self.0.borrow().heard()
    }

    /// Sees each change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Marks> {
        self.0.subscribe()
    }
}
