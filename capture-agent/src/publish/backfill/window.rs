//! How much may be on the way that the relay has not taken (sans-IO).
//!
//! Owns two counts of bytes since the channel was opened. A relay whose disk is slow or full says nothing, and so gets
//! nothing.

use wire::backfill::BACKFILL_WINDOW_BYTES;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Window {
    sent: u64,
    taken: u64,
}

impl Window {
    /// Whether so many bytes may go.
    pub(super) const fn has_room(&self, bytes: u64) -> bool {
        self.sent + bytes <= self.taken + BACKFILL_WINDOW_BYTES
    }

    /// So many bytes went.
    pub(super) const fn sent(&mut self, bytes: u64) {
        self.sent += bytes;
    }

    /// The relay has taken so many in all; what it cannot have taken is not believed.
    pub(super) fn taken(&mut self, bytes: u64) {
        self.taken = bytes.clamp(self.taken, self.sent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_goes_than_the_window_until_the_relay_took_some() {
        let mut window = Window::default();
        assert!(
            window.has_room(BACKFILL_WINDOW_BYTES) && !window.has_room(BACKFILL_WINDOW_BYTES + 1)
        );
        window.sent(BACKFILL_WINDOW_BYTES);
        assert!(!window.has_room(1));
        window.taken(u64::MAX);
        assert!(
            !window.has_room(BACKFILL_WINDOW_BYTES + 1),
            "it took what was sent, no more"
        );
        window.taken(5);
        assert!(
            window.has_room(BACKFILL_WINDOW_BYTES),
            "an old word takes nothing back"
        );
    }
}
