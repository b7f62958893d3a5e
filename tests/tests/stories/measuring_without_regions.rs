//! A source that states no scale is measured in pixels, until somebody marks its depth scale.

use anyhow::{Result, ensure};
use serde_json::json;
use stories::story::{Plan, tell};
use stories::stranger::Stranger;
use stories::wait::secs;
use wire::people::Role;

#[test]
fn pixels_become_centimetres_by_dragging_along_the_depth_scale_and_the_page_says_who_did_it()
-> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, trainer) = (
            story.cardiologist().await?,
            story.arrives(Role::Trainer).await?,
        );
        doctor.sees_picture_within(secs(5)).await?;
        doctor.freezes().await?;
        doctor.sees_the_original_within(secs(5)).await?;
        doctor.opens_measuring().await?;
        doctor.reads_scale_within("px 未校正", secs(3)).await?;
        let places = [(0.3, 0.25), (0.3, 0.75)];
        let before = doctor.measures("caliper", &places).await?;
        let line = doctor.reads_result_within(&before, secs(3)).await?;
        ensure!(line.contains("px 未校正") && !line.contains("cm"), "{line}");

        // Half the height is 10 cm.
        let along = [(0.9, 0.25), (0.9, 0.4), (0.9, 0.6), (0.9, 0.75)];
        doctor.calibrates_along(&along, "10").await?;
        let name = doctor.name().await?;
        trainer.page().click("[data-testid=tool-measure]").await?;
        for person in [&doctor, &trainer] {
            person
                .reads_scale_within(&format!("校正: {name}"), secs(3))
                .await?;
        }
        let after = doctor.measures("caliper", &places).await?;
        for person in [&doctor, &trainer] {
            let line = person.reads_result_within(&after, secs(3)).await?;
            ensure!(line.contains(" cm") && line.contains(&name), "{line}");
            let value = person.reads_value_within(&after, secs(3)).await?;
            let centimetres: f64 = value.trim_end_matches(" cm").parse()?;
            ensure!((centimetres - 10.0).abs() < 0.1, "{value}");
            // What was measured in pixels stays in pixels.
            let line = person.reads_result_within(&before, secs(3)).await?;
            ensure!(line.contains("px 未校正"), "{line}");
        }
        doctor.saves_clip().await?;
        // Another one of the room takes it back: new values have no unit again, old ones keep theirs.
        trainer.page().click("[data-testid=withdraw-scale]").await?;
        doctor.reads_scale_within("px 未校正", secs(3)).await?;
        let line = doctor.reads_result_within(&after, secs(3)).await?;
        ensure!(line.contains(" cm"), "{line}");
        // The device saved with the scale that was marked here.
        let still = doctor.finds_clip_within(secs(20)).await?;
        doctor.clip_is_kept_within(still, secs(20)).await?;
        let table = doctor.frame_table(still).await?;
        ensure!(table.hand_scale && table.regions.len() == 1, "{table:?}");
        doctor.has_a_clean_console().await
    })
}

#[test]
fn on_a_running_picture_the_page_says_why_it_does_not_measure_and_the_relay_refuses() -> Result<()>
{
    tell(Plan::calm(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        doctor.page().click("[data-testid=tool-measure]").await?;
        doctor
            .reads_within("静止すると計測できます", secs(3))
            .await?;
        let stream = doctor.stream().await?;
        let mut stranger = Stranger::enters(&story, Role::Cardiologist).await?;
        let mut mark = stranger.a_mark(stream, 2);
        let points = mark["shape"]["points"].clone();
        mark["shape"] = json!({ "type": "measure", "what": { "type": "caliper" }, "points": points, "by": { "type": "pixels" } });
        stranger
            .says(&json!({ "type": "mark", "mark": mark }))
            .await?;
        ensure!(stranger.is_refused_within(secs(2)).await? == "measureNotHere");
        // A value cannot be sent along.
        mark["id"] = json!(uuid::Uuid::new_v4());
        mark["shape"]["value"] = json!(5.1);
        stranger
            .says(&json!({ "type": "mark", "mark": mark }))
            .await?;
        ensure!(stranger.is_refused_within(secs(2)).await? == "markRefused");
        Ok(())
    })
}
