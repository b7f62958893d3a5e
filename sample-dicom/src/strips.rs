//! The strips of a clip: ECG always, M-mode and Doppler in a combined clip.
//!
//! Owns: making their content, drawing it at a time, and saying where events are on them. The
//! arithmetic of scrolling is in `strip`. Invariant: all strips share one time axis, so that a
//! column is the same instant in each.

use crate::canvas::Picture;
use crate::clip::Scene;
use crate::cycle::HeartCycle;
use crate::doppler;
use crate::ecg;
use crate::mesh::Scatterer;
use crate::mmode::{self, MLine};
use crate::overlay;
use crate::scan::{PixelRect, Sector};
use crate::spec::ClipSpec;
use crate::speckle::Compression;
use crate::strip::Strip;
use crate::truth::StripTruth;
use crate::views::Cursors;

/// Row of the ECG's zero line and height of R, as parts of the strip's height.
const ECG_ZERO: f64 = 0.74;
const ECG_R: f64 = 0.62;

/// M-mode and Doppler with the cursors they belong to.
struct Pair {
    mmode: Strip,
    mmode_content: Vec<Vec<u8>>,
    doppler: Strip,
    doppler_content: Vec<Vec<u8>>,
    cursors: Cursors,
    depth_cm: f64,
}

/// All strips of a clip.
pub(crate) struct Strips {
    ecg: Strip,
    ecg_rows: Vec<i32>,
    cycle: HeartCycle,
    pair: Option<Pair>,
}

impl Strips {
    pub(crate) fn new(
        spec: &ClipSpec,
        scene: &Scene,
        scatterers: &[Scatterer],
        compression: Compression,
    ) -> Self {
        // A cut-out has no period of its own: its strips repeat every four beats.
        let timing = &scene.timing;
        let period_s = if timing.loops {
            timing.duration_s
        } else {
            4.0 * timing.beat_s
        };
        let ecg = Strip::new(scene.layout.ecg, period_s);
        let row = |column| ecg_row(&ecg.rect, ecg::height(&scene.cycle, ecg.time(column)));
        let ecg_rows = (0..ecg.columns).map(row).collect();
        let pair = scene
            .layout
            .strips
            .zip(scene.anatomy.cursors())
            .map(|(rects, cursors)| {
                let mmode = Strip::new(rects.0, period_s);
                let doppler = Strip::new(rects.1, period_s);
                let line = MLine {
                    anatomy: scene.anatomy.as_ref(),
                    scatterers,
                    grid: &scene.sector.grid,
                    angle: cursors.m_angle,
                    compression,
                    seed: spec.seed,
                };
                Pair {
                    mmode_content: mmode::content(&line, &mmode),
                    doppler_content: doppler::content(&scene.cycle, &doppler, spec.seed),
                    depth_cm: scene.sector.grid.depth_cm,
                    mmode,
                    doppler,
                    cursors,
                }
            });
        Strips {
            ecg,
            ecg_rows,
            cycle: scene.cycle.clone(),
            pair,
        }
    }

    pub(crate) fn ecg(&self) -> (&Strip, i32) {
        (
            &self.ecg,
            ecg_row(&self.ecg.rect, 0.0) - self.ecg.rect.y0 as i32,
        )
    }

    /// M-mode and Doppler strip and the depth of the former.
    pub(crate) fn pair(&self) -> Option<(&Strip, &Strip, f64)> {
        self.pair
            .as_ref()
            .map(|p| (&p.mmode, &p.doppler, p.depth_cm))
    }

    pub(crate) fn cursors(&self) -> Option<Cursors> {
        self.pair.as_ref().map(|p| p.cursors)
    }

    /// Draws all strips as they are at `now`, and the cursors over the sector.
    pub(crate) fn draw(&self, picture: &mut Picture, sector: &Sector, now: f64) {
        if let Some(pair) = &self.pair {
            blit(picture, &pair.mmode, &pair.mmode_content, now);
            blit(picture, &pair.doppler, &pair.doppler_content, now);
            let zero = pair.doppler.rect.y0 as i32 + doppler::baseline(pair.doppler.rect.height());
            let rect = pair.doppler.rect;
            picture.row(zero, rect.x0 as i32, rect.x1 as i32, [70, 92, 112]);
            overlay::cursors(picture, sector, pair.cursors.m_angle, pair.cursors.gate);
        }
        let mut last: Option<i32> = None;
        for (x, column) in self.ecg.window(now) {
            let Some(&y) = self.ecg_rows.get(column) else {
                continue;
            };
            picture.column(x as i32, last.unwrap_or(y), y, overlay::ECG);
            last = Some(y);
        }
    }

    /// Where events are at `now`. `annulus_cm` are the depths of the tricuspid annulus along the
    /// M-line at end-diastole and end-systole.
    pub(crate) fn truth(&self, now: f64, annulus_cm: Option<[f64; 2]>) -> StripTruth {
        let beat = self.cycle.beat_s();
        let r_row = f64::from(ecg_row(&self.ecg.rect, ecg::height(&self.cycle, 0.0)));
        let mut truth = StripTruth {
            r_peaks: self.ecg.places(now, 0.0, beat, r_row),
            ..StripTruth::default()
        };
        if let Some(pair) = &self.pair {
            let rows = pair.doppler.rect.height();
            let zero = f64::from(pair.doppler.rect.y0) + f64::from(doppler::baseline(rows));
            let peak = |(t, velocity): (f64, f64)| {
                pair.doppler
                    .places(now, t, beat, zero - velocity / doppler::cm_s_per_px(rows))
            };
            [truth.e_peaks, truth.a_peaks] = self.cycle.inflow_peaks().map(peak);
            if let Some([diastole, systole]) = annulus_cm {
                let row = |cm: f64| {
                    f64::from(pair.mmode.rect.y0) + cm / cm_per_px(&pair.mmode, pair.depth_cm)
                };
                truth.annulus_ed = pair.mmode.places(now, 0.0, beat, row(diastole));
                truth.annulus_es =
                    pair.mmode
                        .places(now, self.cycle.end_systole_s(), beat, row(systole));
            }
        }
        truth
    }
}

/// Depth per row of an M-mode strip.
pub(crate) fn cm_per_px(strip: &Strip, depth_cm: f64) -> f64 {
    depth_cm / f64::from(strip.rect.height().max(2) - 1)
}

fn ecg_row(rect: &PixelRect, height: f64) -> i32 {
    let rows = f64::from(rect.height());
    rect.y0 as i32 + libm::round(rows * (ECG_ZERO - ECG_R * height)) as i32
}

fn blit(picture: &mut Picture, strip: &Strip, content: &[Vec<u8>], now: f64) {
    for (x, column) in strip.window(now) {
        let Some(column) = content.get(column) else {
            continue;
        };
        for (row, grey) in column.iter().enumerate() {
            picture.put(x as i32, strip.rect.y0 as i32 + row as i32, [*grey; 3]);
        }
    }
}
