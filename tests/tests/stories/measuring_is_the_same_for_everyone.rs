//! A measurement says the same on both pages, to who comes later, and after a calibration that comes later.

use crate::phantoms::{Phantom, agrees, number};
use anyhow::{Result, ensure};
use stories::agent::dicom_source;
use stories::binaries::workspace;
use stories::person::Person;
use stories::story::{Plan, tell};
use stories::wait::{ms, secs};
use wire::mark::Annotation;
use wire::people::Role;

#[test]
fn both_pages_and_a_late_joiner_read_the_same_value() -> Result<()> {
    let phantom = Phantom::named("sc_ivc_small.dcm")?;
    tell(
        Plan::calm().source(dicom_source(&phantom.path)),
        |story| async move {
            let (doctor, bedside) = story.both().await?;
            for person in [&doctor, &bedside] {
                person.sees_picture_within(secs(5)).await?;
            }
            // Two breaths, so that both ends of one lie before the freeze.
            doctor.picture_moves_for(42, secs(10)).await?;
            doctor.freezes().await?;
            doctor.sees_the_original_within(secs(5)).await?;
            doctor.opens_measuring().await?;
            let places = [(0.3, 0.4), (0.5, 0.6)];
            let mark = doctor.measures("caliper", &places).await?;
            let said = doctor.reads_value_within(&mark, secs(3)).await?;
            ensure!(said.ends_with(" cm"), "{said}");
            bedside.sees_mark_within(&mark, secs(2)).await?;
            let breath = the_collapse_of_the_vena_cava(&doctor, &phantom).await?;
            // Also when the picture runs again, and the frame is no longer on any glass.
            doctor.releases().await?;
            let late = story.arrives(Role::Trainer).await?;
            late.sees_picture_within(secs(5)).await?;
            late.page().click("[data-testid=tool-measure]").await?;
            for person in [&doctor, &bedside, &late] {
                let read = person.reads_value_within(&mark, secs(3)).await?;
                ensure!(
                    read == said,
                    "a {:?} reads {read:?} instead of {said:?}",
                    person.role
                );
                let read = person.reads_derived_within("collapse", secs(3)).await?;
                ensure!(
                    read == breath.said,
                    "a {:?} reads {read:?} instead of {:?}",
                    person.role,
                    breath.said
                );
            }
            // Undo takes a measurement back, for everybody.
            doctor.undoes().await?;
            for person in [&doctor, &bedside, &late] {
                person
                    .holds_marks_within(&[mark.id, breath.smallest.id], secs(2))
                    .await?;
            }
            Ok(())
        },
    )
}

/// Measures both ends of a breath, where the truth says they are; the page says how far the vein collapses.
async fn the_collapse_of_the_vena_cava(doctor: &Person, phantom: &Phantom) -> Result<Breath> {
    let vein = |frame: usize| &phantom.truth["frames"][frame]["ivc"];
    let width = |frame: usize| vein(frame)["diameterCm"].as_f64().unwrap_or_default();
    let widest = Phantom::known(&phantom.truth["venaCava"]["largestCm"])?;
    let narrow = phantom
        .steps_to(doctor, |frame| width(frame) < 0.65 * widest)
        .await?;
    doctor.opens_measuring().await?;
    let ends = phantom.places(&vein(narrow)["diameterEnds"])?;
    let smallest = doctor.measures("venaCava-smallest", &ends).await?;
    let wide = phantom
        .steps_to(doctor, |frame| width(frame) > 0.95 * widest)
        .await?;
    doctor.opens_measuring().await?;
    let ends = phantom.places(&vein(wide)["diameterEnds"])?;
    doctor.measures("venaCava-largest", &ends).await?;

    let said = doctor.reads_derived_within("collapse", secs(3)).await?;
    let shown = number(said.trim_start_matches("IVC 虚脱率").trim(), "%")?;
    let left = width(narrow) / width(wide);
    let a_pixel = phantom.pixel(0, 0)? / width(wide) * (1.0 + left);
    let made = 100.0 * (1.0 - left);
    agrees(shown, made, 100.0 * a_pixel, "collapse")?;
    Ok(Breath { smallest, said })
}

/// What was measured of a breath.
struct Breath {
    smallest: Annotation,
    said: String,
}

#[test]
fn a_point_is_nudged_by_a_pixel_and_an_adjusted_measurement_replaces_the_first() -> Result<()> {
    let clip = workspace().join("sample-dicom/plax_small.dcm");
    tell(
        Plan::calm().source(dicom_source(&clip)),
        |story| async move {
            let doctor = story.cardiologist().await?;
            doctor.sees_picture_within(secs(5)).await?;
            doctor.freezes().await?;
            doctor.sees_the_original_within(secs(5)).await?;
            doctor.opens_measuring().await?;
            doctor.taps(&[(0.3, 0.5), (0.5, 0.5)]).await?;
            doctor.reads_draft().await?;
            // By button, and by key on the picture.
            for _ in 0..8 {
                doctor.page().click("[data-testid=nudge-right]").await?;
            }
            doctor
                .page()
                .eval::<()>(
                    "() => document.querySelector('[data-testid=stage]').focus()",
                    (),
                )
                .await?;
            for _ in 0..2 {
                doctor.page().press("ArrowRight").await?;
            }
            let first = doctor.confirms_measurement().await?;
            let wire::mark::Shape::Measure { points, .. } = &first.shape else {
                anyhow::bail!("no measurement: {first:?}");
            };
            let xs: Vec<f64> = points.iter().map(|point| point.x.get()).collect();
            // Ten pixels of 400 further than the tap, which itself falls on the nearest pixel of the screen.
            let moved = xs.last().copied().unwrap_or_default() - 0.5;
            ensure!((moved - 10.0 / 400.0).abs() < 0.001, "moved by {moved}");
            doctor.reads_value_within(&first, secs(3)).await?;
            doctor.page().click("[data-testid=measure-adjust]").await?;
            doctor.page().click("[data-testid=nudge-down]").await?;
            let second = doctor.confirms_measurement().await?;
            ensure!(second.replaces == Some(first.id), "{second:?}");
            doctor.holds_marks_within(&[second.id], secs(2)).await?;
            doctor
                .page()
                .visible("[data-testid=measure-result]", ms(500))
                .await
        },
    )
}
