//! Where things are on the screen.
//!
//! Owns: the rectangles of banner, sector and strips for a picture size. Callers: `clip`, `overlay`.
//! Invariant: the banner overlaps nothing; only the ECG lies over another strip (the M-mode strip of
//! a combined clip), as in PS3.3 Figure C.8-4.

use crate::scan::PixelRect;
use crate::spec::View;

/// Rectangles of one picture.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) width: u32,
    pub(crate) banner: PixelRect,
    pub(crate) sector: PixelRect,
    pub(crate) ecg: PixelRect,
    /// M-mode and Doppler strip of a combined clip.
    pub(crate) strips: Option<(PixelRect, PixelRect)>,
}

impl Layout {
    pub(crate) fn new(view: View, width: u32, height: u32) -> Self {
        let (w, h) = (f64::from(width), f64::from(height));
        let rect = |x0: f64, y0: f64, x1: f64, y1: f64| PixelRect {
            x0: (x0 * w) as u32,
            y0: (y0 * h) as u32,
            x1: ((x1 * w) as u32).min(width - 1),
            y1: ((y1 * h) as u32).min(height - 1),
        };
        let banner = PixelRect {
            x0: 0,
            y0: 0,
            x1: width - 1,
            y1: (0.085 * h) as u32,
        };
        if view == View::Combined {
            let strip = |top: f64, bottom: f64| rect(0.10, top, 0.93, bottom);
            return Layout {
                width,
                banner,
                sector: rect(0.18, 0.10, 0.82, 0.475),
                ecg: strip(0.645, 0.725),
                strips: Some((strip(0.495, 0.73), strip(0.745, 0.985))),
            };
        }
        Layout {
            width,
            banner,
            sector: rect(0.06, 0.10, 0.94, 0.905),
            ecg: rect(0.10, 0.915, 0.90, 0.990),
            strips: None,
        }
    }
}
