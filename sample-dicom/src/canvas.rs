//! A picture of RGB bytes and text on it.
//!
//! Owns: pixels and the few strokes overlays need. Text uses the X11 "misc-fixed" bitmap fonts that
//! come with `embedded-graphics` (public domain glyphs). Callers: `overlay`, `clip`. Invariant:
//! drawing outside the picture does nothing.

use crate::scan::PixelRect;
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle, ascii};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::*;
use embedded_graphics::text::{Baseline, Text};
use std::convert::Infallible;

/// A colour, red green blue.
pub(crate) type Colour = [u8; 3];

/// One frame as it is shown: rows of RGB bytes without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// width × height × 3 bytes.
    pub rgb: Vec<u8>,
}

impl Picture {
    pub(crate) fn black(width: u32, height: u32) -> Self {
        Picture {
            width,
            height,
            rgb: vec![0; width as usize * height as usize * 3],
        }
    }

    /// Brightness only (ITU-R BT.601), for monochrome files.
    pub fn grey(&self) -> Vec<u8> {
        let luma = |p: &[u8]| match p {
            [r, g, b] => {
                ((77 * u32::from(*r) + 150 * u32::from(*g) + 29 * u32::from(*b)) >> 8) as u8
            }
            _ => 0,
        };
        self.rgb.chunks_exact(3).map(luma).collect()
    }

    pub(crate) fn put(&mut self, x: i32, y: i32, colour: Colour) {
        if x < 0 || y < 0 || x >= self.width as i32 || y >= self.height as i32 {
            return;
        }
        let at = (y as usize * self.width as usize + x as usize) * 3;
        if let Some(pixel) = self.rgb.get_mut(at..at + 3) {
            pixel.copy_from_slice(&colour);
        }
    }

    pub(crate) fn fill(&mut self, rect: PixelRect, colour: Colour) {
        for y in rect.y0..=rect.y1 {
            for x in rect.x0..=rect.x1 {
                self.put(x as i32, y as i32, colour);
            }
        }
    }

    /// Vertical stroke from one row to another, both included.
    pub(crate) fn column(&mut self, x: i32, from: i32, to: i32, colour: Colour) {
        for y in from.min(to)..=from.max(to) {
            self.put(x, y, colour);
        }
    }

    pub(crate) fn row(&mut self, y: i32, from: i32, to: i32, colour: Colour) {
        for x in from.min(to)..=from.max(to) {
            self.put(x, y, colour);
        }
    }

    /// A dotted straight line.
    pub(crate) fn dots(&mut self, from: (f64, f64), to: (f64, f64), step: usize, colour: Colour) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.abs().max(dy.abs()).max(1.0);
        for i in (0..=length as usize).step_by(step.max(1)) {
            let k = i as f64 / length;
            self.put(
                (from.0 + k * dx + 0.5) as i32,
                (from.1 + k * dy + 0.5) as i32,
                colour,
            );
        }
    }

    pub(crate) fn text(&mut self, x: i32, y: i32, size: TextSize, colour: Colour, text: &str) {
        let style = MonoTextStyle::new(size.font(), Rgb888::new(colour[0], colour[1], colour[2]));
        let Ok(_) = Text::with_baseline(text, Point::new(x, y), style, Baseline::Top).draw(self);
    }
}

impl Dimensions for Picture {
    fn bounding_box(&self) -> embedded_graphics::primitives::Rectangle {
        embedded_graphics::primitives::Rectangle::new(
            Point::zero(),
            Size::new(self.width, self.height),
        )
    }
}

impl DrawTarget for Picture {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Infallible> {
        for Pixel(at, colour) in pixels {
            self.put(at.x, at.y, [colour.r(), colour.g(), colour.b()]);
        }
        Ok(())
    }
}

/// Text heights that suit a picture width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextSize {
    Tiny,
    Small,
    Normal,
    Large,
}

impl TextSize {
    /// Body text for a picture of this width.
    pub(crate) fn body(width: u32) -> Self {
        match width {
            0..400 => TextSize::Tiny,
            400..700 => TextSize::Small,
            700..1100 => TextSize::Normal,
            _ => TextSize::Large,
        }
    }

    fn font(self) -> &'static MonoFont<'static> {
        match self {
            TextSize::Tiny => &ascii::FONT_5X7,
            TextSize::Small => &ascii::FONT_6X10,
            TextSize::Normal => &ascii::FONT_7X13,
            TextSize::Large => &ascii::FONT_9X15,
        }
    }

    /// Width of a letter and height of a line.
    pub(crate) fn cell(self) -> (i32, i32) {
        match self {
            TextSize::Tiny => (5, 8),
            TextSize::Small => (6, 11),
            TextSize::Normal => (7, 15),
            TextSize::Large => (9, 18),
        }
    }
}
