//! Collects the truth of a clip from the parts that know it.
//!
//! Owns: turning sizes and places of the model into the `truth` types, in pixels. Called once per
//! clip by `clip`. Invariant: nothing here is measured in the picture.

use crate::clip::Scene;
use crate::doppler;
use crate::scan::Sector;
use crate::spec::ClipSpec;
use crate::strip::Strip;
use crate::strips::{self, Strips};
use crate::truth::{
    ClipTruth, CollapseTruth, EjectionTruth, FrameTruth, InflowTruth, Point, RegionTruth,
};

/// Units of PS3.3 C.8.5.5.1.15.
const NONE: u16 = 0;
const CM: u16 = 3;
const SECONDS: u16 = 4;
const CM_PER_SECOND: u16 = 7;
/// Region flags of PS3.3 C.8.5.5.1.3: bit 0 gives way to overlapping regions, bits 3–4 = 01 scrolls.
const LOW_PRIORITY: u32 = 1;
const SCROLLS: u32 = 8;

pub(crate) fn clip(
    spec: &ClipSpec,
    scene: &Scene,
    strips: &Strips,
    sop_instance_uid: String,
) -> ClipTruth {
    let timing = &scene.timing;
    let frames: Vec<FrameTruth> = timing
        .times_s
        .iter()
        .enumerate()
        .map(|(index, time_s)| frame(scene, strips, index as u32, *time_s))
        .collect();
    let beats = libm::ceil(timing.duration_s / timing.beat_s - 1e-6) as u32;
    ClipTruth {
        file: String::new(),
        view: spec.view.label().to_owned(),
        sop_instance_uid,
        columns: spec.width,
        rows: spec.height,
        loops: timing.loops,
        duration_s: timing.duration_s,
        heart_rate_bpm: 60.0 / timing.beat_s,
        banner: scene.layout.banner,
        r_peaks_s: (0..beats).map(|i| f64::from(i) * timing.beat_s).collect(),
        ventricle: ejection(scene, &frames),
        vena_cava: collapse(&frames),
        inflow: strips.pair().map(|_| inflow(scene)),
        regions: regions(&scene.sector, strips),
        frames,
    }
}

fn frame(scene: &Scene, strips: &Strips, index: u32, time_s: f64) -> FrameTruth {
    let moment = scene.anatomy.moment(time_s);
    let to_pixel = |p: Point| -> Point { thousandths(scene.sector.pixel((p[0], p[1])).into()) };
    FrameTruth {
        index,
        time_s,
        beat_phase: scene.cycle.phase_s(time_s) / scene.cycle.beat_s(),
        ventricle: moment.ventricle.map(|v| v.map(&to_pixel)),
        ivc: moment.ivc.map(|v| v.map(&to_pixel)),
        strips: strips.truth(time_s, annulus_depths(scene, strips)),
    }
}

/// Finer than a thousandth of a pixel is noise in the file.
pub(crate) fn thousandths(p: Point) -> Point {
    p.map(|x| libm::round(x * 1000.0) / 1000.0)
}

/// Depth of the tricuspid annulus along the M-line at end-diastole and end-systole.
fn annulus_depths(scene: &Scene, strips: &Strips) -> Option<[f64; 2]> {
    let angle = strips.cursors()?.m_angle;
    let depth = |t: f64| {
        let [free_wall, _] = scene.anatomy.moment(t).ventricle?.tricuspid_annulus?;
        Some(free_wall[0] * libm::sin(angle) + free_wall[1] * libm::cos(angle))
    };
    Some([depth(0.0)?, depth(scene.cycle.end_systole_s())?])
}

/// Index of the frame for which `value` is smallest.
fn nearest(frames: &[FrameTruth], value: impl Fn(&FrameTruth) -> f64) -> u32 {
    frames
        .iter()
        .min_by(|a, b| value(a).total_cmp(&value(b)))
        .map_or(0, |f| f.index)
}

fn ejection(scene: &Scene, frames: &[FrameTruth]) -> Option<EjectionTruth> {
    frames.first()?.ventricle.as_ref()?;
    let (diastole, systole) = (
        scene.ventricle.end_diastolic_ml(),
        scene.ventricle.end_systolic_ml(),
    );
    let volume = |f: &FrameTruth| f.ventricle.as_ref().map_or(0.0, |v| v.volume_ml);
    Some(EjectionTruth {
        end_diastolic_ml: diastole,
        end_systolic_ml: systole,
        ejection_fraction: 100.0 * (diastole - systole) / diastole,
        end_diastolic_frame: nearest(frames, |f| -volume(f)),
        end_systolic_frame: nearest(frames, volume),
        diameter_ed_cm: scene.ventricle.at(0.0).diameter_cm,
        diameter_es_cm: scene.ventricle.at(1.0).diameter_cm,
    })
}

fn collapse(frames: &[FrameTruth]) -> Option<CollapseTruth> {
    frames.first()?.ivc.as_ref()?;
    let size = |f: &FrameTruth| f.ivc.as_ref().map_or(0.0, |v| v.diameter_cm);
    let largest_cm = frames.iter().map(size).fold(0.0, f64::max);
    let smallest_cm = frames.iter().map(size).fold(f64::MAX, f64::min);
    Some(CollapseTruth {
        largest_cm,
        smallest_cm,
        collapse: 100.0 * (largest_cm - smallest_cm) / largest_cm,
        largest_frame: nearest(frames, |f| -size(f)),
        smallest_frame: nearest(frames, size),
    })
}

fn inflow(scene: &Scene) -> InflowTruth {
    let [(e_after_r_s, e_peak_cm_s), (a_after_r_s, a_peak_cm_s)] = scene.cycle.inflow_peaks();
    let vti_cm = scene.cycle.inflow_vti_cm();
    InflowTruth {
        e_peak_cm_s,
        a_peak_cm_s,
        e_after_r_s,
        a_after_r_s,
        vti_cm,
        edge: scene
            .cycle
            .inflow_edge()
            .into_iter()
            .map(|(t, velocity)| thousandths([t, velocity]))
            .collect(),
        effective_area_cm2: scene.ventricle.stroke_ml() / vti_cm,
    }
}

fn regions(sector: &Sector, strips: &Strips) -> Vec<RegionTruth> {
    let rect = sector.bounds();
    let mut regions = vec![RegionTruth {
        spatial_format: 1,
        data_type: 1,
        flags: 0,
        rect,
        units: [CM, CM],
        delta: [sector.cm_per_px, sector.cm_per_px],
        reference_pixel: [
            sector.apex_x - rect.x0 as i32,
            sector.apex_y - rect.y0 as i32,
        ],
        reference_value: [0.0, 0.0],
    }];
    // Time zero of a strip is its right edge: what the picture above shows now.
    let strip = |s: &Strip, kind: (u16, u16, u32), unit: u16, delta: f64, zero: i32| RegionTruth {
        spatial_format: kind.0,
        data_type: kind.1,
        flags: kind.2,
        rect: s.rect,
        units: [SECONDS, unit],
        delta: [s.seconds_per_px(), delta],
        reference_pixel: [s.rect.width() as i32 - 1, zero],
        reference_value: [0.0, 0.0],
    };
    if let Some((mmode, pulsed, depth_cm)) = strips.pair() {
        let rows = pulsed.rect.height();
        let depth = strips::cm_per_px(mmode, depth_cm);
        let velocity = -doppler::cm_s_per_px(rows);
        regions.push(strip(mmode, (2, 1, LOW_PRIORITY | SCROLLS), CM, depth, 0));
        regions.push(strip(
            pulsed,
            (3, 3, SCROLLS),
            CM_PER_SECOND,
            velocity,
            doppler::baseline(rows),
        ));
    }
    let (ecg, zero) = strips.ecg();
    regions.push(strip(ecg, (4, 10, SCROLLS), NONE, 0.0, zero));
    regions
}
