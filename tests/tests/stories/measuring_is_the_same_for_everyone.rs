//! A measurement says the same on both pages, to who comes later, and after a calibration that comes later.

use anyhow::{Result, ensure};
use stories::agent::dicom_source;
use stories::binaries::workspace;
use stories::story::{Plan, tell};
use stories::wait::{ms, secs};
use wire::people::Role;

#[test]
fn both_pages_and_a_late_joiner_read_the_same_value() -> Result<()> {
    let clip = workspace().join("sample-dicom/plax_small.dcm");
    tell(
        Plan::calm().source(dicom_source(&clip)),
        |story| async move {
            let (doctor, bedside) = story.both().await?;
            for person in [&doctor, &bedside] {
                person.sees_picture_within(secs(5)).await?;
            }
            doctor.freezes().await?;
            doctor.sees_the_original_within(secs(5)).await?;
            doctor.opens_measuring().await?;
            let places = [(0.3, 0.4), (0.5, 0.6)];
            let mark = doctor.measures("caliper", &places).await?;
            let said = doctor.reads_value_within(&mark, secs(3)).await?;
            ensure!(said.ends_with(" cm"), "{said}");
            bedside.sees_mark_within(&mark, secs(2)).await?;
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
            }
            // Undo takes a measurement back, for everybody.
            doctor.undoes().await?;
            for person in [&doctor, &bedside, &late] {
                person.holds_marks_within(&[], secs(2)).await?;
            }
            Ok(())
        },
    )
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
