//! Draws the test pattern: a sector of moving speckle with a beating chamber. Pure.
//!
//! Textured like ultrasound, so that encode times and bit rates mean something: most of the speckle moves with the
//! tissue, a little of it is fresh in each picture. Seeded: the same pattern every time.

use crate::picture::Form;
use crate::source::spec::TestOptions;
use std::f64::consts::TAU;

/// Side of the speckle tile in pixels; a power of two, repeated over the picture.
const TILE: usize = 256;
/// Largest share of fresh noise in a pixel, in gray levels.
const FRESH: u32 = 16;

/// A small fast generator (xorshift).
struct Noise(u32);

impl Noise {
    const fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

/// What does not change from picture to picture.
pub(super) struct Pattern {
    options: TestOptions,
    /// Smoothed speckle, `TILE` x `TILE`.
    speckle: Vec<u8>,
}

impl Pattern {
    pub(super) fn new(options: TestOptions) -> Self {
        let mut noise = Noise(0x9e37_79b9);
        let raw: Vec<u32> = (0..TILE * TILE).map(|_| noise.next() >> 24).collect();
        let at = |x: usize, y: usize| raw.get(y % TILE * TILE + x % TILE).copied().unwrap_or(0);
        // Speckle of ultrasound is a few pixels large: the mean of 3 x 3 neighbours.
        let smooth = |n: usize| {
            let (x, y) = (n % TILE, n / TILE);
            let sum: u32 = (0..9).map(|k| at(x + k % 3, y + k / 3)).sum();
            u8::try_from(sum / 9).unwrap_or(u8::MAX)
        };
        Self {
            options,
            speckle: (0..TILE * TILE).map(smooth).collect(),
        }
    }

    /// Rows of picture `n` of `count`.
    pub(super) fn draw(&self, n: usize, count: usize) -> Vec<u8> {
        let (width, height) = (self.options.width as usize, self.options.height as usize);
        let phase = n as f64 / count as f64 * TAU;
        let mut noise = Noise(0x85eb_ca6b ^ u32::try_from(n + 1).unwrap_or(1));
        let shift_x = whole(24.0 + 24.0 * phase.cos());
        let shift_y = whole(24.0 + 24.0 * phase.sin());
        let chamber = Chamber::at(phase, width as f64, height as f64);
        let mut rows = Vec::with_capacity(width * height * self.options.form.bytes());
        for y in 0..height {
            for x in 0..width {
                let tile = (y + shift_y) % TILE * TILE + (x + shift_x) % TILE;
                let speckle = u32::from(self.speckle.get(tile).copied().unwrap_or(0));
                let fresh = noise.next() % FRESH;
                let (in_sector, in_chamber) =
                    (is_in_sector(x, y, width, height), chamber.holds(x, y));
                let level = match (in_sector, in_chamber) {
                    (false, _) => 0,
                    (true, true) => fresh,
                    (true, false) => (speckle * 2).saturating_sub(110) + fresh,
                };
                let gray = u8::try_from(level).unwrap_or(u8::MAX);
                push(
                    &mut rows,
                    self.options.form,
                    gray,
                    in_sector && in_chamber,
                    phase < TAU / 2.0,
                );
            }
        }
        rows
    }
}

/// The chamber that moves and beats.
struct Chamber {
    x: f64,
    y: f64,
    radius: f64,
}

impl Chamber {
    fn at(phase: f64, width: f64, height: f64) -> Self {
        let (x, y) = (
            width * (0.5 + 0.12 * phase.cos()),
            height * (0.55 + 0.1 * phase.sin()),
        );
        Self {
            x,
            y,
            radius: height * (0.16 + 0.05 * phase.sin()),
        }
    }

    fn holds(&self, x: usize, y: usize) -> bool {
        (x as f64 - self.x).hypot(y as f64 - self.y) < self.radius
    }
}

fn is_in_sector(x: usize, y: usize, width: usize, height: usize) -> bool {
    let (across, down) = (x as f64 - width as f64 / 2.0, y as f64);
    across.abs() < down * 0.7 && across.hypot(down) < height as f64 * 0.97
}

/// Rounds a small positive number.
const fn whole(number: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 48"
    )]
    let whole = number.round() as usize;
    whole
}

/// One pixel; in colour the chamber shows flow that changes its direction.
fn push(rows: &mut Vec<u8>, form: Form, gray: u8, is_flow: bool, is_towards: bool) {
    match (form, is_flow) {
        (Form::Gray8, _) => rows.push(gray),
        (Form::Rgb8, false) => rows.extend([gray; 3]),
        (Form::Rgb8, true) if is_towards => rows.extend([160 + gray, gray, 20]),
        (Form::Rgb8, true) => rows.extend([20, gray, 160 + gray]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(form: Form) -> Pattern {
        Pattern::new(TestOptions {
            frame_rate: 30.0,
            width: 320,
            height: 240,
            form,
        })
    }

    #[test]
    fn the_picture_moves_and_comes_back() {
        let pattern = pattern(Form::Gray8);
        assert_ne!(pattern.draw(0, 30), pattern.draw(1, 30));
        assert_eq!(pattern.draw(7, 30), pattern.draw(7, 30));
    }

    #[test]
    fn colour_is_colour_and_gray_has_contrast() {
        assert!(
            pattern(Form::Rgb8)
                .draw(0, 30)
                .chunks_exact(3)
                .any(|pixel| pixel[0] != pixel[2])
        );
        let gray = pattern(Form::Gray8).draw(0, 30);
        let bright = gray.iter().filter(|level| **level > 160).count();
        assert!(
            (gray.len() / 100..gray.len() / 2).contains(&bright),
            "{bright} of {} are bright",
            gray.len()
        );
    }
}
