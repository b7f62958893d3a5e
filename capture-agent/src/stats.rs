//! Measured times of the last second and since the start, for the terminal, the log and the bench.
//!
//! Writers are the hot threads: a note is one atomic addition. Readers take percentiles from buckets of 50 µs, so a
//! figure is right to 0.05 ms. Nothing here allocates after construction.

use serde::Serialize;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Width of a bucket in microseconds: finer than scheduling noise.
const BUCKET_US: u64 = 50;
/// Buckets: up to 250 ms, beyond that a frame is simply late.
const BUCKETS: usize = 5_000;

/// Counts of times.
pub struct Histogram {
    buckets: Vec<AtomicU32>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| AtomicU32::new(0)).collect(),
        }
    }
}

impl Histogram {
    /// Counts one.
    pub fn note(&self, time: Duration) {
        let at = usize::try_from(time.as_micros() as u64 / BUCKET_US).unwrap_or(usize::MAX);
        if let Some(bucket) = self.buckets.get(at.min(BUCKETS - 1)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Copies the counts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            counts: self
                .buckets
                .iter()
                .map(|bucket| bucket.load(Ordering::Relaxed))
                .collect(),
        }
    }
}

/// Counts at one moment.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    counts: Vec<u32>,
}

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// How many were counted.
    pub count: u64,
    /// Half of them took at most this.
    pub p50_ms: f64,
    /// 99 of 100 took at most this.
    pub p99_ms: f64,
}

impl Counts {
    /// What was counted after `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.counts.iter().copied().chain(std::iter::repeat(0));
        Self {
            counts: self
                .counts
                .iter()
                .zip(before)
                .map(|(now, before)| now.wrapping_sub(before))
                .collect(),
        }
    }

    /// The percentiles.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        let count: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        Percentiles {
            count,
            p50_ms: self.below(count.div_ceil(2)),
            p99_ms: self.below((count * 99).div_ceil(100)),
        }
    }

    /// Middle of the bucket in which the `rank`-th smallest lies, in milliseconds.
    fn below(&self, rank: u64) -> f64 {
        let mut seen = 0;
        let at = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= rank && seen > 0
        });
        at.map_or(0.0, |at| (at as f64 + 0.5) * BUCKET_US as f64 / 1000.0)
    }
}

/// Everything measured in one agent.
#[derive(Default)]
pub struct Stats {
    /// From the moment of capture until the last packet of the frame left for the socket.
    pub capture_to_sent: Histogram,
    /// From the moment of capture until the encoder took the frame.
    pub capture_to_encoder: Histogram,
    /// In the encoder.
    pub encode: Histogram,
    /// In the journal's own encoder, while the link has less than the journal wants.
    pub encode_journal: Histogram,
    /// Frames captured.
    pub captured: AtomicU64,
    /// Frames encoded.
    pub encoded: AtomicU64,
    /// Keyframes among them.
    pub keyframes: AtomicU64,
    /// Bytes of encoded frames.
    pub encoded_bytes: AtomicU64,
}

/// A snapshot to compare with a later one.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    sent: Counts,
    waited: Counts,
    encode: Counts,
    encode_journal: Counts,
    captured: u64,
    encoded: u64,
    keyframes: u64,
    bytes: u64,
}

/// Figures of one span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Figures {
    /// From capture to the last packet.
    pub capture_to_sent: Percentiles,
    /// From capture to the encoder.
    pub capture_to_encoder: Percentiles,
    /// In the encoder.
    pub encode: Percentiles,
    /// In the journal's own encoder.
    pub encode_journal: Percentiles,
    /// Frames captured.
    pub captured: u64,
    /// Frames encoded.
    pub encoded: u64,
    /// Keyframes among them.
    pub keyframes: u64,
    /// Bytes of encoded frames.
    pub encoded_bytes: u64,
}

impl Stats {
    /// The counts now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            sent: self.capture_to_sent.counts(),
            waited: self.capture_to_encoder.counts(),
            encode: self.encode.counts(),
            encode_journal: self.encode_journal.counts(),
            captured: load(&self.captured),
            encoded: load(&self.encoded),
            keyframes: load(&self.keyframes),
            bytes: load(&self.encoded_bytes),
        }
    }
}

impl Snapshot {
    /// What happened after `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Figures {
        Figures {
            capture_to_sent: self.sent.since(&earlier.sent).percentiles(),
            capture_to_encoder: self.waited.since(&earlier.waited).percentiles(),
            encode: self.encode.since(&earlier.encode).percentiles(),
            encode_journal: self
                .encode_journal
                .since(&earlier.encode_journal)
                .percentiles(),
            captured: self.captured - earlier.captured,
            encoded: self.encoded - earlier.encoded,
            keyframes: self.keyframes - earlier.keyframes,
            encoded_bytes: self.bytes - earlier.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_bucket() {
        let histogram = Histogram::default();
        for us in 1..=1000 {
            histogram.note(Duration::from_micros(us * 10));
        }
        let found = histogram.counts().percentiles();
        assert_eq!(found.count, 1000);
        assert!((found.p50_ms - 5.0).abs() <= 0.05, "{found:?}");
        assert!((found.p99_ms - 9.9).abs() <= 0.05, "{found:?}");
    }

    #[test]
    fn a_second_is_told_from_the_ones_before() {
        let stats = Stats::default();
        stats.encode.note(Duration::from_millis(100));
        let before = stats.snapshot();
        stats.encode.note(Duration::from_millis(1));
        let second = stats.snapshot().since(&before);
        assert_eq!(second.encode.count, 1);
        assert!(second.encode.p99_ms < 1.1);
    }

    #[test]
    fn nothing_counted_and_far_too_late_are_fine() {
        let histogram = Histogram::default();
        assert_eq!(histogram.counts().percentiles(), Percentiles::default());
        histogram.note(Duration::from_secs(3600));
        assert!(histogram.counts().percentiles().p99_ms > 249.0);
    }
}
