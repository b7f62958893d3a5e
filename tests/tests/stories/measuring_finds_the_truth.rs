//! What is measured through the browser on phantom clips is what they were made from.
//!
//! Places come from `truth.json`, go through the stage to real taps, and the values are read as they stand on the page.

use crate::phantoms::{Phantom, agrees, number};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use stories::agent::dicom_source;
use stories::person::Person;
use stories::story::{Plan, tell};
use stories::wait::secs;

/// LVEF agrees within this many points.
const EF_POINTS: f64 = 2.0;
/// Regions of the combined clip, in the file's order.
const TISSUE: usize = 0;
const M_MODE: usize = 1;
const DOPPLER: usize = 2;
const ECG: usize = 3;
const MS_PER_S: f64 = 1_000.0;

#[test]
fn what_is_measured_on_one_frame_is_what_the_phantom_was_made_from() -> Result<()> {
    let phantom = Phantom::named("combined_small.dcm")?;
    let plan = Plan::calm().source(dicom_source(&phantom.path));
    tell(plan, |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        doctor.freezes().await?;
        let frame = phantom.frozen(&doctor).await?;
        let truth = &phantom.truth["frames"][frame];
        doctor.opens_measuring().await?;
        doctor
            .reads_scale_within("校正: DICOM 領域", secs(3))
            .await?;

        let ends = phantom.places(&truth["ventricle"]["diameterEnds"])?;
        let mark = doctor.measures("caliper", &ends).await?;
        let line = doctor.reads_result_within(&mark, secs(3)).await?;
        ensure!(
            line.contains("DICOM 領域 1") && line.contains("フレーム"),
            "{line}"
        );
        let shown = doctor.reads_value_within(&mark, secs(3)).await?;
        let diameter = truth["ventricle"]["diameterCm"]
            .as_f64()
            .context("a diameter")?;
        agrees(
            number(&shown, "cm")?,
            diameter,
            phantom.pixel(TISSUE, 0)?,
            "diameter",
        )?;

        for (peaks, made) in [("ePeaks", "ePeakCmS"), ("aPeaks", "aPeakCmS")] {
            let peak = phantom.place(&truth["strips"][peaks][0])?;
            let mark = doctor.measures("velocity", &[peak]).await?;
            let shown = doctor.reads_value_within(&mark, secs(3)).await?;
            let made = phantom.truth["inflow"][made]
                .as_f64()
                .context("a velocity")?;
            agrees(
                number(&shown, "cm/s")?,
                made,
                phantom.pixel(DOPPLER, 1)?,
                peaks,
            )?;
        }

        // Between two R peaks of the ECG strip: the rate that the phantom beats at.
        let beats = phantom.places(&truth["strips"]["rPeaks"])?;
        let mark = doctor
            .measures("heartRate", beats.get(..2).context("two peaks")?)
            .await?;
        let shown = doctor.reads_value_within(&mark, secs(3)).await?;
        let rate = phantom.truth["heartRateBpm"].as_f64().context("a rate")?;
        let a_pixel = rate * rate / 60.0 * phantom.pixel(ECG, 0)?;
        agrees(number(&shown, "/min")?, rate, a_pixel, "heart rate")?;

        an_angle(&doctor, &phantom).await?;
        the_area_of_an_outline(&doctor, &phantom, truth).await?;
        depth_and_time_in_m_mode(&doctor, &phantom, truth).await?;
        how_fast_velocity_changes(&doctor, &phantom, truth).await?;
        the_integral_of_a_jet(&doctor, &phantom, truth).await
    })
}

/// Of a right-angled triangle with sides of 3, 4 and 5 twenty pixels, which are square here.
async fn an_angle(doctor: &Person, phantom: &Phantom) -> Result<()> {
    let corners = serde_json::json!([[280, 60], [200, 60], [260, 140]]);
    let mark = doctor.measures("angle", &phantom.places(&corners)?).await?;
    let shown = doctor.reads_value_within(&mark, secs(3)).await?;
    // The shorter arm a pixel aside.
    let a_pixel = (1.0f64 / 80.0).atan().to_degrees();
    let made = (4.0f64 / 3.0).atan().to_degrees();
    agrees(number(&shown, "°")?, made, a_pixel, "angle")
}

async fn the_area_of_an_outline(doctor: &Person, phantom: &Phantom, truth: &Value) -> Result<()> {
    let wall = &truth["ventricle"]["contour"];
    doctor.takes_measure("area").await?;
    doctor.moves_pen(&phantom.places(wall)?, "mouse").await?;
    let mark = doctor.confirms_measurement().await?;
    let shown = doctor.reads_value_within(&mark, secs(3)).await?;
    let size = phantom.pixel(TISSUE, 0)?;
    let corner = |at: &Value| Ok((Phantom::known(&at[0])?, Phantom::known(&at[1])?));
    let corners = wall.as_array().context("a wall")?.iter().map(corner);
    let corners = corners.collect::<Result<Vec<(f64, f64)>>>()?;
    let around = corners.iter().zip(corners.iter().cycle().skip(1));
    let (mut twice, mut round) = (0.0, 0.0);
    for (from, to) in around {
        twice += from.0 * to.1 - to.0 * from.1;
        round += (to.0 - from.0).hypot(to.1 - from.1);
    }
    // Half a pixel further out all around.
    let a_pixel = round * size * size / 2.0;
    agrees(
        number(&shown, "cm²")?,
        twice.abs() / 2.0 * size * size,
        a_pixel,
        "area",
    )
}

async fn depth_and_time_in_m_mode(doctor: &Person, phantom: &Phantom, truth: &Value) -> Result<()> {
    // The annulus of the tricuspid valve from one end of a beat to the other.
    let strips = &truth["strips"];
    // The newest systole: a beat began before it on the strip of every frame.
    let systoles = strips["annulusEs"].as_array().context("systoles")?;
    let systole = systoles.last().context("a systole")?;
    let before = |end: &&Value| end[0].as_f64() < systole[0].as_f64();
    let ends = strips["annulusEd"].as_array().context("ends of beats")?;
    let diastole = ends.iter().rev().find(before).context("a beat")?;
    let apart = |axis: usize| -> Result<f64> {
        let [from, to] = [diastole, systole].map(|end| Phantom::known(&end[axis]));
        Ok((to? - from?).abs() * phantom.pixel(M_MODE, axis)?)
    };
    let (seconds, centimetres) = (apart(0)?, apart(1)?);
    let points = [phantom.place(diastole)?, phantom.place(systole)?];
    let [a_column, a_row] = [phantom.pixel(M_MODE, 0)?, phantom.pixel(M_MODE, 1)?];

    let mark = doctor.measures("caliper", &points).await?;
    let time = doctor.reads_value_within(&mark, secs(3)).await?;
    agrees(
        number(&time, "ms")?,
        seconds * MS_PER_S,
        a_column * MS_PER_S,
        "time in M-mode",
    )?;
    let depth = doctor
        .reads_figure_within(&mark, "深さの差", secs(3))
        .await?;
    agrees(number(&depth, "cm")?, centimetres, a_row, "depth in M-mode")?;

    let mark = doctor.measures("slope", &points).await?;
    let slope = doctor.reads_value_within(&mark, secs(3)).await?;
    let made = centimetres / seconds;
    let a_pixel = a_row / seconds + made * a_column / seconds;
    agrees(number(&slope, "cm/s")?, made, a_pixel, "slope in M-mode")
}

async fn how_fast_velocity_changes(
    doctor: &Person,
    phantom: &Phantom,
    truth: &Value,
) -> Result<()> {
    let strips = &truth["strips"];
    let early = &strips["ePeaks"][0];
    let after = |peak: &&Value| peak[0].as_f64() > early[0].as_f64();
    let peaks = strips["aPeaks"].as_array().context("peaks")?;
    let atrial = peaks.iter().find(after).context("a peak after it")?;
    let points = [phantom.place(early)?, phantom.place(atrial)?];
    let mark = doctor.measures("slope", &points).await?;
    let shown = doctor.reads_value_within(&mark, secs(3)).await?;
    let known = |name: &str| Phantom::known(&phantom.truth["inflow"][name]);
    let seconds = known("aAfterRS")? - known("eAfterRS")?;
    let made = (known("aPeakCmS")? - known("ePeakCmS")?) / seconds;
    let [a_column, a_row] = [phantom.pixel(DOPPLER, 0)?, phantom.pixel(DOPPLER, 1)?];
    let a_pixel = a_row / seconds + made.abs() * a_column / seconds;
    agrees(number(&shown, "cm/s²")?, made, a_pixel, "slope in Doppler")
}

async fn the_integral_of_a_jet(doctor: &Person, phantom: &Phantom, truth: &Value) -> Result<()> {
    let inflow = &phantom.truth["inflow"];
    let region = &phantom.truth["regions"][DOPPLER];
    let (left, right) = (
        Phantom::known(&region["rect"]["x0"])?,
        Phantom::known(&region["rect"]["x1"])?,
    );
    let zero =
        Phantom::known(&region["rect"]["y0"])? + Phantom::known(&region["referencePixel"][1])?;
    let [a_column, a_row] = [phantom.pixel(DOPPLER, 0)?, phantom.pixel(DOPPLER, 1)?];
    let edge = inflow["edge"].as_array().context("an edge")?;
    let early = Phantom::known(&inflow["eAfterRS"])?;
    // Of the beats on the strip the first whose inflow is all there.
    let peaks = truth["strips"]["ePeaks"].as_array().context("peaks")?;
    let traced = |peak: &Value| -> Result<Vec<(f64, f64)>> {
        let x = Phantom::known(&peak[0])?;
        let along = edge.iter().map(|at| {
            let [seconds, velocity] = [Phantom::known(&at[0])?, Phantom::known(&at[1])?];
            Ok((x + (seconds - early) / a_column, zero - velocity / a_row))
        });
        along.collect()
    };
    let all = peaks.iter().map(traced).collect::<Result<Vec<_>>>()?;
    let whole = |edge: &&Vec<(f64, f64)>| edge.iter().all(|(x, _)| (left..=right).contains(x));
    let edge = all.iter().find(whole).context("a whole beat")?;
    let places = edge
        .iter()
        .map(|(x, y)| phantom.place(&serde_json::json!([x, y])));
    let places = places.collect::<Result<Vec<_>>>()?;
    doctor.takes_measure("envelope").await?;
    doctor.moves_pen(&places, "mouse").await?;
    let mark = doctor.confirms_measurement().await?;
    let shown = doctor.reads_value_within(&mark, secs(3)).await?;
    let [Some((from, _)), Some((to, _))] = [edge.first(), edge.last()] else {
        anyhow::bail!("the edge is empty");
    };
    // All of it a pixel further out.
    let a_pixel = (to - from) * a_column * a_row;
    agrees(
        number(&shown, "cm")?,
        Phantom::known(&inflow["vtiCm"])?,
        a_pixel,
        "VTI",
    )
}

#[test]
fn the_ejection_fraction_of_two_traced_frames_is_within_two_points() -> Result<()> {
    let phantom = Phantom::named("a4c_small_uncompressed.dcm")?;
    let plan = Plan::calm().source(dicom_source(&phantom.path));
    tell(plan, |story| async move {
        let doctor = story.cardiologist().await?;
        // Two beats of ten frames, so that there is a frame before every frame that is stepped through.
        doctor.picture_moves_for(22, secs(8)).await?;
        doctor.freezes().await?;
        let known = &phantom.truth["ventricle"];
        for (name, kind) in [
            ("endDiastolicFrame", "endDiastole"),
            ("endSystolicFrame", "endSystole"),
        ] {
            let frame = usize::try_from(known[name].as_u64().context("a frame")?)?;
            phantom.stands_on(&doctor, frame).await?;
            doctor.opens_measuring().await?;
            if kind == "endDiastole" {
                // The later end of a beat, where the valve closes; its other end is found below.
                let seen = phantom.place(&phantom.truth["frames"][frame]["ventricle"]["apex"])?;
                doctor.measures("beatEnd", &[seen]).await?;
            }
            let ventricle = &phantom.truth["frames"][frame]["ventricle"];
            let wall = phantom.places(&ventricle["contour"])?;
            // As many points as a hand gives; the last one closes it.
            let wall: Vec<_> = wall.iter().step_by(2).chain(wall.last()).copied().collect();
            // The same wall stands for both views: the phantom is round.
            for view in ["a4c", "a2c"] {
                doctor
                    .takes_measure(&format!("ventricle-{view}-{kind}"))
                    .await?;
                doctor.moves_pen(&wall, "mouse").await?;
                let mark = doctor.confirms_measurement().await?;
                let line = doctor.reads_value_within(&mark, secs(3)).await?;
                let made = ventricle["volumeMl"].as_f64().context("a volume")?;
                let shown = number(&line, "ml")?;
                ensure!(
                    (shown - made).abs() <= made * 0.05,
                    "{view} {kind}: {shown} ml instead of {made}"
                );
            }
        }
        let made = known["ejectionFraction"].as_f64().context("a fraction")?;
        for (name, words) in [
            ("efA4c", "LVEF A4C"),
            ("efA2c", "LVEF A2C"),
            ("efBiplane", "LVEF 二断面"),
        ] {
            let line = doctor.reads_derived_within(name, secs(3)).await?;
            let shown = number(line.trim_start_matches(words).trim(), "%")?;
            ensure!(
                (shown - made).abs() <= EF_POINTS,
                "{line} instead of {made}"
            );
        }
        // One beat before the frame that the end of diastole was traced on.
        let before = usize::try_from(known["endDiastolicFrame"].as_u64().context("a frame")?)?;
        phantom.stands_on(&doctor, before).await?;
        doctor.opens_measuring().await?;
        let seen = phantom.place(&phantom.truth["frames"][before]["ventricle"]["apex"])?;
        doctor.measures("beatStart", &[seen]).await?;
        let line = doctor.reads_derived_within("heartRate", secs(3)).await?;
        let words = "心拍数(フレーム間)";
        let rate = number(line.trim_start_matches(words).trim(), "/min")?;
        let made = Phantom::known(&phantom.truth["heartRateBpm"])?;
        let a_frame = Phantom::known(&phantom.truth["frames"][1]["timeS"])?;
        agrees(rate, made, made * made / 60.0 * a_frame, "heart rate")?;
        doctor.has_a_clean_console().await
    })
}
