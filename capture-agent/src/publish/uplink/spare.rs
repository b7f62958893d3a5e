//! What voice and picture leave to those who send over data channels: how much, in pieces of which size, shared by whom.
//!
//! The uplink says how much is left; clips and back-fill divide it evenly while both have
//! something to send. A message leaves in one burst,
//! and on a narrow link whoever speaks waits behind it, so its size follows the rate. It paces nothing itself.

use bandwidth::BitRate;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// SCTP, DTLS, UDP and IP around a full packet of a data channel: 85 bytes of 1,200.
pub(super) const CHANNEL_OVERHEAD: f64 = 1.08;
/// On a narrow link a piece is what goes in this time at the rate of its sender: a packet or two of voice.
const PIECE_SPAN: Duration = Duration::from_millis(20);
/// One packet of a data channel.
const LEAST_PIECE_BYTES: usize = 1_100;

/// Bytes of one message at this rate, none being a link with room for everything; never more than `most`.
pub(in crate::publish) fn piece_bytes(rate: Option<BitRate>, most: usize) -> usize {
    rate.map_or(most, |rate| {
        rate.bytes_in(PIECE_SPAN).max(LEAST_PIECE_BYTES).min(most)
    })
}

/// What is left on one connection. Clones are for the same link.
#[derive(Debug, Clone)]
pub(crate) struct Spare {
    rate: watch::Receiver<Option<BitRate>>,
    carried: Arc<AtomicU64>,
    sharing: Arc<AtomicUsize>,
}

/// The uplink's end of it.
#[derive(Debug)]
pub(super) struct SpareSource {
    rate: watch::Sender<Option<BitRate>>,
    /// Bytes that data channels carried, and how many of them were asked for already.
    carried: Arc<AtomicU64>,
    told_of: u64,
    sharing: Arc<AtomicUsize>,
}

impl Default for SpareSource {
    fn default() -> Self {
        Self {
            rate: watch::Sender::new(None),
            carried: Arc::default(),
            told_of: 0,
            sharing: Arc::default(),
        }
    }
}

impl SpareSource {
    /// For one who sends over a data channel.
    pub(super) fn spare(&self) -> Spare {
        Spare {
            rate: self.rate.subscribe(),
            carried: Arc::clone(&self.carried),
            sharing: Arc::clone(&self.sharing),
        }
    }

    /// So much is left from now on; none when the link has room for everything.
    pub(super) fn leave(&self, rate: Option<BitRate>) {
        self.rate.send_replace(rate);
    }

    /// What data channels carried since this was asked last.
    pub(super) fn carried_since(&mut self) -> u64 {
        let carried = self.carried.load(Ordering::Relaxed);
        carried.saturating_sub(std::mem::replace(&mut self.told_of, carried))
    }
}

impl Spare {
    /// As much as is left now for one of those who travel; none when the link has room for everything.
    pub(crate) fn rate(&self) -> Option<BitRate> {
        let sharing = self.sharing.load(Ordering::Relaxed).max(1);
        #[expect(clippy::cast_precision_loss, reason = "clips and back-fill: two")]
        let each = 1.0 / sharing as f64;
        self.rate.borrow().map(|rate| rate.scaled(each))
    }

    /// Bytes of a message now; never more than `most`.
    pub(crate) fn piece_bytes(&self, most: usize) -> usize {
        piece_bytes(self.rate(), most)
    }

    /// A piece of one sender waits for the link or enters it for as long as this is held.
    pub(crate) fn travels(&self) -> Travelling {
        self.sharing.fetch_add(1, Ordering::Relaxed);
        Travelling(Arc::clone(&self.sharing))
    }

    /// So many bytes were given to the channel.
    pub(crate) fn carries(&self, bytes: usize) {
        self.carried
            .fetch_add(on_the_wire(bytes), Ordering::Relaxed);
    }

    /// Of a link with room for everything.
    #[cfg(test)]
    pub(crate) fn plenty() -> Self {
        Self::told(None).1
    }

    /// Of a link that leaves what it is told to.
    #[cfg(test)]
    pub(crate) fn told(rate: Option<BitRate>) -> (watch::Sender<Option<BitRate>>, Self) {
        let (sender, rate) = watch::channel(rate);
        let spare = Self {
            rate,
            carried: Arc::default(),
            sharing: Arc::default(),
        };
        (sender, spare)
    }
}

/// One sender's part in what is left.
#[derive(Debug)]
pub(crate) struct Travelling(Arc<AtomicUsize>);

impl Drop for Travelling {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "bytes of one message"
)]
fn on_the_wire(bytes: usize) -> u64 {
    (bytes as f64 * CHANNEL_OVERHEAD) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 16 * 1024;

    #[test]
    fn two_who_travel_share_what_is_left_and_the_last_one_has_all_of_it() {
        let (_rates, spare) = Spare::told(Some(BitRate::from_kbps(800)));
        let clip = spare.travels();
        assert_eq!(spare.rate(), Some(BitRate::from_kbps(800)));
        let fill = spare.clone().travels();
        assert_eq!(spare.rate(), Some(BitRate::from_kbps(400)));
        drop(clip);
        assert_eq!(spare.rate(), Some(BitRate::from_kbps(800)));
        drop(fill);
        assert_eq!(spare.rate(), Some(BitRate::from_kbps(800)));
    }

    #[test]
    fn on_a_narrow_link_nobody_waits_behind_a_long_piece() {
        let of = |kbps| piece_bytes(Some(BitRate::from_kbps(kbps)), MOST);
        assert_eq!(of(100), LEAST_PIECE_BYTES);
        assert_eq!(of(1_600), 4_000);
        assert_eq!(of(50_000), MOST);
        assert_eq!(piece_bytes(None, MOST), MOST);
    }

    #[test]
    fn what_was_carried_is_told_once() {
        let mut source = SpareSource::default();
        source.spare().carries(1_000);
        assert_eq!(source.carried_since(), 1_080);
        assert_eq!(source.carried_since(), 0);
    }
}
