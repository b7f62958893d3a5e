//! What the machine writes around the picture.
//!
//! Owns: banner with a made-up patient, settings column, depth scale, grey bar, sector marker, focus
//! mark, and the frames of the strips. Drawn once per clip; only strips and sector change. Invariant:
//! the only name, id, date and institution are in the banner rectangle, and they are plainly false.

use crate::canvas::{Colour, Picture, TextSize};
use crate::doppler;
use crate::layout::Layout;
use crate::scan::{PixelRect, Sector};
use crate::spec::View;

/// The made-up patient, also written to the DICOM header.
pub(crate) const NAME: &str = "PHANTOM^NOT A PATIENT";
pub(crate) const PATIENT_ID: &str = "FAKE-000000";
pub(crate) const INSTITUTION: &str = "EXAMPLE CLINIC (FICTIONAL)";
/// Fixed, so that the same seed gives the same bytes.
pub(crate) const DATE: &str = "20260101";
pub(crate) const TIME: &str = "101500";

const BANNER: Colour = [24, 40, 62];
const PALE: Colour = [222, 228, 232];
const DIM: Colour = [132, 142, 150];
const ACCENT: Colour = [226, 178, 78];
pub(crate) const ECG: Colour = [92, 214, 120];
const GUIDE: Colour = [120, 190, 205];

/// Numbers that the settings column shows.
pub(crate) struct Readout {
    pub(crate) view: View,
    pub(crate) fps: f64,
    pub(crate) heart_rate: f64,
    pub(crate) focus_cm: f64,
}

/// Everything that stays the same in all frames.
pub(crate) fn draw(picture: &mut Picture, layout: &Layout, sector: &Sector, readout: &Readout) {
    let size = TextSize::body(layout.width);
    banner(picture, layout, size);
    settings(picture, layout, sector, readout, size);
    depth_scale(picture, layout, sector, readout.focus_cm, size);
    grey_bar(picture, layout);
    marker(picture, layout, sector);
}

fn banner(picture: &mut Picture, layout: &Layout, size: TextSize) {
    picture.fill(layout.banner, BANNER);
    let (letter, line) = size.cell();
    let lines = (layout.banner.height() as i32 - 2 * line) / 3;
    let (first, second) = (lines.max(1), 2 * lines.max(1) + line);
    let right = |text: &str| layout.width as i32 - letter * (text.len() as i32 + 1);
    picture.text(letter, first, size, PALE, "NOT A PATIENT, PHANTOM");
    picture.text(letter, second, size, PALE, &format!("ID {PATIENT_ID}"));
    let when = "2026-01-01 10:15:00";
    picture.text(right(when), first, size, PALE, when);
    picture.text(right(INSTITUTION), second, size, PALE, INSTITUTION);
}

fn settings(
    picture: &mut Picture,
    layout: &Layout,
    sector: &Sector,
    readout: &Readout,
    size: TextSize,
) {
    let (letter, line) = size.cell();
    let top = layout.banner.y1 as i32 + line / 2;
    let lines = [
        readout.view.label().to_owned(),
        "SIM P1-5".to_owned(),
        format!("{:.0} Hz", readout.fps),
        format!("{:.0} cm", sector.grid.depth_cm),
        "2D".to_owned(),
        " HGen".to_owned(),
        " Gn 56".to_owned(),
        " DR 58".to_owned(),
    ];
    for (i, text) in lines.iter().enumerate() {
        let colour = if i == 0 { ACCENT } else { DIM };
        picture.text(letter / 2 + 1, top + i as i32 * line, size, colour, text);
    }
    let rate = format!("HR {:.0}", readout.heart_rate);
    let below = top + (lines.len() as i32 + 1) * line;
    picture.text(letter / 2 + 1, below, size, ECG, &rate);
}

fn depth_scale(
    picture: &mut Picture,
    layout: &Layout,
    sector: &Sector,
    focus_cm: f64,
    size: TextSize,
) {
    let (letter, line) = size.cell();
    let x = layout.width as i32 - 4 * letter;
    for cm in 0..=sector.grid.depth_cm as i32 {
        let (_, y) = sector.pixel((0.0, f64::from(cm)));
        let y = libm::round(y) as i32;
        let long = cm % 5 == 0;
        picture.row(
            y,
            x - if long { 7 } else { 3 },
            x,
            if long { PALE } else { DIM },
        );
        if long && cm > 0 {
            picture.text(x + 4, y - line / 2, size, DIM, &cm.to_string());
        }
    }
    // Focus: a triangle pointing at the scale.
    let y = libm::round(sector.pixel((0.0, focus_cm)).1) as i32;
    for i in 0..6 {
        picture.column(x - 10 - i, y - i / 2, y + i / 2, ACCENT);
    }
}

fn grey_bar(picture: &mut Picture, layout: &Layout) {
    let width = (layout.width / 80).max(5);
    let x0 = layout.width - width - 3;
    let y0 = layout.banner.y1 + 6;
    let y1 = y0 + layout.sector.height() / 4;
    for y in y0..=y1 {
        let grey = (250 - (y - y0) * 250 / (y1 - y0).max(1)) as u8;
        picture.fill(
            PixelRect {
                x0,
                y0: y,
                x1: x0 + width - 1,
                y1: y,
            },
            [grey; 3],
        );
    }
}

/// The side of the probe's notch: right, as cardiology shows it.
fn marker(picture: &mut Picture, layout: &Layout, sector: &Sector) {
    let radius = (layout.width as i32 / 130).max(3);
    let (cx, cy) = (sector.apex_x + 5 * radius, sector.apex_y + radius + 1);
    for dy in -radius..=radius {
        for dx in -radius..=radius {
            let d = dx * dx + dy * dy;
            if d <= radius * radius {
                picture.put(cx + dx, cy + dy, [60, 170, 140]);
            }
        }
    }
}

/// Scales and frames of the M-mode and Doppler strips.
pub(crate) fn strip_scales(picture: &mut Picture, layout: &Layout, depth_cm: f64) {
    let Some((mmode, pulsed)) = layout.strips else {
        return;
    };
    let size = TextSize::body(layout.width);
    let (letter, line) = size.cell();
    let tick = |p: &mut Picture, rect: PixelRect, y: f64, label: &str| {
        let y = rect.y0 as i32 + libm::round(y) as i32;
        let x = rect.x1 as i32;
        p.row(y, x + 2, x + 6, DIM);
        if !label.is_empty() {
            p.text(x + 9, y - line / 2, size, DIM, label);
        }
    };
    for cm in (0..=depth_cm as i32).step_by(2) {
        let y = f64::from(cm) * f64::from(mmode.height() - 1) / depth_cm;
        let label = if cm % 10 == 0 && cm > 0 {
            cm.to_string()
        } else {
            String::new()
        };
        tick(picture, mmode, y, &label);
    }
    let per_px = doppler::cm_s_per_px(pulsed.height());
    let zero = f64::from(doppler::baseline(pulsed.height()));
    for velocity in [-40, 0, 40, 80] {
        tick(
            picture,
            pulsed,
            zero - f64::from(velocity) / per_px,
            &velocity.to_string(),
        );
    }
    picture.text(letter / 2 + 1, mmode.y0 as i32 + 2, size, ACCENT, "M-mode");
    picture.text(
        letter / 2 + 1,
        mmode.y0 as i32 + 2 + line,
        size,
        DIM,
        "TAPSE",
    );
    picture.text(letter / 2 + 1, pulsed.y0 as i32 + 2, size, ACCENT, "PW");
    picture.text(
        letter / 2 + 1,
        pulsed.y0 as i32 + 2 + line,
        size,
        DIM,
        "MV in",
    );
    picture.text(
        letter / 2 + 1,
        pulsed.y0 as i32 + 2 + 2 * line,
        size,
        DIM,
        "cm/s",
    );
}

/// M-line and Doppler gate over the sector.
pub(crate) fn cursors(picture: &mut Picture, sector: &Sector, m_angle: f64, gate: (f64, f64)) {
    let end = |angle: f64, r: f64| sector.pixel((r * libm::sin(angle), r * libm::cos(angle)));
    let step = if picture.width < 500 { 5 } else { 7 };
    picture.dots(
        end(m_angle, 0.4),
        end(m_angle, sector.grid.depth_cm - 0.2),
        step,
        GUIDE,
    );
    let angle = libm::atan2(gate.0, gate.1);
    let r = libm::sqrt(gate.0 * gate.0 + gate.1 * gate.1);
    picture.dots(end(angle, 0.4), end(angle, r - 0.5), step, ACCENT);
    for side in [-0.25, 0.25] {
        let (x, y) = end(angle, r + side);
        let half = 5.0;
        picture.dots((x - half, y), (x + half, y), 1, ACCENT);
    }
}
