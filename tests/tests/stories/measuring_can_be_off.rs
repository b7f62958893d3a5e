//! An installation that does not measure has no tool, and its relay refuses what a page of another one might send.

use crate::marks_on_the_device_page::device_page;
use anyhow::{Result, ensure};
use serde_json::json;
use stories::browser::Screen;
use stories::story::{Plan, tell};
use stories::stranger::Stranger;
use stories::wait::{ms, secs};
use wire::people::Role;

#[test]
fn without_measuring_there_is_no_tool_and_the_relay_refuses() -> Result<()> {
    let plan = Plan::calm().relay_flags(&["--measuring", "false"]);
    tell(plan, |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        let anchor = doctor.freezes().await?;
        doctor.sees_original_within(secs(5)).await?;
        ensure!(
            !doctor.is_offered_measuring().await?,
            "measuring is offered"
        );
        doctor.page().press("m").await?;
        doctor
            .page()
            .gone("[data-testid=measure-panel]", ms(500))
            .await?;
        // The page on the device offers none either, once the relay said so.
        let (device, _context) = device_page(&story, Screen::DESK).await?;
        device.gone("[data-testid=scale-part]", secs(5)).await?;
        let stream = doctor.stream().await?;
        let mut stranger = Stranger::enters(&story, Role::Trainer).await?;
        let mut mark = stranger.a_mark(stream, 2);
        let points = mark["shape"]["points"].clone();
        mark["anchor"] = serde_json::to_value(anchor)?;
        mark["drawnOn"] = json!("freeze");
        mark["shape"] = json!({ "type": "measure", "what": { "type": "caliper" }, "points": points, "by": { "type": "pixels" } });
        stranger
            .says(&json!({ "type": "mark", "mark": mark }))
            .await?;
        ensure!(stranger.is_refused_within(secs(2)).await? == "measuringOff");
        stranger
            .says(&json!({ "type": "calibrate", "scale": uuid::Uuid::new_v4(), "freeze": uuid::Uuid::new_v4(),
                "from": { "x": 0.5, "y": 0.1 }, "to": { "x": 0.5, "y": 0.9 }, "centimetres": 10 }))
            .await?;
        ensure!(stranger.is_refused_within(secs(2)).await? == "measuringOff");
        // Drawing works as ever.
        doctor.takes_pen().await?;
        doctor
            .draws_stroke(&[(0.4, 0.4), (0.6, 0.4)])
            .await
            .map(drop)
    })
}

#[test]
fn an_observer_and_a_trainee_are_offered_no_measuring() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        for role in [Role::Observer, Role::Trainee] {
            let person = story.arrives(role).await?;
            ensure!(
                !person.is_offered_measuring().await?,
                "a {role:?} is offered to measure"
            );
        }
        Ok(())
    })
}
