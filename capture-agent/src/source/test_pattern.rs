//! The test source: a moving speckle sector with the barcode of time and frame number.
//!
//! For trying the way to the cardiologist without a probe, and for measuring it: the barcode is drawn when the frame
//! is stamped, immediately before it goes to the encoder. The picture has the texture of ultrasound, so that bit
//! rates mean something.

use crate::picture::PicturePool;
use crate::provenance::Provenance;
use crate::source::pattern::Pattern;
use crate::source::spec::TestOptions;
use crate::source::{Captured, FrameSource, SourceError, SourceInfo};
use crate::sync::Stop;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Different pictures before the pattern starts anew: a second at 30 per second, 14 MB at 800 x 600 gray.
const LOOP_PICTURES: usize = 30;

/// The pattern.
pub(super) struct TestPattern {
    options: TestOptions,
    pool: PicturePool,
    /// Rows of every picture of the loop.
    pictures: Vec<Vec<u8>>,
    /// Moment of picture 0.
    start: Option<Instant>,
    /// Number of the next picture.
    next: u32,
    provenance: Arc<Provenance>,
}

impl TestPattern {
    /// Draws the loop.
    pub(super) fn new(options: TestOptions, pool: PicturePool) -> Self {
        let pattern = Pattern::new(options);
        let pictures = (0..LOOP_PICTURES)
            .map(|n| pattern.draw(n, LOOP_PICTURES))
            .collect();
        Self {
            options,
            pool,
            pictures,
            start: None,
            next: 0,
            provenance: Arc::new(Provenance::of_device("test", false)),
        }
    }

    fn period(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.options.frame_rate)
    }
}

impl FrameSource for TestPattern {
    fn describe(&self) -> SourceInfo {
        SourceInfo {
            words: "test pattern".to_owned(),
            frame_rate: Some(self.options.frame_rate),
            barcode: true,
        }
    }

    fn next(&mut self, stop: &Stop) -> Result<Captured, SourceError> {
        let now = Instant::now();
        let start = *self.start.get_or_insert(now);
        let mut due = start + self.period().mul_f64(f64::from(self.next));
        if now > due + self.period() {
            // Late by more than a picture: leave out those that nobody saw.
            let passed =
                now.saturating_duration_since(start).as_secs_f64() * self.options.frame_rate;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive, two years at 60 fps"
            )]
            let newest = passed as u32;
            self.next = newest;
            due = start + self.period().mul_f64(f64::from(newest));
        }
        if stop.wait_until(due) {
            return Err(SourceError::Stopped);
        }
        let mut picture =
            self.pool
                .take(self.options.width, self.options.height, self.options.form)?;
        if let Some(rows) = self.pictures.get(self.next as usize % LOOP_PICTURES) {
            picture.rows_mut().copy_from_slice(rows);
        }
        self.next = self.next.wrapping_add(1);
        Ok(Captured {
            picture,
            at: Instant::now(),
            provenance: Arc::clone(&self.provenance),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Form;

    fn options(frame_rate: f64) -> TestOptions {
        TestOptions {
            frame_rate,
            width: 800,
            height: 64,
            form: Form::Gray8,
        }
    }

    #[test]
    fn pictures_come_at_their_own_pace() {
        let mut source = TestPattern::new(options(100.0), PicturePool::default());
        let stop = Stop::default();
        let first = source.next(&stop).unwrap().at;
        let last = (0..20)
            .map(|_| source.next(&stop).unwrap().at)
            .last()
            .unwrap();
        let took = last.duration_since(first);
        assert!(
            (195..260).contains(&took.as_millis()),
            "20 pictures at 100 per second took {took:?}"
        );
    }

    #[test]
    fn it_ends_at_the_signal() {
        let mut source = TestPattern::new(options(0.5), PicturePool::default());
        let stop = Stop::default();
        source.next(&stop).unwrap();
        stop.set();
        assert!(matches!(source.next(&stop), Err(SourceError::Stopped)));
    }
}
