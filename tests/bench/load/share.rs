//! The time a packet spends between our sending socket and our receiving socket, which is the relay's own share on a
//! loopback: encryption and decryption of the clients lie outside.
//!
//! Owns a table of send times by packet number and the list of crossings. Invariant: a crossing is only counted while
//! measuring, and only for a packet whose number is still in the table.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant;

/// Send times kept: several seconds of packets, far more than any crossing takes.
const TABLE: usize = 4_096;
/// Crossings kept: ten seconds of fifty viewers.
const MAX_CROSSINGS: usize = 400_000;

/// Send times and crossings of one run.
#[derive(Debug)]
pub(crate) struct Crossing {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    sent: Vec<Option<(u64, Instant)>>,
    measured_us: Option<Vec<f64>>,
}

impl Default for Crossing {
    fn default() -> Self {
        Self {
            inner: Mutex::new(Inner {
                sent: vec![None; TABLE],
                measured_us: None,
            }),
        }
    }
}

impl Crossing {
    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts from here on.
    pub(crate) fn begin(&self) {
        self.with(|inner| inner.measured_us = Some(Vec::new()));
    }

    /// Ends counting.
    pub(crate) fn take(&self) -> Vec<f64> {
        self.with(|inner| inner.measured_us.take().unwrap_or_default())
    }

    /// Packet `number` is being handed to the kernel now.
    pub(crate) fn sent(&self, number: u64, now: Instant) {
        self.with(|inner| {
            if let Some(slot) = slot(number).and_then(|at| inner.sent.get_mut(at)) {
                *slot = Some((number, now));
            }
        });
    }

    /// Packet `number` was taken from the kernel at `at`.
    pub(crate) fn arrived(&self, number: u64, at: Instant) {
        self.with(|inner| {
            let sent = slot(number)
                .and_then(|place| inner.sent.get(place))
                .copied()
                .flatten();
            let Some(measured) = inner.measured_us.as_mut() else {
                return;
            };
            if let Some((_, since)) = sent.filter(|(known, _)| *known == number)
                && measured.len() < MAX_CROSSINGS
            {
                measured.push(at.saturating_duration_since(since).as_secs_f64() * 1e6);
            }
        });
    }
}

fn slot(number: u64) -> Option<usize> {
    usize::try_from(number).ok().map(|n| n % TABLE)
}
