//! The test source: a moving speckle sector with the barcode of time and frame number.
//!
//! For trying the way to the cardiologist without a probe, and for measuring it: the barcode is drawn when the frame
//! is stamped, immediately before it goes to the encoder. The picture has the texture of ultrasound, so that bit
//! rates mean something.

use crate::picture::{Form, PicturePool};
use crate::source::spec::TestOptions;
use crate::source::{Captured, FrameSource, SourceError, SourceInfo};
use crate::sync::Stop;
use std::time::{Duration, Instant};

/// Different pictures before the pattern starts anew: two seconds at 30 per second, 14 MB at 800 x 600 gray.
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
}

impl TestPattern {
    /// Draws the loop.
    pub(super) fn new(options: TestOptions, pool: PicturePool) -> Self {
        let pictures = (0..LOOP_PICTURES).map(|n| draw(&options, n)).collect();
        Self { options, pool, pictures, start: None, next: 0 }
    }

    fn period(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.options.frame_rate)
    }
}

impl FrameSource for TestPattern {
    fn describe(&self) -> SourceInfo {
        SourceInfo { words: "test pattern".to_owned(), frame_rate: Some(self.options.frame_rate), barcode: true }
    }

    fn next(&mut self, stop: &Stop) -> Result<Captured, SourceError> {
        let now = Instant::now();
        let start = *self.start.get_or_insert(now);
        let mut due = start + self.period().mul_f64(f64::from(self.next));
        if now > due + self.period() {
            // Late by more than a picture: leave out those that nobody saw.
            let passed = now.saturating_duration_since(start).as_secs_f64() * self.options.frame_rate;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, two years at 60 fps")]
            let newest = passed as u32;
            self.next = newest;
            due = start + self.period().mul_f64(f64::from(newest));
        }
        if stop.wait_until(due) {
            return Err(SourceError::Stopped);
        }
        let mut picture = self.pool.take(self.options.width, self.options.height, self.options.form)?;
        if let Some(rows) = self.pictures.get(self.next as usize % LOOP_PICTURES) {
            picture.rows_mut().copy_from_slice(rows);
        }
        self.next = self.next.wrapping_add(1);
        Ok(Captured { picture, at: Instant::now() })
    }
}

/// A small fast generator (xorshift), seeded: the same pattern every time.
struct Noise(u32);

impl Noise {
    const fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

/// Picture `n` of the loop.
fn draw(options: &TestOptions, n: usize) -> Vec<u8> {
    let (width, height) = (options.width as usize, options.height as usize);
    #[expect(clippy::cast_possible_truncation, reason = "below LOOP_PICTURES")]
    let mut noise = Noise(0x9e37_79b9 ^ (n as u32 + 1));
    let phase = n as f64 / LOOP_PICTURES as f64 * std::f64::consts::TAU;
    let (cx, cy) = (width as f64 * (0.5 + 0.12 * phase.cos()), height as f64 * (0.55 + 0.1 * phase.sin()));
    let radius = height as f64 * (0.16 + 0.05 * phase.sin());
    let mut rows = Vec::with_capacity(width * height * options.form.bytes());
    for y in 0..height {
        for x in 0..width {
            let (across, down) = (x as f64 - width as f64 / 2.0, y as f64);
            let in_sector = across.abs() < down * 0.7 && across.hypot(down) < height as f64 * 0.97;
            let in_chamber = (x as f64 - cx).hypot(y as f64 - cy) < radius;
            #[expect(clippy::cast_possible_truncation, reason = "below 256")]
            let speckle = (noise.next() >> 24) as u8;
            let gray = match (in_sector, in_chamber) {
                (false, _) => 0,
                (true, true) => speckle / 16,
                (true, false) => 40 + speckle / 2,
            };
            push(&mut rows, options.form, gray, in_chamber && in_sector, n);
        }
    }
    rows
}

/// One pixel; in colour the chamber shows flow that changes direction.
fn push(rows: &mut Vec<u8>, form: Form, gray: u8, flow: bool, n: usize) {
    match (form, flow) {
        (Form::Gray8, _) => rows.push(gray),
        (Form::Rgb8, false) => rows.extend([gray; 3]),
        (Form::Rgb8, true) if n < LOOP_PICTURES / 2 => rows.extend([160 + gray, gray, 20]),
        (Form::Rgb8, true) => rows.extend([20, gray, 160 + gray]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(frame_rate: f64) -> TestOptions {
        TestOptions { frame_rate, width: 800, height: 64, form: Form::Gray8 }
    }

    #[test]
    fn pictures_come_at_their_own_pace() {
        let mut source = TestPattern::new(options(100.0), PicturePool::default());
        let stop = Stop::default();
        let first = source.next(&stop).unwrap().at;
        let last = (0..20).map(|_| source.next(&stop).unwrap().at).last().unwrap();
        let took = last.duration_since(first);
        assert!((195..260).contains(&took.as_millis()), "20 pictures at 100 per second took {took:?}");
    }

    #[test]
    fn the_picture_moves() {
        let pictures: Vec<_> = (0..3).map(|n| draw(&options(30.0), n)).collect();
        assert_ne!(pictures[0], pictures[1]);
        assert_ne!(pictures[1], pictures[2]);
    }

    #[test]
    fn it_ends_at_the_signal() {
        let mut source = TestPattern::new(options(0.5), PicturePool::default());
        let stop = Stop::default();
        source.next(&stop).unwrap();
        stop.set();
        assert!(matches!(source.next(&stop), Err(SourceError::Stopped)));
    }

    #[test]
    fn colour_is_colour() {
        let rows = draw(&TestOptions { form: Form::Rgb8, ..options(30.0) }, 0);
        assert!(rows.chunks_exact(3).any(|pixel| pixel[0] != pixel[2]));
    }
}
