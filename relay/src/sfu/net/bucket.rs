//! A token bucket: so many per second, with one second's worth as the burst.
//!
//! Owns the counting; what a refused token means is the caller's. Time comes in as an argument.

use std::time::Instant;

/// Tokens that come back with time.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    per_second: u32,
    left: f64,
    at: Option<Instant>,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            per_second,
            left: f64::from(per_second),
            at: None,
        }
    }

    /// Takes a token if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        if let Some(at) = self.at {
            let back = now.saturating_duration_since(at).as_secs_f64() * f64::from(self.per_second);
            self.left = (self.left + back).min(f64::from(self.per_second));
        }
        self.at = Some(now);
        let some = self.left >= 1.0;
        if some {
            self.left -= 1.0;
        }
        some
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn tokens_run_out_and_come_back() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10);
        let taken = (0..20).filter(|_| bucket.take(start)).count();
        assert_eq!(taken, 10);
        let later = start + Duration::from_millis(300);
        let taken = (0..20).filter(|_| bucket.take(later)).count();
        assert_eq!(taken, 3);
    }
}
